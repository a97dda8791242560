//! The live terminals, followed: one watching connection per host, and a look at the hosts'
//! folder now and then for those that somebody else started.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reprise_core::model::{ProjectId, SessionState, TerminalKey};
use reprise_core::session::client;
use reprise_core::session::hosts::Hosts;
use reprise_core::session::protocol::{HostStatus, Reply, Request};
use reprise_core::session::screen::ScreenEvent;
use tokio::sync::{Notify, broadcast};
use tokio::time::{sleep, timeout};

/// How often the hosts' folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Changes that follow each other within this time are one.
const SETTLES_WITHIN: Duration = Duration::from_millis(60);
/// How long the first answer of a host is waited for.
const FIRST_STATUS: Duration = Duration::from_secs(2);

/// How many bells and notifications may wait to be heard. Of more, the older are lost.
const UNHEARD: usize = 64;

/// Names a terminal of a project.
pub type TerminalName = (ProjectId, TerminalKey);

/// What is known of the live terminals.
#[derive(Debug)]
pub struct LiveTerminals {
    hosts: Hosts,
    /// A host that was reached and has not answered yet has no status.
    known: Mutex<BTreeMap<TerminalName, Option<HostStatus>>>,
    changed: Notify,
    answered: Notify,
    rings: broadcast::Sender<(TerminalName, ScreenEvent)>,
}

impl LiveTerminals {
    /// Knows nothing until [`LiveTerminals::look`].
    pub fn new(hosts: Hosts) -> Arc<Self> {
        Arc::new(Self {
            hosts,
            known: Mutex::default(),
            changed: Notify::new(),
            answered: Notify::new(),
            rings: broadcast::channel(UNHEARD).0,
        })
    }

    /// The live terminals as their hosts last described them, by project and terminal.
    pub fn statuses(&self) -> Vec<HostStatus> {
        self.lock().values().flatten().cloned().collect()
    }

    /// The bells and notifications of programs, from now on.
    pub fn rings(&self) -> broadcast::Receiver<(TerminalName, ScreenEvent)> {
        self.rings.subscribe()
    }

    /// The live terminals whose program has not ended.
    pub fn running(&self) -> Vec<TerminalName> {
        self.lock()
            .iter()
            .filter(|(_, status)| {
                !matches!(
                    status.as_ref().map(|status| &status.state),
                    Some(SessionState::Ended(_))
                )
            })
            .map(|(name, _)| *name)
            .collect()
    }

    /// Looks for hosts, and waits, bounded, until those found have answered.
    pub async fn look(self: &Arc<Self>) {
        self.find().await;
        let all_answered = async {
            loop {
                let answered = self.answered.notified();
                if self.lock().values().all(Option::is_some) {
                    return;
                }
                answered.await;
            }
        };
        // A host that does not answer is not waited for by those that do.
        let _ = timeout(FIRST_STATUS, all_answered).await;
    }

    /// Waits until something about a live terminal has changed; changes that follow each
    /// other closely are one.
    pub async fn change(&self) {
        self.changed.notified().await;
        sleep(SETTLES_WITHIN).await;
    }

    /// Looks for hosts that somebody else started, again and again. Never ends.
    pub async fn keep_looking(self: Arc<Self>) {
        loop {
            sleep(LOOK_EVERY).await;
            self.find().await;
        }
    }

    /// Looks for hosts now, without waiting for their answers.
    pub async fn find(self: &Arc<Self>) {
        let hosts = self.hosts.clone();
        let found = tokio::task::spawn_blocking(move || hosts.addresses()).await;
        for (project, terminal, _) in found.unwrap_or_default() {
            self.watch((project, terminal));
        }
    }

    /// Watches one host, unless it is watched already.
    fn watch(self: &Arc<Self>, name: TerminalName) {
        match self.lock().entry(name) {
            Entry::Occupied(_) => return,
            Entry::Vacant(place) => {
                place.insert(None);
            }
        }
        let live = self.clone();
        tokio::spawn(async move {
            live.listen(name).await;
            if let Some(Some(_)) = live.lock().remove(&name) {
                live.changed.notify_one();
            }
            live.answered.notify_waiters();
        });
    }

    /// Takes a host's statuses until its connection ends.
    async fn listen(&self, name: TerminalName) {
        let lock = self.hosts.lock(name.0, name.1);
        let Ok((mut sender, mut receiver)) = client::open(&lock).await else {
            return;
        };
        if sender.send(&Request::Watch).await.is_err() {
            return;
        }
        while let Ok(Some(frame)) = receiver.receive().await {
            match Reply::read(frame) {
                Ok(Some(Reply::Status(status))) => {
                    self.lock().insert(name, Some(*status));
                    self.changed.notify_one();
                    self.answered.notify_waiters();
                }
                Ok(Some(Reply::Event(event))) => {
                    // Nobody may be listening.
                    let _ = self.rings.send((name, event));
                }
                _ => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TerminalName, Option<HostStatus>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
