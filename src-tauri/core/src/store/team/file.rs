//! The file of a team's store on this machine: its name and its tables.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use crate::fingerprint;
use crate::store::ConnectionString;
use crate::store::sqlite::Schema;

/// Marks the file as ours ("RPTM"), and as none of the embedded store's.
const APPLICATION_ID: i64 = 0x5250_544d;

pub(super) const SCHEMA: Schema = Schema {
    application_id: APPLICATION_ID,
    steps: STEPS,
    probes,
};

/// The columns of a lineage row that `schema::lineage_entry` reads.
pub(super) const ROW_COLUMNS: &str = "session_id, source, parent_session_id, at_us, message_sent";

/// The mirror (`projects`, `milestones`, `lineage`), the outbox (`waiting_…`), the folders of
/// this machine, and what is to be known of them.
const STEPS: &[&str] = &[
    "
CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    workspace_path TEXT NOT NULL,
    status TEXT NOT NULL,
    claude_session_id TEXT,
    launch TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX projects_at ON projects (workspace_path);
CREATE TABLE milestones (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    element_name TEXT NOT NULL,
    status TEXT NOT NULL,
    milestone_folder_name TEXT,
    wxcode_version TEXT,
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    completed_at_us INTEGER
) STRICT;
CREATE INDEX milestones_of_project ON milestones (project_id, created_at_us, id);
CREATE TABLE lineage (
    project_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    source TEXT NOT NULL,
    parent_session_id TEXT,
    at_us INTEGER NOT NULL,
    message_sent INTEGER NOT NULL,
    added TEXT NOT NULL,
    PRIMARY KEY (project_id, session_id, source, at_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX lineage_by_time ON lineage (project_id, at_us);
CREATE TABLE written (
    id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE waiting_ids (
    project_id TEXT NOT NULL PRIMARY KEY,
    expected TEXT,
    passed TEXT NOT NULL,
    new TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    since_us INTEGER NOT NULL,
    conflicts INTEGER NOT NULL,
    found TEXT
) STRICT;
CREATE TABLE waiting_rows (
    row INTEGER PRIMARY KEY,
    project_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    source TEXT NOT NULL,
    parent_session_id TEXT,
    at_us INTEGER NOT NULL,
    message_sent INTEGER NOT NULL,
    UNIQUE (project_id, session_id, source, at_us)
) STRICT;
CREATE TABLE waiting_marks (
    project_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    PRIMARY KEY (project_id, session_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE waiting_statuses (
    milestone_id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    expected TEXT NOT NULL,
    passed TEXT NOT NULL,
    new TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    since_us INTEGER NOT NULL,
    conflicts INTEGER NOT NULL,
    found TEXT
) STRICT;
CREATE TABLE waiting_project_statuses (
    project_id TEXT NOT NULL PRIMARY KEY,
    new TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    since_us INTEGER NOT NULL
) STRICT;
CREATE TABLE folders (
    project_id TEXT NOT NULL PRIMARY KEY,
    path TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE waiting_transcripts (
    session_id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
",
    // What waited before is compared with what the server was last seen to hold.
    "
ALTER TABLE waiting_project_statuses ADD COLUMN expected TEXT;
ALTER TABLE waiting_project_statuses ADD COLUMN passed TEXT NOT NULL DEFAULT '[]';
ALTER TABLE waiting_project_statuses ADD COLUMN conflicts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE waiting_project_statuses ADD COLUMN found TEXT;
UPDATE waiting_project_statuses
    SET expected = (SELECT status FROM projects WHERE id = project_id);
",
];

fn probes() -> Vec<String> {
    use crate::store::sqlite::schema::{MILESTONE_COLUMNS, PROJECT_COLUMNS};
    vec![
        format!("SELECT {PROJECT_COLUMNS} FROM projects"),
        format!("SELECT {MILESTONE_COLUMNS} FROM milestones"),
        format!("SELECT {ROW_COLUMNS}, project_id, added FROM lineage"),
        format!("SELECT {ROW_COLUMNS}, project_id, row FROM waiting_rows"),
        "SELECT id, number FROM written".into(),
        "SELECT name, value FROM facts".into(),
        "SELECT project_id, expected, passed, new, at_us, since_us, conflicts, found \
         FROM waiting_ids"
            .into(),
        "SELECT milestone_id, project_id, expected, passed, new, at_us, since_us, conflicts, \
         found FROM waiting_statuses"
            .into(),
        "SELECT project_id, session_id FROM waiting_marks".into(),
        "SELECT project_id, expected, passed, new, at_us, since_us, conflicts, found \
         FROM waiting_project_statuses"
            .into(),
        "SELECT project_id, path FROM folders".into(),
        "SELECT session_id, project_id, at_us FROM waiting_transcripts".into(),
    ]
}

/// Where the file of a team's database is: named after hosts and database, whoever the user is.
pub(super) fn path(data_dir: &Path, string: &ConnectionString) -> PathBuf {
    let server = string.server().to_lowercase();
    let mut hosts: Vec<_> = server.split(',').collect();
    hosts.sort_unstable();
    let named = format!("{}/{}", hosts.join(","), string.database());
    data_dir.join("teams").join(format!(
        "{:016x}.sqlite3",
        fingerprint::of(named.as_bytes())
    ))
}

/// A number that is kept in the file.
pub(super) fn fact(sql: &Connection, name: &'static str) -> rusqlite::Result<Option<i64>> {
    sql.prepare_cached("SELECT value FROM facts WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

pub(super) fn set_fact(sql: &Connection, name: &'static str, value: i64) -> rusqlite::Result<()> {
    sql.prepare_cached("INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)")?
        .execute((name, value))
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_depends_on_hosts_and_database_alone() {
        let at = |text| {
            let string = ConnectionString::parse(text).unwrap();
            path(Path::new("/d"), &string)
        };
        let one = at("mongodb://A.example:1,b.example/team");
        assert_eq!(one, at("mongodb://ana:pw@b.example,a.example:1/team?w=1"));
        assert_ne!(one, at("mongodb://A.example:1,b.example/other"));
        assert!(one.starts_with("/d/teams"), "{}", one.display());
    }
}
