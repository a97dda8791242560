//! The tables, and how rows become values.

use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::file::Schema;
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LineageEntry, Milestone, MilestoneStatus, OutputProject,
    ProjectId, ProjectStatus, SessionSource,
};

/// Marks a database as ours ("RPRS").
pub(in crate::store) const APPLICATION_ID: i64 = 0x5250_5253;

/// The database of the embedded store.
pub(in crate::store) const SCHEMA: Schema = Schema {
    application_id: APPLICATION_ID,
    steps: STEPS,
    probes,
};

/// Each step leads from its index as the schema's version to the next. Never change one that
/// was released: add another. No CHECK constraints: `quick_check` would take a value that
/// another program wrote for damage.
pub(in crate::store) const STEPS: &[&str] = &[
    "
CREATE TABLE output_projects (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    workspace_path TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    claude_session_id TEXT,
    launch TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL
) STRICT;
CREATE TABLE lineage (
    row INTEGER PRIMARY KEY,
    project_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    source TEXT NOT NULL,
    parent_session_id TEXT,
    at_us INTEGER NOT NULL,
    message_sent INTEGER NOT NULL,
    UNIQUE (project_id, session_id, source, at_us)
) STRICT;
",
    "
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
",
];

/// The columns that [`project`] reads, in its order.
pub(in crate::store) const PROJECT_COLUMNS: &str = "id, name, workspace_path, status, claude_session_id, \
     launch, created_at_us, updated_at_us";

/// The columns that [`milestone`] reads, in its order.
pub(in crate::store) const MILESTONE_COLUMNS: &str = "id, project_id, element_name, status, \
     milestone_folder_name, wxcode_version, created_at_us, updated_at_us, completed_at_us";

/// Statements that can be prepared where all tables and columns are there.
fn probes() -> Vec<String> {
    vec![
        format!("SELECT {PROJECT_COLUMNS} FROM output_projects"),
        format!("SELECT {MILESTONE_COLUMNS} FROM milestones"),
        "SELECT row, project_id, session_id, source, parent_session_id, at_us, message_sent \
         FROM lineage"
            .into(),
    ]
}

/// Reads a project. Other programs can write to the file, and one odd value must not hide the
/// other projects: a status or launch options that are not ours count as the default, and a
/// row whose id names no project is none.
pub(in crate::store) fn project(row: &Row<'_>) -> rusqlite::Result<Option<OutputProject>> {
    let text = |index| {
        row.get_ref(index)
            .map(|value| text(value).unwrap_or_default())
    };
    let Ok(id) = text(0)?.parse::<ProjectId>() else {
        return Ok(None);
    };
    Ok(Some(OutputProject {
        id,
        name: text(1)?,
        workspace_path: text(2)?,
        status: ProjectStatus::from_word(&text(3)?),
        claude_session_id: session_id(row.get_ref(4)?),
        launch: serde_json::from_str(&text(5)?).unwrap_or_default(),
        created_at: time(row.get(6)?),
        updated_at: time(row.get(7)?),
    }))
}

/// Reads a milestone, as tolerant as [`project`]: a status that is not ours counts as pending,
/// and a row whose ids name nothing is none.
pub(in crate::store) fn milestone(row: &Row<'_>) -> rusqlite::Result<Option<Milestone>> {
    let text = |index| row.get_ref(index).map(text);
    let ids = (
        text(0)?.and_then(|text| text.parse().ok()),
        text(1)?.and_then(|text| text.parse().ok()),
    );
    let (Some(id), Some(project)) = ids else {
        return Ok(None);
    };
    Ok(Some(Milestone {
        id,
        project,
        element_name: text(2)?.unwrap_or_default(),
        status: MilestoneStatus::from_word(&text(3)?.unwrap_or_default()),
        milestone_folder_name: text(4)?,
        wxcode_version: text(5)?,
        created_at: time(row.get(6)?),
        updated_at: time(row.get(7)?),
        completed_at: row.get::<_, Option<i64>>(8)?.map(time),
    }))
}

/// Reads the columns session_id, source, parent_session_id, at_us, message_sent. A row whose
/// id is no session id is none.
pub(in crate::store) fn lineage_entry(
    project: ProjectId,
    row: &Row<'_>,
) -> rusqlite::Result<Option<LineageEntry>> {
    let id = |index| {
        row.get_ref(index)
            .map(|value| text(value).and_then(|text| text.parse::<ClaudeSessionId>().ok()))
    };
    let Some(session_id) = id(0)? else {
        return Ok(None);
    };
    Ok(Some(LineageEntry {
        project,
        session_id,
        source: SessionSource::from_word(&text(row.get_ref(1)?).unwrap_or_default()),
        parent: id(2)?,
        at: time(row.get(3)?),
        message_sent: row.get(4)?,
    }))
}

/// Reads the columns project_id and the time of its newest row. One that names no project is
/// none.
pub(in crate::store) fn newest_row(
    row: &Row<'_>,
) -> rusqlite::Result<Option<(ProjectId, Timestamp)>> {
    let project = text(row.get_ref(0)?).and_then(|text| text.parse().ok());
    Ok(project.zip(Some(time(row.get(1)?))))
}

/// Reads a stored session id, whatever it is.
pub(in crate::store) fn session_id(value: ValueRef<'_>) -> CurrentSessionId {
    CurrentSessionId::from_stored(text(value))
}

/// A text even where the bytes are not UTF-8: SQLite does not insist on it.
fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

/// A stored time; one that no calendar holds comes out as the nearest that does.
fn time(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or(if us < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
