//! How far a project's plan is: its milestone, its phases, and what comes next.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::command::as_installed;
use super::files::{names, read};
use super::{PLANNING_DIR, PlanningError, markdown, state_json};
use crate::model::one_line;

/// The most of one file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// The most phases that are shown.
pub(super) const MAX_PHASES: usize = 500;
/// The longest text that is shown, in characters.
const MAX_TEXT_CHARS: usize = 200;
/// The longest suggested command, in characters: the queue takes no longer one.
const MAX_COMMAND_CHARS: usize = 800;

/// What `.planning` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanningState {
    /// Where it was read from.
    pub source: Source,
    /// The active milestone, in the plan's own words.
    pub milestone: Option<PlannedMilestone>,
    /// Its phases, in the plan's order.
    pub phases: Vec<Phase>,
    /// The command that comes next. Text, until a person sends it.
    pub next: Option<String>,
    /// What could not be used, where something else was read instead.
    pub problem: Option<StateProblem>,
    /// When the newest of the files that it was read from was written; none where the system
    /// does not say.
    pub written_at: Option<Timestamp>,
}

/// Where a plan was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `.planning/state.json`, which newer versions of get-shit-done publish.
    StateJson,
    /// `ROADMAP.md` and `STATE.md`.
    Markdown,
}

/// A plan's milestone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlannedMilestone {
    /// `v1.1`.
    pub version: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its status, in the plan's words.
    pub status: Option<String>,
}

/// A phase of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// `3` or `2.1`, as the plan writes it.
    pub number: String,
    /// Its name; empty where it has none.
    pub name: String,
    /// How far it is.
    pub status: PhaseStatus,
    /// How many of its plans are done.
    pub plans_done: u32,
    /// How many plans it has.
    pub plans_total: u32,
}

/// How far a phase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseStatus {
    /// Finished.
    Done,
    /// The one that is worked on.
    Current,
    /// To come.
    Todo,
}

/// Why `state.json` was not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateProblem {
    /// A contract that this version does not know.
    #[error(
        ".planning/state.json has the contract {found}, this Reprise reads 1.x; update Reprise to see all of the plan"
    )]
    UnknownContract {
        /// What it says.
        found: String,
    },
    /// Not what the contract promises.
    #[error(
        ".planning/state.json cannot be read ({why}); the next command of get-shit-done writes it anew"
    )]
    Unreadable {
        /// What is wrong.
        why: String,
    },
}

/// Reads what `.planning` says; none where there is no plan. `config_dir` is Claude Code's
/// configuration folder, where a suggested command may be installed.
///
/// # Errors
/// [`PlanningError`], where a file is there and cannot be read.
pub fn read_planning(
    workspace: &Path,
    config_dir: &Path,
) -> Result<Option<PlanningState>, PlanningError> {
    let file = |name: &str| {
        read(
            workspace,
            &Path::new(PLANNING_DIR).join(name),
            MAX_FILE_BYTES,
        )
    };
    let roadmap = file("ROADMAP.md")?.unwrap_or_default();
    let state = file("STATE.md")?.unwrap_or_default();
    let mut problem = None;
    let published = match file("state.json")?.map(|text| state_json::parse(&text)) {
        Some(Ok(published)) => Some(published),
        Some(Err(wrong)) => {
            problem = Some(wrong);
            None
        }
        None => None,
    };
    if published.is_none() && problem.is_none() && roadmap.is_empty() && state.is_empty() {
        return Ok(None);
    }
    let source = match &published {
        Some(_) => Source::StateJson,
        None => Source::Markdown,
    };
    let mut found = published.unwrap_or_else(|| markdown::parse(&roadmap, &state));
    markdown::keep_active_milestone(&mut found, &roadmap);
    found.phases.truncate(MAX_PHASES);
    count_plans(workspace, &mut found.phases, &roadmap)?;
    settle_current(&mut found.phases);
    if source == Source::Markdown {
        found.next = next_command(&found.phases);
    }
    Ok(Some(PlanningState {
        source,
        milestone: found.milestone.map(|milestone| PlannedMilestone {
            version: milestone.version.map(shown),
            name: milestone.name.map(shown),
            status: milestone.status.map(shown),
        }),
        phases: found
            .phases
            .into_iter()
            .map(|phase| Phase {
                number: one_line(&phase.number, 16),
                name: shown(phase.name),
                ..phase
            })
            .collect(),
        next: found
            .next
            .map(|command| one_line(&command, MAX_COMMAND_CHARS))
            .filter(|command| command.starts_with('/'))
            .map(|command| as_installed(workspace, config_dir, &command)),
        problem,
        written_at: written_at(workspace, source),
    }))
}

