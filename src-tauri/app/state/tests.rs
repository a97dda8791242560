//! The app without a window.

use std::path::Path;

use super::*;
use crate::dto::ErrorCode;

fn app(home: &Path, to_open: Option<PathBuf>) -> App {
    let home = home.as_os_str().to_owned();
    let folders = Folders::from_env(|name| (name == "HOME").then(|| home.clone())).unwrap();
    let preferences = PreferencesFile::in_memory();
    App::new(folders, ChosenStore::default(), preferences, to_open)
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_told_and_tried_again() {
    let home = tempfile::tempdir().unwrap();
    let app = app(home.path(), None);
    // A folder stands where the database should be.
    std::fs::create_dir_all(app.folders.database()).unwrap();

    let (projects, changed) = app.projects().await;
    assert!(projects.is_empty() && changed);
    let notices = app.notices();
    let [Notice::StoreUnavailable { error }] = &notices[..] else {
        panic!("{notices:?}");
    };
    assert_eq!(error.code, ErrorCode::StoreUnavailable);
    assert!(error.params["file"].ends_with("reprise.sqlite3"));
    assert_eq!(app.projects().await, (Projects::default(), false));

    std::fs::remove_dir(app.folders.database()).unwrap();
    assert_eq!(app.projects().await, (Projects::default(), true));
    assert_eq!(app.notices(), vec![]);
}

#[tokio::test]
async fn the_folder_of_the_command_line_is_opened_once_and_shown() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("ledger");
    std::fs::create_dir(&folder).unwrap();
    let app = app(home.path(), Some(folder.clone()));
    app.open_requested().await;
    app.open_requested().await;
    let (projects, _) = app.projects().await;
    assert_eq!(projects.len(), 1);
    assert_eq!(projects[0].name, "ledger");
    assert_eq!(app.to_show().await, Some(projects[0].id.clone()));

    // Asked again: the same project, and a page loaded anew shows it as well.
    assert_eq!(
        app.open(folder).await.map(|id| id.to_string()),
        Some(projects[0].id.clone())
    );
    assert_eq!(app.to_show().await, Some(projects[0].id.clone()));
    assert_eq!(app.to_show().await, Some(projects[0].id.clone()));
    assert_eq!(app.projects().await.0.len(), 1);
}

#[tokio::test]
async fn a_page_loaded_again_shows_what_the_person_turned_to_last() {
    let home = tempfile::tempdir().unwrap();
    let app = app(home.path(), None);
    let [first, second] = ["first", "second"].map(|name| home.path().join(name));
    let mut opened = Vec::new();
    for folder in [&first, &second] {
        std::fs::create_dir(folder).unwrap();
        opened.push(app.open(folder.clone()).await.unwrap().to_string());
    }
    app.page_turned();
    app.preferences
        .change(PreferencesPatch {
            last_project: Some(Some(opened[0].clone())),
            ..PreferencesPatch::default()
        })
        .unwrap();
    assert_eq!(app.to_show().await, Some(opened[0].clone()));
}

#[tokio::test]
async fn a_further_folder_is_looked_for_beside_the_last_project() {
    let home = tempfile::tempdir().unwrap();
    let app = app(home.path(), None);
    let work = home.path().join("work");
    let folder = work.join("ledger");
    std::fs::create_dir_all(&folder).unwrap();
    app.open(folder).await.unwrap();
    app.to_show().await;
    assert_eq!(app.near_last_project().await, Some(work.clone()));

    std::fs::rename(&work, home.path().join("gone")).unwrap();
    assert_eq!(app.near_last_project().await.as_deref(), app.folders.home());
}

#[tokio::test]
async fn a_folder_that_cannot_be_opened_is_told_until_one_can() {
    let home = tempfile::tempdir().unwrap();
    let app = app(home.path(), None);
    assert_eq!(app.open(home.path().join("gone")).await, None);
    let notices = app.notices();
    assert!(
        matches!(&notices[..], [Notice::OpenRefused { error }]
            if error.code == ErrorCode::FolderMissing),
        "{notices:?}"
    );
    assert!(app.open(home.path().to_owned()).await.is_some());
    assert_eq!(app.notices(), vec![]);
}
