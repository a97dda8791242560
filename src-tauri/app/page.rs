//! The page that draws the window: whether it has drawn yet, and what happens when the web
//! process that runs it dies.

use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_dialog::{DialogExt, MessageDialogButtons, MessageDialogKind};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::complain::complain;
use crate::dto::Notice;
use crate::events::Event;
use crate::platform::{self, WebProcess};
use crate::state::App;
use crate::{window, words};

/// A page that has not drawn after this much time in sight never will.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// So many deaths within [`DEATHS_WITHIN`] are answered by loading the page again.
const DEATHS: usize = 3;
const DEATHS_WITHIN: Duration = Duration::from_secs(60);

/// What is known of the page.
#[derive(Default)]
pub struct Page {
    painted: AtomicBool,
    ready: AtomicBool,
    became_ready: Notify,
    web_process: OnceLock<WebProcess>,
    deaths: Mutex<Vec<Instant>>,
    times_restarted: AtomicU32,
}

impl Page {
    /// The page has drawn.
    pub fn painted(&self) {
        self.painted.store(true, Ordering::Relaxed);
    }

    /// The page shows what a person came for: a terminal, or what stands in its place.
    pub fn is_ready(&self) {
        self.ready.store(true, Ordering::Relaxed);
        self.became_ready.notify_waiters();
    }

    /// Waits until the page shows that.
    pub async fn ready(&self) {
        let ready = self.became_ready.notified();
        if !self.ready.load(Ordering::Relaxed) {
            ready.await;
        }
    }

    /// Whether a question put to the page reaches a person.
    pub fn can_ask(&self) -> bool {
        self.painted.load(Ordering::Relaxed)
            && self.web_process.get().is_some_and(WebProcess::responds)
    }

    /// What to say of it.
    pub fn notice(&self) -> Option<Notice> {
        match self.times_restarted.load(Ordering::Relaxed) {
            0 => None,
            times => Some(Notice::WebProcessRestarted { times }),
        }
    }
}

/// Looks after the page from now on.
///
/// # Errors
/// The window is gone.
pub fn look_after<R: Runtime>(app: &AppHandle<R>, arguments: Vec<OsString>) -> tauri::Result<()> {
    let Some(window) = app.get_webview_window(window::LABEL) else {
        return Err(tauri::Error::WindowNotFound);
    };
    let handle = app.clone();
    let web_process = WebProcess::watch(&window, move |how| {
        let handle = handle.clone();
        tauri::async_runtime::spawn(async move { died(&handle, how) });
    })?;
    // Set once: there is one window.
    let _ = app.state::<App>().page.web_process.set(web_process);
    tauri::async_runtime::spawn(watch_first_paint(app.clone(), arguments));
    Ok(())
}

/// Starts the app again, drawing differently, when nothing appears. Once: the environment of
/// the second start says so.
async fn watch_first_paint<R: Runtime>(app: AppHandle<R>, arguments: Vec<OsString>) {
    let mut in_sight = Duration::ZERO;
    while in_sight < PATIENCE {
        sleep(LOOK_EVERY).await;
        if app.state::<App>().page.painted.load(Ordering::Relaxed) {
            return;
        }
        let Some(window) = app.get_webview_window(window::LABEL) else {
            return;
        };
        // Out of sight nothing is drawn, and nothing is wrong.
        if window.is_visible().unwrap_or(false) && !window.is_minimized().unwrap_or(true) {
            in_sight += LOOK_EVERY;
        }
    }
    if !platform::can_redraw_differently() {
        complain(format_args!(
            "the window has drawn nothing for {} s, also not without DMA buffers. \
             `reprise-session attach` shows a session in a terminal.",
            PATIENCE.as_secs()
        ));
        return;
    }
    complain(format_args!(
        "the window has drawn nothing for {} s; starting again without DMA buffers",
        PATIENCE.as_secs()
    ));
    app.state::<App>().attachments.detach_all();
    // The second start must not take this one for a running Reprise.
    tauri_plugin_single_instance::destroy(&app);
    let error = platform::restart_drawing_differently(&arguments);
    complain(format_args!("could not start again: {error}"));
}

/// Loads the page again, or explains when that has not helped.
fn died<R: Runtime>(app: &AppHandle<R>, how: &'static str) {
    let state = app.state::<App>();
    complain(format_args!("the web process is gone: {how}"));
    state.attachments.detach_all();
    let again = {
        let mut deaths = state
            .page
            .deaths
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        may_load_again(&mut deaths, Instant::now())
    };
    if again {
        load_again(app);
        return;
    }
    let language = state.language();
    let handle = app.clone();
    app.dialog()
        .message(words::PAGE_GONE.in_language(language))
        .title("Reprise")
        .kind(MessageDialogKind::Error)
        .buttons(MessageDialogButtons::OkCancelCustom(
            words::LOAD_AGAIN.in_language(language).to_owned(),
            words::CLOSE.in_language(language).to_owned(),
        ))
        .show(move |again| {
            if again {
                load_again(&handle);
            } else {
                handle.exit(0);
            }
        });
}

fn load_again<R: Runtime>(app: &AppHandle<R>) {
    app.state::<App>()
        .page
        .times_restarted
        .fetch_add(1, Ordering::Relaxed);
    if let Some(window) = app.get_webview_window(window::LABEL)
        && let Err(error) = window.reload()
    {
        complain(format_args!("the page could not be loaded again: {error}"));
    }
    Event::NoticesChanged.send(app);
}

/// Counts a death; whether there have been few enough lately to load the page again.
fn may_load_again(deaths: &mut Vec<Instant>, now: Instant) -> bool {
    deaths.retain(|death| now.duration_since(*death) < DEATHS_WITHIN);
    deaths.push(now);
    deaths.len() <= DEATHS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_dies_again_and_again_is_not_loaded_for_ever() {
        let start = Instant::now();
        let mut deaths = Vec::new();
        let mut dies_at =
            |seconds| may_load_again(&mut deaths, start + Duration::from_secs(seconds));
        assert!(dies_at(0));
        assert!(dies_at(1));
        assert!(dies_at(2));
        assert!(!dies_at(3));
        // An old death is forgotten.
        assert!(dies_at(120));
    }
}
