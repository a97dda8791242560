//! Unattended runs, and what a session asks.

use jiff::Timestamp;
use serde::Serialize;
use ts_rs::TS;

use super::BackupView;

/// An unattended run that was started.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunStarted {
    /// The run.
    pub run: RunView,
    /// The copy of the plan's phases that was made before it.
    pub backup: Option<BackupView>,
}

/// What an open permission prompt or question is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AskView {
    /// The tool that asks.
    pub tool: String,
    /// What it would do, or the question; in one line.
    pub input: String,
}

/// An unattended run, live or of the past.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// When it was started.
    #[ts(type = "string")]
    pub started_at: Timestamp,
    /// The permission mode that the person chose for it.
    pub permission_mode: String,
    /// What it is for: a milestone's id.
    pub about: Option<String>,
    /// The file with every line of its stream.
    pub log: String,
    /// The conversation, once the stream has named it.
    pub session_id: Option<String>,
    /// The tool in use, with what it does.
    pub tool: Option<String>,
    /// How many times the model has answered.
    pub turns: u32,
    /// What it has cost, in US dollars.
    pub cost_usd: Option<f64>,
    /// What came of it.
    pub result: Option<RunResultView>,
    /// Somebody asked for its end.
    pub cancelled: bool,
    /// When it ended; none while it runs, or where its host was killed.
    #[ts(type = "string | null")]
    pub ended_at: Option<Timestamp>,
}

/// What came of an unattended run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunResultView {
    /// Whether Claude Code calls it a success.
    pub ok: bool,
    /// Claude Code's word for it.
    pub kind: String,
    /// The last answer, or what went wrong.
    pub text: String,
}
