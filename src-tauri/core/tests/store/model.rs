//! Random sequences of calls, made on a store and on a model in memory that is too simple to
//! be wrong. What they answer and what they hold must be the same.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reprise_core::model::{
    ClaudeSessionId, CurrentSessionId, LaunchOptions, LineageEntry, OutputProject, ProjectId,
    ProjectStatus, SessionSource,
};
use reprise_core::store::{CreateOutcome, MoveOutcome, ReplaceOutcome, SaveOutcome, Store};

use crate::contract::{Subject, new_project, time};

/// A call; the numbers choose from small sets, so that the calls meet.
#[derive(Debug, Clone)]
enum Call {
    Create {
        folder: u8,
        ms: i64,
    },
    Rename {
        project: u8,
        name: String,
    },
    Move {
        project: u8,
        folder: u8,
    },
    Status {
        project: u8,
        status: ProjectStatus,
    },
    Launch {
        project: u8,
        model: Option<String>,
    },
    Remove {
        project: u8,
    },
    Save {
        project: u8,
        id: u8,
        ms: i64,
    },
    Replace {
        project: u8,
        expected: Expected,
        new: u8,
        source: SessionSource,
        ms: i64,
    },
    Append {
        project: u8,
        id: u8,
        parent: Option<u8>,
        source: SessionSource,
        ms: i64,
        sent: bool,
    },
    Mark {
        project: u8,
        id: u8,
    },
    Plant {
        project: u8,
        text: String,
    },
}

#[derive(Debug, Clone)]
enum Expected {
    WhatIsThere,
    Unset,
    Id(u8),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let source = prop_oneof![
        Just(SessionSource::Startup),
        Just(SessionSource::Resume),
        Just(SessionSource::Clear),
        Just(SessionSource::Unknown)
    ];
    let status = prop_oneof![
        Just(ProjectStatus::Created),
        Just(ProjectStatus::Initialized),
        Just(ProjectStatus::Active)
    ];
    let expected = prop_oneof![
        3 => Just(Expected::WhatIsThere),
        1 => Just(Expected::Unset),
        1 => (0..4_u8).prop_map(Expected::Id)
    ];
    let (project, folder, id, ms) = (0..4_u8, 0..3_u8, 0..4_u8, 0..4_i64);
    let call = prop_oneof![
        3 => (folder.clone(), ms.clone()).prop_map(|(folder, ms)| Call::Create { folder, ms }),
        1 => (project.clone(), ".{0,5}").prop_map(|(project, name)| Call::Rename { project, name }),
        1 => (project.clone(), folder).prop_map(|(project, folder)| Call::Move { project, folder }),
        1 => (project.clone(), status)
            .prop_map(|(project, status)| Call::Status { project, status }),
        1 => (project.clone(), proptest::option::of("[a-z]{1,5}"))
            .prop_map(|(project, model)| Call::Launch { project, model }),
        1 => project.clone().prop_map(|project| Call::Remove { project }),
        3 => (project.clone(), id.clone(), ms.clone())
            .prop_map(|(project, id, ms)| Call::Save { project, id, ms }),
        5 => (project.clone(), expected, id.clone(), source.clone(), ms.clone()).prop_map(
            |(project, expected, new, source, ms)| Call::Replace {
                project, expected, new, source, ms
            }
        ),
        3 => (
            project.clone(), id.clone(), proptest::option::of(id.clone()), source, ms, any::<bool>()
        ).prop_map(|(project, id, parent, source, ms, sent)| Call::Append {
            project, id, parent, source, ms, sent
        }),
        2 => (project.clone(), id).prop_map(|(project, id)| Call::Mark { project, id }),
        1 => (project, ".{0,5}").prop_map(|(project, text)| Call::Plant { project, text }),
    ];
    proptest::collection::vec(call, 0..40)
}

#[derive(Default)]
struct Model {
    projects: Vec<OutputProject>,
    lineage: Vec<LineageEntry>,
}

impl Model {
    fn project(&mut self, id: ProjectId) -> Option<&mut OutputProject> {
        self.projects.iter_mut().find(|project| project.id == id)
    }

    fn append(&mut self, row: LineageEntry) {
        let same = |there: &&mut LineageEntry| {
            (there.project, &there.session_id, there.source, there.at)
                == (row.project, &row.session_id, row.source, row.at)
        };
        match self.lineage.iter_mut().find(same) {
            Some(there) => there.message_sent |= row.message_sent,
            None => self.lineage.push(row),
        }
    }

    fn sent(&self, project: ProjectId, id: &ClaudeSessionId) -> bool {
        self.lineage
            .iter()
            .any(|row| row.project == project && row.session_id == *id && row.message_sent)
    }

