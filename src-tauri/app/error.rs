//! What can go wrong, said to the person: the one place that turns the errors of the core
//! into a code, a message and a hint.

use std::path::PathBuf;

use reprise_core::claude::cli::CliSearch;
use reprise_core::claude::launch::{LaunchError, WorkspaceError};
use reprise_core::model::{InvalidId, ProjectId, TerminalKey};
use reprise_core::planning::{PlanningError, StateProblem};
use reprise_core::project_sessions::{FoldError, OpenStoreError, RunRefusal, SessionsError};
use reprise_core::session::client::ClientError;
use reprise_core::session::queue::QueueRefused;
use reprise_core::store::{
    InvalidChoice, NoConnectionString, ServerError, ServerFault, StoreError,
};

use crate::dto::{CommandError, ErrorCode};

/// Everything that a command can fail with.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A project or its session.
    #[error(transparent)]
    Sessions(#[from] SessionsError),
    /// The store that was chosen is not open.
    #[error(transparent)]
    OpenStore(#[from] OpenStoreError),
    /// The store cannot be changed now.
    #[error("the store was not changed: {reason}")]
    StoreNotChanged {
        /// Why.
        reason: String,
    },
    /// The host of a terminal cannot be reached, or said no.
    #[error("terminal {terminal} of project {project}: {source}")]
    Host {
        /// The project.
        project: ProjectId,
        /// Which of its terminals.
        terminal: TerminalKey,
        /// Why.
        source: ClientError,
    },
    /// The window names an attachment whose connection has ended.
    #[error("this terminal's connection has ended")]
    AttachmentUnknown,
    /// The preferences' file was not written.
    #[error("the preferences could not be written to {}: {reason}", file.display())]
    PreferencesNotSaved {
        /// The file.
        file: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The clipboard does not work.
    #[error("the clipboard cannot be used: {reason}")]
    Clipboard {
        /// What it said.
        reason: String,
    },
    /// A link that is not for a browser.
    #[error("{url} is not a link that Reprise opens")]
    LinkRefused {
        /// The link.
        url: String,
    },
    /// What was to be opened is gone, or something else by now.
    #[error("{path} is not there any more, or has become something else")]
    FileGone {
        /// What the person was shown.
        path: String,
    },
    /// The editor of the preferences did not open a file.
    #[error("the editor ({command}) did not open the file: {reason}")]
    Editor {
        /// The command of the preferences.
        command: String,
        /// Why not.
        reason: String,
    },
    /// There is no program of the name that the editor's command has.
    #[error("{program}, the editor of the settings, was not found on this computer")]
    EditorMissing {
        /// The program.
        program: String,
    },
    /// The system did not open a file.
    #[error("no program of this system opened it: {reason}")]
    NoEditor {
        /// Why not.
        reason: String,
    },
    /// A terminal's lines were not saved.
    #[error("the text was not saved to {}: {reason}", file.display())]
    TextNotSaved {
        /// The file.
        file: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A host refused to change its queue.
    #[error("{}", .0.message)]
    Queue(QueueRefused),
    /// An unattended run was not started.
    #[error(transparent)]
    Run(Box<RunRefusal>),
    /// There is no unattended run to tell of.
    #[error("this project has had no unattended run")]
    RunUnknown,
    /// The window asked for something that makes no sense: a fault of ours.
    #[error("the request makes no sense: {reason}")]
    InvalidRequest {
        /// What does not.
        reason: String,
    },
    /// A fault of ours, or of the system below.
    #[error("something inside Reprise failed: {reason}")]
    Internal {
        /// What.
        reason: String,
    },
}

/// What a command gives.
pub type CommandResult<T> = Result<T, CommandError>;

impl AppError {
    /// What went wrong with a terminal's host.
    pub fn host(project: ProjectId, terminal: TerminalKey, source: ClientError) -> Self {
        Self::Host {
            project,
            terminal,
            source,
        }
    }
}

impl From<InvalidId> for AppError {
    fn from(error: InvalidId) -> Self {
        Self::InvalidRequest {
            reason: error.to_string(),
        }
    }
}

impl From<tauri::Error> for AppError {
    fn from(error: tauri::Error) -> Self {
        Self::Internal {
            reason: error.to_string(),
        }
    }
}

impl<E: Into<AppError>> From<E> for CommandError {
    fn from(error: E) -> Self {
        let error = error.into();
        let message = sentence(&error.to_string());
        let (code, hint, params) = describe(error);
        Self {
            code,
            message,
            hint: hint.map(str::to_owned),
            params: params
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        Self::Sessions(error.into())
    }
}

impl From<NoConnectionString> for AppError {
    fn from(error: NoConnectionString) -> Self {
        Self::OpenStore(
            StoreError::from(ServerError {
                server: String::new(),
                database: String::new(),
                fault: ServerFault::ConnectionString,
                reason: error.to_string(),
            })
            .into(),
        )
    }
}

impl From<WorkspaceError> for AppError {
    fn from(error: WorkspaceError) -> Self {
        Self::Sessions(error.into())
    }
}

/// Code, hint and params; the message is the error's own text.
type Described = (ErrorCode, Option<&'static str>, Vec<(&'static str, String)>);

fn describe(error: AppError) -> Described {
    use AppError as E;
    match error {
        E::Sessions(error) => sessions(error),
        E::OpenStore(error) => open_store(error),
        E::StoreNotChanged { reason } => {
            (ErrorCode::StoreNotChanged, None, vec![("reason", reason)])
        }
        E::Host {
            project,
            terminal,
            source,
        } => {
            let (code, hint, mut params) = client(&source);
            params.push(("project", project.to_string()));
            params.push(("terminal", terminal.to_string()));
            (code, hint, params)
        }
        E::AttachmentUnknown => (ErrorCode::AttachmentUnknown, None, vec![]),
        E::PreferencesNotSaved { file, reason } => (
            ErrorCode::PreferencesNotSaved,
            Some("The change lasts until Reprise is closed."),
            vec![("file", shown(&file)), ("reason", reason)],
        ),
        E::Clipboard { reason } => (
            ErrorCode::ClipboardUnavailable,
            Some("Try again."),
            vec![("reason", reason)],
        ),
        E::LinkRefused { url } => (
            ErrorCode::LinkRefused,
            Some("Only http, https and mailto links are opened. Copy it instead."),
            vec![("url", url)],
        ),
        E::FileGone { path } => (ErrorCode::FileGone, None, vec![("path", path)]),
        E::Editor { command, reason } => (
            ErrorCode::EditorFailed,
            Some("Check the editor's command in the settings."),
            vec![("command", command), ("reason", reason)],
        ),
        E::EditorMissing { program } => (
            ErrorCode::EditorMissing,
            Some("Install it, or choose another editor in the settings."),
            vec![("program", program)],
        ),
        E::NoEditor { reason } => (
            ErrorCode::NoEditor,
            Some("Choose an editor in the settings."),
            vec![("reason", reason)],
        ),
        E::TextNotSaved { file, reason } => (
            ErrorCode::TextNotSaved,
            Some("Choose another place."),
            vec![("file", shown(&file)), ("reason", reason)],
        ),
        E::Queue(refused) => queue(&refused.code, refused.message),
        E::Run(refusal) => run(*refusal),
        E::RunUnknown => (ErrorCode::RunUnknown, None, vec![]),
        E::InvalidRequest { reason } => (ErrorCode::InvalidRequest, None, vec![("reason", reason)]),
        E::Internal { reason } => internal(reason),
    }
}

fn sessions(error: SessionsError) -> Described {
    use SessionsError as E;
    match error {
        E::NoSuchProject(project) => (
            ErrorCode::ProjectUnknown,
            Some("It may have been removed in another window. Open its folder again."),
            vec![("project", project.to_string())],
        ),
        E::Store(error) | E::Fold(FoldError::Store(error)) => store(&error),
        E::Fold(error @ FoldError::Journal { .. }) => internal(error.to_string()),
        E::Workspace(error) | E::Launch(LaunchError::Workspace(error)) => workspace(error),
        E::Launch(
            LaunchError::RefusedArgument { argument: named }
            | LaunchError::RefusedVariable { name: named },
        ) => (
            ErrorCode::LaunchOptionRefused,
            Some("Remove it from the project's launch options."),
            vec![("argument", named)],
        ),
        E::Launch(error) => host_not_started(error.to_string()),
        E::FolderTaken { project } => (
            ErrorCode::FolderTaken,
            Some("Open that project, or remove it first."),
            vec![
                ("path", project.workspace_path.clone()),
                ("project", project.name.clone()),
            ],
        ),
        E::StillLive { name } => (
            ErrorCode::ProjectLive,
            Some("End its terminals, then try again."),
            vec![("name", name)],
        ),
        E::Cli(search) => cli(*search),
        E::NoConfigDir => internal(E::NoConfigDir.to_string()),
        error @ E::NoSuchMilestone(_) => {
            let reason = error.to_string();
            (ErrorCode::MilestoneUnknown, None, vec![("reason", reason)])
        }
        E::Planning(error) => planning(&error),
        E::Folders(error) => internal(error.to_string()),
        error @ E::RunFile { .. } => internal(error.to_string()),
        E::Refused(refusal) => queue(refusal.code(), refusal.to_string()),
        E::NotQueued(reason) => queue("", reason),
        error @ E::SessionProgram { .. } => (
            ErrorCode::HostNotStarted,
            Some("Install Reprise again: reprise-session belongs beside reprise."),
            vec![("reason", error.to_string())],
        ),
        E::Host(error) => host_not_started(error.to_string()),
        E::Client(error) => client(&error),
        E::Conflict(found) => (
            ErrorCode::SessionConflict,
            Some("Open the project again, then choose once more."),
            vec![("found", found.as_stored().unwrap_or_default().to_owned())],
        ),
        error @ (E::NotInLineage(_) | E::NoKeptCopy | E::PutBack(_)) => (
            ErrorCode::InvalidRequest,
            Some("Open the project again, then choose once more."),
            vec![("reason", error.to_string())],
        ),
    }
}

fn open_store(error: OpenStoreError) -> Described {
    match error {
        OpenStoreError::Choice(InvalidChoice::Variable) => (
            ErrorCode::StoreVariableInvalid,
            Some("Correct it, or start Reprise without it. Running terminals go on."),
            vec![],
        ),
        OpenStoreError::Choice(InvalidChoice::Preference) => (
            ErrorCode::StorePreferenceInvalid,
            Some("Choose the store again, in the settings. Running terminals go on."),
            vec![],
        ),
        OpenStoreError::PasswordNeeded { user, server, why } => {
            let why = why.map(|why| why.to_string()).unwrap_or_default();
            (
                ErrorCode::StorePasswordNeeded,
                Some("Type it in. Running terminals go on."),
                vec![("user", user), ("server", server), ("reason", why)],
            )
        }
        OpenStoreError::Store(error) => store(&error),
    }
}

fn planning(error: &PlanningError) -> Described {
    let (code, hint, path) = match error {
        PlanningError::Io { path, .. } => (
            ErrorCode::PlanningFiles,
            "Check the folder's permissions, then try again.",
            Some(path),
        ),
        PlanningError::Outside { path, .. } => (
            ErrorCode::PlanningOutside,
            "Remove the link. Reprise does not follow it.",
            Some(path),
        ),
        PlanningError::NotAContextFile { path, .. } => (
            ErrorCode::ContextFileRefused,
            "Choose a smaller one, or name it in the description.",
            Some(path),
        ),
        PlanningError::TooMuch { path, .. } => (
            ErrorCode::PhasesTooMuch,
            "Nothing was sent. Make it smaller, or copy it yourself.",
            Some(path),
        ),
        PlanningError::NotTheSame { path } => (
            ErrorCode::PhasesNotCopied,
            "Nothing was sent or replaced. Try again.",
            Some(path),
        ),
        PlanningError::NoSuchBackup { .. } => {
            (ErrorCode::BackupUnknown, "Choose another one.", None)
        }
    };
    let mut params = vec![("reason", error.to_string())];
    params.extend(path.map(|path| ("path", shown(path))));
    (code, Some(hint), params)
}

/// What of a plan could not be used, for the person to read beside the rest.
pub fn plan_problem(problem: &StateProblem) -> CommandError {
    let (code, name, value, hint) = match problem {
        StateProblem::UnknownContract { found } => (
            ErrorCode::PlanContractUnknown,
            "found",
            found.clone(),
            "Update Reprise to see all of the plan.",
        ),
        StateProblem::Unreadable { why } => (
            ErrorCode::PlanUnreadable,
            "reason",
            why.clone(),
            "The next command of get-shit-done writes it anew.",
        ),
    };
    CommandError {
        code,
        message: sentence(&problem.to_string()),
        hint: Some(hint.to_owned()),
        params: [(name.to_owned(), value)].into_iter().collect(),
    }
}

/// Why a command is not in the queue, by the host's word for it.
fn queue(word: &str, reason: String) -> Described {
    let (code, hint) = match word {
        "empty" => (ErrorCode::CommandEmpty, "Type a command."),
        "several_lines" | "control_characters" => (
            ErrorCode::CommandSeveralLines,
            "Put it into a file and name the file.",
        ),
        "too_long" => (
            ErrorCode::CommandTooLong,
            "Put it into a file and name the file.",
        ),
        "too_many" => (ErrorCode::CommandsTooMany, "Take some out first."),
        "no_such_command" => (ErrorCode::CommandGone, "It was taken out meanwhile."),
        "being_sent" => (ErrorCode::CommandBeingSent, "Wait for it."),
        _ => (ErrorCode::CommandRefused, "Nothing was sent."),
    };
    (code, Some(hint), vec![("reason", reason)])
}

fn run(refusal: RunRefusal) -> Described {
    let reason = refusal.to_string();
    match refusal {
        RunRefusal::Live(_) => (
            ErrorCode::RunWhileLive,
            Some("End the session first."),
            vec![],
        ),
        RunRefusal::NotTrusted { workspace } => (
            ErrorCode::RunNotTrusted,
            Some("Start the session once and answer Claude Code's question."),
            vec![("path", workspace)],
        ),
        RunRefusal::TrustUnknown {
            workspace,
            settings,
        } => (
            ErrorCode::RunTrustUnknown,
            Some("Check the file, then try again."),
            vec![("path", workspace), ("file", settings)],
        ),
        RunRefusal::CannotResume(_) => (
            ErrorCode::RunCannotResume,
            Some("Open the project: it says what can be done."),
            vec![("reason", reason)],
        ),
        RunRefusal::EmptyPrompt
        | RunRefusal::PromptTooLong { .. }
        | RunRefusal::UnknownPermissionMode(_) => (
            ErrorCode::RunRefused,
            Some("Nothing was started."),
            vec![("reason", reason)],
        ),
    }
}

fn store(error: &StoreError) -> Described {
    let (code, hint, path) = match error {
        StoreError::Server(error) => return server(error),
        StoreError::ReadOnly { path } => (
            ErrorCode::StoreReadOnly,
            "Make the file and its folder writable. Running terminals go on.",
            path,
        ),
        StoreError::DiskFull { path } => (
            ErrorCode::DiskFull,
            "Free some space on that disk. Running terminals go on.",
            path,
        ),
        StoreError::Busy { path, .. }
        | StoreError::NewerSchema { path, .. }
        | StoreError::Foreign { path }
        | StoreError::Damaged { path, .. }
        | StoreError::Missing { path }
        | StoreError::Io { path, .. }
        | StoreError::Database { path, .. } => (
            ErrorCode::StoreUnavailable,
            "Nothing in it was changed. Running terminals go on.",
            path,
        ),
    };
    let params = vec![("file", shown(path)), ("reason", error.to_string())];
    (code, Some(hint), params)
}

/// What is wrong with a team's server, for the person to read.
pub fn server_error(error: &ServerError) -> CommandError {
    AppError::from(StoreError::Server(error.clone())).into()
}

fn server(error: &ServerError) -> Described {
    let (code, hint) = match &error.fault {
        ServerFault::ConnectionString => (
            ErrorCode::ConnectionStringInvalid,
            "It looks like mongodb://user@host:27017/database.",
        ),
        ServerFault::NoDatabase => (ErrorCode::DatabaseNotNamed, "Add the database's name."),
        ServerFault::HostUnknown => (ErrorCode::ServerUnknown, "Check its name, and the network."),
        ServerFault::Refused => (
            ErrorCode::ServerRefuses,
            "Check that MongoDB runs there, and the port.",
        ),
        ServerFault::Unreachable => (
            ErrorCode::ServerSilent,
            "Check the network and, if the server requires TLS, that the connection says tls=true.",
        ),
        ServerFault::Tls => (
            ErrorCode::ServerNotSecure,
            "Check the TLS options, and the file of the certificate authority.",
        ),
        ServerFault::Authentication => (
            ErrorCode::LoginRefused,
            "Check user, password and authSource.",
        ),
        ServerFault::NotAllowed => (
            ErrorCode::NotAllowed,
            "Ask its administrator for the role readWrite.",
        ),
        ServerFault::TooOld => (ErrorCode::ServerTooOld, "MongoDB 4.2 or newer is needed."),
        ServerFault::NoPrimary => (
            ErrorCode::ServerWithoutPrimary,
            "Try again when one is elected.",
        ),
        ServerFault::OutcomeUnknown => (ErrorCode::OutcomeUnknown, "Look before you do it again."),
        ServerFault::Busy => (ErrorCode::FolderBusy, "Try again."),
        ServerFault::Unreadable { .. } => (
            ErrorCode::DocumentUnreadable,
            "Correct it there. Reprise leaves it as it is.",
        ),
        ServerFault::Failed => (ErrorCode::StoreUnavailable, "Running terminals go on."),
    };
    let mut params = vec![
        ("server", error.server.clone()),
        ("database", error.database.clone()),
        ("reason", error.reason.clone()),
        ("file", format!("{}/{}", error.server, error.database)),
    ];
    if let ServerFault::Unreadable { collection, id } = &error.fault {
        params.push(("collection", (*collection).to_owned()));
        params.push(("id", id.clone()));
    }
    (code, Some(hint), params)
}

fn workspace(error: WorkspaceError) -> Described {
    let (code, hint, params) = match error {
        WorkspaceError::Missing(path) => (
            ErrorCode::FolderMissing,
            "Choose another folder, or locate the project's folder where it is now.",
            vec![("path", shown(&path))],
        ),
        WorkspaceError::NotAFolder(path) => (
            ErrorCode::FolderNotAFolder,
            "Choose the folder it is in.",
            vec![("path", shown(&path))],
        ),
        WorkspaceError::Unreadable(path) => (
            ErrorCode::FolderUnreadable,
            "Check that you may read and enter it.",
            vec![
                ("path", shown(&path)),
                ("reason", "permission denied".to_owned()),
            ],
        ),
        WorkspaceError::Io { path, error } => (
            ErrorCode::FolderUnreadable,
            "Check that you may read and enter it.",
            vec![("path", shown(&path)), ("reason", error.to_string())],
        ),
        WorkspaceError::NotUtf8(path) => (
            ErrorCode::FolderNameNotText,
            "Rename the folder, then open it again.",
            vec![("path", shown(&path))],
        ),
    };
    (code, Some(hint), params)
}

fn cli(search: CliSearch) -> Described {
    match search {
        CliSearch::Missing { searched } => {
            let searched: Vec<_> = searched.iter().map(|path| shown(path)).collect();
            (
                ErrorCode::ClaudeMissing,
                Some("Install Claude Code, or name its program in the settings."),
                vec![("searched", searched.join(", "))],
            )
        }
        CliSearch::TooOld {
            path,
            version,
            oldest,
        } => (
            ErrorCode::ClaudeTooOld,
            Some("Update it: claude update."),
            vec![
                ("path", shown(&path)),
                ("version", version.to_string()),
                ("oldest", oldest.to_string()),
            ],
        ),
        CliSearch::Broken { path, why } => (
            ErrorCode::ClaudeBroken,
            Some("Run it with --version in a terminal to see what is wrong."),
            vec![("path", shown(&path)), ("reason", why.to_string())],
        ),
        CliSearch::Found { path, .. } => internal(shown(&path)),
    }
}

fn client(error: &ClientError) -> Described {
    let (code, hint) = match error {
        ClientError::NotRunning { .. } => (ErrorCode::TerminalUnknown, "Start it again."),
        ClientError::NotKnown => (
            ErrorCode::HostTooOld,
            "End it and start it again; a conversation is taken up as it is.",
        ),
        ClientError::Refused(_) => (ErrorCode::HostRefused, "Try again."),
        ClientError::Unreachable { .. } | ClientError::Broken(_) | ClientError::Unreadable(_) => (
            ErrorCode::HostUnreachable,
            "Its program may still run. Try again; if that does not help, end it with \
             `reprise-session kill`.",
        ),
    };
    (code, Some(hint), vec![("reason", error.to_string())])
}

fn host_not_started(reason: String) -> Described {
    (
        ErrorCode::HostNotStarted,
        Some("Try again."),
        vec![("reason", reason)],
    )
}

fn internal(reason: String) -> Described {
    (ErrorCode::Internal, None, vec![("reason", reason)])
}

fn shown(path: &std::path::Path) -> String {
    path.display().to_string()
}

/// With a capital letter and a full stop, unless it begins with a path.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut sentence: String = letters
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_happened_to_what_and_what_to_do() {
        let missing = WorkspaceError::Missing("/home/ana/gone".into());
        let error = CommandError::from(missing);
        assert_eq!(error.code, ErrorCode::FolderMissing);
        assert_eq!(
            error.message,
            "The folder \"/home/ana/gone\" does not exist."
        );
        assert!(error.hint.is_some());
        assert_eq!(error.params["path"], "/home/ana/gone");
    }
}
