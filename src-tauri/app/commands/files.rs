//! Files that are named in a terminal.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tauri::{AppHandle, State};
use tauri_plugin_opener::OpenerExt;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::terminal_of;
use crate::dto::{EditorsView, FilePosition, NamedFile};
use crate::editors;
use crate::error::{AppError, CommandResult};
use crate::open_file::{EditorCommand, OpenError, Places, Position};
use crate::platform;
use crate::state::{App, unblocked};

/// The most names of one question; the window asks for one line at a time.
const MAX_NAMES: usize = 64;
/// A folder on a disk that does not answer must not be waited for.
const LOOK_PATIENCE: Duration = Duration::from_secs(2);
/// The most such questions that are being looked up. Beyond it nothing is found.
static LOOKS: Semaphore = Semaphore::const_new(4);

/// Which of these names, as a program wrote them into this terminal, are files or folders.
/// `folder` is where the program said that it is (OSC 7).
#[tauri::command]
pub async fn find_files(
    app: State<'_, App>,
    project_id: String,
    terminal: String,
    folder: Option<String>,
    names: Vec<String>,
) -> CommandResult<Vec<Option<NamedFile>>> {
    let (project, terminal) = terminal_of(&project_id, &terminal)?;
    if names.len() > MAX_NAMES {
        return Err(AppError::InvalidRequest {
            reason: format!("{} names at once", names.len()),
        }
        .into());
    }
    let nothing = vec![None; names.len()];
    let status = app
        .live
        .statuses()
        .into_iter()
        .find(|status| status.project == project && status.terminal == terminal);
    let (Some(status), Ok(look)) = (status, LOOKS.try_acquire()) else {
        return Ok(nothing);
    };
    let looking = unblocked(move || {
        let _look = look;
        let workspace = PathBuf::from(&status.workspace);
        let places = Places {
            folders: [
                reprise_core::process::working_directory(status.program_pid),
                folder
                    .map(PathBuf::from)
                    .filter(|folder| folder.is_absolute()),
                Some(workspace.clone()),
            ]
            .into_iter()
            .flatten()
            .collect(),
            home: std::env::home_dir(),
            machine: reprise_core::machine::host_name(),
        };
        let workspace = workspace.canonicalize().unwrap_or(workspace);
        let found = names
            .iter()
            .map(|name| named(&places.find(name)?, &workspace));
        Ok::<_, AppError>(found.collect())
    });
    match timeout(LOOK_PATIENCE, looking).await {
        Ok(found) => Ok(found?),
        Err(_) => Ok(nothing),
    }
}

/// A file as the window shows it: none whose name is no text.
fn named(path: &Path, workspace: &Path) -> Option<NamedFile> {
    Some(NamedFile {
        path: path.to_str()?.to_owned(),
        within: path
            .strip_prefix(workspace)
            .ok()
            .and_then(|within| Some(within.to_str()?.to_owned())),
        is_folder: path.is_dir(),
    })
}

/// Opens a file that [`find_files`] found in the editor of the preferences, or the system's for
/// text; a folder in the person's file manager. `path` is what the person was shown: when it
/// has become a link to something else, it is not opened.
#[tauri::command]
pub async fn open_file(
    handle: AppHandle,
    app: State<'_, App>,
    path: String,
    position: Option<FilePosition>,
) -> CommandResult<()> {
    let shown = Arc::new(PathBuf::from(&path));
    let file = shown.clone();
    let is_folder = unblocked(move || {
        let same = file.canonicalize().is_ok_and(|now| now == *file);
        let kind = file.metadata().ok().filter(|_| same);
        kind.filter(|kind| kind.is_file() || kind.is_dir())
            .map(|kind| kind.is_dir())
            .ok_or(AppError::FileGone { path })
    })
    .await?;
    let editor = app.preferences.get().editor;
    if let (Some(editor), false) = (editor, is_folder) {
        let failed = |reason| AppError::Editor {
            command: editor.clone(),
            reason,
        };
        let command = EditorCommand::parse(&editor).map_err(|error| failed(error.to_string()))?;
        let path = search_path(&app).await?;
        let at = position.map(|at| Position {
            line: at.line,
            column: at.column,
        });
        let opened = command.open(&shown, at, &path).await;
        return Ok(opened.map_err(|error| match error {
            OpenError::Missing => AppError::EditorMissing {
                program: command.program().to_owned(),
            },
            OpenError::Failed(reason) => failed(reason),
        })?);
    }
    let opening = unblocked(move || {
        let opened = if is_folder {
            let folder = shown.to_string_lossy().into_owned();
            let opened = handle.opener().open_path(folder, None::<String>);
            opened.map_err(|error| error.to_string())
        } else {
            platform::open_text(&shown)
        };
        opened.map_err(|reason| AppError::NoEditor { reason })
    });
    Ok(opening.await?)
}

/// The editors to choose from, and which of them are on this computer.
#[tauri::command]
pub async fn editors(app: State<'_, App>) -> CommandResult<EditorsView> {
    let chosen = app.preferences.get().editor;
    let path = search_path(&app).await?;
    let looking = unblocked(move || Ok::<_, AppError>(editors::editors(chosen.as_deref(), &path)));
    Ok(looking.await?)
}

/// Where programs are looked for: as in the person's shell, since an app that was started by a
/// double click knows less.
async fn search_path(app: &App) -> Result<OsString, AppError> {
    let core = app.sessions().await.ok().map(|sessions| sessions.core);
    unblocked(move || {
        let of_shell = core.and_then(|core| {
            let vars = &core.login_env().vars;
            let path = vars.iter().find(|(name, _)| name == "PATH");
            path.map(|(_, path)| path.clone())
        });
        let own = || std::env::var_os("PATH").unwrap_or_default();
        Ok::<_, AppError>(of_shell.unwrap_or_else(own))
    })
    .await
}