/// When the newest of a source's files was written.
fn written_at(workspace: &Path, source: Source) -> Option<Timestamp> {
    let files: &[&str] = match source {
        Source::StateJson => &["state.json"],
        Source::Markdown => &["ROADMAP.md", "STATE.md"],
    };
    files
        .iter()
        .filter_map(|name| {
            let found = std::fs::metadata(workspace.join(PLANNING_DIR).join(name)).ok()?;
            Timestamp::try_from(found.modified().ok()?).ok()
        })
        .max()
}

/// What a file says, before it is brought within limits.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub milestone: Option<PlannedMilestone>,
    pub phases: Vec<Phase>,
    pub next: Option<String>,
}

fn shown(text: String) -> String {
    one_line(&text, MAX_TEXT_CHARS)
}

/// Counts the plans of each phase in its folder in `.planning/phases/`: `NN-MM-PLAN.md`, done
/// once there is an `NN-MM-SUMMARY.md`. A phase without plans there keeps what the roadmap
/// says.
fn count_plans(workspace: &Path, phases: &mut [Phase], roadmap: &str) -> Result<(), PlanningError> {
    let all: PathBuf = Path::new(PLANNING_DIR).join("phases");
    let folders = names(workspace, &all)?;
    let planned = markdown::plan_counts(roadmap);
    for phase in phases {
        let folder = folders.iter().find(|folder| {
            let number = folder.split('-').next().unwrap_or_default();
            same_number(number, &phase.number)
        });
        let (mut done, mut total) = (0, 0);
        if let Some(folder) = folder {
            let files = names(workspace, &all.join(folder))?;
            for plan in files.iter().filter_map(|name| name.strip_suffix("PLAN.md")) {
                total += 1;
                done += u32::from(
                    files
                        .iter()
                        .any(|name| *name == format!("{plan}SUMMARY.md")),
                );
            }
        }
        if total == 0
            && let Some((_, counts)) = planned
                .iter()
                .find(|(number, _)| same_number(number, &phase.number))
        {
            (done, total) = *counts;
        }
        (phase.plans_done, phase.plans_total) = (done, total);
    }
    Ok(())
}

/// Folders are called `03-name` and `02.1-name` where the roadmap says `3` and `2.1`.
pub(super) fn same_number(a: &str, b: &str) -> bool {
    fn plain(number: &str) -> Vec<&str> {
        number
            .split('.')
            .map(|part| part.trim_start_matches('0'))
            .collect()
    }
    !a.is_empty() && plain(a) == plain(b)
}

/// Where no phase is said to be worked on, the first that is begun is, else the first to come.
fn settle_current(phases: &mut [Phase]) {
    if phases
        .iter()
        .any(|phase| phase.status == PhaseStatus::Current)
    {
        return;
    }
    let begun = phases
        .iter()
        .position(|phase| phase.status == PhaseStatus::Todo && phase.plans_done > 0);
    let first = phases
        .iter()
        .position(|phase| phase.status == PhaseStatus::Todo);
    if let Some(index) = begun.or(first) {
        phases[index].status = PhaseStatus::Current;
    }
}

/// What comes next by get-shit-done's own order of work: plan a phase, execute its plans, and
/// complete the milestone after the last.
fn next_command(phases: &[Phase]) -> Option<String> {
    let current = phases
        .iter()
        .find(|phase| phase.status == PhaseStatus::Current);
    match current {
        Some(phase) if phase.plans_total == 0 => Some(format!("/gsd:plan-phase {}", phase.number)),
        Some(phase) if phase.plans_done < phase.plans_total => {
            Some(format!("/gsd:execute-phase {}", phase.number))
        }
        Some(phase) => Some(format!("/gsd:verify-work {}", phase.number)),
        None if phases.is_empty() => None,
        None => Some("/gsd:complete-milestone".to_owned()),
    }
}
