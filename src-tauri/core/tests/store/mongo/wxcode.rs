//! The database that is there already: its documents as wxcode and its older versions wrote
//! them, with whatever else is in them. All of it opens, and nothing of it that is not ours
//! changes by a byte.

use std::collections::BTreeMap;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Database, IndexModel};
use reprise_core::model::{
    ClaudeSessionId, CurrentSessionId, LaunchOptions, MilestoneId, MilestoneStatus, ProjectId,
    ProjectStatus, SessionSource,
};
use reprise_core::store::{
    MongoStore, NewMilestone, ReplaceOutcome, SaveOutcome, ServerFault, Store, StoreError,
};

use crate::contract::{new_project, time};
use crate::mongod::{self, Kind, SharedDatabase};

const OLD_ID: &str = "0c9d2f3e-1111-4222-8333-944455566677";

/// Values of every type, which a reader that takes them apart and writes them again may change.
fn foreign(number: i32) -> Document {
    let text = format!("{{\"$numberDecimal\": \"{number}.100\"}}");
    doc! {
        "kb_id": ObjectId::new(),
        "stack_id": "java-spring",
        "connections": [
            { "name": "db", "port": 5432, "options": { "ssl": true, "z": 1, "a": 2 } },
            { "name": "fila", "port": 61616_i64, "weight": 1.0 },
            Bson::Null,
            [],
        ],
        "whole_double": f64::from(number),
        "negative_zero": -0.0,
        "not_a_number": f64::NAN,
        "decimal": Bson::Decimal128("1.10".parse().unwrap()),
        "bytes": Bson::Binary(mongodb::bson::Binary {
            subtype: mongodb::bson::spec::BinarySubtype::UserDefined(0x80),
            bytes: vec![0, 255, number.to_le_bytes()[0]],
        }),
        "pattern": Bson::RegularExpression(mongodb::bson::Regex {
            pattern: "^a.*".try_into().unwrap(),
            options: "im".try_into().unwrap(),
        }),
        "ticks": Bson::Timestamp(mongodb::bson::Timestamp { time: 7, increment: 9 }),
        "smallest": Bson::MinKey,
        "text": text,
        "with.dot": 1,
        "": "no name",
        "long": "ç".repeat(10_000),
    }
}

fn project(number: i32, fields: Document) -> Document {
    let mut document = doc! { "_id": ObjectId::new() };
    document.extend(foreign(number));
    document.extend(doc! {
        "name": format!("project {number}"),
        "workspace_path": format!("/srv/wxcode/{number}"),
        "status": "created",
        "configuration_id": Bson::Null,
        "created_at": DateTime::from_millis(1_700_000_000_000 + i64::from(number)),
        "updated_at": DateTime::from_millis(1_700_000_000_500),
    });
    document.extend(fields);
    document.insert("last", number);
    document
}

pub fn milestone(project: &Document, number: i32, fields: Document) -> Document {
    let mut document = doc! { "_id": ObjectId::new() };
    document.extend(foreign(number));
    document.extend(doc! {
        "output_project_id": project.get("_id").unwrap(),
        "element_id": ObjectId::new(),
        "element_name": format!("element {number}"),
        "status": "pending",
        "wxcode_version": "2.4.1",
        "milestone_folder_name": Bson::Null,
        "created_at": DateTime::from_millis(1_700_000_001_000 + i64::from(number)),
        "updated_at": Bson::Null,
    });
    document.extend(fields);
    document
}

fn without(mut document: Document, name: &str) -> Document {
    document.remove(name);
    document
}

/// Projects as they are found, the ones that are none behind them.
pub fn projects() -> (Vec<Document>, Vec<Document>) {
    let good = vec![
        project(0, doc! {}),
        project(
            1,
            doc! { "status": "initialized", "claude_session_id": Bson::Null },
        ),
        project(2, doc! { "status": "active", "claude_session_id": OLD_ID }),
        project(3, doc! { "status": "archived", "claude_session_id": "" }),
        project(4, doc! { "claude_session_id": 7, "name": Bson::Null }),
        without(project(5, doc! { "created_at": "yesterday" }), "updated_at"),
        without(
            without(project(6, doc! { "status": 3 }), "name"),
            "created_at",
        ),
        // Two of one folder.
        project(7, doc! { "workspace_path": "/srv/wxcode/0" }),
    ];
    let odd = vec![
        without(project(8, doc! {}), "workspace_path"),
        project(9, doc! { "workspace_path": ["/srv"] }),
        project(10, doc! { "_id": "ten" }),
    ];
    (good, odd)
}

