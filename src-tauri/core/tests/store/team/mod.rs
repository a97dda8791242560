//! The store of a team: the contract while its server is there, then what it makes up for when
//! it is not.

mod crashes;
mod following;
mod offline;
mod refusals;
mod scale;

use std::path::Path;
use std::time::Duration;

use mongodb::bson::doc;
use reprise_core::model::{Machine, ProjectId};
use reprise_core::store::{ConnectionString, Following, Store, TeamStore};
use tempfile::TempDir;

use crate::contract::{Subject, time};
use crate::mongod::{self, Kind, SharedDatabase};

/// The machine whose files are in a folder.
pub fn machine_in(folder: &Path) -> Machine {
    let name = folder.file_name().unwrap().to_str().unwrap();
    Machine {
        id: name.to_owned(),
        host: format!("host-{name}"),
        user: "ana".to_owned(),
    }
}

/// Opens the store of a machine.
pub fn open(uri: &str, folder: &Path, following: Following) -> TeamStore {
    let string = ConnectionString::parse(uri).unwrap();
    let opened = TeamStore::open(&string, folder, machine_in(folder), following, time(0)).unwrap();
    assert_eq!(opened.set_aside, None);
    opened.store
}

struct OnTeam {
    database: SharedDatabase,
    machine: TempDir,
    store: TeamStore,
}

impl OnTeam {
    fn new(kind: Kind, follows: Following) -> Self {
        let database = SharedDatabase::new(kind);
        let machine = tempfile::tempdir().unwrap();
        let store = open(&database.uri(), machine.path(), follows);
        if follows == Following::Yes {
            following::live(&store);
        }
        Self {
            database,
            machine,
            store,
        }
    }
}

impl Subject for OnTeam {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn another(&self) -> Box<dyn Store> {
        let machine = self.machine.path();
        Box::new(open(&self.database.uri(), machine, Following::No))
    }

    fn plant_session_id(&self, project: ProjectId, text: &str) {
        plant(&self.database.uri(), project, text);
        // Another program's change is listed soon, not at once.
        following::until("it is listed", Duration::from_secs(2), || {
            let listed = self.store.projects().unwrap().into_iter();
            let mut planted = listed.filter(|it| it.claude_session_id.as_stored() == Some(text));
            planted.any(|it| it.id == project)
        });
    }

    fn moving_changes_the_project(&self) -> bool {
        false
    }
}

/// Writes a project's session id past the store.
pub fn plant(uri: &str, project: ProjectId, text: &str) {
    mongod::run_on(uri, async |database| {
        let changed = database
            .collection::<mongodb::bson::Document>("output_projects")
            .update_one(
                doc! { "_id": project.as_object_id() },
                doc! { "$set": { "claude_session_id": text } },
            )
            .await
            .unwrap();
        assert_eq!(changed.matched_count, 1);
    });
}

mod replica_set {
    fn fresh() -> super::OnTeam {
        super::OnTeam::new(super::Kind::ReplicaSet, super::Following::No)
    }

    store_contract!(fresh);
}

mod standalone {
    fn fresh() -> super::OnTeam {
        super::OnTeam::new(super::Kind::Standalone, super::Following::No)
    }

    store_contract!(fresh);
}

/// Lists come from the mirror: what is written here is there at once.
mod live {
    fn fresh() -> super::OnTeam {
        super::OnTeam::new(super::Kind::ReplicaSet, super::Following::Yes)
    }

    store_contract!(fresh);
}
