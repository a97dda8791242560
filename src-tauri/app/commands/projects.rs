//! The list of projects, and what changes it.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use reprise_core::model::ProjectId;
use reprise_core::project_sessions::SessionsError;
use tauri::{AppHandle, Manager, State};
use tauri_plugin_dialog::DialogExt;

use crate::dto::{Bootstrap, LaunchOptions, Notice, ProjectView, ProjectsUpdate};
use crate::error::{AppError, CommandResult};
use crate::events::Event;
use crate::state::{App, unblocked};
use crate::words::{self, Words};
use crate::{platform, views, window};

/// The longest name of a project, in characters.
const MAX_NAME: usize = 200;

/// Everything for the first picture, and for one after more than the list has changed. `since`
/// as for `list_projects`.
#[tauri::command]
pub async fn bootstrap(app: State<'_, App>, since: u64) -> CommandResult<Bootstrap> {
    app.live.look().await;
    app.open_requested().await;
    let show = app.to_show().await;
    let projects = app.projects_with(since, show.as_deref()).await;
    Ok(Bootstrap {
        projects,
        preferences: app.preferences.get(),
        store: app.store_view().await,
        notices: app.notices(),
        locale: app.language(),
        platform: platform::system(),
        home: app
            .folders
            .home()
            .map(|home| home.display().to_string())
            .unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        claude: app.claude(),
        show,
        fronts: app
            .preferences
            .fronts()
            .into_iter()
            .map(|(project, front)| (project.to_string(), front.to_string()))
            .collect(),
    })
}

/// What of the list changed after the update that the page has; `since` is 0 for a page that
/// has none.
#[tauri::command]
pub async fn list_projects(
    handle: AppHandle,
    app: State<'_, App>,
    since: u64,
) -> CommandResult<ProjectsUpdate> {
    let (update, store_changed) = app.projects_since(since).await;
    if store_changed {
        Event::NoticesChanged.send(&handle);
    }
    Ok(update)
}

#[tauri::command]
pub fn list_notices(app: State<'_, App>) -> Vec<Notice> {
    app.notices()
}

/// Asks for a folder; none when the person thought better of it.
#[tauri::command]
pub async fn open_folder(
    handle: AppHandle,
    app: State<'_, App>,
) -> CommandResult<Option<Arc<ProjectView>>> {
    let near = app.near_last_project().await;
    match ask_for_folder(&handle, &words::OPEN_FOLDER, near).await {
        Some(path) => open(&app, path).await.map(Some),
        None => Ok(None),
    }
}

#[tauri::command]
pub async fn open_path(app: State<'_, App>, path: String) -> CommandResult<Arc<ProjectView>> {
    open(&app, path.into()).await
}

async fn open(app: &App, path: PathBuf) -> CommandResult<Arc<ProjectView>> {
    let core = app.sessions().await?.core;
    let project = unblocked(move || core.open_folder(&path)).await?;
    Ok(app.project(project.id).await?)
}

#[tauri::command]
pub async fn rename_project(
    app: State<'_, App>,
    project_id: String,
    name: String,
) -> CommandResult<Arc<ProjectView>> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    let name = checked_name(&name)?;
    let core = app.sessions().await?.core;
    unblocked(move || {
        core.store()
            .rename_project(id, &name, Timestamp::now())?
            .ok_or(SessionsError::NoSuchProject(id))
    })
    .await?;
    Ok(app.project(id).await?)
}

/// Asks where the project's folder is now; none when the person thought better of it.
#[tauri::command]
pub async fn locate_folder(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
) -> CommandResult<Option<Arc<ProjectView>>> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    let core = app.sessions().await?.core;
    let before = {
        let core = core.clone();
        unblocked(move || core.project(id)).await?
    };
    let near = PathBuf::from(before.workspace_path)
        .ancestors()
        .find(|folder| folder.is_dir())
        .map(PathBuf::from);
    let Some(path) = ask_for_folder(&handle, &words::LOCATE_FOLDER, near).await else {
        return Ok(None);
    };
    unblocked(move || core.move_project(id, &path)).await?;
    Ok(Some(app.project(id).await?))
}

/// Forgets a project. Its folder and its conversations are not touched.
#[tauri::command]
pub async fn remove_project(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
) -> CommandResult<()> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    let core = app.sessions().await?.core;
    unblocked(move || core.remove_project(id)).await?;
    Event::ProjectsChanged.send(&handle);
    Ok(())
}

#[tauri::command]
pub async fn set_launch_options(
    app: State<'_, App>,
    project_id: String,
    launch: LaunchOptions,
) -> CommandResult<Arc<ProjectView>> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    let core = app.sessions().await?.core;
    unblocked(move || {
        core.store()
            .set_launch_options(id, &views::launch_options(launch), Timestamp::now())?
            .ok_or(SessionsError::NoSuchProject(id))
    })
    .await?;
    Ok(app.project(id).await?)
}

/// The system's dialog for a folder.
async fn ask_for_folder(app: &AppHandle, title: &Words, near: Option<PathBuf>) -> Option<PathBuf> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let mut dialog = app
        .dialog()
        .file()
        .set_title(title.in_language(app.state::<App>().language()));
    if let Some(window) = app.get_webview_window(window::LABEL) {
        dialog = dialog.set_parent(&window);
    }
    if let Some(near) = near {
        dialog = dialog.set_directory(near);
    }
    dialog.pick_folder(move |folder| {
        // The asker waits as long as the app runs.
        let _ = sender.send(folder);
    });
    receiver.await.ok()??.into_path().ok()
}

/// One line that says something.
pub fn checked_name(name: &str) -> Result<String, AppError> {
    let name: String = name
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(AppError::InvalidRequest {
            reason: format!("a project's name has 1 to {MAX_NAME} characters"),
        });
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_says_something() {
        assert_eq!(checked_name("  ação\n\u{7}2 ").unwrap(), "ação  2");
        assert!(checked_name(" \n").is_err());
        assert!(checked_name(&"x".repeat(201)).is_err());
    }
}