/// A database as wxcode leaves it: documents and indexes.
pub async fn fill(database: &Database, collections: &[(&str, &[Document])]) {
    for (name, documents) in collections {
        let collection = database.collection::<Document>(name);
        collection.insert_many(documents.iter()).await.unwrap();
        let fields = match *name {
            "output_projects" => ["kb_id", "stack_id", "status"],
            _ => ["output_project_id", "element_id", "status"],
        };
        for field in fields {
            let index = IndexModel::builder().keys(doc! { field: 1 }).build();
            collection.create_index(index).await.unwrap();
        }
    }
    let both = IndexModel::builder()
        .keys(doc! { "output_project_id": 1, "status": 1 })
        .options(IndexOptions::builder().name("theirs".to_owned()).build())
        .build();
    let milestones = database.collection::<Document>("milestones");
    milestones.create_index(both).await.unwrap();
}

pub type Content = BTreeMap<String, RawDocumentBuf>;

/// The documents of a collection as they are stored, by their `_id`.
pub async fn content(database: &Database, collection: &str) -> Content {
    let collection = database.collection::<RawDocumentBuf>(collection);
    let mut cursor = collection.find(doc! {}).await.unwrap();
    let mut content = Content::new();
    while cursor.advance().await.unwrap() {
        let document = cursor.current().to_owned();
        let id = Bson::try_from(document.get("_id").unwrap().unwrap()).unwrap();
        content.insert(id.to_string(), document);
    }
    content
}

/// What of a document is not ours, byte for byte and in its order.
fn not_ours(document: &RawDocumentBuf, ours: &[&str]) -> RawDocumentBuf {
    let mut rest = RawDocumentBuf::new();
    for element in document {
        let (name, value) = element.unwrap();
        if !ours.contains(&name.as_str()) {
            rest.append(name, value);
        }
    }
    rest
}

pub fn is_kept(before: &Content, after: &Content, ours: &[&str]) {
    for (id, document) in before {
        let (was, is) = (not_ours(document, ours), not_ours(&after[id], ours));
        assert!(was.as_bytes() == is.as_bytes(), "{was:?}\nbecame\n{is:?}");
        // A field of ours that was there is where it was; none has gone.
        let names = |document: &RawDocumentBuf| -> Vec<String> {
            let names = document
                .iter()
                .map(|element| element.unwrap().0.to_string());
            names.collect()
        };
        let (was, is) = (names(document), names(&after[id]));
        assert_eq!(was, is[..was.len()], "{id}");
    }
}

pub fn id(document: &Document) -> ObjectId {
    document.get_object_id("_id").unwrap()
}

/// A day's work on a project: whatever a person and their sessions can do to it.
fn work_on(store: &MongoStore, project: ProjectId, round: i64) {
    let at = |ms| time(round * 100 + ms);
    let status = [
        ProjectStatus::Created,
        ProjectStatus::Initialized,
        ProjectStatus::Active,
    ];
    let number = usize::try_from(round).unwrap();
    let name = format!("renamed {round}");
    store
        .rename_project(project, &name, at(1))
        .unwrap()
        .unwrap();
    store
        .set_project_status(project, status[number % 3], at(2))
        .unwrap()
        .unwrap();
    let launch = LaunchOptions {
        model: Some(format!("model-{round}")),
        ..LaunchOptions::default()
    };
    store.set_launch_options(project, &launch, at(3)).unwrap();
    let folder = format!("/home/ana/{project}/{round}");
    store.move_project(project, &folder, at(4)).unwrap();

    let [first, second] = [(); 2].map(|()| ClaudeSessionId::generate());
    let there = store.project(project).unwrap().unwrap().claude_session_id;
    let saved = store
        .save_session_id_if_unset(project, &first, at(5))
        .unwrap();
    let expected = match there {
        CurrentSessionId::Unset => {
            assert_eq!(saved, SaveOutcome::Saved);
            CurrentSessionId::Set(first)
        }
        there => {
            assert_eq!(saved, SaveOutcome::AlreadySet(there.clone()));
            there
        }
    };
    let clear = SessionSource::Clear;
    let replaced = store.replace_session_id(project, &expected, &second, clear, at(6));
    assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced, "{expected:?}");
    assert!(store.mark_message_sent(project, &second).unwrap());

    let new = NewMilestone {
        project,
        element_name: name.clone(),
        at: at(7),
    };
    store.create_milestone(new).unwrap().unwrap();
    for milestone in store.milestones(project).unwrap() {
        store.rename_milestone(milestone.id, &name, at(8)).unwrap();
        let folder = (round % 2 == 0).then_some("v1.0-x");
        store
            .set_milestone_folder(milestone.id, folder, at(9))
            .unwrap();
        for status in [
            MilestoneStatus::InProgress,
            MilestoneStatus::Completed,
            MilestoneStatus::Failed,
            MilestoneStatus::Pending,
        ] {
            let set = store.set_milestone_status(milestone.id, None, status, at(10));
            assert_eq!(set.unwrap().unwrap().status, status);
        }
    }
}

