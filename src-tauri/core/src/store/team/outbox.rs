//! The outbox: changes that wait for the server, each written durably before it counts.
//!
//! Of several changes to one thing a chain is kept: what the server held before the first, and
//! what it is to hold after the last. Whatever is in between may have reached the server, too,
//! where its answer got lost.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::file::ROW_COLUMNS;
use super::{mirror, overlay};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LineageEntry, Milestone, MilestoneId, MilestoneStatus,
    OutputProject, ProjectId, ProjectStatus, SessionSource,
};
use crate::store::sqlite::schema::lineage_entry;
use crate::store::{ReplaceOutcome, SaveOutcome};

/// Changes of one value that wait together; texts as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    /// What the server held before the first.
    pub expected: Option<String>,
    /// What it may hold in between.
    pub passed: Vec<String>,
    /// What it is to hold.
    pub new: String,
    /// When the last change was made.
    pub at: Timestamp,
    /// When the first was.
    pub since: Timestamp,
    /// What was found there instead, by which the chain stopped.
    pub conflict: Option<Option<String>>,
}

impl Chain {
    /// Whether the server may hold this before the chain is applied.
    pub fn follows(&self, there: Option<&str>) -> bool {
        there == self.expected.as_deref()
            || there.is_some_and(|there| self.passed.iter().any(|passed| passed == there))
    }

    fn begin(expected: Option<&str>, new: &str, at: Timestamp) -> Self {
        Self {
            expected: expected.map(str::to_owned),
            passed: Vec::new(),
            new: new.to_owned(),
            at,
            since: at,
            conflict: None,
        }
    }

    fn go_on(mut self, new: &str, at: Timestamp) -> Self {
        let before = std::mem::replace(&mut self.new, new.to_owned());
        if !self.passed.contains(&before) {
            self.passed.push(before);
        }
        self.at = at;
        self
    }

    /// Reads the columns expected, passed, new, at_us, since_us, conflicts, found.
    fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<Self> {
        let passed: String = row.get(from + 1)?;
        let conflicts: bool = row.get(from + 5)?;
        let found = row.get(from + 6)?;
        Ok(Self {
            expected: row.get(from)?,
            passed: serde_json::from_str(&passed).unwrap_or_default(),
            new: row.get(from + 2)?,
            at: time(row.get(from + 3)?),
            since: time(row.get(from + 4)?),
            conflict: conflicts.then_some(found),
        })
    }
}

const CHAIN: &str = "expected, passed, new, at_us, since_us, conflicts, found";

/// Where chains are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chains {
    /// Of projects' session ids.
    SessionIds,
    /// Of milestones' statuses.
    Statuses,
    /// Of projects' statuses.
    ProjectStatuses,
}

