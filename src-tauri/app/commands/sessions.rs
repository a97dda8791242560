//! Starting and ending a project's terminals.

use reprise_core::model::{ProjectId, TerminalKey};
use tauri::ipc::Response;
use tauri::{AppHandle, State};

use super::terminal_of;
use crate::commands::preferences::look_for_claude;
use crate::dto::{ClaudeCheck, GridSize, StartChoice, StartOutcome, TerminalPalette, TerminalView};
use crate::error::{AppError, CommandResult};
use crate::state::{App, unblocked};
use crate::views;

/// The project's session: the live one, or a new start of its conversation.
#[tauri::command]
pub async fn start_session(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
    size: GridSize,
    palette: TerminalPalette,
    choice: Option<StartChoice>,
) -> CommandResult<StartOutcome> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    let view = views::first_view(size, &palette, &app.preferences.get())?;
    let choice = choice.map(views::choice).transpose()?;
    // A live session is there also while the store is not.
    let hosts = app.hosts.clone();
    let live = unblocked(move || {
        hosts
            .get(id, TerminalKey::Claude)
            .map_err(|error| AppError::host(id, TerminalKey::Claude, error))
    });
    if let Some(status) = live.await? {
        let build = app.build();
        return Ok(StartOutcome::Live {
            terminal: Box::new(views::terminal(&status, build.as_deref())),
        });
    }
    let sessions = app.sessions().await?;
    let core = sessions.core.clone();
    let started = unblocked(move || core.get_or_create(id, view, choice.as_ref())).await;
    app.live.find().await;
    let found_before = matches!(app.claude(), ClaudeCheck::Found { .. });
    if started.is_ok() != found_before {
        look_for_claude(handle);
    }
    Ok(views::outcome(started?, app.build().as_deref()))
}

/// Another shell in the project's workspace.
#[tauri::command]
pub async fn new_shell(
    app: State<'_, App>,
    project_id: String,
    size: GridSize,
    palette: TerminalPalette,
) -> CommandResult<TerminalView> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    let view = views::first_view(size, &palette, &app.preferences.get())?;
    let sessions = app.sessions().await?;
    let core = sessions.core.clone();
    let status = unblocked(move || core.new_shell(id, view)).await?;
    app.live.find().await;
    Ok(views::terminal(&status, app.build().as_deref()))
}

/// Ends a terminal's program, politely at first, and waits until it is gone. Needs no store.
#[tauri::command]
pub async fn end_terminal(
    app: State<'_, App>,
    project_id: String,
    terminal: String,
) -> CommandResult<()> {
    let (project, terminal) = terminal_of(&project_id, &terminal)?;
    let hosts = app.hosts.clone();
    let ending = unblocked(move || {
        hosts
            .close(project, terminal)
            .map_err(|error| AppError::host(project, terminal, error))
    });
    Ok(ending.await?)
}

/// The last picture of the project's session: a line of JSON with its size, then escape
/// sequences. Empty where none was kept.
#[tauri::command]
pub async fn last_picture(app: State<'_, App>, project_id: String) -> CommandResult<Response> {
    let project: ProjectId = project_id.parse().map_err(AppError::from)?;
    let hosts = app.hosts.clone();
    let picture = unblocked(move || Ok::<_, AppError>(hosts.last_picture(project))).await?;
    let mut bytes = Vec::new();
    if let Some(picture) = picture {
        let size = serde_json::json!({ "cols": picture.size.cols, "rows": picture.size.rows });
        bytes = format!("{size}\n").into_bytes();
        bytes.extend_from_slice(&picture.bytes);
    }
    Ok(Response::new(bytes))
}
