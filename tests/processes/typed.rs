//! What is typed into the real CLI for a command: every text arrives as it is, or is refused with
//! the reason, and what a person types meanwhile is neither lost nor mixed with it.

use reprise_core::session::protocol::{Reply, Request};
use reprise_core::session::queue::{CommandId, CommandState, CommandWait, NewCommand};

use crate::claude::Claude;
use crate::queue::{Typist, add, agree, arrives_once, command, delivered, rounds, waits};
use crate::world::{SIZE, wait_for};

#[test]
fn whatever_is_one_line_arrives_as_it_is() {
    let at = Typist::new();
    for text in [
        "a family \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} and \u{1f44d}\u{1f3fd} it",
        "\u{1f44d}\u{1f3fd}",
        "caf\u{e9} \u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{65e5}\u{672c}",
        "it ends with a backslash \\",
        "#no note",
        "see @READ",
        "?",
    ] {
        let id = add(&at.claude, text);
        arrives_once(&at.claude, id, text);
    }
    // The CLI takes it in composed form.
    let id = add(&at.claude, "cafe\u{301}");
    arrives_once(&at.claude, id, "caf\u{e9}");
}

#[test]
fn a_commands_name_is_sent_only_where_enter_runs_just_that() {
    let mut at = Typist::prepared(|claude| {
        let commands = claude.world.path("shop/.claude/commands/gsd");
        std::fs::create_dir_all(&commands).unwrap();
        for name in ["plan", "plan-phase"] {
            let text = format!("---\nargument-hint: \"<phase>\"\n---\nDo {name} $ARGUMENTS");
            std::fs::write(commands.join(format!("{name}.md")), text).unwrap();
        }
    });
    for (text, said) in [
        ("/gsd:plan", "/gsd:plan Do plan"),
        ("/gsd:plan ", "/gsd:plan Do plan"),
        ("/gsd:plan 3", "/gsd:plan 3 Do plan 3"),
    ] {
        let id = add(&at.claude, text);
        delivered(&at.claude, id);
        wait_for("the request", || {
            (at.claude.api.said().last()? == said).then_some(())
        });
        at.idle();
    }
    let before = at.claude.api.said();
    let id = add(&at.claude, "/gsd:plan-ph");
    let after = add(&at.claude, "after it");
    wait_for("the refusal", || {
        let command = command(&at.claude.status()?, id)?;
        let CommandState::NotDelivered { code, .. } = command.state else {
            return None;
        };
        assert_eq!(code, "other_command");
        Some(())
    });
    // It was taken back.
    arrives_once(&at.claude, after, "after it");
    assert_eq!(at.claude.api.said()[before.len()..], ["after it"]);
    at.viewer.wait_for_text("you said: after it");
}

#[test]
fn what_a_person_types_meanwhile_comes_after_the_command_and_in_its_order() {
    let mut at = Typist::new();
    at.say("hello");
    at.viewer.wait_for_text("you said: hello");
    for round in 0..rounds() {
        at.idle();
        let text = format!("undisturbed {round}");
        let id = add(&at.claude, &text);
        // From the moment it is typed until it is delivered, by two viewers.
        let mut other = at.claude.attach();
        let mut typed = String::new();
        let state = || command(&at.claude.status()?, id).map(|command| command.state);
        wait_for("the sending", || {
            (state()? == CommandState::Sending).then_some(())
        });
        for (n, letter) in ('a'..='t').enumerate() {
            let viewer = if n % 2 == 0 {
                &mut at.viewer
            } else {
                &mut other
            };
            viewer.type_text(&letter.to_string());
            // What one client sent is there before the other sends.
            viewer.send(&Request::Ping(vec![]));
            while !matches!(viewer.receive(), Reply::Pong(_)) {}
            typed.push(letter);
        }
        arrives_once(&at.claude, id, &text);
        at.viewer.wait_for_text(&typed);
        at.viewer.type_text("\x15");
        while at.viewer.text().contains(&typed) {
            at.viewer.receive();
        }
    }
}

#[test]
fn a_draft_of_spaces_is_a_draft() {
    let mut at = Typist::new();
    at.viewer.type_text("  x");
    at.viewer.wait_for_text("  x");
    at.viewer.type_text("\x7f");
    while at.viewer.text().contains("  x") {
        at.viewer.receive();
    }
    let id = add(&at.claude, "/context");
    waits(&at.claude, id, CommandWait::Draft);
    at.viewer.type_text("\x15");
    delivered(&at.claude, id);
}

#[test]
fn a_draft_that_the_person_put_aside_is_not_lost_for_another() {
    let mut at = Typist::new();
    at.viewer.type_text("the first");
    at.viewer.wait_for_text("the first");
    at.viewer.type_text("\x13");
    at.viewer.wait_for_text("draft stashed");
    at.viewer.type_text("the second");
    at.viewer.wait_for_text("the second");
    let id = add(&at.claude, "go on");
    waits(&at.claude, id, CommandWait::Draft);
    agree(&at.claude, id);
    waits(&at.claude, id, CommandWait::Draft);
    at.viewer.type_text("\x15");
    arrives_once(&at.claude, id, "go on");
    at.viewer.wait_for_text("the first");
}

#[test]
fn a_word_that_starts_a_session_is_no_subcommand_of_the_cli() {
    let claude = Claude::new();
    let (id, text) = (CommandId::generate(), "doctor".to_owned());
    let first = NewCommand {
        id,
        text,
        about: None,
    };
    let sessions = &claude.world.sessions;
    sessions
        .get_or_create_with(claude.project.id, SIZE, None, Some(&first))
        .unwrap();
    arrives_once(&claude, id, "doctor");
}
