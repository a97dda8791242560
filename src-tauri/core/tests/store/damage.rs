//! A damaged file is set aside, whole, and the caller is told.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reprise_core::store::{SetAside, SqliteStore, Store, StoreError};

use crate::child::{Child, Task};
use crate::contract::{new_project, time};
use crate::processes::together;
use crate::sqlite::{database, open};

/// A database of some pages, closed.
fn filled(path: &Path) {
    let store = open(path);
    for number in 0..20 {
        let folder = format!("/w/{number}/{}", "x".repeat(1000));
        store
            .create_project(new_project(&folder, time(number)))
            .unwrap();
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path.display()))
}

fn open_damaged(path: &Path) -> (SqliteStore, SetAside) {
    let opened = SqliteStore::open(path, "2026-11-21T01:02:03.5Z".parse().unwrap()).unwrap();
    (opened.store, opened.set_aside.unwrap())
}

#[test]
fn each_kind_of_damage_sets_the_file_aside_as_it_is() {
    let page = 4096;
    type Damage = fn(&mut Vec<u8>, usize);
    let damages: [(&str, Damage); 8] = [
        ("emptied", |bytes, _| bytes.clear()),
        ("cut within the header", |bytes, _| bytes.truncate(50)),
        ("cut after a page", |bytes, page| bytes.truncate(page)),
        ("cut in the middle", |bytes, _| {
            bytes.truncate(bytes.len() / 2 + 7)
        }),
        ("another header", |bytes, _| bytes[..16].fill(b'x')),
        ("an unknown file format", |bytes, _| bytes[47] ^= 8),
        ("a page flipped", |bytes, page| {
            for byte in &mut bytes[page..2 * page] {
                *byte = !*byte;
            }
        }),
        ("another file", |bytes, _| {
            *bytes = b"<html>not found</html>".repeat(500);
        }),
    ];
    for (name, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        let path = database(&folder);
        filled(&path);
        let mut bytes = fs::read(&path).unwrap();
        assert!(bytes.len() > 4 * page);
        damage(&mut bytes, page);
        fs::write(&path, &bytes).unwrap();

        let (store, set_aside) = open_damaged(&path);

        assert_eq!(
            set_aside.moved_to,
            with_ending(&path.canonicalize().unwrap(), ".corrupt-20261121T010203Z"),
            "{name}"
        );
        assert!(!set_aside.reason.is_empty());
        assert!(fs::read(&set_aside.moved_to).unwrap() == bytes, "{name}");
        assert_eq!(store.projects().unwrap(), [], "{name}");
        store.create_project(new_project("/w/a", time(1))).unwrap();
        assert_eq!(open(&path).projects().unwrap().len(), 1, "{name}");
    }
}

#[test]
fn a_table_that_lost_its_name_is_damage_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder);
    filled(&path);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("ALTER TABLE lineage RENAME TO lineagf")
        .unwrap();
    drop(connection);
    let (store, _) = open_damaged(&path);
    assert_eq!(store.projects().unwrap(), []);
}

#[test]
fn whatever_bytes_are_flipped_the_content_is_kept_and_nothing_panics() {
    let folder = tempfile::tempdir().unwrap();
    let sound = database(&folder);
    filled(&sound);
    let sound = fs::read(&sound).unwrap();
    // Half of the flips fall into the first page: the header and the schema.
    let place = prop_oneof![0..4096_usize, 0..sound.len()];
    let config = Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(
            &proptest::collection::vec((place, 1..=255_u8), 1..6),
            |flips| {
                let mut bytes = sound.clone();
                for (place, bits) in flips {
                    bytes[place] ^= bits;
                }
                let folder = tempfile::tempdir().unwrap();
                let path = database(&folder);
                fs::write(&path, &bytes).unwrap();
                match SqliteStore::open(&path, time(0)) {
                    Ok(opened) => {
                        if let Some(set_aside) = opened.set_aside {
                            prop_assert!(fs::read(set_aside.moved_to).unwrap() == bytes);
                            prop_assert_eq!(opened.store.projects().unwrap(), []);
                        } else if let Ok(projects) = opened.store.projects() {
                            // A flip inside a text cannot be seen.
                            for project in projects {
                                let _ = opened.store.lineage(project.id);
                            }
                        }
                    }
                    Err(
                        StoreError::Foreign { .. }
                        | StoreError::NewerSchema { .. }
                        | StoreError::ReadOnly { .. },
                    ) => {
                        prop_assert!(fs::read(&path).unwrap() == bytes);
                    }
                    Err(error) => prop_assert!(false, "{:?}", error),
                }
                Ok(())
            },
        )
        .unwrap();
}

