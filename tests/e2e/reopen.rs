//! The window is closed or dies, and opens again: everything is as it was.

use std::fs;

use crate::window::{App, Listed, QUICK, SLOW, World, wait_for};

/// Says something, lets `leave` end the window, opens it again and compares.
fn comes_back(name: &'static str, leave: impl FnOnce(App<'_>)) {
    let world = World::new(name);
    let app = world.open_workspace();
    app.say("hello from the first window");
    // Claude Code takes a hint away by itself, some time after its start.
    wait_for("the hint of the effort to go", SLOW, || {
        let text = app.terminal_text();
        if text.contains("/effort") {
            Err(text)
        } else {
            Ok(())
        }
    });
    let shown = app.settled();
    let before = world.wait_for_state("idle");
    leave(app);

    let alone = wait_for("the host to have no viewer", QUICK, || {
        let claude = world.claude()?;
        if claude.clients == 0 {
            Ok(claude)
        } else {
            Err(format!("{claude:?}"))
        }
    });
    assert_eq!(identity(&alone), identity(&before));

    let app = world.open_app(&[]);
    wait_for("the terminal in front", QUICK, || {
        let again = app.viewer()?;
        if (again.cols, again.rows) == (shown.cols, shown.rows) {
            Ok(())
        } else {
            Err(again.text())
        }
    });
    let again = app.settled();
    assert_eq!(shown.difference(&again), None);
    let after = world.wait_for_state("idle");
    assert_eq!(identity(&after), identity(&before));

    let reply = app.say("and from the second");
    assert!(
        reply.starts_with("turn 2;")
            && reply.ends_with("first user text: hello from the first window"),
        "{reply}"
    );
}

/// What must not change: the processes, the conversation and the size.
fn identity(listed: &Listed) -> (u32, Option<u32>, Option<&str>, u16, u16) {
    (
        listed.host_pid,
        listed.claude_pid,
        listed.claude_session_id.as_deref(),
        listed.cols,
        listed.rows,
    )
}

#[test]
fn a_closed_window_finds_the_same_claude_and_the_same_screen() {
    comes_back("closed", |app| app.close_window());
}

#[test]
fn a_killed_window_finds_the_same_claude_and_the_same_screen() {
    comes_back("killed", |app| app.kill());
}

#[test]
fn a_folder_opened_twice_or_through_a_link_is_one_project() {
    let world = World::new("twice");
    let link = world.folder("elsewhere").join("link");
    std::os::unix::fs::symlink(&world.workspace, &link).unwrap();
    let app = world.open_workspace();
    let before = world.wait_for_state("idle");
    app.kill();
    let app = world.open_app(&[&link.to_string_lossy()]);
    app.find("option", "ledger-api");
    assert_eq!(app.web().by_role("option", "").unwrap().len(), 1);
    let after = world.wait_for_state("idle");
    assert_eq!(identity(&after), identity(&before));
    assert_eq!(after.workspace, fs::canonicalize(&link).unwrap());
}

#[test]
fn claude_works_in_the_workspace() {
    let world = World::new("pwd");
    let app = world.open_workspace();
    app.type_keys("TOOL bash pwd");
    app.key("Return");
    let workspace = fs::canonicalize(&world.workspace).unwrap();
    app.wait_for_text(&format!("tool result: {}", workspace.display()));
}
