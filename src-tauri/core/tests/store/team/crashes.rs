//! Processes that die with a full outbox, or share one; answers that get lost; and documents of
//! others, which stay as they are through all of that.

use std::collections::HashMap;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use reprise_core::model::{
    ClaudeSessionId, CurrentSessionId, MilestoneStatus, ProjectId, ProjectStatus, SessionSource,
};
use reprise_core::store::{
    Following, MongoStore, NewMilestone, ReplaceOutcome, SaveOutcome, ServerFault, Store, TeamLink,
    TeamStore,
};

use super::following::{live, until};
use super::open;
use crate::child::{Child, Task, team_place};
use crate::contract::{new_project, time};
use crate::mongo::proxy::{Loss, Proxy, Swallow};
use crate::mongo::wxcode;
use crate::mongod::{self, Kind, Server};

const PATIENCE: Duration = Duration::from_secs(30);

fn ten_projects(store: &TeamStore) {
    for number in 0..10 {
        let new = new_project(&format!("/w/{number}"), time(number));
        let project = store.create_project(new).unwrap().into_project().id;
        let id = ClaudeSessionId::generate();
        let saved = store.save_session_id_if_unset(project, &id, time(number));
        assert_eq!(saved.unwrap(), SaveOutcome::Saved);
    }
    assert_eq!(store.projects().unwrap().len(), 10);
}

/// What a child said, by project, in order.
type Said = HashMap<ProjectId, Vec<ClaudeSessionId>>;

fn listen(child: &mut Child, lines: usize, said: &mut Said) {
    for _ in 0..lines {
        note(&child.line().unwrap(), said);
    }
}

fn note(line: &str, said: &mut Said) {
    let (project, id) = line.split_once(' ').unwrap();
    let ids = said.entry(project.parse().unwrap()).or_default();
    ids.push(id.parse().unwrap());
}

fn kill(mut child: Child, said: &mut Said) {
    child.kill();
    for line in child.rest() {
        note(&line, said);
    }
}

/// Each change that counted is in the database: in the lineage once, and the last one is the
/// current id (or one after it, which counted and was not said any more).
fn all_is_there(server: &Server, said: &Said) {
    let store = MongoStore::open(&server.uri("team")).unwrap();
    for (project, ids) in said {
        let rows: Vec<_> = store
            .lineage(*project)
            .unwrap()
            .into_iter()
            .map(|row| row.session_id)
            .collect();
        // The first was there before; at the most one more was written and not said.
        assert_eq!(rows[1..=ids.len()], ids[..]);
        assert!(rows.len() <= ids.len() + 2, "{}", rows.len());
        let stored = store.project(*project).unwrap().unwrap();
        assert_eq!(stored.claude_session_id.id(), rows.last());
    }
}

#[test]
fn a_process_that_is_killed_with_a_full_outbox_loses_nothing_of_it() {
    let mut server = Server::start(Kind::ReplicaSet);
    let uri = server.uri("team");
    let machine = tempfile::tempdir().unwrap();
    ten_projects(&open(&uri, machine.path(), Following::No));
    server.kill();
    let mut said = Said::new();
    let place = team_place(&uri, machine.path(), 0, 1);
    // Two in turn: the second one begins without the server.
    for _ in 0..2 {
        let mut child = Child::start(Task::ChangeIds, &place);
        child.go();
        listen(&mut child, 100, &mut said);
        kill(child, &mut said);
        // What the dead one wrote last and did not say belongs to the chain as well.
        let again = open(&uri, machine.path(), Following::No);
        for (project, ids) in &mut said {
            let now = again.project(*project).unwrap().unwrap().claude_session_id;
            let now = now.id().unwrap().clone();
            if ids.last() != Some(&now) {
                ids.push(now);
            }
        }
    }
    server.restart();
    let store = open(&uri, machine.path(), Following::Yes);
    until("all is applied", PATIENCE, || {
        store.state().unwrap().waiting == 0
    });
    assert_eq!(store.state().unwrap().conflicts, []);
    all_is_there(&server, &said);
}