    /// The rows of a project as a store tells them, sorted by all that a store promises.
    fn rows(&self, project: ProjectId) -> Vec<LineageEntry> {
        let mut rows: Vec<_> = self
            .lineage
            .iter()
            .filter(|row| row.project == project)
            .map(|row| LineageEntry {
                message_sent: self.sent(project, &row.session_id),
                ..row.clone()
            })
            .collect();
        rows.sort_by_key(order);
        rows
    }
}

fn order(row: &LineageEntry) -> (Timestamp, String, &'static str) {
    (row.at, row.session_id.to_string(), row.source.as_str())
}

/// A session id and its project, chosen from those that can exist in a sequence.
struct World {
    ids: Vec<ClaudeSessionId>,
    /// All that were ever created, the removed ones too; the last one never was.
    projects: Vec<ProjectId>,
    clock: i64,
}

impl World {
    fn project(&self, number: u8) -> ProjectId {
        self.projects[usize::from(number) % self.projects.len()]
    }

    fn id(&self, number: u8) -> ClaudeSessionId {
        self.ids[usize::from(number)].clone()
    }
}

/// Runs the sequences on fresh stores.
pub fn check<S: Subject>(fresh: fn() -> S) {
    let config = Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&calls(), |calls| {
            let subject = fresh();
            let mut model = Model::default();
            let mut world = World {
                ids: (0..4).map(|_| ClaudeSessionId::generate()).collect(),
                projects: vec![ProjectId::generate()],
                clock: 100,
            };
            for call in calls {
                world.clock += 1;
                let mark = subject.store().change_mark().unwrap();
                let before = subject.store().projects().unwrap();
                make(&subject, &mut model, &mut world, call);
                compare(subject.store(), &model, &world);
                // Where a mark tells, it tells of every change, also of another program's.
                if mark.is_some() && subject.store().projects().unwrap() != before {
                    assert_ne!(subject.store().change_mark().unwrap(), mark);
                }
            }
            compare(subject.another().as_ref(), &model, &world);
            Ok(())
        })
        .unwrap();
}

