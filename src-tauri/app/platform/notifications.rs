//! Notifications by the desktop's own daemon (org.freedesktop.Notifications).
//!
//! All have normal urgency: what is critical is shown even when the person does not want to be
//! disturbed, and that is for the person to decide, with the daemon.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify_rust::{Hint, Notification, NotificationHandle, Urgency};

use crate::complain::complain;
use crate::live::TerminalName;

/// Clicking the notification itself, in the words of the specification.
const CLICKED: &str = "default";

/// What is shown, one notification per terminal.
#[derive(Clone, Default)]
pub struct Notifications {
    shown: Arc<Mutex<HashMap<TerminalName, Shown>>>,
}

#[derive(Clone, Default)]
struct Shown {
    /// Counts what was to be shown for this terminal; an answer to an earlier one is late.
    number: u64,
    handle: Option<Arc<NotificationHandle>>,
}

impl Notifications {
    /// Shows a notification in the place of the terminal's earlier one. Where no daemon runs,
    /// nothing is shown. The texts are plain: what the daemon would take for markup is escaped.
    pub fn show(
        &self,
        name: TerminalName,
        title: String,
        body: String,
        clicked: impl FnOnce() + Send + 'static,
    ) {
        let (number, earlier) = {
            let mut shown = self.lock();
            let entry = shown.entry(name).or_default();
            entry.number += 1;
            (
                entry.number,
                entry.handle.as_ref().map(|handle| handle.id()),
            )
        };
        let this = self.clone();
        tauri::async_runtime::spawn(async move {
            let mut notification = Notification::new();
            notification
                .appname("Reprise")
                .icon("reprise")
                .summary(&title)
                .body(&escaped(&body))
                .action(CLICKED, "Open")
                .urgency(Urgency::Normal)
                .hint(Hint::DesktopEntry("Reprise".to_owned()));
            if let Some(earlier) = earlier {
                notification.id(earlier);
            }
            let handle = match notification.show_async().await {
                Ok(handle) => Arc::new(handle),
                // There may simply be no daemon: the window and the tray tell it as well.
                Err(error) => return complain(format_args!("no notification: {error}")),
            };
            if !this.keep(name, number, &handle) {
                return handle.close_async().await;
            }
            let mut was_clicked = false;
            handle
                .wait_for_action_async(|response: &notify_rust::ActionResponse<'_>| {
                    was_clicked = matches!(response, notify_rust::ActionResponse::Custom(CLICKED));
                })
                .await;
            this.forget(name, number);
            if was_clicked {
                // Not every daemon takes it back by itself.
                handle.close_async().await;
                clicked();
            }
        });
    }

    /// Takes back what is shown of a terminal.
    pub fn close(&self, name: TerminalName) {
        let handle = {
            let mut shown = self.lock();
            let Some(entry) = shown.get_mut(&name) else {
                return;
            };
            entry.number += 1;
            entry.handle.take()
        };
        if let Some(handle) = handle {
            tauri::async_runtime::spawn(async move { handle.close_async().await });
        }
    }

    /// Keeps the handle of what was just shown; whether it is still wanted.
    fn keep(&self, name: TerminalName, number: u64, handle: &Arc<NotificationHandle>) -> bool {
        let mut shown = self.lock();
        let entry = shown.entry(name).or_default();
        let wanted = entry.number == number;
        if wanted {
            entry.handle = Some(handle.clone());
        }
        wanted
    }

    fn forget(&self, name: TerminalName, number: u64) {
        let mut shown = self.lock();
        if let Some(entry) = shown.get_mut(&name)
            && entry.number == number
        {
            entry.handle = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TerminalName, Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bodies may hold markup. Daemons without it are required to leave it out, so this is right
/// for both.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_program_is_markup() {
        assert_eq!(
            escaped("<a href=\"x\">1 & 2</a>"),
            "&lt;a href=\"x\"&gt;1 &amp; 2&lt;/a&gt;"
        );
    }
}
