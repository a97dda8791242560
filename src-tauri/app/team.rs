//! The store of the running app: how it is, and changing to another.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reprise_core::keyring;
use reprise_core::project_sessions::OpenStoreError;
use reprise_core::store::{
    Keep, Settled, StoreChoice, StoreError, TeamConflict, TeamConnection, TeamLink, TeamStore,
};
use tauri::{AppHandle, Manager};
use tokio::time::sleep;

use crate::complain::complain;
use crate::dto::{KeepValue, PasswordPlace, StoreConflict, StoreKind, StoreLink, StoreView};
use crate::error::AppError;
use crate::events::Event;
use crate::state::{App, unblocked};
use crate::store_views;

/// Changes that come together are told together.
const TOGETHER: Duration = Duration::from_millis(80);

impl App {
    /// The store in use, and how it is. Waits for no server.
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
            as_of: None,
            waiting: Vec::new(),
            conflicts: Vec::new(),
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
                view.link = StoreLink::Connecting;
            }
            Err(error) => {
                view.kind = StoreKind::None;
                let why = AppError::from(OpenStoreError::from(error)).into();
                view.link = StoreLink::Refused { why };
                return view;
            }
        }
        if let Some(team) = self.team().await {
            let seen = unblocked(move || store_views::team(&team)).await;
            match seen {
                Ok(seen) => seen.put_into(&mut view),
                Err(error) => view.link = StoreLink::Refused { why: error.into() },
            }
        } else if let Some(why) = self.store_error() {
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
        let kept = unblocked(move || Ok::<_, AppError>(keyring::keep(&kept))).await;
        match kept {
            Ok(Ok(())) => {
                self.store.is_in_keyring(&connection);
                None
            }
            Ok(Err(why)) => Some(why.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// The team's store, for what there is only with one.
    ///
    /// # Errors
    /// None is open.
    pub async fn open_team(&self) -> Result<Arc<TeamStore>, AppError> {
        self.sessions()
            .await?
            .team
            .ok_or_else(|| AppError::InvalidRequest {
                reason: "no team's store is in use".into(),
            })
    }

    /// Settles a conflict as it was shown; false where it is another one by now.
    ///
    /// # Errors
    /// The server cannot be asked, or there is no team's store; the conflict stands.
    pub async fn settle(&self, shown: StoreConflict, keep: KeepValue) -> Result<bool, AppError> {
        let team = self.open_team().await?;
        let keep = match keep {
            KeepValue::Theirs => Keep::Theirs,
            KeepValue::Ours => Keep::Ours,
        };
        let settled = unblocked(move || {
            let Some(conflict) = find(&team, &shown)? else {
                return Ok(false);
            };
            let settled = team.settle(&conflict, keep, Timestamp::now())?;
            Ok::<_, StoreError>(matches!(settled, Settled::Done))
        });
        settled.await
    }
}

fn find(team: &TeamStore, shown: &StoreConflict) -> Result<Option<TeamConflict>, StoreError> {
    let conflicts = team.state()?.conflicts;
    Ok(conflicts
        .into_iter()
        .find(|conflict| store_views::is_shown_as(conflict, shown)))
}

/// Tells the window what others changed, and how the team's store is.
pub async fn follow(app: AppHandle) {
    let state = app.state::<App>();
    loop {
        let other = state.other_store.notified();
        tokio::pin!(other);
        other.as_mut().enable();
        let Some(team) = state.team().await else {
            other.await;
            continue;
        };
        let (mut revision, mut presence) = (team.revision(), team.presence());
        // The store is closed when nobody uses it any more.
        let weak = Arc::downgrade(&team);
        let mut link = team.link();
        drop(team);
        let mut asked = false;
        loop {
            if let Some(team) = weak.upgrade() {
                let now = team.link();
                // What cannot be understood is looked for once for each time that it is there.
                if now == TeamLink::Connected && (!asked || link != now) {
                    asked = true;
                    look_for_unreadable(&app, team).await;
                }
                link = now;
            }
            let moved = tokio::select! {
                moved = revision.changed() => moved,
                moved = presence.changed() => moved,
                () = &mut other => break,
            };
            if moved.is_err() {
                break;
            }
            sleep(TOGETHER).await;
            revision.mark_unchanged();
            presence.mark_unchanged();
            Event::StoreChanged.send(&app);
            Event::ProjectsChanged.send(&app);
        }
    }
}

async fn look_for_unreadable(app: &AppHandle, team: Arc<TeamStore>) {
    let state = app.state::<App>();
    let found = unblocked(move || {
        let found = team.server().unreadable_projects();
        found.map_err(StoreError::from)
    });
    match found.await {
        Ok(documents) => {
            if state.note_unreadable(&documents) {
                Event::NoticesChanged.send(app);
            }
        }
        Err(error) => complain(format_args!("{error}")),
    }
}
