//! Follows one running claude: its state, and the conversation that it is in.
//!
//! The authority is the session file of our own child, [`super::live`]. Hooks make it read
//! again at once and tell why an id changed; only those of our own child are believed.

mod turn;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{Ask, ClaudeSessionId, Exit, SessionSource, SessionState};
use crate::process::{self, ProcessRef};

use super::config::ConfigDir;
use super::hooks::{HookError, HookEvent, HookReport};
use super::live::{self, LiveSession, LiveStatus};
use super::state::{self, Asked, Known};
use super::watch::FolderWatch;
use turn::Turn;

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
/// What the session file waits for while `/config` and the like are open: no tool asks.
const DIALOG: &str = "dialog open";
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
    /// Whether it has gone to another conversation already, of which is not known yet how it
    /// came to it.
    pub leaves: bool,
    /// Whether there is something to lose in this conversation: a message was sent in it, or
    /// it was taken up or copied from one that had some.
    pub message_sent: bool,
    /// The CLI's own process, once it has said which it is.
    pub claude: Option<ProcessRef>,
    /// What an open permission prompt or question is about, where a hook told it.
    pub ask: Option<Ask>,
    /// Whether sub-agents or background tasks go on.
    pub background: bool,
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
    asked: Option<Asked>,
    turn: Turn,

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
            leaves: false,
            message_sent: start.message_sent,
            claude: None,
            ask: None,
            background: false,
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
            asked: None,
            turn: Turn::default(),
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
            if let Some(change) = self.look() {
                return change;
            }
            let wait = self.wait(watching);
            tokio::select! {
                () = self.watch.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// The change that can be told right now, where there is one.
    pub fn look(&mut self) -> Option<Followed> {
        self.read();
        self.change()
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
            self.asked = None;
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
        self.asked = match &report.event {
            HookEvent::PermissionRequest { tool_name, .. } => Some(Asked::by(tool_name.as_deref())),
            _ => None,
        };
        self.turn.take_in(&report.event, Instant::now());
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
        self.current.leaves = self.pending.is_some();
        if self.sent.contains(&self.current.session_id) {
            self.current.message_sent = true;
        }
        let silent = self.status().is_none()
            && self.was_ready
            && self
                .silent_since
                .is_some_and(|since| since.elapsed() < GRACE);
        if !silent || self.exit.is_some() {
            let state = state::state_of(&Known {
                exit: self.exit,
                status: self.status(),
                was_ready: self.was_ready,
                title_busy: self.title_busy,
                asked: self.asked,
            });
            let dialog = self.status() == Some(&LiveStatus::Waiting(DIALOG.to_owned()));
            let now = Instant::now();
            self.current.state = self.turn.settle(&self.current.state, state, now);
            self.current.ask = self.turn.ask(&self.current.state).filter(|_| !dialog);
            self.current.background = self.turn.background(&self.current.state, now);
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
        match self.turn.deadline(now) {
            Some(at) => wait.min(at.saturating_duration_since(now)),
            None => wait,
        }
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
mod tests;
