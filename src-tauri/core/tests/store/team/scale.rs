//! Ten thousand projects and a hundred thousand milestones.

use std::time::{Duration, Instant};

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, doc};
use reprise_core::model::ProjectId;
use reprise_core::store::{Following, Live, MongoStore, Store};

use super::following::until;
use super::open;
use crate::mongod::{self, Kind, SharedDatabase};

const PROJECTS: usize = 10_000;
const MILESTONES: usize = 100_000;

fn fill(uri: &str) -> Vec<ProjectId> {
    let ids: Vec<_> = (0..PROJECTS).map(|_| ObjectId::new()).collect();
    let at = DateTime::from_millis(1_790_000_000_000);
    let projects: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(number, id)| {
            doc! {
                "_id": *id, "name": format!("project {number}"), "status": "active",
                "workspace_path": format!("/srv/wxcode/{number}"), "claude_session_id": Bson::Null,
                "connections": [{ "host": "db.example", "port": 1521 }],
                "created_at": at, "updated_at": at,
            }
        })
        .collect();
    let milestones: Vec<_> = (0..MILESTONES)
        .map(|number| {
            doc! {
                "_id": ObjectId::new(), "output_project_id": ids[number % PROJECTS],
                "element_name": format!("element {number}"), "status": "pending",
                "created_at": at, "updated_at": at,
            }
        })
        .collect();
    mongod::run_on(uri, async |database| {
        for (name, documents) in [("output_projects", projects), ("milestones", milestones)] {
            let collection = database.collection::<Document>(name);
            for part in documents.chunks(10_000) {
                collection.insert_many(part).await.unwrap();
            }
        }
    });
    ids.into_iter().map(ProjectId::from).collect()
}

/// The time that this process has worked so far, in all its threads.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap(),
        time.tv_nsec.try_into().unwrap(),
    )
}

fn follows(kind: Kind, expected: Live) {
    let database = SharedDatabase::new(kind);
    let ids = fill(&database.uri());
    let machine = tempfile::tempdir().unwrap();
    // The indexes are there, as after the first start of all.
    drop(MongoStore::open(&database.uri()).unwrap());

    let from = Instant::now();
    let store = open(&database.uri(), machine.path(), Following::Yes);
    let projects = store.projects().unwrap();
    let listed = from.elapsed();
    assert_eq!(projects.len(), PROJECTS);
    until("it follows", Duration::from_secs(60), || {
        store.state().unwrap().live == expected
    });
    let loaded = from.elapsed();
    let from = Instant::now();
    assert_eq!(store.projects().unwrap(), projects);
    let listed_live = from.elapsed();
    let from = Instant::now();
    assert_eq!(store.milestones(ids[7]).unwrap().len(), 10);
    let milestones = from.elapsed();

    // While nothing happens, next to nothing is done.
    let (before, from) = (worked(), Instant::now());
    std::thread::sleep(Duration::from_secs(3));
    let idle = (worked() - before).as_secs_f64() / from.elapsed().as_secs_f64();

    let other = MongoStore::open(&database.uri()).unwrap();
    let now = jiff::Timestamp::now();
    other.rename_project(ids[9], "renamed", now).unwrap();
    let seen = until("a name", Duration::from_secs(2), || {
        store.projects().unwrap()[9].name == "renamed"
    });
    drop(store);

    let from = Instant::now();
    let store = open(&database.uri(), machine.path(), Following::Yes);
    assert_eq!(store.projects().unwrap().len(), PROJECTS);
    let again = from.elapsed();
    println!(
        "{expected:?}: listed after {listed:?}, all read after {loaded:?}; from the mirror \
         {listed_live:?}, milestones {milestones:?}; idle {:.1} % of a core; a change after \
         {seen:?}; listed again after {again:?}",
        idle * 100.0
    );
    // Measured far below; the limits are for machines that do much else at the time.
    assert!(listed < Duration::from_secs(2), "{listed:?}");
    assert!(listed_live < Duration::from_secs(1), "{listed_live:?}");
    assert!(loaded < Duration::from_secs(30), "{loaded:?}");
}

#[test]
fn ten_thousand_projects_are_listed_at_once_and_followed_for_little() {
    follows(Kind::ReplicaSet, Live::ChangeStream);
}

#[test]
fn ten_thousand_projects_are_followed_on_a_server_that_tells_nothing() {
    follows(Kind::Standalone, Live::Polling);
}
