//! The choice of the store: testing a connection, using it, its password.

use reprise_core::store::{Password, StoreChoice, TeamConnection, diagnose};
use tauri::{AppHandle, State};

use crate::dto::{
    ConnectionDraft, ConnectionParts, ImportProgress, ImportReport, KeepValue, StoreChosen,
    StoreConflict, StoreTest, StoreView,
};
use crate::error::{AppError, CommandResult, server_error};
use crate::events::Event;
use crate::state::{App, unblocked};
use crate::store_views;

/// The store in use, and how it is.
#[tauri::command]
pub async fn store_view(app: State<'_, App>) -> CommandResult<StoreView> {
    Ok(app.store_view().await)
}

/// A connection string taken apart, so that its password does not stay where it can be read.
#[tauri::command]
pub fn read_connection(text: String) -> ConnectionParts {
    store_views::connection_parts(&text)
}

/// Tests a connection: takes some 5 seconds at most, and changes nothing.
#[tauri::command]
pub async fn test_store(app: State<'_, App>, draft: ConnectionDraft) -> CommandResult<StoreTest> {
    let connection = complete(&app, draft)?;
    let tested = connection.clone();
    let found = unblocked(move || Ok::<_, AppError>(diagnose(&tested.reveal()))).await?;
    if found.is_usable() {
        app.store.note_tested(&connection);
    }
    Ok(store_views::store_test(&found))
}

/// Uses the store of a connection that was tested; none: this computer's.
#[tauri::command]
pub async fn use_store(
    handle: AppHandle,
    app: State<'_, App>,
    draft: Option<ConnectionDraft>,
) -> CommandResult<StoreChosen> {
    if app.store.is_from_variable() {
        return Err(not_changed("REPRISE_STORE names it as long as Reprise runs").into());
    }
    let connection = draft.map(|draft| complete(&app, draft)).transpose()?;
    if let Some(connection) = &connection
        && !app.store.was_tested(connection)
    {
        return Err(not_changed("no test of this connection succeeded").into());
    }
    if let Some(option) = connection.as_ref().and_then(TeamConnection::secret_option) {
        return Err(not_changed(format!(
            "{option} is a secret that would be written into the preferences; name the store by \
             REPRISE_STORE, or use a key file without a password"
        ))
        .into());
    }
    let chosen = app.use_store(connection).await;
    tell(&handle);
    let keyring_refused = chosen?;
    app.projects().await;
    Ok(StoreChosen {
        store: app.store_view().await,
        keyring_refused,
    })
}

/// Takes the password of the store in use. One that the server refuses is not kept.
#[tauri::command]
pub async fn give_store_password(
    handle: AppHandle,
    app: State<'_, App>,
    password: String,
) -> CommandResult<StoreChosen> {
    let preference = app.preferences.get().store;
    let named = app
        .store
        .named(preference.as_deref())
        .map_err(|error| AppError::OpenStore(error.into()))?;
    let StoreChoice::Team(connection) = named else {
        return Err(not_changed("the store of this computer has no password").into());
    };
    let connection = connection.with_password(Some(Password::new(password)));
    let tested = connection.clone();
    let found = unblocked(move || Ok::<_, AppError>(diagnose(&tested.reveal()))).await?;
    // A server that is away proves nothing: then the password is tried when it is back.
    if let Some(why) = found.login.error() {
        return Err(server_error(why));
    }
    let keyring_refused = app.keep_password(connection).await;
    app.reopen().await;
    tell(&handle);
    app.projects().await;
    Ok(StoreChosen {
        store: app.store_view().await,
        keyring_refused,
    })
}

/// Asks the keyring for the password once more.
#[tauri::command]
pub async fn ask_keyring(handle: AppHandle, app: State<'_, App>) -> CommandResult<StoreView> {
    app.store.forget();
    app.reopen().await;
    app.projects().await;
    tell(&handle);
    Ok(app.store_view().await)
}

/// Settles a conflict as it was shown; false where it is another one by now.
#[tauri::command]
pub async fn settle_conflict(
    handle: AppHandle,
    app: State<'_, App>,
    conflict: StoreConflict,
    keep: KeepValue,
) -> CommandResult<bool> {
    let settled = app.settle(conflict, keep).await;
    tell(&handle);
    Ok(settled?)
}

/// Brings what this computer's store has into the team's that is in use, or says what that
/// would do.
#[tauri::command]
pub async fn import_local(app: State<'_, App>, trial: bool) -> CommandResult<ImportReport> {
    let team = app.open_team().await?;
    let (importing, folders) = (app.importing.clone(), app.folders.clone());
    Ok(unblocked(move || importing.run(&folders, &team, trial)).await?)
}

#[tauri::command]
pub fn import_progress(app: State<'_, App>) -> Option<ImportProgress> {
    app.importing.progress()
}

#[tauri::command]
pub fn stop_import(app: State<'_, App>) {
    app.importing.stop();
}

fn not_changed(reason: impl Into<String>) -> AppError {
    AppError::StoreNotChanged {
        reason: reason.into(),
    }
}

/// Everything that is shown is another store's.
fn tell(handle: &AppHandle) {
    Event::StoreChanged.send(handle);
    Event::ProjectsChanged.send(handle);
    Event::NoticesChanged.send(handle);
}

/// The connection that the fields make, with the password that is kept for it where none was
/// typed.
fn complete(app: &App, draft: ConnectionDraft) -> Result<TeamConnection, AppError> {
    let connection = store_views::connection(draft)?;
    if !connection.lacks_password() {
        return Ok(connection);
    }
    let kept = app.store.password_of(&connection);
    Ok(connection.with_password(kept))
}
