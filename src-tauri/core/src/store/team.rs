//! A team's store: MongoDB, and on this machine a file that makes up for it while it is away.
//!
//! The file holds a mirror of what the server was last seen to hold, an outbox of the changes
//! that it does not have yet, and where projects' folders are on this machine. What a reader sees
//! is the mirror (or the server itself, while it is there) with the outbox over it.

mod asking;
mod calls;
mod drain;
mod file;
mod follow;
mod mirror;
mod outbox;
mod overlay;
mod presence;
mod state;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::watch;

use self::mirror::{Known, Moment};
use self::outbox::{Chain, Chains};
use super::sqlite::Database;
use super::{ConnectionString, MongoStore, SetAside, StoreError};
use crate::model::{
    CurrentSessionId, Machine, MilestoneId, MilestoneStatus, OutputProject, ProjectId,
    ProjectStatus,
};

pub use state::{
    ConflictWhat, Keep, Live, Settled, TeamConflict, TeamLink, TeamState, WaitingChange,
    WaitingWhat,
};

/// The store of a team, for one process of this machine; several may use it at once.
///
/// While the server is away, or takes no changes, session ids, the lineage, and the statuses of
/// projects and milestones are changed all the same and wait in the outbox; everything else is
/// refused with what the server says. A folder is always this machine's own matter:
/// [`Store::move_project`](super::Store::move_project) changes no document.
pub struct TeamStore {
    team: Arc<Team>,
    /// Ends the following thread.
    following: Option<Arc<follow::Stop>>,
}

/// Whether a store keeps its lists up to date by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Following {
    /// It follows the server in the background, applies what waits as soon as it can, and
    /// answers for lists from the mirror.
    Yes,
    /// It asks the server each time: for a process that soon ends.
    No,
}

/// An open store, and what the person has to be told about it.
pub struct OpenedTeam {
    /// The store.
    pub store: TeamStore,
    /// The damaged file that lay in the place of this machine's, where there was one. What
    /// waited in it did not reach the server.
    pub set_aside: Option<SetAside>,
}

/// What calls and the following thread share.
struct Team {
    string: ConnectionString,
    server: MongoStore,
    local: Database,
    heard: Mutex<state::Heard>,
    live: Mutex<Liveness>,
    /// A thread keeps the mirror up to date.
    follows: bool,
    /// The list of projects as it was fetched last, while the mirror is filled.
    listed: Mutex<Option<Listed>>,
    revision: watch::Sender<u64>,
    presence: watch::Sender<u64>,
    draining: Mutex<()>,
    present: presence::Present,
}

/// How current the mirror is.
#[derive(Debug, Clone, Copy)]
struct Liveness {
    how: Live,
    as_of: Option<Timestamp>,
}

/// A list that was fetched. The window asks for it just when the mirror is filled: one fetching
/// does for both, if nothing was written since.
struct Listed {
    projects: Arc<Vec<OutputProject>>,
    since: Moment,
    /// When it was asked for.
    at: Instant,
}

/// For how long such a list will do.
const LISTED: Duration = Duration::from_secs(1);

impl TeamStore {
    /// Opens the store of the database that `string` names, with its file in `data_dir/teams`,
    /// for this machine.
    /// The server need not be there. A damaged file is set aside as the embedded store does it.
    ///
    /// # Errors
    /// [`StoreError`], of the file.
    pub fn open(
        string: &ConnectionString,
        data_dir: &Path,
        machine: Machine,
        following: Following,
        at: Timestamp,
    ) -> Result<OpenedTeam, StoreError> {
        let server = MongoStore::prepare(string)?;
        let path = file::path(data_dir, string);
        let (local, set_aside) = Database::open(&path, at, file::SCHEMA)?;
        let as_of = local.read(mirror::as_of)?;
        let team = Arc::new(Team {
            string: string.clone(),
            server,
            local,
            heard: Mutex::default(),
            live: Mutex::new(Liveness {
                how: Live::Not,
                as_of,
            }),
            follows: following == Following::Yes,
            listed: Mutex::default(),
            revision: watch::Sender::new(0),
            presence: watch::Sender::new(0),
            draining: Mutex::new(()),
            present: presence::Present::new(machine),
        });
        let following = match following {
            Following::Yes => {
                let (local, _) = Database::open(&path, at, file::SCHEMA)?;
                let stop = follow::start(Arc::clone(&team), local);
                Some(stop.map_err(|source| StoreError::Io { path, source })?)
            }
            Following::No => None,
        };
        let store = Self { team, following };
        Ok(OpenedTeam { store, set_aside })
    }

