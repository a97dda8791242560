//! Several processes at once, and processes that die.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use reprise_core::model::{ClaudeSessionId, CurrentSessionId, ProjectId};
use reprise_core::store::Store;

use crate::child::{Child, Task};
use crate::contract::{new_project, time};
use crate::sqlite::{database, open};

/// Lets children begin together; returns what each said.
pub fn together(mut children: Vec<Child>) -> Vec<Vec<String>> {
    for child in &mut children {
        child.go();
    }
    children.iter_mut().map(Child::rest).collect()
}

fn start(count: usize, task: Task, database: &Path) -> Vec<Child> {
    (0..count).map(|_| Child::start(task, database)).collect()
}

#[test]
fn of_100_ids_saved_at_once_by_10_processes_exactly_one_wins() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&database(&folder));
        let project = store
            .create_project(new_project("/w/a", time(0)))
            .unwrap()
            .into_project()
            .id;

        let said: Vec<_> = together(start(10, Task::SaveIds, &database(&folder))).concat();

        assert_eq!(said.len(), 100);
        let winners: Vec<_> = said
            .iter()
            .filter_map(|line| line.strip_prefix("saved "))
            .collect();
        assert_eq!(winners.len(), 1, "{said:?}");
        let told: BTreeSet<_> = said
            .iter()
            .filter_map(|line| line.strip_prefix("set "))
            .collect();
        assert_eq!(told, BTreeSet::from([winners[0]]));
        let winner: ClaudeSessionId = winners[0].parse().unwrap();
        let rows = store.lineage(project).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].session_id, winner);
        let stored = store.project(project).unwrap().unwrap();
        assert_eq!(stored.claude_session_id, CurrentSessionId::Set(winner));
    }
}

#[test]
fn processes_that_open_a_database_before_there_is_one_share_it() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/reprise/reprise.sqlite3");
        let children = start(8, Task::Open, &path);
        let folders: BTreeSet<_> = children
            .iter()
            .map(|child| format!("/w/{}", child.id()))
            .collect();

        for said in together(children) {
            assert_eq!(said, ["opened", "created"]);
        }

        let stored: BTreeSet<_> = open(&path)
            .projects()
            .unwrap()
            .into_iter()
            .map(|project| project.workspace_path)
            .collect();
        assert_eq!(stored, folders);
    }
}

#[test]
fn a_writer_that_is_killed_loses_nothing_that_it_had_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut written = Vec::new();
    for round in 0..8 {
        // Two writers: the other one has the log open while the first dies.
        let mut writers = start(2, Task::Write, &database(&folder));
        for writer in &mut writers {
            writer.go();
        }
        for _ in 0..=round % 4 {
            written.push(writers[0].line().unwrap());
        }
        for writer in &mut writers {
            writer.kill();
        }
        for writer in &mut writers {
            written.extend(writer.rest());
        }
        drop(open(&database(&folder)));
    }

    is_all_there(&open(&database(&folder)), &written);
}

/// Checks that a store holds what writers have said, and nothing by halves.
pub fn is_all_there(store: &dyn Store, written: &[String]) {
    for line in written {
        let mut words = line.split(' ');
        let project: ProjectId = words.next().unwrap().parse().unwrap();
        let [first, second] =
            [(); 2].map(|()| words.next().unwrap().parse::<ClaudeSessionId>().unwrap());
        let stored = store.project(project).unwrap().unwrap();
        assert_eq!(
            stored.claude_session_id,
            CurrentSessionId::Set(second.clone())
        );
        let rows = store.lineage(project).unwrap();
        let ids: Vec<_> = rows.iter().map(|row| &row.session_id).collect();
        assert_eq!(ids, [&first, &second, &first]);
        assert!(store.message_sent(project, &first).unwrap());
    }
    // What was cut short is there in part, but never an id without its row.
    for project in store.projects().unwrap() {
        if let Some(id) = project.claude_session_id.id() {
            let rows = store.lineage(project.id).unwrap();
            assert!(rows.iter().any(|row| row.session_id == *id));
        }
    }
}

#[test]
fn a_process_killed_while_it_makes_the_database_leaves_none_or_a_whole_one() {
    for round in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Child::start(Task::Open, &database(&folder));
        child.go();
        // Only chooses where the kill falls: what must be true is true everywhere.
        std::thread::sleep(Duration::from_micros(round * 100));
        child.kill();
        let created = child.rest().contains(&"created".to_owned());

        let projects = open(&database(&folder)).projects().unwrap();
        assert!(projects.len() == 1 || !created);
    }
}
