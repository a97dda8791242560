//! The bells of programs: heard once here, for the whole window. The page flashes what is in
//! front and marks what is not; the system sounds, and asks for attention.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reprise_core::session::screen::ScreenEvent;
use tauri::{AppHandle, Manager, UserAttentionType};
use tokio::sync::broadcast::error::RecvError;

use crate::dto::Bell;
use crate::events::Event;
use crate::live::TerminalName;
use crate::state::App;
use crate::{platform, window};

/// Bells of one terminal that follow each other within this time are one.
const ONE_WITHIN: Duration = Duration::from_millis(300);

/// Listens to bells. Never ends while the app runs.
pub async fn listen(app: &AppHandle) {
    let mut rings = app.state::<App>().live.rings();
    let mut heard: BTreeMap<TerminalName, Instant> = BTreeMap::new();
    loop {
        let (name, event) = match rings.recv().await {
            Ok(ring) => ring,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        if event != ScreenEvent::Bell {
            continue;
        }
        let now = Instant::now();
        heard.retain(|_, at| now.duration_since(*at) < ONE_WITHIN);
        if heard.contains_key(&name) {
            continue;
        }
        heard.insert(name, now);
        ring(app, name);
    }
}

/// One bell of one terminal.
fn ring(app: &AppHandle, name: TerminalName) {
    let state = app.state::<App>();
    let preferences = state.preferences.get();
    let seen = state.shell.front.is_seen(name);
    let muted = preferences.muted.contains(&name.0.to_string());
    let chosen = &preferences.terminal;
    if chosen.bell == Bell::Sound && (seen || !muted) {
        platform::sound_bell(app);
    }
    let told = if seen {
        chosen.bell == Bell::Flash
    } else {
        chosen.bell_marks
    };
    if told {
        Event::Rang(name.0, name.1).send(app);
    }
    if !seen
        && chosen.bell_marks
        && !muted
        && let Some(window) = app.get_webview_window(window::LABEL)
        && !window.is_focused().unwrap_or(true)
    {
        // A window manager may have no way to show it.
        let _ = window.request_user_attention(Some(UserAttentionType::Informational));
    }
}
