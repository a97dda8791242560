//! Unattended runs with the real CLI: `claude -p` in the project's own host.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use reprise_core::claude::resume::ResumeCause;
use reprise_core::model::{SessionState, TerminalKey};
use reprise_core::process::{self, ProcessRef};
use reprise_core::project_sessions::{NotStarted, RunOptions, RunOutcome, RunRefusal};
use reprise_core::session::client::{BlockingConnection, ClientError};
use reprise_core::session::protocol::{HostStatus, Request};
use reprise_core::session::unattended::{RunRecord, RunReport, RunStatus};

use crate::claude::{Claude, kill, knows_the_history};
use crate::world::{SIZE, wait_for};

fn options(prompt: &str, mode: &str) -> RunOptions {
    RunOptions {
        prompt: prompt.to_owned(),
        permission_mode: mode.to_owned(),
        about: Some("milestone-1".to_owned()),
    }
}

fn wish(claude: &Claude, prompt: &str) -> RunOutcome {
    let options = options(prompt, "acceptEdits");
    let sessions = &claude.world.sessions;
    sessions
        .start_unattended(claude.project.id, &options, SIZE)
        .unwrap()
}

fn run(claude: &Claude, prompt: &str) -> HostStatus {
    match wish(claude, prompt) {
        RunOutcome::Started(status) => *status,
        RunOutcome::Refused(why) => panic!("{why}"),
    }
}

fn refused(claude: &Claude, prompt: &str) -> RunRefusal {
    match wish(claude, prompt) {
        RunOutcome::Refused(why) => why,
        RunOutcome::Started(status) => panic!("it started: {status:?}"),
    }
}

fn running(
    claude: &Claude,
    what: &str,
    is: impl Fn(&HostStatus, &RunStatus) -> bool,
) -> HostStatus {
    wait_for(what, || {
        let status = claude.status()?;
        is(&status, status.run.as_ref()?).then_some(status)
    })
}

/// Waits until the host is gone, and returns what it left of the run.
fn record(claude: &Claude) -> RunRecord {
    wait_for("the run to be over", || {
        claude.status().is_none().then_some(())
    });
    claude.world.sessions.runs(claude.project.id).remove(0)
}

fn is_gone(process: ProcessRef) {
    wait_for("the process to end", || (!process.is_alive()).then_some(()));
}

#[test]
fn a_first_run_captures_its_id_and_the_session_afterwards_knows_what_was_said() {
    let claude = Claude::new();
    let status = run(&claude, "hello");
    assert_eq!(status.run.as_ref().unwrap().permission_mode, "acceptEdits");
    let record = record(&claude);
    let told = record.run;
    let result = told.result.unwrap();
    assert!(result.ok, "{result:?}");
    assert!(result.text.contains("you said: hello"), "{result:?}");
    assert_eq!(
        (told.turns, told.about.as_deref()),
        (1, Some("milestone-1"))
    );
    assert!(told.cost_usd.unwrap() > 0.0 && !told.cancelled);
    assert_eq!(record.exit.map(|exit| exit.code), Some(0));

    claude.world.sessions.fold(claude.project.id).unwrap();
    assert_eq!(told.session_id, Some(claude.stored_id()));
    let store = claude.world.sessions.store();
    assert!(
        store
            .message_sent(claude.project.id, &claude.stored_id())
            .unwrap()
    );

    let log = std::fs::read_to_string(&told.log).unwrap();
    let kinds: Vec<String> = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["type"].as_str().unwrap().to_owned())
        .collect();
    assert!(kinds.iter().any(|kind| kind == "system"), "{kinds:?}");
    assert_eq!(kinds.last().unwrap(), "result");
    let mode = std::fs::metadata(&told.log).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    claude.start();
    knows_the_history(&claude);
}

#[test]
fn a_run_goes_on_with_the_projects_conversation_and_shows_what_it_does() {
    let claude = Claude::new();
    claude.start();
    drop(claude.say("hello"));
    let id = claude.stored_id();
    claude.world.run(&["kill", claude.project.name.as_str()]);

    let marker = claude.world.path("go");
    run(
        &claude,
        &format!(
            "TOOL bash echo now; until test -e {}; do sleep 0.1; done",
            marker.display()
        ),
    );
    let status = running(&claude, "the tool", |_, run| run.tool.is_some());
    let told = status.run.unwrap();
    let tool = told.tool.unwrap();
    assert!(tool.starts_with("Bash: echo now;"), "{tool}");
    assert_eq!(told.session_id, Some(id.clone()));
    assert_eq!(status.session_id, Some(id.clone()));
    running(&claude, "the state", |status, _| {
        status.state == SessionState::Working
    });
    let mut viewer = claude.attach();
    viewer.wait_for_text("permission mode acceptEdits");
    viewer.wait_for_text("Bash  echo now;");
    // While it runs, it is the project's session: a second start attaches to it.
    assert_eq!(claude.start().program_pid, status.program_pid);
    std::fs::write(&marker, "").unwrap();
    viewer.wait_for_text("Done");
    let record = record(&claude);
    let text = record.run.result.unwrap().text;
    assert!(text.contains("first user text: hello"), "{text}");
    claude.start();
    knows_the_history(&claude);
    assert_eq!(claude.stored_id(), id);
}