#[test]
fn the_log_of_a_damaged_file_goes_with_it_unread() {
    let folder = tempfile::tempdir().unwrap();
    let source = database(&folder);
    let alive = open(&source);
    alive.create_project(new_project("/w/a", time(0))).unwrap();
    // As after a power cut: the log was never written back.
    let elsewhere = tempfile::tempdir().unwrap();
    let path = database(&elsewhere);
    let mut bytes = fs::read(&source).unwrap();
    let log = fs::read(with_ending(&source, "-wal")).unwrap();
    assert!(!log.is_empty());
    bytes[..16].fill(0);
    fs::write(&path, &bytes).unwrap();
    fs::write(with_ending(&path, "-wal"), &log).unwrap();

    let (store, set_aside) = open_damaged(&path);

    assert_eq!(store.projects().unwrap(), []);
    assert!(fs::read(&set_aside.moved_to).unwrap() == bytes);
    assert!(fs::read(with_ending(&set_aside.moved_to, "-wal")).unwrap() == log);
}

#[test]
fn a_log_without_its_database_is_set_aside_and_not_replayed_into_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let source = database(&folder);
    let alive = open(&source);
    alive.create_project(new_project("/w/a", time(0))).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = database(&elsewhere);
    fs::copy(with_ending(&source, "-wal"), with_ending(&path, "-wal")).unwrap();

    let (store, set_aside) = open_damaged(&path);

    assert_eq!(store.projects().unwrap(), []);
    assert!(with_ending(&set_aside.moved_to, "-wal").exists());
    drop(store);
    assert_eq!(open(&path).projects().unwrap(), []);
}

#[test]
fn two_files_damaged_in_the_same_second_are_both_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder);
    fs::write(&path, "first").unwrap();
    let (store, first) = open_damaged(&path);
    drop(store);
    fs::write(&path, "second").unwrap();
    let (_, second) = open_damaged(&path);
    assert_eq!(fs::read(first.moved_to).unwrap(), b"first");
    assert_eq!(fs::read(second.moved_to).unwrap(), b"second");
}

#[test]
fn of_processes_that_open_a_damaged_database_at_once_one_sets_it_aside() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = database(&folder);
        filled(&path);
        let length = fs::metadata(&path).unwrap().len();
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(length / 2)
            .unwrap();

        let said = together((0..8).map(|_| Child::start(Task::Open, &path)).collect());

        let told = said.iter().filter(|said| said[0] == "set aside").count();
        assert_eq!(told, 1, "{said:?}");
        assert!(said.iter().all(|said| said[1] == "created"));
        assert_eq!(open(&path).projects().unwrap().len(), 8);
        let kept: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("corrupt"))
            .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
            .collect();
        assert_eq!(kept.len(), 1, "{kept:?}");
    }
}

#[test]
fn a_store_that_was_open_goes_on_in_the_file_that_took_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder);
    let before = open(&path);
    before.create_project(new_project("/w/a", time(0))).unwrap();
    fs::write(&path, "damaged behind its back").unwrap();

    let (now, set_aside) = open_damaged(&path);
    before.create_project(new_project("/w/b", time(1))).unwrap();

    assert_eq!(now.projects().unwrap(), before.projects().unwrap());
    assert_eq!(now.projects().unwrap().len(), 1);
    assert_eq!(
        fs::read(&set_aside.moved_to).unwrap(),
        b"damaged behind its back"
    );
    // The old connection took nothing of the new database with it.
    drop(before);
    now.create_project(new_project("/w/c", time(2))).unwrap();
    drop(now);
    assert_eq!(open(&path).projects().unwrap().len(), 2);
}

#[test]
fn a_store_whose_file_was_removed_says_so_instead_of_writing_to_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder);
    let store = open(&path);
    fs::remove_file(&path).unwrap();
    let error = store
        .create_project(new_project("/w/a", time(0)))
        .unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    assert!(!path.exists());
}
