//! A live terminal, seen from outside.

use serde::{Deserialize, Serialize};

/// The state of a live terminal. The words are the same in code, JSON and window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SessionState {
    /// The program was started and has not reached its prompt.
    Starting,
    /// At the prompt.
    Idle,
    /// A turn, a retry or a command runs.
    Working,
    /// A permission prompt is open: Enter would approve.
    Permission,
    /// A question or a dialog is open.
    Question,
    /// At the prompt, a background shell still runs.
    Shell,
    /// The program is gone.
    Ended(Exit),
    /// Nothing reliable is known.
    Unknown,
}

impl SessionState {
    /// The state's word, without what it carries.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Idle => "idle",
            Self::Working => "working",
            Self::Permission => "permission",
            Self::Question => "question",
            Self::Shell => "shell",
            Self::Ended(_) => "ended",
            Self::Unknown => "unknown",
        }
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Its exit status; for a signal 128 plus the signal's number, as a shell says it.
    pub code: i32,
    /// The signal that ended it, where one did.
    pub signal: Option<i32>,
}

/// The size of a terminal's grid, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
}

impl TerminalSize {
    /// The smallest size a host gives its program: below it full-screen programs are unusable.
    pub const MIN: Self = Self { cols: 20, rows: 5 };
    /// The largest, a bound on what a grid may cost.
    pub const MAX: Self = Self {
        cols: 1000,
        rows: 500,
    };

    /// This size, brought within [`TerminalSize::MIN`] and [`TerminalSize::MAX`].
    pub fn clamped(self) -> Self {
        Self {
            cols: self.cols.clamp(Self::MIN.cols, Self::MAX.cols),
            rows: self.rows.clamp(Self::MIN.rows, Self::MAX.rows),
        }
    }
}
