//! Starting a project's terminals: deciding which conversation, then launching a host.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::unattended::RunFiles;
use super::{
    EarlierSession, FirstView, NotStarted, ProjectSessions, ResumeFailure, SessionsError,
    StartChoice, StartOutcome, lock,
};
use crate::claude::cli::CliSearch;
use crate::claude::config::ConfigDir;
use crate::claude::kept;
use crate::claude::launch::{self, ClaudeStart, Conversation, Launch};
use crate::claude::resume::{self, StartFacts, StartPlan, TranscriptFact};
use crate::claude::version::CliVersion;
use crate::folders::create_private_dir;
use crate::model::{
    ClaudeSessionId, CurrentSessionId, OutputProject, ProjectId, ProjectStatus, SessionSource,
    SessionState, TerminalKey,
};
use crate::planning;
use crate::process::{self, ProcessRef};
use crate::session;
use crate::session::host::{HostPaths, HostSession, HostSpec, end_process};
use crate::session::journal::{self, JournalEvent};
use crate::session::launch::{LaunchHostError, launch_host};
use crate::session::protocol::HostStatus;
use crate::session::pty::ProgramSpec;
use crate::session::queue::{NewCommand, QueueRequest};
use crate::session::unattended::RunSpec;
use crate::store::{ReplaceOutcome, SaveOutcome};

/// A claude that lost its host ends by itself within this time: its terminal is closed.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(5);
/// A host whose program has ended is gone within this time.
const PARTING_PATIENCE: Duration = Duration::from_secs(6);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// The store's id can only be changed by others between two reads; this often it is not.
const TRIES: usize = 5;
/// The most shells of one project.
const MAX_SHELLS: u32 = 99;

/// A terminal that is about to be started.
struct Starting {
    key: TerminalKey,
    launch: Launch,
    /// The conversation, for claude.
    session: Option<HostSession>,
    /// The unattended run that it is for.
    run: Option<RunSpec>,
    /// The command that is the argument of its start.
    first_command: Option<NewCommand>,
}

