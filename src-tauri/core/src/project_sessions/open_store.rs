//! Opening the store that was chosen: the same for the window and the command line.

use std::ffi::OsStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use crate::folders::Folders;
use crate::keyring::{self, KeyringError};
use crate::machine::{self, MachineError};
use crate::store::{
    ConnectionString, Following, InvalidChoice, SetAside, SqliteStore, Store, StoreChoice,
    StoreError, TeamConnection, TeamStore,
};

/// The file of the preferences, in [`Folders::preferences_dir`].
pub const PREFERENCES_FILE: &str = "preferences.json";

/// A store that is open, and what the person has to be told about it.
pub struct OpenStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The same, where it is a team's.
    pub team: Option<Arc<TeamStore>>,
    /// The damaged file that lay in the place of the one on this computer.
    pub set_aside: Option<SetAside>,
}

/// Why the store that was chosen is not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenStoreError {
    /// What names it makes no sense.
    #[error(transparent)]
    Choice(#[from] InvalidChoice),
    /// Its password is in no keyring that can be asked.
    #[error(
        "the password of {user} for {server} is needed{}",
        why.as_ref().map(|why| format!(": {why}")).unwrap_or_default()
    )]
    PasswordNeeded {
        /// Whose.
        user: String,
        /// The hosts.
        server: String,
        /// Why the keyring did not give it; none where it has none.
        why: Option<KeyringError>,
    },
    /// It cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens a store; a team's server need not be there. A password that its connection lacks is not
/// looked for.
///
/// # Errors
/// [`StoreError`]
pub fn open_store(
    choice: &StoreChoice,
    folders: &Folders,
    following: Following,
) -> Result<OpenStore, StoreError> {
    let now = Timestamp::now();
    match choice {
        StoreChoice::Local => {
            let opened = SqliteStore::open(&folders.database(), now)?;
            Ok(OpenStore {
                store: Arc::new(opened.store),
                team: None,
                set_aside: opened.set_aside,
            })
        }
        StoreChoice::Team(connection) => {
            let string = ConnectionString::parse(&connection.reveal())?;
            let machine = machine::this(folders, |name| std::env::var_os(name))
                .map_err(|MachineError { path, source }| StoreError::Io { path, source })?;
            let opened = TeamStore::open(&string, folders.data_dir(), machine, following, now)?;
            let team = Arc::new(opened.store);
            Ok(OpenStore {
                store: team.clone(),
                team: Some(team),
                set_aside: opened.set_aside,
            })
        }
    }
}

/// The store that `variable` ([`STORE_VARIABLE`](crate::store::STORE_VARIABLE)) or else the
/// preferences' file names, with its password where the keyring has it. Blocks for the
/// keyring's patience at most.
///
/// # Errors
/// [`OpenStoreError`]: nothing takes the place of the store that was meant.
pub fn chosen_store(
    variable: Option<&OsStr>,
    folders: &Folders,
) -> Result<StoreChoice, OpenStoreError> {
    let preference = stored_preference(folders);
    with_password(StoreChoice::of(variable, preference.as_deref())?)
}

/// The choice with the password that the keyring keeps, where it lacks one.
///
/// # Errors
/// [`OpenStoreError::PasswordNeeded`]
pub fn with_password(choice: StoreChoice) -> Result<StoreChoice, OpenStoreError> {
    let StoreChoice::Team(connection) = &choice else {
        return Ok(choice);
    };
    if !connection.lacks_password() {
        return Ok(choice);
    }
    match keyring::find(connection) {
        Ok(Some(password)) => Ok(StoreChoice::Team(connection.with_password(Some(password)))),
        Ok(None) => Err(password_needed(connection, None)),
        Err(why) => Err(password_needed(connection, Some(why))),
    }
}

/// The error that asks for a connection's password.
pub fn password_needed(connection: &TeamConnection, why: Option<KeyringError>) -> OpenStoreError {
    OpenStoreError::PasswordNeeded {
        user: connection.user(),
        server: connection.hosts().to_owned(),
        why,
    }
}

/// The connection string in the preferences' file; none for this computer's store. A file that
/// cannot be read holds none: the window tells of it.
fn stored_preference(folders: &Folders) -> Option<String> {
    #[derive(Deserialize)]
    struct Preferences {
        store: Option<String>,
    }
    let bytes = std::fs::read(folders.preferences_dir().join(PREFERENCES_FILE)).ok()?;
    serde_json::from_slice::<Preferences>(&bytes).ok()?.store
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_uses_the_store_of_the_settings_unless_the_variable_names_another() {
        let home = tempfile::tempdir().unwrap();
        let folders =
            Folders::from_env(|name| (name == "HOME").then(|| home.path().into())).unwrap();
        assert_eq!(chosen_store(None, &folders).unwrap(), StoreChoice::Local);
        std::fs::create_dir_all(folders.preferences_dir()).unwrap();
        let file = folders.preferences_dir().join(PREFERENCES_FILE);
        std::fs::write(&file, r#"{"theme":"dark","store":"mongodb://h/team"}"#).unwrap();
        let team = StoreChoice::Team(TeamConnection::parse("mongodb://h/team").unwrap());
        assert_eq!(chosen_store(None, &folders).unwrap(), team);
        assert_eq!(
            chosen_store(Some("local".as_ref()), &folders).unwrap(),
            StoreChoice::Local
        );
        assert!(matches!(
            chosen_store(Some("x".as_ref()), &folders),
            Err(OpenStoreError::Choice(InvalidChoice::Variable))
        ));
        std::fs::write(&file, r#"{"theme":"dark"}"#).unwrap();
        assert_eq!(chosen_store(None, &folders).unwrap(), StoreChoice::Local);
    }
}
