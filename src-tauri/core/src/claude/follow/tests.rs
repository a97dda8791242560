//! A follower and a living process whose session file the test writes.

use super::*;
use crate::claude::live::tests::{ID, Living, config, write};

const OTHER: &str = "fa1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
const THIRD: &str = "ea1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

struct Followable {
    _folder: tempfile::TempDir,
    config: ConfigDir,
    living: Living,
    follower: Follower,
}

impl Followable {
    fn start() -> Self {
        let (folder, config) = config();
        let living = Living::start();
        let follower = Follower::new(FollowStart {
            config: config.clone(),
            child: living.pid(),
            session_id: ID.parse().unwrap(),
            source: SessionSource::Startup,
            message_sent: false,
        });
        Self {
            _folder: folder,
            config,
            living,
            follower,
        }
    }

    fn write(&self, id: &str, more: &str) {
        write(&self.config, self.living.pid(), id, more);
    }

    fn hook(&mut self, pid: u32, event: &str, id: &str, more: &str) -> bool {
        let frame = format!(
            r#"{{"claude_pid":{pid},"event":{{"hook_event_name":"{event}","session_id":"{id}"{more}}}}}"#
        );
        self.follower.hook(frame.as_bytes()).is_ok()
    }

    async fn next(&mut self) -> Followed {
        tokio::time::timeout(Duration::from_secs(10), self.follower.next())
            .await
            .unwrap()
    }

    /// The first change that is as wanted.
    async fn until(&mut self, wanted: impl Fn(&Followed) -> bool) -> Followed {
        loop {
            let followed = self.next().await;
            if wanted(&followed) {
                return followed;
            }
        }
    }
}

const IDLE: &str = r#","status":"idle""#;
const BUSY: &str = r#","status":"busy""#;

