//! A project and its one Claude session: the place where store, Claude Code and hosts meet.
//!
//! Both binaries go through here, so that the window and the command line decide alike. All
//! calls block: they read files, ask hosts and wait for processes.

mod fold;
mod milestones;
mod open_store;
mod presence;
mod start;
mod unattended;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;

use crate::claude::cli::{self, CliSearch};
use crate::claude::launch::{LaunchError, WorkspaceError, open_workspace};
use crate::claude::login_env::{self, LoginEnv};
use crate::claude::resume::CannotResume;
use crate::folders::{Folders, FoldersError};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LineageEntry, MilestoneId, OutputProject, ProjectId,
    TerminalKey, TerminalSize,
};
use crate::planning::{self, PlanningError};
use crate::session;
use crate::session::client::ClientError;
use crate::session::hosts::Hosts;
use crate::session::launch::{self, LaunchHostError};
use crate::session::protocol::HostStatus;
use crate::session::queue::QueueRefusal;
use crate::session::screen::Palette;
use crate::store::{CreateOutcome, MoveOutcome, NewProject, Store, StoreError};

pub use fold::{FoldConflict, FoldError};
pub use milestones::{MilestoneCommand, ProjectWork};
pub use open_store::{
    OpenStore, OpenStoreError, PREFERENCES_FILE, chosen_store, open_store, password_needed,
    with_password,
};
pub use presence::{Elsewhere, ProjectElsewhere};
pub use unattended::{MAX_PROMPT_BYTES, PERMISSION_MODES, RunOptions, RunOutcome, RunRefusal};

/// The projects of this person on this machine, and their sessions.
pub struct ProjectSessions {
    store: Arc<dyn Store>,
    folders: Folders,
    hosts: Hosts,
    session_program: PathBuf,
    version: &'static str,
    own_env: Vec<(OsString, OsString)>,
    login_env: OnceLock<LoginEnv>,
    chosen_cli: Mutex<Option<OsString>>,
    found_cli: Mutex<Option<CliSearch>>,
    installed: OnceLock<Installed>,
    starting: Mutex<HashMap<ProjectId, Arc<Mutex<()>>>>,
    /// What the person was last asked about each project's session elsewhere.
    asked: Mutex<HashMap<ProjectId, Elsewhere>>,
}

/// The copy of `reprise-session` that hosts and hooks run from.
#[derive(Debug, Clone)]
struct Installed {
    program: PathBuf,
    build: String,
}

/// Who will look at a terminal first: its size and colours are there before its program asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstView {
    /// The viewer's size.
    pub size: TerminalSize,
    /// Its colours, where they are known.
    pub palette: Option<Palette>,
    /// How many lines of scrollback the person wants; none for the ordinary number.
    pub scrollback_lines: Option<u32>,
}

impl From<TerminalSize> for FirstView {
    fn from(size: TerminalSize) -> Self {
        Self {
            size,
            palette: None,
            scrollback_lines: None,
        }
    }
}

/// What the person chose after a conversation could not be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartChoice {
    /// Begin a new conversation; the old id stays in the lineage.
    StartFresh,
    /// Take up this id of the lineage.
    ResumeEarlier(ClaudeSessionId),
    /// Put our copy of the transcript back, then resume.
    PutTranscriptBack,
    /// Try the stored id once more.
    TryAgain,
    /// Go on here, in spite of another machine, or of a server that cannot tell.
    StartAnyway,
}

/// What came of a start.
#[derive(Debug)]
pub enum StartOutcome {
    /// The session runs.
    Live(Box<HostStatus>),
    /// Nothing was started: the person chooses.
    CannotResume(Box<ResumeFailure>),
}

/// Why nothing was started, and what can be chosen instead.
#[derive(Debug)]
pub struct ResumeFailure {
    /// The reason.
    pub why: NotStarted,
    /// The folder of the project.
    pub workspace: String,
    /// What the store holds as its session id.
    pub session_id: Option<String>,
    /// When the stored id was last started.
    pub last_used: Option<Timestamp>,
    /// The other ids of the lineage, newest first.
    pub earlier: Vec<EarlierSession>,
}

/// The reason why nothing was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotStarted {
    /// The stored conversation cannot be resumed.
    CannotResume(CannotResume),
    /// The store and this machine's journal name different conversations.
    Conflict(FoldConflict),
    /// The session or its transcript is on another machine, or nobody can tell.
    Elsewhere(Box<Elsewhere>),
}

/// An id of the lineage that could be taken up instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierSession {
    /// Its newest row.
    pub entry: LineageEntry,
    /// Whether its transcript is there.
    pub resumable: bool,
}

