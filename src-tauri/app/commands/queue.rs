//! The commands that wait to be typed into a session.

use reprise_core::model::{ProjectId, TerminalKey};
use reprise_core::project_sessions::SessionsError;
use reprise_core::session::queue::{CommandId, NewCommand, QueueRequest, check_text};
use tauri::{AppHandle, State};

use crate::dto::{BackupView, QueueChange, QueueOutcome};
use crate::error::{AppError, CommandResult};
use crate::events::Event;
use crate::state::{App, unblocked};
use crate::work_views;

/// Puts a command into the queue of a session that runs. Before one that may delete the
/// plan's phases they are copied.
#[tauri::command]
pub async fn queue_command(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
    text: String,
) -> CommandResult<QueueOutcome> {
    let project: ProjectId = project_id.parse().map_err(AppError::from)?;
    let id = CommandId::generate();
    let command = NewCommand {
        id,
        text,
        about: None,
    };
    check_text(&command.text)
        .map_err(|refusal| AppError::Sessions(SessionsError::Refused(refusal)))?;
    let backup = back_up_before(&handle, &app, project, command.text.clone()).await?;
    change(&app, project, QueueRequest::Add(command)).await?;
    Ok(QueueOutcome {
        command_id: id.to_string(),
        backup,
    })
}

/// Changes a command in the queue, or takes it out.
#[tauri::command]
pub async fn queue_change(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
    change: QueueChange,
) -> CommandResult<()> {
    let project: ProjectId = project_id.parse().map_err(AppError::from)?;
    if let QueueChange::Edit { text, .. } = &change {
        back_up_before(&handle, &app, project, text.clone()).await?;
    }
    Ok(self::change(&app, project, work_views::queue_request(change)?).await?)
}

async fn back_up_before(
    handle: &AppHandle,
    app: &App,
    project: ProjectId,
    command: String,
) -> Result<Option<BackupView>, AppError> {
    let core = app.sessions().await?.core;
    let backup = unblocked(move || {
        let project = core.project(project)?;
        core.back_up_before(&project, &command)
    });
    let backup = backup.await?;
    if backup.is_some() {
        Event::WorkChanged(project).send(handle);
    }
    Ok(backup.map(work_views::backup))
}

async fn change(app: &App, project: ProjectId, request: QueueRequest) -> Result<(), AppError> {
    let hosts = app.hosts.clone();
    let answer = unblocked(move || {
        hosts
            .queue(project, &request)
            .map_err(|error| AppError::host(project, TerminalKey::Claude, error))
    });
    match answer.await?.refused {
        Some(refused) => Err(AppError::Queue(refused)),
        None => Ok(()),
    }
}
