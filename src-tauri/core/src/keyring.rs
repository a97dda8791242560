//! The person's keyring, where the password of a team's store is kept: on Linux the Secret
//! Service, which GNOME, KDE and others provide.
//!
//! A locked keyring asks the person and does not answer until then; so everything here happens
//! on a thread of its own, which is waited for [`PATIENCE`] and no longer. Each attempt makes a
//! connection of its own: one that hangs is in nobody's way, and a keyring that was started in
//! the meantime is found.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::store::{Password, TeamConnection};

/// How long a keyring is waited for.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// What our entries are filed under.
const SERVICE: &str = "reprise";

/// Why the keyring gave nothing, or took nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// No keyring runs here.
    #[error("no keyring runs here ({reason})")]
    None {
        /// What was said about it.
        reason: String,
    },
    /// It is locked, and the person did not unlock it.
    #[error("the keyring is locked")]
    Locked,
    /// It did not answer in time; it may be asking the person.
    #[error("the keyring did not answer within {} seconds; it may be locked", PATIENCE.as_secs())]
    Silent,
    /// Anything else.
    #[error("the keyring failed ({reason})")]
    Failed {
        /// What was said about it.
        reason: String,
    },
}

/// The password that is kept for a connection; none where none is kept.
///
/// # Errors
/// [`KeyringError`], after [`PATIENCE`] at the latest.
pub fn find(connection: &TeamConnection) -> Result<Option<Password>, KeyringError> {
    let user = entry_of(connection);
    within_patience(move || backend::find(SERVICE, &user))
}

/// Keeps the password of a connection; one without is forgotten.
///
/// # Errors
/// As [`find`]; a keyring that answers later may still have kept it.
pub fn keep(connection: &TeamConnection) -> Result<(), KeyringError> {
    let user = entry_of(connection);
    let label = format!("Reprise: {}/{}", connection.hosts(), connection.database());
    let password = connection.password().cloned();
    within_patience(move || match password {
        Some(password) => backend::keep(SERVICE, &user, &label, &password),
        None => backend::forget(SERVICE, &user),
    })
}

/// What an entry is named by: who it is, where. Not by the options, which change nothing about
/// the password.
fn entry_of(connection: &TeamConnection) -> String {
    format!(
        "{}@{}/{}",
        connection.user(),
        connection.hosts(),
        connection.database()
    )
}

fn within_patience<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let (sender, receiver) = sync_channel(1);
    let started = thread::Builder::new()
        .name("reprise-keyring".into())
        .spawn(move || {
            // Whoever asked may have stopped waiting.
            let _ = sender.send(work());
        });
    if let Err(error) = started {
        return Err(KeyringError::Failed {
            reason: error.to_string(),
        });
    }
    match receiver.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(KeyringError::Silent),
        Err(RecvTimeoutError::Disconnected) => Err(KeyringError::Failed {
            reason: "it ended without an answer".into(),
        }),
    }
}

#[cfg(target_os = "linux")]
mod backend {
    use std::collections::HashMap;

    use keyring_core::api::CredentialStoreApi;
    use keyring_core::{Entry, Error};
    use zbus_secret_service_keyring_store::Store;

    use super::KeyringError;
    use crate::store::Password;

    pub fn find(service: &str, user: &str) -> Result<Option<Password>, KeyringError> {
        match entry(service, user, None)?.get_password() {
            Ok(password) => Ok(Some(Password::new(password))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(said(&error)),
        }
    }

    pub fn keep(
        service: &str,
        user: &str,
        label: &str,
        password: &Password,
    ) -> Result<(), KeyringError> {
        entry(service, user, Some(label))?
            .set_password(password.reveal())
            .map_err(|error| said(&error))
    }

    pub fn forget(service: &str, user: &str) -> Result<(), KeyringError> {
        match entry(service, user, None)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(said(&error)),
        }
    }

    fn entry(service: &str, user: &str, label: Option<&str>) -> Result<Entry, KeyringError> {
        let store = Store::new().map_err(|error| KeyringError::None {
            reason: reason(&error),
        })?;
        let label = label.map(|label| HashMap::from([("label", label)]));
        store
            .build(service, user, label.as_ref())
            .map_err(|error| said(&error))
    }

    fn said(error: &Error) -> KeyringError {
        match error {
            Error::NoStorageAccess(_) => KeyringError::Locked,
            error => KeyringError::Failed {
                reason: reason(error),
            },
        }
    }

    /// Without what a value in it might be: errors of encoding carry the secret's bytes.
    fn reason(error: &Error) -> String {
        match error {
            Error::BadEncoding(_) => "what is kept is no text".to_owned(),
            error => error.to_string(),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod backend {
    use super::KeyringError;
    use crate::store::Password;

    fn none() -> KeyringError {
        KeyringError::None {
            reason: "not supported on this system yet".into(),
        }
    }

    pub fn find(_: &str, _: &str) -> Result<Option<Password>, KeyringError> {
        Err(none())
    }

    pub fn keep(_: &str, _: &str, _: &str, _: &Password) -> Result<(), KeyringError> {
        Err(none())
    }

    pub fn forget(_: &str, _: &str) -> Result<(), KeyringError> {
        Err(none())
    }
}
