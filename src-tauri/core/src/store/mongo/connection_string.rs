//! A connection string as the person gave it, which may hold a password.

use std::fmt;

use mongodb::options::{ConnectionString as Parsed, HostInfo};

use super::address::{self, Address};
use crate::store::{ServerError, ServerFault};

/// A connection string that names a database and whose form is right; whether its hosts exist is
/// not known yet. What `Debug` shows of it holds neither user nor password.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionString {
    text: String,
    server: String,
    database: String,
    user: Option<String>,
}

impl ConnectionString {
    /// Reads a string that begins with `mongodb://` or `mongodb+srv://`. Asks nobody.
    ///
    /// # Errors
    /// [`ServerFault::ConnectionString`], [`ServerFault::NoDatabase`]; nothing of a password is
    /// in them.
    pub fn parse(text: &str) -> Result<Self, ServerError> {
        let parsed = Parsed::parse(text).map_err(|error| {
            let address = Address {
                server: address::hosts(text),
                database: String::new(),
            };
            address::not_understood(&address, &error, text)
        })?;
        let server = match &parsed.host_info {
            HostInfo::HostIdentifiers(hosts) => {
                let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
                hosts.join(",")
            }
            HostInfo::DnsRecord(host) => host.clone(),
            _ => address::hosts(text),
        };
        let database = parsed.default_database.clone().unwrap_or_default();
        let address = Address { server, database };
        if address.database.is_empty() {
            return Err(address.error(ServerFault::NoDatabase, ""));
        }
        let credential = parsed.credential.as_ref();
        Ok(Self {
            text: text.to_owned(),
            server: address.server,
            database: address.database,
            user: credential.and_then(|it| it.username.clone()),
        })
    }

    /// Its hosts, with their ports where it says them.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Its database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Its user, where it names one.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// All of it.
    pub(in crate::store) fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for ConnectionString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionString({}/{})", self.server, self.database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_it_holds_neither_user_nor_password() {
        let given = "mongodb://ana%40b:s3cr%2Fet@h:1,i/team?authSource=admin";
        let string = ConnectionString::parse(given).unwrap();
        assert_eq!(string.server(), "h:1,i:27017");
        assert_eq!(string.database(), "team");
        assert_eq!(string.user(), Some("ana@b"));
        assert_eq!(format!("{string:?}"), "ConnectionString(h:1,i:27017/team)");

        let nobody = ConnectionString::parse("mongodb+srv://cluster.example/team").unwrap();
        assert_eq!(nobody.server(), "cluster.example");
        assert_eq!(nobody.user(), None);
    }

    #[test]
    fn a_string_that_cannot_be_right_is_refused_at_once_and_without_its_password() {
        let error = ConnectionString::parse("mongodb://ana:s3cret@h:1/").unwrap_err();
        assert_eq!(error.fault, ServerFault::NoDatabase);
        for text in [
            "mongodb://ana:s3cret/more@h:1/team",
            "s3cret",
            "",
            "http://h/team",
        ] {
            let error = ConnectionString::parse(text).unwrap_err();
            assert_eq!(error.fault, ServerFault::ConnectionString, "{text}");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{text}");
        }
    }
}
