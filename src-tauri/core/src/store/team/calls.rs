//! The calls of a store: to the server while it is there, to this machine's file otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::asking::Answer;
use super::mirror::{Known, Moment};
use super::{TeamStore, mirror, outbox, overlay};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LaunchOptions, LineageEntry, Milestone, MilestoneId,
    MilestoneStatus, OutputProject, ProjectId, ProjectStatus, SessionSource,
};
use crate::store::sqlite::milestones;
use crate::store::{
    CreateOutcome, MoveOutcome, NewMilestone, NewProject, Presence, ReplaceOutcome, SaveOutcome,
    Store, StoreError,
};

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
        let over = team.local.read(overlay::Projects::of_all)?;
        match team.list(None)? {
            Answer::Is((projects, since)) => {
                team.all_fetched(&projects, since);
                let projects = Arc::unwrap_or_clone(projects).into_iter();
                Ok(projects.map(|it| over.over(it)).collect())
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
            let milestones = milestones::of_project(sql, project)?;
            overlay::over_milestones(sql, project, milestones)
        };
        if team.is_live() {
            return team.local.read(from_mirror);
        }
        let since = team.local.read(Moment::now)?;
        match team.asked(team.server.milestones(project))? {
            Answer::Is(milestones) => {
                let known = team
                    .local
                    .read(|sql| milestones::of_project(sql, project))?;
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
