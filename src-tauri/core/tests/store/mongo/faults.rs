//! Answers that get lost and servers that refuse: no id is lost, none is there twice, and what
//! is not known is said to be not known.

use std::cell::Cell;
use std::time::{Duration, Instant};

use mongodb::bson::{Bson, Document, doc};
use reprise_core::model::{
    ClaudeSessionId, CurrentSessionId, LineageEntry, MilestoneStatus, ProjectId, SessionSource,
};
use reprise_core::store::{
    CreateOutcome, MongoStore, NewMilestone, ReplaceOutcome, SaveOutcome, ServerFault, Store,
    StoreError,
};

use super::proxy::{Loss, Proxy, Swallow};
use crate::contract::{new_project, time};
use crate::mongod::{Kind, Server};

const PROJECTS: &str = "output_projects";
const LINEAGE: &str = "reprise_lineage";

fn add(store: &MongoStore, folder: &str) -> ProjectId {
    let new = new_project(folder, time(0));
    match store.create_project(new).unwrap() {
        CreateOutcome::Created(project) => project.id,
        CreateOutcome::AlreadyThere(project) => panic!("{project:?} was there already"),
    }
}

fn fault(error: StoreError) -> ServerFault {
    match error {
        StoreError::Server(error) => error.fault,
        other => panic!("{other:?}"),
    }
}

/// Saves an id and replaces it. Each time the first answers are lost in some way; what was
/// asked happens all the same, and is told as it is.
fn an_id_is_saved_and_replaced_once(store: &MongoStore, folder: &str, lose: impl Fn()) {
    let project = add(store, folder);
    let [first, second] = [(); 2].map(|()| ClaudeSessionId::generate());
    lose();
    let saved = store.save_session_id_if_unset(project, &first, time(1));
    assert_eq!(saved.unwrap(), SaveOutcome::Saved, "{folder}");
    lose();
    let expected = CurrentSessionId::Set(first.clone());
    let replaced =
        store.replace_session_id(project, &expected, &second, SessionSource::Clear, time(2));
    assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced, "{folder}");

    let stored = store.project(project).unwrap().unwrap();
    assert_eq!(
        stored.claude_session_id,
        CurrentSessionId::Set(second.clone())
    );
    let rows = store.lineage(project).unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (&row.session_id, &row.parent))
        .collect();
    assert_eq!(told, [(&first, &None), (&second, &Some(first.clone()))]);
}

/// Does everything that writes, while the first answer to each kind of write is lost.
fn everything_happens_once(store: &MongoStore, lose: impl Fn(&'static str, &'static str)) {
    lose("insert", PROJECTS);
    let project = add(store, "/w/all");
    lose("findAndModify", PROJECTS);
    let renamed = store.rename_project(project, "renamed", time(1)).unwrap();
    assert_eq!(renamed.unwrap().name, "renamed");
    lose("insert", "milestones");
    let milestone = store.create_milestone(NewMilestone {
        project,
        element_name: "m".into(),
        at: time(1),
    });
    let milestone = milestone.unwrap().unwrap().id;
    assert_eq!(store.milestones(project).unwrap().len(), 1);
    lose("findAndModify", "milestones");
    let (pending, done) = (MilestoneStatus::Pending, MilestoneStatus::Completed);
    let status = store.set_milestone_status(milestone, Some(pending), done, time(2));
    let status = status.unwrap().unwrap();
    assert_eq!((status.status, status.completed_at), (done, Some(time(2))));
    let row = LineageEntry {
        project,
        session_id: ClaudeSessionId::generate(),
        source: SessionSource::Import,
        parent: None,
        at: time(3),
        message_sent: false,
    };
    lose("update", LINEAGE);
    store.append_lineage(&row).unwrap();
    assert_eq!(store.lineage(project).unwrap(), std::slice::from_ref(&row));
    lose("update", LINEAGE);
    assert!(store.mark_message_sent(project, &row.session_id).unwrap());
    lose("update", "reprise_folder_claims");
    add(store, "/w/claimed");
    lose("delete", PROJECTS);
    assert!(store.remove_project(project).unwrap());
    assert_eq!(store.project(project).unwrap(), None);
    assert_eq!(store.milestones(project).unwrap(), []);
}

