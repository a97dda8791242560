//! What the window shows of a team's store.

use jiff::Timestamp;

use crate::model::{
    ClaudeSessionId, CurrentSessionId, MilestoneId, MilestoneStatus, ProjectId, ProjectStatus,
};
use crate::store::{ServerError, ServerFault};

/// How a team's store is at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamState {
    /// The server's hosts.
    pub server: String,
    /// The database on it.
    pub database: String,
    /// The user, where the connection string names one.
    pub user: Option<String>,
    /// Whether the server can be used.
    pub link: TeamLink,
    /// When the lists were last known to be as the server has them; none: never on this machine.
    pub as_of: Option<Timestamp>,
    /// How changes of others are noticed.
    pub live: Live,
    /// How many changes wait for the server.
    pub waiting: usize,
    /// Which of them met a change of somebody else.
    pub conflicts: Vec<TeamConflict>,
}

/// Whether the server can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TeamLink {
    /// It is looked for, for the first time.
    Connecting,
    /// It can.
    Connected,
    /// It is away, since then. It is looked for all the time.
    Lost {
        /// Since when.
        since: Timestamp,
        /// Why.
        why: ServerError,
    },
    /// It can be read and not be written to: changes wait.
    ReadOnly {
        /// What it said.
        why: ServerError,
    },
    /// It is there and lets us do nothing, until somebody does something about it.
    Refused {
        /// Why.
        why: ServerError,
    },
}

/// How changes of others are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live {
    /// The server tells each.
    ChangeStream,
    /// It is asked again and again.
    Polling,
    /// Not at all: what is shown is as of a certain time.
    Not,
}

/// A change that waits for the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingChange {
    /// The project that it belongs to.
    pub project: ProjectId,
    /// What it is.
    pub what: WaitingWhat,
    /// When it was made; of several that wait together the first.
    pub since: Timestamp,
}

/// What waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitingWhat {
    /// The project's session id.
    SessionId {
        /// What the server held before.
        expected: CurrentSessionId,
        /// What it is to hold.
        new: CurrentSessionId,
    },
    /// A milestone's status.
    MilestoneStatus {
        /// The milestone.
        milestone: MilestoneId,
        /// What it is to be.
        new: MilestoneStatus,
    },
    /// The project's stored status.
    ProjectStatus(ProjectStatus),
    /// Only rows of the lineage, or that messages were sent.
    History,
}

/// A change that waits and met a change of somebody else: the person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamConflict {
    /// The project that it belongs to.
    pub project: ProjectId,
    /// Both values.
    pub what: ConflictWhat,
    /// When ours was changed first.
    pub since: Timestamp,
}

/// Both values of a [`TeamConflict`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConflictWhat {
    /// The project's session id.
    SessionId {
        /// What this machine came to.
        ours: ClaudeSessionId,
        /// What the database held when it was looked at last.
        theirs: CurrentSessionId,
    },
    /// A milestone's status.
    MilestoneStatus {
        /// The milestone.
        milestone: MilestoneId,
        /// What this machine came to.
        ours: MilestoneStatus,
        /// What the database held when it was looked at last.
        theirs: MilestoneStatus,
    },
    /// The project's status.
    ProjectStatus {
        /// What this machine came to.
        ours: ProjectStatus,
        /// What the database held when it was looked at last.
        theirs: ProjectStatus,
    },
}

/// What the person decided about a [`TeamConflict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The value of the database stays, ours is given up. An id of ours stays in the lineage.
    Theirs,
    /// Ours takes the place of the database's, if that still is the one that was shown.
    Ours,
}

/// What came of [`super::TeamStore::settle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is as the person decided.
    Done,
    /// Nothing conflicts there any more.
    NoConflict,
    /// The database holds something else by now: the person has to look again.
    Changed(TeamConflict),
}

/// Whether a change waits for better times when the server says so. What it can never become
/// is told at once.
pub(super) fn may_wait(error: &ServerError) -> bool {
    !matches!(
        error.fault,
        ServerFault::ConnectionString
            | ServerFault::NoDatabase
            | ServerFault::Busy
            | ServerFault::Unreadable { .. }
    )
}

/// Whether somebody has to do something about it.
fn is_refusal(fault: &ServerFault) -> bool {
    matches!(
        fault,
        ServerFault::Authentication
            | ServerFault::NotAllowed
            | ServerFault::Tls
            | ServerFault::TooOld
            | ServerFault::ConnectionString
            | ServerFault::NoDatabase
    )
}

/// What the last calls came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard {
    /// The server has answered since the store was opened.
    answered: bool,
    /// Why the last call was in vain.
    trouble: Option<(Timestamp, ServerError)>,
    /// Why the last change was refused, while reading is allowed.
    read_only: Option<ServerError>,
}

impl Heard {
    /// The server did what it was asked.
    pub fn answer(&mut self, was_change: bool) {
        self.answered = true;
        self.trouble = None;
        if was_change {
            self.read_only = None;
        }
    }

    pub fn failure(&mut self, was_change: bool, why: &ServerError) {
        if was_change && why.fault == ServerFault::NotAllowed {
            self.read_only = Some(why.clone());
            return;
        }
        if was_change && why.fault == ServerFault::Failed {
            // This one change cannot be made, for whatever reason; the server is there.
            return;
        }
        let since = self.trouble.as_ref().map_or_else(Timestamp::now, |it| it.0);
        self.trouble = Some((since, why.clone()));
    }

    /// With what the driver knows of the server.
    pub fn link(&self, server: crate::store::ServerState) -> TeamLink {
        use crate::store::ServerState;
        let trouble = match server {
            ServerState::Lost { since, why } => Some((since, why)),
            ServerState::Connecting | ServerState::Connected => self.trouble.clone(),
        };
        match trouble {
            Some((_, why)) if is_refusal(&why.fault) => TeamLink::Refused { why },
            Some((since, why)) => TeamLink::Lost { since, why },
            None if !self.answered => TeamLink::Connecting,
            None => match &self.read_only {
                Some(why) => TeamLink::ReadOnly { why: why.clone() },
                None => TeamLink::Connected,
            },
        }
    }
}
