//! Follows one running claude: its state, and the conversation that it is in.
//!
//! The authority is the session file of our own child, [`super::live`]. Hooks make it read
//! again at once and tell why an id changed; only those of our own child are believed.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{ClaudeSessionId, Exit, SessionSource, SessionState};
use crate::process::{self, ProcessRef};

use super::config::ConfigDir;
use super::hooks::{HookError, HookEvent, HookReport};
use super::live::{self, LiveSession, LiveStatus};
use super::state::{self, Known};
use super::watch::FolderWatch;

/// How often the file is read when nothing tells that it changed.
const POLL: Duration = Duration::from_secs(1);
/// The same while a change is expected, or its folder is not there yet.
const POLL_SOON: Duration = Duration::from_millis(100);
/// How long the faster poll lasts.
const SOON: Duration = Duration::from_secs(15);
/// How long a new id waits for the hook that says where it comes from. Both are written at
/// the same moment; a hook takes a process more.
const SOURCE_WAIT: Duration = Duration::from_millis(400);
/// How long the last state holds when the file is gone or cannot be read: it is rewritten in
/// place, and removed shortly before an orderly end.
const GRACE: Duration = Duration::from_secs(2);
/// Of how many conversations what the hooks said is remembered.
const REMEMBERED: usize = 32;

/// What is known of a running claude. A new value is told whenever one of the fields changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Its state.
    pub state: SessionState,
    /// The conversation that it is in.
    pub session_id: ClaudeSessionId,
    /// How it came to this conversation.
    pub source: SessionSource,
    /// Whether there is something to lose in this conversation: a message was sent in it, or
    /// it was taken up or copied from one that had some.
    pub message_sent: bool,
    /// The CLI's own process, once it has said which it is.
    pub claude: Option<ProcessRef>,
}

/// What a [`Follower`] starts from.
#[derive(Debug, Clone)]
pub struct FollowStart {
    /// The configuration folder of the CLI that was started.
    pub config: ConfigDir,
    /// The process that was started in the terminal.
    pub child: u32,
    /// The id that it was started with.
    pub session_id: ClaudeSessionId,
    /// [`SessionSource::Startup`] or [`SessionSource::Resume`].
    pub source: SessionSource,
    /// Whether a message was sent under this id before.
    pub message_sent: bool,
}

/// A hook that is not believed.
#[derive(Debug, thiserror::Error)]
pub enum IgnoredHook {
    /// It is no hook event.
    #[error(transparent)]
    Malformed(#[from] HookError),
    /// It comes from a CLI that is not the one of this terminal, or does not say from which.
    #[error("a hook of another process ({claude_pid:?}) was ignored")]
    NotOurs {
        /// The process it names.
        claude_pid: Option<u32>,
    },
}

/// Follows one claude. All its waiting is in [`Follower::next`]; what the host learns by
/// itself it passes in between.
pub struct Follower {
    config: ConfigDir,
    child: u32,
    watch: FolderWatch,
    soon_until: Instant,
    hooks_ignored: u64,

    /// The session file as last read.
    file: Option<LiveSession>,
    /// Since when the file has no status to tell, is gone or cannot be read.
    silent_since: Option<Instant>,
    /// An id that was seen and whose source is not known yet, and since when.
    pending: Option<(ClaudeSessionId, Instant)>,
    /// What SessionStart hooks said, newest last.
    announced: VecDeque<(ClaudeSessionId, SessionSource)>,
    /// Conversations that a message was seen in.
    sent: VecDeque<ClaudeSessionId>,
    exit: Option<Exit>,
    hooks_run: bool,
    was_ready: bool,
    title_busy: bool,
    permission_asked: bool,

    current: Followed,
    told: Option<Followed>,
}

impl Follower {
    /// Follows the claude that was just started.
    pub fn new(start: FollowStart) -> Self {
        let current = Followed {
            state: SessionState::Starting,
            session_id: start.session_id,
            source: start.source,
            message_sent: start.message_sent,
            claude: None,
        };
        Self {
            watch: FolderWatch::new(start.config.sessions()),
            config: start.config,
            child: start.child,
            soon_until: Instant::now() + SOON,
            hooks_ignored: 0,
            file: None,
            silent_since: None,
            pending: None,
            announced: VecDeque::new(),
            sent: VecDeque::new(),
            exit: None,
            hooks_run: false,
            was_ready: false,
            title_busy: false,
            permission_asked: false,
            told: Some(current.clone()),
            current,
        }
    }

    /// What is known now.
    pub fn current(&self) -> &Followed {
        &self.current
    }

    /// How many hooks were not believed.
    pub fn hooks_ignored(&self) -> u64 {
        self.hooks_ignored
    }

