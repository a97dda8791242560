//! Files that Reprise leaves alone, and what it says about them.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use reprise_core::model::CurrentSessionId;
use reprise_core::store::{SqliteStore, Store, StoreError};
use rusqlite::Connection;

use crate::child::{Child, NOBODY, Task};
use crate::contract::{new_project, time};
use crate::sqlite::{database, open};

/// The content of each file, except SQLite's index of the log, which any reader writes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_string_lossy().ends_with("-shm"))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn refused(path: &Path) -> StoreError {
    match SqliteStore::open(path, time(0)) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

#[test]
fn a_database_of_a_newer_reprise_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder);
    let old = open(&path);
    old.create_project(new_project("/w/a", time(0))).unwrap();
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let before = contents(folder.path());

    let error = refused(&path);
    assert!(
        matches!(
            error,
            StoreError::NewerSchema {
                found: 99,
                known: 2,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("reprise.sqlite3"), "{error}");
    assert!(error.to_string().contains("update Reprise"), "{error}");
    // The same for an older app that was running when the newer one came.
    let error = old.rename_project(old_id(&path), "x", time(1)).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { .. }), "{error:?}");
    assert!(contents(folder.path()) == before);
}

fn old_id(path: &Path) -> reprise_core::model::ProjectId {
    Connection::open(path)
        .unwrap()
        .query_row("SELECT id FROM output_projects", [], |row| {
            row.get::<_, String>(0)
        })
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    for sql in [
        "CREATE TABLE bookmarks (url TEXT)",
        "PRAGMA application_id = 7; PRAGMA user_version = 1; CREATE TABLE t (x)",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = database(&folder);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        let error = refused(&path);
        assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
        assert!(fs::read(&path).unwrap() == before);
    }
}

#[test]
fn a_database_without_any_table_is_filled() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder);
    Connection::open(&path)
        .unwrap()
        .execute_batch("VACUUM")
        .unwrap();
    assert!(fs::metadata(&path).unwrap().len() > 0);
    open(&path)
        .create_project(new_project("/w/a", time(0)))
        .unwrap();
}

#[test]
fn a_link_leads_to_its_database_and_a_dangling_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let target = database(&elsewhere);
    symlink(&target, database(&folder)).unwrap();
    let error = refused(&database(&folder));
    assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
    assert!(!target.exists());

    drop(open(&target));
    open(&database(&folder))
        .create_project(new_project("/w/a", time(0)))
        .unwrap();
    assert_eq!(open(&target).projects().unwrap().len(), 1);
}

#[test]
fn a_folder_in_the_databases_place_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(database(&folder)).unwrap();
    let error = refused(&database(&folder));
    assert!(error.to_string().contains("reprise.sqlite3"), "{error}");
    assert!(database(&folder).is_dir());
}

#[test]
fn what_cannot_be_written_is_said_to_be_read_only_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    // The build's own folder may be closed to a user without rights.
    let program = folder.path().join("child");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    for (case, folder_mode, file_mode) in [
        ("no database in a read-only folder", 0o555, None),
        ("a database in a read-only folder", 0o555, Some(0o644)),
        ("a read-only database", 0o755, Some(0o444)),
        ("a database that cannot be read", 0o755, Some(0o000)),
    ] {
        let data = folder.path().join(case);
        fs::create_dir(&data).unwrap();
        let path = data.join("reprise.sqlite3");
        if let Some(mode) = file_mode {
            open(&path)
                .create_project(new_project("/w/a", time(0)))
                .unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        }
        let before: BTreeMap<_, _> = names(&data);
        if rustix::process::geteuid().is_root() {
            for file in before.keys().chain([&data]) {
                chown(file, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        fs::set_permissions(&data, Permissions::from_mode(folder_mode)).unwrap();

        let mut child = Child::start_unprivileged(Task::Open, &path, &program);
        child.go();
        let said = child.rest();

        fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
        assert_eq!(said.len(), 1, "{case}: {said:?}");
        assert!(said[0].starts_with("ReadOnly"), "{case}: {said:?}");
        assert_eq!(names(&data), before, "{case}");
        if let Some(mode) = file_mode {
            fs::set_permissions(&path, Permissions::from_mode(mode | 0o600)).unwrap();
            assert_eq!(open(&path).projects().unwrap().len(), 1, "{case}");
        }
    }
}

/// Each file that holds something, and its length.
fn names(folder: &Path) -> BTreeMap<PathBuf, u64> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.path(), entry.metadata().unwrap().len()))
        .collect()
}

#[test]
fn the_database_and_its_log_are_the_persons_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("share/reprise/reprise.sqlite3");
    let store = open(&path);
    store.create_project(new_project("/w/a", time(0))).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = entry.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn odd_values_of_other_programs_hide_no_project_and_can_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder);
    let store = open(&path);
    for name in ["a", "b"] {
        store
            .create_project(new_project(&format!("/w/{name}"), time(0)))
            .unwrap();
    }
    let odd = store.project_at("/w/a").unwrap().unwrap().id;
    Connection::open(&path)
        .unwrap()
        .execute(
            "UPDATE output_projects SET claude_session_id = CAST(x'ff41' AS TEXT), \
             status = 'archived', launch = '{', created_at_us = 9223372036854775807 WHERE id = ?1",
            [odd.to_string()],
        )
        .unwrap();

    let project = store.project(odd).unwrap().unwrap();
    assert_eq!(store.projects().unwrap().len(), 2);
    assert_eq!(
        project.claude_session_id,
        CurrentSessionId::Invalid("\u{fffd}A".into())
    );
    let new = reprise_core::model::ClaudeSessionId::generate();
    let outcome = store
        .replace_session_id(
            odd,
            &project.claude_session_id,
            &new,
            reprise_core::model::SessionSource::Startup,
            time(1),
        )
        .unwrap();
    assert_eq!(outcome, reprise_core::store::ReplaceOutcome::Replaced);
    drop(store);
    assert_eq!(open(&path).projects().unwrap().len(), 2);
}
