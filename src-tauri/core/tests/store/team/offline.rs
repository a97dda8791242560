//! What goes on without the server, and what becomes of it when the server is back.

use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use reprise_core::model::{
    ClaudeSessionId, CurrentSessionId, LineageEntry, MilestoneStatus, ProjectId, ProjectStatus,
    SessionSource,
};
use reprise_core::store::{
    ConflictWhat, Following, Keep, MongoStore, NewMilestone, ReplaceOutcome, SaveOutcome,
    ServerFault, Settled, Store, StoreError, TeamLink, TeamStore, WaitingWhat,
};
use tempfile::TempDir;

use super::open;
use crate::contract::{new_project, time};
use crate::mongod::{self, Kind, Server};

fn id() -> ClaudeSessionId {
    ClaudeSessionId::generate()
}

fn set(id: &ClaudeSessionId) -> CurrentSessionId {
    CurrentSessionId::Set(id.clone())
}

/// A server of its own and a machine that has seen one project there.
struct Fixture {
    server: Server,
    machine: TempDir,
    store: TeamStore,
    project: ProjectId,
    first: ClaudeSessionId,
}

impl Fixture {
    fn new() -> Self {
        let server = Server::start(Kind::ReplicaSet);
        let machine = tempfile::tempdir().unwrap();
        let store = open(&server.uri("team"), machine.path(), Following::No);
        let project = store.create_project(new_project("/w/a", time(0))).unwrap();
        let project = project.into_project().id;
        let first = id();
        let saved = store.save_session_id_if_unset(project, &first, time(1));
        assert_eq!(saved.unwrap(), SaveOutcome::Saved);
        assert_eq!(store.projects().unwrap().len(), 1);
        Self {
            server,
            machine,
            store,
            project,
            first,
        }
    }

    /// The same machine after a restart, or another process on it.
    fn again(&self) -> TeamStore {
        open(&self.server.uri("team"), self.machine.path(), Following::No)
    }

    /// Somebody else's way to the same database.
    fn colleague(&self) -> MongoStore {
        MongoStore::open(&self.server.uri("team")).unwrap()
    }

    fn clear(&self, from: &ClaudeSessionId, ms: i64) -> ClaudeSessionId {
        let new = id();
        let source = SessionSource::Clear;
        let outcome =
            self.store
                .replace_session_id(self.project, &set(from), &new, source, time(ms));
        assert_eq!(outcome.unwrap(), ReplaceOutcome::Replaced);
        new
    }

    fn current(&self, store: &dyn Store) -> CurrentSessionId {
        let project = store.project(self.project).unwrap().unwrap();
        project.claude_session_id
    }

    /// Applies what waits, which it can only when the driver has found the server again.
    fn apply(&self) {
        apply(&self.store);
    }
}