/// What is started of a project's conversation.
#[derive(Clone, Copy)]
pub(super) enum Start<'a> {
    /// The session, at its prompt.
    Session,
    /// The session, with a command that is sent at once.
    Saying(&'a NewCommand),
    /// An unattended run.
    Run(&'a RunFiles),
}

impl ProjectSessions {
    /// The project's session: the live one, or a new start of its conversation. `choice` is
    /// what the person chose after an earlier [`StartOutcome::CannotResume`].
    ///
    /// # Errors
    /// [`SessionsError`]; nothing was started and no id was changed, unless the choice did.
    pub fn get_or_create(
        &self,
        project: ProjectId,
        view: impl Into<FirstView>,
        choice: Option<&StartChoice>,
    ) -> Result<StartOutcome, SessionsError> {
        self.get_or_create_with(project, view, choice, None)
    }

    /// The same with a command that is sent at once: as the argument of the start, or through
    /// the queue of the session that lives. It is one command however often this is called
    /// with it, and nothing where nothing was started.
    ///
    /// # Errors
    /// As [`ProjectSessions::get_or_create`]; [`SessionsError::Refused`] where it cannot be
    /// typed. A session that was started goes on.
    pub fn get_or_create_with(
        &self,
        project: ProjectId,
        view: impl Into<FirstView>,
        choice: Option<&StartChoice>,
        first: Option<&NewCommand>,
    ) -> Result<StartOutcome, SessionsError> {
        if let Some(first) = first {
            first.check().map_err(SessionsError::Refused)?;
        }
        let outcome = self.get_or_start(project, view.into(), choice, first)?;
        match (outcome, first) {
            (StartOutcome::Live(status), Some(first)) => {
                let has_it = status.queue.iter().any(|queued| queued.id == first.id);
                if has_it {
                    return Ok(StartOutcome::Live(status));
                }
                let answer = self
                    .hosts
                    .queue(project, &QueueRequest::Add(first.clone()))?;
                if let Some(refused) = answer.refused {
                    return Err(SessionsError::NotQueued(refused.message));
                }
                let now = self.hosts.get(project, TerminalKey::Claude)?;
                Ok(StartOutcome::Live(now.map_or(status, Box::new)))
            }
            (outcome, _) => Ok(outcome),
        }
    }

    fn get_or_start(
        &self,
        project: ProjectId,
        view: FirstView,
        choice: Option<&StartChoice>,
        first: Option<&NewCommand>,
    ) -> Result<StartOutcome, SessionsError> {
        let turn = self.start_lock(project);
        let _turn = lock(&turn);
        if let Some(status) = self.live(project)? {
            return Ok(StartOutcome::Live(Box::new(status)));
        }
        let what = first.map_or(Start::Session, Start::Saying);
        let outcome = self.create(project, view, choice, what);
        if matches!(outcome, Ok(StartOutcome::Live(_))) {
            return outcome;
        }
        // Another app may have been faster: then its session is what there is to have, and
        // what stood in our way.
        match self.hosts.get(project, TerminalKey::Claude) {
            Ok(Some(status)) => Ok(StartOutcome::Live(Box::new(status))),
            _ => outcome,
        }
    }

    /// The live session. One whose program has ended is no more: its host is waited for, as
    /// it still writes down and tells.
    pub(super) fn live(&self, project: ProjectId) -> Result<Option<HostStatus>, SessionsError> {
        let until = Instant::now() + PARTING_PATIENCE;
        loop {
            let status = self.hosts.get(project, TerminalKey::Claude)?;
            let is_over = status.as_ref().is_some_and(has_ended);
            if !is_over || Instant::now() >= until {
                return Ok(status);
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Starts the session of a project that does not live: the interactive one, or an
    /// unattended run.
    pub(super) fn create(
        &self,
        id: ProjectId,
        view: FirstView,
        choice: Option<&StartChoice>,
        what: Start<'_>,
    ) -> Result<StartOutcome, SessionsError> {
        let orphan = self.outwait_orphan(id);
        let conflict = self.fold(id)?;
        let project = self.project(id)?;
        // Before anything is decided: a folder that is gone is not a conversation that is gone.
        launch::open_workspace(project.workspace_path.as_ref())?;
        // Its milestones' commands look for it there; without it they say so themselves.
        let _ = planning::prepare(project.workspace_path.as_ref());
        let cli = self.cli();
        let CliSearch::Found { path, version } = cli else {
            return Err(SessionsError::Cli(Box::new(cli)));
        };
        if let Some(conflict) = conflict
            && choice.is_none()
        {
            return self.not_started(&project, NotStarted::Conflict(conflict));
        }
        if let Some(elsewhere) = self.claim(&project, choice)? {
            return self.not_started(&project, NotStarted::Elsewhere(elsewhere));
        }
        let started = self.create_here(project, (&path, version), orphan, view, choice, what);
        if !matches!(started, Ok(StartOutcome::Live(_))) {
            self.let_go(id);
        }
        started
    }

    /// The same, after it was made certain that nobody has it elsewhere.
    fn create_here(
        &self,
        mut project: OutputProject,
        (path, version): (&Path, CliVersion),
        orphan: Option<ProcessRef>,
        view: FirstView,
        choice: Option<&StartChoice>,
        what: Start<'_>,
    ) -> Result<StartOutcome, SessionsError> {
        let id = project.id;
        if let Some(choice) = choice {
            self.apply(choice, &project)?;
            project = self.project(id)?;
        }
        let plan = match self.plan(&project, orphan, choice)? {
            Ok(plan) => plan,
            Err(why) => return self.not_started(&project, why),
        };
        let (conversation, session) = plan;
        let installed = self.installed()?;
        let start = ClaudeStart {
            program: path,
            version,
            project: id,
            workspace: project.workspace_path.as_ref(),
            conversation,
            options: &project.launch,
            env: &self.login_env().vars,
            hook_program: &installed.program,
            prompt: match what {
                Start::Saying(command) => Some(&command.text),
                Start::Session | Start::Run(_) => None,
            },
        };
        let (launch, run) = match what {
            Start::Session | Start::Saying(_) => (launch::claude(&start)?, None),
            Start::Run(run) => {
                let (launch, spec) = self.wrap_run(id, &start, run)?;
                (launch, Some(spec))
            }
        };
        let terminal = Starting {
            key: TerminalKey::Claude,
            launch,
            session: Some(session),
            run,
            first_command: match what {
                Start::Saying(command) => Some(command.clone()),
                Start::Session | Start::Run(_) => None,
            },
        };
        self.launch_terminal(&project, terminal, view)
            .and_then(|status| {
                self.note_start(&status);
                if project.status != ProjectStatus::Active {
                    self.store
                        .set_project_status(id, ProjectStatus::Active, Timestamp::now())?;
                }
                Ok(StartOutcome::Live(Box::new(status)))
            })
            .or_else(|error| match error {
                SessionsError::Host(LaunchHostError::StillRunning { pid }) => {
                    self.still_running(&project, pid)
                }
                error => Err(error),
            })
    }

    /// Starts another shell in the project's workspace.
    ///
    /// # Errors
    /// [`SessionsError`].
    pub fn new_shell(
        &self,
        id: ProjectId,
        view: impl Into<FirstView>,
    ) -> Result<HostStatus, SessionsError> {
        let turn = self.start_lock(id);
        let _turn = lock(&turn);
        let project = self.project(id)?;
        let taken: HashSet<TerminalKey> = self.hosts.of_project(id).into_iter().collect();
        let terminal = (1..=MAX_SHELLS)
            .map(TerminalKey::Shell)
            .find(|key| !taken.contains(key))
            .unwrap_or(TerminalKey::Shell(MAX_SHELLS));
        let launch = launch::shell(project.workspace_path.as_ref(), &self.login_env().vars)?;
        let terminal = Starting {
            key: terminal,
            launch,
            session: None,
            run: None,
            first_command: None,
        };
        self.launch_terminal(&project, terminal, view.into())
    }

    fn launch_terminal(
        &self,
        project: &OutputProject,
        starting: Starting,
        view: FirstView,
    ) -> Result<HostStatus, SessionsError> {
        let Starting {
            key: terminal,
            launch,
            session,
            run,
            first_command,
        } = starting;
        create_private_dir(&self.folders.project_hosts_dir(project.id))?;
        let files = self.folders.host_files(project.id, terminal);
        let installed = self.installed()?;
        let spec = HostSpec {
            project: project.id,
            terminal,
            name: project.name.clone(),
            program: ProgramSpec {
                program: launch.program,
                args: launch.args,
                env: launch.env,
                cwd: launch.cwd,
            },
            session,
            size: view.size,
            palette: view.palette,
            scrollback_lines: view.scrollback_lines,
            kept_transcripts: self.folders.transcripts_dir(project.id),
            kept_phases: self.folders.phases_dir(project.id),
            files: HostPaths {
                lock: files.lock,
                journal: files.journal,
                picture: files.screen,
                log: files.log,
                socket: self.folders.socket_path(project.id, terminal)?,
            },
            build: installed.build,
            run,
            first_command,
        };
        launch_host(&installed.program, &spec)?;
        self.hosts
            .get(project.id, terminal)?
            .ok_or_else(|| LaunchHostError::Failed {
                message: "the program ended at once".into(),
            })
            .map_err(SessionsError::from)
    }

    /// Which conversation to start, after the id was made certain in the store.
    fn plan(
        &self,
        project: &OutputProject,
        orphan: Option<ProcessRef>,
        choice: Option<&StartChoice>,
    ) -> Result<Result<(Conversation, HostSession), NotStarted>, SessionsError> {
        let mut current = project.claude_session_id.clone();
        for _ in 0..TRIES {
            let facts = self.facts(project, &current, orphan)?;
            let message_sent = facts.message_sent;
            if choice.is_none()
                && let Some(refused) = self.refused_resume(project.id, &current, &facts)
            {
                return Ok(Err(NotStarted::CannotResume(refused)));
            }
            let (conversation, source) =
                match resume::decide_start(&current, facts, ClaudeSessionId::generate) {
                    StartPlan::CannotResume(why) => return Ok(Err(NotStarted::CannotResume(why))),
                    StartPlan::First(id) => {
                        match self.store.save_session_id_if_unset(
                            project.id,
                            &id,
                            Timestamp::now(),
                        )? {
                            SaveOutcome::Saved => {}
                            SaveOutcome::AlreadySet(by_another) => {
                                current = by_another;
                                continue;
                            }
                            SaveOutcome::NoSuchProject => {
                                return Err(SessionsError::NoSuchProject(project.id));
                            }
                        }
                        (Conversation::New(id), SessionSource::Startup)
                    }
                    StartPlan::FirstAgain(id) => (Conversation::New(id), SessionSource::Startup),
                    StartPlan::Resume(id) => (Conversation::Resume(id), SessionSource::Resume),
                };
            let (Conversation::New(id) | Conversation::Resume(id)) = &conversation;
            let session = HostSession {
                id: id.clone(),
                source,
                message_sent,
            };
            return Ok(Ok((conversation, session)));
        }
        Err(SessionsError::Conflict(current))
    }

    pub(super) fn facts(
        &self,
        project: &OutputProject,
        current: &CurrentSessionId,
        orphan: Option<ProcessRef>,
    ) -> Result<StartFacts, SessionsError> {
        let Some(id) = current.id() else {
            return Ok(StartFacts {
                live: None,
                orphan,
                transcript: TranscriptFact::Missing {
                    searched: Vec::new(),
                },
                message_sent: false,
                kept_copy: None,
            });
        };
        let (config, others) = self.config_dirs(project)?;
        Ok(resume::facts(
            id,
            &project.workspace_path,
            &config,
            &others,
            &self.folders.transcripts_dir(project.id),
            self.store.message_sent(project.id, id)?,
            orphan,
        ))
    }

    /// The configuration folder that the project's sessions use, and others there are.
    pub(super) fn config_dirs(
        &self,
        project: &OutputProject,
    ) -> Result<(ConfigDir, Vec<ConfigDir>), SessionsError> {
        let mut env = self.login_env().vars.clone();
        env.extend(
            project
                .launch
                .env
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        let config = ConfigDir::of_env(&env).ok_or(SessionsError::NoConfigDir)?;
        let others = config.others(&env);
        Ok((config, others))
    }

    /// The last start was a resume of this very id, and the CLI refused it. It is not tried
    /// again by itself: the person chooses.
    fn refused_resume(
        &self,
        project: ProjectId,
        current: &CurrentSessionId,
        facts: &StartFacts,
    ) -> Option<resume::CannotResume> {
        let files = self.folders.host_files(project, TerminalKey::Claude);
        let contents = journal::read_journal(&files.journal).ok()?;
        let mut records = contents.records.iter().rev();
        let JournalEvent::Ended {
            exit,
            reached_prompt,
        } = &records.next()?.event
        else {
            return None;
        };
        let resumed = records.find_map(|record| match &record.event {
            JournalEvent::Started {
                session_id: Some(id),
                source: SessionSource::Resume,
                ..
            } => Some(Some(id)),
            JournalEvent::Started { .. } => Some(None),
            _ => None,
        })??;
        if current.id() != Some(resumed) {
            return None;
        }
        resume::after_resume(resumed, *exit, *reached_prompt, facts.clone())
    }

    /// Carries out what the person chose. Ids change by compare-and-set against what was
    /// shown.
    fn apply(&self, choice: &StartChoice, project: &OutputProject) -> Result<(), SessionsError> {
        let now = Timestamp::now();
        match choice {
            StartChoice::TryAgain | StartChoice::StartAnyway => {}
            StartChoice::StartFresh => {
                let id = ClaudeSessionId::generate();
                self.replace(project, &id, SessionSource::Startup, now)?;
            }
            StartChoice::ResumeEarlier(id) => {
                let lineage = self.store.lineage(project.id)?;
                if !lineage.iter().any(|entry| entry.session_id == *id) {
                    return Err(SessionsError::NotInLineage(id.clone()));
                }
                if project.claude_session_id.id() != Some(id) {
                    self.replace(project, id, SessionSource::Resume, now)?;
                }
            }
            StartChoice::PutTranscriptBack => {
                let kept = project
                    .claude_session_id
                    .id()
                    .and_then(|id| kept::find(&self.folders.transcripts_dir(project.id), id))
                    .ok_or(SessionsError::NoKeptCopy)?;
                let (config, _) = self.config_dirs(project)?;
                kept::put_back(&kept.path, &config)?;
            }
        }
        self.settle_journal(project.id);
        Ok(())
    }

    fn replace(
        &self,
        project: &OutputProject,
        id: &ClaudeSessionId,
        source: SessionSource,
        now: Timestamp,
    ) -> Result<(), SessionsError> {
        match self.store.replace_session_id(
            project.id,
            &project.claude_session_id,
            id,
            source,
            now,
        )? {
            ReplaceOutcome::Replaced => Ok(()),
            ReplaceOutcome::Conflict(now) => Err(SessionsError::Conflict(now)),
            ReplaceOutcome::NoSuchProject => Err(SessionsError::NoSuchProject(project.id)),
        }
    }

    /// Waits for a claude that lost its host: its terminal is closed, so it ends by itself;
    /// otherwise it is asked to. Returns it if it lives all the same.
    fn outwait_orphan(&self, project: ProjectId) -> Option<ProcessRef> {
        let files = self.folders.host_files(project, TerminalKey::Claude);
        let orphan = journal::read_journal(&files.journal)
            .ok()?
            .unended_program(&process::boot_id())?;
        // With a host it is no orphan: another app has just started it.
        let has_host = || session::lock::is_held(&files.lock).unwrap_or(true);
        if has_host() || ends_within(orphan, ORPHAN_PATIENCE) || has_host() {
            return None;
        }
        end_process(orphan.pid);
        (!ends_within(orphan, ORPHAN_PATIENCE)).then_some(orphan)
    }

    fn still_running(
        &self,
        project: &OutputProject,
        pid: u32,
    ) -> Result<StartOutcome, SessionsError> {
        let why = resume::CannotResume {
            session_id: project
                .claude_session_id
                .as_stored()
                .unwrap_or_default()
                .to_owned(),
            cause: resume::ResumeCause::OrphanAlive(
                ProcessRef::of(pid).unwrap_or(ProcessRef { pid, started: 0 }),
            ),
            kept_copy: None,
        };
        self.not_started(project, NotStarted::CannotResume(why))
    }

    fn not_started(
        &self,
        project: &OutputProject,
        why: NotStarted,
    ) -> Result<StartOutcome, SessionsError> {
        let shown = match &why {
            NotStarted::CannotResume(why) => Some(why.session_id.clone()),
            NotStarted::Elsewhere(_) => project.claude_session_id.as_stored().map(str::to_owned),
            NotStarted::Conflict(_) => None,
        };
        let lineage = self.store.lineage(project.id)?;
        let last_used = shown.as_ref().and_then(|shown| {
            lineage
                .iter()
                .rev()
                .find(|entry| entry.session_id.as_str() == shown)
                .map(|entry| entry.at)
        });
        let mut seen = HashSet::new();
        let mut earlier = Vec::new();
        for entry in lineage.into_iter().rev() {
            let is_shown = shown.as_deref() == Some(entry.session_id.as_str());
            if is_shown || !seen.insert(entry.session_id.clone()) {
                continue;
            }
            let current = CurrentSessionId::Set(entry.session_id.clone());
            let facts = self.facts(project, &current, None)?;
            earlier.push(EarlierSession {
                resumable: facts.live.is_none()
                    && matches!(facts.transcript, TranscriptFact::Usable(_)),
                entry,
            });
        }
        Ok(StartOutcome::CannotResume(Box::new(ResumeFailure {
            why,
            workspace: project.workspace_path.clone(),
            session_id: project.claude_session_id.as_stored().map(str::to_owned),
            last_used,
            earlier,
        })))
    }
}

/// Whether the program has ended, even if its host has not noticed yet.
fn has_ended(status: &HostStatus) -> bool {
    let is_gone = cfg!(target_os = "linux") && ProcessRef::of(status.program_pid).is_none();
    is_gone || matches!(status.state, SessionState::Ended(_))
}

fn ends_within(process: ProcessRef, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    while process.is_alive() {
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    true
}
