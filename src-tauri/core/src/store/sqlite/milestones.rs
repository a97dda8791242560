//! The table of milestones.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::schema::{self, MILESTONE_COLUMNS};
use crate::model::{Milestone, MilestoneId, MilestoneStatus, ProjectId};
use crate::store::NewMilestone;

pub(super) fn create(sql: &Connection, new: &NewMilestone) -> rusqlite::Result<Option<Milestone>> {
    let id = MilestoneId::generate();
    // The project may be removed by another process at any time: it is looked for by the
    // statement itself.
    sql.prepare_cached(
        "INSERT INTO milestones (id, project_id, element_name, status, created_at_us, \
         updated_at_us) SELECT ?1, id, ?3, ?4, ?5, ?5 FROM output_projects WHERE id = ?2",
    )?
    .execute(params![
        id.to_string(),
        new.project.to_string(),
        new.element_name,
        MilestoneStatus::Pending.as_str(),
        new.at.as_microsecond()
    ])?;
    by_id(sql, id)
}

pub(in crate::store) fn by_id(
    sql: &Connection,
    id: MilestoneId,
) -> rusqlite::Result<Option<Milestone>> {
    sql.prepare_cached(&format!(
        "SELECT {MILESTONE_COLUMNS} FROM milestones WHERE id = ?1"
    ))?
    .query_row([id.to_string()], schema::milestone)
    .optional()
    .map(Option::flatten)
}

pub(in crate::store) fn of_project(
    sql: &Connection,
    project: ProjectId,
) -> rusqlite::Result<Vec<Milestone>> {
    sql.prepare_cached(&format!(
        "SELECT {MILESTONE_COLUMNS} FROM milestones WHERE project_id = ?1 \
         ORDER BY created_at_us, id"
    ))?
    .query_map([project.to_string()], schema::milestone)?
    .filter_map(Result::transpose)
    .collect()
}

pub(super) fn set_status(
    sql: &Connection,
    id: MilestoneId,
    expected: Option<MilestoneStatus>,
    status: MilestoneStatus,
    at: Timestamp,
) -> rusqlite::Result<Option<Milestone>> {
    let Some(there) = by_id(sql, id)? else {
        return Ok(None);
    };
    if there.status == status || expected.is_some_and(|expected| expected != there.status) {
        return Ok(Some(there));
    }
    let completed = (status == MilestoneStatus::Completed).then(|| at.as_microsecond());
    set(sql, id, "completed_at_us", completed.into(), at)?;
    set(sql, id, "status", status.as_str().to_owned().into(), at)?;
    by_id(sql, id)
}

/// Changes one column and says what the milestone is now.
pub(super) fn change(
    sql: &Connection,
    id: MilestoneId,
    column: &'static str,
    value: Option<&str>,
    at: Timestamp,
) -> rusqlite::Result<Option<Milestone>> {
    set(sql, id, column, value.map(str::to_owned).into(), at)?;
    by_id(sql, id)
}

pub(super) fn remove_all(sql: &Connection, project: ProjectId) -> rusqlite::Result<()> {
    sql.execute(
        "DELETE FROM milestones WHERE project_id = ?1",
        [project.to_string()],
    )
    .map(drop)
}

fn set(
    sql: &Connection,
    id: MilestoneId,
    column: &'static str,
    value: Value,
    at: Timestamp,
) -> rusqlite::Result<()> {
    sql.prepare_cached(&format!(
        "UPDATE milestones SET {column} = ?2, updated_at_us = ?3 WHERE id = ?1"
    ))?
    .execute(params![id.to_string(), value, at.as_microsecond()])
    .map(drop)
}
