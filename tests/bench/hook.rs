//! What one of Claude Code's hooks costs: `reprise-session hook` from its start to its end, with its host listening. Beside it
//! the shortest program that there is.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::json;

use crate::report::{Report, median, round};
use crate::window::World;

const HOOKS: usize = 60;

pub fn measure(report: &mut Report) {
    let world = World::new("bench-hook");
    let _app = world.open_workspace();
    let claude = world.claude().unwrap();
    // One of the events that the host takes in without a consequence.
    let event = json!({
        "session_id": claude.claude_session_id,
        "transcript_path": "",
        "cwd": world.workspace,
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_input": {"command": "true"},
    })
    .to_string();
    report.progress("hooks");
    let time = |program: &mut Command| {
        world.inside(program);
        let began = Instant::now();
        let mut child = program
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // A program that reads nothing may have ended.
        let _ = child.stdin.take().unwrap().write_all(event.as_bytes());
        assert!(child.wait().unwrap().success());
        began.elapsed().as_secs_f64() * 1000.0
    };
    let (mut hooks, mut nothing) = (Vec::new(), Vec::new());
    for _ in 0..HOOKS {
        hooks.push(time(Command::new(world.session_program()).args([
            "hook",
            "--project",
            &claude.project_id,
            "--terminal",
            "claude",
        ])));
        nothing.push(time(&mut Command::new("/bin/true")));
    }
    let (hook, nothing) = (median(&hooks), median(&nothing));
    report.heading(format!("(h) one hook, ms, median of {HOOKS}"));
    report.row(
        "reprise-session hook",
        format!("{hook:.1}"),
        format!("{:.1} × /bin/true", hook / nothing),
    );
    report.row("/bin/true", format!("{nothing:.1}"), "");
    report.set("hook_ms", round(hook, 1));
    report.set("hook_ms_true", round(nothing, 1));
}