fn make(subject: &impl Subject, model: &mut Model, world: &mut World, call: Call) {
    let store = subject.store();
    let at = time(world.clock);
    match call {
        Call::Create { folder, ms } => {
            let path = format!("/w/{folder}");
            let there = model
                .projects
                .iter()
                .find(|project| project.workspace_path == path)
                .cloned();
            let outcome = store.create_project(new_project(&path, time(ms))).unwrap();
            match (outcome, there) {
                (CreateOutcome::AlreadyThere(told), Some(there)) => assert_eq!(told, there),
                (CreateOutcome::Created(new), None) => {
                    world.projects.insert(0, new.id);
                    model.projects.push(new);
                }
                (outcome, there) => panic!("{outcome:?}, but there was {there:?}"),
            }
        }
        Call::Rename { project, name } => {
            let id = world.project(project);
            let told = store.rename_project(id, &name, at).unwrap();
            assert_eq!(told, changed(model, id, at, |project| project.name = name));
        }
        Call::Status { project, status } => {
            let id = world.project(project);
            let told = store.set_project_status(id, status, at).unwrap();
            assert_eq!(
                told,
                changed(model, id, at, |project| project.status = status)
            );
        }
        Call::Launch {
            project,
            model: name,
        } => {
            let id = world.project(project);
            let launch = LaunchOptions {
                model: name,
                ..LaunchOptions::default()
            };
            let told = store.set_launch_options(id, &launch, at).unwrap();
            assert_eq!(
                told,
                changed(model, id, at, |project| project.launch = launch)
            );
        }
        Call::Move { project, folder } => {
            let id = world.project(project);
            let path = format!("/w/{folder}");
            let other = model
                .projects
                .iter()
                .find(|other| other.workspace_path == path && other.id != id)
                .cloned();
            let expected = match (model.project(id), other) {
                (None, _) => MoveOutcome::NoSuchProject,
                (Some(_), Some(other)) => MoveOutcome::Taken(other),
                (Some(project), None) => {
                    project.workspace_path.clone_from(&path);
                    if subject.moving_changes_the_project() {
                        project.updated_at = at;
                    }
                    MoveOutcome::Moved(project.clone())
                }
            };
            assert_eq!(store.move_project(id, &path, at).unwrap(), expected);
        }
        Call::Remove { project } => {
            let id = world.project(project);
            let before = model.projects.len();
            model.projects.retain(|project| project.id != id);
            let removed = model.projects.len() < before;
            assert_eq!(store.remove_project(id).unwrap(), removed);
        }
        Call::Save { project, id, ms } => {
            let (project, id) = (world.project(project), world.id(id));
            let outcome = store
                .save_session_id_if_unset(project, &id, time(ms))
                .unwrap();
            let expected = match model.project(project) {
                None => SaveOutcome::NoSuchProject,
                Some(there) if there.claude_session_id == CurrentSessionId::Unset => {
                    there.claude_session_id = CurrentSessionId::Set(id.clone());
                    there.updated_at = time(ms);
                    model.append(row(project, id, SessionSource::Startup, None, time(ms)));
                    SaveOutcome::Saved
                }
                Some(there) => SaveOutcome::AlreadySet(there.claude_session_id.clone()),
            };
            assert_eq!(outcome, expected);
        }
        Call::Replace {
            project,
            expected,
            new,
            source,
            ms,
        } => {
            let (project, new) = (world.project(project), world.id(new));
            let there = model
                .project(project)
                .map(|project| project.claude_session_id.clone());
            let believed = match expected {
                Expected::WhatIsThere => there.clone().unwrap_or_default(),
                Expected::Unset => CurrentSessionId::Unset,
                Expected::Id(id) => CurrentSessionId::Set(world.id(id)),
            };
            let outcome = store
                .replace_session_id(project, &believed, &new, source, time(ms))
                .unwrap();
            let Some(there) = there else {
                assert_eq!(outcome, ReplaceOutcome::NoSuchProject);
                return;
            };
            model.append(row(
                project,
                new.clone(),
                source,
                believed.id().cloned(),
                time(ms),
            ));
            if there == believed {
                changed(model, project, time(ms), |project| {
                    project.claude_session_id = CurrentSessionId::Set(new);
                });
                assert_eq!(outcome, ReplaceOutcome::Replaced);
            } else {
                assert_eq!(outcome, ReplaceOutcome::Conflict(there));
            }
        }
        Call::Append {
            project,
            id,
            parent,
            source,
            ms,
            sent,
        } => {
            let parent = parent.map(|id| world.id(id));
            let row = LineageEntry {
                message_sent: sent,
                ..row(
                    world.project(project),
                    world.id(id),
                    source,
                    parent,
                    time(ms),
                )
            };
            store.append_lineage(&row).unwrap();
            model.append(row);
        }
        Call::Mark { project, id } => {
            let (project, id) = (world.project(project), world.id(id));
            let mut known = false;
            for row in &mut model.lineage {
                if row.project == project && row.session_id == id {
                    row.message_sent = true;
                    known = true;
                }
            }
            assert_eq!(store.mark_message_sent(project, &id).unwrap(), known);
        }
        Call::Plant { project, text } => {
            let id = world.project(project);
            if let Some(project) = model.project(id) {
                project.claude_session_id = CurrentSessionId::from_stored(Some(text.clone()));
                subject.plant_session_id(id, &text);
            }
        }
    }
}

fn changed(
    model: &mut Model,
    id: ProjectId,
    at: Timestamp,
    change: impl FnOnce(&mut OutputProject),
) -> Option<OutputProject> {
    model.project(id).map(|project| {
        change(project);
        project.updated_at = at;
        project.clone()
    })
}

fn row(
    project: ProjectId,
    session_id: ClaudeSessionId,
    source: SessionSource,
    parent: Option<ClaudeSessionId>,
    at: Timestamp,
) -> LineageEntry {
    LineageEntry {
        project,
        session_id,
        source,
        parent,
        at,
        message_sent: false,
    }
}

fn compare(store: &dyn Store, model: &Model, world: &World) {
    let mut projects = model.projects.clone();
    projects.sort_by_key(|project| (project.created_at, project.id));
    assert_eq!(store.projects().unwrap(), projects);
    let mut newest = BTreeMap::new();
    for row in &model.lineage {
        let at = newest.entry(row.project).or_insert(row.at);
        *at = row.at.max(*at);
    }
    assert_eq!(store.newest_lineage().unwrap(), newest);
    for id in &world.projects {
        let project = projects.iter().find(|project| project.id == *id);
        assert_eq!(store.project(*id).unwrap().as_ref(), project);
        let mut rows = store.lineage(*id).unwrap();
        assert!(rows.is_sorted_by_key(|row| row.at));
        rows.sort_by_key(order);
        assert_eq!(rows, model.rows(*id));
        for session in &world.ids {
            assert_eq!(
                store.message_sent(*id, session).unwrap(),
                model.sent(*id, session)
            );
        }
        // Never an id without its row (one that another program wrote has none).
        if let Some(current) = project.and_then(|project| project.claude_session_id.id())
            && world.ids.contains(current)
        {
            assert!(rows.iter().any(|row| row.session_id == *current));
        }
    }
}
