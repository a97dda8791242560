//! What a project works on: its milestones and what is read of its plan.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{CommandError, ResumeFailure, RunView, TerminalView};

/// A project's milestones and plan.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectWork {
    /// The project.
    pub project_id: String,
    /// Its milestones, oldest first.
    pub milestones: Vec<MilestoneView>,
    /// What its `.planning` says.
    pub planning: Option<PlanningView>,
    /// Why the plan, or part of it, is not shown.
    pub planning_problem: Option<CommandError>,
    /// How a milestone is started in its session.
    pub command: MilestoneCommandView,
    /// The copies of its phases, newest first.
    pub backups: Vec<BackupView>,
    /// Its last unattended run that ended.
    pub last_run: Option<RunView>,
}

/// The command that starts a milestone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MilestoneCommandView {
    /// With `{context}` where the context file's path goes.
    pub text: String,
    /// What it is.
    pub kind: MilestoneCommandKind,
    /// Whether the person set it; otherwise it was found.
    pub is_setting: bool,
}

/// What kind of command starts a milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum MilestoneCommandKind {
    /// `/gsd:new-milestone`, a command.
    GsdCommand,
    /// `/gsd-new-milestone`, a skill.
    GsdSkill,
    /// A sentence that names the context file, or the person's own.
    PlainPrompt,
}

/// A milestone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MilestoneView {
    /// 24 hexadecimal digits.
    pub id: String,
    /// The project it belongs to.
    pub project_id: String,
    /// What the person calls it.
    pub name: String,
    /// The stored status.
    pub status: MilestoneStatus,
    /// When it was made.
    #[ts(type = "string")]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[ts(type = "string")]
    pub updated_at: Timestamp,
    /// When it was completed.
    #[ts(type = "string | null")]
    pub completed_at: Option<Timestamp>,
    /// Its context file, from the workspace.
    pub context_path: String,
    /// Whether that file is there.
    pub context_exists: bool,
}

/// The stored status of a milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneStatus {
    /// Not begun.
    Pending,
    /// Begun.
    InProgress,
    /// Done.
    Completed,
    /// Given up, or its run failed.
    Failed,
}

/// What the person says of a new milestone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMilestone {
    /// What to call it.
    pub name: String,
    /// What it is about; may be empty where files tell it.
    pub description: String,
    /// Absolute paths of files that belong to its context.
    pub files: Vec<String>,
}

/// What `.planning` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlanningView {
    /// Where it was read from.
    pub source: PlanningSource,
    /// The active milestone, in the plan's own words.
    pub milestone: Option<PlannedMilestoneView>,
    /// Its phases, in order.
    pub phases: Vec<PhaseView>,
    /// The command that the plan suggests next.
    pub next: Option<String>,
    /// When the newest of what was read was written.
    #[ts(type = "string")]
    pub read_at: Timestamp,
}

/// Where a plan was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PlanningSource {
    /// `.planning/state.json`.
    StateJson,
    /// `ROADMAP.md` and `STATE.md`.
    Markdown,
}

/// The plan's active milestone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedMilestoneView {
    /// `v1.1`.
    pub version: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its status, in the plan's word.
    pub status: Option<String>,
}

/// A phase of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PhaseView {
    /// `03` or `2.1`.
    pub number: String,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub status: PhaseStatus,
    /// How many of its plans have a summary.
    pub plans_done: u32,
    /// How many plans it has.
    pub plans_total: u32,
}

/// How far a phase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PhaseStatus {
    /// Finished.
    Done,
    /// The one being worked on.
    Current,
    /// To come.
    Todo,
}

/// A copy of a project's phases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BackupView {
    /// Names it among the project's.
    pub id: String,
    /// When it was made.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// How many phase folders it holds.
    pub folders: u32,
    /// Where it is.
    pub path: String,
}

/// What the wish to start a milestone came to.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum StartMilestoneOutcome {
    /// Its command waits in the live session's queue.
    Queued {
        /// The command.
        command_id: String,
        /// The copy of the phases that was made before.
        backup: Option<BackupView>,
    },
    /// The session was started with its command.
    Started {
        /// The terminal to attach to.
        terminal: Box<TerminalView>,
        /// The copy of the phases that was made before.
        backup: Option<BackupView>,
    },
    /// The session could not be taken up: the person chooses.
    CannotResume {
        /// Why, and what is possible.
        failure: Box<ResumeFailure>,
        /// The copy of the phases that was made before.
        backup: Option<BackupView>,
    },
}
