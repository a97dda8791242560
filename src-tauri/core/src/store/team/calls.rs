//! The calls of a store: to the server while it is there, to this machine's file otherwise.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::mirror::{Known, Moment};
use super::overlay;
use super::{Team, TeamStore, drain, mirror, outbox, state};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LaunchOptions, LineageEntry, Milestone, MilestoneId,
    MilestoneStatus, OutputProject, ProjectId, ProjectStatus, SessionSource,
};
use crate::store::{
    CreateOutcome, MoveOutcome, NewMilestone, NewProject, Presence, ReplaceOutcome, SaveOutcome,
    ServerError, Store, StoreError,
};

/// What the server says.
pub(super) enum Answer<T> {
    Is(T),
    /// It is away, or does not do it.
    Away(ServerError),
}

impl Team {
    /// Remembers what came of a question.
    pub(super) fn asked<T>(&self, result: Result<T, StoreError>) -> Result<Answer<T>, StoreError> {
        self.told(false, result)
    }

    /// The same of a change.
    pub(super) fn changed<T>(
        &self,
        result: Result<T, StoreError>,
    ) -> Result<Answer<T>, StoreError> {
        self.told(true, result)
    }

    fn told<T>(
        &self,
        was_change: bool,
        result: Result<T, StoreError>,
    ) -> Result<Answer<T>, StoreError> {
        let before = self.link();
        let answer = match result {
            Ok(value) => {
                self.heard().answer(was_change);
                Ok(Answer::Is(value))
            }
            Err(StoreError::Server(why)) if state::may_wait(&why) => {
                self.heard().failure(was_change, &why);
                Ok(Answer::Away(why))
            }
            Err(error) => Err(error),
        };
        if self.link() != before {
            self.moved();
        }
        answer
    }

    /// A change that only the server can make.
    pub(super) fn only_there<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        match self.changed(result)? {
            Answer::Is(value) => Ok(value),
            Answer::Away(why) => Err(why.into()),
        }
    }

    /// Notes a change of a project, and says how it is seen here.
    fn project_written(
        &self,
        id: ProjectId,
        now: Option<OutputProject>,
    ) -> Result<Option<OutputProject>, StoreError> {
        self.note(|sql| match &now {
            Some(project) => mirror::put_project(sql, project, Known::Written).map(drop),
            None => mirror::remove_project(sql, id, Known::Written).map(drop),
        });
        let Some(project) = now else { return Ok(None) };
        let over = self.local.read(|sql| overlay::Projects::of(sql, id))?;
        Ok(Some(over.over(project)))
    }

    fn milestone_written(
        &self,
        id: MilestoneId,
        now: Option<Milestone>,
    ) -> Result<Option<Milestone>, StoreError> {
        self.note(|sql| match &now {
            Some(milestone) => mirror::put_milestone(sql, milestone, Known::Written).map(drop),
            None => mirror::remove_milestone(sql, id, Known::Written).map(drop),
        });
        let Some(milestone) = now else {
            return Ok(None);
        };
        let key = id.to_string();
        let chain = self
            .local
            .read(|sql| outbox::Chains::Statuses.get(sql, &key))?;
        Ok(Some(overlay::over_milestone(chain.as_ref(), milestone)))
    }

    /// Whether nothing of the project waits: what does is applied first.
    fn is_clear(&self, project: ProjectId) -> Result<bool, StoreError> {
        let waits = || self.local.read(|sql| outbox::waits(sql, project));
        if !waits()? {
            return Ok(true);
        }
        drain::project(self, project)?;
        Ok(!waits()?)
    }

    /// Does something without the server. What it says about a project that is not known here is
    /// worth nothing where the mirror was never complete: then `why` is what there is to say.
    fn wait_here<T>(
        &self,
        why: Option<ServerError>,
        is_unknown: impl FnOnce(&T) -> bool,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let (outcome, as_of) = self
            .local
            .write(|sql| Ok((work(sql)?, mirror::as_of(sql)?)))?;
        match why {
            Some(why) if as_of.is_none() && is_unknown(&outcome) => Err(why.into()),
            _ => {
                self.moved();
                Ok(outcome)
            }
        }
    }

    /// A project that the mirror may know.
    fn mirrored<T>(
        &self,
        why: ServerError,
        read: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<Option<T>>,
    ) -> Result<Option<T>, StoreError> {
        let (found, as_of) = self
            .local
            .read(|sql| Ok((read(sql)?, mirror::as_of(sql)?)))?;
        match (found, as_of) {
            (None, None) => Err(why.into()),
            (found, _) => Ok(found),
        }
    }

    /// The projects whose documents name a folder, without those that are elsewhere here.
    fn at_folder(&self, path: &str) -> Result<Option<OutputProject>, StoreError> {
        let elsewhere: HashSet<_> = self.local.read(overlay::folders)?.into_keys().collect();
        let there = match self.asked(self.server.projects_at(path))? {
            Answer::Is(there) => there,
            Answer::Away(why) => {
                let found = self.mirrored(why, |sql| {
                    let found = mirror::projects_at(sql, path)?;
                    Ok((!found.is_empty()).then_some(found))
                })?;
                found.unwrap_or_default()
            }
        };
        let project = there.into_iter().find(|it| !elsewhere.contains(&it.id));
        let Some(project) = project else {
            return Ok(None);
        };
        let over = self
            .local
            .read(|sql| overlay::Projects::of(sql, project.id))?;
        Ok(Some(over.over(project)))
    }
}

