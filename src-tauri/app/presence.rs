//! Who works where in the team: the leases of the sessions that live here are renewed, and those
//! of the others heard, as long as the app runs.

use std::time::Duration;

use tauri::{AppHandle, Manager};
use tokio::time::{MissedTickBehavior, interval};

use crate::error::AppError;
use crate::events::Event;
use crate::state::{App, unblocked};

/// How often the others are heard: what a colleague starts is seen within 2 s.
const LISTEN_EVERY: Duration = Duration::from_millis(1500);
/// Every so manieth time the leases of this machine are renewed: a lease holds for 10 s.
const RENEW_EVERY: u32 = 2;

/// Never ends. What fails is tried again: whether the store is there is told elsewhere.
pub async fn keep(app: AppHandle) {
    let state = app.state::<App>();
    let mut ticks = interval(LISTEN_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut round = 0_u32;
    loop {
        ticks.tick().await;
        let Ok(sessions) = state.sessions().await else {
            continue;
        };
        let renews = round.is_multiple_of(RENEW_EVERY);
        round = round.wrapping_add(1);
        let around = move || {
            let Some(presence) = sessions.core.store().presence() else {
                return Ok(false);
            };
            if renews {
                sessions.core.keep_leases()?;
            }
            Ok::<_, AppError>(presence.listen()?)
        };
        if let Ok(true) = unblocked(around).await {
            Event::ProjectsChanged.send(&app);
        }
    }
}
