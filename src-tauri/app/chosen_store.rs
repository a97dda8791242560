//! Which store the running app was told to use, and the password for it.

use std::ffi::OsString;
use std::sync::{Mutex, MutexGuard, PoisonError};

use reprise_core::keyring::KeyringError;
use reprise_core::own_environment;
use reprise_core::project_sessions::{OpenStoreError, password_needed, with_password};
use reprise_core::store::{InvalidChoice, Password, StoreChoice, TeamConnection};

use crate::dto::PasswordPlace;

/// What names the store. May hold a password, and shows none.
#[derive(Default)]
pub struct ChosenStore {
    /// `REPRISE_STORE`, which comes before the preferences.
    variable: Option<OsString>,
    /// What is known of the password that a connection lacks. The keyring is asked once: it may
    /// show the person a question each time.
    password: Mutex<Option<Asked>>,
    /// The last connection whose test succeeded.
    tested: Mutex<Option<TeamConnection>>,
}

struct Asked {
    connection: TeamConnection,
    found: Result<Password, Option<KeyringError>>,
    in_keyring: bool,
}

impl ChosenStore {
    /// Takes `REPRISE_STORE` out of the environment. Must be called before there is a second
    /// thread.
    pub fn take() -> Self {
        Self {
            variable: own_environment::take(c"REPRISE_STORE"),
            ..Self::default()
        }
    }

    /// Whether `REPRISE_STORE` names it, whatever the preferences say.
    pub fn is_from_variable(&self) -> bool {
        self.variable.is_some()
    }

    /// The store to use, without a password that is not in what names it.
    ///
    /// # Errors
    /// [`InvalidChoice`]
    pub fn named(&self, preference: Option<&str>) -> Result<StoreChoice, InvalidChoice> {
        StoreChoice::of(self.variable.as_deref(), preference)
    }

    /// The store to use, with its password. Blocks while the keyring is asked, the first time.
    ///
    /// # Errors
    /// [`OpenStoreError`]
    pub fn complete(&self, preference: Option<&str>) -> Result<StoreChoice, OpenStoreError> {
        let named = self.named(preference)?;
        let StoreChoice::Team(connection) = &named else {
            return Ok(named);
        };
        if !connection.lacks_password() {
            return Ok(named);
        }
        if let Some(asked) = &*self.asked()
            && asked.connection == *connection
        {
            return match &asked.found {
                Ok(password) => Ok(with(connection, password)),
                Err(why) => Err(password_needed(connection, why.clone())),
            };
        }
        let completed = with_password(named.clone());
        let found = match &completed {
            Ok(StoreChoice::Team(complete)) => complete.password().cloned().ok_or(None),
            Ok(StoreChoice::Local) => Err(None),
            Err(OpenStoreError::PasswordNeeded { why, .. }) => Err(why.clone()),
            Err(_) => return completed,
        };
        *self.asked() = Some(Asked {
            connection: connection.clone(),
            in_keyring: found.is_ok(),
            found,
        });
        completed
    }

    /// Notes the password that the person gave for a connection, for as long as the app runs.
    pub fn remember(&self, connection: &TeamConnection) {
        let found = connection.password().cloned().ok_or(None);
        *self.asked() = Some(Asked {
            connection: connection.with_password(None),
            found,
            in_keyring: false,
        });
    }

    /// Notes that the keyring has it, too.
    pub fn is_in_keyring(&self, connection: &TeamConnection) {
        if let Some(asked) = &mut *self.asked() {
            asked.in_keyring = asked.connection == connection.with_password(None);
        }
    }

    /// The password that is known for a connection.
    pub fn password_of(&self, connection: &TeamConnection) -> Option<Password> {
        let asked = self.asked();
        let asked = asked.as_ref()?;
        let is_same = asked.connection == connection.with_password(None);
        asked.found.as_ref().ok().filter(|_| is_same).cloned()
    }

    /// Where the password of a connection that names a store is.
    pub fn password_place(&self, connection: &TeamConnection) -> PasswordPlace {
        if !connection.lacks_password() {
            return PasswordPlace::NotNeeded;
        }
        match &*self.asked() {
            Some(asked) if asked.connection == *connection => {
                match (&asked.found, asked.in_keyring) {
                    (Ok(_), true) => PasswordPlace::Keyring,
                    (Ok(_), false) => PasswordPlace::Memory,
                    (Err(_), _) => PasswordPlace::Missing,
                }
            }
            _ => PasswordPlace::Missing,
        }
    }

    /// Lets the keyring be asked again.
    pub fn forget(&self) {
        *self.asked() = None;
    }

    /// Notes that a test of this connection succeeded.
    pub fn note_tested(&self, connection: &TeamConnection) {
        *self.tested() = Some(connection.clone());
    }

    /// Whether the last test that succeeded was of this connection.
    pub fn was_tested(&self, connection: &TeamConnection) -> bool {
        self.tested().as_ref() == Some(connection)
    }

    fn tested(&self) -> MutexGuard<'_, Option<TeamConnection>> {
        self.tested.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> MutexGuard<'_, Option<Asked>> {
        self.password.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn with(connection: &TeamConnection, password: &Password) -> StoreChoice {
    StoreChoice::Team(connection.with_password(Some(password.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_was_given_is_used_for_its_connection_and_no_other() {
        let chosen = ChosenStore::default();
        let given = TeamConnection::parse("mongodb://ana:s3cret@h/team").unwrap();
        chosen.remember(&given);
        let named = given.with_password(None);
        assert_eq!(chosen.password_place(&named), PasswordPlace::Memory);
        chosen.is_in_keyring(&given);
        assert_eq!(chosen.password_place(&named), PasswordPlace::Keyring);
        let complete = chosen.complete(Some("mongodb://ana@h/team")).unwrap();
        assert_eq!(complete, StoreChoice::Team(given));
        assert_eq!(
            chosen.complete(Some("mongodb://h/other")).unwrap(),
            StoreChoice::Team(TeamConnection::parse("mongodb://h/other").unwrap())
        );
        assert_eq!(chosen.complete(None).unwrap(), StoreChoice::Local);
    }
}
