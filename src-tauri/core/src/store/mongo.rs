//! A team's store: MongoDB, on the documents of wxcode (`output_projects`, `milestones`) and on
//! collections of our own, whose names begin with `reprise_`.
//!
//! Every write sets single fields, so that what other programs keep in a document stays as it
//! is, and can be done again, so that an answer that got lost is no riddle: it is asked anew.

mod address;
mod connection_string;
mod diagnose;
mod documents;
mod failure;
mod folders;
mod import;
mod indexes;
mod launch;
mod leases;
mod link;
mod listing;
mod milestones;
mod projects;
mod session_ids;
pub(super) mod signals;
mod transcripts;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mongodb::bson::doc;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::OnceCell;

use self::link::Link;
use super::{
    CreateOutcome, MoveOutcome, NewMilestone, NewProject, ReplaceOutcome, SaveOutcome, ServerError,
    ServerFault, Store, StoreError,
};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LaunchOptions, LineageEntry, Milestone, MilestoneId,
    MilestoneStatus, OutputProject, ProjectId, ProjectStatus, SessionSource,
};

pub use connection_string::ConnectionString;
pub use diagnose::diagnose;
pub use link::ServerState;

/// How long after the name servers failed they are asked again.
const RESOLVE_AGAIN: Duration = Duration::from_secs(2);

/// The store on a server. A call ends within seconds, whatever becomes of the server, which is
/// looked for again all the time.
pub struct MongoStore {
    string: ConnectionString,
    /// Empty until the connection string's hosts are known, which for `mongodb+srv` the name
    /// servers have to say; none only while it is dropped.
    link: Option<OnceCell<Link>>,
    /// Why there is no link.
    without_link: Mutex<Option<WithoutLink>>,
    /// Whether the indexes were looked after.
    has_indexes: AtomicBool,
    /// The driver is asynchronous: it works on a thread of its own, and calls wait for it.
    runtime: Option<Runtime>,
}

/// The last attempt at a link.
#[derive(Clone)]
struct WithoutLink {
    since: Timestamp,
    tried: Instant,
    why: ServerError,
}

impl MongoStore {
    /// Connects to the database that a connection string names (`mongodb://` or `mongodb+srv://`,
    /// with user, TLS and replica set as it says), and makes the indexes that are missing where
    /// it may.
    ///
    /// # Errors
    /// [`ServerError`], in which no password is.
    pub fn open(connection_string: &str) -> Result<Self, ServerError> {
        let store = Self::prepare(&ConnectionString::parse(connection_string)?)?;
        store.connect()?;
        Ok(store)
    }