#[test]
fn two_processes_of_a_machine_share_an_outbox_through_two_outages() {
    let mut server = Server::start(Kind::ReplicaSet);
    let uri = server.uri("team");
    let machine = tempfile::tempdir().unwrap();
    ten_projects(&open(&uri, machine.path(), Following::No));
    let mut said = Said::new();
    let mut children: Vec<_> = (0..2)
        .map(|part| {
            let place = team_place(&uri, machine.path(), part, 2);
            let mut child = Child::start(Task::ChangeIds, &place);
            child.go();
            child
        })
        .collect();
    for _ in 0..2 {
        for harm in [Server::kill, Server::restart] {
            for child in &mut children {
                listen(child, 30, &mut said);
            }
            harm(&mut server);
        }
    }
    for child in &mut children {
        listen(child, 100, &mut said);
    }
    for child in children {
        kill(child, &mut said);
    }
    let store = open(&uri, machine.path(), Following::Yes);
    until("all is applied", PATIENCE, || {
        store.state().unwrap().waiting == 0
    });
    assert_eq!(store.state().unwrap().conflicts, []);
    all_is_there(&server, &said);
}

#[test]
fn a_change_whose_answer_is_lost_waits_and_is_made_once() {
    let server = Server::start(Kind::ReplicaSet);
    let proxy = Proxy::to(server.port());
    let machine = tempfile::tempdir().unwrap();
    let store = open(&proxy.uri("team"), machine.path(), Following::No);
    let there = MongoStore::open(&server.uri("team")).unwrap();
    for loss in [Loss::Breaks, Loss::Silence] {
        let new = new_project(&format!("/w/{loss:?}"), time(0));
        let project = store.create_project(new).unwrap().into_project().id;
        let ids = [(); 3].map(|()| ClaudeSessionId::generate());
        let new = NewMilestone {
            project,
            element_name: "login".into(),
            at: time(0),
        };
        let milestone = store.create_milestone(new).unwrap().unwrap().id;
        store.milestones(project).unwrap();
        store.projects().unwrap();
        proxy.swallow(Swallow {
            command: "update",
            collection: "output_projects",
            times: 1000,
            loss,
        });
        // Each of them may have been written: the first one was.
        let saved = store.save_session_id_if_unset(project, &ids[0], time(1));
        assert_eq!(saved.unwrap(), SaveOutcome::Saved);
        for (pair, ms) in ids.windows(2).zip(2..) {
            let current = CurrentSessionId::Set(pair[0].clone());
            let source = SessionSource::Clear;
            let replaced = store.replace_session_id(project, &current, &pair[1], source, time(ms));
            assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
        }
        assert!(proxy.swallowed() > 0);
        assert!(store.state().unwrap().waiting > 0);
        assert_ne!(
            there.project(project).unwrap().unwrap().claude_session_id,
            CurrentSessionId::Unset
        );
        proxy.swallow(Swallow {
            command: "findAndModify",
            collection: "milestones",
            times: 3,
            loss,
        });
        let status = MilestoneStatus::InProgress;
        let changed = store.set_milestone_status(milestone, None, status, time(5));
        assert_eq!(changed.unwrap().unwrap().status, status);
        proxy.heal();
        until("all is applied", PATIENCE, || {
            store.apply_waiting().unwrap();
            store.state().unwrap().waiting == 0
        });
        assert_eq!(store.state().unwrap().conflicts, []);
        let stored = there.project(project).unwrap().unwrap();
        assert_eq!(
            stored.claude_session_id,
            CurrentSessionId::Set(ids[2].clone())
        );
        let rows = there.lineage(project).unwrap().into_iter();
        assert_eq!(rows.map(|row| row.session_id).collect::<Vec<_>>(), ids);
        assert_eq!(there.milestone(milestone).unwrap().unwrap().status, status);
    }
}

