//! `reprise-session send` against the real CLI: for scripts, it is delivered or it says why not.

use std::process::{Output, Stdio};

use reprise_core::model::SessionState;
use reprise_core::session::queue::{CommandId, CommandState};
use rustix::process::{Pid, Signal, kill_process};

use crate::queue::{Typist, arrives_once, rounds};
use crate::world::wait_for;

#[test]
fn with_the_client_killed_between_queueing_and_delivery() {
    let mut at = Typist::new();
    for round in 0..rounds() {
        let go = at.file(&format!("go{round}"));
        at.say(&format!("UNTIL {}", go.display()));
        at.claude.wait_for_state(SessionState::Working);
        let text = format!("orphaned {round}");
        let mut client = at
            .claude
            .world
            .command(&["send", at.claude.project.name.as_str(), &text])
            .spawn()
            .unwrap();
        let queued = wait_for("the command in the queue", || {
            let status = at.claude.status()?;
            let queued = status.queue.iter().find(|command| command.text == text);
            queued.map(|command| command.id)
        });
        client.kill().unwrap();
        client.wait().unwrap();
        std::fs::write(&go, "").unwrap();
        arrives_once(&at.claude, queued, &text);
    }
}

#[test]
fn from_a_script_a_command_is_sent_or_it_fails_with_the_reason() {
    let mut at = Typist::new();
    let name = at.claude.project.name.clone();
    let sent = at.claude.world.run(&["send", &name, "from a script"]);
    assert!(sent.status.success(), "{sent:?}");
    wait_for("the request", || {
        at.claude
            .api
            .said()
            .contains(&"from a script".to_owned())
            .then_some(())
    });
    let fails = |args: &[&str], reason: &str, code: i32| {
        let failed = at.claude.world.run(args);
        assert_eq!(failed.status.code(), Some(code), "{failed:?}");
        let said = String::from_utf8_lossy(&failed.stderr).into_owned();
        assert!(said.contains(reason), "{said}");
    };
    fails(&["send", &name, "one\ntwo"], "several lines", 1);
    fails(&["send", "nobody", "x"], "no project", 3);
    at.idle();
    at.viewer.type_text("a draft");
    at.viewer.wait_for_text("a draft");
    fails(
        &["send", &name, "--wait", "1", "never"],
        "a draft stands in the prompt",
        1,
    );
    assert!(
        !at.claude
            .status()
            .unwrap()
            .queue
            .iter()
            .any(|it| it.text == "never")
    );
    at.claude.world.run(&["kill", &name]);
    fails(&["send", &name, "x"], "does not run", 4);
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The id and the state of the command with this text.
fn queued(at: &Typist, text: &str) -> Option<(CommandId, CommandState)> {
    let queue = at.claude.status()?.queue;
    let queued = queue.into_iter().find(|command| command.text == text)?;
    Some((queued.id, queued.state))
}

#[test]
fn what_is_interrupted_is_taken_out_of_the_queue() {
    let mut at = Typist::new();
    at.say("HANG");
    at.claude.wait_for_state(SessionState::Working);
    let name = at.claude.project.name.clone();
    let client = at
        .claude
        .world
        .command(&[
            "send",
            &name,
            "--wait",
            "18446744073709551615",
            "-- thought better of",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("the command in the queue", || {
        queued(&at, "-- thought better of")
    });
    let pid = Pid::from_raw(client.id().cast_signed()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let output = client.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let why = said(&output);
    assert!(
        why.contains("taken out of the queue as you interrupted it"),
        "{why}"
    );
    assert_eq!(queued(&at, "-- thought better of"), None);
    // Who does not wait is told at once.
    let output = at.claude.world.run(&["send", &name, "--wait", "0", "now"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("the session is busy"), "{output:?}");
    assert_eq!(queued(&at, "now"), None);
}

#[test]
fn a_command_that_opens_a_dialog_or_ends_the_session_is_not_said_to_be_delivered() {
    let mut at = Typist::new();
    let name = at.claude.project.name.clone();
    let output = at
        .claude
        .world
        .run(&["send", &name, "--wait", "1", "/help"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("it may show a dialog"), "{output:?}");
    at.claude.wait_for_state(SessionState::Question);
    at.viewer.type_text("\x1b");
    at.idle();
    let output = at.claude.world.run(&["send", &name, "/exit"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("ended"), "{output:?}");
}
