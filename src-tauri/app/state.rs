//! What the commands share: the running app.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use reprise_core::folders::Folders;
use reprise_core::model::{ProjectId, TerminalKey};
use reprise_core::project_sessions::{ProjectSessions, open_store};
use reprise_core::session::hosts::Hosts;
use reprise_core::store::{Following, ServerError, SetAside, StoreError, TeamStore};
use tauri::{AppHandle, Manager, Runtime};

use crate::attachments::Attachments;
use crate::chosen_store::ChosenStore;
use crate::complain::complain;
use crate::dto::{
    ClaudeCheck, CommandError, Locale, Notice, Preferences, PreferencesPatch, ProjectView,
    ProjectsUpdate, TerminalRef,
};
use crate::error::{AppError, server_error};
use crate::import::Importing;
use crate::live::LiveTerminals;
use crate::page::Page;
use crate::plans::Plans;
use crate::preferences::PreferencesFile;
use crate::project_list::{Around, HostFacts, ProjectList, Projects, Stored};
use crate::shell::Shell;
use crate::views;
use crate::{platform, window, words};

/// The program of hosts and hooks, which is installed beside this one.
const SESSION_PROGRAM: &str = "reprise-session";

/// The page is told of so many projects with its first picture, and of so many at once then:
/// the first come into sight before the last.
const AT_FIRST: usize = 1_000;
const AT_ONCE: usize = 5_000;

/// The running app.
pub struct App {
    /// Where its files are.
    pub folders: Folders,
    /// The hosts of this machine.
    pub hosts: Hosts,
    /// Which store to use.
    pub store: Arc<ChosenStore>,
    /// What the person chose.
    pub preferences: Arc<PreferencesFile>,
    /// The terminals that the page shows.
    pub attachments: Arc<Attachments>,
    /// The terminals that live.
    pub live: Arc<LiveTerminals>,
    /// The page that draws the window.
    pub page: Page,
    /// What stands outside the page.
    pub shell: Shell,
    /// The plans that are watched.
    pub plans: Plans,
    /// Told when a store was opened or closed.
    pub other_store: tokio::sync::Notify,
    /// What is being brought into a team's store.
    pub importing: Arc<Importing>,
    /// None until the store could be opened.
    opened: tokio::sync::Mutex<Option<Sessions>>,
    claude_search: tokio::sync::Mutex<()>,
    list: tokio::sync::Mutex<ProjectList>,
    known: Mutex<Known>,
}

/// Projects and sessions, over an open store.
#[derive(Clone)]
pub struct Sessions {
    /// The core's side of it.
    pub core: Arc<ProjectSessions>,
    /// The store, where it is a team's.
    pub team: Option<Arc<TeamStore>>,
}

/// What was found out and stays until it is found out anew.
#[derive(Default)]
struct Known {
    build: Option<String>,
    store_set_aside: Option<Notice>,
    unreadable: Option<Notice>,
    store_error: Option<CommandError>,
    open_refused: Option<CommandError>,
    claude: Option<ClaudeCheck>,
    to_open: Option<PathBuf>,
    to_show: Option<ProjectId>,
    /// How many records of each live session's journal are in the store.
    folded: BTreeMap<ProjectId, u64>,
}

impl App {
    /// An app that has not looked at anything yet; `to_open` is the folder it was started with.
    pub fn new(
        folders: Folders,
        store: ChosenStore,
        preferences: PreferencesFile,
        to_open: Option<PathBuf>,
    ) -> Self {
        let hosts = Hosts::new(folders.clone());
        Self {
            live: LiveTerminals::new(hosts.clone()),
            hosts,
            folders,
            store: Arc::new(store),
            preferences: Arc::new(preferences),
            attachments: Arc::default(),
            page: Page::default(),
            shell: Shell::new(Timestamp::now()),
            plans: Plans::default(),
            other_store: tokio::sync::Notify::new(),
            importing: Arc::default(),
            opened: tokio::sync::Mutex::default(),
            claude_search: tokio::sync::Mutex::default(),
            list: tokio::sync::Mutex::default(),
            known: Mutex::new(Known {
                to_open,
                ..Known::default()
            }),
        }
    }

