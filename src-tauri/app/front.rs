//! What the person looks at: the page says which terminal it shows, the window system whether
//! anybody can see it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use reprise_core::model::{ProjectId, TerminalKey};

use crate::live::TerminalName;

/// What the page has in front.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// The selected project.
    pub project: Option<ProjectId>,
    /// Its terminal that takes keys.
    pub terminal: Option<TerminalKey>,
    /// Whether text in it is selected.
    pub has_selection: bool,
    /// Whether a dialog is open over it.
    pub dialog_open: bool,
}

/// What is in front, and whether the window has the focus.
#[derive(Debug, Default)]
pub struct Front {
    inner: Mutex<(Shown, bool)>,
}

impl Front {
    /// The page has something else in front; whether that is new.
    pub fn set_shown(&self, shown: Shown) -> bool {
        let mut inner = self.lock();
        let changed = inner.0 != shown;
        inner.0 = shown;
        changed
    }

    /// The window got or lost the focus. A hidden window has none.
    pub fn set_focused(&self, focused: bool) {
        self.lock().1 = focused;
    }

    /// What the page has in front.
    pub fn shown(&self) -> Shown {
        self.lock().0
    }

    /// Whether the person looks at this terminal.
    pub fn is_seen(&self, (project, terminal): TerminalName) -> bool {
        let (shown, focused) = *self.lock();
        focused && shown.project == Some(project) && shown.terminal == Some(terminal)
    }

    fn lock(&self) -> MutexGuard<'_, (Shown, bool)> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