impl Store for TeamStore {
    fn presence(&self) -> Option<&dyn Presence> {
        Some(self)
    }

    fn create_project(&self, new: NewProject) -> Result<CreateOutcome, StoreError> {
        let team = &*self.team;
        if let Some(there) = self.project_at(&new.workspace_path)? {
            return Ok(CreateOutcome::AlreadyThere(there));
        }
        let elsewhere: Vec<_> = team.local.read(overlay::folders)?.into_keys().collect();
        let outcome = team.only_there(team.server.create_project_besides(new, &elsewhere))?;
        let is_new = matches!(outcome, CreateOutcome::Created(_));
        let project = outcome.into_project();
        let id = project.id;
        let there = team
            .project_written(id, Some(project.clone()))?
            .unwrap_or(project);
        Ok(if is_new {
            CreateOutcome::Created(there)
        } else {
            CreateOutcome::AlreadyThere(there)
        })
    }

    fn project(&self, id: ProjectId) -> Result<Option<OutputProject>, StoreError> {
        let team = &*self.team;
        let (over, since) = team.before_fetching(id)?;
        match team.asked(team.server.project(id))? {
            Answer::Is(found) => {
                team.fetched(id, found.as_ref(), since);
                Ok(found.map(|project| over.over(project)))
            }
            Answer::Away(why) => team.mirrored(why, |sql| overlay::project(sql, id)),
        }
    }

    fn project_at(&self, workspace_path: &str) -> Result<Option<OutputProject>, StoreError> {
        let here = |sql: &_| overlay::project_in(sql, workspace_path);
        if let Some(id) = self.team.local.read(here)?
            && let Some(project) = self.project(id)?
        {
            return Ok(Some(project));
        }
        self.team.at_folder(workspace_path)
    }

    fn projects(&self) -> Result<Vec<OutputProject>, StoreError> {
        let team = &*self.team;
        if team.is_live() {
            return team.local.read(overlay::projects);
        }
        let (over, since) = team
            .local
            .read(|sql| Ok((overlay::Projects::of_all(sql)?, Moment::now(sql)?)))?;
        match team.asked(team.server.projects())? {
            Answer::Is(projects) => {
                team.all_fetched(&projects, since);
                Ok(projects.into_iter().map(|it| over.over(it)).collect())
            }
            Answer::Away(why) => {
                let all = team.mirrored(why, |sql| {
                    let all = overlay::projects(sql)?;
                    Ok((!all.is_empty()).then_some(all))
                })?;
                Ok(all.unwrap_or_default())
            }
        }
    }

    fn rename_project(
        &self,
        id: ProjectId,
        name: &str,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        let team = &*self.team;
        let now = team.only_there(team.server.rename_project(id, name, at))?;
        team.project_written(id, now)
    }