    /// Projects and sessions. The store is opened at the first call, and after a failure at
    /// each further one.
    ///
    /// # Errors
    /// The store cannot be opened; live terminals go on without.
    pub async fn sessions(&self) -> Result<Sessions, AppError> {
        let mut opened = self.opened.lock().await;
        if let Some(sessions) = &*opened {
            return Ok(sessions.clone());
        }
        let folders = self.folders.clone();
        let preferences = self.preferences.get();
        let store = self.store.clone();
        let (sessions, set_aside) =
            unblocked(move || open_sessions(folders, &store, preferences)).await?;
        let mut known = self.known();
        known.store_set_aside = set_aside.map(|set_aside| {
            let kept_as = set_aside.moved_to.display().to_string();
            let file = kept_as.split(".corrupt-").next().unwrap_or(&kept_as);
            Notice::StoreSetAside {
                file: file.to_owned(),
                kept_as,
            }
        });
        drop(known);
        *opened = Some(sessions.clone());
        self.other_store.notify_waiters();
        Ok(sessions)
    }

    /// The team's store, where one is open.
    pub async fn team(&self) -> Option<Arc<TeamStore>> {
        self.opened.lock().await.as_ref()?.team.clone()
    }

    /// Closes the store; the next call opens the one that is chosen by then. Live terminals
    /// and their hosts go on.
    pub async fn reopen(&self) {
        let before = self.opened.lock().await.take();
        self.list.lock().await.forget_stored();
        {
            let mut known = self.known();
            known.store_set_aside = None;
            known.unreadable = None;
            known.store_error = None;
            known.folded.clear();
        }
        self.other_store.notify_waiters();
        // Closing may wait for its threads.
        tauri::async_runtime::spawn_blocking(move || drop(before));
    }

    /// Notes the documents of a team's database that cannot be understood; whether that changed
    /// anything.
    pub fn note_unreadable(&self, documents: &[ServerError]) -> bool {
        let notice = documents.first().map(|first| Notice::DocumentsUnreadable {
            server: first.server.clone(),
            database: first.database.clone(),
            documents: documents.len(),
            first: server_error(first),
        });
        let mut known = self.known();
        let changed = known.unreadable != notice;
        known.unreadable = notice;
        changed
    }

    /// Why the store could not be read the last time.
    pub fn store_error(&self) -> Option<CommandError> {
        self.known().store_error.clone()
    }

    /// All projects with their live terminals. While the store cannot be read, what was read
    /// of it last; the second value tells that this began or ended.
    pub async fn projects(&self) -> (Projects, bool) {
        let (list, changed) = self.up_to_date().await;
        (list.projects(), changed)
    }

    /// What of the list changed after the update `since`; the second value as for
    /// [`App::projects`].
    pub async fn projects_since(&self, since: u64) -> (ProjectsUpdate, bool) {
        let (list, changed) = self.up_to_date().await;
        (list.changes(since, AT_ONCE), changed)
    }

    /// The same, with the project that is to be shown, although its turn may be later.
    pub async fn projects_with(&self, since: u64, show: Option<&str>) -> ProjectsUpdate {
        let (list, _) = self.up_to_date().await;
        let mut update = list.changes(since, AT_FIRST);
        let shown = show.and_then(|id| list.project(id.parse().ok()?));
        if let Some(shown) = shown
            && !update.changed.iter().any(|view| view.id == shown.id)
        {
            update.changed.push(shown);
        }
        update
    }

    /// The list, brought up to date. The store is read only where it says that it changed.
    async fn up_to_date(&self) -> (tokio::sync::MutexGuard<'_, ProjectList>, bool) {
        let mut list = self.list.lock().await;
        let live = self.live.statuses();
        let read = match self.sessions().await {
            Ok(sessions) => {
                let before = list.mark_of(&sessions.core);
                unblocked(move || read_stored(sessions.core, before)).await
            }
            Err(error) => Err(error),
        };
        let to_read = list.host_facts_to_read(&live);
        let hosts = self.hosts.clone();
        let facts = unblocked(move || Ok::<_, AppError>(read_host_facts(&hosts, to_read))).await;
        for (project, facts) in facts.unwrap_or_default() {
            list.take_host_facts(project, facts);
        }
        let error = match read {
            Ok(stored) => {
                if let Some(stored) = stored {
                    list.take_stored(stored);
                }
                None
            }
            Err(error) => Some(CommandError::from(error)),
        };
        list.update(Around {
            live,
            build: self.build(),
            muted: self.preferences.get().muted,
        });
        let mut known = self.known();
        let changed = known.store_error != error;
        known.store_error = error;
        drop(known);
        (list, changed)
    }

    /// Finds out which build new hosts run, unless that is known; whether it is news. It takes
    /// a moment, since its program is read: the list does not wait for it.
    pub async fn look_for_build(&self) -> bool {
        if self.build().is_some() {
            return false;
        }
        let Ok(sessions) = self.sessions().await else {
            return false;
        };
        // A program that is missing is told when something is to be started with it.
        let build = unblocked(move || sessions.core.build()).await.ok();
        let found = build.is_some();
        self.known().build = build;
        found
    }