    /// Waits for the next change. Nothing is lost when the future is dropped. Each change of
    /// the conversation is told by itself, in order.
    pub async fn next(&mut self) -> Followed {
        loop {
            let watching = self.watch.arm();
            self.read();
            if let Some(change) = self.change() {
                return change;
            }
            let wait = self.wait(watching);
            tokio::select! {
                () = self.watch.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Takes in a hook's frame. Returns it where it comes from our own claude.
    pub fn hook(&mut self, frame: &[u8]) -> Result<HookReport, IgnoredHook> {
        let believed = HookReport::from_frame(frame)
            .map_err(IgnoredHook::from)
            .and_then(|report| match report.claude_pid {
                Some(pid) if self.is_ours(pid) => Ok(report),
                claude_pid => Err(IgnoredHook::NotOurs { claude_pid }),
            });
        match &believed {
            Ok(report) => self.take_in(report),
            Err(_) => self.hooks_ignored = self.hooks_ignored.saturating_add(1),
        }
        believed
    }

    /// Takes in the terminal's title.
    pub fn title(&mut self, title: &str) {
        self.title_busy = state::title_is_busy(title);
        if self.title_busy {
            self.permission_asked = false;
        }
    }

    /// Takes in the end of the program. What its file said last is still told before.
    pub fn ended(&mut self, exit: Exit) {
        self.read();
        self.exit = Some(exit);
    }

    fn take_in(&mut self, report: &HookReport) {
        self.hooks_run = true;
        self.soon_until = self.soon_until.max(Instant::now() + GRACE);
        if let Some((id, source)) = report.announced() {
            remember(&mut self.announced, (id.clone(), source));
        }
        self.permission_asked = matches!(report.event, HookEvent::PermissionRequest { .. });
        match &report.event {
            HookEvent::SessionStart { .. } => self.was_ready = true,
            HookEvent::UserPromptSubmit { .. } => {
                if let Some(id) = &report.session_id {
                    self.note_sent(id.clone());
                }
            }
            _ => {}
        }
    }

    /// Once our claude is known, no other process below our child speaks for it: its tools
    /// may run a claude of their own.
    fn is_ours(&self, pid: u32) -> bool {
        match self.current.claude {
            Some(claude) => claude.pid == pid,
            None => process::is_descendant(pid, self.child),
        }
    }

    fn read(&mut self) {
        if self.exit.is_some() {
            return;
        }
        let known = self.current.claude.filter(|claude| claude.is_alive());
        let read = match known {
            Some(claude) => live::of_process(&self.config, claude.pid),
            None => live::of_child(&self.config, self.child),
        };
        match read {
            Ok(file) => self.file = file,
            // Being rewritten: what it said before holds for a while.
            Err(_)
                if self
                    .silent_since
                    .is_none_or(|since| since.elapsed() < GRACE) =>
            {
                self.silent_since.get_or_insert_with(Instant::now);
                return;
            }
            Err(_) => self.file = None,
        }
        if let Some(file) = &self.file {
            self.current.claude = Some(file.process);
            // `/clear` is busy for a moment too, under the new id: where the person's settings
            // let our hooks run, those alone tell of messages.
            if file.status == Some(LiveStatus::Busy) && !self.hooks_run {
                self.note_sent(file.session_id.clone());
            }
        }
        if self.status().is_some() {
            self.was_ready = true;
            self.silent_since = None;
        } else {
            self.silent_since.get_or_insert_with(Instant::now);
        }
    }

    fn status(&self) -> Option<&LiveStatus> {
        self.file.as_ref().and_then(|file| file.status.as_ref())
    }

    fn note_sent(&mut self, id: ClaudeSessionId) {
        if !self.sent.contains(&id) {
            remember(&mut self.sent, id);
        }
    }

    /// Brings `current` up to date; returns it where it was not told yet.
    fn change(&mut self) -> Option<Followed> {
        self.follow_id();
        if self.sent.contains(&self.current.session_id) {
            self.current.message_sent = true;
        }
        let silent = self.status().is_none()
            && self.was_ready
            && self
                .silent_since
                .is_some_and(|since| since.elapsed() < GRACE);
        if !silent || self.exit.is_some() {
            self.current.state = state::state_of(&Known {
                exit: self.exit,
                status: self.status(),
                was_ready: self.was_ready,
                title_busy: self.title_busy,
                permission_asked: self.permission_asked,
            });
        }
        if self.told.as_ref() == Some(&self.current) {
            return None;
        }
        self.told = Some(self.current.clone());
        self.told.clone()
    }

    /// Takes up the id that the file names; without a file the one that the hooks name.
    fn follow_id(&mut self) {
        let seen = match &self.file {
            Some(file) => Some(&file.session_id),
            None => self.announced.back().map(|(id, _)| id),
        };
        let Some(id) = seen.filter(|id| **id != self.current.session_id).cloned() else {
            self.pending = None;
            return;
        };
        let source = self
            .announced
            .iter()
            .rev()
            .find(|(announced, _)| *announced == id)
            .map(|(_, source)| *source);
        let since = match &self.pending {
            Some((pending, since)) if *pending == id => *since,
            _ => Instant::now(),
        };
        let waited = since.elapsed() >= SOURCE_WAIT || self.exit.is_some();
        // Without the file an announcement still gives it the time to appear.
        let certain = source.is_some() && self.file.is_some();
        if !certain && !waited {
            self.pending = Some((id, since));
            return;
        }
        self.pending = None;
        let source = source.unwrap_or(SessionSource::Unknown);
        self.current.session_id = id;
        self.current.source = source;
        // Only these two begin with nothing. Of a copy nothing is written before its first
        // message, and yet it must not be replaced by an empty conversation.
        self.current.message_sent =
            !matches!(source, SessionSource::Startup | SessionSource::Clear);
    }

    /// How long until the file is to be read without being told.
    fn wait(&self, watching: bool) -> Duration {
        if self.exit.is_some() {
            return POLL;
        }
        let now = Instant::now();
        let mut wait = POLL;
        if self.pending.is_some() || self.silent_since.is_some() || !watching {
            let soon = now < self.soon_until || self.pending.is_some();
            wait = if soon { POLL_SOON } else { POLL };
        }
        wait
    }
}

/// Puts `value` at the end of a bounded list.
fn remember<T>(list: &mut VecDeque<T>, value: T) {
    if list.len() >= REMEMBERED {
        list.pop_front();
    }
    list.push_back(value);
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::super::live::tests::{ID, Living, config, write};
    use super::*;

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
        let idle = at.next().await;
        assert_eq!(
            (idle.session_id.as_str(), idle.state),
            (ID, SessionState::Idle)
        );
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
        let changed = at.next().await;
        assert_eq!(changed.session_id.as_str(), OTHER);
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
        let resumed = at.next().await;
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
}
