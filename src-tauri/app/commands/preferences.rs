//! What the person chose.

use std::time::Duration;

use tauri::{AppHandle, Manager, State};
use tokio::time::sleep;

use crate::dto::{ClaudeCheck, Preferences, PreferencesPatch};
use crate::error::{AppError, CommandResult};
use crate::events::Event;
use crate::platform;
use crate::state::{App, unblocked};
use crate::window;

const LOOK_FOR_CLAUDE_EVERY: Duration = Duration::from_secs(3);

#[tauri::command]
pub async fn set_preferences(
    handle: AppHandle,
    app: State<'_, App>,
    patch: PreferencesPatch,
) -> CommandResult<Preferences> {
    let theme = patch.theme;
    let claude_path = patch.claude_path.clone();
    if patch.last_project.is_some() {
        app.page_turned();
    }
    let preferences = app.preferences.clone();
    let changed = unblocked(move || preferences.change(patch)).await;
    if let (Some(theme), Some(window)) = (theme, handle.get_webview_window(window::LABEL)) {
        window::recolour(&window, theme).map_err(AppError::from)?;
    }
    if let Some(path) = claude_path {
        app.sessions().await?.core.choose_cli(path.map(Into::into));
        look_for_claude(handle.clone());
    }
    app.shell.changed();
    Ok(changed?)
}

/// The families of fonts on this computer that suit a terminal, by name.
#[tauri::command]
pub async fn monospace_fonts(handle: AppHandle) -> CommandResult<Vec<String>> {
    Ok(platform::monospace_fonts(&handle)
        .await
        .map_err(|reason| AppError::Internal { reason })?)
}

/// Those of these families of fonts that are on this computer.
#[tauri::command]
pub async fn installed_fonts(handle: AppHandle, names: Vec<String>) -> CommandResult<Vec<String>> {
    Ok(platform::installed_fonts(&handle, names)
        .await
        .map_err(|reason| AppError::Internal { reason })?)
}

/// Looks for Claude Code, which takes a while, and says when that changed something. As long
/// as there is none, it looks again now and then: the person may be installing it.
pub fn look_for_claude(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        let state = app.state::<App>();
        let Some(_turn) = state.begin_claude_search() else {
            return;
        };
        loop {
            if state.look_for_claude().await {
                Event::NoticesChanged.send(&app);
            }
            if matches!(state.claude(), ClaudeCheck::Found { .. }) {
                return;
            }
            sleep(LOOK_FOR_CLAUDE_EVERY).await;
        }
    });
}
