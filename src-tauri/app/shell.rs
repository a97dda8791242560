//! What of Reprise stands outside its page: the icon in the panel, the menu bar and the
//! notifications. They are brought up to date together.

use std::sync::OnceLock;

use jiff::Timestamp;
use reprise_core::model::{ProjectId, TerminalKey};
use reprise_core::project_sessions::SessionsError;
use tauri::menu::MenuEvent;
use tauri::{AppHandle, Manager};
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};
use tokio::sync::Notify;

use crate::complain::complain;
use crate::dto::MilestoneStatus;
use crate::events::Event;
use crate::front::{Front, Shown};
use crate::menu::MenuBar;
use crate::menu::model::{Chosen, Context, MilestoneLine, menu_bar};
use crate::notify::Notifier;
use crate::platform::TrayIcon;
use crate::state::{App, unblocked};
use crate::tray::{self, TrayAction};
use crate::{bells, closing, window, words};

/// What stands outside the page.
pub struct Shell {
    /// What the person looks at.
    pub front: Front,
    notifier: Notifier,
    menu: MenuBar,
    tray: OnceLock<TrayIcon>,
    changed: Notify,
}

impl Shell {
    /// Nothing is shown before [`follow`].
    pub fn new(now: Timestamp) -> Self {
        Self {
            front: Front::default(),
            notifier: Notifier::new(now),
            menu: MenuBar::default(),
            tray: OnceLock::new(),
            changed: Notify::new(),
        }
    }

    /// Something that it shows may have changed.
    pub fn changed(&self) {
        self.changed.notify_one();
    }

    /// Whether a panel shows the icon: only then the window may close and the app stay.
    pub fn has_tray(&self) -> bool {
        self.tray.get().is_some_and(TrayIcon::is_seen)
    }
}

/// The page has something else in front.
pub fn shown(app: &AppHandle, shown: Shown) {
    let state = app.state::<App>();
    if state.shell.front.set_shown(shown) {
        look_for_focus(app);
        state.shell.notifier.front_changed(app);
        state.shell.changed();
        if let (Some(project), Some(terminal)) = (shown.project, shown.terminal) {
            remember_front(app, project, terminal);
        }
    }
}

/// The terminal in front is there again when the window opens the next time.
fn remember_front(app: &AppHandle, project: ProjectId, terminal: TerminalKey) {
    let preferences = app.state::<App>().preferences.clone();
    tauri::async_runtime::spawn_blocking(move || {
        if let Err(error) = preferences.remember_front(project, terminal) {
            complain(format_args!("{error}"));
        }
    });
}

/// The window got or lost the focus.
pub fn focused(app: &AppHandle, focused: bool) {
    // The window may be there before the app's state.
    let Some(state) = app.try_state::<App>() else {
        return;
    };
    state.shell.front.set_focused(focused);
    state.shell.notifier.front_changed(app);
}

/// The first focus may come before anybody listens.
fn look_for_focus(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(window::LABEL)
        && let Ok(focused) = window.is_focused()
    {
        app.state::<App>().shell.front.set_focused(focused);
    }
}

/// Keeps everything up to date. Never ends.
pub async fn follow(app: AppHandle) {
    let state = app.state::<App>();
    let for_tray = app.clone();
    let _ = state.shell.tray.set(TrayIcon::new(move |action| {
        chosen_in_tray(&for_tray, action)
    }));
    let listener = app.clone();
    tauri::async_runtime::spawn(async move {
        let state = listener.state::<App>();
        state.shell.notifier.listen(&listener).await;
    });
    let listener = app.clone();
    tauri::async_runtime::spawn(async move { bells::listen(&listener).await });
    loop {
        update(&app).await;
        state.shell.changed.notified().await;
    }
}

async fn update(app: &AppHandle) {
    let state = app.state::<App>();
    look_for_focus(app);
    state.shell.notifier.terminals_changed(app);
    let (projects, _) = state.projects().await;
    let preferences = state.preferences.get();
    let locale = state.language();
    let shown = state.shell.front.shown();
    let (milestones, has_backups) = match shown.project {
        Some(project) => work(&state, project).await,
        None => (Vec::new(), false),
    };
    let bar = menu_bar(&Context {
        projects: &projects,
        milestones: &milestones,
        has_backups,
        shown,
        preferences: &preferences,
        locale,
    });
    state.shell.menu.show(app, bar);
    let model = tray::model(&projects, preferences.last_project.as_deref(), locale);
    if let Some(tray) = state.shell.tray.get() {
        tray.update(model).await;
    }
}

/// The milestones of a project, and whether there is a copy of its plan's phases; none while
/// the store cannot be read, which the page tells.
async fn work(state: &App, project: ProjectId) -> (Vec<MilestoneLine>, bool) {
    let Ok(sessions) = state.sessions().await else {
        return (Vec::new(), false);
    };
    let read = unblocked(move || {
        let milestones = sessions.core.store().milestones(project)?;
        let has_backups = !sessions.core.backups(project)?.is_empty();
        Ok::<_, SessionsError>((milestones, has_backups))
    })
    .await;
    let (milestones, has_backups) = read.unwrap_or_default();
    let lines = milestones
        .into_iter()
        .map(|milestone| MilestoneLine {
            id: milestone.id.to_string(),
            project: project.to_string(),
            name: milestone.element_name,
            status: match milestone.status {
                reprise_core::model::MilestoneStatus::Pending => MilestoneStatus::Pending,
                reprise_core::model::MilestoneStatus::InProgress => MilestoneStatus::InProgress,
                reprise_core::model::MilestoneStatus::Completed => MilestoneStatus::Completed,
                reprise_core::model::MilestoneStatus::Failed => MilestoneStatus::Failed,
            },
        })
        .collect();
    (lines, has_backups)
}

fn chosen_in_tray(app: &AppHandle, action: TrayAction) {
    match action {
        TrayAction::Open(project) => {
            window::show(app);
            Event::OpenProject(project).send(app);
        }
        TrayAction::New => {
            window::show(app);
            Event::MenuAction(Chosen::of("openFolder")).send(app);
        }
        TrayAction::ShowWindow => window::show(app),
        TrayAction::Quit(decision) => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move { closing::quit(&app, decision).await });
        }
    }
}

/// A line of the menu bar was chosen.
pub fn chosen_in_menu(app: &AppHandle, event: &MenuEvent) {
    let state = app.state::<App>();
    let Some(chosen) = state.shell.menu.chosen(event.id().as_ref()) else {
        return;
    };
    match chosen.action {
        "quit" => closing::quit_requested(app),
        "closeWindow" => closing::requested(app),
        "fullScreen" => window::toggle_full_screen(app),
        "about" => about(app),
        _ => Event::MenuAction(chosen).send(app),
    }
    // The toolkit turns a mark by itself; it is what the app says that counts.
    state.shell.changed();
}

fn about(app: &AppHandle) {
    app.dialog()
        .message(words::ABOUT.in_language(app.state::<App>().language()))
        .title(concat!("Reprise ", env!("CARGO_PKG_VERSION")))
        .kind(MessageDialogKind::Info)
        .show(|_| {});
}
