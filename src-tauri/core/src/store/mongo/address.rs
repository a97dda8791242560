//! The connection string: what it says, what Reprise sets itself, and what must never be shown.

use std::time::Duration;

use mongodb::error::Error;
use mongodb::options::{
    Acknowledgment, ClientOptions, ReadPreference, SelectionCriteria, WriteConcern,
};

use super::failure;
use crate::store::{ServerError, ServerFault};

/// How long to look for a server that can do what is asked.
const SERVER_SELECTION: Duration = Duration::from_secs(2);
/// How long a connection may take to be made. Bounds, with the heartbeat, how long a server
/// that hangs stays unnoticed.
const CONNECT: Duration = Duration::from_secs(1);
/// How often each server is asked whether it lives.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// How long the members of a replica set may take to confirm a write.
const REPLICATION: Duration = Duration::from_millis(2500);
/// How long the name servers may take to resolve a `mongodb+srv` host.
const NAME_SERVERS: Duration = Duration::from_secs(5);
/// What the server's log calls us, unless the connection string says otherwise.
const APP_NAME: &str = "reprise";

/// Where the store is, in words that can be shown.
#[derive(Debug, Clone)]
pub(super) struct Address {
    /// The hosts.
    pub server: String,
    /// The database; empty where none is named.
    pub database: String,
}

impl Address {
    pub fn error(&self, fault: ServerFault, reason: impl Into<String>) -> ServerError {
        ServerError {
            server: self.server.clone(),
            database: self.database.clone(),
            fault,
            reason: reason.into(),
        }
    }
}

/// Reads a connection string. For `mongodb+srv` this asks the name servers.
pub(super) async fn read(connection_string: &str) -> Result<(Address, ClientOptions), ServerError> {
    let address = Address {
        server: hosts(connection_string),
        database: String::new(),
    };
    let reading = ClientOptions::parse(connection_string).into_future();
    let mut options = match tokio::time::timeout(NAME_SERVERS, reading).await {
        Ok(Ok(options)) => options,
        Ok(Err(error)) => return Err(not_understood(&address, &error, connection_string)),
        Err(_) => {
            let reason = "the name servers do not answer";
            return Err(address.error(ServerFault::HostUnknown, reason));
        }
    };
    let server = if connection_string.starts_with("mongodb+srv:") {
        address.server
    } else {
        let hosts: Vec<_> = options.hosts.iter().map(ToString::to_string).collect();
        hosts.join(",")
    };
    let address = Address {
        server,
        database: String::new(),
    };
    let address = match options.default_database.clone() {
        Some(database) if !database.is_empty() => Address {
            database,
            ..address
        },
        _ => return Err(address.error(ServerFault::NoDatabase, "")),
    };
    set(&mut options);
    Ok((address, options))
}

/// What to tell of a connection string that could not be read.
pub(super) fn not_understood(
    address: &Address,
    error: &Error,
    connection_string: &str,
) -> ServerError {
    let (fault, reason) = failure::reading(error);
    let reason = if leaks(&reason, connection_string) {
        "in a user name or password, signs like @ : / ? # % are written as %40 and so on".to_owned()
    } else {
        reason
    };
    address.error(fault, reason)
}

/// What a store of session ids needs, whatever the connection string says.
fn set(options: &mut ClientOptions) {
    options.app_name.get_or_insert_with(|| APP_NAME.to_owned());
    options.write_concern = Some(
        WriteConcern::builder()
            .w(Acknowledgment::Majority)
            .journal(true)
            .w_timeout(REPLICATION)
            .build(),
    );
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.retry_writes = Some(true);
    options.retry_reads = Some(true);
    options.server_selection_timeout = Some(SERVER_SELECTION);
    options.connect_timeout = Some(CONNECT);
    options.heartbeat_freq = Some(HEARTBEAT);
}

