//! Bringing what this computer's store has into a team's.

use serde::Serialize;
use ts_rs::TS;

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// Nothing was done: it says what would be.
    pub trial: bool,
    /// The projects, those first that something becomes of; at most some hundreds.
    pub projects: Vec<ImportedProject>,
    /// How many projects are not among those.
    pub more: usize,
    /// Projects that are created.
    pub projects_created: usize,
    /// Projects that are there.
    pub projects_there: usize,
    /// Projects that are left out.
    pub projects_skipped: usize,
    /// Projects that failed.
    pub projects_failed: usize,
    /// Milestones that are created.
    pub milestones_created: usize,
    /// New rows of the history of session ids.
    pub new_rows: usize,
    /// The person stopped it.
    pub stopped: bool,
}

/// What becomes of one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportedProject {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub fate: ImportFate,
    /// Why it is left out, or failed.
    pub why: Option<String>,
    /// How many of its milestones are created.
    pub new_milestones: usize,
    /// How many rows of its history are new.
    pub new_rows: usize,
    /// The team has another session id, which stays.
    pub session_differs: bool,
    /// What the team has differently, which stays.
    pub differences: Vec<ImportDifference>,
    /// Environment variables that the team can read then.
    pub shared_variables: Vec<String>,
}

/// What becomes of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ImportFate {
    /// It failed.
    Failed,
    /// It is created.
    Created,
    /// It is left out.
    Skipped,
    /// It is there.
    AlreadyThere,
}

/// A field that the two stores have differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportDifference {
    /// The field.
    pub field: String,
    /// What stands on this computer.
    pub here: String,
    /// What the team has.
    pub there: String,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportProgress {
    /// Projects looked at.
    pub done: usize,
    /// Of how many.
    pub total: usize,
}