#[tokio::test(flavor = "current_thread")]
async fn the_file_is_followed_from_its_appearance_to_the_end() {
    let mut at = Followable::start();
    assert_eq!(at.follower.current().state, SessionState::Starting);
    at.write(ID, "");
    let starting = at.next().await;
    assert_eq!(starting.state, SessionState::Starting);
    assert_eq!(starting.claude, ProcessRef::of(at.living.pid()));
    for (more, state) in [
        (IDLE, SessionState::Idle),
        (BUSY, SessionState::Working),
        (
            r#","status":"waiting","waitingFor":"permission prompt""#,
            SessionState::Permission,
        ),
        (r#","status":"shell""#, SessionState::Shell),
    ] {
        at.write(ID, more);
        assert_eq!(at.next().await.state, state);
    }
    let exit = Exit {
        code: 143,
        signal: Some(15),
    };
    at.follower.ended(exit);
    assert_eq!(at.next().await.state, SessionState::Ended(exit));
}

#[tokio::test(flavor = "current_thread")]
async fn a_folder_that_appears_later_is_watched_then() {
    let mut at = Followable::start();
    std::fs::remove_dir(at.config.sessions()).unwrap();
    let none = tokio::time::timeout(Duration::from_millis(50), at.follower.next()).await;
    assert!(none.is_err());
    std::fs::create_dir(at.config.sessions()).unwrap();
    at.write(ID, IDLE);
    assert_eq!(at.next().await.state, SessionState::Idle);
}

#[tokio::test(flavor = "current_thread")]
async fn a_new_id_comes_with_its_source_whichever_of_file_and_hook_is_first() {
    let mut at = Followable::start();
    let pid = at.living.pid();
    at.write(ID, BUSY);
    assert!(at.next().await.message_sent, "a turn was seen");
    at.write(OTHER, IDLE);
    let idle = at
        .until(|followed| followed.state == SessionState::Idle)
        .await;
    assert_eq!((idle.session_id.as_str(), idle.leaves), (ID, true));
    assert!(at.hook(pid, "SessionStart", OTHER, r#","source":"clear""#));
    let cleared = at.next().await;
    assert_eq!(cleared.session_id.as_str(), OTHER);
    assert_eq!(cleared.source, SessionSource::Clear);
    assert!(!cleared.message_sent);
    assert!(at.hook(pid, "SessionStart", THIRD, r#","source":"fork""#));
    at.write(THIRD, IDLE);
    let forked = at.next().await;
    assert_eq!(forked.session_id.as_str(), THIRD);
    assert_eq!(forked.source, SessionSource::Fork);
    assert!(forked.message_sent, "what was copied could be lost");
}

#[tokio::test(flavor = "current_thread")]
async fn a_new_id_that_no_hook_explains_is_told_within_a_second() {
    let mut at = Followable::start();
    at.write(ID, IDLE);
    at.next().await;
    let before = Instant::now();
    at.write(OTHER, IDLE);
    let leaving = at.next().await;
    assert_eq!((leaving.session_id.as_str(), leaving.leaves), (ID, true));
    let changed = at.next().await;
    assert_eq!(
        (changed.session_id.as_str(), changed.leaves),
        (OTHER, false)
    );
    assert_eq!(changed.source, SessionSource::Unknown);
    assert!(changed.message_sent);
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test(flavor = "current_thread")]
async fn an_id_that_came_just_before_the_end_is_told_with_it() {
    let mut at = Followable::start();
    at.write(ID, IDLE);
    at.next().await;
    at.write(OTHER, IDLE);
    let exit = Exit {
        code: 0,
        signal: None,
    };
    at.follower.ended(exit);
    let ended = at.next().await;
    assert_eq!(ended.session_id.as_str(), OTHER);
    assert_eq!(ended.state, SessionState::Ended(exit));
}

#[tokio::test(flavor = "current_thread")]
async fn hooks_of_other_processes_and_broken_ones_are_ignored_and_counted() {
    let mut at = Followable::start();
    let stranger = Living::start();
    at.write(ID, IDLE);
    at.next().await;
    assert!(!at.hook(
        stranger.pid(),
        "SessionStart",
        OTHER,
        r#","source":"clear""#
    ));
    assert!(!at.hook(stranger.pid(), "UserPromptSubmit", ID, r#","prompt":"x""#));
    for frame in [&b"nonsense"[..], br#"{"event":{"hook_event_name":"Stop"}}"#] {
        assert!(at.follower.hook(frame).is_err());
    }
    assert_eq!(at.follower.hooks_ignored(), 4);
    at.write(ID, BUSY);
    let next = at.next().await;
    assert_eq!(
        (next.session_id.as_str(), next.state),
        (ID, SessionState::Working)
    );
}

#[tokio::test(flavor = "current_thread")]
async fn a_claude_that_our_claude_started_does_not_speak_for_it() {
    let (_folder, config) = config();
    let (ours, nested) = (Living::start(), Living::start());
    // This test is the terminal's child, both are its descendants.
    let mut follower = Follower::new(FollowStart {
        config: config.clone(),
        child: std::process::id(),
        session_id: ID.parse().unwrap(),
        source: SessionSource::Resume,
        message_sent: true,
    });
    write(&config, ours.pid(), ID, IDLE);
    let followed = tokio::time::timeout(Duration::from_secs(10), follower.next())
        .await
        .unwrap();
    assert_eq!(followed.claude.unwrap().pid, ours.pid());
    write(&config, nested.pid(), OTHER, BUSY);
    let frame = |pid| {
        format!(
            r#"{{"claude_pid":{pid},"event":{{"hook_event_name":"Stop","session_id":"{OTHER}"}}}}"#
        )
    };
    assert!(follower.hook(frame(nested.pid()).as_bytes()).is_err());
    assert!(follower.hook(frame(ours.pid()).as_bytes()).is_ok());
}

#[tokio::test(flavor = "current_thread")]
async fn a_message_is_noted_by_its_hook_also_before_the_file_names_its_conversation() {
    let mut at = Followable::start();
    let pid = at.living.pid();
    at.write(ID, IDLE);
    assert!(!at.next().await.message_sent);
    assert!(at.hook(pid, "UserPromptSubmit", OTHER, r#","prompt":"x""#));
    assert!(at.hook(pid, "SessionStart", OTHER, r#","source":"clear""#));
    at.write(OTHER, IDLE);
    let cleared = at.next().await;
    assert_eq!(cleared.session_id.as_str(), OTHER);
    assert!(cleared.message_sent);
}

#[tokio::test(flavor = "current_thread")]
async fn without_its_file_hooks_and_title_are_believed_and_the_rest_is_unknown() {
    let mut at = Followable::start();
    let pid = at.living.pid();
    assert!(at.hook(pid, "SessionStart", ID, r#","source":"startup""#));
    at.until(|followed| followed.state == SessionState::Unknown)
        .await;
    assert!(at.hook(pid, "PermissionRequest", ID, ""));
    assert_eq!(at.next().await.state, SessionState::Permission);
    at.follower.title("◐ Claude Code");
    assert_eq!(at.next().await.state, SessionState::Working);
    at.follower.title("✳ Claude Code");
    assert_eq!(at.next().await.state, SessionState::Unknown);
    assert!(at.hook(pid, "SessionStart", OTHER, r#","source":"resume""#));
    let resumed = at.until(|followed| !followed.leaves).await;
    assert_eq!(resumed.session_id.as_str(), OTHER);
    assert_eq!(resumed.source, SessionSource::Resume);
}

#[tokio::test(flavor = "current_thread")]
async fn a_clear_that_is_busy_for_a_moment_sends_no_message() {
    let mut at = Followable::start();
    let pid = at.living.pid();
    at.write(ID, IDLE);
    at.next().await;
    assert!(at.hook(pid, "SessionStart", OTHER, r#","source":"clear""#));
    at.write(OTHER, BUSY);
    let cleared = at.next().await;
    assert_eq!(cleared.session_id.as_str(), OTHER);
    assert!(!cleared.message_sent);
}

#[tokio::test(flavor = "current_thread")]
async fn a_half_written_file_changes_nothing() {
    let mut at = Followable::start();
    at.write(ID, IDLE);
    at.next().await;
    let file = at
        .config
        .sessions()
        .join(format!("{}.json", at.living.pid()));
    std::fs::write(&file, r#"{"pid":"#).unwrap();
    let none = tokio::time::timeout(Duration::from_millis(300), at.follower.next()).await;
    assert!(none.is_err(), "{none:?}");
    at.write(ID, BUSY);
    assert_eq!(at.next().await.state, SessionState::Working);
}
