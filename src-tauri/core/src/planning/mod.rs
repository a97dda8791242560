//! What milestones leave in a workspace: `.milestones/<id>/` with the context of each, and the
//! one `.planning/` at the root that all of them share.
//!
//! Only files: this knows no store and no session. Everything that is read here was written by
//! other programs, and is bounded, cleaned and shown as text. Symbolic links that lead out of
//! the workspace are not followed, neither to read nor to write.

mod backup;
mod command;
mod context;
mod files;
mod markdown;
mod progress;
mod state_json;
mod watch;

use std::io;
use std::path::{Path, PathBuf};

pub use backup::{Backup, MAX_BACKUPS, Phases};
pub use command::{
    CommandKind, CommandTemplate, DEFAULT_ARGUMENT, detect_command, is_new_milestone,
};
pub use context::{Context, context_path, has_context, milestone_dir, write_context};
pub use progress::{
    Phase, PhaseStatus, PlannedMilestone, PlanningState, Source, StateProblem, read_planning,
};
pub use watch::Watch;

/// The folder that all milestones of a project share.
pub const PLANNING_DIR: &str = ".planning";
/// The folder with one folder per milestone.
pub const MILESTONES_DIR: &str = ".milestones";

/// Why something in the workspace could not be read or written. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PlanningError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A link, or a file where a folder belongs, leads elsewhere.
    #[error("{} leads out of the workspace {}; remove the link, Reprise does not follow it", path.display(), workspace.display())]
    Outside {
        /// What leads out.
        path: PathBuf,
        /// The workspace.
        workspace: PathBuf,
    },
    /// Not a file that can belong to a milestone's context.
    #[error("{} is no file of at most {limit} bytes; choose a smaller one, or name it in the description", path.display())]
    NotAContextFile {
        /// The file.
        path: PathBuf,
        /// The most bytes it may have.
        limit: u64,
    },
    /// More than is kept.
    #[error("{} holds more than {limit}; make it smaller, or copy it yourself", path.display())]
    TooMuch {
        /// The folder.
        path: PathBuf,
        /// What the limit is, in words.
        limit: &'static str,
    },
    /// A copy does not agree with what it was made from.
    #[error("the copy {} does not agree with the original; nothing was replaced, try again", path.display())]
    NotTheSame {
        /// The copy.
        path: PathBuf,
    },
    /// No such copy.
    #[error("there is no copy of the phases called {name:?} any more")]
    NoSuchBackup {
        /// How it was called.
        name: String,
    },
}

impl PlanningError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// Makes sure of the one `.planning/` at the workspace's root. What is in it is left alone.
///
/// # Errors
/// [`PlanningError`], in a workspace that cannot be written to for instance.
pub fn prepare(workspace: &Path) -> Result<(), PlanningError> {
    files::create_dir(workspace, Path::new(PLANNING_DIR)).map(drop)
}
