//! What a reader sees: what the server holds, with the changes that wait for it, and with the
//! folders that projects have on this machine.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::outbox::{Chain, Chains};
use super::{mirror, outbox};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LineageEntry, Milestone, MilestoneId, MilestoneStatus,
    OutputProject, ProjectId, ProjectStatus,
};
use crate::store::sqlite::milestones;

/// What lies over the projects.
#[derive(Debug, Default)]
pub(super) struct Projects {
    ids: HashMap<ProjectId, (CurrentSessionId, Timestamp)>,
    statuses: HashMap<ProjectId, (ProjectStatus, Timestamp)>,
    folders: HashMap<ProjectId, String>,
}

impl Projects {
    pub fn of_all(sql: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            ids: outbox::session_ids(sql)?
                .into_iter()
                .map(|(project, chain)| (project, current(chain)))
                .collect(),
            statuses: statuses(sql, None)?,
            folders: folders(sql)?,
        })
    }

    pub fn of(sql: &Connection, project: ProjectId) -> rusqlite::Result<Self> {
        let chain = Chains::SessionIds.get(sql, &project.to_string())?;
        let folder = folder(sql, project)?;
        Ok(Self {
            ids: chain
                .map(|chain| (project, current(chain)))
                .into_iter()
                .collect(),
            statuses: statuses(sql, Some(project))?,
            folders: folder.map(|folder| (project, folder)).into_iter().collect(),
        })
    }

    pub fn over(&self, mut project: OutputProject) -> OutputProject {
        let mut changed = None;
        if let Some((id, at)) = self.ids.get(&project.id) {
            project.claude_session_id.clone_from(id);
            changed = Some(*at);
        }
        if let Some((status, at)) = self.statuses.get(&project.id) {
            project.status = *status;
            changed = changed.max(Some(*at));
        }
        if let Some(folder) = self.folders.get(&project.id) {
            project.workspace_path.clone_from(folder);
        }
        project.updated_at = changed.unwrap_or(project.updated_at);
        project
    }
}

fn current(chain: Chain) -> (CurrentSessionId, Timestamp) {
    (CurrentSessionId::from_stored(Some(chain.new)), chain.at)
}

fn statuses(
    sql: &Connection,
    project: Option<ProjectId>,
) -> rusqlite::Result<HashMap<ProjectId, (ProjectStatus, Timestamp)>> {
    let waiting = outbox::project_statuses(sql, project)?.into_iter();
    Ok(waiting
        .map(|(id, chain)| (id, (ProjectStatus::from_word(&chain.new), chain.at)))
        .collect())
}

/// A project as the mirror and what waits have it.
pub(super) fn project(sql: &Connection, id: ProjectId) -> rusqlite::Result<Option<OutputProject>> {
    let Some(project) = mirror::project(sql, id)? else {
        return Ok(None);
    };
    Ok(Some(Projects::of(sql, id)?.over(project)))
}

/// All of them, by creation time, then id.
pub(super) fn projects(sql: &Connection) -> rusqlite::Result<Vec<OutputProject>> {
    let over = Projects::of_all(sql)?;
    let projects = mirror::projects(sql)?.into_iter();
    Ok(projects.map(|project| over.over(project)).collect())
}

/// The status that waits for a milestone lies over it.
pub(super) fn over_milestone(chain: Option<&Chain>, mut milestone: Milestone) -> Milestone {
    if let Some(chain) = chain {
        milestone.status = MilestoneStatus::from_word(&chain.new);
        milestone.updated_at = chain.at;
        milestone.completed_at =
            (milestone.status == MilestoneStatus::Completed).then_some(chain.at);
    }
    milestone
}

/// A milestone as the mirror and what waits have it.
pub(super) fn milestone(sql: &Connection, id: MilestoneId) -> rusqlite::Result<Option<Milestone>> {
    let Some(milestone) = milestones::by_id(sql, id)? else {
        return Ok(None);
    };
    let chain = Chains::Statuses.get(sql, &id.to_string())?;
    Ok(Some(over_milestone(chain.as_ref(), milestone)))
}

