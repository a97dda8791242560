//! The mirror: what the server was last seen to hold.
//!
//! What is fetched may be older than what another call has written meanwhile. So every write
//! that the server confirmed gets a number, and what was fetched before it is not taken.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::file::{ROW_COLUMNS, fact, set_fact};
use crate::model::{LineageEntry, Milestone, MilestoneId, OutputProject, ProjectId};
use crate::store::sqlite::milestones as stored_milestones;
use crate::store::sqlite::schema::{self, MILESTONE_COLUMNS, PROJECT_COLUMNS, lineage_entry};

const WRITES: &str = "writes";
const AS_OF: &str = "as_of_us";

/// How something is known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known {
    /// The server confirmed that we wrote it.
    Written,
    /// It was fetched, and the fetching began at this moment.
    Fetched(Moment),
}

/// A place in the order of confirmed writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(i64);

impl Moment {
    pub fn now(sql: &Connection) -> rusqlite::Result<Self> {
        fact(sql, WRITES).map(|number| Self(number.unwrap_or(0)))
    }
}

/// Whether what is known may be stored under this id. A write is numbered by that.
fn may_store(sql: &Connection, id: &str, known: Known) -> rusqlite::Result<bool> {
    match known {
        Known::Written => {
            let number = Moment::now(sql)?.0 + 1;
            set_fact(sql, WRITES, number)?;
            sql.prepare_cached("INSERT OR REPLACE INTO written (id, number) VALUES (?1, ?2)")?
                .execute((id, number))?;
            Ok(true)
        }
        Known::Fetched(Moment(since)) => {
            let newer = sql
                .prepare_cached("SELECT 1 FROM written WHERE id = ?1 AND number > ?2")?
                .exists((id, since))?;
            Ok(!newer)
        }
    }
}

/// When all projects were last known to be as they are here.
pub(super) fn as_of(sql: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let us = fact(sql, AS_OF)?;
    Ok(us.and_then(|us| Timestamp::from_microsecond(us).ok()))
}

pub(super) fn set_as_of(sql: &Connection, at: Timestamp) -> rusqlite::Result<()> {
    set_fact(sql, AS_OF, at.as_microsecond())
}

pub(super) fn project(sql: &Connection, id: ProjectId) -> rusqlite::Result<Option<OutputProject>> {
    sql.prepare_cached(&format!(
        "SELECT {PROJECT_COLUMNS} FROM projects WHERE id = ?1"
    ))?
    .query_row([id.to_string()], schema::project)
    .optional()
    .map(Option::flatten)
}

/// The projects whose documents name this folder, oldest first.
pub(super) fn projects_at(sql: &Connection, path: &str) -> rusqlite::Result<Vec<OutputProject>> {
    sql.prepare_cached(&format!(
        "SELECT {PROJECT_COLUMNS} FROM projects WHERE workspace_path = ?1 \
         ORDER BY created_at_us, id"
    ))?
    .query_map([path], schema::project)?
    .filter_map(Result::transpose)
    .collect()
}

pub(super) fn projects(sql: &Connection) -> rusqlite::Result<Vec<OutputProject>> {
    sql.prepare_cached(&format!(
        "SELECT {PROJECT_COLUMNS} FROM projects ORDER BY created_at_us, id"
    ))?
    .query_map([], schema::project)?
    .filter_map(Result::transpose)
    .collect()
}

