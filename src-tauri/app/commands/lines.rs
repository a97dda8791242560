//! The lines of a terminal: searching them, and saving them as a file.

use std::path::PathBuf;

use jiff::Zoned;
use reprise_core::session::client::{BlockingConnection, ClientError};
use reprise_core::session::find::FindQuery;
use tauri::{AppHandle, Manager, State};
use tauri_plugin_dialog::DialogExt;

use super::terminal_of;
use crate::dto::{FindOutcome, FindText, SavedText};
use crate::error::{AppError, CommandResult};
use crate::saved_text;
use crate::state::{App, unblocked};
use crate::{window, words};

/// Searches all lines that the terminal's host has.
#[tauri::command]
pub async fn find_in_terminal(
    app: State<'_, App>,
    project_id: String,
    terminal: String,
    text: FindText,
) -> CommandResult<FindOutcome> {
    let (project, terminal) = terminal_of(&project_id, &terminal)?;
    let lock = app.hosts.lock(project, terminal);
    let query = FindQuery {
        pattern: text.pattern,
        regex: text.regex,
        case_sensitive: text.case_sensitive,
        whole_word: text.whole_word,
        prompts: text.prompts,
    };
    let searching = unblocked(move || {
        let found = BlockingConnection::open(&lock).and_then(|mut host| host.find(&query));
        found.map_err(|error| AppError::host(project, terminal, error))
    });
    Ok(searching.await?.into())
}

/// Asks for a file and writes all lines that the terminal's host has into it; none when the
/// person thought better. `coloured`: with the escape sequences of their looks.
#[tauri::command]
pub async fn save_scrollback(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
    terminal: String,
    coloured: bool,
) -> CommandResult<Option<SavedText>> {
    let (project, terminal) = terminal_of(&project_id, &terminal)?;
    let status = app
        .live
        .statuses()
        .into_iter()
        .find(|status| status.project == project && status.terminal == terminal)
        .ok_or_else(|| {
            let lock = app.hosts.lock(project, terminal);
            AppError::host(project, terminal, ClientError::NotRunning { lock })
        })?;
    let now = Zoned::now().strftime("%Y-%m-%d %H.%M.%S").to_string();
    let name = saved_text::file_name(&status.name, &terminal.to_string(), &now, coloured);
    let Some(file) = ask(&handle, &app, &status.workspace, name).await else {
        return Ok(None);
    };
    let lock = app.hosts.lock(project, terminal);
    let path = file.to_string_lossy().into_owned();
    let saving = unblocked(move || {
        saved_text::save(&lock, &file, coloured).map_err(|error| match error {
            saved_text::SaveError::Host(error) => AppError::host(project, terminal, error),
            saved_text::SaveError::File(error) => AppError::TextNotSaved {
                file,
                reason: error.to_string(),
            },
        })
    });
    let lines = saving.await?;
    Ok(Some(SavedText { path, lines }))
}

async fn ask(handle: &AppHandle, app: &App, folder: &str, name: String) -> Option<PathBuf> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let mut dialog = handle
        .dialog()
        .file()
        .set_title(words::SAVE_SCROLLBACK.in_language(app.language()))
        .set_directory(folder)
        .set_file_name(name);
    if let Some(window) = handle.get_webview_window(window::LABEL) {
        dialog = dialog.set_parent(&window);
    }
    dialog.save_file(move |file| {
        // The asker waits as long as the app runs.
        let _ = sender.send(file);
    });
    receiver.await.ok().flatten()?.into_path().ok()
}
