//! The embedded store: one SQLite file, shared by the app, a second app and the command line.

mod database;
mod file;
pub(super) mod milestones;
pub(super) mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use self::schema::{PROJECT_COLUMNS, SCHEMA, lineage_entry, session_id};
use super::{
    CreateOutcome, MoveOutcome, NewMilestone, NewProject, ReplaceOutcome, SaveOutcome, Store,
    StoreError,
};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LaunchOptions, LineageEntry, Milestone, MilestoneId,
    MilestoneStatus, OutputProject, ProjectId, ProjectStatus, SessionSource,
};

pub(super) use database::Database;
pub(super) use file::Schema;
pub use file::SetAside;

/// The store in a file: write-ahead log, every commit synced.
pub struct SqliteStore {
    database: Database,
}

/// An open store, and what the person has to be told about it.
pub struct Opened {
    /// The store.
    pub store: SqliteStore,
    /// The damaged file that lay in its place, where there was one; the store is empty then.
    pub set_aside: Option<SetAside>,
}

impl SqliteStore {
    /// Opens the database at `path`; creates it, and its folder, where there is none. An older
    /// schema is brought up to date. A damaged file is set aside as `<file>.corrupt-<time>`
    /// (`at`, UTC) with its log, and of several processes exactly one is told.
    ///
    /// # Errors
    /// [`StoreError`]; in each case the file that is there is left as it is.
    pub fn open(path: &Path, at: Timestamp) -> Result<Opened, StoreError> {
        Self::open_with(path, at, SCHEMA)
    }

    fn open_with(path: &Path, at: Timestamp, schema: Schema) -> Result<Opened, StoreError> {
        let (database, set_aside) = Database::open(path, at, schema)?;
        let store = Self { database };
        Ok(Opened { store, set_aside })
    }

    /// The database file, links resolved.
    pub fn path(&self) -> &Path {
        self.database.path()
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.database.read(work)
    }

    fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.database.write(work)
    }

    /// Changes one column and says what the project is now.
    fn set(
        &self,
        id: ProjectId,
        column: &'static str,
        value: &str,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        self.write(|sql| {
            set_column(sql, id, column, value, at)?;
            project_by(sql, "id", &id.to_string())
        })
    }
}

impl Store for SqliteStore {
    fn create_project(&self, new: NewProject) -> Result<CreateOutcome, StoreError> {
        self.write(|sql| {
            if let Some(there) = project_by(sql, "workspace_path", &new.workspace_path)? {
                return Ok(CreateOutcome::AlreadyThere(there));
            }
            let id = ProjectId::generate().to_string();
            let at = new.at.as_microsecond();
            sql.prepare_cached(
                "INSERT INTO output_projects (id, name, workspace_path, status, launch, \
                 created_at_us, updated_at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
            )?
            .execute(params![
                id,
                new.name,
                new.workspace_path,
                ProjectStatus::Created.as_str(),
                launch_text(&new.launch)?,
                at
            ])?;
            project_by(sql, "id", &id)?
                .map(CreateOutcome::Created)
                .ok_or(rusqlite::Error::QueryReturnedNoRows)
        })
    }

    fn project(&self, id: ProjectId) -> Result<Option<OutputProject>, StoreError> {
        self.read(|sql| project_by(sql, "id", &id.to_string()))
    }

    fn project_at(&self, workspace_path: &str) -> Result<Option<OutputProject>, StoreError> {
        self.read(|sql| project_by(sql, "workspace_path", workspace_path))
    }

    fn projects(&self) -> Result<Vec<OutputProject>, StoreError> {
        self.read(|sql| {
            sql.prepare_cached(&format!(
                "SELECT {PROJECT_COLUMNS} FROM output_projects ORDER BY created_at_us, id"
            ))?
            .query_map([], schema::project)?
            .filter_map(Result::transpose)
            .collect()
        })
    }

    fn rename_project(
        &self,
        id: ProjectId,
        name: &str,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        self.set(id, "name", name, at)
    }

    fn move_project(
        &self,
        id: ProjectId,
        workspace_path: &str,
        at: Timestamp,
    ) -> Result<MoveOutcome, StoreError> {
        self.write(|sql| {
            let id_text = id.to_string();
            if project_by(sql, "id", &id_text)?.is_none() {
                return Ok(MoveOutcome::NoSuchProject);
            }
            if let Some(other) = project_by(sql, "workspace_path", workspace_path)?
                && other.id != id
            {
                return Ok(MoveOutcome::Taken(other));
            }
            set_column(sql, id, "workspace_path", workspace_path, at)?;
            project_by(sql, "id", &id_text)?
                .map(MoveOutcome::Moved)
                .ok_or(rusqlite::Error::QueryReturnedNoRows)
        })
    }

    fn set_launch_options(
        &self,
        id: ProjectId,
        launch: &LaunchOptions,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        let text = launch_text(launch).map_err(|error| self.database.error(error))?;
        self.set(id, "launch", &text, at)
    }

    fn set_project_status(
        &self,
        id: ProjectId,
        status: ProjectStatus,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        self.set(id, "status", status.as_str(), at)
    }

    fn remove_project(&self, id: ProjectId) -> Result<bool, StoreError> {
        self.write(|sql| {
            let removed = sql.execute(
                "DELETE FROM output_projects WHERE id = ?1",
                [id.to_string()],
            )?;
            milestones::remove_all(sql, id)?;
            Ok(removed > 0)
        })
    }

    fn create_milestone(&self, new: NewMilestone) -> Result<Option<Milestone>, StoreError> {
        self.write(|sql| milestones::create(sql, &new))
    }

    fn milestone(&self, id: MilestoneId) -> Result<Option<Milestone>, StoreError> {
        self.read(|sql| milestones::by_id(sql, id))
    }