    /// Says where the project's folder is on this machine; its document stays as it is.
    fn move_project(
        &self,
        id: ProjectId,
        workspace_path: &str,
        _: Timestamp,
    ) -> Result<MoveOutcome, StoreError> {
        let Some(project) = self.project(id)? else {
            return Ok(MoveOutcome::NoSuchProject);
        };
        if let Some(other) = self.project_at(workspace_path)?
            && other.id != id
        {
            return Ok(MoveOutcome::Taken(other));
        }
        let taken = self.team.local.write(|sql| {
            let other = overlay::project_in(sql, workspace_path)?.filter(|other| *other != id);
            if other.is_none() {
                overlay::set_folder(sql, id, workspace_path)?;
            }
            Ok(other)
        })?;
        // Another process was quicker; or its project is gone, and the folder free.
        if let Some(other) = taken {
            if let Some(other) = self.project(other)? {
                return Ok(MoveOutcome::Taken(other));
            }
            let free = |sql: &_| overlay::set_folder(sql, id, workspace_path);
            self.team.local.write(free)?;
        }
        self.team.moved();
        Ok(MoveOutcome::Moved(OutputProject {
            workspace_path: workspace_path.to_owned(),
            ..project
        }))
    }

    fn set_launch_options(
        &self,
        id: ProjectId,
        launch: &LaunchOptions,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        let team = &*self.team;
        let now = team.only_there(team.server.set_launch_options(id, launch, at))?;
        team.project_written(id, now)
    }

    fn set_project_status(
        &self,
        id: ProjectId,
        status: ProjectStatus,
        at: Timestamp,
    ) -> Result<Option<OutputProject>, StoreError> {
        let team = &*self.team;
        let mut away = None;
        if team.is_clear(id)? {
            match team.changed(team.server.set_project_status(id, status, at))? {
                Answer::Is(now) => return team.project_written(id, now),
                Answer::Away(why) => away = Some(why),
            }
        }
        team.wait_here(away, Option::is_none, |sql| {
            outbox::set_project_status(sql, id, status, at)
        })
    }

    fn remove_project(&self, id: ProjectId) -> Result<bool, StoreError> {
        let team = &*self.team;
        let removed = team.only_there(team.server.remove_project(id))?;
        team.note(|sql| {
            mirror::remove_project(sql, id, Known::Written)?;
            outbox::project_is_gone(sql, id)
        });
        Ok(removed)
    }

    fn create_milestone(&self, new: NewMilestone) -> Result<Option<Milestone>, StoreError> {
        let team = &*self.team;
        let made = team.only_there(team.server.create_milestone(new))?;
        match made {
            Some(milestone) => team.milestone_written(milestone.id, Some(milestone)),
            None => Ok(None),
        }
    }

    fn milestone(&self, id: MilestoneId) -> Result<Option<Milestone>, StoreError> {
        let team = &*self.team;
        let key = id.to_string();
        let chain = team
            .local
            .read(|sql| outbox::Chains::Statuses.get(sql, &key))?;
        match team.asked(team.server.milestone(id))? {
            Answer::Is(found) => {
                Ok(found.map(|milestone| overlay::over_milestone(chain.as_ref(), milestone)))
            }
            Answer::Away(why) => team.mirrored(why, |sql| overlay::milestone(sql, id)),
        }
    }

    fn milestones(&self, project: ProjectId) -> Result<Vec<Milestone>, StoreError> {
        let team = &*self.team;
        let from_mirror = |sql: &_| {
            let milestones = mirror::milestones(sql, project)?;
            overlay::over_milestones(sql, project, milestones)
        };
        if team.is_live() {
            return team.local.read(from_mirror);
        }
        let since = team.local.read(Moment::now)?;
        match team.asked(team.server.milestones(project))? {
            Answer::Is(milestones) => {
                let known = team.local.read(|sql| mirror::milestones(sql, project))?;
                if known != milestones {
                    team.note(|sql| mirror::put_milestones_of(sql, project, &milestones, since));
                }
                team.local
                    .read(|sql| overlay::over_milestones(sql, project, milestones))
            }
            Answer::Away(_) => team.local.read(from_mirror),
        }
    }