impl Chains {
    fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::SessionIds => ("waiting_ids", "project_id"),
            Self::Statuses => ("waiting_statuses", "milestone_id"),
            Self::ProjectStatuses => ("waiting_project_statuses", "project_id"),
        }
    }

    pub fn get(self, sql: &Connection, id: &str) -> rusqlite::Result<Option<Chain>> {
        let (table, key) = self.table();
        sql.prepare_cached(&format!("SELECT {CHAIN} FROM {table} WHERE {key} = ?1"))?
            .query_row([id], |row| Chain::read(row, 0))
            .optional()
    }

    fn put(
        self,
        sql: &Connection,
        id: &str,
        project: ProjectId,
        chain: &Chain,
    ) -> rusqlite::Result<()> {
        let (table, key) = self.table();
        // Of the others the key is the project's.
        let (also, value) = match self {
            Self::SessionIds | Self::ProjectStatuses => ("", ""),
            Self::Statuses => (", project_id", ", ?9"),
        };
        let project = matches!(self, Self::Statuses).then(|| project.to_string());
        let (conflicts, found) = match &chain.conflict {
            Some(found) => (true, found.as_deref()),
            None => (false, None),
        };
        let passed = serde_json::json!(chain.passed).to_string();
        let mut statement = sql.prepare_cached(&format!(
            "INSERT OR REPLACE INTO {table} ({key}, {CHAIN}{also}) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8{value})"
        ))?;
        let (at, since) = (chain.at.as_microsecond(), chain.since.as_microsecond());
        let columns = params![
            id,
            chain.expected,
            passed,
            chain.new,
            at,
            since,
            conflicts,
            found,
            project
        ];
        let count = if project.is_some() { 9 } else { 8 };
        statement.execute(&columns[..count]).map(drop)
    }

    pub fn remove(self, sql: &Connection, id: &str) -> rusqlite::Result<()> {
        let (table, key) = self.table();
        sql.prepare_cached(&format!("DELETE FROM {table} WHERE {key} = ?1"))?
            .execute([id])
            .map(drop)
    }

    /// The server holds `written`, which the chain had come to. What came after it still waits.
    pub fn arrived(self, sql: &Connection, id: &str, written: &str) -> rusqlite::Result<()> {
        let Some(chain) = self.get(sql, id)? else {
            return Ok(());
        };
        if chain.new == written {
            return self.remove(sql, id);
        }
        let (table, key) = self.table();
        sql.prepare_cached(&format!(
            "UPDATE {table} SET expected = ?2, conflicts = 0, found = NULL WHERE {key} = ?1"
        ))?
        .execute((id, written))
        .map(drop)
    }

    /// The server holds something that the chain `seen` does not follow. Where the chain that is
    /// kept follows it, there is no conflict: another process has brought something there
    /// meanwhile, or somebody has taken his change back.
    pub fn stopped(
        self,
        sql: &Connection,
        id: &str,
        seen: &Chain,
        found: Option<&str>,
    ) -> rusqlite::Result<()> {
        let Some(now) = self.get(sql, id)?.filter(|now| now.new == seen.new) else {
            return Ok(());
        };
        let conflicts = !now.follows(found);
        let (table, key) = self.table();
        sql.prepare_cached(&format!(
            "UPDATE {table} SET conflicts = ?2, found = ?3 WHERE {key} = ?1"
        ))?
        .execute((id, conflicts, found.filter(|_| conflicts)))
        .map(drop)
    }
}

/// Who something waits for.
pub(super) fn projects(sql: &Connection) -> rusqlite::Result<Vec<ProjectId>> {
    ids(
        sql,
        "SELECT project_id FROM waiting_ids UNION SELECT project_id FROM waiting_rows \
         UNION SELECT project_id FROM waiting_marks UNION SELECT project_id FROM waiting_statuses \
         UNION SELECT project_id FROM waiting_project_statuses",
    )
}

fn ids(sql: &Connection, query: &str) -> rusqlite::Result<Vec<ProjectId>> {
    sql.prepare_cached(query)?
        .query_map([], |row| row.get::<_, String>(0))?
        .filter_map(|id| id.map(|id| id.parse().ok()).transpose())
        .collect()
}

/// Whether anything of a project waits.
pub(super) fn waits(sql: &Connection, project: ProjectId) -> rusqlite::Result<bool> {
    sql.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM waiting_ids WHERE project_id = ?1) \
         OR EXISTS (SELECT 1 FROM waiting_rows WHERE project_id = ?1) \
         OR EXISTS (SELECT 1 FROM waiting_marks WHERE project_id = ?1) \
         OR EXISTS (SELECT 1 FROM waiting_statuses WHERE project_id = ?1) \
         OR EXISTS (SELECT 1 FROM waiting_project_statuses WHERE project_id = ?1)",
    )?
    .query_row([project.to_string()], |row| row.get(0))
}

/// The chains of session ids.
pub(super) fn session_ids(sql: &Connection) -> rusqlite::Result<Vec<(ProjectId, Chain)>> {
    sql.prepare_cached(&format!(
        "SELECT project_id, {CHAIN} FROM waiting_ids ORDER BY since_us, project_id"
    ))?
    .query_map([], |row| {
        Ok((row.get::<_, String>(0)?, Chain::read(row, 1)?))
    })?
    .filter_map(|row| {
        row.map(|(id, chain)| Some((id.parse().ok()?, chain)))
            .transpose()
    })
    .collect()
}

/// The chains of milestones' statuses, of one project or of all.
pub(super) fn statuses(
    sql: &Connection,
    project: Option<ProjectId>,
) -> rusqlite::Result<Vec<(MilestoneId, ProjectId, Chain)>> {
    sql.prepare_cached(&format!(
        "SELECT milestone_id, project_id, {CHAIN} FROM waiting_statuses \
         WHERE ?1 IS NULL OR project_id = ?1 ORDER BY since_us, milestone_id"
    ))?
    .query_map([project.map(|id| id.to_string())], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            Chain::read(row, 2)?,
        ))
    })?
    .filter_map(|row| {
        row.map(|(id, project, chain)| Some((id.parse().ok()?, project.parse().ok()?, chain)))
            .transpose()
    })
    .collect()
}

