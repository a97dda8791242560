//! Where projects, their milestones and the lineage of their session ids live.
//!
//! [`Store`] is what a store promises; [`SqliteStore`] is the embedded one, [`MongoStore`] a
//! team's. The promises are written down as tests in `tests/store/contract`, and every store has
//! to pass them.

mod choice;
mod diagnosis;
pub mod import;
mod mongo;
mod presence;
mod server_error;
mod sqlite;
mod team;
mod team_connection;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{
    ClaudeSessionId, CurrentSessionId, LaunchOptions, Lease, LineageEntry, Machine, Milestone,
    MilestoneId, MilestoneStatus, OutputProject, ProjectId, ProjectStatus, SessionSource,
};

pub use choice::{InvalidChoice, STORE_VARIABLE, StoreChoice};
pub use diagnosis::{
    Contents, DatabaseKind, Diagnosis, HostFound, LoginAs, Rights, Step, Talk, TryWith,
};
pub use mongo::{ConnectionString, MongoStore, ServerState, diagnose};
pub use presence::Presence;
pub use server_error::{ServerError, ServerFault};
pub use sqlite::{Opened, SetAside, SqliteStore};
pub use team::{
    ConflictWhat, Following, Keep, Live, OpenedTeam, Settled, TeamConflict, TeamLink, TeamState,
    TeamStore, WaitingChange, WaitingWhat,
};
pub use team_connection::{NoConnectionString, Password, TeamConnection};

/// Projects, milestones and lineage, shared by several processes.
///
/// The calls block, for seconds when another process is busy: call them from a thread that may.
/// Times are passed in; a store keeps them to the microsecond at best (a project's own to the
/// millisecond at least) and cuts off the rest.
///
/// A session id is only written by compare-and-set, and its lineage row before it: there is
/// never a current id without its row. A crash between the two leaves a row more, which harms
/// nothing. Rows are never removed, not even with their project.
pub trait Store: Send + Sync {
    /// Creates a project, unless there is one for that folder.
    fn create_project(&self, new: NewProject) -> Result<CreateOutcome, StoreError>;

    /// One project.
    fn project(&self, id: ProjectId) -> Result<Option<OutputProject>, StoreError>;

    /// The project of a folder; of several (a shared database may hold them) the oldest.
    fn project_at(&self, workspace_path: &str) -> Result<Option<OutputProject>, StoreError>;

    /// All projects, by creation time, then id.
    fn projects(&self) -> Result<Vec<OutputProject>, StoreError>;

    /// Changes a project's name. Returns the project as it is now, none where there is none.
    fn rename_project(
        &self,
        id: ProjectId,
        name: &str,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError>;

    /// Changes a project's folder, unless another project has it. Nothing moves on the disk.
    fn move_project(
        &self,
        id: ProjectId,
        workspace_path: &str,
        at: Timestamp,
    ) -> Result<MoveOutcome, StoreError>;

    /// Changes how a project's sessions start. Returns the project as it is now.
    fn set_launch_options(
        &self,
        id: ProjectId,
        launch: &LaunchOptions,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError>;

    /// Changes the stored status. Returns the project as it is now.
    fn set_project_status(
        &self,
        id: ProjectId,
        status: ProjectStatus,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError>;

    /// Forgets a project and its milestones; its lineage stays. Returns whether there was one.
    fn remove_project(&self, id: ProjectId) -> Result<bool, StoreError>;

    /// Creates a milestone, pending; none where there is no such project.
    fn create_milestone(&self, new: NewMilestone) -> Result<Option<Milestone>, StoreError>;

    /// One milestone.
    fn milestone(&self, id: MilestoneId) -> Result<Option<Milestone>, StoreError>;

    /// A project's milestones, by creation time, then id.
    fn milestones(&self, project: ProjectId) -> Result<Vec<Milestone>, StoreError>;

    /// Changes what a milestone is called. Returns it as it is now, none where there is none.
    fn rename_milestone(
        &self,
        id: MilestoneId,
        element_name: &str,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError>;

    /// Changes a milestone's status, if it still is `expected` where one is given. Returns it
    /// as it is now, changed or not. `completed_at` is set when it becomes completed and
    /// cleared when it becomes anything else; the status it has already changes nothing.
    fn set_milestone_status(
        &self,
        id: MilestoneId,
        expected: Option<MilestoneStatus>,
        status: MilestoneStatus,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError>;

    /// Notes a milestone's folder under `.planning/milestones/`. Returns it as it is now.
    fn set_milestone_folder(
        &self,
        id: MilestoneId,
        folder_name: Option<&str>,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError>;

    /// Writes the first session id of a project, with a lineage row of source `startup`. Of
    /// several at once, in whatever processes, exactly one is told [`SaveOutcome::Saved`].
    ///
    /// An id that lost leaves no row, except where the winner came between look and write.
    fn save_session_id_if_unset(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
        at: Timestamp,
    ) -> Result<SaveOutcome, StoreError>;

    /// Replaces the session id if the store still holds `expected`, compared as stored text:
    /// so an id that is no UUID can be replaced, too. The lineage row (its parent is the
    /// expected id) is written first and stays on a conflict: the conversation exists.
    fn replace_session_id(
        &self,
        project: ProjectId,
        expected: &CurrentSessionId,
        new: &ClaudeSessionId,
        source: SessionSource,
        at: Timestamp,
    ) -> Result<ReplaceOutcome, StoreError>;

    /// Adds a row. Project, id, source and time name it: adding it again changes nothing but
    /// `message_sent`, which can become true. The project need not exist (any more).
    fn append_lineage(&self, entry: &LineageEntry) -> Result<(), StoreError>;

    /// Notes that a message was sent under this id; it is never taken back. Returns false, and
    /// notes nothing, where the lineage has no row of the id.
    fn mark_message_sent(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
    ) -> Result<bool, StoreError>;

    /// A project's history, oldest first. `message_sent` is the id's: all its rows agree.
    fn lineage(&self, project: ProjectId) -> Result<Vec<LineageEntry>, StoreError>;

    /// When the newest row of each lineage is from, for all projects at once, the removed ones
    /// too. One without rows is not in it.
    fn newest_lineage(&self) -> Result<BTreeMap<ProjectId, Timestamp>, StoreError>;

    /// Whether a message was ever sent under this id.
    fn message_sent(&self, project: ProjectId, id: &ClaudeSessionId) -> Result<bool, StoreError>;

    /// A number that is another one once anything changed, whoever changed it; asking for it
    /// costs next to nothing. Whoever asks before it reads a list need not read that again
    /// while the number stays. None where only reading tells.
    fn change_mark(&self) -> Result<Option<u64>, StoreError>;

    /// Who works where; none in a store that is nobody else's.
    fn presence(&self) -> Option<&dyn Presence> {
        None
    }
}

/// What a new project starts with; its status is `created` and it has no session id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProject {
    /// What the person calls it.
    pub name: String,
    /// Its folder: absolute, links resolved.
    pub workspace_path: String,
    /// How its sessions start.
    pub launch: LaunchOptions,
    /// When.
    pub at: Timestamp,
}

/// What a new milestone starts with; its status is `pending`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMilestone {
    /// The project it belongs to.
    pub project: ProjectId,
    /// What the person calls it.
    pub element_name: String,
    /// When.
    pub at: Timestamp,
}

/// What came of [`Store::create_project`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It is new.
    Created(OutputProject),
    /// The folder has this project already; nothing was changed.
    AlreadyThere(OutputProject),
}

impl CreateOutcome {
    /// The project of the folder, new or not.
    pub fn into_project(self) -> OutputProject {
        match self {
            Self::Created(project) | Self::AlreadyThere(project) => project,
        }
    }
}

/// What came of [`Store::move_project`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveOutcome {
    /// The project, with its new folder.
    Moved(OutputProject),
    /// This other project has the folder; nothing was changed.
    Taken(OutputProject),
    /// There is no such project.
    NoSuchProject,
}

/// What came of [`Store::save_session_id_if_unset`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveOutcome {
    /// The id is the project's current one.
    Saved,
    /// The project had an id before: this one.
    AlreadySet(CurrentSessionId),
    /// There is no such project.
    NoSuchProject,
}

/// What came of [`Store::replace_session_id`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplaceOutcome {
    /// The new id is the project's current one.
    Replaced,
    /// The store holds this, which is not what was expected; it stays.
    Conflict(CurrentSessionId),
    /// There is no such project; no row was written.
    NoSuchProject,
}

