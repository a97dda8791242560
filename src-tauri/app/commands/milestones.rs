//! Milestones, their files, and the plan of a project.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use reprise_core::model::{MilestoneId, ProjectId, TerminalKey};
use reprise_core::planning::{self, Context};
use reprise_core::project_sessions::SessionsError;
use reprise_core::session::queue::{CommandId, NewCommand, check_text};
use tauri::{AppHandle, Manager, State};
use tauri_plugin_dialog::DialogExt;
use tauri_plugin_opener::OpenerExt;

use crate::commands::projects::checked_name;
use crate::dto::{
    GridSize, MilestoneStatus, MilestoneView, NewMilestone, ProjectWork, StartMilestoneOutcome,
    StartOutcome, TerminalPalette,
};
use crate::error::{AppError, CommandResult};
use crate::events::Event;
use crate::plans;
use crate::state::{App, unblocked};
use crate::{views, window, words, work_views};

/// The longest description of a milestone, in bytes. More belongs into a file.
const MAX_DESCRIPTION_BYTES: usize = 256 * 1024;
/// The most files that belong to a new milestone's context.
const MAX_FILES: usize = 50;

/// What a project works on. From then on the window is told when that changes.
#[tauri::command]
pub async fn project_work(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
) -> CommandResult<ProjectWork> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    let core = app.sessions().await?.core;
    let (work, project) = unblocked(move || {
        let work = core.work(id)?;
        Ok::<_, AppError>((work, core.project(id)?))
    })
    .await?;
    plans::watch(&handle, id, Path::new(&project.workspace_path));
    Ok(work_views::work(&project, work))
}

/// Creates a milestone with its context file. Nothing is sent to a session.
#[tauri::command]
pub async fn create_milestone(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
    milestone: NewMilestone,
) -> CommandResult<MilestoneView> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    if milestone.description.len() > MAX_DESCRIPTION_BYTES || milestone.files.len() > MAX_FILES {
        let reason = format!(
            "a milestone has a description of at most {MAX_DESCRIPTION_BYTES} bytes and {MAX_FILES} files"
        );
        return Err(AppError::InvalidRequest { reason }.into());
    }
    let context = Context {
        title: checked_name(&milestone.name)?,
        description: milestone.description,
        files: milestone.files.into_iter().map(PathBuf::from).collect(),
    };
    let core = app.sessions().await?.core;
    let created = unblocked(move || {
        let created = core.create_milestone(id, &context);
        // Where its files could not be written the milestone is there all the same.
        let project = core.project(id)?;
        Ok::<_, AppError>(work_views::milestone(&project, &created?))
    })
    .await;
    Event::WorkChanged(id).send(&handle);
    Ok(created?)
}

#[tauri::command]
pub async fn rename_milestone(
    handle: AppHandle,
    app: State<'_, App>,
    milestone_id: String,
    name: String,
) -> CommandResult<MilestoneView> {
    let name = checked_name(&name)?;
    change(&handle, &app, &milestone_id, move |core, id| {
        core.store().rename_milestone(id, &name, Timestamp::now())
    })
    .await
}

#[tauri::command]
pub async fn set_milestone_status(
    handle: AppHandle,
    app: State<'_, App>,
    milestone_id: String,
    status: MilestoneStatus,
) -> CommandResult<MilestoneView> {
    change(&handle, &app, &milestone_id, move |core, id| {
        core.store().set_milestone_status(
            id,
            None,
            work_views::milestone_status(status),
            Timestamp::now(),
        )
    })
    .await
}

/// Changes a milestone in the store and tells the window.
async fn change(
    handle: &AppHandle,
    app: &App,
    milestone_id: &str,
    change: impl FnOnce(
        &reprise_core::project_sessions::ProjectSessions,
        MilestoneId,
    ) -> Result<
        Option<reprise_core::model::Milestone>,
        reprise_core::store::StoreError,
    > + Send
    + 'static,
) -> CommandResult<MilestoneView> {
    let id: MilestoneId = milestone_id.parse().map_err(AppError::from)?;
    let core = app.sessions().await?.core;
    let (project, view) = unblocked(move || {
        let changed = change(&core, id)?.ok_or(SessionsError::NoSuchMilestone(id))?;
        let project = core.project(changed.project)?;
        Ok::<_, AppError>((project.id, work_views::milestone(&project, &changed)))
    })
    .await?;
    Event::WorkChanged(project).send(handle);
    Ok(view)
}

/// Opens a milestone's context file in the person's own editor; one that is gone is made anew.
#[tauri::command]
pub async fn open_milestone_context(
    handle: AppHandle,
    app: State<'_, App>,
    milestone_id: String,
) -> CommandResult<()> {
    open(handle, &app, &milestone_id, |context| context).await
}

/// Opens a milestone's folder in the person's own file manager.
#[tauri::command]
pub async fn open_milestone_folder(
    handle: AppHandle,
    app: State<'_, App>,
    milestone_id: String,
) -> CommandResult<()> {
    open(handle, &app, &milestone_id, |context| {
        context.parent().unwrap_or(context)
    })
    .await
}

