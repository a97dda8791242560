//! What cannot be seen from outside: other versions of the schema, and a disk that fills up.

use std::path::{Path, PathBuf};
use std::sync::Barrier;

use tempfile::TempDir;

use super::schema::STEPS;
use super::*;

const NEXT: &[&str] = &[
    STEPS[0],
    STEPS[1],
    "ALTER TABLE output_projects ADD COLUMN note TEXT; UPDATE output_projects SET note = 'old'",
];
const BROKEN: &[&str] = &[
    STEPS[0],
    STEPS[1],
    "ALTER TABLE output_projects ADD COLUMN note TEXT; UPDATE no_such_table SET x = 1",
];

fn database(folder: &TempDir) -> PathBuf {
    folder.path().join("reprise.sqlite3")
}

fn open(path: &Path, steps: &'static [&'static str]) -> Result<SqliteStore, StoreError> {
    SqliteStore::open_with(path, Timestamp::UNIX_EPOCH, Schema { steps, ..SCHEMA }).map(|opened| {
        assert_eq!(opened.set_aside, None);
        opened.store
    })
}

fn add(store: &SqliteStore, folder: &str) -> Result<OutputProject, StoreError> {
    store
        .create_project(NewProject {
            name: folder.into(),
            workspace_path: folder.into(),
            launch: LaunchOptions::default(),
            at: Timestamp::UNIX_EPOCH,
        })
        .map(CreateOutcome::into_project)
}

#[test]
fn an_older_schema_is_brought_up_to_date_with_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let project = add(&open(&database(&folder), STEPS).unwrap(), "/w/a").unwrap();
    let store = open(&database(&folder), NEXT).unwrap();
    assert_eq!(store.projects().unwrap(), [project]);
    let note: String = store
        .read(|sql| sql.query_row("SELECT note FROM output_projects", [], |row| row.get(0)))
        .unwrap();
    assert_eq!(note, "old");
}

#[test]
fn a_database_from_before_milestones_gets_them_and_keeps_its_projects() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder);
    let first = Connection::open(&path).unwrap();
    first.execute_batch(STEPS[0]).unwrap();
    first
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA application_id = {}; PRAGMA user_version = 1; \
             INSERT INTO output_projects VALUES \
             ('65f0c0ffee0123456789abcd', 'old', '/w/old', 'active', NULL, '{{}}', 5, 6)",
            schema::APPLICATION_ID
        ))
        .unwrap();
    drop(first);
    let store = open(&path, STEPS).unwrap();
    let projects = store.projects().unwrap();
    assert_eq!(projects[0].workspace_path, "/w/old");
    assert_eq!(store.milestones(projects[0].id).unwrap(), []);
}

#[test]
fn several_that_open_an_older_schema_at_once_migrate_it_once() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = database(&folder);
        add(&open(&path, STEPS).unwrap(), "/w/a").unwrap();
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (start, path) = (&start, &path);
                scope.spawn(move || {
                    start.wait();
                    let store = open(path, NEXT).unwrap();
                    add(&store, &format!("/w/{number}")).unwrap();
                });
            }
        });
        assert_eq!(open(&path, NEXT).unwrap().projects().unwrap().len(), 9);
    }
}

#[test]
fn an_older_reprise_that_is_running_while_the_schema_moves_on_stops_writing() {
    let folder = tempfile::tempdir().unwrap();
    let old = open(&database(&folder), STEPS).unwrap();
    let new = open(&database(&folder), NEXT).unwrap();
    for error in [add(&old, "/w/a").unwrap_err(), old.projects().unwrap_err()] {
        assert!(
            matches!(
                error,
                StoreError::NewerSchema {
                    found: 3,
                    known: 2,
                    ..
                }
            ),
            "{error}"
        );
    }
    assert_eq!(new.projects().unwrap(), []);
}

#[test]
fn a_migration_that_fails_leaves_the_older_schema_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let project = add(&open(&database(&folder), STEPS).unwrap(), "/w/a").unwrap();
    assert!(open(&database(&folder), BROKEN).is_err());
    let store = open(&database(&folder), STEPS).unwrap();
    assert_eq!(store.projects().unwrap(), [project]);
}

#[test]
fn a_full_disk_is_named_and_loses_nothing_that_was_stored() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&database(&folder), STEPS).unwrap();
    let kept = add(&store, "/w/kept").unwrap();
    let id = ClaudeSessionId::generate();
    store
        .save_session_id_if_unset(kept.id, &id, Timestamp::UNIX_EPOCH)
        .unwrap();
    // SQLite answers its own limit as it does a disk without space.
    let pages: i64 = store
        .read(|sql| sql.pragma_query_value(None, "page_count", |row| row.get(0)))
        .unwrap();
    store
        .read(|sql| sql.query_row(&format!("PRAGMA max_page_count={pages}"), [], |_| Ok(())))
        .unwrap();

    let error = add(&store, &"x".repeat(20_000)).unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
    assert!(error.to_string().contains("reprise.sqlite3"), "{error}");

    let there = store.projects().unwrap();
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].claude_session_id, CurrentSessionId::Set(id));
    // With space again it goes on.
    store
        .read(|sql| sql.query_row("PRAGMA max_page_count=100000", [], |_| Ok(())))
        .unwrap();
    add(&store, &"x".repeat(20_000)).unwrap();
}

#[test]
fn every_commit_is_synced_and_goes_through_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&database(&folder), STEPS).unwrap();
    let (journal, synchronous): (String, i64) = store
        .read(|sql| {
            Ok((
                sql.pragma_query_value(None, "journal_mode", |row| row.get(0))?,
                sql.pragma_query_value(None, "synchronous", |row| row.get(0))?,
            ))
        })
        .unwrap();
    assert_eq!((journal.as_str(), synchronous), ("wal", 2));
}

#[test]
fn a_process_that_holds_the_database_is_waited_for_and_then_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&database(&folder), STEPS).unwrap();
    let holder = Connection::open(database(&folder)).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let short = std::time::Duration::from_millis(50);
    store.read(|sql| sql.busy_timeout(short)).unwrap();
    let error = add(&store, "/w/a").unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    // Reading goes on meanwhile.
    assert_eq!(store.projects().unwrap(), []);
    holder.execute_batch("ROLLBACK").unwrap();
    add(&store, "/w/a").unwrap();
}