/// A lease as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct LeaseRequest<'a> {
    /// Of which project.
    pub project: ProjectId,
    /// For whom: this machine.
    pub machine: &'a Machine,
    /// The process that has the session.
    pub pid: u32,
    /// The conversation, where it is known. A renewal without one leaves what is noted.
    pub session_id: Option<&'a ClaudeSessionId>,
    /// How long it holds unless it is renewed, by the server's clock.
    pub lasts: Duration,
}

/// What came of taking or renewing a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// This machine has it.
    Ours(Lease),
    /// Another machine has it, or had it last.
    Held(Lease),
    /// Nobody has it: who had it has let go of it just now.
    Free,
}

/// Why a store cannot do what was asked.
///
/// With a file, what is stored is as it was before. With a server, which knows no transaction, a
/// part may have been done: a lineage row without its id, the milestones of a project that is
/// removed. What was asked has not happened, except that it may have where the fault is
/// [`ServerFault::OutcomeUnknown`]. Whatever it was, the same call can be made again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A server, or what it holds, cannot be used.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The file or its folder cannot be written to.
    #[error("the database {} is read-only; make the file and its folder writable", path.display())]
    ReadOnly {
        /// The database file.
        path: PathBuf,
    },
    /// There is no space left.
    #[error("no space left for the database {}; free some space on that disk", path.display())]
    DiskFull {
        /// The database file.
        path: PathBuf,
    },
    /// Another process held the database for too long.
    #[error(
        "the database {} was busy for {} seconds; another program holds it, try again",
        path.display(), waited.as_secs()
    )]
    Busy {
        /// The database file.
        path: PathBuf,
        /// How long it was tried.
        waited: Duration,
    },
    /// A newer Reprise has written it.
    #[error(
        "the database {} was written by a newer Reprise (its version {found}, this one knows {known}); update Reprise",
        path.display()
    )]
    NewerSchema {
        /// The database file.
        path: PathBuf,
        /// The version of the file.
        found: i64,
        /// The newest version that this build knows.
        known: i64,
    },
    /// It is the database of another program.
    #[error("{} is a database of another program; move it elsewhere, Reprise will not touch it", path.display())]
    Foreign {
        /// The database file.
        path: PathBuf,
    },
    /// The file was found damaged while it was in use. The next start sets it aside.
    #[error(
        "the database {} is damaged ({reason}); restart Reprise, which keeps the file aside and begins a new one",
        path.display()
    )]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What was found, in SQLite's words.
        reason: String,
    },
    /// The file is gone, while it was in use or behind a link.
    #[error("the database {} is not there any more; put it back, or restart Reprise to begin a new one", path.display())]
    Missing {
        /// The database file.
        path: PathBuf,
    },
    /// The system refused to read or write.
    #[error("cannot use the database {}: {source}; check that disk and its permissions", path.display())]
    Io {
        /// The database file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else that the database said.
    #[error("the database {} failed: {source}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