#[test]
fn a_set_without_a_primary_does_not_stop_work() {
    let server = Server::start(Kind::ReplicaSet);
    let machine = tempfile::tempdir().unwrap();
    let store = open(&server.uri("team"), machine.path(), Following::Yes);
    live(&store);
    ten_projects(&store);
    server.admin(doc! { "replSetStepDown": 60, "force": true });
    until("it is told", Duration::from_secs(4), || {
        let link = store.link();
        matches!(link, TeamLink::Lost { why, .. } if why.fault == ServerFault::NoPrimary)
    });
    let project = store.projects().unwrap().remove(0);
    let new = ClaudeSessionId::generate();
    let current = &project.claude_session_id;
    let replaced =
        store.replace_session_id(project.id, current, &new, SessionSource::Clear, time(20));
    assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
    assert_eq!(store.state().unwrap().waiting, 1);
    // It may stand for election again.
    server.admin(doc! { "replSetFreeze": 0 });
    until("it is applied", PATIENCE, || {
        store.state().unwrap().waiting == 0
    });
    let stored = MongoStore::open(&server.uri("team")).unwrap();
    let stored = stored.project(project.id).unwrap().unwrap();
    assert_eq!(stored.claude_session_id, CurrentSessionId::Set(new));
}

#[test]
fn what_wxcode_keeps_in_its_documents_is_the_same_to_the_byte_after_an_outage() {
    let mut server = Server::start(Kind::ReplicaSet);
    let uri = server.uri("team");
    let (good, odd) = wxcode::projects();
    let milestones: Vec<_> = ["pending", "in_progress", "completed", "failed", "skipped"]
        .into_iter()
        .zip(1..)
        .map(|(status, number)| wxcode::milestone(&good[2], number, doc! { "status": status }))
        .collect();
    let names = ["output_projects", "milestones"];
    let content = |uri: &str| {
        mongod::run_on(uri, async |database| {
            let projects = wxcode::content(&database, names[0]).await;
            (projects, wxcode::content(&database, names[1]).await)
        })
    };
    mongod::run_on(&uri, async |database| {
        let all: Vec<Document> = good.iter().chain(&odd).cloned().collect();
        wxcode::fill(&database, &[(names[0], &all), (names[1], &milestones)]).await;
    });
    let before = content(&uri);

    let machine = tempfile::tempdir().unwrap();
    let store = open(&uri, machine.path(), Following::Yes);
    live(&store);
    server.kill();
    let mut ids = HashMap::new();
    for project in store.projects().unwrap() {
        let new = ClaudeSessionId::generate();
        let current = &project.claude_session_id;
        let replaced =
            store.replace_session_id(project.id, current, &new, SessionSource::Clear, time(1));
        assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
        let active = ProjectStatus::Active;
        store
            .set_project_status(project.id, active, time(2))
            .unwrap()
            .unwrap();
        for milestone in store.milestones(project.id).unwrap() {
            for status in [MilestoneStatus::Completed, MilestoneStatus::InProgress] {
                store
                    .set_milestone_status(milestone.id, None, status, time(3))
                    .unwrap()
                    .unwrap();
            }
        }
        ids.insert(project.id, new);
    }
    assert_eq!(ids.len(), good.len());
    server.restart();
    until("all is applied", PATIENCE, || {
        store.state().unwrap().waiting == 0
    });
    assert_eq!(store.state().unwrap().conflicts, []);

    let after = content(&uri);
    let ours = ["status", "claude_session_id", "updated_at"];
    wxcode::is_kept(&before.0, &after.0, &ours);
    let ours = ["status", "completed_at", "updated_at"];
    wxcode::is_kept(&before.1, &after.1, &ours);
    let stored = MongoStore::open(&uri).unwrap();
    for (project, id) in ids {
        let project = stored.project(project).unwrap().unwrap();
        assert_eq!(project.claude_session_id, CurrentSessionId::Set(id));
        assert_eq!(project.status, ProjectStatus::Active);
    }
    let project = ProjectId::from(wxcode::id(&good[2]));
    for milestone in stored.milestones(project).unwrap() {
        assert_eq!(milestone.status, MilestoneStatus::InProgress);
    }
}