    /// How it is at the moment. Does not wait for the server.
    ///
    /// # Errors
    /// [`StoreError`], of the file.
    pub fn state(&self) -> Result<TeamState, StoreError> {
        let live = *self.team.live();
        let waiting = self.waiting()?.len();
        let conflicts = self.team.local.read(conflicts)?;
        Ok(TeamState {
            server: self.team.string.server().to_owned(),
            database: self.team.string.database().to_owned(),
            user: self.team.string.user().map(str::to_owned),
            link: self.team.link(),
            as_of: live.as_of,
            live: live.how,
            waiting,
            conflicts,
        })
    }

    /// Whether the server can be used, without looking at the file.
    pub fn link(&self) -> TeamLink {
        self.team.link()
    }

    /// A number that moves whenever lists, state or outbox may have changed.
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.team.revision.subscribe()
    }

    /// A number that moves when somebody's lease, or where a transcript lies, may have changed.
    /// That a lease ran out tells nobody: only its own time does.
    pub fn presence(&self) -> watch::Receiver<u64> {
        self.team.presence.subscribe()
    }

    /// The server alone: for what is neither mirrored nor waits.
    pub fn server(&self) -> &MongoStore {
        &self.team.server
    }

    /// What waits for the server, oldest first.
    ///
    /// # Errors
    /// [`StoreError`], of the file.
    pub fn waiting(&self) -> Result<Vec<WaitingChange>, StoreError> {
        self.team.local.read(waiting)
    }

    /// Where a project's folder is on this machine, where that was said; otherwise it is where
    /// its document says.
    ///
    /// # Errors
    /// [`StoreError`], of the file.
    pub fn local_folder(&self, project: ProjectId) -> Result<Option<String>, StoreError> {
        self.team.local.read(|sql| overlay::folder(sql, project))
    }

    /// Settles a conflict that was shown: `shown` is the one that the person decided about.
    ///
    /// # Errors
    /// [`StoreError`]; the conflict stands.
    pub fn settle(
        &self,
        shown: &TeamConflict,
        keep: Keep,
        at: Timestamp,
    ) -> Result<Settled, StoreError> {
        drain::settle(&self.team, shown, keep, at)
    }

    /// Applies what waits, as far as the server is there.
    ///
    /// # Errors
    /// [`StoreError`], of the file; a server that is away is none.
    pub fn apply_waiting(&self) -> Result<(), StoreError> {
        drain::all(&self.team)
    }
}

impl Drop for TeamStore {
    fn drop(&mut self) {
        if let Some(following) = &self.following {
            following.stop();
        }
    }
}

impl fmt::Debug for TeamStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TeamStore")
            .field("string", &self.team.string)
            .finish_non_exhaustive()
    }
}

impl Team {
    fn link(&self) -> TeamLink {
        self.heard().link(self.server.state())
    }

    fn heard(&self) -> MutexGuard<'_, state::Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self) -> MutexGuard<'_, Liveness> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_live(&self) -> bool {
        self.live().how != Live::Not
    }

    /// Tells that something may be different.
    fn moved(&self) {
        self.revision.send_modify(|number| *number += 1);
    }

    fn presence_moved(&self) {
        self.presence.send_modify(|number| *number += 1);
    }

    /// Notes in the mirror what the server has said. Where that fails, what is shown in an
    /// outage is older; the call has succeeded all the same.
    fn note(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<()>) {
        if self.local.write(work).is_ok() {
            self.moved();
        }
    }

    /// What is needed to note a project that is about to be fetched, and to show it.
    fn before_fetching(&self, id: ProjectId) -> Result<(overlay::Projects, Moment), StoreError> {
        // The outbox is read before the server is asked: what another process applies in
        // between is then seen twice, and never not at all.
        let read = |sql: &Connection| Ok((overlay::Projects::of(sql, id)?, Moment::now(sql)?));
        self.local.read(read)
    }

    /// Notes a project that was fetched, or that is not there. While the server is followed
    /// that is the follower's part.
    fn fetched(&self, id: ProjectId, found: Option<&OutputProject>, since: Moment) {
        let known = |sql: &Connection| mirror::project(sql, id);
        if self.is_live()
            || self
                .local
                .read(known)
                .is_ok_and(|known| known.as_ref() == found)
        {
            return;
        }
        self.note(|sql| {
            let known = Known::Fetched(since);
            match found {
                Some(project) => mirror::put_project(sql, project, known),
                None => mirror::remove_project(sql, id, known),
            }
            .map(drop)
        });
    }
}