/// The chains of projects' statuses, of one project or of all.
pub(super) fn project_statuses(
    sql: &Connection,
    project: Option<ProjectId>,
) -> rusqlite::Result<Vec<(ProjectId, Chain)>> {
    sql.prepare_cached(&format!(
        "SELECT project_id, {CHAIN} FROM waiting_project_statuses \
         WHERE ?1 IS NULL OR project_id = ?1 ORDER BY since_us, project_id"
    ))?
    .query_map([project.map(|id| id.to_string())], |row| {
        Ok((row.get::<_, String>(0)?, Chain::read(row, 1)?))
    })?
    .filter_map(|row| {
        row.map(|(id, chain)| Some((id.parse().ok()?, chain)))
            .transpose()
    })
    .collect()
}

/// A project's rows that wait, in the order in which they were written, each with its number.
pub(super) fn rows(
    sql: &Connection,
    project: ProjectId,
) -> rusqlite::Result<Vec<(i64, LineageEntry)>> {
    sql.prepare_cached(&format!(
        "SELECT {ROW_COLUMNS}, row FROM waiting_rows WHERE project_id = ?1 ORDER BY row"
    ))?
    .query_map([project.to_string()], |row| {
        Ok(lineage_entry(project, row)?.map(|entry| (row.get(5), entry)))
    })?
    .filter_map(Result::transpose)
    .map(|found| found.and_then(|(number, entry)| Ok((number?, entry))))
    .collect()
}

/// A row is on the server, as it was sent.
pub(super) fn row_arrived(
    sql: &Connection,
    number: i64,
    entry: &LineageEntry,
) -> rusqlite::Result<()> {
    mirror::put_row(sql, entry, &bson::oid::ObjectId::new().to_hex())?;
    // One that learned of a message since it was sent is sent again.
    sql.prepare_cached("DELETE FROM waiting_rows WHERE row = ?1 AND message_sent <= ?2")?
        .execute((number, entry.message_sent))
        .map(drop)
}

/// The ids of a project whose messages the server does not know of.
pub(super) fn marks(
    sql: &Connection,
    project: ProjectId,
) -> rusqlite::Result<Vec<ClaudeSessionId>> {
    sql.prepare_cached("SELECT session_id FROM waiting_marks WHERE project_id = ?1")?
        .query_map([project.to_string()], |row| row.get::<_, String>(0))?
        .filter_map(|id| id.map(|id| id.parse().ok()).transpose())
        .collect()
}

pub(super) fn mark_arrived(
    sql: &Connection,
    project: ProjectId,
    id: &ClaudeSessionId,
) -> rusqlite::Result<()> {
    let project = project.to_string();
    mirror::mark_rows(sql, &project, id.as_str())?;
    sql.prepare_cached("DELETE FROM waiting_marks WHERE project_id = ?1 AND session_id = ?2")?
        .execute((project, id.as_str()))
        .map(drop)
}

/// The project is gone: its ids and statuses wait for nothing. Its lineage does.
pub(super) fn project_is_gone(sql: &Connection, project: ProjectId) -> rusqlite::Result<()> {
    let id = project.to_string();
    for table in [
        "waiting_ids",
        "waiting_statuses",
        "waiting_project_statuses",
        "folders",
    ] {
        sql.prepare_cached(&format!("DELETE FROM {table} WHERE project_id = ?1"))?
            .execute([&id])?;
    }
    Ok(())
}

/// [`crate::store::Store::save_session_id_if_unset`] without the server.
pub(super) fn save_if_unset(
    sql: &Connection,
    project: ProjectId,
    id: &ClaudeSessionId,
    at: Timestamp,
) -> rusqlite::Result<SaveOutcome> {
    match overlay::project(sql, project)? {
        None => Ok(SaveOutcome::NoSuchProject),
        Some(there) if there.claude_session_id == CurrentSessionId::Unset => {
            let row = LineageEntry::becoming_current(project, id, SessionSource::Startup, None, at);
            append(sql, &row)?;
            change_id(sql, &there, id, at)?;
            Ok(SaveOutcome::Saved)
        }
        Some(there) => Ok(SaveOutcome::AlreadySet(there.claude_session_id)),
    }
}

