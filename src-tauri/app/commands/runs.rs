//! Unattended runs: `claude -p` in the project's host.

use std::path::PathBuf;

use reprise_core::model::{MilestoneId, ProjectId, TerminalKey, TerminalSize};
use reprise_core::project_sessions::{RunOptions, RunOutcome};
use tauri::{AppHandle, State};
use tauri_plugin_opener::OpenerExt;

use crate::dto::RunStarted;
use crate::error::{AppError, CommandResult};
use crate::events::Event;
use crate::state::{App, unblocked};
use crate::{views, work_views};

/// The grid of the progress that a run shows until a window says how large it is.
const SIZE: TerminalSize = TerminalSize {
    cols: 100,
    rows: 30,
};

/// Runs a milestone's command, or a prompt, with nobody to answer. The permission mode is the
/// person's choice.
#[tauri::command]
pub async fn run_unattended(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
    milestone_id: Option<String>,
    prompt: Option<String>,
    permission_mode: String,
) -> CommandResult<RunStarted> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    let milestone: Option<MilestoneId> = milestone_id
        .map(|milestone| milestone.parse())
        .transpose()
        .map_err(AppError::from)?;
    let core = app.sessions().await?.core;
    let started = unblocked(move || {
        let project = core.project(id)?;
        let prompt = match (prompt, milestone) {
            (Some(prompt), _) => prompt,
            (None, Some(milestone)) => {
                core.context_file(milestone)?;
                let command = core.milestone_command(&project);
                command.template.for_milestone(milestone)
            }
            (None, None) => String::new(),
        };
        let backup = core.back_up_before(&project, &prompt)?;
        let options = RunOptions {
            prompt,
            permission_mode,
            about: milestone.map(|milestone| milestone.to_string()),
        };
        match core.start_unattended(id, &options, SIZE)? {
            RunOutcome::Started(status) => {
                if let Some(milestone) = milestone {
                    core.note_begun(milestone)?;
                }
                Ok((status, backup))
            }
            RunOutcome::Refused(refusal) => Err(AppError::Run(Box::new(refusal))),
        }
    });
    let started = started.await;
    app.live.find().await;
    // A refused run has left its copy of the phases as well.
    Event::WorkChanged(id).send(&handle);
    let (status, backup) = started?;
    match &status.run {
        Some(run) => Ok(RunStarted {
            run: views::run(run),
            backup: backup.map(work_views::backup),
        }),
        None => Err(AppError::RunUnknown.into()),
    }
}

/// Opens the log of the run that goes on, or of the last one, in the person's own program.
#[tauri::command]
pub async fn open_run_log(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
) -> CommandResult<()> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    let live = app.live.statuses().into_iter().find_map(|status| {
        let claude = status.project == id && status.terminal == TerminalKey::Claude;
        claude.then_some(status.run)?.map(|run| run.log)
    });
    let core = app.sessions().await?.core;
    let opening = unblocked(move || {
        let log = live
            .or_else(|| {
                core.runs(id)
                    .into_iter()
                    .next()
                    .map(|record| record.run.log)
            })
            .ok_or(AppError::RunUnknown)?;
        handle
            .opener()
            .open_path(PathBuf::from(log).to_string_lossy(), None::<String>)
            .map_err(|error| AppError::Internal {
                reason: error.to_string(),
            })
    });
    Ok(opening.await?)
}
