//! Unattended runs: `claude -p` in the project's own host, on the project's conversation.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::start::Start;
use super::{
    FirstView, NotStarted, ProjectSessions, ResumeFailure, SessionsError, StartOutcome, lock,
};
use crate::claude::launch::{self, ClaudeStart, Launch};
use crate::claude::trust::{self, Trust};
use crate::folders::create_private_dir;
use crate::model::{OutputProject, ProjectId, TerminalKey};
use crate::session::protocol::HostStatus;
use crate::session::unattended::{RunPlan, RunRecord, RunSpec};

/// The longest prompt of a run, in bytes. Longer texts belong into a file that it names.
pub const MAX_PROMPT_BYTES: usize = 1024 * 1024;
/// The permission modes that the CLI knows: the person chooses one of them for each run.
pub const PERMISSION_MODES: &[&str] = &[
    "manual",
    "acceptEdits",
    "plan",
    "auto",
    "dontAsk",
    "bypassPermissions",
];
/// Of how many runs log and record are kept.
const KEPT_RUNS: usize = 20;
/// A host that is to run a plan has read it within this time.
const UNREAD_PLAN: Duration = Duration::from_secs(120);
/// More than a record ever takes.
const MAX_RECORD_BYTES: u64 = 256 * 1024;

/// What an unattended run is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOptions {
    /// The prompt: what a person would have typed, of any number of lines.
    pub prompt: String,
    /// The person's explicit choice, one of [`PERMISSION_MODES`].
    pub permission_mode: String,
    /// What it is for, in the caller's own terms: a milestone's id.
    pub about: Option<String>,
}

/// What came of the wish to run unattended.
#[derive(Debug)]
pub enum RunOutcome {
    /// It runs.
    Started(Box<HostStatus>),
    /// Nothing was started, and why.
    Refused(RunRefusal),
}

/// Why an unattended run was not started. The text is for the person.
#[derive(Debug, thiserror::Error)]
pub enum RunRefusal {
    /// There is nothing to run.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// The prompt is too long.
    #[error(
        "the prompt has {bytes} bytes, {MAX_PROMPT_BYTES} are allowed; put it into a file and name the file"
    )]
    PromptTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A mode that the CLI does not know.
    #[error("{0:?} is no permission mode; one of {modes} is", modes = PERMISSION_MODES.join(", "))]
    UnknownPermissionMode(String),
    /// The project's session lives: two processes never share a conversation.
    #[error("the project's session runs (process {}); end it first", .0.program_pid)]
    Live(Box<HostStatus>),
    /// The folder is not trusted, and `-p` would run its hooks without asking.
    #[error(
        "the folder {workspace} is not trusted; start the session once and answer Claude Code's question"
    )]
    NotTrusted {
        /// The project's folder.
        workspace: String,
    },
    /// Whether the folder is trusted cannot be read.
    #[error("whether the folder {workspace} is trusted cannot be told: {settings} is not readable")]
    TrustUnknown {
        /// The project's folder.
        workspace: String,
        /// The CLI's file.
        settings: String,
    },
    /// The conversation cannot be taken up: another process has it, its transcript is gone.
    #[error("{}", reason(.0))]
    CannotResume(Box<ResumeFailure>),
}

fn reason(failure: &ResumeFailure) -> String {
    match &failure.why {
        NotStarted::CannotResume(why) => why.cause.to_string(),
        NotStarted::Conflict(conflict) => format!(
            "the store names the conversation {}, this machine's journal {}",
            conflict.stored.as_stored().unwrap_or("unset"),
            conflict.journalled
        ),
        NotStarted::Elsewhere(elsewhere) => elsewhere.to_string(),
    }
}

