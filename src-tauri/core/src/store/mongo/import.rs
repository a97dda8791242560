//! Writing what another store has, under the ids that it has there. Nothing that is there is
//! changed.

use jiff::Timestamp;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};

use super::documents::{self, date, milestone_fields};
use super::failure::is_duplicate;
use super::link::Link;
use super::listing::all;
use super::projects::{self, at_folder, by_id, not_understood};
use super::{MongoStore, folders, launch, milestones, session_ids};
use crate::model::{
    ClaudeSessionId, LaunchOptions, Milestone, MilestoneId, OutputProject, ProjectId,
};
use crate::store::{CreateOutcome, SaveOutcome, ServerError, ServerFault};

/// A milestone, or why it cannot be read.
type Readable = Result<Milestone, ServerError>;

/// How many milestones are asked for at once.
const AT_ONCE: usize = 1000;

impl MongoStore {
    /// Creates a project with its id, its times and its launch options, but without its session
    /// id; unless there is one with that id or for that folder.
    pub(in crate::store) fn adopt_project(
        &self,
        project: &OutputProject,
    ) -> Result<CreateOutcome, ServerError> {
        self.run(async |link| {
            if let Some(there) = by_id(link, project.id).await? {
                return Ok(CreateOutcome::AlreadyThere(there));
            }
            let folder = folders::claim(link, &project.workspace_path).await?;
            let adopted = adopt(link, project).await;
            folder.release(link).await;
            adopted
        })
    }

    /// Creates a milestone with its id and its times; unless there is one with that id. Returns
    /// whether it is new.
    pub(in crate::store) fn adopt_milestone(
        &self,
        milestone: &Milestone,
    ) -> Result<bool, ServerError> {
        self.run(async |link| {
            let document = doc! {
                "_id": milestone.id.as_object_id(),
                "output_project_id": milestone.project.as_object_id(),
                "element_name": &milestone.element_name,
                "status": milestone.status.as_str(),
                "wxcode_version": milestone.wxcode_version.as_ref(),
                "milestone_folder_name": milestone.milestone_folder_name.as_ref(),
                "created_at": date(milestone.created_at),
                "updated_at": date(milestone.updated_at),
                "completed_at": milestone.completed_at.map_or(Bson::Null, |at| date(at).into()),
            };
            insert_if_new(link, milestones::COLLECTION, document).await
        })
    }

    /// Sets a project's session id where none is set. Its lineage has to have a row of it.
    pub(in crate::store) fn adopt_session_id(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
        at: Timestamp,
    ) -> Result<SaveOutcome, ServerError> {
        self.run(async |link| {
            if session_ids::compare_and_set(link, project, &Bson::Null, id, at).await? {
                return Ok(SaveOutcome::Saved);
            }
            Ok(match session_ids::current(link, project).await? {
                None => SaveOutcome::NoSuchProject,
                Some((there, _)) => SaveOutcome::AlreadySet(there),
            })
        })
    }

    /// Of these milestones those that are there, each as it is or with why it cannot be read.
    pub(in crate::store) fn milestones_among(
        &self,
        ids: &[MilestoneId],
    ) -> Result<Vec<(MilestoneId, Readable)>, ServerError> {
        self.run(async |link| {
            let mut there = Vec::new();
            for some in ids.chunks(AT_ONCE) {
                let some: Vec<_> = some.iter().map(MilestoneId::as_object_id).collect();
                let filter = doc! { "_id": { "$in": some } };
                let found = all(link, milestones::COLLECTION, filter, milestone_fields()).await?;
                there.extend(found.iter().filter_map(|document| {
                    let id = documents::object_id(document, "_id")?.into();
                    let milestone = documents::milestone(document)
                        .map_err(|odd| not_understood(link, milestones::COLLECTION, odd));
                    Some((id, milestone))
                }));
            }
            Ok(there)
        })
    }

    /// The project that has this id or, failing that, this folder.
    pub(in crate::store) fn project_or_at(
        &self,
        id: ProjectId,
        workspace_path: &str,
    ) -> Result<Option<OutputProject>, ServerError> {
        self.run(async |link| match by_id(link, id).await? {
            None => at_folder(link, workspace_path).await,
            there => Ok(there),
        })
    }
}

async fn adopt(link: &Link, project: &OutputProject) -> Result<CreateOutcome, ServerError> {
    if let Some(there) = at_folder(link, &project.workspace_path).await? {
        return Ok(CreateOutcome::AlreadyThere(there));
    }
    if project.launch != LaunchOptions::default() {
        launch::set(link, project.id, &project.launch, project.updated_at).await?;
    }
    let document = doc! {
        "_id": project.id.as_object_id(),
        "name": &project.name,
        "configuration_id": Bson::Null,
        "workspace_path": &project.workspace_path,
        "status": project.status.as_str(),
        "claude_session_id": Bson::Null,
        "connections": [],
        "created_at": date(project.created_at),
        "updated_at": date(project.updated_at),
    };
    insert_if_new(link, projects::COLLECTION, document).await?;
    // Another import may have been faster, and then the session has been started there.
    Ok(match by_id(link, project.id).await? {
        Some(there) => CreateOutcome::Created(there),
        None => CreateOutcome::Created(project.clone()),
    })
}

/// Inserts a document unless one has its `_id`. Returns whether it is new; after an answer that
/// got lost it counts as new.
async fn insert_if_new(
    link: &Link,
    collection: &str,
    document: Document,
) -> Result<bool, ServerError> {
    let collection = link.collection(collection);
    let document = RawDocumentBuf::try_from(&document).map_err(|error| {
        let fault = ServerFault::Failed;
        link.address.error(fault, error.to_string())
    })?;
    link.write(|again| {
        let insert = collection.insert_one(&document);
        async move {
            match insert.await {
                Ok(_) => Ok(true),
                Err(error) if is_duplicate(&error) => Ok(again),
                Err(error) => Err(error),
            }
        }
    })
    .await
}
