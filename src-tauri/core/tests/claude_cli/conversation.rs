//! A conversation through what happens to it: turns, questions, new ids, a return.

use std::time::{Duration, Instant};

use reprise_core::claude::hooks::HookEvent;
use reprise_core::claude::launch::Conversation;
use reprise_core::claude::version::CliVersion;
use reprise_core::claude::{kept, transcript};
use reprise_core::model::{ClaudeSessionId, SessionSource, SessionState};

use crate::terminal::Terminal;
use crate::world::World;

#[tokio::test(flavor = "current_thread")]
async fn turns_clear_and_branch_are_followed_and_the_conversation_is_resumed() {
    let world = World::new();
    let id = ClaudeSessionId::generate();
    let mut terminal = Terminal::start(&world, Conversation::New(id.clone()));
    terminal.until_state(SessionState::Idle).await;
    terminal.send("SLOW 10 100").await;
    terminal.until_state(SessionState::Working).await;
    terminal
        .until("a message", |known| known.message_sent)
        .await;
    terminal.until_state(SessionState::Idle).await;
    let typed = HookEvent::UserPromptSubmit {
        prompt: "SLOW 10 100".to_owned(),
    };
    let prompt = terminal.until_hook(|report| report.event == typed).await;
    assert_eq!(prompt.session_id.as_ref(), Some(&id));

    terminal.send("/clear").await;
    let before = Instant::now();
    let cleared = terminal
        .until("another id", |known| known.session_id != id)
        .await;
    let took = before.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(cleared.source, SessionSource::Clear);
    assert!(!cleared.message_sent);
    terminal.until_state(SessionState::Idle).await;
    assert!(!terminal.follower.current().message_sent);

    terminal.send("second").await;
    terminal
        .until("a message", |known| known.message_sent)
        .await;
    terminal.until_text("you said: second").await;
    terminal.until_state(SessionState::Idle).await;
    terminal.send("/branch").await;
    let branch = terminal
        .until("a branch", |known| known.session_id != cleared.session_id)
        .await;
    // 2.1.200 calls it a resume.
    if world.version >= CliVersion::new(2, 1, 329) {
        assert_eq!(branch.source, SessionSource::Fork);
    }
    assert!(branch.message_sent);
    assert_eq!(terminal.follower.hooks_ignored(), 0);
    terminal.end().await;

    let mut again = Terminal::start(&world, Conversation::Resume(id.clone()));
    again.until_state(SessionState::Idle).await;
    again.send("third").await;
    again.until_text("first user text: SLOW").await;
    let known = again.follower.current();
    assert_eq!(
        (&known.session_id, known.source),
        (&id, SessionSource::Resume)
    );
    again.end().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_permission_prompt_and_a_question_are_told_apart() {
    let world = World::new();
    let id = ClaudeSessionId::generate();
    let mut terminal = Terminal::start(&world, Conversation::New(id));
    terminal.until_state(SessionState::Idle).await;
    terminal.send("TOOL bash touch made").await;
    terminal.until_state(SessionState::Permission).await;
    let asked = |event: &HookEvent| matches!(event, HookEvent::PermissionRequest { .. });
    terminal.until_hook(|report| asked(&report.event)).await;
    terminal.write(b"\x1b");
    terminal.until_state(SessionState::Idle).await;
    assert!(!world.workspace.join("made").exists());
    terminal.send("/config").await;
    terminal.until_state(SessionState::Question).await;
    terminal.press_until(b"\x1b", SessionState::Idle).await;
    terminal.end().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_kept_transcript_grows_and_is_resumed_after_the_original_was_deleted() {
    let world = World::new();
    let id = world.talked("a first word");
    let find = || transcript::find(&world.config(), &id, world.workspace_text()).unwrap();
    let original = find().unwrap();
    let copy = kept::keep(&original.path, &world.path("kept")).unwrap();
    let said = world
        .headless(&["-p", "a second word", "--resume", id.as_str()])
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
    let text = std::fs::read_to_string(&copy).unwrap();
    assert!(text.contains("a second word"), "the CLI wrote another file");
    std::fs::remove_file(&original.path).unwrap();
    assert_eq!(find(), None);
    assert_eq!(
        kept::put_back(&copy, &world.config()).unwrap(),
        original.path
    );
    let mut terminal = Terminal::start(&world, Conversation::Resume(id.clone()));
    terminal.until_state(SessionState::Idle).await;
    terminal.send("a third word").await;
    terminal.until_text("turn 3; you said: a third word").await;
    terminal.end().await;
}
