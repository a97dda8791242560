//! The store of the running app: how it is, and changing to another.

use reprise_core::keyring;
use reprise_core::project_sessions::OpenStoreError;
use reprise_core::store::{StoreChoice, TeamConnection};

use crate::dto::{PasswordPlace, StoreKind, StoreLink, StoreView};
use crate::error::AppError;
use crate::state::{App, unblocked};

impl App {
    /// The store in use, and how it is.
    pub async fn store_view(&self) -> StoreView {
        let preference = self.preferences.get().store;
        let named = self.store.named(preference.as_deref());
        let mut view = StoreView {
            kind: StoreKind::Local,
            server: String::new(),
            database: String::new(),
            user: None,
            from_variable: self.store.is_from_variable(),
            connection: preference,
            link: StoreLink::Connected,
            password: PasswordPlace::NotNeeded,
        };
        match named {
            Ok(StoreChoice::Local) => {}
            Ok(StoreChoice::Team(connection)) => {
                view.kind = StoreKind::Team;
                view.server = connection.hosts().to_owned();
                view.database = connection.database();
                view.user = Some(connection.user()).filter(|user| !user.is_empty());
                view.password = self.store.password_place(&connection);
            }
            Err(error) => {
                view.kind = StoreKind::None;
                let why = AppError::from(OpenStoreError::from(error)).into();
                view.link = StoreLink::Refused { why };
                return view;
            }
        }
        if let Some(why) = self.store_error() {
            view.link = StoreLink::Refused { why };
        }
        view
    }

    /// Uses another store from now on, and after the next start. Sessions are not touched.
    /// Returns why the keyring did not take the password, where it did not.
    ///
    /// # Errors
    /// The preferences were not written; the store is in use nevertheless, until the app ends.
    pub async fn use_store(
        &self,
        connection: Option<TeamConnection>,
    ) -> Result<Option<String>, AppError> {
        let mut refused = None;
        if let Some(connection) = &connection {
            refused = self.keep_password(connection.clone()).await;
        }
        let text = connection.map(|connection| connection.without_password());
        let preferences = self.preferences.clone();
        let saved = unblocked(move || preferences.use_store(text)).await;
        self.reopen().await;
        saved?;
        Ok(refused)
    }

    /// Notes a connection's password, and has the keyring keep it. Returns why the keyring did
    /// not.
    pub async fn keep_password(&self, connection: TeamConnection) -> Option<String> {
        self.store.remember(&connection);
        connection.password()?;
        let kept = connection.clone();
        let kept = unblocked(move || {
            keyring::keep(&kept).map_err(|error| AppError::Internal {
                reason: error.to_string(),
            })
        })
        .await;
        match kept {
            Ok(()) => {
                self.store.is_in_keyring(&connection);
                None
            }
            Err(AppError::Internal { reason }) => Some(reason),
            Err(error) => Some(error.to_string()),
        }
    }
}