    fn milestones(&self, project: ProjectId) -> Result<Vec<Milestone>, StoreError> {
        self.read(|sql| milestones::of_project(sql, project))
    }

    fn rename_milestone(
        &self,
        id: MilestoneId,
        element_name: &str,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        self.write(|sql| milestones::change(sql, id, "element_name", Some(element_name), at))
    }

    fn set_milestone_status(
        &self,
        id: MilestoneId,
        expected: Option<MilestoneStatus>,
        status: MilestoneStatus,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        self.write(|sql| milestones::set_status(sql, id, expected, status, at))
    }

    fn set_milestone_folder(
        &self,
        id: MilestoneId,
        folder_name: Option<&str>,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        self.write(|sql| milestones::change(sql, id, "milestone_folder_name", folder_name, at))
    }

    fn save_session_id_if_unset(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
        at: Timestamp,
    ) -> Result<SaveOutcome, StoreError> {
        self.write(|sql| match current_session_id(sql, project)? {
            None => Ok(SaveOutcome::NoSuchProject),
            Some(CurrentSessionId::Unset) => {
                let row =
                    LineageEntry::becoming_current(project, id, SessionSource::Startup, None, at);
                insert_lineage(sql, &row)?;
                set_column(sql, project, "claude_session_id", id.as_str(), at)?;
                Ok(SaveOutcome::Saved)
            }
            Some(there) => Ok(SaveOutcome::AlreadySet(there)),
        })
    }

    fn replace_session_id(
        &self,
        project: ProjectId,
        expected: &CurrentSessionId,
        new: &ClaudeSessionId,
        source: SessionSource,
        at: Timestamp,
    ) -> Result<ReplaceOutcome, StoreError> {
        self.write(|sql| {
            let Some(there) = current_session_id(sql, project)? else {
                return Ok(ReplaceOutcome::NoSuchProject);
            };
            let row = LineageEntry::becoming_current(project, new, source, expected.id(), at);
            insert_lineage(sql, &row)?;
            if there.as_stored() != expected.as_stored() {
                return Ok(ReplaceOutcome::Conflict(there));
            }
            set_column(sql, project, "claude_session_id", new.as_str(), at)?;
            Ok(ReplaceOutcome::Replaced)
        })
    }

    fn change_mark(&self) -> Result<Option<u64>, StoreError> {
        self.database.change_mark().map(Some)
    }

    fn append_lineage(&self, entry: &LineageEntry) -> Result<(), StoreError> {
        self.write(|sql| insert_lineage(sql, entry))
    }

    fn mark_message_sent(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
    ) -> Result<bool, StoreError> {
        self.write(|sql| {
            let rows = sql.execute(
                "UPDATE lineage SET message_sent = 1 WHERE project_id = ?1 AND session_id = ?2",
                [project.to_string().as_str(), id.as_str()],
            )?;
            Ok(rows > 0)
        })
    }

    fn lineage(&self, project: ProjectId) -> Result<Vec<LineageEntry>, StoreError> {
        self.read(|sql| {
            sql.prepare_cached(
                "SELECT session_id, source, parent_session_id, at_us, \
                 max(message_sent) OVER (PARTITION BY session_id) \
                 FROM lineage WHERE project_id = ?1 ORDER BY at_us, row",
            )?
            .query_map([project.to_string()], |row| lineage_entry(project, row))?
            .filter_map(Result::transpose)
            .collect()
        })
    }

    fn newest_lineage(&self) -> Result<BTreeMap<ProjectId, Timestamp>, StoreError> {
        self.read(|sql| {
            sql.prepare_cached("SELECT project_id, max(at_us) FROM lineage GROUP BY project_id")?
                .query_map([], schema::newest_row)?
                .filter_map(Result::transpose)
                .collect()
        })
    }

    fn message_sent(&self, project: ProjectId, id: &ClaudeSessionId) -> Result<bool, StoreError> {
        self.read(|sql| {
            sql.query_row(
                "SELECT coalesce(max(message_sent), 0) FROM lineage \
                 WHERE project_id = ?1 AND session_id = ?2",
                [project.to_string().as_str(), id.as_str()],
                |row| row.get(0),
            )
        })
    }
}

fn project_by(
    sql: &Connection,
    column: &'static str,
    value: &str,
) -> rusqlite::Result<Option<OutputProject>> {
    sql.prepare_cached(&format!(
        "SELECT {PROJECT_COLUMNS} FROM output_projects WHERE {column} = ?1"
    ))?
    .query_row([value], schema::project)
    .optional()
    .map(Option::flatten)
}

/// The stored session id; none where there is no such project.
fn current_session_id(
    sql: &Connection,
    project: ProjectId,
) -> rusqlite::Result<Option<CurrentSessionId>> {
    sql.prepare_cached("SELECT claude_session_id FROM output_projects WHERE id = ?1")?
        .query_row([project.to_string()], |row| row.get_ref(0).map(session_id))
        .optional()
}

fn set_column(
    sql: &Connection,
    id: ProjectId,
    column: &'static str,
    value: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    sql.prepare_cached(&format!(
        "UPDATE output_projects SET {column} = ?2, updated_at_us = ?3 WHERE id = ?1"
    ))?
    .execute(params![id.to_string(), value, at.as_microsecond()])
    .map(|_| ())
}

fn insert_lineage(sql: &Connection, entry: &LineageEntry) -> rusqlite::Result<()> {
    sql.prepare_cached(
        "INSERT INTO lineage (project_id, session_id, source, parent_session_id, at_us, \
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
        entry.message_sent
    ])
    .map(|_| ())
}

fn launch_text(launch: &LaunchOptions) -> rusqlite::Result<String> {
    serde_json::to_string(launch)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}
