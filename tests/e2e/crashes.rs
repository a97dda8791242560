//! The host, claude or both are killed: the conversation goes on by its id, and never twice.

use std::fs;

use crate::window::{App, Listed, QUICK, SLOW, World, is_alive, kill_now, wait_for};

/// How a claude was started, from its own command line.
fn arguments(pid: u32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    bytes
        .split(|byte| *byte == 0)
        .map(|argument| String::from_utf8_lossy(argument).into_owned())
        .collect()
}

/// Whether this claude was started with `flag id`.
fn started_with(claude: &Listed, flag: &str, id: &str) -> bool {
    let arguments = arguments(claude.claude_pid.expect("a claude"));
    arguments
        .windows(2)
        .any(|pair| pair[0] == flag && pair[1] == id)
}

/// Waits until a claude that is not `before` is at its prompt.
#[track_caller]
fn another_claude(world: &World, app: &App<'_>, before: &Listed) -> Listed {
    wait_for("another claude at its prompt", SLOW, || {
        let told = match world.claude() {
            Ok(claude) if claude.state == "idle" && claude.claude_pid != before.claude_pid => {
                return Ok(claude);
            }
            Ok(claude) => format!("{claude:?}"),
            Err(error) => error,
        };
        Err(format!("{told}; the window says: {}", app.page_text()))
    })
}

/// Talks, closes the window, kills what `victims` names, opens the window at once.
fn is_resumed(name: &'static str, victims: impl FnOnce(&Listed) -> Vec<u32>) {
    let world = World::new(name);
    let app = world.open_workspace();
    let reply = app.say("remember the heron");
    let before = world.wait_for_state("idle");
    let id = before.claude_session_id.clone().expect("an id");
    world.wait_until_written(&id, &reply);
    app.close_window();
    for pid in victims(&before) {
        kill_now(pid);
    }

    let app = world.open_app(&[]);
    let after = another_claude(&world, &app, &before);
    assert_eq!(after.claude_session_id.as_deref(), Some(id.as_str()));
    assert!(
        started_with(&after, "--resume", &id),
        "{:?}",
        arguments(after.claude_pid.unwrap())
    );
    assert!(
        !is_alive(before.claude_pid.unwrap()),
        "two claudes on one conversation"
    );
    let reply = app.say("what do you remember");
    assert!(
        reply.ends_with("first user text: remember the heron"),
        "{reply}"
    );
}

#[test]
fn a_killed_host_is_resumed_with_the_same_id() {
    is_resumed("host-killed", |listed| vec![listed.host_pid]);
}

#[test]
fn a_killed_claude_is_resumed_with_the_same_id() {
    is_resumed("claude-killed", |listed| vec![listed.claude_pid.unwrap()]);
}

#[test]
fn a_killed_host_and_claude_are_resumed_with_the_same_id() {
    is_resumed("both-killed", |listed| {
        vec![listed.host_pid, listed.claude_pid.unwrap()]
    });
}

#[test]
fn a_session_without_a_message_starts_again_with_its_id() {
    let world = World::new("no-message");
    let app = world.open_workspace();
    let before = world.wait_for_state("idle");
    let id = before.claude_session_id.clone().expect("an id");
    app.close_window();
    kill_now(before.host_pid);
    kill_now(before.claude_pid.unwrap());

    let app = world.open_app(&[]);
    let after = world.wait_for_state("idle");
    assert_ne!(after.claude_pid, before.claude_pid);
    assert_eq!(after.claude_session_id.as_deref(), Some(id.as_str()));
    assert!(
        started_with(&after, "--session-id", &id),
        "{:?}",
        arguments(after.claude_pid.unwrap())
    );
    app.say("the first message");
}

#[test]
fn a_deleted_transcript_starts_nothing_and_shows_the_choices() {
    let world = World::new("transcript-gone");
    let app = world.open_workspace();
    app.say("this will be swept");
    let before = world.wait_for_state("idle");
    let id = before.claude_session_id.clone().expect("an id");
    wait_for("the kept transcript", QUICK, || {
        world.kept_transcript(&before.project_id, &id)
    });
    app.close_window();
    kill_now(before.host_pid);
    kill_now(before.claude_pid.unwrap());
    fs::remove_file(world.transcript(&id).expect("a transcript")).unwrap();

    let app = world.open_app(&[]);
    app.find("heading", "This conversation cannot be resumed");
    app.find("radio", "Put the kept copy back and resume");
    app.find("radio", "Start a new conversation");
    assert!(app.page_text().contains(&id), "{}", app.page_text());
    assert_eq!(world.list(), []);

    app.click("radio", "Start a new conversation");
    app.click("button", "Start a new conversation");
    let fresh = world.wait_for_state("idle");
    assert_ne!(fresh.claude_session_id.as_deref(), Some(id.as_str()));
}

#[test]
fn a_kept_transcript_put_back_is_the_same_conversation() {
    let world = World::new("put-back");
    let app = world.open_workspace();
    app.say("keep this one");
    let before = world.wait_for_state("idle");
    let id = before.claude_session_id.clone().expect("an id");
    wait_for("the kept transcript", QUICK, || {
        world.kept_transcript(&before.project_id, &id)
    });
    app.close_window();
    kill_now(before.host_pid);
    kill_now(before.claude_pid.unwrap());
    fs::remove_file(world.transcript(&id).expect("a transcript")).unwrap();

    let app = world.open_app(&[]);
    app.click("radio", "Put the kept copy back and resume");
    app.click("button", "Put it back and resume");
    let after = world.wait_for_state("idle");
    assert_eq!(after.claude_session_id.as_deref(), Some(id.as_str()));
    let reply = app.say("what was kept");
    assert!(reply.ends_with("first user text: keep this one"), "{reply}");
}

#[test]
fn after_a_reboot_the_conversation_is_resumed() {
    let world = World::new("reboot");
    let app = world.open_workspace();
    let reply = app.say("before the reboot");
    let before = world.wait_for_state("idle");
    world.wait_until_written(before.claude_session_id.as_deref().expect("an id"), &reply);
    drop(app);
    world.reboot();
    assert_eq!(world.list(), []);

    let app = world.open_app(&[]);
    let after = another_claude(&world, &app, &before);
    assert_eq!(after.claude_session_id, before.claude_session_id);
    wait_for("the last words on the screen", QUICK, || {
        let viewer = app.viewer()?;
        if viewer.shows("before the reboot") {
            Ok(())
        } else {
            Err(viewer.text())
        }
    });
    let reply = app.say("after it");
    assert!(
        reply.ends_with("first user text: before the reboot"),
        "{reply}"
    );
}