fn lost_answers(kind: Kind) {
    let server = Server::start(kind);
    let proxy = Proxy::to(server.port());
    let store = MongoStore::open(&proxy.uri("lost")).unwrap();
    let lose = |command, collection, times, loss| {
        proxy.swallow(Swallow {
            command,
            collection,
            times,
            loss,
        });
    };
    let kinds = Cell::new(0);
    everything_happens_once(&store, |command, collection| {
        assert_eq!(
            proxy.swallowed(),
            kinds.get().min(1),
            "before {command} {collection}"
        );
        kinds.set(kinds.get() + 1);
        lose(command, collection, 1, Loss::Breaks);
    });
    assert_eq!((proxy.swallowed(), kinds.get()), (1, 8));
    for (collection, times) in [(PROJECTS, 1), (PROJECTS, 2), (LINEAGE, 1), (LINEAGE, 2)] {
        let folder = format!("/w/{collection}/{times}");
        an_id_is_saved_and_replaced_once(&store, &folder, || {
            lose("update", collection, times, Loss::Breaks);
        });
        assert_eq!(proxy.swallowed(), times, "{folder}");
    }
    an_id_is_saved_and_replaced_once(&store, "/w/silence", || {
        lose("update", PROJECTS, 1, Loss::Silence);
    });
    assert_eq!(proxy.swallowed(), 1);

    // No answer ever: that it is not known is said, and the id is there.
    let project = add(&store, "/w/unknown");
    let id = ClaudeSessionId::generate();
    lose("update", PROJECTS, usize::MAX, Loss::Breaks);
    let error = store
        .save_session_id_if_unset(project, &id, time(1))
        .unwrap_err();
    assert!(
        error.to_string().contains("may have been written"),
        "{error}"
    );
    assert_eq!(fault(error), ServerFault::OutcomeUnknown);
    proxy.heal();
    let again = store.save_session_id_if_unset(project, &id, time(1));
    let own = CurrentSessionId::Set(id);
    assert_eq!(again.unwrap(), SaveOutcome::AlreadySet(own));
    assert_eq!(store.lineage(project).unwrap().len(), 1);
}

#[test]
fn an_answer_that_gets_lost_loses_and_doubles_nothing_on_a_replica_set() {
    lost_answers(Kind::ReplicaSet);
}

#[test]
fn an_answer_that_gets_lost_loses_and_doubles_nothing_on_a_standalone_server() {
    lost_answers(Kind::Standalone);
}

/// Has the server fail updates of a collection by this store.
fn fail(server: &Server, collection: &str, mode: Document, data: Document) {
    let mut data = data;
    data.insert("appName", "reprise");
    data.insert("failCommands", ["update"]);
    data.insert("namespace", format!("failing.{collection}"));
    server.admin(doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data });
}

/// Ends that, and says how often it has happened.
fn heal(server: &Server) -> i64 {
    let said = server.admin(doc! { "configureFailPoint": "failCommand", "mode": "off" });
    said.get("count").and_then(Bson::as_i64).unwrap_or_else(|| {
        said.get("count")
            .and_then(Bson::as_i32)
            .unwrap_or_else(|| panic!("{said}"))
            .into()
    })
}