fn waiting(sql: &Connection) -> rusqlite::Result<Vec<WaitingChange>> {
    let mut waiting = Vec::new();
    for (project, chain) in outbox::session_ids(sql)? {
        waiting.push(WaitingChange {
            project,
            since: chain.since,
            what: WaitingWhat::SessionId {
                expected: CurrentSessionId::from_stored(chain.expected),
                new: CurrentSessionId::from_stored(Some(chain.new)),
            },
        });
    }
    for (milestone, project, chain) in outbox::statuses(sql, None)? {
        waiting.push(WaitingChange {
            project,
            since: chain.since,
            what: WaitingWhat::MilestoneStatus {
                milestone,
                new: MilestoneStatus::from_word(&chain.new),
            },
        });
    }
    for (project, chain) in outbox::project_statuses(sql, None)? {
        waiting.push(WaitingChange {
            project,
            since: chain.since,
            what: WaitingWhat::ProjectStatus(ProjectStatus::from_word(&chain.new)),
        });
    }
    for project in outbox::projects(sql)? {
        if waiting.iter().any(|waiting| waiting.project == project) {
            continue;
        }
        let rows = outbox::rows(sql, project)?;
        let first = rows.iter().map(|(_, row)| row.at).min();
        waiting.push(WaitingChange {
            project,
            since: first.unwrap_or(Timestamp::UNIX_EPOCH),
            what: WaitingWhat::History,
        });
    }
    waiting.sort_by_key(|waiting| waiting.since);
    Ok(waiting)
}

fn conflicts(sql: &Connection) -> rusqlite::Result<Vec<TeamConflict>> {
    let ids = outbox::session_ids(sql)?.into_iter();
    let mut conflicts: Vec<_> = ids
        .filter_map(|(project, chain)| id_conflict(project, &chain))
        .collect();
    let statuses = outbox::statuses(sql, None)?.into_iter();
    conflicts.extend(
        statuses
            .filter_map(|(milestone, project, chain)| status_conflict(milestone, project, &chain)),
    );
    let of_projects = outbox::project_statuses(sql, None)?.into_iter();
    conflicts.extend(
        of_projects.filter_map(|(project, chain)| project_status_conflict(project, &chain)),
    );
    conflicts.sort_by_key(|conflict| conflict.since);
    Ok(conflicts)
}

fn id_conflict(project: ProjectId, chain: &Chain) -> Option<TeamConflict> {
    let found = chain.conflict.clone()?;
    Some(TeamConflict {
        project,
        since: chain.since,
        what: ConflictWhat::SessionId {
            ours: chain.new.parse().ok()?,
            theirs: CurrentSessionId::from_stored(found),
        },
    })
}

fn status_conflict(
    milestone: MilestoneId,
    project: ProjectId,
    chain: &Chain,
) -> Option<TeamConflict> {
    let found = chain.conflict.clone()?;
    Some(TeamConflict {
        project,
        since: chain.since,
        what: ConflictWhat::MilestoneStatus {
            milestone,
            ours: MilestoneStatus::from_word(&chain.new),
            theirs: MilestoneStatus::from_word(&found.unwrap_or_default()),
        },
    })
}

fn project_status_conflict(project: ProjectId, chain: &Chain) -> Option<TeamConflict> {
    let found = chain.conflict.clone()?;
    Some(TeamConflict {
        project,
        since: chain.since,
        what: ConflictWhat::ProjectStatus {
            ours: ProjectStatus::from_word(&chain.new),
            theirs: ProjectStatus::from_word(&found.unwrap_or_default()),
        },
    })
}

/// The conflict of a chain, as it is shown.
fn conflict_of(sql: &Connection, shown: &TeamConflict) -> rusqlite::Result<Option<TeamConflict>> {
    Ok(match shown.what {
        ConflictWhat::SessionId { .. } => Chains::SessionIds
            .get(sql, &shown.project.to_string())?
            .and_then(|chain| id_conflict(shown.project, &chain)),
        ConflictWhat::MilestoneStatus { milestone, .. } => Chains::Statuses
            .get(sql, &milestone.to_string())?
            .and_then(|chain| status_conflict(milestone, shown.project, &chain)),
        ConflictWhat::ProjectStatus { .. } => Chains::ProjectStatuses
            .get(sql, &shown.project.to_string())?
            .and_then(|chain| project_status_conflict(shown.project, &chain)),
    })
}
