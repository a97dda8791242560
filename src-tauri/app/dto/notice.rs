//! Conditions and failures that the person should know of.

use std::collections::BTreeMap;

use serde::Serialize;
use ts_rs::TS;

use super::TerminalRef;

/// A condition the person should know of.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Notice {
    /// The database was damaged; it was kept aside and a new one begun.
    StoreSetAside {
        /// The database's file.
        file: String,
        /// Where the damaged one is.
        kept_as: String,
    },
    /// The database cannot be used. Live terminals go on.
    StoreUnavailable {
        /// What happened and what to do.
        error: CommandError,
    },
    /// Documents of the team's database that cannot be understood, and are left out.
    DocumentsUnreadable {
        /// The hosts.
        server: String,
        /// The database.
        database: String,
        /// How many.
        documents: usize,
        /// The first of them.
        first: CommandError,
    },
    /// The preferences were damaged; they were kept aside and the defaults are in use.
    PreferencesSetAside {
        /// The preferences' file.
        file: String,
        /// Where the damaged one is.
        kept_as: String,
    },
    /// The preferences cannot be read or written; changes last until the app ends.
    PreferencesUnavailable {
        /// The preferences' file.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// Hosts of another version of Reprise. They work; restart them when idle.
    HostsWaitForRestart {
        /// Their terminals.
        terminals: Vec<TerminalRef>,
    },
    /// The folder named on the command line could not be opened.
    OpenRefused {
        /// What happened and what to do.
        error: CommandError,
    },
    /// The window's web process ended unexpectedly and was loaded again.
    WebProcessRestarted {
        /// How often since the app started.
        times: u32,
    },
}

/// Why a command was not done, for the person to read.
///
/// The window translates by `code` with `params`; `message` and `hint` are the English words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CommandError {
    /// What kind of failure it is.
    pub code: ErrorCode,
    /// What happened, to what.
    pub message: String,
    /// What the person can do.
    pub hint: Option<String>,
    /// The values in the message, by name.
    pub params: BTreeMap<String, String>,
}

/// The kinds of failure; beside each the names of its params.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// `path`
    FolderMissing,
    /// `path`
    FolderNotAFolder,
    /// `path`, `reason`
    FolderUnreadable,
    /// `path`
    FolderNameNotText,
    /// `path`, `project`: another project has this folder.
    FolderTaken,
    /// `project`
    ProjectUnknown,
    /// `name`: a project whose terminals run cannot be moved or removed.
    ProjectLive,
    /// `project`, `terminal`
    TerminalUnknown,
    /// The attachment is gone, together with its connection.
    AttachmentUnknown,
    /// `file`, `reason`
    StoreUnavailable,
    /// `reason`: it is no connection string that can be used.
    ConnectionStringInvalid,
    /// The connection string names no database.
    DatabaseNotNamed,
    /// `server`, `database`, `reason`, as for all that follow here: no such host.
    ServerUnknown,
    /// The host is there, and nobody listens.
    ServerRefuses,
    /// The server does not answer.
    ServerSilent,
    /// No secure connection comes about.
    ServerNotSecure,
    /// The server does not know this user with this password.
    LoginRefused,
    /// The user is known and may not do this.
    NotAllowed,
    /// The server is too old.
    ServerTooOld,
    /// The server takes no changes at the moment.
    ServerWithoutPrimary,
    /// A change was sent and never confirmed.
    OutcomeUnknown,
    /// Another Reprise has been working on the same folder for too long.
    FolderBusy,
    /// Also `collection`, `id`: a document that cannot be understood.
    DocumentUnreadable,
    /// `reason`
    StoreNotChanged,
    /// `REPRISE_STORE` names no store.
    StoreVariableInvalid,
    /// The preferences name no store.
    StorePreferenceInvalid,
    /// `user`, `server`, `reason`: why the keyring did not give it; empty where it has none.
    StorePasswordNeeded,
    /// `file`
    StoreReadOnly,
    /// `file`
    DiskFull,
    /// `expected`, `found`: another window or machine changed the session id.
    SessionConflict,
    /// `searched`
    ClaudeMissing,
    /// `path`, `version`, `oldest`
    ClaudeTooOld,
    /// `path`, `reason`: found, but it does not start.
    ClaudeBroken,
    /// `argument`: an extra argument that Reprise sets itself.
    LaunchOptionRefused,
    /// `reason`
    HostNotStarted,
    /// `terminal`, `reason`
    HostUnreachable,
    /// `terminal`, `reason`: the host said no.
    HostRefused,
    /// `file`, `reason`
    PreferencesNotSaved,
    /// `reason`
    ClipboardUnavailable,
    /// `url`: not a link that Reprise opens.
    LinkRefused,
    /// `path`: what was to be opened is gone, or something else by now.
    FileGone,
    /// `command`, `reason`: the editor of the settings did not open a file.
    EditorFailed,
    /// `program`: that of the editor's command is not on this computer.
    EditorMissing,
    /// `reason`: the system has no program for text files, or it failed.
    NoEditor,
    /// `file`, `reason`: a terminal's lines were not saved.
    TextNotSaved,
    /// `terminal`: its host is of an earlier version and cannot do this.
    HostTooOld,
    /// The milestone is not in the store any more.
    MilestoneUnknown,
    /// `path`, `reason`: a file of a milestone or of the plan cannot be read or written.
    PlanningFiles,
    /// `path`: a link that leads out of the workspace.
    PlanningOutside,
    /// `path`: a file that cannot belong to a milestone's context.
    ContextFileRefused,
    /// `path`: more than is copied.
    PhasesTooMuch,
    /// `path`: a copy that does not agree with the original.
    PhasesNotCopied,
    /// The copy of the phases is gone.
    BackupUnknown,
    /// `found`: `state.json` has a contract that this version does not read.
    PlanContractUnknown,
    /// `reason`: `state.json` cannot be read.
    PlanUnreadable,
    /// There is nothing in the command.
    CommandEmpty,
    /// The command has several lines, or keys in it.
    CommandSeveralLines,
    /// The command is too long.
    CommandTooLong,
    /// Too many commands wait.
    CommandsTooMany,
    /// The command is not in the queue any more.
    CommandGone,
    /// The command is being sent, or was delivered.
    CommandBeingSent,
    /// `reason`: no command can be typed there.
    CommandRefused,
    /// The project's session runs: two processes never share a conversation.
    RunWhileLive,
    /// `path`: `-p` would run an untrusted folder's hooks.
    RunNotTrusted,
    /// `path`, `file`: whether it is trusted cannot be read.
    RunTrustUnknown,
    /// `reason`: the conversation cannot be taken up.
    RunCannotResume,
    /// `reason`
    RunRefused,
    /// There is no unattended run to tell of.
    RunUnknown,
    /// `reason`
    InvalidRequest,
    /// `reason`: nothing the person did.
    Internal,
}
