//! The plans of the projects that the window has shown, watched; and what sessions did for
//! milestones, noted in the store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use reprise_core::model::{MilestoneId, ProjectId};
use reprise_core::planning::Watch;
use reprise_core::session::protocol::HostStatus;
use reprise_core::session::queue::CommandState;
use tauri::{AppHandle, Manager};

use crate::complain::complain;
use crate::events::Event;
use crate::state::{App, unblocked};

/// So many plans are watched at most; of more, the one that was shown longest ago is left.
const MOST_WATCHED: usize = 16;

/// What is watched, and what was noted.
#[derive(Default)]
pub struct Plans {
    watched: Mutex<Vec<Watched>>,
    noted: Mutex<BTreeSet<String>>,
}

struct Watched {
    project: ProjectId,
    workspace: PathBuf,
    task: tauri::async_runtime::JoinHandle<()>,
}

/// Tells the window from now on when the plan or the milestones' files of a project change.
pub fn watch(app: &AppHandle, project: ProjectId, workspace: &Path) {
    let state = app.state::<App>();
    let mut watched = lock(&state.plans.watched);
    if let Some(at) = watched.iter().position(|plan| plan.project == project) {
        let plan = watched.remove(at);
        if plan.workspace == workspace {
            watched.push(plan);
            return;
        }
        plan.task.abort();
    }
    let folder = workspace.to_owned();
    let teller = app.clone();
    let task = tauri::async_runtime::spawn(async move {
        // Arming it walks the folders.
        let Ok(mut plan) = tauri::async_runtime::spawn_blocking(move || Watch::new(&folder)).await
        else {
            return;
        };
        loop {
            plan.changed().await;
            Event::WorkChanged(project).send(&teller);
        }
    });
    watched.push(Watched {
        project,
        workspace: workspace.to_owned(),
        task,
    });
    if watched.len() > MOST_WATCHED {
        watched.remove(0).task.abort();
    }
}

/// What became of a milestone's command or run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// Its session has the command.
    Begun,
    /// Its unattended run did not succeed.
    Failed,
}

/// Notes in the store what the live sessions did for milestones: one whose command arrived is
/// begun, one whose unattended run failed has failed. A status that the person set since then
/// stays.
pub async fn note_news(app: &AppHandle) {
    let state = app.state::<App>();
    let news: BTreeMap<String, (MilestoneId, News, Timestamp)> = {
        let noted = lock(&state.plans.noted);
        state
            .live
            .statuses()
            .iter()
            .flat_map(news_of)
            .filter(|(key, _)| !noted.contains(key))
            .collect()
    };
    if news.is_empty() {
        return;
    }
    let Ok(sessions) = state.sessions().await else {
        return;
    };
    for (key, (milestone, what, at)) in news {
        let core = sessions.core.clone();
        let noting = unblocked(move || {
            let Some(before) = core.store().milestone(milestone)? else {
                return Ok(None);
            };
            let changed = before.updated_at < at
                && match what {
                    News::Begun => core.note_begun(milestone)?,
                    News::Failed => core.note_failed(milestone)?,
                };
            Ok::<_, crate::error::AppError>(changed.then_some(before.project))
        });
        match noting.await {
            Ok(changed) => {
                lock(&state.plans.noted).insert(key);
                if let Some(project) = changed {
                    Event::WorkChanged(project).send(app);
                }
            }
            Err(error) => complain(format_args!("{error}")),
        }
    }
}

fn news_of(status: &HostStatus) -> Vec<(String, (MilestoneId, News, Timestamp))> {
    let delivered = status.queue.iter().filter_map(|command| {
        let CommandState::Delivered { at } = command.state else {
            return None;
        };
        let milestone = command.about.as_ref()?.parse().ok()?;
        Some((command.id.to_string(), (milestone, News::Begun, at)))
    });
    let run = status.run.as_ref().and_then(|run| {
        let failed = run.result.as_ref().is_some_and(|result| !result.ok) && !run.cancelled;
        let milestone = run.about.as_ref()?.parse().ok()?;
        let key = format!("run {} {}", status.project, run.started_at);
        failed.then(|| (key, (milestone, News::Failed, Timestamp::now())))
    });
    delivered.chain(run).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
