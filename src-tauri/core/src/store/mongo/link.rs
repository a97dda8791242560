//! The connection: whether a server is there, and commands that always come to an end.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mongodb::bson::RawDocumentBuf;
use mongodb::error::{Error, ErrorKind};
use mongodb::event::EventHandler;
use mongodb::event::sdam::{SdamEvent, TopologyDescription, TopologyType};
use mongodb::options::ClientOptions;
use mongodb::{Client, Collection, Database, ServerType};
use tokio::sync::watch;
use tokio::time::Instant;

use super::address::{self, Address};
use super::failure::{self, Cause, Failure};
use crate::store::{ServerError, ServerFault};

/// How long a lost server is waited for before a command fails. A failover or a restart that is
/// quicker is not noticed.
const GRACE: Duration = Duration::from_secs(1);
/// How long an answer may take from a server whose heartbeats are well.
const ANSWER: Duration = Duration::from_secs(3);
/// How often a write is sent whose outcome is unknown. All our writes may be repeated.
const ATTEMPTS: usize = 3;

/// What is known of the server.
#[derive(Debug, Clone, Default)]
struct Health {
    /// Set while no server is there that takes changes, after one was or a heartbeat failed.
    lost: Option<Lost>,
    /// A replica set without a primary was seen last.
    no_primary: bool,
    /// A server was there that takes changes.
    seen: bool,
}

#[derive(Debug, Clone)]
struct Lost {
    since: Instant,
    /// The same for people.
    at: Timestamp,
    why: Cause,
}

/// Whether a [`super::MongoStore`] has its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    /// None was found yet, and nothing speaks against one.
    Connecting,
    /// A server is there that takes changes.
    Connected,
    /// There is none, since then; it is looked for all the time.
    Lost {
        /// Since when.
        since: Timestamp,
        /// Why.
        why: ServerError,
    },
}

/// A client of one database, and what is known of its server.
#[derive(Clone)]
pub(super) struct Link {
    pub address: Address,
    database: Database,
    health: watch::Receiver<Health>,
}

impl Link {
    /// Reads the connection string and begins to look for the server.
    pub async fn new(connection_string: &str) -> Result<Self, ServerError> {
        let (address, options) = address::read(connection_string).await?;
        Self::with(address, options)
    }

    /// Begins to look for the server; call it in a runtime.
    pub fn with(address: Address, mut options: ClientOptions) -> Result<Self, ServerError> {
        let health = watch_server(&mut options);
        let client = Client::with_options(options).map_err(|error| {
            let (fault, reason) = failure::preparing(&error);
            address.error(fault, reason)
        })?;
        let database = client.database(&address.database);
        Ok(Self {
            address,
            database,
            health,
        })
    }

