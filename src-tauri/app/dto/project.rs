//! A project, and how its session is launched.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::TerminalView;

/// A project, together with its live terminals.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectView {
    /// 24 hexadecimal digits.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// The absolute path of its folder.
    pub workspace_path: String,
    /// When it was created, in microseconds since 1970: the list is in this order, then by id.
    /// None, and last, where only its live terminals tell of it.
    pub created_at_us: Option<i64>,
    /// The stored status, not the state of a session.
    pub status: ProjectStatus,
    /// The current conversation's id.
    pub session_id: Option<String>,
    /// What the store holds instead of an id, where that is no UUID.
    pub invalid_session_id: Option<String>,
    /// The live terminal that runs Claude Code.
    pub live: Option<TerminalView>,
    /// Its live shells, by number.
    pub shells: Vec<TerminalView>,
    /// Another machine that has the session live or, failing that, its transcript.
    pub elsewhere: Option<OnMachine>,
    /// How the last session ended, where its host wrote it down.
    pub last_end: Option<LastEnd>,
    /// When its conversation was last used.
    #[ts(type = "string | null")]
    pub last_used_at: Option<Timestamp>,
    /// Whether `last_picture` has something to show.
    pub has_picture: bool,
    /// Whether the person wants no notifications of it.
    pub muted: bool,
}

/// A project's session on another machine of the team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OnMachine {
    /// The computer.
    pub host: String,
    /// Whose it is there.
    pub user: String,
    /// Whether it is live there now; otherwise its transcript is there.
    pub live: bool,
    /// Since when it is live, or when it was last worked on.
    #[ts(type = "string")]
    pub at: Timestamp,
}

/// What of the list changed.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectsUpdate {
    /// Names what the window has with it: the next update begins there.
    pub upto: u64,
    /// The projects that are new or others now, the whole of each.
    #[ts(type = "Array<ProjectView>")]
    pub changed: Vec<Arc<ProjectView>>,
    /// The ids of those that are no longer there.
    pub removed: Vec<String>,
    /// Whether there is more: ask again at once.
    pub more: bool,
}

/// The stored status of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ProjectStatus {
    /// Known, nothing done yet.
    Created,
    /// Its workspace is prepared.
    Initialized,
    /// A session was started in it.
    Active,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LastEnd {
    /// The exit code; for a signal 128 plus its number.
    pub code: i32,
    /// The signal, where one ended it.
    pub signal: Option<i32>,
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
}

/// How a project came to a session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SessionSource {
    /// Minted for a first start.
    Startup,
    /// An existing conversation was taken up.
    Resume,
    /// `/clear` began a new one.
    Clear,
    /// Copied from another.
    Fork,
    /// Brought from elsewhere.
    Import,
    /// Nothing said why.
    Unknown,
}

/// How Claude Code is started for one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LaunchOptions {
    /// The value of `--permission-mode`.
    pub permission_mode: Option<String>,
    /// The value of `--model`.
    pub model: Option<String>,
    /// Further arguments.
    pub extra_args: Vec<String>,
    /// Variables added to the environment.
    pub env: BTreeMap<String, String>,
    /// Full screen, or the ordinary screen with its scrollback.
    pub display: DisplayMode,
    /// The command that starts a milestone, `{context}` standing for its context file; none:
    /// as it is found.
    #[serde(default)]
    pub milestone_command: Option<String>,
}

/// Which of Claude Code's displays a project uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum DisplayMode {
    /// The alternate screen.
    FullScreen,
    /// The ordinary screen.
    Scrollback,
}
