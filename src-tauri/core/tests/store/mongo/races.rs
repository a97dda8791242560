//! Many writers at once, each with a connection of its own.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use reprise_core::model::{ClaudeSessionId, CurrentSessionId, ProjectId, SessionSource};
use reprise_core::store::{MongoStore, MoveOutcome, ReplaceOutcome, SaveOutcome, Store};

use crate::child::{Child, Task};
use crate::contract::{new_project, time};
use crate::mongod::{self, Kind, SharedDatabase};
use crate::processes;

const WRITERS: usize = 50;
const ROUNDS: i64 = 20;

/// What all writers say, who begin together.
fn together<T: Send>(stores: &[MongoStore], write: impl Fn(&MongoStore) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(stores.len());
    std::thread::scope(|scope| {
        let writers: Vec<_> = stores
            .iter()
            .map(|store| {
                scope.spawn(|| {
                    start.wait();
                    write(store)
                })
            })
            .collect();
        let said = writers.into_iter().map(|writer| writer.join().unwrap());
        said.collect()
    })
}

fn current(store: &MongoStore, project: ProjectId) -> CurrentSessionId {
    store.project(project).unwrap().unwrap().claude_session_id
}

fn one_winner_each(kind: Kind) {
    let database = SharedDatabase::new(kind);
    let stores: Vec<_> = (0..WRITERS)
        .map(|_| MongoStore::open(&database.uri()).unwrap())
        .collect();
    let store = &stores[0];
    for round in 0..ROUNDS {
        let new = new_project(&format!("/w/{round}"), time(round));
        let project = store.create_project(new).unwrap().into_project().id;

        let said = together(&stores, |store| {
            let id = ClaudeSessionId::generate();
            let outcome = store.save_session_id_if_unset(project, &id, time(1));
            (id, outcome.unwrap())
        });
        let winners: Vec<_> = said
            .iter()
            .filter(|(_, outcome)| *outcome == SaveOutcome::Saved)
            .collect();
        assert_eq!(winners.len(), 1, "round {round}: {said:?}");
        let first = winners[0].0.clone();
        let stored = CurrentSessionId::Set(first.clone());
        assert_eq!(current(store, project), stored);
        for (id, outcome) in &said {
            if *id != first {
                assert_eq!(*outcome, SaveOutcome::AlreadySet(stored.clone()));
            }
        }
        let before = store.lineage(project).unwrap().len();

        let said = together(&stores, |store| {
            let id = ClaudeSessionId::generate();
            let source = SessionSource::Fork;
            let outcome = store.replace_session_id(project, &stored, &id, source, time(2));
            (id, outcome.unwrap())
        });
        let winners: Vec<_> = said
            .iter()
            .filter(|(_, outcome)| *outcome == ReplaceOutcome::Replaced)
            .collect();
        assert_eq!(winners.len(), 1, "round {round}: {said:?}");
        assert_eq!(
            current(store, project),
            CurrentSessionId::Set(winners[0].0.clone())
        );
        // Each id has its row, and none has two.
        let rows = store.lineage(project).unwrap();
        assert_eq!(rows.len(), before + WRITERS);
        let ids: BTreeSet<_> = rows.iter().map(|row| &row.session_id).collect();
        assert_eq!(ids.len(), rows.len());
        assert!(said.iter().all(|(id, _)| ids.contains(id)));
        assert!(ids.contains(&first));
    }
}

#[test]
fn of_50_writers_one_wins_each_of_20_rounds_on_a_replica_set() {
    one_winner_each(Kind::ReplicaSet);
}

#[test]
fn of_50_writers_one_wins_each_of_20_rounds_on_a_standalone_server() {
    one_winner_each(Kind::Standalone);
}

/// Writes the claim of another that holds a folder from now on, for this long.
fn hold(database: &SharedDatabase, folder: &str, ms: i64) {
    mongod::run_on(&database.uri(), async |database| {
        let claims = database.collection::<Document>("reprise_folder_claims");
        let until = doc! { "$set": { "until": { "$add": ["$$NOW", ms] } } };
        let claim = doc! { "_id": folder, "holder": ObjectId::new() };
        let update = claims.update_one(claim, vec![until]).upsert(true);
        update.await.unwrap();
    });
}

#[test]
fn a_folder_whose_holder_died_is_free_when_its_claim_ends() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let store = MongoStore::open(&database.uri()).unwrap();
    hold(&database, "/w/over", -1);
    let new = store.create_project(new_project("/w/over", time(0)));
    let moved = new.unwrap().into_project().id;

    hold(&database, "/w/held", 1500);
    let from = Instant::now();
    let outcome = store.move_project(moved, "/w/held", time(1)).unwrap();
    assert!(matches!(outcome, MoveOutcome::Moved(_)), "{outcome:?}");
    assert!(
        from.elapsed() > Duration::from_secs(1),
        "{:?}",
        from.elapsed()
    );
    // Nothing of it stays.
    let claims = mongod::run_on(&database.uri(), async |database| {
        let claims = database.collection::<Document>("reprise_folder_claims");
        claims.count_documents(doc! {}).await.unwrap()
    });
    assert_eq!(claims, 0);
}

/// Starts children that work on the database of a server.
fn children(count: usize, task: Task, database: &SharedDatabase) -> Vec<Child> {
    let way = PathBuf::from(database.uri());
    (0..count).map(|_| Child::start(task, &way)).collect()
}

#[test]
fn of_100_ids_saved_at_once_by_10_processes_exactly_one_wins() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let store = MongoStore::open(&database.uri()).unwrap();
    let new = new_project("/w/a", time(0));
    let project = store.create_project(new).unwrap().into_project().id;

    let said = processes::together(children(10, Task::SaveIds, &database)).concat();

    assert_eq!(said.len(), 100);
    let with = |word: &str| -> BTreeSet<&str> {
        let lines = said.iter().filter_map(|line| line.strip_prefix(word));
        lines.collect()
    };
    let winners = with("saved ");
    assert_eq!(winners.len(), 1, "{said:?}");
    assert_eq!(with("set "), winners);
    let winner = winners.first().unwrap().parse().unwrap();
    assert_eq!(current(&store, project), CurrentSessionId::Set(winner));
}

#[test]
fn a_writer_that_is_killed_leaves_no_id_without_its_row() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let store = MongoStore::open(&database.uri()).unwrap();
    let mut written = Vec::new();
    for round in 0..6 {
        let mut writers = children(2, Task::Write, &database);
        for writer in &mut writers {
            writer.go();
        }
        for _ in 0..=round {
            written.push(writers[0].line().unwrap());
        }
        for writer in &mut writers {
            writer.kill();
        }
        for writer in &mut writers {
            written.extend(writer.rest());
        }
    }
    processes::is_all_there(&store, &written);
}
