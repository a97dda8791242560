//! A team's store: MongoDB, on the documents of wxcode (`output_projects`, `milestones`) and on
//! collections of our own, whose names begin with `reprise_`.
//!
//! Every write sets single fields, so that what other programs keep in a document stays as it
//! is, and can be done again, so that an answer that got lost is no riddle: it is asked anew.

mod address;
mod diagnose;
mod documents;
mod failure;
mod folders;
mod indexes;
mod launch;
mod link;
mod listing;
mod milestones;
mod projects;
mod session_ids;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;

use jiff::Timestamp;
use mongodb::bson::doc;
use tokio::runtime::{Builder, Runtime};

use self::documents::status_word;
use self::link::Link;
use super::{
    CreateOutcome, MoveOutcome, NewMilestone, NewProject, ReplaceOutcome, SaveOutcome, ServerError,
    ServerFault, Store, StoreError,
};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LaunchOptions, LineageEntry, Milestone, MilestoneId,
    MilestoneStatus, OutputProject, ProjectId, ProjectStatus, SessionSource,
};

pub use diagnose::diagnose;
pub use link::ServerState;

/// The store on a server. A call ends within seconds, whatever becomes of the server, which is
/// looked for again all the time.
pub struct MongoStore {
    /// Both none only while it is dropped.
    link: Option<Link>,
    /// The driver is asynchronous: it works on a thread of its own, and calls wait for it.
    runtime: Option<Runtime>,
}

impl MongoStore {
    /// Connects to the database that a connection string names (`mongodb://` or `mongodb+srv://`,
    /// with user, TLS and replica set as it says), and makes the indexes that are missing where
    /// it may.
    ///
    /// # Errors
    /// [`ServerError`], in which no password is.
    pub fn open(connection_string: &str) -> Result<Self, ServerError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("reprise-mongodb")
            .enable_all()
            .build()
            .map_err(|error| ServerError {
                server: String::new(),
                database: String::new(),
                fault: ServerFault::Failed,
                reason: error.to_string(),
            })?;
        let link = runtime.block_on(Link::new(connection_string));
        let mut store = Self {
            link: None,
            runtime: Some(runtime),
        };
        store.link = Some(link?);
        store.run(async |link| {
            // Asks for a connection, the login and the right to read, in this order.
            let fields = doc! { "_id": 1 };
            listing::one(link, projects::COLLECTION, doc! {}, fields).await?;
            indexes::ensure(link).await;
            Ok(())
        })?;
        Ok(store)
    }

    /// Whether its server is there.
    pub fn state(&self) -> ServerState {
        match &self.link {
            Some(link) => link.state(),
            None => ServerState::Connected,
        }
    }

    /// What stands in `output_projects` and is no project that can be used, which [`projects`]
    /// leaves out; an error for each document.
    ///
    /// # Errors
    /// [`ServerError`]
    ///
    /// [`projects`]: Store::projects
    pub fn unreadable_projects(&self) -> Result<Vec<ServerError>, ServerError> {
        self.run(async |link| projects::list(link).await.map(|(_, odd)| odd))
    }

    fn run<'a, T, F>(&'a self, work: impl FnOnce(&'a Link) -> F) -> Result<T, ServerError>
    where
        F: Future<Output = Result<T, ServerError>>,
    {
        match (&self.runtime, &self.link) {
            (Some(runtime), Some(link)) => runtime.block_on(work(link)),
            _ => Err(ServerError {
                server: String::new(),
                database: String::new(),
                fault: ServerFault::Unreachable,
                reason: "it is closed".into(),
            }),
        }
    }

    fn ask<'a, T, F>(&'a self, work: impl FnOnce(&'a Link) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, ServerError>>,
    {
        self.run(work).map_err(StoreError::from)
    }
}

impl fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoStore")
            .field("address", &self.link.as_ref().map(|link| &link.address))
            .finish_non_exhaustive()
    }
}

impl Drop for MongoStore {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            let in_runtime = runtime.enter();
            self.link = None;
            drop(in_runtime);
            // A thread that asks name servers may hang: it is not waited for.
            runtime.shutdown_background();
        }
    }
}

