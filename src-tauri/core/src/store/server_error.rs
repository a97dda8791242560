//! Why a server, or what it holds, cannot be used.

use std::fmt;

/// What went wrong with a store on a server. Neither this nor its `Debug` holds a password or
/// a whole connection string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ServerError {
    /// The server's hosts, as the person wrote them; without user name and password.
    pub server: String,
    /// The database on it; empty where none is named.
    pub database: String,
    /// What it is.
    pub fault: ServerFault,
    /// What was said about it, in the words of the server, the driver or the system; may be
    /// empty.
    pub reason: String,
}

/// The kinds of [`ServerError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFault {
    /// The connection string is none, or says what is not possible.
    ConnectionString,
    /// The connection string names no database.
    NoDatabase,
    /// No such host.
    HostUnknown,
    /// The host is there, and nobody listens.
    Refused,
    /// The server does not answer, or ends the connection.
    Unreachable,
    /// No secure connection comes about.
    Tls,
    /// The server does not know this user with this password.
    Authentication,
    /// The user is known and may not do this.
    NotAllowed,
    /// The server is too old for the driver.
    TooOld,
    /// A replica set without a primary, or a server that takes no writes at the moment.
    NoPrimary,
    /// A change was sent and never confirmed: it may have been written or not.
    OutcomeUnknown,
    /// Another Reprise has been creating or moving a project to the same folder, for too long.
    Busy,
    /// A document that is not as it has to be. The others can be used.
    Unreadable {
        /// Its collection.
        collection: &'static str,
        /// Its `_id`.
        id: String,
    },
    /// Anything else.
    Failed,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server,
            database,
            fault,
            reason,
        } = self;
        let because = if reason.is_empty() {
            String::new()
        } else {
            format!(" ({reason})")
        };
        match fault {
            ServerFault::ConnectionString => write!(
                f,
                "the connection string cannot be used{because}; it looks like \
                 mongodb://user@host:27017/database"
            ),
            ServerFault::NoDatabase => write!(
                f,
                "the connection string names no database; add its name: \
                 mongodb://{server}/<database>"
            ),
            ServerFault::HostUnknown => write!(
                f,
                "the host of {server} is not known{because}; check its name and the network"
            ),
            ServerFault::Refused => write!(
                f,
                "{server} refuses connections{because}; check that MongoDB runs there, and the port"
            ),
            ServerFault::Unreachable => write!(
                f,
                "{server} does not answer{because}; check the network and, if the server requires \
                 TLS, that the connection string says tls=true"
            ),
            ServerFault::Tls => write!(
                f,
                "no secure connection to {server}{because}; check the TLS options of the \
                 connection string and the file of the certificate authority"
            ),
            ServerFault::Authentication => write!(
                f,
                "{server} does not accept the user name and password{because}; check both, and \
                 authSource"
            ),
            ServerFault::NotAllowed => write!(
                f,
                "the user has no right to do this in the database {database} on {server}{because}; \
                 ask its administrator for the role readWrite"
            ),
            ServerFault::TooOld => write!(
                f,
                "{server} is too old{because}; MongoDB 4.2 or newer is needed"
            ),
            ServerFault::NoPrimary => write!(
                f,
                "{server} takes no changes at the moment{because}: it has no primary; try again \
                 when one is elected"
            ),
            ServerFault::OutcomeUnknown => write!(
                f,
                "{server} did not confirm the change{because}: it may have been written; look \
                 before you repeat it"
            ),
            ServerFault::Busy => write!(
                f,
                "another Reprise is working on the same folder in {database} on {server}{because}; \
                 try again"
            ),
            ServerFault::Unreadable { collection, id } => write!(
                f,
                "the document {id} of {database}.{collection} on {server} cannot be \
                 understood{because}; correct it there, Reprise leaves it as it is"
            ),
            ServerFault::Failed => {
                write!(f, "the database {database} on {server} failed{because}")
            }
        }
    }
}
