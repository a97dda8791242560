//! Bringing what this computer's store has into the team's that is in use.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::Timestamp;
use reprise_core::folders::Folders;
use reprise_core::store::import::{self, Fate, Import, ProjectImport, SessionIdFate, Skipped};
use reprise_core::store::{Presence, SqliteStore, TeamStore};

use crate::dto::{ImportDifference, ImportFate, ImportProgress, ImportReport, ImportedProject};
use crate::error::AppError;

/// How many projects a report names.
const NAMED: usize = 300;

/// One import at a time: how far it is, and the wish to stop it.
#[derive(Default)]
pub struct Importing {
    runs: AtomicBool,
    stop: AtomicBool,
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Importing {
    /// How far it is; none while there is none.
    pub fn progress(&self) -> Option<ImportProgress> {
        self.runs.load(Ordering::Relaxed).then(|| ImportProgress {
            done: self.done.load(Ordering::Relaxed),
            total: self.total.load(Ordering::Relaxed),
        })
    }

    /// Ends it after the project that it is at.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Imports, or says what an import would do. Blocks.
    ///
    /// # Errors
    /// One of the stores cannot be used, or another import runs.
    pub fn run(
        &self,
        folders: &Folders,
        team: &TeamStore,
        trial: bool,
    ) -> Result<ImportReport, AppError> {
        if self.runs.swap(true, Ordering::Relaxed) {
            return Err(AppError::InvalidRequest {
                reason: "an import is under way".into(),
            });
        }
        self.stop.store(false, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        self.total.store(0, Ordering::Relaxed);
        let report = self.import(folders, team, trial);
        self.runs.store(false, Ordering::Relaxed);
        report.map(|found| report_of(&found, trial))
    }

    fn import(&self, folders: &Folders, team: &TeamStore, trial: bool) -> Result<Import, AppError> {
        let here = SqliteStore::open(&folders.database(), Timestamp::now())?.store;
        let goes_on = |done, total| {
            self.done.store(done, Ordering::Relaxed);
            self.total.store(total, Ordering::Relaxed);
            !self.stop.load(Ordering::Relaxed)
        };
        Ok(if trial {
            import::plan(&here, team.server(), goes_on)?
        } else {
            let now = Timestamp::now();
            import::run(&here, team.server(), team.machine(), now, goes_on)?
        })
    }
}

fn report_of(found: &Import, trial: bool) -> ImportReport {
    let counts = found.counts();
    let mut projects: Vec<_> = found.projects.iter().map(project).collect();
    projects.sort_by_key(|project| project.fate);
    let more = projects.len().saturating_sub(NAMED);
    projects.truncate(NAMED);
    ImportReport {
        trial,
        projects,
        more,
        projects_created: counts.projects_created,
        projects_there: counts.projects_there,
        projects_skipped: counts.projects_skipped,
        projects_failed: counts.projects_failed,
        milestones_created: counts.milestones_created,
        new_rows: counts.new_rows,
        stopped: found.stopped,
    }
}

fn project(found: &ProjectImport) -> ImportedProject {
    let is_new = |fate: &Fate| matches!(fate, Fate::Created);
    let (fate, why, differences) = match (&found.failed, &found.project) {
        (Some(why), _) => (ImportFate::Failed, Some(why.clone()), Vec::new()),
        (None, Fate::Created) => (ImportFate::Created, None, Vec::new()),
        (None, Fate::Skipped(why)) => (ImportFate::Skipped, Some(skipped(why)), Vec::new()),
        (None, Fate::AlreadyThere(differences)) => {
            let differences = differences.iter().map(|it| ImportDifference {
                field: it.field.to_owned(),
                here: it.here.clone(),
                there: it.there.clone(),
            });
            (ImportFate::AlreadyThere, None, differences.collect())
        }
    };
    ImportedProject {
        id: found.id.to_string(),
        name: found.name.clone(),
        fate,
        why,
        new_milestones: found
            .milestones
            .iter()
            .filter(|milestone| is_new(&milestone.fate))
            .count(),
        new_rows: found.new_rows,
        session_differs: matches!(found.session_id, SessionIdFate::Differs { .. }),
        differences,
        shared_variables: found.shared_variables.clone(),
    }
}

/// What stands in its way, by name where that is all that matters.
fn skipped(why: &Skipped) -> String {
    match why {
        Skipped::FolderTaken { name, .. } => name.clone(),
        Skipped::OtherProject(id) => id.to_string(),
        Skipped::Unreadable(reason) => reason.clone(),
        Skipped::NotSeen => String::new(),
    }
}