    /// The build that new hosts run, where it could be told.
    pub fn build(&self) -> Option<String> {
        self.known().build.clone()
    }

    /// One project, with its live terminals.
    pub async fn project(&self, id: ProjectId) -> Result<Arc<ProjectView>, AppError> {
        let (list, _) = self.up_to_date().await;
        list.project(id).ok_or_else(|| AppError::Internal {
            reason: format!("project {id} is not in the list"),
        })
    }

    /// Brings into the store what live and ended sessions wrote down since the last time.
    pub async fn fold_changes(&self) {
        let now: BTreeMap<ProjectId, u64> = self
            .live
            .statuses()
            .into_iter()
            .filter(|status| status.terminal == TerminalKey::Claude)
            .map(|status| (status.project, status.journal_records))
            .collect();
        let changed: Vec<ProjectId> = {
            let folded = &self.known().folded;
            let grown = now
                .iter()
                .filter(|(project, records)| folded.get(project) != Some(records));
            let ended = folded
                .iter()
                .filter(|(project, _)| !now.contains_key(project));
            grown.chain(ended).map(|(project, _)| *project).collect()
        };
        if changed.is_empty() {
            return;
        }
        let Ok(sessions) = self.sessions().await else {
            return;
        };
        let folding = unblocked(move || {
            // One journal that cannot be read keeps no other from being folded. A conflict is
            // told when the session is started.
            let mut failed = None;
            for project in changed {
                if let Err(error) = sessions.core.fold(project) {
                    failed = Some(error);
                }
            }
            failed.map_or(Ok(()), Err)
        });
        match folding.await {
            Ok(()) => self.known().folded = now,
            Err(error) => complain(format_args!("{error}")),
        }
    }

    /// Opens the folder that the app was started with, if that has not been done.
    pub async fn open_requested(&self) {
        let folder = self.known().to_open.take();
        if let Some(folder) = folder {
            self.open(folder).await;
        }
    }

    /// Opens a folder that was named in a shell, and shows its project.
    pub async fn open(&self, folder: PathBuf) -> Option<ProjectId> {
        let opened = match self.sessions().await {
            Ok(sessions) => {
                unblocked(move || Ok::<_, AppError>(sessions.core.open_folder(&folder)?)).await
            }
            Err(error) => Err(error),
        };
        let mut known = self.known();
        match opened {
            Ok(project) => {
                known.open_refused = None;
                known.to_show = Some(project.id);
                Some(project.id)
            }
            Err(error) => {
                known.open_refused = Some(error.into());
                None
            }
        }
    }

    /// The project to show: the one that was asked for, else the last one. What was asked for
    /// is the last one from then on, also for a page that has to be loaded again.
    pub async fn to_show(&self) -> Option<String> {
        let asked = self.known().to_show.take();
        if let Some(project) = asked {
            let patch = PreferencesPatch {
                last_project: Some(Some(project.to_string())),
                ..PreferencesPatch::default()
            };
            let preferences = self.preferences.clone();
            if let Err(error) = unblocked(move || preferences.change(patch)).await {
                complain(format_args!("{error}"));
            }
        }
        self.preferences.get().last_project
    }

    /// The person turned to a project in the page: what a shell asked for before is done with.
    pub fn page_turned(&self) {
        self.known().to_show = None;
    }

    /// Where a further project is most likely to be: beside the last one, else at home.
    pub async fn near_last_project(&self) -> Option<PathBuf> {
        let last = self.preferences.get().last_project;
        let beside = match self
            .sessions()
            .await
            .ok()
            .zip(last.and_then(|id| id.parse().ok()))
        {
            Some((sessions, id)) => {
                unblocked(move || Ok::<_, AppError>(sessions.core.project(id)?))
                    .await
                    .ok()
                    .and_then(|project| {
                        let beside = Path::new(&project.workspace_path).parent()?;
                        beside.is_dir().then(|| beside.to_owned())
                    })
            }
            None => None,
        };
        beside.or_else(|| self.folders.home().map(Path::to_owned))
    }

    /// What was found when Claude Code was looked for.
    pub fn claude(&self) -> ClaudeCheck {
        self.known()
            .claude
            .clone()
            .unwrap_or(ClaudeCheck::Unchecked)
    }

    /// Takes the turn to look for Claude Code; none while somebody else has it.
    pub fn begin_claude_search(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        self.claude_search.try_lock().ok()
    }

