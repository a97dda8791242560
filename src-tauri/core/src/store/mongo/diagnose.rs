//! The test of a connection: the same way that the store takes, one step after the other, so
//! that it can be said where it ends. Nothing is left behind on the server.

use std::time::Duration;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::{
    ClientOptions, Credential, ReadPreference, SelectionCriteria, ServerAddress, Tls, TlsOptions,
};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::address::{self, Address};
use super::failure::Failure;
use super::link::Link;
use super::{milestones, projects};
use crate::store::diagnosis::{
    Contents, DatabaseKind, Diagnosis, HostFound, LoginAs, Rights, Step, Talk, TryWith,
};
use crate::store::{ServerError, ServerFault};

/// How long all of it may take, after the name servers.
const LIMIT: Duration = Duration::from_secs(5);
/// How long a server may take to take a connection.
const CONNECT: Duration = Duration::from_secs(1);
/// How many collections of a foreign database are named.
const NAMED_COLLECTIONS: usize = 5;
/// How the collections of ours begin.
const OURS: &str = "reprise_";

/// Tests a connection string, for some 5 seconds at most (10 where name servers are silent).
/// Nothing is changed on the server.
pub fn diagnose(connection_string: &str) -> Diagnosis {
    let mut found = Diagnosis {
        server: String::new(),
        database: String::new(),
        login_as: None,
        host: Step::NotReached,
        secure: Step::NotReached,
        login: Step::NotReached,
        rights: Step::NotReached,
        contents: Step::NotReached,
        try_with: None,
    };
    match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            runtime.block_on(run(connection_string, &mut found));
            // A thread that asks name servers may hang: it is not waited for.
            runtime.shutdown_background();
        }
        Err(error) => {
            found.host = Step::Failed(ServerError {
                server: String::new(),
                database: String::new(),
                fault: ServerFault::Failed,
                reason: error.to_string(),
            });
        }
    }
    found
}

async fn run(connection_string: &str, found: &mut Diagnosis) {
    let (address, options) = match address::read(connection_string).await {
        Ok(read) => read,
        Err(error) => {
            found.server.clone_from(&error.server);
            found.host = Step::Failed(error);
            return;
        }
    };
    found.server.clone_from(&address.server);
    found.database.clone_from(&address.database);
    found.login_as = options.credential.as_ref().map(login_as);
    let says_source = names_auth_source(connection_string);
    let steps = steps(&address, options, says_source, found);
    if tokio::time::timeout(LIMIT, steps).await.is_err() {
        let error = address.error(ServerFault::Unreachable, "no answer in time");
        found.fail_next(error);
    }
}

/// The steps in their order, up to the first that fails.
async fn steps(
    address: &Address,
    options: ClientOptions,
    says_source: bool,
    found: &mut Diagnosis,
) {
    let reached = match hosts(address, &options.hosts).await {
        Ok((host, first)) => {
            found.host = Step::Passed(host);
            first
        }
        Err(error) => {
            found.host = Step::Failed(error);
            return;
        }
    };
    match talk(address, &options, &reached).await {
        Ok(talk) => found.secure = Step::Passed(talk),
        // It speaks, and what is found at the end is its version.
        Err(error) if error.fault == ServerFault::TooOld => {
            found.secure = Step::Passed(Talk {
                tls: uses_tls(&options),
                round_trip: Duration::ZERO,
                replica_set: None,
            });
            found.contents = Step::Failed(error);
            return;
        }
        Err(error) => {
            if error.fault == ServerFault::Unreachable
                && !uses_tls(&options)
                && speaks_tls(address, &options, &reached).await
            {
                found.try_with = Some(TryWith::Tls);
                let reason = "it speaks TLS only";
                found.secure = Step::Failed(address.error(ServerFault::Tls, reason));
            } else {
                found.secure = Step::Failed(error);
            }
            return;
        }
    }
    let link = match Link::with(address.clone(), options) {
        Ok(link) => link,
        Err(error) => {
            found.login = Step::Failed(error);
            return;
        }
    };
    if let Err(error) = login(&link, found.login_as.is_some()).await {
        if error.fault == ServerFault::Authentication && !says_source {
            found.try_with = other_source(found.login_as.as_ref(), &address.database);
        }
        found.login = Step::Failed(error);
        return;
    }
    found.login = Step::Passed(());
    match rights(&link).await {
        Ok(rights) => found.rights = Step::Passed(rights),
        Err(error) => {
            found.rights = Step::Failed(error);
            return;
        }
    }
    found.contents = match contents(&link).await {
        Ok(contents) => Step::Passed(contents),
        Err(error) => Step::Failed(error),
    };
}

fn login_as(credential: &Credential) -> LoginAs {
    let mechanism = match &credential.mechanism {
        Some(mechanism) => mechanism.as_str(),
        None => "SCRAM",
    };
    LoginAs {
        user: credential.username.clone().unwrap_or_default(),
        auth_source: credential.source.clone().unwrap_or("admin".to_owned()),
        mechanism: mechanism.to_owned(),
    }
}

