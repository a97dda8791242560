//! Puts the app together and runs it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reprise_core::claude::launch::open_workspace;
use reprise_core::fingerprint;
use reprise_core::folders::Folders;
use tauri::{AppHandle, Manager, WindowEvent};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::chosen_store::ChosenStore;
use crate::commands::{
    desktop, files, lines, milestones, preferences, projects, queue, runs, sessions, store,
    terminals, window as window_commands,
};
use crate::complain::complain;
use crate::events::Event;
use crate::preferences::PreferencesFile;
use crate::state::App;
use crate::{
    arguments, closing, page, pasted_images, plans, platform, presence, shell, team, window,
};

const IDENTIFIER: &str = "dev.reprise.Reprise";
/// The page shows its first terminal within this time, or waits for something else.
const FIRST_TERMINAL: Duration = Duration::from_secs(3);
/// A window that is being moved has come to rest after this much time.
const AT_REST_AFTER: Duration = Duration::from_millis(400);

/// Opens the window, and a folder in it; or hands over to the Reprise that runs already.
pub fn run(folder: Option<PathBuf>, store: ChosenStore) -> ExitCode {
    match build(folder, store) {
        Ok(app) => {
            app.run(|_, _| {});
            ExitCode::SUCCESS
        }
        Err(message) => {
            complain(format_args!("{message}"));
            ExitCode::FAILURE
        }
    }
}

fn build(folder: Option<PathBuf>, store: ChosenStore) -> Result<tauri::App, String> {
    let folder = folder
        .map(|folder| open_workspace(&folder))
        .transpose()
        .map_err(|error| error.to_string())?;
    let folders = Folders::from_env(|name| std::env::var_os(name)).map_err(|e| e.to_string())?;
    platform::spare_gl();
    platform::check_display()?;
    platform::leave_keys_to_the_session();
    platform::keep_carets_steady();
    let moved = Arc::new(Notify::new());
    let moving = moved.clone();
    tauri::Builder::default()
        .plugin(
            tauri_plugin_single_instance::Builder::new()
                .dbus_id(instance_name(&folders))
                .callback(handed_over)
                .build(),
        )
        .plugin(tauri_plugin_store::Builder::new().build())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .invoke_handler(tauri::generate_handler![
            desktop::write_clipboard,
            desktop::read_clipboard,
            desktop::write_primary,
            desktop::read_primary,
            desktop::paste_image,
            desktop::open_link,
            files::find_files,
            files::open_file,
            files::editors,
            lines::find_in_terminal,
            lines::save_scrollback,
            preferences::set_preferences,
            preferences::monospace_fonts,
            preferences::installed_fonts,
            projects::bootstrap,
            projects::list_projects,
            projects::list_notices,
            projects::open_folder,
            projects::open_path,
            projects::rename_project,
            projects::locate_folder,
            projects::remove_project,
            projects::set_launch_options,
            milestones::project_work,
            milestones::create_milestone,
            milestones::rename_milestone,
            milestones::set_milestone_status,
            milestones::open_milestone_context,
            milestones::open_milestone_folder,
            milestones::choose_files,
            milestones::start_milestone,
            milestones::restore_phases,
            milestones::set_milestone_command,
            queue::queue_command,
            queue::queue_change,
            runs::run_unattended,
            runs::open_run_log,
            sessions::start_session,
            sessions::new_shell,
            sessions::end_terminal,
            sessions::last_picture,
            store::store_view,
            store::read_connection,
            store::test_store,
            store::use_store,
            store::give_store_password,
            store::ask_keyring,
            store::settle_conflict,
            store::import_local,
            store::import_progress,
            store::stop_import,
            terminals::attach_terminal,
            terminals::terminal_input,
            terminals::resize_terminal,
            terminals::ack_terminal,
            terminals::detach_terminal,
            terminals::set_palette,
            window_commands::first_paint,
            window_commands::first_terminal,
            window_commands::request_close,
            window_commands::close_window,
            window_commands::set_front,
        ])
        .on_window_event(move |window, event| match event {
            WindowEvent::CloseRequested { api, .. } => {
                api.prevent_close();
                closing::requested(window.app_handle());
            }
            WindowEvent::Focused(focused) => shell::focused(window.app_handle(), *focused),
            event if window::moves(event) => moving.notify_one(),
            _ => {}
        })
        .on_menu_event(|app, event| shell::chosen_in_menu(app, &event))
        .setup(move |app| {
            if let Err(error) = set_up(app.handle(), folders, store, folder, moved) {
                complain(format_args!("the window could not be opened: {error}"));
                std::process::exit(1);
            }
            Ok(())
        })
        .build(tauri::generate_context!())
        .map_err(|error| error.to_string())
}

