//! `output_projects`. Of a document that another program has written, only the field that
//! changes is ever set, and `updated_at`.

use jiff::Timestamp;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::options::ReturnDocument;

use super::documents::{self, Unreadable, date, project_fields, stored};
use super::failure::is_duplicate;
use super::link::Link;
use super::listing::{all, exact, one};
use super::{folders, launch, milestones};
use crate::model::{LaunchOptions, OutputProject, ProjectId, ProjectStatus};
use crate::store::{CreateOutcome, MoveOutcome, NewProject, ServerError, ServerFault};

pub(super) const COLLECTION: &str = "output_projects";

/// How often a status is tried to be set that others change meanwhile.
const ATTEMPTS: usize = 10;

/// Creates a project, unless there is one for that folder; `besides` do not count.
pub(super) async fn create(
    link: &Link,
    new: NewProject,
    besides: &[ProjectId],
) -> Result<CreateOutcome, ServerError> {
    if let Some(there) = one_at_folder(link, &new.workspace_path, besides).await? {
        return Ok(CreateOutcome::AlreadyThere(there));
    }
    let folder = folders::claim(link, &new.workspace_path).await?;
    let created = create_claimed(link, &new, besides).await;
    folder.release(link).await;
    created
}

async fn create_claimed(
    link: &Link,
    new: &NewProject,
    besides: &[ProjectId],
) -> Result<CreateOutcome, ServerError> {
    if let Some(there) = one_at_folder(link, &new.workspace_path, besides).await? {
        return Ok(CreateOutcome::AlreadyThere(there));
    }
    let id = ProjectId::generate();
    let project = OutputProject {
        id,
        name: new.name.clone(),
        workspace_path: new.workspace_path.clone(),
        status: ProjectStatus::Created,
        claude_session_id: Default::default(),
        launch: new.launch.clone(),
        created_at: cut(new.at),
        updated_at: cut(new.at),
    };
    if new.launch != LaunchOptions::default() {
        launch::set(link, id, &new.launch, new.at).await?;
    }
    let document = doc! {
        "_id": id.as_object_id(),
        "name": &new.name,
        "configuration_id": Bson::Null,
        "workspace_path": &new.workspace_path,
        "status": ProjectStatus::Created.as_str(),
        "claude_session_id": Bson::Null,
        "connections": [],
        "created_at": date(new.at),
        "updated_at": date(new.at),
    };
    insert(link, COLLECTION, document).await?;
    Ok(CreateOutcome::Created(project))
}

/// Inserts a document whose new `_id` only this call knows.
pub(super) async fn insert(
    link: &Link,
    collection: &str,
    document: Document,
) -> Result<(), ServerError> {
    let collection = link.collection(collection);
    let document = RawDocumentBuf::try_from(&document)
        .map_err(|error| link.address.error(ServerFault::Failed, error.to_string()))?;
    link.write(|again| {
        let insert = collection.insert_one(&document);
        async move {
            match insert.await {
                // An earlier attempt has arrived.
                Err(error) if again && is_duplicate(&error) => Ok(()),
                result => result.map(drop),
            }
        }
    })
    .await
}

pub(super) async fn by_id(
    link: &Link,
    id: ProjectId,
) -> Result<Option<OutputProject>, ServerError> {
    let filter = doc! { "_id": id.as_object_id() };
    match one(link, COLLECTION, filter, project_fields()).await? {
        Some(document) => complete(link, &document).await.map(Some),
        None => Ok(None),
    }
}

/// The project of a folder; of several the oldest.
pub(super) async fn at_folder(
    link: &Link,
    workspace_path: &str,
) -> Result<Option<OutputProject>, ServerError> {
    one_at_folder(link, workspace_path, &[]).await
}

async fn one_at_folder(
    link: &Link,
    workspace_path: &str,
    besides: &[ProjectId],
) -> Result<Option<OutputProject>, ServerError> {
    let there = all_at_folder(link, workspace_path).await?;
    let mut there = there.into_iter();
    Ok(there.find(|project| !besides.contains(&project.id)))
}

/// The projects of a folder, oldest first.
pub(super) async fn all_at_folder(
    link: &Link,
    workspace_path: &str,
) -> Result<Vec<OutputProject>, ServerError> {
    let filter = doc! { "workspace_path": workspace_path };
    let found = all(link, COLLECTION, filter, project_fields()).await?;
    let mut projects = Vec::new();
    for project in found.iter().filter_map(|it| documents::project(it).ok()) {
        let launch = launch::of(link, project.id).await?;
        projects.push(OutputProject { launch, ..project });
    }
    projects.sort_by_key(|project| (project.created_at, project.id));
    Ok(projects)
}

/// All projects, by creation time, then id; and what is no project.
pub(super) async fn list(
    link: &Link,
) -> Result<(Vec<OutputProject>, Vec<ServerError>), ServerError> {
    let found = all(link, COLLECTION, Document::new(), project_fields()).await?;
    let mut launch = launch::of_all(link).await?;
    let (mut projects, mut odd) = (Vec::new(), Vec::new());
    for document in &found {
        match documents::project(document) {
            Ok(project) => projects.push(OutputProject {
                launch: launch.remove(&project.id).unwrap_or_default(),
                ..project
            }),
            Err(it) => odd.push(not_understood(link, COLLECTION, it)),
        }
    }
    projects.sort_by_key(|project| (project.created_at, project.id));
    Ok((projects, odd))
}

