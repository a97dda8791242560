//! The way from a run to its host: what is newest, not everything in between.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reprise_core::session::client::{self, FrameReceiver, RequestSender};
use reprise_core::session::protocol::{Reply, Request};
use reprise_core::session::unattended::RunReport;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Reports follow each other at this distance at the least.
const BETWEEN_REPORTS: Duration = Duration::from_millis(50);
/// How long a host that does not answer is waited for before the next try.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);
/// How long the last report may take.
const LAST_PATIENCE: Duration = Duration::from_secs(3);

/// Tells the host how the run goes.
pub struct Reporter {
    newest: watch::Sender<RunReport>,
    task: JoinHandle<()>,
}

impl Reporter {
    /// Starts to tell the host that holds `lock`.
    pub fn start(lock: PathBuf) -> Self {
        let (newest, reports) = watch::channel(RunReport::default());
        let task = tokio::spawn(tell_all(lock, reports));
        Self { newest, task }
    }

    /// Tells this as soon as possible, unless it is known.
    pub fn tell(&self, report: RunReport) {
        self.newest.send_if_modified(|newest| {
            let differs = *newest != report;
            *newest = report;
            differs
        });
    }

    /// Waits, bounded, until the host has taken in what was told last.
    pub async fn finish(self) {
        drop(self.newest);
        let _ = timeout(LAST_PATIENCE, self.task).await;
    }
}

async fn tell_all(lock: PathBuf, mut reports: watch::Receiver<RunReport>) {
    let mut host = None;
    while reports.changed().await.is_ok() {
        let report = reports.borrow_and_update().clone();
        let request = Request::Report(Box::new(report));
        while !send(&lock, &mut host, &request).await {
            // It may have bound a new socket. Without a host this process is ending anyway.
            sleep(BETWEEN_TRIES).await;
        }
        sleep(BETWEEN_REPORTS).await;
    }
    // It answers in order: then the last report has been taken in.
    if send(&lock, &mut host, &Request::Ping(Vec::new())).await
        && let Some((_, replies)) = &mut host
    {
        while let Ok(Some(frame)) = replies.receive().await {
            if matches!(Reply::read(frame), Ok(Some(Reply::Pong(_)))) {
                return;
            }
        }
    }
}

type Connection = (RequestSender, FrameReceiver);

/// Sends a request on the connection, or on a new one. Whether that worked.
async fn send(lock: &Path, host: &mut Option<Connection>, request: &Request) -> bool {
    if host.is_none() {
        *host = client::open(lock).await.ok();
    }
    let Some((requests, _)) = host else {
        return false;
    };
    let sent = requests.send(request).await.is_ok();
    if !sent {
        *host = None;
    }
    sent
}