/// Why something could not be done. The text says what happened and to what.
#[derive(Debug, thiserror::Error)]
pub enum SessionsError {
    /// There is no such project.
    #[error("there is no project {0}")]
    NoSuchProject(ProjectId),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder cannot be used.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Another project has this folder.
    #[error("{} is the folder of the project {:?} already", project.workspace_path, project.name)]
    FolderTaken {
        /// The project that has it.
        project: Box<OutputProject>,
    },
    /// A project that runs cannot be moved or removed.
    #[error("the session of {name:?} runs; end it first")]
    StillLive {
        /// The project's name.
        name: String,
    },
    /// No usable Claude Code.
    #[error("Claude Code cannot be started")]
    Cli(Box<CliSearch>),
    /// Neither `HOME` nor `CLAUDE_CONFIG_DIR` is set.
    #[error("Claude Code's folder is not known: neither HOME nor CLAUDE_CONFIG_DIR is set")]
    NoConfigDir,
    /// The start was refused before anything ran.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// A folder of ours cannot be made.
    #[error(transparent)]
    Folders(#[from] FoldersError),
    /// `reprise-session` is not where it should be.
    #[error("{} cannot be used: {source}", path.display())]
    SessionProgram {
        /// Where it was expected.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The host did not start.
    #[error(transparent)]
    Host(#[from] LaunchHostError),
    /// The host does not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The journal of a host cannot be folded into the store.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// The stored id changed while it was being replaced.
    #[error("the session id of this project is now {}, changed by somebody else", .0.as_stored().unwrap_or("unset"))]
    Conflict(CurrentSessionId),
    /// The id is not in this project's lineage.
    #[error("{0} is no earlier session of this project")]
    NotInLineage(ClaudeSessionId),
    /// Our copy of a transcript cannot be put back.
    #[error(transparent)]
    PutBack(#[from] crate::claude::kept::KeepError),
    /// A command that is to be sent at the start cannot be typed.
    #[error(transparent)]
    Refused(QueueRefusal),
    /// The session lives, and its host did not take the command.
    #[error("{0}")]
    NotQueued(String),
    /// A file of an unattended run cannot be written.
    #[error("{}: {source}", path.display())]
    RunFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no such milestone.
    #[error("there is no milestone {0}")]
    NoSuchMilestone(MilestoneId),
    /// The milestones' files in the workspace.
    #[error(transparent)]
    Planning(#[from] PlanningError),
    /// There is no copy of the transcript.
    #[error("no copy of the transcript was kept")]
    NoKeptCopy,
}

impl ProjectSessions {
    /// Sessions of the projects in `store`. `session_program` is the installed
    /// `reprise-session`; `own_env` this process's environment.
    pub fn new(
        store: Arc<dyn Store>,
        folders: Folders,
        session_program: PathBuf,
        version: &'static str,
        own_env: Vec<(OsString, OsString)>,
    ) -> Self {
        Self {
            store,
            hosts: Hosts::new(folders.clone()),
            folders,
            session_program,
            version,
            own_env,
            login_env: OnceLock::new(),
            chosen_cli: Mutex::default(),
            found_cli: Mutex::default(),
            installed: OnceLock::new(),
            starting: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The hosts of this machine.
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Where Reprise keeps things.
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// The project of a folder: the one that is there, or a new one named after the folder.
    /// A link opens the project of its target.
    ///
    /// # Errors
    /// [`SessionsError::Workspace`] or [`SessionsError::Store`].
    pub fn open_folder(&self, path: &Path) -> Result<OutputProject, SessionsError> {
        let workspace_path = open_workspace(path)?;
        // A folder that cannot be written to is opened all the same; its work says why.
        let _ = planning::prepare(workspace_path.as_ref());
        if let Some(project) = self.store.project_at(&workspace_path)? {
            return Ok(project);
        }
        let name = Path::new(&workspace_path).file_name().map_or_else(
            || workspace_path.clone(),
            |name| name.to_string_lossy().into_owned(),
        );
        let outcome = self.store.create_project(NewProject {
            name,
            workspace_path,
            launch: Default::default(),
            at: Timestamp::now(),
        })?;
        Ok(match outcome {
            CreateOutcome::Created(project) | CreateOutcome::AlreadyThere(project) => project,
        })
    }

    /// The project with this id.
    ///
    /// # Errors
    /// [`SessionsError::NoSuchProject`] or [`SessionsError::Store`].
    pub fn project(&self, id: ProjectId) -> Result<OutputProject, SessionsError> {
        self.store
            .project(id)?
            .ok_or(SessionsError::NoSuchProject(id))
    }

    /// Says where a project's folder is now.
    ///
    /// # Errors
    /// [`SessionsError::StillLive`] while its session runs in the old one;
    /// [`SessionsError::FolderTaken`].
    pub fn move_project(&self, id: ProjectId, path: &Path) -> Result<OutputProject, SessionsError> {
        let workspace_path = open_workspace(path)?;
        self.must_not_live(id)?;
        match self
            .store
            .move_project(id, &workspace_path, Timestamp::now())?
        {
            MoveOutcome::Moved(project) => Ok(project),
            MoveOutcome::Taken(project) => Err(SessionsError::FolderTaken {
                project: Box::new(project),
            }),
            MoveOutcome::NoSuchProject => Err(SessionsError::NoSuchProject(id)),
        }
    }

    /// Forgets a project. Its folder and its transcripts are not touched.
    ///
    /// # Errors
    /// [`SessionsError::StillLive`] while one of its terminals runs.
    pub fn remove_project(&self, id: ProjectId) -> Result<(), SessionsError> {
        self.must_not_live(id)?;
        self.store.remove_project(id)?;
        Ok(())
    }

    fn must_not_live(&self, id: ProjectId) -> Result<(), SessionsError> {
        if self.hosts.of_project(id).is_empty() {
            Ok(())
        } else {
            Err(SessionsError::StillLive {
                name: self.project(id)?.name,
            })
        }
    }

    /// Names the CLI to use instead of the one that is found; none to look for it again.
    pub fn choose_cli(&self, chosen: Option<OsString>) {
        *lock(&self.chosen_cli) = chosen;
        *lock(&self.found_cli) = None;
    }

    /// The CLI: looked for once, and again as long as there is none.
    pub fn cli(&self) -> CliSearch {
        let mut found = lock(&self.found_cli);
        if let Some(search @ CliSearch::Found { path, .. }) = &*found
            && path.exists()
        {
            return search.clone();
        }
        let from_env = self
            .own_env
            .iter()
            .find(|(name, _)| name == "REPRISE_CLAUDE")
            .map(|(_, value)| value.clone());
        let chosen = from_env.or_else(|| lock(&self.chosen_cli).clone());
        let search = cli::find(chosen.as_deref(), &self.login_env().vars);
        *found = Some(search.clone());
        search
    }

    /// The environment that sessions start from, read from the login shell once.
    pub fn login_env(&self) -> &LoginEnv {
        self.login_env
            .get_or_init(|| login_env::read(&self.own_env))
    }

    /// The build that new hosts run.
    ///
    /// # Errors
    /// [`SessionsError::SessionProgram`].
    pub fn build(&self) -> Result<String, SessionsError> {
        Ok(self.installed()?.build)
    }

    fn installed(&self) -> Result<Installed, SessionsError> {
        if let Some(installed) = self.installed.get() {
            return Ok(installed.clone());
        }
        let program_error = |source| SessionsError::SessionProgram {
            path: self.session_program.clone(),
            source,
        };
        let build = launch::build_id(&self.session_program, self.version).map_err(program_error)?;
        let program = launch::install_copy(&self.session_program, &self.folders.binaries(&build))
            .map_err(program_error)?;
        Ok(self
            .installed
            .get_or_init(|| Installed { program, build })
            .clone())
    }

    /// Removes the copies of builds that no live host runs and that new hosts would not use.
    pub fn collect_unused_builds(&self) {
        let Ok(current) = self.build() else {
            return;
        };
        let used: Option<Vec<String>> = self
            .hosts
            .held()
            .into_iter()
            .map(|(_, _, lock)| Some(session::lock::read_address(&lock)?.build))
            .collect();
        // One that is just starting may run any of them.
        let Some(used) = used else {
            return;
        };
        let entries = std::fs::read_dir(self.folders.binaries_dir());
        for entry in entries.into_iter().flatten().flatten() {
            let name = entry.file_name();
            let in_use = name
                .to_str()
                .is_none_or(|name| name == current || used.iter().any(|used| used == name));
            if !in_use {
                // Whatever cannot be removed now is found again at the next start.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }

    /// One start of a project at a time in this process; the host's lock does the rest.
    fn start_lock(&self, project: ProjectId) -> Arc<Mutex<()>> {
        Arc::clone(lock(&self.starting).entry(project).or_default())
    }

    fn fold_mark(&self, project: ProjectId) -> PathBuf {
        self.folders
            .host_files(project, TerminalKey::Claude)
            .journal
            .with_extension("folded")
    }
}

/// A poisoned lock holds plain data: what a panicking thread left is still usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
