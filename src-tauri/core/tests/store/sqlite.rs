//! The embedded store: the contract, then its file.

use std::path::Path;

use reprise_core::model::ProjectId;
use reprise_core::store::{SqliteStore, Store};
use tempfile::TempDir;

use crate::contract::{Subject, time};

struct InFolder {
    folder: TempDir,
    store: SqliteStore,
}

impl Subject for InFolder {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn another(&self) -> Box<dyn Store> {
        Box::new(open(&database(&self.folder)))
    }

    fn plant_session_id(&self, project: ProjectId, text: &str) {
        let changed = rusqlite::Connection::open(database(&self.folder))
            .unwrap()
            .execute(
                "UPDATE output_projects SET claude_session_id = ?2 WHERE id = ?1",
                [project.to_string().as_str(), text],
            )
            .unwrap();
        assert_eq!(changed, 1);
    }
}

fn fresh() -> InFolder {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&database(&folder));
    InFolder { folder, store }
}

pub fn database(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("reprise.sqlite3")
}

pub fn open(path: &Path) -> SqliteStore {
    let opened = SqliteStore::open(path, time(0)).unwrap();
    assert_eq!(opened.set_aside, None);
    opened.store
}

store_contract!(fresh);