impl ProjectSessions {
    /// Runs a prompt in the project's conversation without anybody to answer: `claude -p` in
    /// the project's host, so that it survives the app and holds the project's lock. It ends
    /// by itself, or with [`crate::session::hosts::Hosts::close`].
    ///
    /// # Errors
    /// [`SessionsError`]; nothing was started.
    pub fn start_unattended(
        &self,
        id: ProjectId,
        options: &RunOptions,
        view: impl Into<FirstView>,
    ) -> Result<RunOutcome, SessionsError> {
        let turn = self.start_lock(id);
        let _turn = lock(&turn);
        let refused = |why| Ok(RunOutcome::Refused(why));
        if let Some(why) = refused_options(options) {
            return refused(why);
        }
        if let Some(status) = self.live(id)? {
            return refused(RunRefusal::Live(Box::new(status)));
        }
        if let Some(why) = self.untrusted(&self.project(id)?)? {
            return refused(why);
        }
        let files = RunFiles::new(&self.folders.runs_dir(id), options);
        let outcome = match self.create(id, view.into(), None, Start::Run(&files)) {
            Ok(StartOutcome::CannotResume(failure)) => refused(RunRefusal::CannotResume(failure)),
            Ok(StartOutcome::Live(status)) if files.are_of(&status) => {
                return Ok(RunOutcome::Started(status));
            }
            // Another app was faster: what it started is not this run.
            Ok(StartOutcome::Live(status)) => refused(RunRefusal::Live(status)),
            Err(error) => Err(error),
        };
        files.remove();
        outcome
    }

    /// The project's unattended runs that left a record, newest first.
    pub fn runs(&self, id: ProjectId) -> Vec<RunRecord> {
        let mut records = files(&self.folders.runs_dir(id), "json");
        records.reverse();
        records
            .into_iter()
            .filter_map(|path| read_record(&path))
            .collect()
    }

    /// In a folder that is not trusted, `-p` would run the project's hooks unasked.
    fn untrusted(&self, project: &OutputProject) -> Result<Option<RunRefusal>, SessionsError> {
        let workspace = launch::open_workspace(project.workspace_path.as_ref())?;
        let (config, _) = self.config_dirs(project)?;
        Ok(match trust::of_workspace(&config, workspace.as_ref()) {
            Trust::Trusted => None,
            Trust::NotTrusted => Some(RunRefusal::NotTrusted { workspace }),
            Trust::Unknown => Some(RunRefusal::TrustUnknown {
                workspace,
                settings: config.settings_file().to_string_lossy().into_owned(),
            }),
        })
    }

    /// Makes the program of a run out of the start of claude: `reprise-session run`, which
    /// starts it over pipes.
    pub(super) fn wrap_run(
        &self,
        project: ProjectId,
        start: &ClaudeStart<'_>,
        run: &RunFiles,
    ) -> Result<(Launch, RunSpec), SessionsError> {
        let mut launch = launch::unattended(start, &run.options.permission_mode)?;
        create_private_dir(&self.folders.project_hosts_dir(project))?;
        create_private_dir(&run.folder)?;
        remove_old(&run.folder);
        let file_error = |path: PathBuf| move |source| SessionsError::RunFile { path, source };
        let (plan_file, log) = (run.file("plan"), run.file("jsonl"));
        new_file(&log).map_err(file_error(log.clone()))?;
        let spec = RunSpec {
            permission_mode: run.options.permission_mode.clone(),
            about: run.options.about.clone(),
            log: log.to_string_lossy().into_owned(),
            record: run.file("json").to_string_lossy().into_owned(),
        };
        let plan = RunPlan {
            program: std::mem::replace(&mut launch.program, start.hook_program.to_owned()),
            args: std::mem::take(&mut launch.args),
            prompt: run.options.prompt.clone(),
            spec: spec.clone(),
            lock: self.hosts.lock(project, TerminalKey::Claude),
        };
        serde_json::to_vec(&plan)
            .map_err(io::Error::from)
            .and_then(|json| new_file(&plan_file)?.write_all(&json))
            .map_err(file_error(plan_file.clone()))?;
        launch.args = vec!["run".into(), plan_file.into()];
        Ok((launch, spec))
    }
}

/// The files of one run that is about to be started.
pub(super) struct RunFiles {
    options: RunOptions,
    folder: PathBuf,
    name: String,
}