/// What waits lies over a project's milestones.
pub(super) fn over_milestones(
    sql: &Connection,
    project: ProjectId,
    milestones: Vec<Milestone>,
) -> rusqlite::Result<Vec<Milestone>> {
    let chains: HashMap<_, _> = outbox::statuses(sql, Some(project))?
        .into_iter()
        .map(|(id, _, chain)| (id, chain))
        .collect();
    let milestones = milestones.into_iter();
    Ok(milestones
        .map(|milestone| over_milestone(chains.get(&milestone.id), milestone))
        .collect())
}

/// Adds what waits to a project's rows, and what is known of their messages.
pub(super) fn over_rows(
    sql: &Connection,
    project: ProjectId,
    rows: Vec<LineageEntry>,
) -> rusqlite::Result<Vec<LineageEntry>> {
    let mut rows = rows;
    let mut sent: HashSet<ClaudeSessionId> = outbox::marks(sql, project)?.into_iter().collect();
    for (_, waiting) in outbox::rows(sql, project)? {
        let name = |row: &LineageEntry| (row.session_id.clone(), row.source, row.at);
        match rows.iter_mut().find(|row| name(row) == name(&waiting)) {
            Some(row) => row.message_sent |= waiting.message_sent,
            None => rows.push(waiting),
        }
    }
    rows.sort_by_key(|row| row.at);
    let told = rows.iter().filter(|row| row.message_sent);
    sent.extend(told.map(|row| row.session_id.clone()));
    for row in &mut rows {
        row.message_sent = sent.contains(&row.session_id);
    }
    Ok(rows)
}

/// Adds the rows that wait to the newest of each project.
pub(super) fn over_newest(
    sql: &Connection,
    mut newest: BTreeMap<ProjectId, Timestamp>,
) -> rusqlite::Result<BTreeMap<ProjectId, Timestamp>> {
    let waiting: Vec<(String, i64)> = sql
        .prepare_cached("SELECT project_id, max(at_us) FROM waiting_rows GROUP BY project_id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (project, us) in waiting {
        if let (Ok(project), Ok(at)) = (project.parse(), Timestamp::from_microsecond(us)) {
            let newest = newest.entry(project).or_insert(at);
            *newest = at.max(*newest);
        }
    }
    Ok(newest)
}

/// Whether what waits says that a message was sent under this id.
pub(super) fn says_sent(
    sql: &Connection,
    project: ProjectId,
    id: &ClaudeSessionId,
) -> rusqlite::Result<bool> {
    sql.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM waiting_marks WHERE project_id = ?1 AND session_id = ?2) \
         OR EXISTS (SELECT 1 FROM waiting_rows \
         WHERE project_id = ?1 AND session_id = ?2 AND message_sent = 1)",
    )?
    .query_row((project.to_string(), id.as_str()), |row| row.get(0))
}

/// Where a project's folder is on this machine, where that was said.
pub(super) fn folder(sql: &Connection, project: ProjectId) -> rusqlite::Result<Option<String>> {
    sql.prepare_cached("SELECT path FROM folders WHERE project_id = ?1")?
        .query_row([project.to_string()], |row| row.get(0))
        .optional()
}

/// The project that was said to have this folder on this machine.
pub(super) fn project_in(sql: &Connection, path: &str) -> rusqlite::Result<Option<ProjectId>> {
    let id: Option<String> = sql
        .prepare_cached("SELECT project_id FROM folders WHERE path = ?1")?
        .query_row([path], |row| row.get(0))
        .optional()?;
    Ok(id.and_then(|id| id.parse().ok()))
}

/// All folders that were said.
pub(super) fn folders(sql: &Connection) -> rusqlite::Result<HashMap<ProjectId, String>> {
    sql.prepare_cached("SELECT project_id, path FROM folders")?
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?
        .filter_map(|row| {
            row.map(|(id, path)| Some((id.parse().ok()?, path)))
                .transpose()
        })
        .collect()
}

pub(super) fn set_folder(sql: &Connection, project: ProjectId, path: &str) -> rusqlite::Result<()> {
    sql.prepare_cached("INSERT OR REPLACE INTO folders (project_id, path) VALUES (?1, ?2)")?
        .execute((project.to_string(), path))
        .map(drop)
}