#[test]
fn while_anybody_has_the_conversation_no_run_starts() {
    let claude = Claude::new();
    let live = claude.start();
    match refused(&claude, "hello") {
        RunRefusal::Live(status) => assert_eq!(status.program_pid, live.program_pid),
        other => panic!("{other}"),
    }
    drop(claude.say("hello"));
    let id = claude.stored_id();
    claude.world.run(&["kill", claude.project.name.as_str()]);

    // The same conversation, taken up by hand in a shell.
    let sessions = &claude.world.sessions;
    let shell = sessions.new_shell(claude.project.id, SIZE).unwrap();
    let lock = sessions.hosts().lock(shell.project, shell.terminal);
    let mut viewer = crate::viewer::Viewer::attach(&lock, SIZE);
    let program = crate::real_claude::program();
    viewer.type_text(&format!("{} --resume {id}\n", program.display()));
    let elsewhere = wait_for("the other claude", || {
        let live = reprise_core::claude::live::with_session_id(&claude.config(), &id);
        live.unwrap().pop()
    });
    match refused(&claude, "hello") {
        RunRefusal::CannotResume(failure) => {
            let NotStarted::CannotResume(why) = failure.why else {
                panic!("{failure:?}");
            };
            assert_eq!(why.cause, ResumeCause::LiveElsewhere(elsewhere.process));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn in_a_folder_that_is_not_trusted_nothing_runs() {
    let claude = Claude::new();
    let hook = claude.world.path("hook-ran");
    let settings = Path::new(&claude.project.workspace_path).join(".claude/settings.json");
    std::fs::create_dir(settings.parent().unwrap()).unwrap();
    let command = format!("touch {}", hook.display());
    let hooks = serde_json::json!({"hooks": {"SessionStart": [
        {"hooks": [{"type": "command", "command": command}]}]}});
    std::fs::write(&settings, hooks.to_string()).unwrap();
    let answers = crate::real_claude::settings(&[]);
    std::fs::write(claude.world.path("home/.claude.json"), answers).unwrap();
    let why = refused(&claude, "hello");
    assert!(matches!(why, RunRefusal::NotTrusted { .. }), "{why}");
    std::fs::write(claude.world.path("home/.claude.json"), "{").unwrap();
    let why = refused(&claude, "hello");
    assert!(matches!(why, RunRefusal::TrustUnknown { .. }), "{why}");
    assert!(!hook.exists());
    assert_eq!(claude.world.sessions.runs(claude.project.id), []);
    let project = claude.world.sessions.project(claude.project.id).unwrap();
    assert!(
        project.claude_session_id.id().is_none(),
        "an id was minted for nothing"
    );
}

#[test]
fn a_cancelled_run_ends_with_its_tools_and_the_conversation_is_resumed() {
    let claude = Claude::new();
    // A loop, since the CLI lets no tool sleep for long.
    run(
        &claude,
        "TOOL bash until test -e /nowhere; do sleep 1; done",
    );
    let status = running(&claude, "the tool", |status, run| {
        run.tool.is_some() && status.claude_pid.is_some()
    });
    let pid = status.claude_pid.unwrap();
    let family: Vec<ProcessRef> = wait_for("the tool's process", || {
        let family = process::descendants(pid);
        let sleeps = |process: &ProcessRef| process::name(process.pid).as_deref() == Some("sleep");
        family.iter().any(sleeps).then_some(family)
    });
    let ended = claude.world.run(&["kill", claude.project.name.as_str()]);
    assert!(ended.status.success(), "{ended:?}");
    for process in family {
        is_gone(process);
    }
    let record = record(&claude);
    assert!(record.run.cancelled && record.ended_at.is_some());
    assert!(!record.run.result.unwrap().ok);
    claude.start();
    claude.wait_for_state(SessionState::Idle);
}

#[test]
fn neither_the_runner_nor_claude_outlives_what_started_it() {
    let claude = Claude::new();
    run(&claude, "HANG");
    let has_claude = |status: &HostStatus, run: &RunStatus| {
        status.claude_pid.is_some() && run.session_id.is_some()
    };
    for killed in ["the host", "the runner"] {
        let status = running(&claude, "claude", has_claude);
        let runner = ProcessRef::of(status.program_pid).unwrap();
        let started = ProcessRef::of(status.claude_pid.unwrap()).unwrap();
        assert_ne!(runner, started);
        kill(match killed {
            "the host" => status.host_pid,
            _ => status.program_pid,
        });
        is_gone(started);
        is_gone(runner);
        if killed == "the host" {
            // The lock is free again, and nothing stands in the way of another run.
            run(&claude, "HANG");
        }
    }
    wait_for("the host to end", || {
        claude.status().is_none().then_some(())
    });
    claude.start();
    claude.wait_for_state(SessionState::Idle);
}

#[test]
fn what_went_wrong_is_told_and_the_session_can_be_resumed_all_the_same() {
    let claude = Claude::new();
    run(&claude, "FAIL 400");
    let first = record(&claude);
    let result = first.run.result.unwrap();
    assert!(!result.ok);
    assert!(result.text.contains("API Error: 400"), "{result:?}");
    assert_eq!(first.exit.map(|exit| exit.code), Some(1));
    let picture = claude
        .world
        .sessions
        .hosts()
        .last_picture(claude.project.id)
        .unwrap();
    assert!(String::from_utf8_lossy(&picture.bytes).contains("Failed"));
    claude.start();
    claude.wait_for_state(SessionState::Idle);
    claude.world.run(&["kill", claude.project.name.as_str()]);

    // Refused by the CLI before it begins.
    let mut project = claude
        .world
        .sessions
        .project(claude.project.id)
        .unwrap()
        .launch;
    project.extra_args = vec!["--no-such-option".to_owned()];
    let store = claude.world.sessions.store();
    store
        .set_launch_options(claude.project.id, &project, jiff::Timestamp::now())
        .unwrap();
    run(&claude, "hello");
    let second = record(&claude);
    let result = second.run.result.unwrap();
    assert_eq!((result.ok, result.kind.as_str()), (false, "no_result"));
    assert!(result.text.contains("no-such-option"), "{result:?}");
    assert_eq!(claude.world.sessions.runs(claude.project.id).len(), 2);

    // That was the run's fault, not the conversation's.
    store
        .set_launch_options(
            claude.project.id,
            &claude.project.launch,
            jiff::Timestamp::now(),
        )
        .unwrap();
    claude.start();
    claude.wait_for_state(SessionState::Idle);
}

#[test]
fn an_id_that_the_stream_names_and_nobody_gave_is_journalled_and_saved() {
    let claude = Claude::wrapped(
        "#!/bin/sh\n# As a CLI that takes an id of its own.\n\
         if [ \"$1\" = --session-id ]; then shift 2; fi\nexec CLAUDE \"$@\"\n",
    );
    run(&claude, "hello");
    let given = claude.stored_id();
    let told = record(&claude).run;
    let named = told.session_id.unwrap();
    assert_ne!(named, given);
    assert_eq!(claude.world.sessions.fold(claude.project.id).unwrap(), None);
    assert_eq!(claude.stored_id(), named);
    let lineage = claude
        .world
        .sessions
        .store()
        .lineage(claude.project.id)
        .unwrap();
    let ids: Vec<_> = lineage.iter().map(|entry| &entry.session_id).collect();
    assert_eq!(ids, [&given, &named]);
    claude.start();
    knows_the_history(&claude);
}

#[test]
fn a_prompt_may_be_long_of_many_lines_or_a_command() {
    let claude = Claude::new();
    let commands = Path::new(&claude.project.workspace_path).join(".claude/commands/gsd");
    std::fs::create_dir_all(&commands).unwrap();
    std::fs::write(commands.join("new-milestone.md"), "Work on $ARGUMENTS now").unwrap();
    let long = format!("first line\n{}\nlast line", "x".repeat(300_000));
    run(&claude, &long);
    let text = record(&claude).run.result.unwrap().text;
    assert!(text.contains("you said: first line xxx"), "{text}");
    run(
        &claude,
        "/gsd:new-milestone .milestones/1/MILESTONE-CONTEXT.md",
    );
    let text = record(&claude).run.result.unwrap().text;
    assert!(
        text.contains("/gsd:new-milestone .milestones/1/MILESTONE-CONTEXT.md"),
        "{text}"
    );
}

#[test]
fn only_the_terminals_own_program_reports_a_run() {
    let claude = Claude::new();
    run(&claude, "HANG");
    running(&claude, "the id", |_, run| run.session_id.is_some());
    let lock = claude
        .world
        .sessions
        .hosts()
        .lock(claude.project.id, TerminalKey::Claude);
    let mut stranger = BlockingConnection::open(&lock).unwrap();
    let report = RunReport {
        tool: Some("forged".to_owned()),
        ..RunReport::default()
    };
    stranger.send(&Request::Report(Box::new(report))).unwrap();
    let answer = stranger.receive();
    assert!(matches!(answer, Err(ClientError::Refused(_))), "{answer:?}");
    let status = claude.status().unwrap();
    assert_eq!(status.run.unwrap().tool, None);
}