/// Changes fields, and when that was. Returns the project as it is now.
pub(super) async fn set(
    link: &Link,
    id: ProjectId,
    fields: Document,
    at: Timestamp,
) -> Result<Option<OutputProject>, ServerError> {
    set_where(link, doc! { "_id": id.as_object_id() }, fields, at).await
}

async fn set_where(
    link: &Link,
    filter: Document,
    mut fields: Document,
    at: Timestamp,
) -> Result<Option<OutputProject>, ServerError> {
    fields.insert("updated_at", date(at));
    match change(link, COLLECTION, filter, fields, project_fields()).await? {
        Some(document) => complete(link, &document).await.map(Some),
        None => Ok(None),
    }
}

/// Changes the status if it is the expected one. Returns the project as it is now.
pub(super) async fn set_status_of(
    link: &Link,
    id: ProjectId,
    expected: ProjectStatus,
    status: ProjectStatus,
    at: Timestamp,
) -> Result<Option<OutputProject>, ServerError> {
    for _ in 0..ATTEMPTS {
        let filter = doc! { "_id": id.as_object_id() };
        let Some(document) = one(link, COLLECTION, filter, project_fields()).await? else {
            return Ok(None);
        };
        let there = complete(link, &document).await?;
        if there.status == status || there.status != expected {
            return Ok(Some(there));
        }
        // As it is stored: a word that is not known counts as created, too.
        let filter = doc! {
            "_id": id.as_object_id(),
            "status": { "$eq": stored(&document, "status") },
        };
        let fields = doc! { "status": status.as_str() };
        if let Some(now) = set_where(link, filter, fields, at).await? {
            return Ok(Some(now));
        }
        // Another one came between; or our own change was made, and its answer got lost.
    }
    let reason = "the project's status changes all the time";
    Err(link.address.error(ServerFault::Failed, reason))
}

/// Sets fields of the document that a filter finds. Returns it as it is now.
pub(super) async fn change(
    link: &Link,
    collection: &str,
    filter: Document,
    fields: Document,
    returned: Document,
) -> Result<Option<RawDocumentBuf>, ServerError> {
    let collection = link.collection(collection);
    link.write(|_| {
        collection
            .find_one_and_update(filter.clone(), doc! { "$set": fields.clone() })
            .return_document(ReturnDocument::After)
            .projection(returned.clone())
            .collation(exact())
    })
    .await
}

pub(super) async fn set_launch_options(
    link: &Link,
    id: ProjectId,
    options: &LaunchOptions,
    at: Timestamp,
) -> Result<Option<OutputProject>, ServerError> {
    if by_id(link, id).await?.is_none() {
        return Ok(None);
    }
    launch::set(link, id, options, at).await?;
    set(link, id, Document::new(), at).await
}

pub(super) async fn move_to(
    link: &Link,
    id: ProjectId,
    workspace_path: &str,
    at: Timestamp,
) -> Result<MoveOutcome, ServerError> {
    if by_id(link, id).await?.is_none() {
        return Ok(MoveOutcome::NoSuchProject);
    }
    let folder = folders::claim(link, workspace_path).await?;
    let moved = move_claimed(link, id, workspace_path, at).await;
    folder.release(link).await;
    moved
}

async fn move_claimed(
    link: &Link,
    id: ProjectId,
    workspace_path: &str,
    at: Timestamp,
) -> Result<MoveOutcome, ServerError> {
    if let Some(other) = at_folder(link, workspace_path).await?
        && other.id != id
    {
        return Ok(MoveOutcome::Taken(other));
    }
    let fields = doc! { "workspace_path": workspace_path };
    Ok(match set(link, id, fields, at).await? {
        Some(project) => MoveOutcome::Moved(project),
        None => MoveOutcome::NoSuchProject,
    })
}

/// The project goes first: what a crash leaves behind is then seen by nobody.
pub(super) async fn remove(link: &Link, id: ProjectId) -> Result<bool, ServerError> {
    let collection = link.collection(COLLECTION);
    let there = link
        .write(|again| {
            let delete = collection.delete_one(doc! { "_id": id.as_object_id() });
            // Where an earlier attempt may have removed it, it was there.
            async move {
                delete
                    .await
                    .map(|deleted| again || deleted.deleted_count > 0)
            }
        })
        .await?;
    milestones::remove_all(link, id).await?;
    launch::remove(link, id).await?;
    Ok(there)
}

async fn complete(link: &Link, document: &RawDocumentBuf) -> Result<OutputProject, ServerError> {
    let project =
        documents::project(document).map_err(|odd| not_understood(link, COLLECTION, odd))?;
    let launch = launch::of(link, project.id).await?;
    Ok(OutputProject { launch, ..project })
}

pub(super) fn not_understood(
    link: &Link,
    collection: &'static str,
    odd: Unreadable,
) -> ServerError {
    let id = odd.id;
    let fault = ServerFault::Unreadable { collection, id };
    link.address.error(fault, odd.reason)
}

/// A time as it comes back from the store.
pub(super) fn cut(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
