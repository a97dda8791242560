//! The window itself: its first picture, and its end.

use tauri::{AppHandle, State};

use crate::closing;
use crate::complain::complain;
use crate::dto::{CloseDecision, OnClose, PreferencesPatch};
use crate::error::CommandResult;
use crate::state::{App, unblocked};

/// The page has drawn something.
#[tauri::command]
pub fn first_paint(app: State<'_, App>) {
    app.page.painted();
}

/// Closes the window as the person decided.
#[tauri::command]
pub async fn close_window(
    handle: AppHandle,
    app: State<'_, App>,
    decision: CloseDecision,
    remember: bool,
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
    closing::close(&handle, decision).await;
    Ok(())
}