    fn rename_milestone(
        &self,
        id: MilestoneId,
        element_name: &str,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        let team = &*self.team;
        let now = team.only_there(team.server.rename_milestone(id, element_name, at))?;
        team.milestone_written(id, now)
    }

    fn set_milestone_status(
        &self,
        id: MilestoneId,
        expected: Option<MilestoneStatus>,
        status: MilestoneStatus,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        let team = &*self.team;
        let mut away = None;
        if team.is_clear_milestone(id)? {
            let result = team.server.set_milestone_status(id, expected, status, at);
            match team.changed(result)? {
                Answer::Is(now) => return team.milestone_written(id, now),
                Answer::Away(why) => away = Some(why),
            }
        }
        team.wait_here(away, Option::is_none, |sql| {
            outbox::set_milestone_status(sql, id, expected, status, at)
        })
    }

    fn set_milestone_folder(
        &self,
        id: MilestoneId,
        folder_name: Option<&str>,
        at: Timestamp,
    ) -> Result<Option<Milestone>, StoreError> {
        let team = &*self.team;
        let now = team.only_there(team.server.set_milestone_folder(id, folder_name, at))?;
        team.milestone_written(id, now)
    }

    fn save_session_id_if_unset(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
        at: Timestamp,
    ) -> Result<SaveOutcome, StoreError> {
        let team = &*self.team;
        let mut away = None;
        if team.is_clear(project)? {
            let result = team.server.save_session_id_if_unset(project, id, at);
            match team.changed(result)? {
                Answer::Is(outcome) => {
                    if outcome == SaveOutcome::Saved {
                        let source = SessionSource::Startup;
                        let row = LineageEntry::becoming_current(project, id, source, None, at);
                        team.id_written(&row, true);
                    }
                    return Ok(outcome);
                }
                Answer::Away(why) => away = Some(why),
            }
        }
        let is_unknown = |outcome: &_| *outcome == SaveOutcome::NoSuchProject;
        team.wait_here(away, is_unknown, |sql| {
            outbox::save_if_unset(sql, project, id, at)
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
        let team = &*self.team;
        let mut away = None;
        if team.is_clear(project)? {
            let result = team
                .server
                .replace_session_id(project, expected, new, source, at);
            match team.changed(result)? {
                Answer::Is(outcome) => {
                    if outcome != ReplaceOutcome::NoSuchProject {
                        let parent = expected.id();
                        let row = LineageEntry::becoming_current(project, new, source, parent, at);
                        team.id_written(&row, outcome == ReplaceOutcome::Replaced);
                    }
                    return Ok(outcome);
                }
                Answer::Away(why) => away = Some(why),
            }
        }
        let is_unknown = |outcome: &_| *outcome == ReplaceOutcome::NoSuchProject;
        team.wait_here(away, is_unknown, |sql| {
            outbox::replace(sql, project, expected, new, source, at)
        })
    }

    fn append_lineage(&self, entry: &LineageEntry) -> Result<(), StoreError> {
        let team = &*self.team;
        match team.changed(team.server.append_lineage(entry))? {
            Answer::Is(()) => {
                let added = bson::oid::ObjectId::new().to_hex();
                team.note(|sql| mirror::put_row(sql, entry, &added));
                Ok(())
            }
            Answer::Away(_) => team.wait_here(None, |()| false, |sql| outbox::append(sql, entry)),
        }
    }

    fn mark_message_sent(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
    ) -> Result<bool, StoreError> {
        let team = &*self.team;
        let mut away = None;
        match team.changed(team.server.mark_message_sent(project, id))? {
            Answer::Is(true) => {
                let project = project.to_string();
                team.note(|sql| mirror::mark_rows(sql, &project, id.as_str()));
                return Ok(true);
            }
            // Its row may still wait.
            Answer::Is(false) => {}
            Answer::Away(why) => away = Some(why),
        }
        team.wait_here(away, |known| !known, |sql| outbox::mark(sql, project, id))
    }

    fn lineage(&self, project: ProjectId) -> Result<Vec<LineageEntry>, StoreError> {
        let team = &*self.team;
        match team.asked(team.server.lineage(project))? {
            Answer::Is(rows) => {
                if !team.is_live() {
                    team.rows_fetched(project, &rows)?;
                }
                team.local
                    .read(|sql| overlay::over_rows(sql, project, rows))
            }
            Answer::Away(_) => team.local.read(|sql| {
                let rows = mirror::rows(sql, project)?;
                overlay::over_rows(sql, project, rows)
            }),
        }
    }

    fn newest_lineage(&self) -> Result<BTreeMap<ProjectId, Timestamp>, StoreError> {
        let team = &*self.team;
        let from_mirror = |sql: &_| overlay::over_newest(sql, mirror::newest_rows(sql)?);
        if team.is_live() {
            return team.local.read(from_mirror);
        }
        match team.asked(team.server.newest_lineage())? {
            Answer::Is(newest) => team.local.read(|sql| overlay::over_newest(sql, newest)),
            Answer::Away(_) => team.local.read(from_mirror),
        }
    }

    fn message_sent(&self, project: ProjectId, id: &ClaudeSessionId) -> Result<bool, StoreError> {
        let team = &*self.team;
        if team
            .local
            .read(|sql| overlay::says_sent(sql, project, id))?
        {
            return Ok(true);
        }
        match team.asked(team.server.message_sent(project, id))? {
            Answer::Is(sent) => Ok(sent),
            Answer::Away(_) => {
                let rows = self.team.local.read(|sql| mirror::rows(sql, project))?;
                Ok(rows
                    .iter()
                    .any(|row| row.session_id == *id && row.message_sent))
            }
        }
    }

    /// While the server is followed, the file says whether anything changed: whatever is seen
    /// of the server lies there.
    fn change_mark(&self) -> Result<Option<u64>, StoreError> {
        if self.team.is_live() {
            let mark = self.team.local.change_mark()?;
            Ok(Some(mark.wrapping_add(self.team.present.mark())))
        } else {
            Ok(None)
        }
    }
}

impl Team {
    fn is_clear_milestone(&self, id: MilestoneId) -> Result<bool, StoreError> {
        let key = id.to_string();
        let waits = || {
            self.local
                .read(|sql| outbox::Chains::Statuses.get(sql, &key))
        };
        if waits()?.is_none() {
            return Ok(true);
        }
        drain::milestone(self, id)?;
        Ok(waits()?.is_none())
    }

    /// Notes a row that was written, and the id, where it is the project's now.
    fn id_written(&self, row: &LineageEntry, is_current: bool) {
        let added = bson::oid::ObjectId::new().to_hex();
        self.note(|sql| {
            mirror::put_row(sql, row, &added)?;
            if is_current && let Some(project) = mirror::project(sql, row.project)? {
                let project = OutputProject {
                    claude_session_id: CurrentSessionId::Set(row.session_id.clone()),
                    updated_at: row.at,
                    ..project
                };
                mirror::put_project(sql, &project, Known::Written)?;
            }
            Ok(())
        });
    }

    /// Notes rows that were fetched, in their order.
    fn rows_fetched(&self, project: ProjectId, rows: &[LineageEntry]) -> Result<(), StoreError> {
        if self.local.read(|sql| mirror::rows(sql, project))? != rows {
            self.note(|sql| {
                for row in rows {
                    mirror::put_row(sql, row, &bson::oid::ObjectId::new().to_hex())?;
                }
                Ok(())
            });
        }
        Ok(())
    }

    /// Notes all projects, which were fetched.
    fn all_fetched(&self, projects: &[OutputProject], since: Moment) {
        if self.follows {
            return;
        }
        let now = Timestamp::now();
        let there = projects.iter().map(|project| project.id).collect();
        self.note(|sql| {
            for project in projects {
                mirror::put_project(sql, project, Known::Fetched(since))?;
            }
            mirror::keep_projects(sql, &there, since)?;
            mirror::set_as_of(sql, now)
        });
        self.live().as_of = Some(now);
    }
}
