//! What the app tells its window without being asked. An event says that something changed,
//! not what: the window reads it again.

use reprise_core::model::ProjectId;
use serde_json::{Value, json};
use tauri::{AppHandle, Emitter, Runtime};

use crate::complain::complain;

/// An event for the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A project or one of its terminals changed: `list_projects`.
    ProjectsChanged,
    /// A project is to be shown: it was opened from a shell.
    OpenProject(ProjectId),
    /// The person closes the window while sessions run: ask, then `close_window`.
    CloseRequested {
        /// How many terminals are live.
        running: usize,
    },
    /// A project's milestones, plan or copies of phases changed: `project_work`.
    WorkChanged(ProjectId),
    /// The list of notices changed: `list_notices`.
    NoticesChanged,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::ProjectsChanged => "projects-changed",
            Self::OpenProject(_) => "open-project",
            Self::CloseRequested { .. } => "close-requested",
            Self::WorkChanged(_) => "work-changed",
            Self::NoticesChanged => "notices-changed",
        }
    }

    fn payload(self) -> Value {
        match self {
            Self::ProjectsChanged | Self::NoticesChanged => Value::Null,
            Self::OpenProject(project) | Self::WorkChanged(project) => {
                json!({ "projectId": project })
            }
            Self::CloseRequested { running } => json!({ "running": running }),
        }
    }

    /// Sends it. A window that is not there cannot miss it: it reads everything when it starts.
    pub fn send<R: Runtime>(self, app: &AppHandle<R>) {
        if let Err(error) = app.emit(self.name(), self.payload()) {
            complain(format_args!("event {} was not sent: {error}", self.name()));
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
        let close = Event::CloseRequested { running: 2 };
        assert_eq!(close.name(), "close-requested");
        assert_eq!(close.payload(), json!({ "running": 2 }));
    }
}
