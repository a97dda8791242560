//! A server that dies or hangs in the middle of work: the call ends soon, says what it is, and
//! nothing that was confirmed is lost.

use std::time::{Duration, Instant};

use mongodb::bson::doc;
use reprise_core::model::{ClaudeSessionId, CurrentSessionId, ProjectId};
use reprise_core::store::{MongoStore, SaveOutcome, ServerFault, ServerState, Store, StoreError};
use rustix::process::{Signal, kill_process};

use crate::contract::{new_project, time};
use crate::mongod::{Kind, Server};

/// What a writer has been told before it was told an error.
struct Written {
    confirmed: Vec<(ProjectId, ClaudeSessionId)>,
    error: StoreError,
    /// When the call that failed had begun.
    began: Instant,
    ended: Instant,
}

/// Writes until the first error.
fn write(store: &MongoStore) -> Written {
    let mut confirmed = Vec::new();
    loop {
        let began = Instant::now();
        match write_one(store, confirmed.len()) {
            Ok(written) => confirmed.push(written),
            Err(error) => {
                let ended = Instant::now();
                return Written {
                    confirmed,
                    error,
                    began,
                    ended,
                };
            }
        }
    }
}

fn write_one(
    store: &MongoStore,
    number: usize,
) -> Result<(ProjectId, ClaudeSessionId), StoreError> {
    let folder = format!("/w/{:?}/{number}", std::thread::current().id());
    let project = store.create_project(new_project(&folder, time(0)))?;
    let project = project.into_project().id;
    let id = ClaudeSessionId::generate();
    let saved = store.save_session_id_if_unset(project, &id, time(1))?;
    assert_eq!(saved, SaveOutcome::Saved);
    Ok((project, id))
}

fn is_there(store: &MongoStore, confirmed: &[(ProjectId, ClaudeSessionId)]) {
    for (project, id) in confirmed {
        let stored = store.project(*project).unwrap().unwrap();
        assert_eq!(stored.claude_session_id, CurrentSessionId::Set(id.clone()));
        assert_eq!(store.lineage(*project).unwrap().len(), 1);
    }
}

/// Lets four writers work, does something to the server, and says what became of them and when
/// it was done.
fn while_writing(store: &MongoStore, harm: impl FnOnce()) -> (Vec<Written>, Instant) {
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4).map(|_| scope.spawn(|| write(store))).collect();
        // Some work is done before.
        let from = Instant::now();
        while store.projects().unwrap().len() < 20 {
            assert!(from.elapsed() < Duration::from_secs(60));
        }
        harm();
        let harmed = Instant::now();
        let written = writers.into_iter().map(|writer| writer.join().unwrap());
        (written.collect(), harmed)
    })
}