/// Whether a connection string says which database knows the user.
fn names_auth_source(connection_string: &str) -> bool {
    let parameters = connection_string.rsplit_once('?').map_or("", |it| it.1);
    parameters
        .split('&')
        .any(|it| it.to_ascii_lowercase().starts_with("authsource="))
}

/// Where the user may have been created instead.
fn other_source(login: Option<&LoginAs>, database: &str) -> Option<TryWith> {
    let login = login.filter(|login| login.mechanism.starts_with("SCRAM"))?;
    let other = if login.auth_source == database {
        "admin"
    } else {
        database
    };
    (other != login.auth_source).then(|| TryWith::AuthSource(other.to_owned()))
}

fn uses_tls(options: &ClientOptions) -> bool {
    matches!(options.tls, Some(Tls::Enabled(_)))
}

/// Connects to each of the hosts, and returns one that takes connections.
async fn hosts(
    address: &Address,
    named: &[ServerAddress],
) -> Result<(HostFound, ServerAddress), ServerError> {
    let mut connecting = JoinSet::new();
    for (place, host) in named.iter().cloned().enumerate() {
        connecting.spawn(async move {
            let stream = tokio::time::timeout(CONNECT, connect(&host)).await;
            let error = match stream {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(super::failure::io_cause(&error)),
                Err(_) => Some((ServerFault::Unreachable, "no answer in time".to_owned())),
            };
            (place, host, error)
        });
    }
    let mut results = connecting.join_all().await;
    results.sort_by_key(|(place, ..)| *place);
    let reached = results.iter().filter(|(.., error)| error.is_none()).count();
    let first = results.iter().find(|(.., error)| error.is_none());
    if let Some((_, host, _)) = first {
        let found = HostFound {
            named: named.len(),
            reached,
        };
        return Ok((found, host.clone()));
    }
    let why = results.into_iter().find_map(|(.., error)| error);
    let (fault, reason) = why.unwrap_or((ServerFault::HostUnknown, String::new()));
    Err(address.error(fault, reason))
}

async fn connect(host: &ServerAddress) -> std::io::Result<()> {
    match host {
        ServerAddress::Tcp { host, port } => {
            let host = host.trim_matches(['[', ']']);
            TcpStream::connect((host, port.unwrap_or(27017)))
                .await
                .map(drop)
        }
        ServerAddress::Unix { path } => tokio::net::UnixStream::connect(path).await.map(drop),
        // A kind of address that this does not know is the driver's to try.
        _ => Ok(()),
    }
}

/// A way to one of the servers, without a login.
fn to_one(
    address: &Address,
    options: &ClientOptions,
    host: &ServerAddress,
) -> Result<Link, ServerError> {
    let mut options = options.clone();
    options.credential = None;
    if options.load_balanced != Some(true) {
        options.hosts = vec![host.clone()];
        options.direct_connection = Some(true);
        options.repl_set_name = None;
    }
    Link::with(address.clone(), options)
}

/// Greets the server, and makes sure that the replica set is the one that is asked for.
async fn talk(
    address: &Address,
    options: &ClientOptions,
    host: &ServerAddress,
) -> Result<Talk, ServerError> {
    let link = to_one(address, options, host)?;
    // The first question waits for the connection; the second is what takes its time.
    let hello = ask(&link, "admin", doc! { "hello": 1 }).await?;
    let from = Instant::now();
    ask(&link, "admin", doc! { "ping": 1 }).await?;
    let round_trip = from.elapsed();
    let replica_set = hello.get_str("setName").ok().map(str::to_owned);
    if let Some(expected) = &options.repl_set_name
        && replica_set.as_ref() != Some(expected)
    {
        let there = replica_set.as_deref().unwrap_or("no replica set");
        let reason = format!("it says replicaSet={expected}, and the server is of {there}");
        return Err(address.error(ServerFault::ConnectionString, reason));
    }
    Ok(Talk {
        tls: uses_tls(options),
        round_trip,
        replica_set,
    })
}

/// Whether a server that ends an open connection answers by TLS. No secret is told to it, so
/// its certificate need not be right.
async fn speaks_tls(address: &Address, options: &ClientOptions, host: &ServerAddress) -> bool {
    let mut options = options.clone();
    let anybody = TlsOptions::builder().allow_invalid_certificates(true);
    options.tls = Some(Tls::Enabled(anybody.build()));
    let Ok(link) = to_one(address, &options, host) else {
        return false;
    };
    let hello = ask(&link, "admin", doc! { "hello": 1 });
    matches!(tokio::time::timeout(CONNECT, hello).await, Ok(Ok(_)))
}

/// Runs a command on whatever member answers.
async fn ask(link: &Link, database: &str, command: Document) -> Result<Document, ServerError> {
    let nearest = SelectionCriteria::ReadPreference(ReadPreference::Nearest {
        options: Default::default(),
    });
    let database = link.sibling(database);
    link.read(database.run_command(command).selection_criteria(nearest))
        .await
}