/// Opens what belongs to a milestone's context file with the system's own program for it.
async fn open(
    handle: AppHandle,
    app: &App,
    milestone_id: &str,
    what: impl FnOnce(&Path) -> &Path + Send + 'static,
) -> CommandResult<()> {
    let id: MilestoneId = milestone_id.parse().map_err(AppError::from)?;
    let core = app.sessions().await?.core;
    let opening = unblocked(move || {
        let context = core.context_file(id)?;
        handle
            .opener()
            .open_path(what(&context).to_string_lossy(), None::<String>)
            .map_err(|error| AppError::Internal {
                reason: error.to_string(),
            })
    });
    Ok(opening.await?)
}

/// Asks for files that belong to a milestone's context; none when the person thought better.
#[tauri::command]
pub async fn choose_files(handle: AppHandle, app: State<'_, App>) -> CommandResult<Vec<String>> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let mut dialog = handle
        .dialog()
        .file()
        .set_title(words::CHOOSE_FILES.in_language(app.language()));
    if let Some(window) = handle.get_webview_window(window::LABEL) {
        dialog = dialog.set_parent(&window);
    }
    dialog.pick_files(move |files| {
        // The asker waits as long as the app runs.
        let _ = sender.send(files);
    });
    let chosen = receiver.await.ok().flatten().unwrap_or_default();
    Ok(chosen
        .into_iter()
        .filter_map(|file| Some(file.into_path().ok()?.to_str()?.to_owned()))
        .take(MAX_FILES)
        .collect())
}

/// Starts a milestone in the project's session: with its start, or through its queue. Before a
/// command that may delete the plan's phases they are copied.
#[tauri::command]
pub async fn start_milestone(
    handle: AppHandle,
    app: State<'_, App>,
    milestone_id: String,
    size: GridSize,
    palette: TerminalPalette,
) -> CommandResult<StartMilestoneOutcome> {
    let id: MilestoneId = milestone_id.parse().map_err(AppError::from)?;
    let view = views::first_view(size, &palette, &app.preferences.get())?;
    let sessions = app.sessions().await?;
    let core = sessions.core.clone();
    let started = unblocked(move || {
        let (_, project) = core.milestone(id)?;
        core.context_file(id)?;
        let template = core.milestone_command(&project).template;
        let command = NewCommand {
            id: CommandId::generate(),
            text: template.for_milestone(id),
            about: Some(id.to_string()),
        };
        check_text(&command.text).map_err(SessionsError::Refused)?;
        let backup = core.back_up_before(&project, &command.text)?;
        let was_live = core
            .hosts()
            .get(project.id, TerminalKey::Claude)
            .is_ok_and(|status| status.is_some());
        let outcome = core.get_or_create_with(project.id, view, None, Some(&command))?;
        Ok::<_, AppError>((project.id, outcome, command.id, backup, was_live))
    })
    .await;
    app.live.find().await;
    let (project, outcome, command, backup, was_live) = started?;
    let backup = backup.map(work_views::backup);
    Event::WorkChanged(project).send(&handle);
    Ok(match views::outcome(outcome, app.build().as_deref()) {
        StartOutcome::Live { .. } if was_live => StartMilestoneOutcome::Queued {
            command_id: command.to_string(),
            backup,
        },
        StartOutcome::Live { terminal } => StartMilestoneOutcome::Started { terminal, backup },
        StartOutcome::CannotResume { failure } => {
            StartMilestoneOutcome::CannotResume { failure, backup }
        }
    })
}

/// Puts a copy of the plan's phases in their place.
#[tauri::command]
pub async fn restore_phases(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
    backup_id: String,
) -> CommandResult<()> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    let core = app.sessions().await?.core;
    unblocked(move || core.restore_phases(id, &backup_id)).await?;
    Event::WorkChanged(id).send(&handle);
    Ok(())
}

/// Sets the template of the command that starts the project's milestones; none looks for it.
#[tauri::command]
pub async fn set_milestone_command(
    handle: AppHandle,
    app: State<'_, App>,
    project_id: String,
    template: Option<String>,
) -> CommandResult<()> {
    let id: ProjectId = project_id.parse().map_err(AppError::from)?;
    if let Some(template) = &template {
        // As long as it becomes with the longest path in it.
        let longest = planning::CommandTemplate::set_by_person(template)
            .for_milestone(MilestoneId::generate());
        check_text(&longest)
            .map_err(|refusal| AppError::Sessions(SessionsError::Refused(refusal)))?;
    }
    let core = app.sessions().await?.core;
    unblocked(move || {
        let mut launch = core.project(id)?.launch;
        launch.milestone_command = template;
        core.store()
            .set_launch_options(id, &launch, Timestamp::now())?
            .ok_or(SessionsError::NoSuchProject(id))
    })
    .await?;
    Event::WorkChanged(id).send(&handle);
    Ok(())
}
