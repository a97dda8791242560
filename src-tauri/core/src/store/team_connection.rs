//! A connection string, and the password that is kept apart from it.

use std::fmt;

/// The options of a connection string whose values are secrets, too.
const SECRET_OPTIONS: [&str; 3] = [
    "tlscertificatekeyfilepassword",
    "authmechanismproperties",
    "proxypassword",
];
/// The ways to log in that need no password, or bring their own.
const WITHOUT_PASSWORD: [&str; 4] = ["MONGODB-X509", "MONGODB-AWS", "MONGODB-OIDC", "GSSAPI"];

/// A password. Nothing that shows it ([`fmt::Debug`] is all there is) shows what it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password, as the person types it.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// As the person types it: for the keyring alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A MongoDB connection string as the person wrote it, and its password apart from it:
/// `mongodb://user:password@host:27017/database?options`. Whether it can be used is found when
/// it is.
///
/// What shows it shows no password, and no other option that is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct TeamConnection {
    /// `mongodb` or `mongodb+srv`.
    scheme: String,
    /// As it is written, percent-encoded.
    user: Option<String>,
    password: Option<Password>,
    /// Hosts, database and options, as they are written.
    rest: String,
}

/// A text that is no connection string. What was in it is not said: it may be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no connection string, which begins with mongodb:// or mongodb+srv://")]
pub struct NoConnectionString;

impl TeamConnection {
    /// Reads a connection string, and takes the password out of it. A password with signs that
    /// ought to be percent-encoded is understood, too.
    ///
    /// # Errors
    /// It does not begin as one.
    pub fn parse(text: &str) -> Result<Self, NoConnectionString> {
        let (scheme, after) = text.trim().split_once("://").ok_or(NoConnectionString)?;
        if !matches!(scheme, "mongodb" | "mongodb+srv") || after.is_empty() {
            return Err(NoConnectionString);
        }
        let (user, password, rest) = match end_of_user(after) {
            None => (None, None, after),
            Some(at) => {
                let rest = &after[at + 1..];
                match after[..at].split_once(':') {
                    None => (Some(after[..at].to_owned()), None, rest),
                    Some((user, password)) => {
                        let password = Password(decoded(password));
                        (Some(user.to_owned()), Some(password), rest)
                    }
                }
            }
        };
        Ok(Self {
            scheme: scheme.to_owned(),
            user: user.filter(|user| !user.is_empty()),
            password: password.filter(|password| !password.0.is_empty()),
            rest: rest.to_owned(),
        })
    }

    /// The same with this password, or with none.
    pub fn with_password(&self, password: Option<Password>) -> Self {
        Self {
            password: password.filter(|password| !password.0.is_empty()),
            ..self.clone()
        }
    }

    /// The same with another database.
    pub fn with_database(&self, database: &str) -> Self {
        let (path, options) = match self.rest.split_once('?') {
            Some((path, options)) => (path, format!("?{options}")),
            None => (self.rest.as_str(), String::new()),
        };
        let hosts = path.split('/').next().unwrap_or_default();
        Self {
            rest: format!("{hosts}/{}{options}", encoded(database)),
            ..self.clone()
        }
    }

    /// As it is written, without the password of its user; other secrets in it are in it.
    pub fn without_password(&self) -> String {
        self.with_password(None).reveal()
    }

    /// The password that it holds.
    pub fn password(&self) -> Option<&Password> {
        self.password.as_ref()
    }

    /// Whether its user has to prove a password that it does not hold.
    pub fn lacks_password(&self) -> bool {
        let needs_none = self.options().any(|(name, value)| {
            name.eq_ignore_ascii_case("authMechanism")
                && WITHOUT_PASSWORD
                    .iter()
                    .any(|mechanism| value.eq_ignore_ascii_case(mechanism))
        });
        self.user.is_some() && self.password.is_none() && !needs_none
    }

    /// The user's name; empty where none is named.
    pub fn user(&self) -> String {
        self.user.as_deref().map(decoded).unwrap_or_default()
    }

    /// The hosts, as they are written.
    pub fn hosts(&self) -> &str {
        let end = self.rest.find(['/', '?']).unwrap_or(self.rest.len());
        &self.rest[..end]
    }

    /// The name of the database; empty where none is named.
    pub fn database(&self) -> String {
        let path = self.rest.split('?').next().unwrap_or_default();
        path.split_once('/')
            .map(|(_, database)| decoded(database))
            .unwrap_or_default()
    }

    /// The name of an option whose value is a secret that is no user's password, which Reprise
    /// does not keep.
    pub fn secret_option(&self) -> Option<&str> {
        self.options()
            .map(|(name, _)| name)
            .find(|name| is_secret(name))
    }

    /// All of it, with the password: for the driver alone.
    pub fn reveal(&self) -> String {
        let password = self
            .password
            .as_ref()
            .map(|password| format!(":{}", encoded(&password.0)))
            .unwrap_or_default();
        let user = self
            .user
            .as_ref()
            .map(|user| format!("{user}{password}@"))
            .unwrap_or_default();
        format!("{}://{user}{}", self.scheme, self.rest)
    }

    fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        let options = self.rest.split_once('?').map_or("", |(_, options)| options);
        options
            .split(['&', ';'])
            .filter_map(|option| option.split_once('='))
    }
}

