//! What the app tells its window without being asked. An event says that something changed,
//! not what: the window reads it again.

use reprise_core::model::{ProjectId, TerminalKey};
use serde_json::{Value, json};
use tauri::{AppHandle, Emitter, Manager, Runtime};

use crate::complain::complain;
use crate::menu::{self, model::Chosen};
use crate::state::App;

/// An event for the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A project or one of its terminals changed: `list_projects`.
    ProjectsChanged,
    /// A project is to be shown: it was opened from a shell.
    OpenProject(ProjectId),
    /// A terminal of a project is to be shown.
    OpenTerminal(ProjectId, TerminalKey),
    /// A program rang its bell, and the page shows it.
    Rang(ProjectId, TerminalKey),
    /// The person closes the window: ask, or explain, then `close_window`.
    CloseRequested {
        /// How many terminals are live.
        running: usize,
        /// The app stays in the tray, which the person was not told yet.
        tray: bool,
    },
    /// A line of the native menu was chosen that the page carries out.
    MenuAction(Chosen),
    /// A project's milestones, plan or copies of phases changed: `project_work`.
    WorkChanged(ProjectId),
    /// The store is another one, or in another state: `store_view`.
    StoreChanged,
    /// The list of notices changed: `list_notices`.
    NoticesChanged,
}

impl Event {
    fn name(&self) -> &'static str {
        match self {
            Self::ProjectsChanged => "projects-changed",
            Self::OpenProject(_) => "open-project",
            Self::OpenTerminal(..) => "open-terminal",
            Self::Rang(..) => "rang",
            Self::MenuAction(_) => "menu-action",
            Self::CloseRequested { .. } => "close-requested",
            Self::WorkChanged(_) => "work-changed",
            Self::StoreChanged => "store-changed",
            Self::NoticesChanged => "notices-changed",
        }
    }

    fn payload(&self) -> Value {
        match self {
            Self::ProjectsChanged | Self::StoreChanged | Self::NoticesChanged => Value::Null,
            Self::OpenProject(project) | Self::WorkChanged(project) => {
                json!({ "projectId": project })
            }
            Self::OpenTerminal(project, terminal) | Self::Rang(project, terminal) => {
                json!({ "projectId": project, "terminal": terminal.to_string() })
            }
            Self::CloseRequested { running, tray } => {
                json!({ "running": running, "tray": tray })
            }
            Self::MenuAction(chosen) => menu::payload(chosen),
        }
    }

    /// Sends it. A window that is not there cannot miss it: it reads everything when it starts.
    pub fn send<R: Runtime>(self, app: &AppHandle<R>) {
        if let Err(error) = app.emit(self.name(), self.payload()) {
            complain(format_args!("event {} was not sent: {error}", self.name()));
        }
        // The same is shown outside the page.
        if matches!(self, Self::ProjectsChanged | Self::WorkChanged(_))
            && let Some(state) = app.try_state::<App>()
        {
            state.shell.changed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_carry_the_names_and_fields_that_the_window_reads() {
        let project: ProjectId = "65f0c0ffee0123456789abcd".parse().unwrap();
        let open = Event::OpenProject(project);
        assert_eq!(open.name(), "open-project");
        assert_eq!(
            open.payload(),
            json!({ "projectId": "65f0c0ffee0123456789abcd" })
        );
        let close = Event::CloseRequested {
            running: 2,
            tray: false,
        };
        assert_eq!(close.name(), "close-requested");
        assert_eq!(close.payload(), json!({ "running": 2, "tray": false }));
    }
}
