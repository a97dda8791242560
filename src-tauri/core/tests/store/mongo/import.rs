//! Bringing what this computer has into a team's database.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use reprise_core::model::{
    ClaudeSessionId, CurrentSessionId, LaunchOptions, LineageEntry, MilestoneStatus, OutputProject,
    ProjectId, ProjectStatus, SessionSource,
};
use reprise_core::store::import::{self, Difference, Fate, Import, SessionIdFate, Skipped};
use reprise_core::store::{MongoStore, NewMilestone, NewProject, SqliteStore, Store};

use super::leases::machine;
use crate::contract::time;
use crate::mongod::{self, Kind, Server, SharedDatabase};

/// A computer with projects of every kind, and an empty team database.
struct Two {
    _folder: tempfile::TempDir,
    here: SqliteStore,
    database: SharedDatabase,
    there: MongoStore,
}

impl Two {
    fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("reprise.sqlite3");
        let database = SharedDatabase::new(kind);
        Self {
            here: SqliteStore::open(&file, time(0)).unwrap().store,
            there: MongoStore::open(&database.uri()).unwrap(),
            database,
            _folder: folder,
        }
    }

    fn plan(&self) -> Import {
        import::plan(&self.here, &self.there, |_, _| true).unwrap()
    }

    fn run(&self) -> Import {
        let ana = machine("ana");
        import::run(&self.here, &self.there, &ana, time(900), |_, _| true).unwrap()
    }

    /// Whether all of a project is there as it is here.
    fn is_there(&self, project: ProjectId) {
        is_there(&self.here, &self.there, project);
    }
}

fn is_there(here: &dyn Store, there: &dyn Store, id: ProjectId) {
    let ours = here.project(id).unwrap().unwrap();
    let theirs = there.project(id).unwrap().unwrap();
    let times = |project: OutputProject| OutputProject {
        updated_at: time(0),
        ..project
    };
    assert_eq!(times(theirs), times(ours));
    assert_eq!(there.milestones(id).unwrap(), here.milestones(id).unwrap());
    assert_eq!(there.lineage(id).unwrap(), here.lineage(id).unwrap());
}

/// A project with a session id, a lineage and milestones of every status.
fn a_project(store: &dyn Store, folder: &str) -> ProjectId {
    let created = store.create_project(NewProject {
        name: format!("name of {folder}"),
        workspace_path: folder.to_owned(),
        launch: LaunchOptions {
            model: Some("opus".into()),
            env: BTreeMap::from([("TOKEN".to_owned(), "s3cret".to_owned())]),
            ..Default::default()
        },
        at: time(1),
    });
    let id = created.unwrap().into_project().id;
    store
        .set_project_status(id, ProjectStatus::Active, time(2))
        .unwrap();
    let (first, second) = (ClaudeSessionId::generate(), ClaudeSessionId::generate());
    store.save_session_id_if_unset(id, &first, time(3)).unwrap();
    store.mark_message_sent(id, &first).unwrap();
    let expected = CurrentSessionId::Set(first);
    store
        .replace_session_id(id, &expected, &second, SessionSource::Clear, time(4))
        .unwrap();
    for (n, status) in [
        MilestoneStatus::Pending,
        MilestoneStatus::InProgress,
        MilestoneStatus::Completed,
        MilestoneStatus::Failed,
    ]
    .into_iter()
    .enumerate()
    {
        let new = NewMilestone {
            project: id,
            element_name: format!("milestone {n}"),
            at: time(5),
        };
        let milestone = store.create_milestone(new).unwrap().unwrap().id;
        store
            .set_milestone_status(milestone, None, status, time(6))
            .unwrap();
        store
            .set_milestone_folder(milestone, Some("v1.0-phases"), time(6))
            .unwrap();
    }
    id
}

/// All documents of the team's database, as bytes.
fn everything(uri: &str) -> BTreeMap<String, Vec<Document>> {
    mongod::run_on(uri, async |database| {
        let mut all = BTreeMap::new();
        for name in database.list_collection_names().await.unwrap() {
            let collection = database.collection::<Document>(&name);
            let mut cursor = collection
                .find(doc! {})
                .sort(doc! { "_id": 1 })
                .await
                .unwrap();
            let mut documents = Vec::new();
            while cursor.advance().await.unwrap() {
                documents.push(cursor.deserialize_current().unwrap());
            }
            all.insert(name, documents);
        }
        all
    })
}