/// [`crate::store::Store::replace_session_id`] without the server.
pub(super) fn replace(
    sql: &Connection,
    project: ProjectId,
    expected: &CurrentSessionId,
    new: &ClaudeSessionId,
    source: SessionSource,
    at: Timestamp,
) -> rusqlite::Result<ReplaceOutcome> {
    let Some(there) = overlay::project(sql, project)? else {
        return Ok(ReplaceOutcome::NoSuchProject);
    };
    let row = LineageEntry::becoming_current(project, new, source, expected.id(), at);
    append(sql, &row)?;
    if there.claude_session_id.as_stored() != expected.as_stored() {
        return Ok(ReplaceOutcome::Conflict(there.claude_session_id));
    }
    change_id(sql, &there, new, at)?;
    Ok(ReplaceOutcome::Replaced)
}

fn change_id(
    sql: &Connection,
    there: &OutputProject,
    new: &ClaudeSessionId,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let id = there.id.to_string();
    let chain = match Chains::SessionIds.get(sql, &id)? {
        Some(chain) => chain.go_on(new.as_str(), at),
        None => Chain::begin(there.claude_session_id.as_stored(), new.as_str(), at),
    };
    Chains::SessionIds.put(sql, &id, there.id, &chain)
}

/// [`crate::store::Store::append_lineage`] without the server.
pub(super) fn append(sql: &Connection, entry: &LineageEntry) -> rusqlite::Result<()> {
    sql.prepare_cached(
        "INSERT INTO waiting_rows (project_id, session_id, source, parent_session_id, at_us, \
         message_sent) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (project_id, session_id, source, at_us) \
         DO UPDATE SET message_sent = max(message_sent, excluded.message_sent)",
    )?
    .execute(params![
        entry.project.to_string(),
        entry.session_id.as_str(),
        entry.source.as_str(),
        entry.parent.as_ref().map(ClaudeSessionId::as_str),
        entry.at.as_microsecond(),
        entry.message_sent,
    ])
    .map(drop)
}

/// [`crate::store::Store::mark_message_sent`] without the server.
pub(super) fn mark(
    sql: &Connection,
    project: ProjectId,
    id: &ClaudeSessionId,
) -> rusqlite::Result<bool> {
    let (project, id) = (project.to_string(), id.as_str());
    let known: bool = sql
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM lineage WHERE project_id = ?1 AND session_id = ?2) OR \
             EXISTS (SELECT 1 FROM waiting_rows WHERE project_id = ?1 AND session_id = ?2)",
        )?
        .query_row((&project, id), |row| row.get(0))?;
    if known {
        sql.prepare_cached(
            "INSERT OR IGNORE INTO waiting_marks (project_id, session_id) VALUES (?1, ?2)",
        )?
        .execute((&project, id))?;
    }
    Ok(known)
}

/// [`crate::store::Store::set_project_status`] without the server.
pub(super) fn set_project_status(
    sql: &Connection,
    id: ProjectId,
    status: ProjectStatus,
    at: Timestamp,
) -> rusqlite::Result<Option<OutputProject>> {
    let Some(there) = overlay::project(sql, id)? else {
        return Ok(None);
    };
    if there.status == status {
        return Ok(Some(there));
    }
    let key = id.to_string();
    let chain = match Chains::ProjectStatuses.get(sql, &key)? {
        Some(chain) => chain.go_on(status.as_str(), at),
        None => Chain::begin(Some(there.status.as_str()), status.as_str(), at),
    };
    Chains::ProjectStatuses.put(sql, &key, id, &chain)?;
    overlay::project(sql, id)
}

/// [`crate::store::Store::set_milestone_status`] without the server.
pub(super) fn set_milestone_status(
    sql: &Connection,
    id: MilestoneId,
    expected: Option<MilestoneStatus>,
    status: MilestoneStatus,
    at: Timestamp,
) -> rusqlite::Result<Option<Milestone>> {
    let Some(there) = overlay::milestone(sql, id)? else {
        return Ok(None);
    };
    if there.status == status || expected.is_some_and(|expected| expected != there.status) {
        return Ok(Some(there));
    }
    let key = id.to_string();
    let chain = match Chains::Statuses.get(sql, &key)? {
        Some(chain) => chain.go_on(status.as_str(), at),
        None => Chain::begin(Some(there.status.as_str()), status.as_str(), at),
    };
    Chains::Statuses.put(sql, &key, there.project, &chain)?;
    overlay::milestone(sql, id)
}

fn time(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH)
}