fn failing_commands(kind: Kind) {
    let server = Server::start(kind);
    let store = MongoStore::open(&server.uri("failing")).unwrap();
    let not_confirmed = doc! { "code": 64, "errmsg": "waiting for replication timed out" };
    let interrupted = doc! { "code": 11600, "errmsg": "interrupted" };
    let label = ["RetryableWriteError"];
    for (number, (collection, times, data)) in [
        (PROJECTS, 1, doc! { "closeConnection": true }),
        (PROJECTS, 2, doc! { "closeConnection": true }),
        (LINEAGE, 2, doc! { "closeConnection": true }),
        (
            PROJECTS,
            1,
            doc! { "errorCode": 11600, "errorLabels": label },
        ),
        (
            PROJECTS,
            1,
            doc! { "errorCode": 10107, "errorLabels": label },
        ),
        (
            PROJECTS,
            1,
            doc! { "writeConcernError": not_confirmed.clone() },
        ),
        (
            PROJECTS,
            2,
            doc! { "writeConcernError": not_confirmed.clone() },
        ),
        (
            LINEAGE,
            1,
            doc! { "writeConcernError": not_confirmed.clone() },
        ),
        (PROJECTS, 1, doc! { "writeConcernError": interrupted }),
        (
            PROJECTS,
            1,
            doc! { "blockConnection": true, "blockTimeMS": 4000 },
        ),
    ]
    .into_iter()
    .enumerate()
    {
        an_id_is_saved_and_replaced_once(&store, &format!("/w/{number}"), || {
            fail(&server, collection, doc! { "times": times }, data.clone());
        });
        assert!(heal(&server) > 0, "{collection} {times} {data}");
    }

    // What the majority never confirms is not said to be saved; nor to be not.
    let project = add(&store, "/w/unconfirmed");
    let [first, second] = [(); 2].map(|()| ClaudeSessionId::generate());
    let saved = store.save_session_id_if_unset(project, &first, time(1));
    assert_eq!(saved.unwrap(), SaveOutcome::Saved);
    fail(
        &server,
        PROJECTS,
        doc! { "times": 1000 },
        doc! { "writeConcernError": not_confirmed },
    );
    let expected = CurrentSessionId::Set(first);
    let replaced =
        store.replace_session_id(project, &expected, &second, SessionSource::Clear, time(2));
    assert_eq!(fault(replaced.unwrap_err()), ServerFault::OutcomeUnknown);
    heal(&server);
    let again =
        store.replace_session_id(project, &expected, &second, SessionSource::Clear, time(2));
    let stored = CurrentSessionId::Set(second);
    assert_eq!(again.unwrap(), ReplaceOutcome::Conflict(stored));
    assert_eq!(store.lineage(project).unwrap().len(), 2);

    // What is refused has not happened, and is not said to be unknown.
    let project = add(&store, "/w/refused");
    fail(
        &server,
        PROJECTS,
        doc! { "times": 1000 },
        doc! { "errorCode": 13 },
    );
    let id = ClaudeSessionId::generate();
    let saved = store.save_session_id_if_unset(project, &id, time(1));
    assert_eq!(fault(saved.unwrap_err()), ServerFault::NotAllowed);
    heal(&server);
    let saved = store.save_session_id_if_unset(project, &id, time(1));
    assert_eq!(saved.unwrap(), SaveOutcome::Saved);
    assert_eq!(store.lineage(project).unwrap().len(), 1);
}

#[test]
fn a_command_that_fails_loses_and_doubles_nothing_on_a_replica_set() {
    failing_commands(Kind::ReplicaSet);
}

#[test]
fn a_command_that_fails_loses_and_doubles_nothing_on_a_standalone_server() {
    failing_commands(Kind::Standalone);
}

#[test]
fn a_server_that_is_slow_to_answer_ends_no_call_later_than_it_may() {
    let server = Server::start(Kind::ReplicaSet);
    let store = MongoStore::open(&server.uri("failing")).unwrap();
    let project = add(&store, "/w/slow");
    fail(
        &server,
        PROJECTS,
        doc! { "times": 10 },
        doc! { "blockConnection": true, "blockTimeMS": 60_000 },
    );
    let from = Instant::now();
    let id = ClaudeSessionId::generate();
    let saved = store.save_session_id_if_unset(project, &id, time(1));
    assert_eq!(fault(saved.unwrap_err()), ServerFault::OutcomeUnknown);
    assert!(
        from.elapsed() < Duration::from_secs(12),
        "{:?}",
        from.elapsed()
    );
}
