//! What closing the window does to the sessions: keep them, end them, or ask.

use tauri::{AppHandle, Manager, Runtime};

use crate::complain::complain;
use crate::dto::{CloseDecision, OnClose};
use crate::events::Event;
use crate::state::App;
use crate::window;

/// What follows from the wish to close.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Close(CloseDecision),
    Ask,
}

/// The person, or the system, wants the window closed. Where a panel shows the icon the app
/// stays there, which is explained once.
pub fn requested<R: Runtime>(app: &AppHandle<R>) {
    let state = app.state::<App>();
    if !stays(&state) {
        return quit_requested(app);
    }
    if state.preferences.get().tray_explained || !state.page.can_ask() {
        hide(app);
    } else {
        let running = state.live.running().len();
        Event::CloseRequested {
            running,
            tray: true,
        }
        .send(app);
    }
}

/// The person wants Reprise to end.
pub fn quit_requested<R: Runtime>(app: &AppHandle<R>) {
    let state = app.state::<App>();
    let running = state.live.running().len();
    match next(
        state.preferences.get().on_close,
        running,
        state.page.can_ask(),
    ) {
        Next::Ask => {
            window::show(app);
            Event::CloseRequested {
                running,
                tray: false,
            }
            .send(app);
        }
        Next::Close(decision) => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move { quit(&app, decision).await });
        }
    }
}

/// The page was told how to close the window: into the tray, or with the app.
pub async fn close<R: Runtime>(app: &AppHandle<R>, decision: CloseDecision, to_tray: bool) {
    if to_tray && stays(&app.state::<App>()) {
        hide(app);
    } else {
        quit(app, decision).await;
    }
}

fn stays(state: &App) -> bool {
    state.preferences.get().close_to_tray && state.shell.has_tray()
}

fn hide<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        app.state::<App>().remember_window(&app).await;
        if let Some(window) = app.get_webview_window(window::LABEL) {
            // A window that cannot be hidden stays.
            let _ = window.hide();
        }
    });
}

/// Ends the sessions, if so decided, and then the app.
pub async fn quit<R: Runtime>(app: &AppHandle<R>, decision: CloseDecision) {
    let state = app.state::<App>();
    state.remember_window(app).await;
    if decision == CloseDecision::End {
        let ends: Vec<_> = state
            .live
            .running()
            .into_iter()
            .map(|(project, terminal)| {
                let hosts = state.hosts.clone();
                tauri::async_runtime::spawn_blocking(move || hosts.close(project, terminal))
            })
            .collect();
        for end in ends {
            match end.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => complain(format_args!("a session was not ended: {error}")),
                Err(error) => complain(format_args!("a session was not ended: {error}")),
            }
        }
    }
    if let Some(window) = app.get_webview_window(window::LABEL) {
        // The app ends with its window.
        if window.destroy().is_ok() {
            return;
        }
    }
    app.exit(0);
}

fn next(on_close: OnClose, running: usize, can_ask: bool) -> Next {
    match on_close {
        _ if running == 0 => Next::Close(CloseDecision::Keep),
        OnClose::Keep => Next::Close(CloseDecision::Keep),
        OnClose::End => Next::Close(CloseDecision::End),
        OnClose::Ask if can_ask => Next::Ask,
        // Nobody could answer; what loses nothing is done.
        OnClose::Ask => Next::Close(CloseDecision::Keep),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_asked_only_where_it_matters_and_can_be_answered() {
        let keep = || Next::Close(CloseDecision::Keep);
        assert_eq!(next(OnClose::Ask, 2, true), Next::Ask);
        assert_eq!(next(OnClose::Ask, 0, true), keep());
        assert_eq!(next(OnClose::Ask, 2, false), keep());
        assert_eq!(next(OnClose::Keep, 2, true), keep());
        assert_eq!(next(OnClose::End, 2, true), Next::Close(CloseDecision::End));
    }
}
