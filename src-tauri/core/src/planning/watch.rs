//! Tells when something in `.planning/` or `.milestones/` changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{MILESTONES_DIR, PLANNING_DIR};

/// Changes that follow each other within this time are one.
const SETTLES_WITHIN: Duration = Duration::from_millis(200);

/// A watch over what milestones leave in one workspace. Where the system cannot watch (too
/// many watches, a network's file system) it never tells anything.
pub struct Watch {
    workspace: PathBuf,
    changed: Arc<Notify>,
    /// The two folders appeared or went: they are to be watched anew.
    remade: UnboundedReceiver<()>,
    watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Begins to watch.
    pub fn new(workspace: &Path) -> Self {
        // Events name real paths.
        let workspace = std::fs::canonicalize(workspace).unwrap_or_else(|_| workspace.to_owned());
        let changed = Arc::new(Notify::new());
        let (remake, remade) = unbounded_channel();
        let tell = changed.clone();
        let roots = roots(&workspace);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else {
                tell.notify_one();
                return;
            };
            if matches!(event.kind, EventKind::Access(_)) {
                return;
            }
            let below = |path: &PathBuf| roots.iter().any(|root| path.starts_with(root));
            if event.need_rescan() || event.paths.iter().any(below) {
                if event.paths.iter().any(|path| roots.contains(path)) {
                    // The receiver lives as long as the watcher, or longer.
                    let _ = remake.send(());
                }
                tell.notify_one();
            }
        });
        let mut watch = Self {
            workspace,
            changed,
            remade,
            watcher: watcher.ok(),
        };
        watch.arm();
        watch
    }

    /// Returns once something has changed and then been quiet for a moment. Nothing is lost
    /// when the future is dropped before it has returned.
    pub async fn changed(&mut self) {
        self.changed.notified().await;
        tokio::time::sleep(SETTLES_WITHIN).await;
        let mut anew = false;
        while self.remade.try_recv().is_ok() {
            anew = true;
        }
        if anew {
            self.arm();
        }
    }

    fn arm(&mut self) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        // What cannot be watched is not there, or there are too many watches; then what is
        // shown is as old as its last reading.
        let _ = watcher.watch(&self.workspace, RecursiveMode::NonRecursive);
        for root in roots(&self.workspace) {
            let _ = watcher.unwatch(&root);
            let is_ours = std::fs::symlink_metadata(&root).is_ok_and(|found| found.is_dir());
            if is_ours {
                let _ = watcher.watch(&root, RecursiveMode::Recursive);
            }
        }
    }
}

fn roots(workspace: &Path) -> [PathBuf; 2] {
    [PLANNING_DIR, MILESTONES_DIR].map(|name| workspace.join(name))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    async fn tells(watch: &mut Watch) -> bool {
        tokio::time::timeout(Duration::from_secs(10), watch.changed())
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn a_plan_is_seen_to_change_also_after_it_was_deleted_and_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let planning = folder.path().join(".planning");
        let mut watch = Watch::new(folder.path());
        for round in 0..2 {
            fs::create_dir_all(planning.join("phases")).unwrap();
            assert!(tells(&mut watch).await, "round {round}: made");
            fs::write(planning.join("STATE.md"), "x").unwrap();
            assert!(tells(&mut watch).await, "round {round}: written");
            fs::write(planning.join("phases/a.md"), "x").unwrap();
            assert!(tells(&mut watch).await, "round {round}: written below");
            fs::remove_dir_all(&planning).unwrap();
            assert!(tells(&mut watch).await, "round {round}: deleted");
        }
    }

    #[tokio::test]
    async fn what_else_happens_in_the_workspace_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = Watch::new(folder.path());
        fs::write(folder.path().join("main.rs"), "x").unwrap();
        let milestone = folder.path().join(".milestones/1");
        fs::create_dir_all(&milestone).unwrap();
        assert!(tells(&mut watch).await);
        let quiet = tokio::time::timeout(Duration::from_millis(300), watch.changed());
        fs::write(folder.path().join("lib.rs"), "x").unwrap();
        assert!(quiet.await.is_err());
        fs::write(milestone.join("MILESTONE-CONTEXT.md"), "x").unwrap();
        assert!(tells(&mut watch).await);
    }
}