#[test]
fn a_trial_run_changes_nothing_and_says_what_the_import_then_does() {
    for kind in [Kind::ReplicaSet, Kind::Standalone] {
        let two = Two::new(kind);
        let ids = ["/w/a", "/w/b"].map(|folder| a_project(&two.here, folder));
        let before = everything(&two.database.uri());
        let plan = two.plan();
        assert_eq!(everything(&two.database.uri()), before);
        let counts = plan.counts();
        assert_eq!((counts.projects_created, counts.milestones_created), (2, 8));
        assert_eq!((counts.new_rows, counts.different), (4, 0));
        assert_eq!(plan.projects[0].shared_variables, ["TOKEN"]);
        assert!(!format!("{plan:?}").contains("s3cret"));

        assert_eq!(two.run(), plan);
        for id in ids {
            two.is_there(id);
            for row in two.here.lineage(id).unwrap() {
                let place = two.there.transcript(&row.session_id).unwrap().unwrap();
                assert_eq!((place.machine, place.last_active), (machine("ana"), row.at));
            }
        }
    }
}

#[test]
fn a_second_import_changes_nothing() {
    let two = Two::new(Kind::ReplicaSet);
    let id = a_project(&two.here, "/w/a");
    two.run();
    let before = everything(&two.database.uri());
    let again = two.run();
    assert_eq!(everything(&two.database.uri()), before);
    assert_eq!(two.plan(), again);
    let counts = again.counts();
    assert_eq!((counts.projects_there, counts.milestones_there), (1, 4));
    assert_eq!((counts.projects_created, counts.milestones_created), (0, 0));
    assert_eq!((counts.new_rows, counts.different), (0, 0));
    let current = two.here.project(id).unwrap().unwrap().claude_session_id;
    let current = current.id().unwrap().clone();
    assert_eq!(
        again.projects[0].session_id,
        SessionIdFate::AlreadyThere(current)
    );
}

#[test]
fn what_differs_stays_as_it_is_there_and_is_told() {
    let two = Two::new(Kind::ReplicaSet);
    let id = a_project(&two.here, "/w/a");
    two.run();
    let milestone = two.here.milestones(id).unwrap()[0].id;
    let ours = two.here.project(id).unwrap().unwrap().claude_session_id;
    let theirs = ClaudeSessionId::generate();
    two.there.rename_project(id, "theirs", time(20)).unwrap();
    two.there
        .set_milestone_status(milestone, None, MilestoneStatus::Failed, time(20))
        .unwrap();
    two.there
        .replace_session_id(id, &ours, &theirs, SessionSource::Clear, time(20))
        .unwrap();
    // And here something was added meanwhile.
    let added = LineageEntry::becoming_current(
        id,
        &ClaudeSessionId::generate(),
        SessionSource::Fork,
        None,
        time(21),
    );
    two.here.append_lineage(&added).unwrap();

    let report = two.run();
    let it = &report.projects[0];
    let name = Difference {
        field: "name",
        here: "name of /w/a".into(),
        there: "theirs".into(),
    };
    assert_eq!(it.project, Fate::AlreadyThere(vec![name]));
    let session_id = SessionIdFate::Differs {
        here: ours.id().unwrap().clone(),
        there: theirs.to_string(),
    };
    assert_eq!(it.session_id, session_id);
    let status = Difference {
        field: "status",
        here: "pending".into(),
        there: "failed".into(),
    };
    assert_eq!(it.milestones[0].fate, Fate::AlreadyThere(vec![status]));
    assert_eq!((report.counts().different, it.new_rows), (2, 1));

    let there = two.there.project(id).unwrap().unwrap();
    assert_eq!(there.name, "theirs");
    assert_eq!(there.claude_session_id, CurrentSessionId::Set(theirs));
    assert!(two.there.lineage(id).unwrap().contains(&added));
}