impl RunFiles {
    fn new(folder: &Path, options: &RunOptions) -> Self {
        // Sorts by time, and two apps at once get two names.
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ");
        Self {
            options: options.clone(),
            folder: folder.to_owned(),
            name: format!("{now}-{}", std::process::id()),
        }
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.name))
    }

    fn are_of(&self, status: &HostStatus) -> bool {
        let log = status.run.as_ref().map(|run| Path::new(&run.log));
        log == Some(&*self.file("jsonl"))
    }

    /// Removes what was written for a run that was not started.
    fn remove(&self) {
        for ending in ["plan", "jsonl"] {
            let _ = fs::remove_file(self.file(ending));
        }
    }
}

fn refused_options(options: &RunOptions) -> Option<RunRefusal> {
    let mode = options.permission_mode.as_str();
    if options.prompt.trim().is_empty() {
        Some(RunRefusal::EmptyPrompt)
    } else if options.prompt.len() > MAX_PROMPT_BYTES {
        Some(RunRefusal::PromptTooLong {
            bytes: options.prompt.len(),
        })
    } else if !PERMISSION_MODES.contains(&mode) {
        Some(RunRefusal::UnknownPermissionMode(mode.to_owned()))
    } else {
        None
    }
}

/// A new file that only this person can read.
fn new_file(path: &Path) -> io::Result<fs::File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// The files of a folder with this ending, by name.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    found.sort();
    found
}

/// Makes room for another run. What cannot be removed now is found again at the next one.
fn remove_old(folder: &Path) {
    for ending in ["jsonl", "json"] {
        let files = files(folder, ending);
        let surplus = (files.len() + 1).saturating_sub(KEPT_RUNS);
        for old in files.iter().take(surplus) {
            let _ = fs::remove_file(old);
        }
    }
    // A program takes its plan away; what is left is of one that never ran, unless another
    // app starts one right now.
    for plan in files(folder, "plan") {
        if age(&plan).is_some_and(|age| age > UNREAD_PLAN) {
            let _ = fs::remove_file(plan);
        }
    }
}

fn age(file: &Path) -> Option<Duration> {
    fs::metadata(file).ok()?.modified().ok()?.elapsed().ok()
}

fn read_record(path: &Path) -> Option<RunRecord> {
    if fs::metadata(path).ok()?.len() > MAX_RECORD_BYTES {
        return None;
    }
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_runs_the_newest_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for n in 10..50 {
            for ending in ["json", "jsonl", "plan"] {
                new_file(&folder.path().join(format!("{n}.{ending}"))).unwrap();
            }
        }
        let long_ago = std::time::SystemTime::now() - 2 * UNREAD_PLAN;
        let old = fs::File::open(folder.path().join("10.plan")).unwrap();
        old.set_modified(long_ago).unwrap();
        remove_old(folder.path());
        let left = files(folder.path(), "jsonl");
        assert_eq!(left.len(), KEPT_RUNS - 1);
        assert!(left[0].ends_with("31.jsonl"), "{left:?}");
        assert_eq!(files(folder.path(), "json").len(), KEPT_RUNS - 1);
        let plans = files(folder.path(), "plan");
        assert_eq!(plans.len(), 39, "one that another app starts is left alone");
        assert!(!plans[0].ends_with("10.plan"));
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_its_reason() {
        let refused = |prompt: &str, mode: &str| {
            refused_options(&RunOptions {
                prompt: prompt.into(),
                permission_mode: mode.into(),
                about: None,
            })
            .map(|why| why.to_string())
        };
        assert_eq!(refused("go", "acceptEdits"), None);
        assert!(refused(" \n", "plan").unwrap().contains("empty"));
        assert!(refused(&"x".repeat(MAX_PROMPT_BYTES + 1), "plan").is_some());
        for mode in ["", "default", "--continue", "Plan"] {
            assert!(
                refused("go", mode).unwrap().contains("acceptEdits"),
                "{mode}"
            );
        }
    }
}