    /// Looks for Claude Code; whether that changed anything.
    pub async fn look_for_claude(&self) -> bool {
        let Ok(sessions) = self.sessions().await else {
            return false;
        };
        let found = unblocked(move || Ok::<_, AppError>(sessions.core.cli())).await;
        let check = found.ok().map(views::claude_check);
        let mut known = self.known();
        let changed = known.claude != check;
        known.claude = check;
        changed
    }

    /// What the person should know of, now.
    pub fn notices(&self) -> Vec<Notice> {
        let (set_aside, unreadable, store_error, open_refused, build) = {
            let known = self.known();
            (
                known.store_set_aside.clone(),
                known.unreadable.clone(),
                known.store_error.clone(),
                known.open_refused.clone(),
                known.build.clone(),
            )
        };
        let waiting: Vec<TerminalRef> = self
            .live
            .statuses()
            .iter()
            .filter(|status| views::waits_for_restart(status, build.as_deref()))
            .map(|status| TerminalRef {
                project_id: status.project.to_string(),
                terminal: status.terminal.to_string(),
            })
            .collect();
        [
            store_error.map(|error| Notice::StoreUnavailable { error }),
            set_aside,
            unreadable,
            self.preferences.notice(),
            open_refused.map(|error| Notice::OpenRefused { error }),
            (!waiting.is_empty()).then_some(Notice::HostsWaitForRestart { terminals: waiting }),
            self.page.notice(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The language to speak.
    pub fn language(&self) -> Locale {
        words::language(self.preferences.get().locale, |name| {
            std::env::var(name).ok()
        })
    }

    /// Notes where the window is, for the next start.
    pub async fn remember_window<R: Runtime>(&self, app: &AppHandle<R>) {
        let Some(window) = app.get_webview_window(window::LABEL) else {
            return;
        };
        let before = self.preferences.window();
        let Ok(Some(place)) = window::place(&window, before) else {
            return;
        };
        let preferences = self.preferences.clone();
        if let Err(error) = unblocked(move || preferences.remember_window(place)).await {
            complain(format_args!("{error}"));
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs what may wait for a disk or another process where nobody else waits for it.
///
/// # Errors
/// Those of the work.
pub async fn unblocked<T, E>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, AppError>
where
    T: Send + 'static,
    E: Into<AppError> + Send + 'static,
{
    match tauri::async_runtime::spawn_blocking(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(error) => Err(AppError::Internal {
            reason: error.to_string(),
        }),
    }
}

/// Opens the store, and brings into it what hosts wrote down while no app was there.
fn open_sessions(
    folders: Folders,
    store: &ChosenStore,
    preferences: Preferences,
) -> Result<(Sessions, Option<SetAside>), AppError> {
    let choice = store.complete(preferences.store.as_deref())?;
    let opened = open_store(&choice, &folders, Following::Yes)?;
    let program = std::env::current_exe()
        .map_err(|error| AppError::Internal {
            reason: error.to_string(),
        })?
        .with_file_name(SESSION_PROGRAM);
    let core = ProjectSessions::new(
        opened.store,
        folders,
        program,
        env!("CARGO_PKG_VERSION"),
        platform::environment(),
    );
    core.choose_cli(preferences.claude_path.map(Into::into));
    core.fold_all();
    let sessions = Sessions {
        core: Arc::new(core),
        team: opened.team,
    };
    Ok((sessions, opened.set_aside))
}

/// What the store tells, if it may be another than `before`.
fn read_stored(
    sessions: Arc<ProjectSessions>,
    before: Option<u64>,
) -> Result<Option<Stored>, StoreError> {
    let store = sessions.store();
    let mark = store.change_mark()?;
    if mark.is_some() && mark == before {
        return Ok(None);
    }
    let projects = store.projects()?;
    let newest_lineage = store.newest_lineage()?;
    let elsewhere = sessions.elsewhere(&projects);
    Ok(Some(Stored {
        sessions,
        mark,
        projects,
        newest_lineage,
        elsewhere,
    }))
}

/// What the files of these projects' hosts tell; with none named, those of all that have any.
fn read_host_facts(
    hosts: &Hosts,
    projects: Option<BTreeSet<ProjectId>>,
) -> Vec<(ProjectId, HostFacts)> {
    projects
        .unwrap_or_else(|| hosts.projects())
        .into_iter()
        .map(|project| {
            let facts = HostFacts {
                last_end: hosts.last_end(project),
                has_picture: hosts.has_picture(project),
            };
            (project, facts)
        })
        .collect()
}

#[cfg(test)]
mod tests;
