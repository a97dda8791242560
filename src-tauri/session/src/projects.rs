//! Which project a word on the command line means.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use reprise_core::folders::{Folders, FoldersError};
use reprise_core::model::{ProjectId, TerminalKey};
use reprise_core::own_environment;
use reprise_core::project_sessions::{ProjectSessions, chosen_store, open_store};
use reprise_core::session::client::ClientError;
use reprise_core::session::hosts::Hosts;
use reprise_core::session::protocol::HostStatus;
use reprise_core::store::{Following, Store};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Nothing is called so.
    #[error("there is no project {0:?}; `reprise-session list` shows those that run")]
    NoSuchProject(String),
    /// Several are called so.
    #[error("{word:?} means several projects; use the id: {ids}")]
    Ambiguous {
        /// The word.
        word: String,
        /// The ids it could mean.
        ids: String,
    },
    /// The project is known and does not run.
    #[error("{terminal} of {project:?} does not run; open the project in Reprise")]
    NotRunning {
        /// The project, as it was named.
        project: String,
        /// Which of its terminals.
        terminal: TerminalKey,
    },
    /// Standard input or output is no terminal.
    #[error("attach needs a terminal to show the session in")]
    NoTerminal,
    /// The host went away without a word.
    #[error("the session's host is gone; open the project in Reprise to resume it")]
    HostGone,
    /// A command did not arrive, or nothing shows that it did.
    #[error("not delivered: {0}")]
    NotSent(String),
    /// A folder is missing or not ours.
    #[error(transparent)]
    Folders(#[from] FoldersError),
    /// The host does not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl CommandError {
    /// The exit code, as `--help` lists them.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoSuchProject(_) | Self::Ambiguous { .. } => 3,
            Self::NotRunning { .. } => 4,
            Self::Folders(_)
            | Self::Client(_)
            | Self::Io(_)
            | Self::NoTerminal
            | Self::NotSent(_)
            | Self::HostGone => 1,
        }
    }
}

/// The folders of this environment.
pub fn folders() -> Result<Folders, FoldersError> {
    Folders::from_env(|name| std::env::var_os(name))
}

/// The store that the command line was told to use, by `REPRISE_STORE`; what this holds may hold
/// a password.
pub struct NamedStore {
    named: Option<OsString>,
    opened: OnceCell<Option<Arc<dyn Store>>>,
}

impl NamedStore {
    /// Takes it out of the environment. Must be called before there is a second thread.
    pub fn take() -> Self {
        Self {
            named: own_environment::take(c"REPRISE_STORE"),
            opened: OnceCell::new(),
        }
    }

    /// The open store. The command line works without one, so that it cannot be opened is only
    /// said.
    fn open(&self, folders: &Folders) -> Option<&Arc<dyn Store>> {
        let opened = self.opened.get_or_init(|| {
            let opened = chosen_store(self.named.as_deref(), folders)
                .and_then(|choice| Ok(open_store(&choice, folders, Following::No)?));
            let opened = opened.inspect_err(|error| without_store(error)).ok()?;
            if let Some(set_aside) = opened.set_aside {
                eprintln!(
                    "reprise-session: the database was damaged ({}) and is kept as {}",
                    set_aside.reason,
                    set_aside.moved_to.display()
                );
            }
            Some(opened.store)
        });
        opened.as_ref()
    }
}

/// Says that the store cannot be used.
fn without_store(why: &dyn std::error::Error) {
    eprintln!("reprise-session: going on without the store: {why}");
}

/// Brings into the store what the hosts wrote down, where there is a store.
pub fn fold_journals(store: &NamedStore, folders: &Folders) {
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let Some(store) = store.open(folders) else {
        return;
    };
    ProjectSessions::new(
        store.clone(),
        folders.clone(),
        program,
        env!("CARGO_PKG_VERSION"),
        std::env::vars_os().collect(),
    )
    .fold_all();
}

/// The live terminal of the project that a word means: its name, its id or its folder.
///
/// # Errors
/// [`CommandError`].
pub fn live_terminal(
    store: &NamedStore,
    folders: &Folders,
    word: &str,
    terminal: TerminalKey,
) -> Result<HostStatus, CommandError> {
    let hosts = Hosts::new(folders.clone());
    let not_running = || CommandError::NotRunning {
        project: word.to_owned(),
        terminal,
    };
    if let Ok(id) = word.parse::<ProjectId>() {
        return match hosts.get(id, terminal)? {
            Some(status) => Ok(status),
            None if known(store, folders, |project_id, _, _| project_id == id) => {
                Err(not_running())
            }
            None => Err(CommandError::NoSuchProject(word.to_owned())),
        };
    }
    let folder = Path::new(word)
        .canonicalize()
        .ok()
        .and_then(|path| path.into_os_string().into_string().ok());
    let means = |name: &str, workspace: &str| {
        name == word || folder.as_deref().is_some_and(|folder| folder == workspace)
    };
    let mut found: Vec<HostStatus> = hosts
        .list()
        .into_iter()
        .filter(|live| live.terminal == terminal)
        .filter_map(|live| live.status.ok())
        .map(|status| *status)
        .filter(|status| means(&status.name, &status.workspace))
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(status), true) => Ok(status),
        (Some(status), false) => {
            let ids: Vec<String> = found
                .iter()
                .chain([&status])
                .map(|status| status.project.to_string())
                .collect();
            Err(CommandError::Ambiguous {
                word: word.to_owned(),
                ids: ids.join(", "),
            })
        }
        (None, _) if known(store, folders, |_, name, workspace| means(name, workspace)) => {
            Err(not_running())
        }
        (None, _) => Err(CommandError::NoSuchProject(word.to_owned())),
    }
}

/// Whether the store knows such a project.
fn known(
    store: &NamedStore,
    folders: &Folders,
    is: impl Fn(ProjectId, &str, &str) -> bool,
) -> bool {
    store
        .open(folders)
        .and_then(|store| {
            store
                .projects()
                .inspect_err(|error| without_store(error))
                .ok()
        })
        .is_some_and(|projects| {
            projects
                .iter()
                .any(|project| is(project.id, &project.name, &project.workspace_path))
        })
}