/// Without password and other secrets: can be shown, and kept in a file.
impl fmt::Display for TeamConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        let Some((before, options)) = self.rest.split_once('?') else {
            return f.write_str(&self.rest);
        };
        let shown: Vec<_> = options
            .split(['&', ';'])
            .map(|option| match option.split_once('=') {
                Some((name, _)) if is_secret(name) => format!("{name}=…"),
                _ => option.to_owned(),
            })
            .collect();
        write!(f, "{before}?{}", shown.join("&"))
    }
}

impl fmt::Debug for TeamConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TeamConnection({self})")
    }
}

fn is_secret(option: &str) -> bool {
    SECRET_OPTIONS
        .iter()
        .any(|secret| option.eq_ignore_ascii_case(secret))
}

/// Where the `@` is that ends user and password. As a password that was not encoded may hold
/// any sign, it is the last one that does not belong to an option.
fn end_of_user(after_scheme: &str) -> Option<usize> {
    let mut end = after_scheme.rfind('@')?;
    loop {
        let before = after_scheme[..end].rfind('@');
        let between = &after_scheme[before.map_or(0, |at| at + 1)..end];
        if !is_up_to_an_option(between) {
            return Some(end);
        }
        end = before?;
    }
}

/// Whether it is `host:1/database?option=…`.
fn is_up_to_an_option(text: &str) -> bool {
    let Some((path, options)) = text.split_once('?') else {
        return false;
    };
    let hosts = path.split('/').next().unwrap_or_default();
    options.contains('=')
        && hosts.split(',').all(|host| match host.rsplit_once(':') {
            None => !host.is_empty(),
            Some((_, port)) => {
                port.ends_with(']')
                    || !port.is_empty() && port.chars().all(|sign| sign.is_ascii_digit())
            }
        })
}

/// Percent-decoded; as it is where that is not what it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => bytes.push(byte),
            None => return text.to_owned(),
        }
        rest = &after[2..];
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TeamConnection {
        TeamConnection::parse(text).unwrap()
    }

    #[test]
    fn the_password_is_taken_out_and_put_in_again() {
        for (text, without, password) in [
            (
                "mongodb://ana:s3cret@h:1/team?w=1",
                "mongodb://ana@h:1/team?w=1",
                "s3cret",
            ),
            (
                "mongodb+srv://a%40b:p%40%3A%2F@h/team",
                "mongodb+srv://a%40b@h/team",
                "p@:/",
            ),
            (
                "mongodb://ana:s3/c@ret@h:1,i:2/t",
                "mongodb://ana@h:1,i:2/t",
                "s3/c@ret",
            ),
            ("mongodb://ana:s3?a=b@h/t", "mongodb://ana@h/t", "s3?a=b"),
            ("mongodb://ana:100%@h/t", "mongodb://ana@h/t", "100%"),
            (
                "mongodb://ana:p@h/t?appName=a@b",
                "mongodb://ana@h/t?appName=a@b",
                "p",
            ),
            ("mongodb://ana@h/t", "mongodb://ana@h/t", ""),
            ("mongodb://ana:@h/t", "mongodb://ana@h/t", ""),
            (
                "mongodb://h:1/t?appName=a@b",
                "mongodb://h:1/t?appName=a@b",
                "",
            ),
            ("mongodb://[::1]:1/t", "mongodb://[::1]:1/t", ""),
        ] {
            let found = read(text);
            let held = found.password().map_or("", Password::reveal);
            assert_eq!(
                (found.to_string().as_str(), held),
                (without, password),
                "{text}"
            );
            // What is put together is read as the same again.
            assert_eq!(read(&found.reveal()), found, "{text}");
            let again = read(without).with_password(Some(Password::new(password)));
            assert_eq!(again, found, "{text}");
        }
    }

    #[test]
    fn nothing_that_shows_it_shows_a_secret() {
        let found =
            read("mongodb://ana:s3cret@h/t?tls=true&tlsCertificateKeyFilePassword=s3cret&a=1");
        let shown = format!("{found} {found:?} {:?} {:#?}", found.password(), found);
        assert!(!shown.contains("s3cret"), "{shown}");
        assert_eq!(
            found.to_string(),
            "mongodb://ana@h/t?tls=true&tlsCertificateKeyFilePassword=…&a=1"
        );
        assert_eq!(found.secret_option(), Some("tlsCertificateKeyFilePassword"));
    }

    #[test]
    fn who_needs_a_password_is_known() {
        assert!(read("mongodb://ana@h/t").lacks_password());
        assert!(!read("mongodb://ana:p@h/t").lacks_password());
        assert!(!read("mongodb://h/t").lacks_password());
        assert!(!read("mongodb://CN=ana@h/t?authMechanism=MONGODB-X509").lacks_password());
    }

    #[test]
    fn its_parts_are_told() {
        let found = read("mongodb://a%20b@h:1,i:2/team?w=1");
        assert_eq!(
            (found.user(), found.hosts(), found.database()),
            ("a b".to_owned(), "h:1,i:2", "team".to_owned())
        );
        assert_eq!(read("mongodb://h").database(), "");
    }

    #[test]
    fn what_is_no_connection_string_is_not_repeated() {
        for text in [
            "",
            "local",
            "ana:s3cret@h/t",
            "postgres://ana:s3cret@h/t",
            "mongodb://",
        ] {
            let error = TeamConnection::parse(text).unwrap_err();
            assert!(!error.to_string().contains("s3cret"));
        }
    }
}
