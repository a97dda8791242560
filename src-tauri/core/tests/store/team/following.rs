//! What a machine that follows the server sees of others, and how soon.

use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use reprise_core::model::{
    ClaudeSessionId, CurrentSessionId, LaunchOptions, MilestoneStatus, SessionSource,
};
use reprise_core::store::{
    Following, Live, MongoStore, NewMilestone, ReplaceOutcome, SaveOutcome, Store, TeamLink,
    TeamStore,
};
use rustix::process::{Signal, kill_process};
use tempfile::TempDir;

use super::open;
use crate::contract::{new_project, time};
use crate::mongod::{self, Kind, Server, SharedDatabase};

/// Others' changes appear within this time.
const SOON: Duration = Duration::from_secs(2);

/// Waits until something is so, and says how long that took.
pub fn until(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) -> Duration {
    let from = Instant::now();
    while !is_so() {
        assert!(from.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
    from.elapsed()
}

pub fn live(store: &TeamStore) -> Live {
    let patience = Duration::from_secs(30);
    until("it follows", patience, || {
        store.state().unwrap().live != Live::Not
    });
    store.state().unwrap().live
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn sees_others(kind: Kind, expected: Live) {
    let database = SharedDatabase::new(kind);
    let uri = database.uri();
    let [here, there] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let store = open(&uri, here.path(), Following::Yes);
    let other = open(&uri, there.path(), Following::Yes);
    assert_eq!(live(&store), expected);
    assert_eq!(live(&other), expected);
    let revision = store.revision();
    let before = *revision.borrow();

    let project = other.create_project(new_project("/w/a", now())).unwrap();
    let project = project.into_project().id;
    let look = || store.projects().unwrap();
    let mut took = vec![until("a project", SOON, || !look().is_empty())];
    assert_ne!(*revision.borrow(), before);

    let mark = store.change_mark().unwrap();
    other.rename_project(project, "novo", now()).unwrap();
    took.push(until("a name", SOON, || look()[0].name == "novo"));
    assert_ne!(store.change_mark().unwrap(), mark);

    let launch = LaunchOptions {
        model: Some("opus".into()),
        ..LaunchOptions::default()
    };
    other.set_launch_options(project, &launch, now()).unwrap();
    took.push(until("options", SOON, || look()[0].launch == launch));

    let new = NewMilestone {
        project,
        element_name: "login".into(),
        at: now(),
    };
    let milestone = other.create_milestone(new).unwrap().unwrap();
    let milestones = || store.milestones(project).unwrap();
    took.push(until("a milestone", SOON, || {
        milestones() == [milestone.clone()]
    }));
    let status = MilestoneStatus::InProgress;
    other
        .set_milestone_status(milestone.id, None, status, now())
        .unwrap();
    took.push(until("a status", SOON, || milestones()[0].status == status));

    let [first, second] = [(); 2].map(|()| ClaudeSessionId::generate());
    let saved = other.save_session_id_if_unset(project, &first, now());
    assert_eq!(saved.unwrap(), SaveOutcome::Saved);
    let has =
        |id: &ClaudeSessionId| look()[0].claude_session_id == CurrentSessionId::Set(id.clone());
    took.push(until("a session id", SOON, || has(&first)));
    let current = CurrentSessionId::Set(first);
    let at = now();
    let replaced = other.replace_session_id(project, &current, &second, SessionSource::Clear, at);
    assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
    took.push(until("the next one", SOON, || has(&second)));
    let newest = || store.newest_lineage().unwrap().get(&project).copied();
    let at = jiff::Timestamp::from_microsecond(at.as_microsecond()).unwrap();
    took.push(until("its row", SOON, || newest() == Some(at)));

    // Another program's change, and its removal.
    mongod::run_on(&uri, async |database| {
        let milestones = database.collection::<Document>("milestones");
        let id = doc! { "_id": milestone.id.as_object_id() };
        milestones.delete_one(id).await.unwrap();
    });
    took.push(until("the removal", SOON, || milestones().is_empty()));
    assert!(other.remove_project(project).unwrap());
    took.push(until("the other one", SOON, || look().is_empty()));
    println!("{expected:?}: {took:?}");
}

#[test]
fn a_colleagues_changes_appear_within_2_seconds() {
    sees_others(Kind::ReplicaSet, Live::ChangeStream);
}

#[test]
fn a_colleagues_changes_appear_within_2_seconds_on_a_server_that_tells_nothing() {
    sees_others(Kind::Standalone, Live::Polling);
}

#[test]
fn what_this_machine_writes_is_listed_at_once() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let machine = tempfile::tempdir().unwrap();
    let store = open(&database.uri(), machine.path(), Following::Yes);
    live(&store);
    let project = store.create_project(new_project("/w/a", now())).unwrap();
    let project = project.into_project().id;
    for round in 0..100 {
        let name = format!("name {round}");
        store.rename_project(project, &name, now()).unwrap();
        for _ in 0..3 {
            assert_eq!(store.projects().unwrap()[0].name, name);
        }
    }
    // Another process of this machine.
    let other = open(&database.uri(), machine.path(), Following::No);
    other.rename_project(project, "theirs", now()).unwrap();
    assert_eq!(store.projects().unwrap()[0].name, "theirs");
}

struct Outage {
    server: Server,
    _machine: TempDir,
    store: TeamStore,
}

impl Outage {
    fn new(kind: Kind) -> Self {
        let server = Server::start(kind);
        let machine = tempfile::tempdir().unwrap();
        let store = open(&server.uri("team"), machine.path(), Following::Yes);
        live(&store);
        Self {
            server,
            _machine: machine,
            store,
        }
    }

    fn is_lost(&self) -> bool {
        matches!(self.store.link(), TeamLink::Lost { .. })
    }
}

/// Changes session ids of 20 projects while `harm` is done to the server and `mend` mends it.
/// It is told within `told`, and everything is in the database 5 seconds after its return.
fn work_goes_on(
    kind: Kind,
    told: Duration,
    harm: impl FnOnce(&mut Server),
    mend: impl FnOnce(&mut Server),
) {
    let mut it = Outage::new(kind);
    let mut projects = Vec::new();
    for number in 0..20 {
        let new = new_project(&format!("/w/{number}"), now());
        let project = it.store.create_project(new).unwrap().into_project().id;
        let id = ClaudeSessionId::generate();
        let saved = it.store.save_session_id_if_unset(project, &id, now());
        assert_eq!(saved.unwrap(), SaveOutcome::Saved);
        projects.push((project, vec![id]));
    }
    let mut lost = it.store.revision();
    harm(&mut it.server);
    let harmed = Instant::now();
    // Nobody asks it for anything, and it is told all the same.
    until("it is told", told, || {
        let moved = lost.has_changed().unwrap();
        lost.borrow_and_update();
        moved && it.is_lost()
    });
    println!("{kind:?}: told after {:?}", harmed.elapsed());
    for _ in 0..3 {
        for (project, ids) in &mut projects {
            let new = ClaudeSessionId::generate();
            let current = CurrentSessionId::Set(ids.last().unwrap().clone());
            let from = Instant::now();
            let replaced =
                it.store
                    .replace_session_id(*project, &current, &new, SessionSource::Clear, now());
            assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
            assert!(from.elapsed() < told, "{:?}", from.elapsed());
            ids.push(new);
        }
    }
    let state = it.store.state().unwrap();
    assert_eq!((state.waiting, state.live), (20, Live::Not));
    assert!(state.as_of.is_some());
    assert_eq!(it.store.projects().unwrap().len(), 20);

    mend(&mut it.server);
    let back = until("everything is there", Duration::from_secs(5), || {
        it.store.state().unwrap().waiting == 0
    });
    println!("{kind:?}: there after {back:?}");
    live(&it.store);
    let colleague = MongoStore::open(&it.server.uri("team")).unwrap();
    for (project, ids) in &projects {
        let stored = colleague.project(*project).unwrap().unwrap();
        let last = ids.last().unwrap().clone();
        assert_eq!(stored.claude_session_id, CurrentSessionId::Set(last));
        let rows = colleague.lineage(*project).unwrap().into_iter();
        let rows: Vec<_> = rows.map(|row| row.session_id).collect();
        assert_eq!(rows, *ids);
    }
    // What happens from now on is seen again.
    let (project, _) = &projects[0];
    colleague.rename_project(*project, "after", now()).unwrap();
    until("a name", SOON, || {
        let all = it.store.projects().unwrap();
        all.iter().any(|project| project.name == "after")
    });
}

#[test]
fn a_replica_set_that_is_killed_does_not_stop_work() {
    let told = Duration::from_secs(2);
    work_goes_on(Kind::ReplicaSet, told, Server::kill, Server::restart);
}

#[test]
fn a_standalone_server_that_is_killed_does_not_stop_work() {
    let told = Duration::from_secs(2);
    work_goes_on(Kind::Standalone, told, Server::kill, Server::restart);
}

#[test]
fn a_server_that_hangs_does_not_stop_work() {
    work_goes_on(
        Kind::ReplicaSet,
        Duration::from_secs(4),
        |server| kill_process(server.pid(), Signal::STOP).unwrap(),
        |server| kill_process(server.pid(), Signal::CONT).unwrap(),
    );
}

#[test]
fn what_others_did_in_an_outage_is_seen_after_it() {
    let mut it = Outage::new(Kind::ReplicaSet);
    let project = it
        .store
        .create_project(new_project("/w/a", time(0)))
        .unwrap();
    let project = project.into_project().id;
    it.server.kill();
    until("it is lost", Duration::from_secs(2), || it.is_lost());
    it.server.restart();
    // This machine may have been quicker back than the colleague: either way it is seen.
    let colleague = MongoStore::open(&it.server.uri("team")).unwrap();
    colleague.rename_project(project, "renamed", now()).unwrap();
    let other = colleague
        .create_project(new_project("/w/b", now()))
        .unwrap();
    until("both", Duration::from_secs(5), || {
        let all = it.store.projects().unwrap();
        all.len() == 2 && all[0].name == "renamed"
    });
    drop(other);
}

#[test]
fn a_database_that_is_dropped_is_read_anew() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let machine = tempfile::tempdir().unwrap();
    let store = open(&database.uri(), machine.path(), Following::Yes);
    live(&store);
    store.create_project(new_project("/w/a", now())).unwrap();
    mongod::run_on(&database.uri(), async |database| {
        database.drop().await.unwrap();
    });
    until("nothing is there", SOON, || {
        store.projects().unwrap().is_empty()
    });
    let colleague = MongoStore::open(&database.uri()).unwrap();
    colleague
        .create_project(new_project("/w/b", now()))
        .unwrap();
    until("a project", Duration::from_secs(4), || {
        store.projects().unwrap().len() == 1
    });
}