fn apply(store: &TeamStore) {
    let from = Instant::now();
    loop {
        store.apply_waiting().unwrap();
        if store.link() == TeamLink::Connected {
            return;
        }
        assert!(
            from.elapsed() < Duration::from_secs(20),
            "{:?}",
            store.state()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn work_goes_on_without_the_server_and_is_there_when_it_is_back() {
    let mut it = Fixture::new();
    let new = NewMilestone {
        project: it.project,
        element_name: "login".into(),
        at: time(2),
    };
    let milestone = it.store.create_milestone(new.clone()).unwrap().unwrap().id;
    it.server.kill();

    let second = it.clear(&it.first, 3);
    assert!(it.store.mark_message_sent(it.project, &second).unwrap());
    let third = it.clear(&second, 4);
    let of_nobody = LineageEntry {
        project: it.project,
        session_id: id(),
        source: SessionSource::Import,
        parent: None,
        at: time(5),
        message_sent: true,
    };
    it.store.append_lineage(&of_nobody).unwrap();
    let expected = Some(MilestoneStatus::Pending);
    for status in [MilestoneStatus::InProgress, MilestoneStatus::Completed] {
        let changed = it
            .store
            .set_milestone_status(milestone, None, status, time(6))
            .unwrap()
            .unwrap();
        assert_eq!(changed.status, status);
    }
    // What was expected is looked at here, too.
    let kept = it
        .store
        .set_milestone_status(milestone, expected, MilestoneStatus::Failed, time(7))
        .unwrap()
        .unwrap();
    assert_eq!(kept.status, MilestoneStatus::Completed);
    it.store
        .set_project_status(it.project, ProjectStatus::Active, time(7))
        .unwrap()
        .unwrap();

    // The rest is refused and says why.
    let refused = [
        it.store
            .rename_project(it.project, "x", time(8))
            .unwrap_err(),
        it.store.create_milestone(new).unwrap_err(),
        it.store
            .create_project(new_project("/w/b", time(8)))
            .unwrap_err(),
    ];
    for error in refused {
        let StoreError::Server(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.fault, ServerFault::Refused);
    }

    let first = it.first.clone();
    let look = |it: &Fixture, store: &TeamStore| {
        assert_eq!(it.current(store), set(&third));
        let project = &store.projects().unwrap()[0];
        assert_eq!(project.claude_session_id, set(&third));
        assert_eq!(project.status, ProjectStatus::Active);
        let milestones = store.milestones(it.project).unwrap();
        assert_eq!(milestones[0].status, MilestoneStatus::Completed);
        assert_eq!(milestones[0].completed_at, Some(time(6)));
        assert_eq!(store.milestone(milestone).unwrap().unwrap(), milestones[0]);
        let rows: Vec<_> = store
            .lineage(it.project)
            .unwrap()
            .into_iter()
            .map(|row| (row.session_id, row.parent, row.message_sent))
            .collect();
        let parent = |id: &ClaudeSessionId| Some(id.clone());
        assert_eq!(
            rows,
            [
                (first.clone(), None, false),
                (second.clone(), parent(&first), true),
                (third.clone(), parent(&second), false),
                (of_nobody.session_id.clone(), None, true),
            ]
        );
        assert!(store.message_sent(it.project, &second).unwrap());
        assert!(!store.message_sent(it.project, &third).unwrap());
        let newest = store.newest_lineage().unwrap();
        assert_eq!(newest, [(it.project, time(5))].into());
        assert_eq!(
            store.project_at("/w/a").unwrap().unwrap().claude_session_id,
            set(&third)
        );
    };
    look(&it, &it.store);
    // Another process of this machine sees the same.
    let again = it.again();
    look(&it, &again);
    let state = again.state().unwrap();
    assert!(matches!(state.link, TeamLink::Lost { .. }), "{state:?}");
    assert_eq!(state.waiting, 3, "{:?}", again.waiting());
    assert_eq!(state.conflicts, []);
    assert_eq!(
        again.waiting().unwrap()[0].what,
        WaitingWhat::SessionId {
            expected: set(&it.first),
            new: set(&third),
        }
    );

    it.server.restart();
    it.apply();
    let state = it.store.state().unwrap();
    assert_eq!((state.waiting, state.conflicts.len()), (0, 0), "{state:?}");
    look(&it, &it.store);
    let colleague = it.colleague();
    assert_eq!(it.current(&colleague), set(&third));
    assert_eq!(
        colleague.lineage(it.project).unwrap(),
        it.store.lineage(it.project).unwrap()
    );
    let there = colleague.milestone(milestone).unwrap().unwrap();
    assert_eq!(there.completed_at, Some(time(6)));
}

#[test]
fn a_session_that_starts_while_the_server_is_away_is_stored_when_it_is_back() {
    let mut it = Fixture::new();
    let other = it
        .store
        .create_project(new_project("/w/b", time(0)))
        .unwrap();
    let other = other.into_project().id;
    it.server.kill();
    let (session, late) = (id(), id());
    let saved = it.store.save_session_id_if_unset(other, &session, time(3));
    assert_eq!(saved.unwrap(), SaveOutcome::Saved);
    let again = it.again().save_session_id_if_unset(other, &late, time(4));
    assert_eq!(again.unwrap(), SaveOutcome::AlreadySet(set(&session)));
    it.server.restart();
    it.apply();
    let stored = it.colleague().project(other).unwrap().unwrap();
    assert_eq!(stored.claude_session_id, set(&session));
    assert_eq!(it.colleague().lineage(other).unwrap().len(), 1);
}

#[test]
fn a_machine_that_never_saw_the_server_says_that_it_is_away_and_not_that_nothing_is_there() {
    let mut server = Server::start(Kind::ReplicaSet);
    server.kill();
    let machine = tempfile::tempdir().unwrap();
    let store = open(&server.uri("team"), machine.path(), Following::No);
    assert_eq!(store.link(), TeamLink::Connecting);
    let unknown = ProjectId::generate();
    for error in [
        store.projects().unwrap_err(),
        store.project(unknown).unwrap_err(),
        store.project_at("/w/a").unwrap_err(),
        store
            .save_session_id_if_unset(unknown, &id(), time(0))
            .unwrap_err(),
    ] {
        let StoreError::Server(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.fault, ServerFault::Refused, "{error}");
    }
    assert_eq!(store.state().unwrap().as_of, None);

    server.restart();
    let from = Instant::now();
    while store.create_project(new_project("/w/a", time(0))).is_err() {
        assert!(from.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(store.link(), TeamLink::Connected);
    assert_eq!(store.projects().unwrap().len(), 1);
    assert!(store.state().unwrap().as_of.is_some());
}

/// A project whose session id both sides changed while they were apart.
fn conflict() -> (
    Fixture,
    ClaudeSessionId,
    ClaudeSessionId,
    ProjectId,
    ClaudeSessionId,
) {
    let mut it = Fixture::new();
    let other = it
        .store
        .create_project(new_project("/w/b", time(0)))
        .unwrap();
    let other = other.into_project().id;
    it.server.kill();
    let ours = it.clear(&it.first, 3);
    let started = id();
    let saved = it.store.save_session_id_if_unset(other, &started, time(3));
    assert_eq!(saved.unwrap(), SaveOutcome::Saved);
    it.server.restart();
    let theirs = id();
    let source = SessionSource::Clear;
    let replaced =
        it.colleague()
            .replace_session_id(it.project, &set(&it.first), &theirs, source, time(4));
    assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
    it.apply();
    (it, ours, theirs, other, started)
}

#[test]
fn a_conflict_stops_one_project_is_told_with_both_values_and_overwrites_nothing() {
    let (it, ours, theirs, other, started) = conflict();
    let stored = it.colleague().project(other).unwrap().unwrap();
    assert_eq!(stored.claude_session_id, set(&started));
    assert_eq!(it.current(&it.colleague()), set(&theirs));
    // Here ours is what runs; the lineage knows both.
    assert_eq!(it.current(&it.store), set(&ours));
    let lineage = it.colleague().lineage(it.project).unwrap();
    for id in [&ours, &theirs] {
        assert!(lineage.iter().any(|row| row.session_id == *id));
    }
    let state = it.store.state().unwrap();
    assert_eq!(state.waiting, 1);
    assert_eq!(state.conflicts.len(), 1);
    assert_eq!(state.conflicts[0].project, it.project);
    assert_eq!(
        state.conflicts[0].what,
        ConflictWhat::SessionId {
            ours: ours.clone(),
            theirs: set(&theirs),
        }
    );
    // It goes on here, and nothing of it overwrites theirs.
    let next = it.clear(&ours, 6);
    it.apply();
    assert_eq!(it.current(&it.colleague()), set(&theirs));
    assert_eq!(it.current(&it.again()), set(&next));
}

#[test]
fn a_conflict_can_be_settled_for_theirs() {
    let (it, ours, theirs, ..) = conflict();
    let shown = it.store.state().unwrap().conflicts.remove(0);
    let settled = it.store.settle(&shown, Keep::Theirs, time(9)).unwrap();
    assert_eq!(settled, Settled::Done);
    assert_eq!(it.current(&it.store), set(&theirs));
    assert_eq!(it.store.state().unwrap().waiting, 0);
    let lineage = it.store.lineage(it.project).unwrap();
    assert!(lineage.iter().any(|row| row.session_id == ours));
    let settled = it.store.settle(&shown, Keep::Ours, time(9)).unwrap();
    assert_eq!(settled, Settled::NoConflict);
}

#[test]
fn a_conflict_is_settled_for_ours_only_against_the_value_that_was_shown() {
    let (it, ours, theirs, ..) = conflict();
    let shown = it.store.state().unwrap().conflicts.remove(0);
    let newer = id();
    let source = SessionSource::Clear;
    let replaced =
        it.colleague()
            .replace_session_id(it.project, &set(&theirs), &newer, source, time(8));
    assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
    let settled = it.store.settle(&shown, Keep::Ours, time(9)).unwrap();
    let Settled::Changed(shown) = settled else {
        panic!("{settled:?}");
    };
    assert_eq!(
        shown.what,
        ConflictWhat::SessionId {
            ours: ours.clone(),
            theirs: set(&newer),
        }
    );
    assert_eq!(it.current(&it.colleague()), set(&newer));
    let settled = it.store.settle(&shown, Keep::Ours, time(9)).unwrap();
    assert_eq!(settled, Settled::Done);
    assert_eq!(it.current(&it.colleague()), set(&ours));
    assert_eq!(it.store.state().unwrap().waiting, 0);
}

#[test]
fn a_status_that_both_sides_changed_is_a_conflict_of_that_milestone() {
    let mut it = Fixture::new();
    let new = |name: &str| NewMilestone {
        project: it.project,
        element_name: name.into(),
        at: time(2),
    };
    let [one, other] =
        ["a", "b"].map(|name| it.store.create_milestone(new(name)).unwrap().unwrap().id);
    // A list that was seen is what there is later.
    assert_eq!(it.store.milestones(it.project).unwrap().len(), 2);
    it.server.kill();
    for id in [one, other] {
        let status = MilestoneStatus::Completed;
        it.store
            .set_milestone_status(id, None, status, time(3))
            .unwrap()
            .unwrap();
    }
    it.server.restart();
    let failed = MilestoneStatus::Failed;
    it.colleague()
        .set_milestone_status(one, None, failed, time(4))
        .unwrap();
    it.apply();
    let status = |id| it.colleague().milestone(id).unwrap().unwrap().status;
    assert_eq!(status(other), MilestoneStatus::Completed);
    assert_eq!(status(one), failed);
    let shown = it.store.state().unwrap().conflicts.remove(0);
    assert_eq!(
        shown.what,
        ConflictWhat::MilestoneStatus {
            milestone: one,
            ours: MilestoneStatus::Completed,
            theirs: failed,
        }
    );
    let settled = it.store.settle(&shown, Keep::Ours, time(9)).unwrap();
    assert_eq!(settled, Settled::Done);
    assert_eq!(status(one), MilestoneStatus::Completed);
    assert_eq!(it.store.state().unwrap().waiting, 0);
}

#[test]
fn a_status_of_a_project_that_a_colleague_changed_meanwhile_is_told_and_overwrites_nothing() {
    use ProjectStatus::{Active, Created, Initialized};

    let mut it = Fixture::new();
    it.server.kill();
    let here = it.store.set_project_status(it.project, Active, time(3));
    assert_eq!(here.unwrap().unwrap().status, Active);
    it.server.restart();
    let there = it
        .colleague()
        .set_project_status(it.project, Initialized, time(4));
    assert_eq!(there.unwrap().unwrap().status, Initialized);
    it.apply();
    let status = |store: &dyn Store| store.project(it.project).unwrap().unwrap().status;
    assert_eq!(status(&it.colleague()), Initialized);
    // Here ours is what one works with, also in another process.
    assert_eq!(status(&it.again()), Active);
    let shown = it.store.state().unwrap().conflicts.remove(0);
    let what = |theirs| ConflictWhat::ProjectStatus {
        ours: Active,
        theirs,
    };
    assert_eq!(
        (shown.project, &shown.what),
        (it.project, &what(Initialized))
    );

    // What was shown is taken back before the person decides: then nothing is in the way of ours.
    it.colleague()
        .set_project_status(it.project, Created, time(5))
        .unwrap();
    let settled = it.store.settle(&shown, Keep::Ours, time(6)).unwrap();
    assert_eq!(settled, Settled::Done);
    assert_eq!(status(&it.colleague()), Active);
    let state = it.store.state().unwrap();
    assert_eq!((state.waiting, state.conflicts.len()), (0, 0));
}

#[test]
fn a_status_of_a_project_that_is_given_up_or_already_there_waits_no_more() {
    use ProjectStatus::{Active, Created, Initialized};

    let mut it = Fixture::new();
    let other = it.store.create_project(new_project("/w/b", time(0)));
    let other = other.unwrap().into_project().id;
    it.server.kill();
    for project in [it.project, other] {
        it.store
            .set_project_status(project, Active, time(3))
            .unwrap()
            .unwrap();
    }
    it.server.restart();
    for (project, status) in [(it.project, Initialized), (other, Active)] {
        it.colleague()
            .set_project_status(project, status, time(4))
            .unwrap();
    }
    it.apply();
    let state = it.store.state().unwrap();
    assert_eq!((state.waiting, state.conflicts.len()), (1, 1));
    let settled = it.store.settle(&state.conflicts[0], Keep::Theirs, time(5));
    assert_eq!(settled.unwrap(), Settled::Done);
    for store in [&it.store as &dyn Store, &it.colleague()] {
        assert_eq!(
            store.project(it.project).unwrap().unwrap().status,
            Initialized
        );
        assert_ne!(store.project(other).unwrap().unwrap().status, Created);
    }
    assert_eq!(it.store.state().unwrap().waiting, 0);
}

#[test]
fn what_a_colleague_made_of_our_id_is_no_conflict() {
    // Another process brought our id there and was killed before it could note that; then a
    // colleague replaced it.
    let mut it = Fixture::new();
    it.server.kill();
    let ours = it.clear(&it.first, 3);
    it.server.restart();
    let colleague = it.colleague();
    let source = SessionSource::Clear;
    let theirs = id();
    for (from, to) in [(&it.first, &ours), (&ours, &theirs)] {
        let replaced = colleague.replace_session_id(it.project, &set(from), to, source, time(4));
        assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
    }
    it.apply();
    assert_eq!(it.current(&it.store), set(&theirs));
    assert_eq!(it.store.state().unwrap().waiting, 0);
}

#[test]
fn a_project_that_was_removed_meanwhile_takes_its_changes_along_and_not_its_lineage() {
    let mut it = Fixture::new();
    it.server.kill();
    let ours = it.clear(&it.first, 3);
    it.server.restart();
    assert!(it.colleague().remove_project(it.project).unwrap());
    it.apply();
    assert_eq!(it.store.state().unwrap().waiting, 0);
    assert_eq!(it.store.project(it.project).unwrap(), None);
    let lineage = it.colleague().lineage(it.project).unwrap();
    assert_eq!(lineage.len(), 2);
    assert_eq!(lineage[1].session_id, ours);
}

#[test]
fn a_new_change_waits_behind_those_that_wait_already() {
    let mut it = Fixture::new();
    it.server.kill();
    let second = it.clear(&it.first, 3);
    it.server.restart();
    // The first call that finds the server applies what waits, and then itself.
    let from = Instant::now();
    while it.store.projects().is_err() || it.store.link() != TeamLink::Connected {
        assert!(from.elapsed() < Duration::from_secs(20));
    }
    let third = it.clear(&second, 4);
    assert_eq!(it.store.state().unwrap().waiting, 0);
    assert_eq!(it.current(&it.colleague()), set(&third));
    let lineage = it.colleague().lineage(it.project).unwrap();
    let ids: Vec<_> = lineage.into_iter().map(|row| row.session_id).collect();
    assert_eq!(ids, [it.first.clone(), second, third]);
}

#[test]
fn a_change_that_the_server_refuses_for_itself_stops_no_other() {
    let mut it = Fixture::new();
    let other = it
        .store
        .create_project(new_project("/w/b", time(0)))
        .unwrap();
    let other = other.into_project().id;
    it.server.kill();
    let ours = it.clear(&it.first, 3);
    let started = id();
    let saved = it.store.save_session_id_if_unset(other, &started, time(3));
    assert_eq!(saved.unwrap(), SaveOutcome::Saved);
    it.server.restart();
    // A rule of the database, as other programs may have them.
    let rule = |validator: Document| {
        mongod::run_on(&it.server.uri("team"), async |database| {
            let rule = doc! { "collMod": "output_projects", "validator": validator };
            database.run_command(rule).await.unwrap();
        });
    };
    rule(doc! { "name": { "$ne": "a" } });
    it.apply();
    let stored = |project| {
        let project = it.colleague().project(project).unwrap().unwrap();
        project.claude_session_id
    };
    assert_eq!(stored(other), set(&started));
    assert_eq!(stored(it.project), set(&it.first));
    assert_eq!(it.store.state().unwrap().waiting, 1);
    assert_eq!(it.current(&it.store), set(&ours));
    rule(doc! {});
    it.apply();
    assert_eq!(stored(it.project), set(&ours));
    assert_eq!(it.store.state().unwrap().waiting, 0);
}

#[test]
fn a_folder_is_this_machines_own_matter() {
    let mut it = Fixture::new();
    it.store
        .move_project(it.project, "/home/me/a", time(5))
        .unwrap();
    assert_eq!(
        it.colleague()
            .project(it.project)
            .unwrap()
            .unwrap()
            .workspace_path,
        "/w/a"
    );
    let elsewhere = tempfile::tempdir().unwrap();
    let other = open(&it.server.uri("team"), elsewhere.path(), Following::No);
    let paths = |store: &TeamStore| store.projects().unwrap().remove(0).workspace_path;
    assert_eq!(paths(&other), "/w/a");
    assert_eq!(paths(&it.store), "/home/me/a");
    assert_eq!(
        it.again().local_folder(it.project).unwrap().as_deref(),
        Some("/home/me/a")
    );
    // What lies at the document's folder here is another project's.
    let new = it
        .store
        .create_project(new_project("/w/a", time(6)))
        .unwrap();
    assert_ne!(new.into_project().id, it.project);
    // Also without the server.
    it.server.kill();
    let there = it.store.project_at("/home/me/a").unwrap().unwrap();
    assert_eq!(there.id, it.project);
    it.store
        .move_project(it.project, "/home/me/b", time(7))
        .unwrap();
    assert_eq!(it.store.project_at("/home/me/a").unwrap(), None);
}