impl Store for MongoStore {
    fn create_project(&self, new: NewProject) -> Result<CreateOutcome, StoreError> {
        self.ask(|link| projects::create(link, new))
    }

    fn project(&self, id: ProjectId) -> Result<Option<OutputProject>, StoreError> {
        self.ask(|link| projects::by_id(link, id))
    }

    fn project_at(&self, workspace_path: &str) -> Result<Option<OutputProject>, StoreError> {
        self.ask(|link| projects::at_folder(link, workspace_path))
    }

    fn projects(&self) -> Result<Vec<OutputProject>, StoreError> {
        self.ask(async |link| projects::list(link).await.map(|(projects, _)| projects))
    }

    fn rename_project(
        &self,
        id: ProjectId,
        name: &str,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        self.ask(|link| projects::set(link, id, doc! { "name": name }, at))
    }

    fn move_project(
        &self,
        id: ProjectId,
        workspace_path: &str,
        at: Timestamp,
    ) -> Result<MoveOutcome, StoreError> {
        self.ask(|link| projects::move_to(link, id, workspace_path, at))
    }

    fn set_launch_options(
        &self,
        id: ProjectId,
        launch: &LaunchOptions,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        self.ask(|link| projects::set_launch_options(link, id, launch, at))
    }

    fn set_project_status(
        &self,
        id: ProjectId,
        status: ProjectStatus,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        self.ask(|link| projects::set(link, id, doc! { "status": status_word(status) }, at))
    }

    fn remove_project(&self, id: ProjectId) -> Result<bool, StoreError> {
        self.ask(|link| projects::remove(link, id))
    }

    fn create_milestone(&self, new: NewMilestone) -> Result<Option<Milestone>, StoreError> {
        self.ask(|link| milestones::create(link, new))
    }

    fn milestone(&self, id: MilestoneId) -> Result<Option<Milestone>, StoreError> {
        self.ask(|link| milestones::by_id(link, id))
    }

    fn milestones(&self, project: ProjectId) -> Result<Vec<Milestone>, StoreError> {
        self.ask(|link| milestones::of_project(link, project))
    }

    fn rename_milestone(
        &self,
        id: MilestoneId,
        element_name: &str,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        self.ask(|link| milestones::set(link, id, doc! { "element_name": element_name }, at))
    }

    fn set_milestone_status(
        &self,
        id: MilestoneId,
        expected: Option<MilestoneStatus>,
        status: MilestoneStatus,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        self.ask(|link| milestones::set_status(link, id, expected, status, at))
    }

    fn set_milestone_folder(
        &self,
        id: MilestoneId,
        folder_name: Option<&str>,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        let fields = doc! { "milestone_folder_name": folder_name };
        self.ask(|link| milestones::set(link, id, fields, at))
    }

    fn save_session_id_if_unset(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
        at: Timestamp,
    ) -> Result<SaveOutcome, StoreError> {
        self.ask(|link| session_ids::save_if_unset(link, project, id, at))
    }

    fn replace_session_id(
        &self,
        project: ProjectId,
        expected: &CurrentSessionId,
        new: &ClaudeSessionId,
        source: SessionSource,
        at: Timestamp,
    ) -> Result<ReplaceOutcome, StoreError> {
        self.ask(|link| session_ids::replace(link, project, expected, new, source, at))
    }

    fn append_lineage(&self, entry: &LineageEntry) -> Result<(), StoreError> {
        self.ask(|link| session_ids::append(link, entry))
    }

    fn mark_message_sent(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
    ) -> Result<bool, StoreError> {
        self.ask(|link| session_ids::mark_message_sent(link, project, id))
    }

    fn lineage(&self, project: ProjectId) -> Result<Vec<LineageEntry>, StoreError> {
        self.ask(|link| session_ids::lineage(link, project))
    }

    fn newest_lineage(&self) -> Result<BTreeMap<ProjectId, Timestamp>, StoreError> {
        self.ask(session_ids::newest_lineage)
    }

    /// The server tells only those who follow it.
    fn change_mark(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    fn message_sent(&self, project: ProjectId, id: &ClaudeSessionId) -> Result<bool, StoreError> {
        self.ask(|link| session_ids::message_sent(link, project, id))
    }
}