#[test]
fn a_folder_or_an_id_that_another_has_there_is_left_out_and_the_rest_goes_on() {
    let two = Two::new(Kind::ReplicaSet);
    let taken = a_project(&two.here, "/w/taken");
    let odd = a_project(&two.here, "/w/odd");
    let free = a_project(&two.here, "/w/free");
    let other = two.there.create_project(NewProject {
        name: "another's".into(),
        workspace_path: "/w/taken".into(),
        launch: Default::default(),
        at: time(0),
    });
    let other = other.unwrap().into_project();
    let milestone = two.here.milestones(free).unwrap()[0].id;
    mongod::run_on(&two.database.uri(), async |database| {
        let projects = database.collection::<Document>("output_projects");
        let no_project = doc! { "_id": odd.as_object_id(), "workspace_path": 7 };
        projects.insert_one(no_project).await.unwrap();
        let milestones = database.collection::<Document>("milestones");
        let of_another = doc! {
            "_id": milestone.as_object_id(), "output_project_id": other.id.as_object_id(),
        };
        milestones.insert_one(of_another).await.unwrap();
    });
    let before = everything(&two.database.uri());
    let plan = two.plan();
    let report = two.run();
    assert_eq!(report, plan);
    let fate = |id| {
        &report
            .projects
            .iter()
            .find(|it| it.id == id)
            .unwrap()
            .project
    };
    let folder = Skipped::FolderTaken {
        id: other.id,
        name: "another's".into(),
    };
    assert_eq!(*fate(taken), Fate::Skipped(folder));
    assert!(
        matches!(fate(odd), Fate::Skipped(Skipped::Unreadable(why)) if why.contains(&odd.to_string()))
    );
    assert_eq!(*fate(free), Fate::Created);
    let milestones = &report.projects.last().unwrap().milestones;
    assert_eq!(
        milestones[0].fate,
        Fate::Skipped(Skipped::OtherProject(other.id))
    );
    let counts = report.counts();
    assert_eq!((counts.projects_skipped, counts.milestones_skipped), (2, 1));
    assert_eq!(counts.milestones_created, 3);
    // All that was there is as it was.
    let after = everything(&two.database.uri());
    for (collection, documents) in before {
        for document in documents {
            assert!(
                after[&collection].contains(&document),
                "{collection} {document}"
            );
        }
    }
    assert_eq!(two.there.lineage(taken).unwrap(), []);
}

#[test]
fn an_import_that_was_stopped_goes_on_where_it_was() {
    let two = Two::new(Kind::ReplicaSet);
    let ids: Vec<_> = (0..4)
        .map(|n| a_project(&two.here, &format!("/w/{n}")))
        .collect();
    let ana = machine("ana");
    let mut told = Vec::new();
    let stopped = import::run(&two.here, &two.there, &ana, time(900), |done, of| {
        told.push((done, of));
        done < 2
    });
    let stopped = stopped.unwrap();
    assert!(stopped.stopped && stopped.projects.len() == 2);
    assert_eq!(told, [(0, 4), (1, 4), (2, 4)]);
    // As a crash leaves it: a project without its milestones, its lineage and its id.
    mongod::run_on(&two.database.uri(), async |database| {
        let of_first = doc! { "output_project_id": ids[0].as_object_id() };
        let milestones = database.collection::<Document>("milestones");
        milestones.delete_many(of_first).await.unwrap();
        let of_first = doc! { "project_id": ids[0].as_object_id() };
        let lineage = database.collection::<Document>("reprise_lineage");
        lineage.delete_many(of_first).await.unwrap();
        let first = doc! { "_id": ids[0].as_object_id() };
        let unset = doc! { "$set": { "claude_session_id": null } };
        let projects = database.collection::<Document>("output_projects");
        projects.update_one(first, unset).await.unwrap();
    });
    let counts = two.run().counts();
    assert_eq!((counts.projects_created, counts.projects_there), (2, 2));
    assert_eq!(
        (counts.milestones_created, counts.milestones_there),
        (12, 4)
    );
    for id in ids {
        two.is_there(id);
    }
}

#[test]
fn a_server_that_dies_in_the_middle_costs_nothing_and_stops_no_other_project() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reprise.sqlite3");
    let here = SqliteStore::open(&file, time(0)).unwrap().store;
    let ids: Vec<_> = (0..12)
        .map(|n| a_project(&here, &format!("/w/{n}")))
        .collect();
    let mut server = Server::start(Kind::ReplicaSet);
    let there = MongoStore::open(&server.uri("team")).unwrap();
    let ana = machine("ana");
    let mut killed = None;
    let report = import::run(&here, &there, &ana, time(900), |done, _| {
        if done == 5 && killed.is_none() {
            server.kill();
            killed = Some(Instant::now());
        }
        true
    });
    let report = report.unwrap();
    let took = killed.unwrap().elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(report.projects.len(), 12);
    let counts = report.counts();
    assert_eq!((counts.projects_created, counts.projects_failed), (5, 7));
    server.restart();
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let counts = import::run(&here, &there, &ana, time(900), |_, _| true)
            .unwrap()
            .counts();
        if counts.projects_failed == 0 {
            break;
        }
        assert!(Instant::now() < until, "{counts:?}");
    }
    for id in ids {
        is_there(&here, &there, id);
    }
}