    pub fn collection(&self, name: &str) -> Collection<RawDocumentBuf> {
        self.database.collection(name)
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Another database on the same server.
    pub fn sibling(&self, name: &str) -> Database {
        self.database.client().database(name)
    }

    pub fn state(&self) -> ServerState {
        let health = self.health.borrow();
        match &health.lost {
            None if health.seen => ServerState::Connected,
            None => ServerState::Connecting,
            Some(lost) => ServerState::Lost {
                since: lost.at,
                why: self.address.error(lost.why.0.clone(), &*lost.why.1),
            },
        }
    }

    /// Sends one command and waits for its answer, for a bounded time.
    pub async fn once<T>(
        &self,
        command: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        let was_lost = self.health.borrow().lost.is_some();
        tokio::select! {
            biased;
            result = command.into_future() => result.map_err(|error| self.failure(error)),
            cause = self.gone() => Err(if was_lost {
                Failure::NotSent(cause)
            } else {
                Failure::Lost(cause)
            }),
            () = tokio::time::sleep(ANSWER) => Err(Failure::NoAnswer),
        }
    }

    /// Something that changes nothing.
    pub async fn read<T>(
        &self,
        command: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Result<T, ServerError> {
        self.once(command)
            .await
            .map_err(|failure| failure.describe(&self.address))
    }

    /// Something that changes what is stored, in such a way that it may be done again.
    /// `command` is made anew for each attempt and told whether an earlier one may have
    /// happened.
    pub async fn write<T, C>(&self, mut command: impl FnMut(bool) -> C) -> Result<T, ServerError>
    where
        C: IntoFuture<Output = Result<T, Error>>,
    {
        let mut may_have_happened = false;
        let mut attempt = 1;
        loop {
            let failure = match self.once(command(may_have_happened)).await {
                Ok(result) => return Ok(result),
                Err(failure) => failure,
            };
            may_have_happened |= failure.is_ambiguous();
            if attempt < ATTEMPTS && failure.may_pass() {
                attempt += 1;
            } else if may_have_happened {
                return Err(failure.describe_unknown(&self.address));
            } else {
                return Err(failure.describe(&self.address));
            }
        }
    }

    /// Ends when there has been no server for longer than it is waited for; says why.
    async fn gone(&self) -> Cause {
        let mut health = self.health.clone();
        loop {
            let lost = health.borrow_and_update().lost.clone();
            let changed = match lost {
                None => health.changed().await,
                Some(lost) => tokio::select! {
                    biased;
                    () = tokio::time::sleep_until(lost.since + GRACE) => return lost.why,
                    changed = health.changed() => changed,
                },
            };
            if changed.is_err() {
                // The client is going; the command's own end is what counts.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Says more about an error than the driver, which tells the cause of a fruitless search
    /// only in a text.
    fn failure(&self, error: Error) -> Failure {
        let ErrorKind::ServerSelection { message, .. } = &*error.kind else {
            return Failure::Driver(error);
        };
        let health = self.health.borrow();
        Failure::NotSent(if message.contains("reports wire version") {
            (ServerFault::TooOld, message.clone())
        } else if let Some(lost) = &health.lost {
            lost.why.clone()
        } else if health.no_primary {
            (ServerFault::NoPrimary, String::new())
        } else {
            failure::cause(&error)
        })
    }
}

/// Has the driver tell what becomes of the server.
fn watch_server(options: &mut ClientOptions) -> watch::Receiver<Health> {
    let (sender, receiver) = watch::channel(Health::default());
    let sender = Arc::new(sender);
    options.sdam_event_handler = Some(EventHandler::callback(move |event| match event {
        SdamEvent::TopologyDescriptionChanged(event) => {
            let before = takes_changes(&event.previous_description);
            sender.send_modify(|health| changed(health, before, &event.new_description));
        }
        SdamEvent::ServerHeartbeatFailed(event) => {
            let why = failure::cause(&event.failure);
            sender.send_if_modified(|health| match &mut health.lost {
                Some(lost) => {
                    lost.why = why;
                    false
                }
                None => false,
            });
        }
        _ => {}
    }));
    receiver
}

/// Whether a server is there that takes changes. Of a replica set whose primary stepped down the
/// driver (3.9) goes on to say that there is one.
fn takes_changes(topology: &TopologyDescription) -> bool {
    match topology.topology_type() {
        TopologyType::ReplicaSetWithPrimary => topology
            .servers()
            .values()
            .any(|server| server.server_type() == ServerType::RsPrimary),
        _ => topology.has_writable_server(),
    }
}

fn changed(health: &mut Health, was_writable: bool, topology: &TopologyDescription) {
    let writable = takes_changes(topology);
    health.no_primary = !writable
        && matches!(
            topology.topology_type(),
            TopologyType::ReplicaSetNoPrimary | TopologyType::ReplicaSetWithPrimary
        );
    if writable {
        health.seen = true;
        health.lost = None;
        return;
    }
    let servers = topology.servers();
    let why = servers
        .values()
        .find_map(|server| server.error())
        .map(failure::cause);
    let since = match &health.lost {
        Some(lost) => Some((lost.since, lost.at)),
        None if why.is_some() || was_writable => Some((Instant::now(), Timestamp::now())),
        None => None,
    };
    health.lost = since.map(|(since, at)| Lost {
        since,
        at,
        why: why.unwrap_or((ServerFault::NoPrimary, String::new())),
    });
}
