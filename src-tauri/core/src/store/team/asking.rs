//! Asking the server, and what is done here with what it says, or because it is away.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use jiff::Timestamp;

use super::mirror::{Known, Moment};
use super::{LISTED, Listed, Team, drain, mirror, outbox, overlay, state};
use crate::model::{
    CurrentSessionId, LineageEntry, Milestone, MilestoneId, OutputProject, ProjectId,
};
use crate::store::{ServerError, Store, StoreError};

/// What the server says.
pub(super) enum Answer<T> {
    Is(T),
    /// It is away, or does not do it.
    Away(ServerError),
}

/// A list of projects, and the moment before it was fetched.
pub(super) type List = (Arc<Vec<OutputProject>>, Moment);

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

    pub(super) fn told<T>(
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
    pub(super) fn project_written(
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

    pub(super) fn milestone_written(
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
    pub(super) fn is_clear(&self, project: ProjectId) -> Result<bool, StoreError> {
        let waits = || self.local.read(|sql| outbox::waits(sql, project));
        if !waits()? {
            return Ok(true);
        }
        drain::project(self, project)?;
        Ok(!waits()?)
    }

    /// Does something without the server. What it says about a project that is not known here is
    /// worth nothing where the mirror was never complete: then `why` is what there is to say.
    pub(super) fn wait_here<T>(
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
    pub(super) fn mirrored<T>(
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
    pub(super) fn at_folder(&self, path: &str) -> Result<Option<OutputProject>, StoreError> {
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

    pub(super) fn is_clear_milestone(&self, id: MilestoneId) -> Result<bool, StoreError> {
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
    pub(super) fn id_written(&self, row: &LineageEntry, is_current: bool) {
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
    pub(super) fn rows_fetched(
        &self,
        project: ProjectId,
        rows: &[LineageEntry],
    ) -> Result<(), StoreError> {
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

    /// All projects as the server has them, or had them at some time after `not_before`.
    pub(super) fn list(&self, not_before: Option<Instant>) -> Result<Answer<List>, StoreError> {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        let since = self.local.read(Moment::now)?;
        if let Some(listed) = &*listed
            && listed.since == since
            && listed.at.elapsed() < LISTED
            && not_before.is_none_or(|it| it <= listed.at)
        {
            return Ok(Answer::Is((Arc::clone(&listed.projects), since)));
        }
        let at = Instant::now();
        let projects = match self.asked(self.server.projects())? {
            Answer::Is(projects) => Arc::new(projects),
            Answer::Away(why) => return Ok(Answer::Away(why)),
        };
        *listed = (self.follows && !self.is_live()).then(|| Listed {
            projects: Arc::clone(&projects),
            since,
            at,
        });
        Ok(Answer::Is((projects, since)))
    }

    /// The mirror has them.
    pub(super) fn forget_list(&self) {
        *self.listed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Notes all projects, which were fetched.
    pub(super) fn all_fetched(&self, projects: &[OutputProject], since: Moment) {
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