/// Makes a connection with the login. Without one, a server that wants one has to be asked for
/// something to say so.
async fn login(link: &Link, has_user: bool) -> Result<(), ServerError> {
    let database = link.address.database.clone();
    ask(link, &database, doc! { "connectionStatus": 1 }).await?;
    if has_user {
        return Ok(());
    }
    let anything = doc! { "find": projects::COLLECTION, "limit": 1, "projection": { "_id": 1 } };
    match ask(link, &database, anything).await {
        Err(error) if error.fault == ServerFault::Authentication => Err(error),
        _ => Ok(()),
    }
}

/// Reads, and writes in such a way that nothing is written.
async fn rights(link: &Link) -> Result<Rights, ServerError> {
    let database = link.address.database.clone();
    for collection in [projects::COLLECTION, milestones::COLLECTION] {
        let find = doc! { "find": collection, "limit": 1, "projection": { "_id": 1 } };
        ask(link, &database, find).await?;
    }
    for collection in [projects::COLLECTION, milestones::COLLECTION] {
        if let Err(error) = write_nothing(link, collection).await {
            let read_only = match error.fault {
                ServerFault::NotAllowed | ServerFault::NoPrimary => Some(error),
                _ => return Err(error),
            };
            return Ok(Rights { read_only });
        }
    }
    Ok(Rights { read_only: None })
}

/// Whether documents may be inserted, changed and removed: an `_id` that cannot be is not
/// inserted, and one that nobody has is not found. Both are refused first to whom they are not
/// allowed.
async fn write_nothing(link: &Link, collection: &str) -> Result<(), ServerError> {
    let nobody = ObjectId::new();
    let update = doc! { "q": { "_id": nobody }, "u": { "$set": { "name": "" } } };
    let delete = doc! { "q": { "_id": nobody }, "limit": 1 };
    let impossible = doc! { "_id": Bson::Array(Vec::new()) };
    for command in [
        doc! { "update": collection, "updates": [update] },
        doc! { "delete": collection, "deletes": [delete] },
        doc! { "insert": collection, "documents": [impossible] },
    ] {
        let database = link.sibling(&link.address.database);
        match link.once(database.run_command(command)).await {
            Ok(_) => {}
            Err(failure) if is_about_the_document(&failure) => {}
            Err(failure) => return Err(failure.describe(&link.address)),
        }
    }
    Ok(())
}

/// The right was there, and the document that cannot be was refused.
fn is_about_the_document(failure: &Failure) -> bool {
    matches!(failure.code(), Some(2 | 53))
}

async fn contents(link: &Link) -> Result<Contents, ServerError> {
    let database = link.address.database.clone();
    let build = ask(link, "admin", doc! { "buildInfo": 1 }).await?;
    let list = doc! { "listCollections": 1, "nameOnly": true, "authorizedCollections": true };
    let listed = ask(link, &database, list).await?;
    let mut names: Vec<String> = listed
        .get_document("cursor")
        .and_then(|cursor| cursor.get_array("firstBatch"))
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter_map(|it| it.as_document()?.get_str("name").ok())
        .filter(|name| !name.starts_with("system."))
        .map(str::to_owned)
        .collect();
    names.sort();
    let is_teams = |name: &String| {
        name == projects::COLLECTION || name == milestones::COLLECTION || name.starts_with(OURS)
    };
    let kind = if names.is_empty() {
        DatabaseKind::Empty
    } else if names.iter().any(is_teams) {
        DatabaseKind::Team {
            projects: count(link, projects::COLLECTION).await?,
            milestones: count(link, milestones::COLLECTION).await?,
        }
    } else {
        DatabaseKind::Foreign {
            count: names.len(),
            collections: names.into_iter().take(NAMED_COLLECTIONS).collect(),
        }
    };
    Ok(Contents {
        version: build.get_str("version").unwrap_or_default().to_owned(),
        kind,
    })
}

async fn count(link: &Link, collection: &str) -> Result<u64, ServerError> {
    let database = link.address.database.clone();
    let counted = ask(link, &database, doc! { "count": collection }).await?;
    let n = match counted.get("n") {
        Some(Bson::Int32(n)) => i64::from(*n),
        Some(Bson::Int64(n)) => *n,
        _ => 0,
    };
    Ok(n.try_into().unwrap_or(0))
}

impl Diagnosis {
    /// The step that was under way has failed.
    fn fail_next(&mut self, error: ServerError) {
        if self.host == Step::NotReached {
            self.host = Step::Failed(error);
        } else if self.secure == Step::NotReached {
            self.secure = Step::Failed(error);
        } else if self.login == Step::NotReached {
            self.login = Step::Failed(error);
        } else if self.rights == Step::NotReached {
            self.rights = Step::Failed(error);
        } else {
            self.contents = Step::Failed(error);
        }
    }
}