#[test]
fn what_wxcode_keeps_in_its_documents_is_the_same_to_the_byte_after_a_days_work() {
    let server = SharedDatabase::new(Kind::ReplicaSet);
    let (good, odd) = projects();
    let milestones: Vec<_> = ["pending", "in_progress", "completed", "failed", "skipped"]
        .into_iter()
        .zip(1..)
        .map(|(status, number)| milestone(&good[2], number, doc! { "status": status }))
        .chain([without(
            milestone(&good[2], 6, doc! { "element_name": 6 }),
            "status",
        )])
        .chain([milestone(&good[0], 7, doc! { "completed_at": "never" })])
        .collect();
    let all: Vec<_> = good.iter().chain(&odd).cloned().collect();
    let names = ["output_projects", "milestones"];
    let (before, indexes) = mongod::run_on(&server.uri(), async |database| {
        fill(&database, &[(names[0], &all), (names[1], &milestones)]).await;
        let kept = content(&database, names[0]).await;
        let kept_milestones = content(&database, names[1]).await;
        let milestones = database.collection::<Document>(names[1]);
        (
            [kept, kept_milestones],
            milestones.list_index_names().await.unwrap(),
        )
    });

    let store = MongoStore::open(&server.uri()).unwrap();
    let listed: Vec<_> = store.projects().unwrap().iter().map(|it| it.id).collect();
    assert_eq!(listed.len(), good.len());
    for round in 0..6 {
        for project in &listed {
            work_on(&store, *project, round);
        }
        store
            .create_project(new_project(&format!("/w/new/{round}"), time(round)))
            .unwrap();
    }

    mongod::run_on(&server.uri(), async |database| {
        let after = [
            content(&database, names[0]).await,
            content(&database, names[1]).await,
        ];
        let ours = [
            "name",
            "status",
            "workspace_path",
            "claude_session_id",
            "updated_at",
        ];
        is_kept(&before[0], &after[0], &ours);
        let ours = [
            "element_name",
            "status",
            "milestone_folder_name",
            "completed_at",
            "updated_at",
        ];
        is_kept(&before[1], &after[1], &ours);
        // What is no project has not been touched at all.
        for document in &odd {
            let id = &document.get("_id").unwrap().to_string();
            assert!(before[0][id].as_bytes() == after[0][id].as_bytes());
        }
        // Their indexes serve; none was made beside them.
        let milestones = database.collection::<Document>(names[1]);
        assert_eq!(milestones.list_index_names().await.unwrap(), indexes);
        let projects = database.collection::<Document>(names[0]);
        let made = projects.list_index_names().await.unwrap();
        assert_eq!(made.len(), 5);
        assert!(made.contains(&"reprise_workspace_path".to_owned()));
    });
}

#[test]
fn documents_of_every_age_are_read_for_what_they_are() {
    let server = SharedDatabase::new(Kind::Standalone);
    let (good, odd) = projects();
    let milestones = [
        milestone(&good[2], 1, doc! { "status": "skipped" }),
        without(milestone(&good[2], 2, doc! { "element_name": 6 }), "status"),
        milestone(
            &good[2],
            3,
            doc! { "created_at": Bson::Null, "completed_at": "never" },
        ),
    ];
    let all: Vec<_> = good.iter().chain(&odd).cloned().collect();
    mongod::run_on(&server.uri(), async |database| {
        fill(
            &database,
            &[("output_projects", &all), ("milestones", &milestones)],
        )
        .await;
    });
    let store = MongoStore::open(&server.uri()).unwrap();
    let read = |number: usize| {
        let id = ProjectId::from(id(&good[number]));
        store.project(id).unwrap().unwrap()
    };

    let sessions: Vec<_> = (0..5)
        .map(|number| read(number).claude_session_id)
        .collect();
    let invalid = |text: &str| CurrentSessionId::Invalid(text.to_owned());
    assert_eq!(
        sessions,
        [
            CurrentSessionId::Unset,
            CurrentSessionId::Unset,
            CurrentSessionId::Set(OLD_ID.parse().unwrap()),
            invalid(""),
            invalid("7"),
        ]
    );
    let statuses: Vec<_> = [0, 1, 2, 3, 6].map(|number| read(number).status).into();
    use ProjectStatus::{Active, Created, Initialized};
    assert_eq!(statuses, [Created, Initialized, Active, Created, Created]);
    assert_eq!(read(0).name, "project 0");
    assert_eq!((&*read(4).name, &*read(6).name), ("4", "6"));
    assert_eq!(read(1).created_at.as_millisecond(), 1_700_000_000_001);
    let made = id(&good[5]).timestamp().timestamp_millis();
    assert_eq!(read(5).created_at.as_millisecond(), made);
    assert_eq!(read(5).updated_at, read(5).created_at);
    // Of two of a folder the older one.
    let of_folder = store.project_at("/srv/wxcode/0").unwrap();
    assert_eq!(of_folder.unwrap(), read(0));

    // Each that is none is named, and hides no other.
    assert_eq!(store.projects().unwrap().len(), good.len());
    let told = store.unreadable_projects().unwrap();
    assert_eq!(told.len(), odd.len());
    let named = |text: &str| told.iter().any(|error| error.to_string().contains(text));
    assert!(named(&id(&odd[0]).to_hex()) && named(&id(&odd[1]).to_hex()) && named("ten"));
    let error = store.project(id(&odd[0]).into()).unwrap_err();
    let StoreError::Server(error) = error else {
        panic!("{error:?}");
    };
    let collection = "output_projects";
    let unreadable = ServerFault::Unreadable {
        collection,
        id: id(&odd[0]).to_hex(),
    };
    assert_eq!(error.fault, unreadable);
    assert!(error.to_string().contains("workspace_path"), "{error}");

    let found = store.milestones(id(&good[2]).into()).unwrap();
    assert_eq!(found.len(), 3);
    for (number, name) in [(0, "element 1"), (1, ""), (2, "element 3")] {
        let id = MilestoneId::from(id(&milestones[number]));
        let found = store.milestone(id).unwrap().unwrap();
        assert_eq!(found.element_name, name);
        assert_eq!(found.status, MilestoneStatus::Pending);
        assert_eq!(found.completed_at, None);
        assert_eq!(found.wxcode_version.as_deref(), Some("2.4.1"));
        let begun = MilestoneStatus::InProgress;
        let pending = Some(MilestoneStatus::Pending);
        let set = store.set_milestone_status(id, pending, begun, time(1));
        assert_eq!(set.unwrap().unwrap().status, begun);
    }
}

