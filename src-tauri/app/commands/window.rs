//! The window itself: its first picture, and its end.

use tauri::{AppHandle, State};

use crate::closing;
use crate::complain::complain;
use crate::dto::{CloseDecision, FrontView, OnClose, PreferencesPatch};
use crate::error::{AppError, CommandResult};
use crate::front::Shown;
use crate::shell;
use crate::state::{App, unblocked};

/// The page has drawn something.
#[tauri::command]
pub fn first_paint(app: State<'_, App>) {
    app.page.painted();
}

/// The page shows a terminal, or what stands in its place.
#[tauri::command]
pub fn first_terminal(app: State<'_, App>) {
    app.page.is_ready();
}

/// The key that closes the window does what its button does.
#[tauri::command]
pub fn request_close(handle: AppHandle) {
    closing::requested(&handle);
}

/// The page has something else in front: what the menu bar and the notifications go by.
#[tauri::command]
pub fn set_front(handle: AppHandle, front: FrontView) -> CommandResult<()> {
    let parsed = |id: Option<String>| id.map(|id| id.parse()).transpose();
    let shown = Shown {
        project: parsed(front.project_id).map_err(AppError::from)?,
        terminal: front
            .terminal
            .map(|terminal| terminal.parse())
            .transpose()
            .map_err(AppError::from)?,
        has_selection: front.has_selection,
        dialog_open: front.dialog_open,
    };
    shell::shown(&handle, shown);
    Ok(())
}

/// Closes the window as the person decided.
#[tauri::command]
pub async fn close_window(
    handle: AppHandle,
    app: State<'_, App>,
    decision: CloseDecision,
    remember: bool,
    to_tray: bool,
) -> CommandResult<()> {
    if remember {
        let preferences = app.preferences.clone();
        let patch = PreferencesPatch {
            on_close: Some(match decision {
                CloseDecision::Keep => OnClose::Keep,
                CloseDecision::End => OnClose::End,
            }),
            ..PreferencesPatch::default()
        };
        // The window closes all the same; the question comes again next time.
        if let Err(error) = unblocked(move || preferences.change(patch)).await {
            complain(format_args!("{error}"));
        }
    }
    closing::close(&handle, decision, to_tray).await;
    Ok(())
}