/// The hosts of a string that need not be right, and nothing else of it.
pub(super) fn hosts(connection_string: &str) -> String {
    let Some((_, rest)) = connection_string.split_once("://") else {
        return String::new();
    };
    // A password that was not encoded may hold any sign: what follows the last @ holds none.
    let hosts = rest.rsplit_once('@').map_or(rest, |(_, hosts)| hosts);
    let end = hosts.find(['/', '?']).unwrap_or(hosts.len());
    let is_host = |host: &str| match host.rsplit_once(':') {
        None => true,
        Some((_, port)) => port.ends_with(']') || port.chars().all(|sign| sign.is_ascii_digit()),
    };
    if hosts[..end].split(',').all(is_host) {
        hosts[..end].to_owned()
    } else {
        String::new()
    }
}

/// Whether a text about a connection string may repeat a part of its password.
fn leaks(text: &str, connection_string: &str) -> bool {
    let secret = match connection_string.split_once("://") {
        // Not even its form is right: anything in it may be the password.
        None => connection_string,
        Some((_, rest)) => match rest.rsplit_once('@') {
            Some((user, _)) => user.split_once(':').map_or("", |(_, password)| password),
            None => "",
        },
    };
    secret
        .split(|sign: char| !sign.is_alphanumeric())
        .any(|part| !part.is_empty() && text.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Address, ClientOptions), ServerError> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(super::read(text))
    }

    #[test]
    fn what_matters_is_set_whatever_the_string_says() {
        let (address, options) = read(
            "mongodb://ana:pw@a.example:1,b.example:2/team?w=0&journal=false&retryWrites=false\
             &serverSelectionTimeoutMS=60000&connectTimeoutMS=60000&heartbeatFrequencyMS=60000\
             &readPreference=secondary&replicaSet=rs7",
        )
        .unwrap();
        assert_eq!(address.server, "a.example:1,b.example:2");
        assert_eq!(address.database, "team");
        let concern = options.write_concern.unwrap();
        assert_eq!(concern.w, Some(Acknowledgment::Majority));
        assert_eq!(concern.journal, Some(true));
        assert_eq!(options.retry_writes, Some(true));
        assert_eq!(options.server_selection_timeout, Some(SERVER_SELECTION));
        assert_eq!(options.connect_timeout, Some(CONNECT));
        assert_eq!(options.heartbeat_freq, Some(HEARTBEAT));
        assert_eq!(options.app_name.as_deref(), Some("reprise"));
        assert_eq!(options.repl_set_name.as_deref(), Some("rs7"));
        let primary = SelectionCriteria::ReadPreference(ReadPreference::Primary);
        assert_eq!(options.selection_criteria, Some(primary));
    }

    #[test]
    fn a_string_without_a_database_is_told_what_is_missing() {
        for text in [
            "mongodb://h:1",
            "mongodb://h:1/",
            "mongodb://u:s3cret@h:1/?w=1",
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.fault, ServerFault::NoDatabase, "{text}");
            assert!(
                error.to_string().contains("mongodb://h:1/<database>"),
                "{error}"
            );
        }
    }

    #[test]
    fn no_part_of_a_password_is_in_what_is_said_about_a_string() {
        for text in [
            "mongodb://ana:s3cret/more@h:1/team",
            "mongodb://ana:s3cret@more@h:1/team",
            "mongodb://ana:s3cret:more@h:1/team",
            "mongodb://ana:s3cret?more@h:1/team",
            "mongodb://ana:s3cret#more@h:1/team",
            "mongodb://ana:s3cret%more@h:1/team",
            "mongodb://ana:s3cret@h:more/team",
            "mongo://ana:s3cret@h:1/team",
            "ana:s3cret@h:1/more",
            "s3cret",
            "",
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.fault, ServerFault::ConnectionString, "{text}");
            let said = format!("{error} {error:?}");
            assert!(!said.contains("s3cret"), "{text}: {said}");
        }
    }
}
