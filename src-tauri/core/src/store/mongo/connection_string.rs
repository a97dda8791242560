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
    has_password: bool,
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
            has_password: credential.is_some_and(|it| it.password.is_some()),
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

    /// Whether it holds a password.
    pub fn has_password(&self) -> bool {
        self.has_password
    }

    /// The same without its password: what may be shown and written down.
    pub fn without_password(&self) -> String {
        match self.user_end() {
            Some((from, to)) if self.has_password => {
                let colon = self.text[from..to].find(':').map_or(to, |at| from + at);
                format!("{}{}", &self.text[..colon], &self.text[to..])
            }
            _ => self.text.clone(),
        }
    }

    /// The same with this password; as it is where it names no user.
    ///
    /// # Errors
    /// As [`ConnectionString::parse`].
    pub fn with_password(&self, password: &str) -> Result<Self, ServerError> {
        let bare = Self {
            text: self.without_password(),
            ..self.clone()
        };
        let Some((_, at)) = bare.user_end() else {
            return Ok(bare);
        };
        let mut text = bare.text[..at].to_owned();
        text.push(':');
        for byte in password.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text.push(byte.into()),
                other => text.push_str(&format!("%{other:02X}")),
            }
        }
        text.push_str(&bare.text[at..]);
        Self::parse(&text)
    }

    /// All of it.
    pub(in crate::store) fn text(&self) -> &str {
        &self.text
    }

    /// Where the part with user and password begins and ends.
    fn user_end(&self) -> Option<(usize, usize)> {
        let from = self.text.find("://")? + 3;
        let hosts = &self.text[from..];
        let end = hosts.find(['/', '?']).unwrap_or(hosts.len());
        let at = hosts[..end].rfind('@')?;
        Some((from, from + at))
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
    fn a_password_can_be_taken_out_and_put_in_and_is_never_shown() {
        let given = "mongodb://ana%40b:s3cr%2Fet@h:1,i/team?authSource=admin";
        let string = ConnectionString::parse(given).unwrap();
        assert_eq!(string.server(), "h:1,i:27017");
        assert_eq!(string.database(), "team");
        assert_eq!(string.user(), Some("ana@b"));
        assert!(string.has_password());
        let bare = string.without_password();
        assert_eq!(bare, "mongodb://ana%40b@h:1,i/team?authSource=admin");
        let bare = ConnectionString::parse(&bare).unwrap();
        assert!(!bare.has_password());
        assert_eq!(bare.with_password("s3cr/et").unwrap(), string);
        assert_eq!(string.with_password("s3cr/et").unwrap(), string);
        let odd = "p:@/?#[]%ä 日";
        assert!(string.with_password(odd).unwrap().has_password());
        assert!(!format!("{string:?}").contains("s3cr"));
        assert!(!format!("{string:?}").contains("ana"));

        let nobody = ConnectionString::parse("mongodb+srv://cluster.example/team").unwrap();
        assert_eq!(nobody.server(), "cluster.example");
        assert_eq!(nobody.with_password("x").unwrap(), nobody);
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
