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

/// The person, or the system, wants the window closed.
pub fn requested<R: Runtime>(app: &AppHandle<R>) {
    let state = app.state::<App>();
    let running = state.live.running().len();
    match next(
        state.preferences.get().on_close,
        running,
        state.page.can_ask(),
    ) {
        Next::Ask => Event::CloseRequested { running }.send(app),
        Next::Close(decision) => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move { close(&app, decision).await });
        }
    }
}

/// Ends the sessions, if so decided, and then the app.
pub async fn close<R: Runtime>(app: &AppHandle<R>, decision: CloseDecision) {
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