#[test]
fn a_session_id_of_an_odd_type_is_replaced_as_it_is_stored() {
    let server = SharedDatabase::new(Kind::ReplicaSet);
    let stored = [
        Bson::Int32(7),
        Bson::Boolean(true),
        Bson::Binary(mongodb::bson::Uuid::parse_str(OLD_ID).unwrap().into()),
        Bson::Document(doc! { "id": OLD_ID }),
        Bson::Array(vec![OLD_ID.into()]),
        Bson::String(OLD_ID.to_uppercase()),
    ];
    let documents: Vec<_> = stored
        .into_iter()
        .zip(0..)
        .map(|(id, number)| project(number, doc! { "claude_session_id": id }))
        .collect();
    mongod::run_on(&server.uri(), async |database| {
        let collection = database.collection::<Document>("output_projects");
        collection.insert_many(&documents).await.unwrap();
    });
    let store = MongoStore::open(&server.uri()).unwrap();
    for document in &documents {
        let project = ProjectId::from(id(document));
        let there = store.project(project).unwrap().unwrap().claude_session_id;
        assert_ne!(there, CurrentSessionId::Unset);
        let new = ClaudeSessionId::generate();
        let saved = store.save_session_id_if_unset(project, &new, time(1));
        assert_eq!(saved.unwrap(), SaveOutcome::AlreadySet(there.clone()));
        let source = SessionSource::Startup;
        let replaced = store.replace_session_id(project, &there, &new, source, time(1));
        assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced, "{there:?}");
        let now = store.project(project).unwrap().unwrap().claude_session_id;
        assert_eq!(now, CurrentSessionId::Set(new));
    }
}

#[test]
fn an_id_that_another_program_wrote_is_in_the_lineage_once_it_is_replaced() {
    let server = SharedDatabase::new(Kind::ReplicaSet);
    let document = project(0, doc! { "claude_session_id": OLD_ID });
    mongod::run_on(&server.uri(), async |database| {
        let collection = database.collection::<Document>("output_projects");
        collection.insert_one(&document).await.unwrap();
    });
    let store = MongoStore::open(&server.uri()).unwrap();
    let project = ProjectId::from(id(&document));
    assert_eq!(store.lineage(project).unwrap(), []);

    let [second, third] = [(); 2].map(|()| ClaudeSessionId::generate());
    let old: ClaudeSessionId = OLD_ID.parse().unwrap();
    let steps = [(&old, &second), (&second, &third)];
    for (number, (expected, new)) in (1..).zip(steps) {
        let expected = CurrentSessionId::Set(expected.clone());
        let clear = SessionSource::Clear;
        let replaced = store.replace_session_id(project, &expected, new, clear, time(number));
        assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
    }
    let rows = store.lineage(project).unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (&row.session_id, row.source))
        .collect();
    let expected = [
        (&old, SessionSource::Unknown),
        (&second, SessionSource::Clear),
        (&third, SessionSource::Clear),
    ];
    assert_eq!(rows, expected);
}
