//! Which store is used, how it is, and the test of another.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{CommandError, MilestoneStatus, ProjectStatus};

/// The store in use, and how it is.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StoreView {
    /// Which one it is.
    pub kind: StoreKind,
    /// The team's hosts; empty for this computer's.
    pub server: String,
    /// The team's database; empty for this computer's.
    pub database: String,
    /// As whom Reprise logs in; none where nobody is named.
    pub user: Option<String>,
    /// Whether `REPRISE_STORE` names it, whatever the settings say.
    pub from_variable: bool,
    /// The connection string of the settings, without its password; none for this computer's.
    pub connection: Option<String>,
    /// Whether it can be used.
    pub link: StoreLink,
    /// When its lists were last known to be as the server has them; none: not known, or now.
    pub as_of: Option<String>,
    /// The changes that wait for the server, oldest first.
    pub waiting: Vec<WaitingChange>,
    /// Which of them met a change of somebody else: the person decides.
    pub conflicts: Vec<StoreConflict>,
    /// Where its password is.
    pub password: PasswordPlace,
}

/// Which store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StoreKind {
    /// The file on this computer.
    Local,
    /// A team's MongoDB.
    Team,
    /// None: what names it makes no sense.
    None,
}

/// Whether the store can be used.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum StoreLink {
    /// It can.
    Connected,
    /// It is looked for, for the first time.
    Connecting,
    /// It is away, and looked for all the time.
    Lost {
        /// Since when.
        since: String,
        /// Why.
        why: CommandError,
    },
    /// It can be read and not be written to.
    ReadOnly {
        /// What it said.
        why: CommandError,
    },
    /// It is there and lets us do nothing, or cannot be opened.
    Refused {
        /// Why.
        why: CommandError,
    },
}

/// Where a password is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PasswordPlace {
    /// None is needed.
    NotNeeded,
    /// In the system's keyring.
    Keyring,
    /// In this process's memory: it is asked for again after a restart.
    Memory,
    /// It is needed and not known.
    Missing,
}

/// A change that waits for the server.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WaitingChange {
    /// The project it belongs to.
    pub project_id: String,
    /// What it is.
    pub what: WaitingWhat,
    /// When it was made.
    pub since: String,
}

/// What waits.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum WaitingWhat {
    /// The project's session id.
    SessionId {
        /// What the server is to hold; none: no id.
        new: Option<String>,
    },
    /// A milestone's status.
    MilestoneStatus {
        /// The milestone.
        milestone_id: String,
        /// What it is called, where that is known.
        milestone: Option<String>,
        /// What it is to be.
        new: MilestoneStatus,
    },
    /// The project's status.
    ProjectStatus,
    /// The history of session ids.
    History,
}

/// A change that met a change of somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StoreConflict {
    /// The project it belongs to.
    pub project_id: String,
    /// Both values.
    pub what: ConflictWhat,
    /// When ours was changed.
    pub since: String,
}

/// Both values of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ConflictWhat {
    /// The project's session id.
    SessionId {
        /// What this computer came to.
        ours: String,
        /// What the database holds; none: no id.
        theirs: Option<String>,
    },
    /// A milestone's status.
    MilestoneStatus {
        /// The milestone.
        milestone_id: String,
        /// What it is called, where that is known.
        milestone: Option<String>,
        /// What this computer came to.
        ours: MilestoneStatus,
        /// What the database holds.
        theirs: MilestoneStatus,
    },
    /// The project's status.
    ProjectStatus {
        /// What this computer came to.
        ours: ProjectStatus,
        /// What the database holds.
        theirs: ProjectStatus,
    },
}

/// What the person decided about a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum KeepValue {
    /// The database's stays.
    Theirs,
    /// This computer's takes its place.
    Ours,
}

/// A connection as it stands in the settings' fields.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionDraft {
    /// The connection string; one with a password is understood.
    pub connection: String,
    /// The password; none: the one that is kept for this connection.
    pub password: Option<String>,
    /// The database; empty: the connection string's.
    pub database: String,
}

/// A connection string taken apart into the settings' fields.
#[derive(Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionParts {
    /// The connection string without its password; as it was where it is none.
    pub connection: String,
    /// The password that stood in it.
    pub password: Option<String>,
    /// The database; empty where none is named.
    pub database: String,
    /// Whether it begins as a connection string.
    pub valid: bool,
    /// Whether its user has to prove a password.
    pub asks_for_password: bool,
}

/// What a test of a connection found.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StoreTest {
    /// Whether there is somebody.
    pub host: TestStep<HostFound>,
    /// Whether it is MongoDB, and how it is talked to.
    pub secure: TestStep<Talk>,
    /// Whether it lets this user in.
    pub login: TestStep<LoggedIn>,
    /// What this user may do.
    pub rights: TestStep<Rights>,
    /// What lies in the database.
    pub contents: TestStep<Contents>,
    /// Whether the store can be used and be written to.
    pub usable: bool,
    /// As whom the login was tried; none where nobody is named.
    pub login_as: Option<LoginAs>,
    /// What to add to the connection string, where that may help: `authSource=admin`.
    pub try_with: Option<String>,
    /// All of it as text, to be copied. No password is in it.
    pub details: String,
}

/// One step of a test.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum TestStep<T> {
    /// It went well.
    Passed {
        /// What was found.
        found: T,
    },
    /// It did not.
    Failed {
        /// Why.
        why: CommandError,
    },
    /// An earlier one failed.
    NotReached,
}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HostFound {
    /// How many servers are named.
    pub named: usize,
    /// How many of them take connections.
    pub reached: usize,
}

/// How the server is talked to.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Talk {
    /// Whether by TLS.
    pub tls: bool,
    /// The time between question and answer, in milliseconds.
    pub round_trip_ms: u64,
    /// The name of its replica set.
    pub replica_set: Option<String>,
}

/// The login went well.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// How the password was proved; none where nobody was named.
    pub mechanism: Option<String>,
}

/// As whom a login was tried.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LoginAs {
    /// The user.
    pub user: String,
    /// The database that was to know the user.
    pub auth_source: String,
    /// How the password was to be proved.
    pub mechanism: String,
}

/// What a user may do.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Rights {
    /// Why nothing can be written; none where it can.
    pub read_only: Option<CommandError>,
}

/// What lies in a database.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Contents {
    /// The server's version.
    pub version: String,
    /// What kind of database it is.
    pub database: DatabaseKind,
}

/// What a database is used for.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum DatabaseKind {
    /// It has projects of wxcode or of Reprise.
    Team {
        /// About how many projects.
        projects: u64,
        /// About how many milestones.
        milestones: u64,
    },
    /// There is nothing in it.
    Empty,
    /// It belongs to something else.
    Foreign {
        /// Some of its collections.
        collections: Vec<String>,
        /// How many there are.
        count: usize,
    },
}

/// What came of choosing a store.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StoreChosen {
    /// The store in use now.
    pub store: StoreView,
    /// Why the keyring did not take the password; none where it did, or had none to take.
    pub keyring_refused: Option<String>,
}
