//! Starts: the first, the second, and those that come to nothing.

use std::os::unix::fs::PermissionsExt;

use reprise_core::claude::config::ConfigDir;
use reprise_core::claude::launch::Conversation;
use reprise_core::claude::resume::{
    self, ResumeCause, StartFacts, StartPlan, after_resume, decide_start,
};
use reprise_core::claude::trust::{self, Trust};
use reprise_core::claude::version::CliVersion;
use reprise_core::model::{ClaudeSessionId, CurrentSessionId, DisplayMode, SessionState};

use crate::terminal::Terminal;
use crate::world::World;

fn facts(world: &World, id: &ClaudeSessionId, message_sent: bool) -> StartFacts {
    let config: ConfigDir = world.config();
    resume::facts(
        id,
        world.workspace_text(),
        &config,
        &[],
        &world.path("kept"),
        message_sent,
        None,
    )
}

fn plan(world: &World, id: &ClaudeSessionId, message_sent: bool) -> StartPlan {
    let current = CurrentSessionId::Set(id.clone());
    let facts = facts(world, id, message_sent);
    decide_start(&current, facts, ClaudeSessionId::generate)
}

#[tokio::test(flavor = "current_thread")]
async fn an_id_without_a_message_starts_again_and_is_live_meanwhile() {
    let world = World::new();
    let id = ClaudeSessionId::generate();
    let mut first = Terminal::start(&world, Conversation::New(id.clone()));
    let idle = first.until_state(SessionState::Idle).await;
    assert_eq!(idle.session_id, id);
    assert!(!idle.message_sent);
    assert_eq!(idle.claude.unwrap().pid, first.pid());
    // Full screen is the default. 2.1.200 has it too, but as a choice.
    if world.version >= CliVersion::new(2, 1, 329) {
        first.until_wrote(b"\x1b[?1049h").await;
    }
    let StartPlan::CannotResume(failure) = plan(&world, &id, false) else {
        panic!("a second process would be started on one conversation");
    };
    assert_eq!(
        failure.cause,
        ResumeCause::LiveElsewhere(idle.claude.unwrap())
    );
    assert_eq!(first.end().await.code, 143);

    let again = plan(&world, &id, false);
    assert_eq!(again, StartPlan::FirstAgain(id.clone()));
    let mut second = Terminal::start(&world, again.conversation().unwrap());
    assert_eq!(second.until_state(SessionState::Idle).await.session_id, id);
    second.end().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_conversation_that_is_gone_is_refused_by_the_cli_and_by_us_before() {
    let world = World::new();
    let id = world.talked("hello");
    assert_eq!(plan(&world, &id, true), StartPlan::Resume(id.clone()));
    let resume::TranscriptFact::Usable(path) = facts(&world, &id, true).transcript else {
        panic!("no transcript");
    };
    std::fs::remove_file(path).unwrap();
    let missing = |failure: &resume::CannotResume| {
        assert!(matches!(
            failure.cause,
            ResumeCause::TranscriptMissing { .. }
        ));
        assert_eq!(failure.session_id, id.as_str());
    };
    let StartPlan::CannotResume(failure) = plan(&world, &id, true) else {
        panic!("an empty conversation would take its place");
    };
    missing(&failure);

    let mut terminal = Terminal::start(&world, Conversation::Resume(id.clone()));
    let exit = terminal.until_ended().await;
    assert_eq!(exit.code, 1);
    missing(&after_resume(&id, exit, false, facts(&world, &id, true)).unwrap());
}

#[tokio::test(flavor = "current_thread")]
async fn in_a_folder_without_trust_it_starts_until_the_person_answers() {
    let world = World::untrusted();
    let trust = || trust::of_workspace(&world.config(), &world.workspace);
    assert_eq!(trust(), Trust::NotTrusted);
    let mut terminal = Terminal::start(&world, Conversation::New(ClaudeSessionId::generate()));
    terminal.until_text("Yes, I trust").await;
    assert_eq!(terminal.follower.current().state, SessionState::Starting);
    terminal.choose("Yes, I trust").await;
    terminal.until_state(SessionState::Idle).await;
    assert_eq!(trust(), Trust::Trusted);
    terminal.end().await;
}

#[tokio::test(flavor = "current_thread")]
async fn behind_a_wrapper_script_the_cli_itself_is_followed() {
    let mut world = World::new();
    world.options.display = DisplayMode::Scrollback;
    let wrapper = world.path("claude wrapper");
    let script = format!("#!/bin/sh\n'{}' \"$@\"\n", world.program.display());
    std::fs::write(&wrapper, script).unwrap();
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
    world.program = wrapper;
    let id = ClaudeSessionId::generate();
    let mut terminal = Terminal::start(&world, Conversation::New(id.clone()));
    let idle = terminal.until_state(SessionState::Idle).await;
    assert_eq!(idle.session_id, id);
    assert_ne!(idle.claude.unwrap().pid, terminal.pid());
    terminal.send("hello").await;
    terminal
        .until("a message", |known| known.message_sent)
        .await;
    terminal.until_text("you said: hello").await;
    assert_eq!(terminal.follower.hooks_ignored(), 0);
    assert!(
        !terminal.wrote(b"\x1b[?1049h"),
        "the ordinary screen was asked for"
    );
    terminal.end().await;
}