/// Returns whether it was taken.
pub(super) fn put_project(
    sql: &Connection,
    project: &OutputProject,
    known: Known,
) -> rusqlite::Result<bool> {
    let id = project.id.to_string();
    if !may_store(sql, &id, known)? {
        return Ok(false);
    }
    let launch = serde_json::to_string(&project.launch)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    // What is as it was is not written again: most of what is fetched.
    sql.prepare_cached(&format!(
        "INSERT INTO projects ({PROJECT_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
         ON CONFLICT (id) DO UPDATE SET (name, workspace_path, status, claude_session_id, \
         launch, created_at_us, updated_at_us) = (?2, ?3, ?4, ?5, ?6, ?7, ?8) \
         WHERE (name, workspace_path, status, claude_session_id, launch, created_at_us, \
         updated_at_us) IS NOT (?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    ))?
    .execute(params![
        id,
        project.name,
        project.workspace_path,
        project.status.as_str(),
        project.claude_session_id.as_stored(),
        launch,
        project.created_at.as_microsecond(),
        project.updated_at.as_microsecond(),
    ])?;
    Ok(true)
}

/// The project is gone, and its milestones with it. Returns whether that was taken.
pub(super) fn remove_project(
    sql: &Connection,
    id: ProjectId,
    known: Known,
) -> rusqlite::Result<bool> {
    let id = id.to_string();
    if !may_store(sql, &id, known)? {
        return Ok(false);
    }
    sql.prepare_cached("DELETE FROM projects WHERE id = ?1")?
        .execute([&id])?;
    sql.prepare_cached("DELETE FROM milestones WHERE project_id = ?1")?
        .execute([&id])?;
    Ok(true)
}

/// Removes the projects that are not among these, which are all.
pub(super) fn keep_projects(
    sql: &Connection,
    there: &HashSet<ProjectId>,
    since: Moment,
) -> rusqlite::Result<()> {
    for project in projects(sql)? {
        if !there.contains(&project.id) {
            remove_project(sql, project.id, Known::Fetched(since))?;
        }
    }
    Ok(())
}

/// Returns whether it was taken.
pub(super) fn put_milestone(
    sql: &Connection,
    milestone: &Milestone,
    known: Known,
) -> rusqlite::Result<bool> {
    let id = milestone.id.to_string();
    if !may_store(sql, &id, known)? {
        return Ok(false);
    }
    sql.prepare_cached(&format!(
        "INSERT INTO milestones ({MILESTONE_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         ON CONFLICT (id) DO UPDATE SET (project_id, element_name, status, \
         milestone_folder_name, wxcode_version, created_at_us, updated_at_us, completed_at_us) \
         = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         WHERE (project_id, element_name, status, milestone_folder_name, wxcode_version, \
         created_at_us, updated_at_us, completed_at_us) IS NOT (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    ))?
    .execute(params![
        id,
        milestone.project.to_string(),
        milestone.element_name,
        milestone.status.as_str(),
        milestone.milestone_folder_name,
        milestone.wxcode_version,
        milestone.created_at.as_microsecond(),
        milestone.updated_at.as_microsecond(),
        milestone.completed_at.map(Timestamp::as_microsecond),
    ])?;
    Ok(true)
}

/// Returns whether it was taken.
pub(super) fn remove_milestone(
    sql: &Connection,
    id: MilestoneId,
    known: Known,
) -> rusqlite::Result<bool> {
    let id = id.to_string();
    let taken = may_store(sql, &id, known)?;
    if taken {
        sql.prepare_cached("DELETE FROM milestones WHERE id = ?1")?
            .execute([&id])?;
    }
    Ok(taken)
}

/// Puts these in the place of a project's milestones.
pub(super) fn put_milestones_of(
    sql: &Connection,
    project: ProjectId,
    all: &[Milestone],
    since: Moment,
) -> rusqlite::Result<()> {
    let there: HashSet<_> = all.iter().map(|milestone| milestone.id).collect();
    for milestone in all {
        put_milestone(sql, milestone, Known::Fetched(since))?;
    }
    for milestone in stored_milestones::of_project(sql, project)? {
        if !there.contains(&milestone.id) {
            remove_milestone(sql, milestone.id, Known::Fetched(since))?;
        }
    }
    Ok(())
}

/// Removes the milestones that are not among these, which are all.
pub(super) fn keep_milestones(
    sql: &Connection,
    there: &HashSet<MilestoneId>,
    since: Moment,
) -> rusqlite::Result<()> {
    let gone: Vec<MilestoneId> = sql
        .prepare_cached("SELECT id FROM milestones")?
        .query_map([], |row| row.get::<_, String>(0))?
        .filter_map(|id| id.map(|id| id.parse().ok()).transpose())
        .filter(|id| !matches!(id, Ok(id) if there.contains(id)))
        .collect::<Result<_, _>>()?;
    for id in gone {
        remove_milestone(sql, id, Known::Fetched(since))?;
    }
    Ok(())
}

/// About how many projects and milestones there are.
pub(super) fn counts(sql: &Connection) -> rusqlite::Result<(i64, i64)> {
    let count = |query| sql.query_row(query, [], |row| row.get(0));
    Ok((
        count("SELECT count(*) FROM projects")?,
        count("SELECT count(*) FROM milestones")?,
    ))
}

/// Adds a row; one that is there can only learn that a message was sent. `added` orders rows of
/// the same time, as it does on the server.
pub(super) fn put_row(sql: &Connection, entry: &LineageEntry, added: &str) -> rusqlite::Result<()> {
    sql.prepare_cached(
        "INSERT INTO lineage (project_id, session_id, source, parent_session_id, at_us, \
         message_sent, added) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT DO UPDATE SET message_sent = max(message_sent, excluded.message_sent) \
         WHERE excluded.message_sent > message_sent",
    )?
    .execute(params![
        entry.project.to_string(),
        entry.session_id.as_str(),
        entry.source.as_str(),
        entry.parent.as_ref().map(|id| id.as_str()),
        entry.at.as_microsecond(),
        entry.message_sent,
        added,
    ])
    .map(drop)
}

pub(super) fn mark_rows(sql: &Connection, project: &str, session: &str) -> rusqlite::Result<()> {
    sql.prepare_cached(
        "UPDATE lineage SET message_sent = 1 \
         WHERE project_id = ?1 AND session_id = ?2 AND message_sent = 0",
    )?
    .execute((project, session))
    .map(drop)
}

/// The rows of a project, oldest first, as they are stored.
pub(super) fn rows(sql: &Connection, project: ProjectId) -> rusqlite::Result<Vec<LineageEntry>> {
    sql.prepare_cached(&format!(
        "SELECT {ROW_COLUMNS} FROM lineage WHERE project_id = ?1 ORDER BY at_us, added"
    ))?
    .query_map([project.to_string()], |row| lineage_entry(project, row))?
    .filter_map(Result::transpose)
    .collect()
}

/// When the newest row of each project is from.
pub(super) fn newest_rows(sql: &Connection) -> rusqlite::Result<BTreeMap<ProjectId, Timestamp>> {
    sql.prepare_cached("SELECT project_id, max(at_us) FROM lineage GROUP BY project_id")?
        .query_map([], schema::newest_row)?
        .filter_map(Result::transpose)
        .collect()
}