    /// The same without waiting for the server, which need not be there: each call looks for it.
    ///
    /// # Errors
    /// [`ServerFault::Failed`] where the system gives no thread.
    pub fn prepare(string: &ConnectionString) -> Result<Self, ServerError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("reprise-mongodb")
            .enable_all()
            .build()
            .map_err(|error| error_at(string, ServerFault::Failed, &error.to_string()))?;
        Ok(Self {
            string: string.clone(),
            link: Some(OnceCell::new()),
            without_link: Mutex::default(),
            has_indexes: AtomicBool::new(false),
            runtime: Some(runtime),
        })
    }

    /// Asks for a connection, the login and the right to read, in this order, and the first time
    /// looks after the indexes.
    ///
    /// # Errors
    /// [`ServerError`]; it can be tried again.
    pub fn connect(&self) -> Result<(), ServerError> {
        self.run(async |link| {
            let fields = doc! { "_id": 1 };
            listing::one(link, projects::COLLECTION, doc! {}, fields).await?;
            if !self.has_indexes.swap(true, Ordering::Relaxed) {
                indexes::ensure(link).await;
            }
            Ok(())
        })
    }

    /// Whether its server is there.
    pub fn state(&self) -> ServerState {
        match self.link.as_ref().and_then(OnceCell::get) {
            Some(link) => link.state(),
            None => match &*self.without_link() {
                Some(WithoutLink { since, why, .. }) => ServerState::Lost {
                    since: *since,
                    why: why.clone(),
                },
                None => ServerState::Connecting,
            },
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

    /// The projects of a folder, oldest first.
    pub(super) fn projects_at(&self, path: &str) -> Result<Vec<OutputProject>, StoreError> {
        self.ask(async |link| projects::all_at_folder(link, path).await)
    }

    /// [`Store::create_project`]; projects that have another folder on this machine count as
    /// not being in their documents'.
    pub(super) fn create_project_besides(
        &self,
        new: NewProject,
        elsewhere: &[ProjectId],
    ) -> Result<CreateOutcome, StoreError> {
        self.ask(async |link| projects::create(link, new, elsewhere).await)
    }

    /// [`Store::replace_session_id`] of an id whose row is written.
    pub(super) fn set_session_id(
        &self,
        project: ProjectId,
        expected: &CurrentSessionId,
        new: &ClaudeSessionId,
        at: Timestamp,
    ) -> Result<ReplaceOutcome, StoreError> {
        self.ask(async |link| session_ids::set(link, project, expected, new, at).await)
    }

    /// Changes a milestone's status that was changed at that time, and is told only now.
    pub(super) fn set_status_of(
        &self,
        id: MilestoneId,
        expected: MilestoneStatus,
        status: MilestoneStatus,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        let now = Timestamp::now();
        self.ask(async |link| {
            milestones::set_status(link, id, Some(expected), status, at, now).await
        })
    }

    /// Changes a project's status if it is the expected one. Returns the project as it is now.
    pub(super) fn set_project_status_of(
        &self,
        id: ProjectId,
        expected: ProjectStatus,
        status: ProjectStatus,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        self.ask(async |link| projects::set_status_of(link, id, expected, status, at).await)
    }

    fn run<T>(
        &self,
        work: impl AsyncFnOnce(&Link) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let closed = || error_at(&self.string, ServerFault::Unreachable, "it is closed");
        let runtime = self.runtime.as_ref().ok_or_else(closed)?;
        runtime.block_on(async { work(self.link().await?).await })
    }

    fn ask<T>(
        &self,
        work: impl AsyncFnOnce(&Link) -> Result<T, ServerError>,
    ) -> Result<T, StoreError> {
        self.run(work).map_err(StoreError::from)
    }

    /// The link, made by the first call that can.
    async fn link(&self) -> Result<&Link, ServerError> {
        let closed = || error_at(&self.string, ServerFault::Unreachable, "it is closed");
        let link = self.link.as_ref().ok_or_else(closed)?;
        link.get_or_try_init(|| async {
            // Name servers that do not answer are not waited for by every call.
            let before = self.without_link().clone();
            if let Some(WithoutLink { tried, why, .. }) = &before
                && tried.elapsed() < RESOLVE_AGAIN
            {
                return Err(why.clone());
            }
            Link::new(self.string.text()).await.inspect_err(|why| {
                let since = before.map_or_else(Timestamp::now, |before| before.since);
                *self.without_link() = Some(WithoutLink {
                    since,
                    tried: Instant::now(),
                    why: why.clone(),
                });
            })
        })
        .await
    }

    fn without_link(&self) -> MutexGuard<'_, Option<WithoutLink>> {
        self.without_link
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn error_at(string: &ConnectionString, fault: ServerFault, reason: &str) -> ServerError {
    ServerError {
        server: string.server().to_owned(),
        database: string.database().to_owned(),
        fault,
        reason: reason.to_owned(),
    }
}

impl fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoStore")
            .field("string", &self.string)
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
        self.ask(async |link| projects::create(link, new, &[]).await)
    }

    fn project(&self, id: ProjectId) -> Result<Option<OutputProject>, StoreError> {
        self.ask(async |link| projects::by_id(link, id).await)
    }

    fn project_at(&self, workspace_path: &str) -> Result<Option<OutputProject>, StoreError> {
        self.ask(async |link| projects::at_folder(link, workspace_path).await)
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
        self.ask(async |link| projects::set(link, id, doc! { "name": name }, at).await)
    }

    fn move_project(
        &self,
        id: ProjectId,
        workspace_path: &str,
        at: Timestamp,
    ) -> Result<MoveOutcome, StoreError> {
        self.ask(async |link| projects::move_to(link, id, workspace_path, at).await)
    }

    fn set_launch_options(
        &self,
        id: ProjectId,
        launch: &LaunchOptions,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        self.ask(async |link| projects::set_launch_options(link, id, launch, at).await)
    }

    fn set_project_status(
        &self,
        id: ProjectId,
        status: ProjectStatus,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        self.ask(async |link| projects::set(link, id, doc! { "status": status.as_str() }, at).await)
    }

    fn remove_project(&self, id: ProjectId) -> Result<bool, StoreError> {
        self.ask(async |link| projects::remove(link, id).await)
    }

    fn create_milestone(&self, new: NewMilestone) -> Result<Option<Milestone>, StoreError> {
        self.ask(async |link| milestones::create(link, new).await)
    }

    fn milestone(&self, id: MilestoneId) -> Result<Option<Milestone>, StoreError> {
        self.ask(async |link| milestones::by_id(link, id).await)
    }

    fn milestones(&self, project: ProjectId) -> Result<Vec<Milestone>, StoreError> {
        self.ask(async |link| milestones::of_project(link, project).await)
    }

    fn rename_milestone(
        &self,
        id: MilestoneId,
        element_name: &str,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        self.ask(async |link| {
            milestones::set(link, id, doc! { "element_name": element_name }, at).await
        })
    }

    fn set_milestone_status(
        &self,
        id: MilestoneId,
        expected: Option<MilestoneStatus>,
        status: MilestoneStatus,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        self.ask(async |link| milestones::set_status(link, id, expected, status, at, at).await)
    }

    fn set_milestone_folder(
        &self,
        id: MilestoneId,
        folder_name: Option<&str>,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        let fields = doc! { "milestone_folder_name": folder_name };
        self.ask(async |link| milestones::set(link, id, fields, at).await)
    }

    fn save_session_id_if_unset(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
        at: Timestamp,
    ) -> Result<SaveOutcome, StoreError> {
        self.ask(async |link| session_ids::save_if_unset(link, project, id, at).await)
    }

    fn replace_session_id(
        &self,
        project: ProjectId,
        expected: &CurrentSessionId,
        new: &ClaudeSessionId,
        source: SessionSource,
        at: Timestamp,
    ) -> Result<ReplaceOutcome, StoreError> {
        self.ask(async |link| session_ids::replace(link, project, expected, new, source, at).await)
    }

    fn append_lineage(&self, entry: &LineageEntry) -> Result<(), StoreError> {
        self.ask(async |link| session_ids::append(link, entry).await)
    }

    fn mark_message_sent(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
    ) -> Result<bool, StoreError> {
        self.ask(async |link| session_ids::mark_message_sent(link, project, id).await)
    }

    fn lineage(&self, project: ProjectId) -> Result<Vec<LineageEntry>, StoreError> {
        self.ask(async |link| session_ids::lineage(link, project).await)
    }

    fn newest_lineage(&self) -> Result<BTreeMap<ProjectId, Timestamp>, StoreError> {
        self.ask(session_ids::newest_lineage)
    }

    /// The server tells only those who follow it.
    fn change_mark(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    fn message_sent(&self, project: ProjectId, id: &ClaudeSessionId) -> Result<bool, StoreError> {
        self.ask(async |link| session_ids::message_sent(link, project, id).await)
    }
}
