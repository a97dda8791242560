//! The plan's phases are copied when a command that may delete them is sent, whoever sends it.

use std::fs;
use std::path::{Path, PathBuf};

use reprise_core::model::SessionState;
use reprise_core::planning::Backup;
use reprise_core::session::queue::CommandWait;

use crate::claude::Claude;
use crate::queue::{Typist, add, delivered, waits};
use crate::world::wait_for;

const PHASE: &str = "01-rules";

/// Installs the command, and gives the plan a phase, whose folder is returned.
fn prepare(claude: &Claude) -> PathBuf {
    let workspace = Path::new(&claude.project.workspace_path);
    let commands = workspace.join(".claude/commands/gsd");
    fs::create_dir_all(&commands).unwrap();
    fs::write(commands.join("new-milestone.md"), "Begin $ARGUMENTS").unwrap();
    let phase = workspace.join(".planning/phases").join(PHASE);
    fs::create_dir_all(&phase).unwrap();
    fs::write(phase.join("01-PLAN.md"), "plan").unwrap();
    phase
}

/// Waits for this many copies, and that the newest has the file.
fn copied(claude: &Claude, count: usize, file: &str) -> Vec<Backup> {
    wait_for(&format!("copy {count} with {file}"), || {
        let copies = claude.world.sessions.backups(claude.project.id).unwrap();
        assert!(copies.len() <= count, "{copies:?}");
        let has = copies.first()?.path.join(PHASE).join(file).exists();
        (copies.len() == count && has).then_some(copies)
    })
}

#[test]
fn phases_are_copied_as_they_are_when_the_command_is_sent() {
    let mut phase = PathBuf::new();
    let mut at = Typist::prepared(|claude| phase = prepare(claude));
    let go = at.claude.world.path("go");
    at.say(&format!("UNTIL {}", go.display()));
    at.claude.wait_for_state(SessionState::Working);
    let id = add(&at.claude, "/gsd:new-milestone first");
    waits(&at.claude, id, CommandWait::Idle);
    // The session that works goes on with the plan meanwhile.
    fs::write(phase.join("01-SUMMARY.md"), "summary").unwrap();
    fs::write(&go, "").unwrap();
    delivered(&at.claude, id);
    copied(&at.claude, 1, "01-SUMMARY.md");
    at.idle();

    fs::write(phase.join("02-PLAN.md"), "more").unwrap();
    at.say("/gsd:new-milestone typed");
    copied(&at.claude, 2, "02-PLAN.md");
    at.idle();

    // What the newest copy holds is not copied again.
    let id = add(&at.claude, "/gsd:new-milestone again");
    delivered(&at.claude, id);
    at.idle();
    fs::write(phase.join("03-PLAN.md"), "more").unwrap();
    let text = "/gsd:new-milestone last";
    let sent = at.claude.world.run(&["send", "shop", text]);
    assert!(sent.status.success(), "{sent:?}");
    copied(&at.claude, 3, "03-PLAN.md");
}
