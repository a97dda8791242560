//! Desktop notifications: the rules say what, the system's daemon shows it, and a click brings
//! the window to that project. They only tell; nothing is answered or approved here.

mod rules;
mod words;

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use reprise_core::model::TerminalKey;
use tauri::{AppHandle, Manager};

use crate::events::Event;
use crate::live::TerminalName;
use crate::platform::Notifications;
use crate::state::App;
use crate::window;
use rules::{Rules, Step};

/// What was told, and where it is shown.
pub struct Notifier {
    rules: Mutex<Rules>,
    shown: Notifications,
}

impl Notifier {
    /// A notifier that tells what begins from now on.
    pub fn new(now: Timestamp) -> Self {
        Self {
            rules: Mutex::new(Rules::new(now)),
            shown: Notifications::default(),
        }
    }

    /// Something about the live terminals changed.
    pub fn terminals_changed(&self, app: &AppHandle) {
        let state = app.state::<App>();
        let steps = self.rules().update(
            &state.live.statuses(),
            |name| state.shell.front.is_seen(name),
            Timestamp::now(),
        );
        self.do_steps(app, steps);
    }

    /// The person may look at another terminal now.
    pub fn front_changed(&self, app: &AppHandle) {
        let state = app.state::<App>();
        let shown = state.shell.front.shown();
        let Some(name) = shown.project.zip(shown.terminal) else {
            return;
        };
        if state.shell.front.is_seen(name) {
            let step = self.rules().seen(name);
            self.do_steps(app, step);
        }
    }

    /// Listens to bells and notifications of programs. Never ends.
    pub async fn listen(&self, app: &AppHandle) {
        let state = app.state::<App>();
        let mut rings = state.live.rings();
        loop {
            use tokio::sync::broadcast::error::RecvError;
            let (name, event) = match rings.recv().await {
                Ok(ring) => ring,
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            };
            let seen = state.shell.front.is_seen(name);
            let step = self.rules().heard(name, &event, seen, Timestamp::now());
            self.do_steps(app, step);
        }
    }

    fn do_steps(&self, app: &AppHandle, steps: impl IntoIterator<Item = Step>) {
        let state = app.state::<App>();
        let preferences = state.preferences.get();
        for step in steps {
            match step {
                Step::Close(name) => self.shown.close(name),
                Step::Show {
                    name,
                    project,
                    cause,
                } => {
                    let muted = preferences.muted.contains(&name.0.to_string());
                    if muted || !preferences.notifications {
                        continue;
                    }
                    let (title, body) = words::words(state.language(), &project, &cause);
                    let app = app.clone();
                    self.shown
                        .show(name, title, body, move || show_project(&app, name));
                }
            }
        }
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings the window to the front with this project in it.
fn show_project(app: &AppHandle, (project, terminal): TerminalName) {
    window::show(app);
    if terminal == TerminalKey::Claude {
        Event::OpenProject(project).send(app);
    } else {
        Event::OpenTerminal(project, terminal).send(app);
    }
}
