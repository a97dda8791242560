//! What a test of a connection found, step by step.

use std::time::Duration;

use super::ServerError;

/// How far a connection string leads: the steps in their order, each with what was found. No
/// password is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The hosts, as in [`ServerError::server`].
    pub server: String,
    /// The database; empty where none is named.
    pub database: String,
    /// As whom the login is tried; none where the connection string names nobody.
    pub login_as: Option<LoginAs>,
    /// Whether somebody is there.
    pub host: Step<HostFound>,
    /// Whether it is a server of MongoDB, and how it is talked to.
    pub secure: Step<Talk>,
    /// Whether it lets this user in.
    pub login: Step<()>,
    /// What this user may do in the database. Who may not even read has failed here.
    pub rights: Step<Rights>,
    /// Which server it is, and what lies in the database.
    pub contents: Step<Contents>,
    /// What to add to the connection string, where that may help.
    pub try_with: Option<TryWith>,
}

/// One step of a [`Diagnosis`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<T> {
    /// It went well.
    Passed(T),
    /// It did not.
    Failed(ServerError),
    /// An earlier one failed.
    NotReached,
}

/// A user, and how its login is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginAs {
    /// The user's name; empty for a certificate's.
    pub user: String,
    /// The database that knows the user.
    pub auth_source: String,
    /// How the password is proved: `SCRAM`, or what the connection string names.
    pub mechanism: String,
}

/// Who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostFound {
    /// How many servers the connection string, or its name in the DNS, names.
    pub named: usize,
    /// How many of them take connections.
    pub reached: usize,
}

/// How the server is talked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talk {
    /// Whether by TLS. Otherwise all on the way can read along.
    pub tls: bool,
    /// The time between question and answer.
    pub round_trip: Duration,
    /// The name of its replica set; none for a single server or a router.
    pub replica_set: Option<String>,
}

/// What a user may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Why nothing can be written; none where it can.
    pub read_only: Option<ServerError>,
}

/// What lies in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The server's version: `6.0.5`.
    pub version: String,
    /// What kind of database it is.
    pub kind: DatabaseKind,
}

/// What a database is used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseKind {
    /// It has collections of wxcode or of Reprise.
    Team {
        /// About how many projects.
        projects: u64,
        /// About how many milestones.
        milestones: u64,
    },
    /// It has no collection, or there is no such database: it comes about with the first
    /// project.
    Empty,
    /// It belongs to something else: none of wxcode's collections is there, but these are.
    Foreign {
        /// Some of their names, in order.
        collections: Vec<String>,
        /// How many there are.
        count: usize,
    },
}

/// A parameter of the connection string that is worth a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TryWith {
    /// The user may have been created in this other database.
    AuthSource(String),
    /// The server speaks TLS only.
    Tls,
}

impl TryWith {
    /// As it stands in a connection string: `authSource=admin`, `tls=true`.
    pub fn parameter(&self) -> String {
        match self {
            Self::AuthSource(database) => format!("authSource={database}"),
            Self::Tls => "tls=true".to_owned(),
        }
    }

    /// The connection string with this parameter.
    pub fn add_to(&self, connection_string: &str) -> String {
        let after_scheme = connection_string.find("://").map_or(0, |at| at + 3);
        let rest = &connection_string[after_scheme..];
        let hosts = rest.rfind('@').map_or(0, |at| at + 1);
        let join = if rest[hosts..].contains('?') {
            if connection_string.ends_with(['?', '&']) {
                ""
            } else {
                "&"
            }
        } else if rest[hosts..].contains('/') {
            "?"
        } else {
            "/?"
        };
        format!("{connection_string}{join}{}", self.parameter())
    }
}

impl Diagnosis {
    /// Whether the store can be used, and be written to.
    pub fn is_usable(&self) -> bool {
        matches!(&self.rights, Step::Passed(rights) if rights.read_only.is_none())
            && matches!(self.contents, Step::Passed(_))
    }

    /// The step that failed, if one did.
    pub fn failure(&self) -> Option<&ServerError> {
        self.host
            .error()
            .or(self.secure.error())
            .or(self.login.error())
            .or(self.rights.error())
            .or(self.contents.error())
    }
}

impl<T> Step<T> {
    /// Why it failed.
    pub fn error(&self) -> Option<&ServerError> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Passed(_) | Self::NotReached => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_added_where_it_belongs() {
        for (before, after) in [
            ("mongodb://h:1", "mongodb://h:1/?tls=true"),
            ("mongodb://h:1/team", "mongodb://h:1/team?tls=true"),
            ("mongodb://h:1/team?", "mongodb://h:1/team?tls=true"),
            ("mongodb://h/team?w=1", "mongodb://h/team?w=1&tls=true"),
            (
                "mongodb://a:p%3F@h/team",
                "mongodb://a:p%3F@h/team?tls=true",
            ),
        ] {
            assert_eq!(TryWith::Tls.add_to(before), after);
        }
        let source = TryWith::AuthSource("team".to_owned());
        assert_eq!(source.parameter(), "authSource=team");
    }
}
