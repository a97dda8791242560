//! Many writers at once, each with a connection of its own.

use std::collections::BTreeSet;
use std::sync::Barrier;

use reprise_core::model::{ClaudeSessionId, CurrentSessionId, ProjectId, SessionSource};
use reprise_core::store::{MongoStore, ReplaceOutcome, SaveOutcome, Store};

use crate::contract::{new_project, time};
use crate::mongod::{Kind, SharedDatabase};

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
