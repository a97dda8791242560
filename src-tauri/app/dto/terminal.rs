//! A live terminal, and what a viewer of it says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{AskView, QueuedCommandView, RunView};

/// A live terminal.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TerminalView {
    /// The project it belongs to.
    pub project_id: String,
    /// `claude` or `shell-N`.
    pub terminal: String,
    /// What its program does.
    pub state: TerminalState,
    /// Since when it is in this state.
    #[ts(type = "string")]
    pub since: Timestamp,
    /// The host's process id.
    pub host_pid: u32,
    /// The program's process id.
    pub program_pid: Option<u32>,
    /// Columns of its grid.
    pub cols: u16,
    /// Rows of its grid.
    pub rows: u16,
    /// When its program was started.
    #[ts(type = "string")]
    pub started_at: Timestamp,
    /// How many viewers are attached.
    pub clients: u32,
    /// The title its program gave it.
    pub title: Option<String>,
    /// The progress its program reports.
    pub progress: Option<ProgressView>,
    /// Whether its host is of another version and should be started again when idle.
    pub waits_for_restart: bool,
    /// The commands that wait to be typed into it, and those that were.
    pub queue: Vec<QueuedCommandView>,
    /// What its open permission prompt or question is about.
    pub ask: Option<AskView>,
    /// The unattended run that it is, where it is one.
    pub run: Option<RunView>,
    /// Whether sub-agents or background tasks go on: being idle is not being done.
    pub background: bool,
}

/// The progress that a program reports (OSC 9;4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProgressView {
    /// What it is.
    pub state: ProgressKind,
    /// How far it is, where the program knows.
    pub percent: Option<u8>,
}

/// What a reported progress is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ProgressKind {
    /// It goes on.
    Normal,
    /// It failed.
    Error,
    /// It goes on, and nobody knows how far it is.
    Indeterminate,
    /// It is paused, or something about it needs a look.
    Paused,
}

/// The state of a live terminal, in the words of the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TerminalState {
    /// Started, not at its prompt yet.
    Starting,
    /// At the prompt.
    Idle,
    /// A turn runs.
    Working,
    /// A permission prompt is open.
    Permission,
    /// A question or a dialog is open.
    Question,
    /// At the prompt, a background shell runs.
    Shell,
    /// The program is gone.
    Ended {
        /// The exit code; for a signal 128 plus its number.
        code: i32,
        /// The signal, where one ended it.
        signal: Option<i32>,
    },
    /// Nothing reliable is known.
    Unknown,
}

/// The size of a terminal's grid, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GridSize {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
}

/// The colours a viewer shows: what the host answers when a program asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TerminalPalette {
    /// `#rrggbb`.
    pub foreground: String,
    /// `#rrggbb`.
    pub background: String,
    /// `#rrggbb`.
    pub cursor: String,
    /// The 16 ANSI colours, each `#rrggbb`.
    pub ansi: Vec<String>,
    /// Whether the theme is dark.
    pub dark: bool,
}

/// Names a terminal of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TerminalRef {
    /// The project.
    pub project_id: String,
    /// `claude` or `shell-N`.
    pub terminal: String,
}