/// Waits until the store has its server again.
fn reconnected(store: &MongoStore, from: Instant) -> Duration {
    while store.projects().is_err() {
        assert!(from.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(store.state(), ServerState::Connected);
    from.elapsed()
}

fn fault(error: &StoreError) -> &ServerFault {
    match error {
        StoreError::Server(error) => &error.fault,
        other => panic!("{other:?}"),
    }
}

fn killed(kind: Kind) {
    let mut server = Server::start(kind);
    let store = MongoStore::open(&server.uri("killed")).unwrap();
    assert_eq!(store.state(), ServerState::Connected);

    let (written, harmed) = while_writing(&store, || server.kill());

    for writer in &written {
        let took = writer
            .ended
            .saturating_duration_since(harmed.max(writer.began));
        assert!(took < Duration::from_secs(2), "{took:?}: {}", writer.error);
        let fault = fault(&writer.error);
        assert!(
            matches!(
                fault,
                ServerFault::OutcomeUnknown | ServerFault::Refused | ServerFault::Unreachable
            ),
            "{:?}",
            writer.error
        );
    }
    // Known to be away: nothing waits, and why is said.
    let from = Instant::now();
    let error = store.projects().unwrap_err();
    assert!(from.elapsed() < Duration::from_secs(2));
    assert_eq!(*fault(&error), ServerFault::Refused, "{error}");
    let ServerState::Lost { why, .. } = store.state() else {
        panic!("{:?}", store.state());
    };
    assert_eq!(why.fault, ServerFault::Refused);
    let from = Instant::now();
    assert!(store.projects().is_err());
    assert!(from.elapsed() < Duration::from_millis(500));

    server.restart();
    let back = reconnected(&store, Instant::now());
    assert!(back < Duration::from_secs(15), "{back:?}");
    for writer in &written {
        is_there(&store, &writer.confirmed);
    }
    write_one(&store, usize::MAX).unwrap();
}

#[test]
fn a_replica_set_that_is_killed_is_told_within_2_seconds_and_loses_nothing_confirmed() {
    killed(Kind::ReplicaSet);
}

#[test]
fn a_standalone_server_that_is_killed_is_told_within_2_seconds_and_loses_nothing_confirmed() {
    killed(Kind::Standalone);
}

fn stopped(kind: Kind) {
    let server = Server::start(kind);
    let store = MongoStore::open(&server.uri("stopped")).unwrap();

    let (written, harmed) = while_writing(&store, || {
        kill_process(server.pid(), Signal::STOP).unwrap();
    });

    for writer in &written {
        let took = writer
            .ended
            .saturating_duration_since(harmed.max(writer.began));
        assert!(took < Duration::from_secs(4), "{took:?}: {}", writer.error);
        let fault = fault(&writer.error);
        assert!(
            matches!(
                fault,
                ServerFault::OutcomeUnknown | ServerFault::Unreachable
            ),
            "{:?}",
            writer.error
        );
    }
    let from = Instant::now();
    let error = store.projects().unwrap_err();
    assert!(from.elapsed() < Duration::from_secs(4));
    assert_eq!(*fault(&error), ServerFault::Unreachable, "{error}");

    kill_process(server.pid(), Signal::CONT).unwrap();
    let back = reconnected(&store, Instant::now());
    assert!(back < Duration::from_secs(5), "{back:?}");
    for writer in &written {
        is_there(&store, &writer.confirmed);
    }
    write_one(&store, usize::MAX).unwrap();
}

#[test]
fn a_replica_set_that_hangs_is_told_within_4_seconds_and_loses_nothing_confirmed() {
    stopped(Kind::ReplicaSet);
}

#[test]
fn a_standalone_server_that_hangs_is_told_within_4_seconds_and_loses_nothing_confirmed() {
    stopped(Kind::Standalone);
}

#[test]
fn a_set_without_a_primary_is_told_so_and_taken_up_when_it_has_one() {
    let server = Server::start(Kind::ReplicaSet);
    let store = MongoStore::open(&server.uri("headless")).unwrap();
    server.admin(doc! { "replSetStepDown": 60, "force": true });
    let from = Instant::now();
    let error = store
        .create_project(new_project("/w/a", time(0)))
        .unwrap_err();
    assert!(
        from.elapsed() < Duration::from_secs(3),
        "{:?}",
        from.elapsed()
    );
    assert_eq!(*fault(&error), ServerFault::NoPrimary, "{error}");
    // It may stand for election again.
    server.admin(doc! { "replSetFreeze": 0 });
    reconnected(&store, Instant::now());
    write_one(&store, 0).unwrap();
}

#[test]
fn a_server_that_is_away_for_a_moment_is_waited_for() {
    let server = Server::start(Kind::ReplicaSet);
    let store = MongoStore::open(&server.uri("moment")).unwrap();
    kill_process(server.pid(), Signal::STOP).unwrap();
    let resumed = std::thread::scope(|scope| {
        let call = scope.spawn(|| store.projects());
        std::thread::sleep(Duration::from_millis(500));
        kill_process(server.pid(), Signal::CONT).unwrap();
        call.join().unwrap()
    });
    assert_eq!(resumed.unwrap(), []);
}
