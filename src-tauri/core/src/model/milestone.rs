//! A milestone: a piece of work of one project.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{MilestoneId, ProjectId};

/// A document of `milestones`. All milestones of a project share its conversation, its
/// terminal and its `.planning` folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    /// Its id, the same in every store; names the folder `.milestones/<id>/` in the workspace.
    pub id: MilestoneId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// What is shown to the person: `element_name` in the database.
    pub element_name: String,
    /// How far it is.
    pub status: MilestoneStatus,
    /// Its folder under `.planning/milestones/`, where it has one.
    pub milestone_folder_name: Option<String>,
    /// The version of wxcode that made it; none for one that Reprise made.
    pub wxcode_version: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When one of its fields last changed.
    pub updated_at: Timestamp,
    /// When it became completed; none in any other status.
    pub completed_at: Option<Timestamp>,
}

/// The stored status of a milestone, in the database's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneStatus {
    /// Not begun.
    #[default]
    Pending,
    /// Begun.
    InProgress,
    /// Done.
    Completed,
    /// Given up, or its unattended run failed.
    Failed,
}

impl MilestoneStatus {
    /// The database's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Reads the database's word; one that is not known counts as pending.
    pub fn from_word(word: &str) -> Self {
        match word {
            "in_progress" => Self::InProgress,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            _ => Self::Pending,
        }
    }
}