fn set_up(
    app: &AppHandle,
    folders: Folders,
    store: ChosenStore,
    folder: Option<String>,
    moved: Arc<Notify>,
) -> tauri::Result<()> {
    let preferences = PreferencesFile::open(app, folders.preferences_dir(), Timestamp::now());
    let place = preferences.window();
    let theme = preferences.get().theme;
    let to_open = folder.clone().map(PathBuf::from);
    let images = folders.pasted_images_dir();
    app.manage(App::new(folders, store, preferences, to_open));
    tauri::async_runtime::spawn_blocking(move || pasted_images::sweep(&images, SystemTime::now()));
    // What the page asks for first is got ready while the window and its page come up.
    let early = app.clone();
    tauri::async_runtime::spawn(async move {
        let state = early.state::<App>();
        let _ = tokio::join!(state.live.look(), state.sessions());
    });

    let handle = app.clone();
    window::open(app, place, theme, move || {
        handle.state::<App>().attachments.detach_all();
    })?;
    let arguments = match folder {
        Some(folder) => vec![OsString::from("--"), folder.into()],
        None => Vec::new(),
    };
    page::look_after(app, arguments)?;
    tauri::async_runtime::spawn(follow_terminals(app.clone()));
    tauri::async_runtime::spawn(shell::follow(app.clone()));
    tauri::async_runtime::spawn(team::follow(app.clone()));
    tauri::async_runtime::spawn(app.state::<App>().live.clone().keep_looking());
    tauri::async_runtime::spawn(follow_window(app.clone(), moved));
    tauri::async_runtime::spawn(presence::keep(app.clone()));
    Ok(())
}

/// Tells the window when a live terminal changes, after what that changed in the store.
async fn follow_terminals(app: AppHandle) {
    let state = app.state::<App>();
    state.live.look().await;
    // What keeps a processor busy comes after the first terminal.
    let _ = timeout(FIRST_TERMINAL, state.page.ready()).await;
    preferences::look_for_claude(app.clone());
    if let Ok(sessions) = state.sessions().await {
        // Whatever cannot be removed now is found again at the next start.
        tauri::async_runtime::spawn_blocking(move || sessions.core.collect_unused_builds());
    }
    if state.look_for_build().await {
        // The page may have asked before: hosts of another build are told of.
        Event::ProjectsChanged.send(&app);
        Event::NoticesChanged.send(&app);
    }
    let mut notices = state.notices();
    loop {
        state.live.change().await;
        state.look_for_build().await;
        state.fold_changes().await;
        plans::note_news(&app).await;
        Event::ProjectsChanged.send(&app);
        // A host of another version may have come or gone.
        let now = state.notices();
        if now != notices {
            notices = now;
            Event::NoticesChanged.send(&app);
        }
    }
}

/// Remembers the window's place once it has come to rest.
async fn follow_window(app: AppHandle, moved: Arc<Notify>) {
    loop {
        moved.notified().await;
        sleep(AT_REST_AFTER).await;
        app.state::<App>().remember_window(&app).await;
    }
}

/// A second start found this one: it told its arguments and its folder, and has ended.
fn handed_over(app: &AppHandle, arguments: Vec<String>, cwd: String) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        // It may come while this one is still being set up.
        while app.try_state::<App>().is_none() {
            sleep(Duration::from_millis(20)).await;
        }
        window::show(&app);
        let request = arguments::read(arguments.into_iter().skip(1).map(OsString::from));
        let Ok(arguments::Request::Open(Some(folder))) = request else {
            return;
        };
        match app.state::<App>().open(Path::new(&cwd).join(folder)).await {
            Some(project) => Event::OpenProject(project).send(&app),
            None => Event::NoticesChanged.send(&app),
        }
    });
}

/// The name under which a second start finds this one: one for each place of the app's
/// state, since only with the same state are the two the same Reprise.
fn instance_name(folders: &Folders) -> String {
    let mark = fingerprint::short(folders.hosts_dir().as_os_str().as_encoded_bytes());
    format!("{IDENTIFIER}.i{mark:08x}")
}
