//! The store on a server: the contract, on a replica set and on a standalone server, then what
//! only it promises.

pub mod access;
mod diagnosis;
mod faults;
mod import;
mod leases;
mod outages;
pub mod proxy;
mod races;
mod transcripts;
pub mod wxcode;

use mongodb::bson::doc;
use reprise_core::model::ProjectId;
use reprise_core::store::{MongoStore, Store};

use crate::contract::Subject;
use crate::mongod::{self, Kind, SharedDatabase};

struct OnServer {
    database: SharedDatabase,
    store: MongoStore,
}

impl OnServer {
    fn new(kind: Kind) -> Self {
        let database = SharedDatabase::new(kind);
        let store = MongoStore::open(&database.uri()).unwrap();
        Self { database, store }
    }
}

impl Subject for OnServer {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn another(&self) -> Box<dyn Store> {
        Box::new(MongoStore::open(&self.database.uri()).unwrap())
    }

    fn plant_session_id(&self, project: ProjectId, text: &str) {
        mongod::run_on(&self.database.uri(), async |database| {
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
}

mod replica_set {
    fn fresh() -> super::OnServer {
        super::OnServer::new(super::Kind::ReplicaSet)
    }

    store_contract!(fresh);
}

mod standalone {
    fn fresh() -> super::OnServer {
        super::OnServer::new(super::Kind::Standalone)
    }

    store_contract!(fresh);
}
