//! `milestones`. As with projects, only the fields that change are set.

use jiff::Timestamp;
use mongodb::bson::{Bson, Document, doc};

use super::documents::{self, date, milestone_fields, stored};
use super::link::Link;
use super::listing::{all, one};
use super::projects::{self, change, insert, not_understood};
use crate::model::{Milestone, MilestoneId, MilestoneStatus, ProjectId};
use crate::store::{NewMilestone, ServerError, ServerFault};

pub(super) const COLLECTION: &str = "milestones";

/// How often a change is tried again that another one came before.
const ATTEMPTS: usize = 10;

pub(super) async fn create(
    link: &Link,
    new: NewMilestone,
) -> Result<Option<Milestone>, ServerError> {
    if projects::by_id(link, new.project).await?.is_none() {
        return Ok(None);
    }
    let id = MilestoneId::generate();
    let status = MilestoneStatus::Pending;
    let document = doc! {
        "_id": id.as_object_id(),
        "output_project_id": new.project.as_object_id(),
        "element_name": &new.element_name,
        "status": status.as_str(),
        "wxcode_version": Bson::Null,
        "milestone_folder_name": Bson::Null,
        "created_at": date(new.at),
        "updated_at": date(new.at),
        "completed_at": Bson::Null,
    };
    insert(link, COLLECTION, document).await?;
    let at = projects::cut(new.at);
    Ok(Some(Milestone {
        id,
        project: new.project,
        element_name: new.element_name,
        status,
        milestone_folder_name: None,
        wxcode_version: None,
        created_at: at,
        updated_at: at,
        completed_at: None,
    }))
}

pub(super) async fn by_id(link: &Link, id: MilestoneId) -> Result<Option<Milestone>, ServerError> {
    let filter = doc! { "_id": id.as_object_id() };
    let found = one(link, COLLECTION, filter, milestone_fields()).await?;
    let milestone = found.map(|document| documents::milestone(&document));
    milestone
        .transpose()
        .map_err(|odd| not_understood(link, COLLECTION, odd))
}

/// A project's milestones, by creation time, then id. What is none is left out.
pub(super) async fn of_project(
    link: &Link,
    project: ProjectId,
) -> Result<Vec<Milestone>, ServerError> {
    let filter = doc! { "output_project_id": project.as_object_id() };
    let found = all(link, COLLECTION, filter, milestone_fields()).await?;
    let mut milestones: Vec<_> = found
        .iter()
        .filter_map(|document| documents::milestone(document).ok())
        .collect();
    milestones.sort_by_key(|milestone| (milestone.created_at, milestone.id));
    Ok(milestones)
}

/// Changes fields, and when that was. Returns the milestone as it is now.
pub(super) async fn set(
    link: &Link,
    id: MilestoneId,
    fields: Document,
    at: Timestamp,
) -> Result<Option<Milestone>, ServerError> {
    set_where(link, doc! { "_id": id.as_object_id() }, fields, at).await
}

async fn set_where(
    link: &Link,
    filter: Document,
    mut fields: Document,
    at: Timestamp,
) -> Result<Option<Milestone>, ServerError> {
    fields.insert("updated_at", date(at));
    let now = change(link, COLLECTION, filter, fields, milestone_fields()).await?;
    let milestone = now.map(|document| documents::milestone(&document));
    milestone
        .transpose()
        .map_err(|odd| not_understood(link, COLLECTION, odd))
}

/// Changes the status, which it has since `at`; the document changes `now`.
pub(super) async fn set_status(
    link: &Link,
    id: MilestoneId,
    expected: Option<MilestoneStatus>,
    status: MilestoneStatus,
    at: Timestamp,
    now: Timestamp,
) -> Result<Option<Milestone>, ServerError> {
    for _ in 0..ATTEMPTS {
        let filter = doc! { "_id": id.as_object_id() };
        let Some(document) = one(link, COLLECTION, filter, milestone_fields()).await? else {
            return Ok(None);
        };
        let there =
            documents::milestone(&document).map_err(|odd| not_understood(link, COLLECTION, odd))?;
        if there.status == status || expected.is_some_and(|expected| expected != there.status) {
            return Ok(Some(there));
        }
        // As it is stored: a word that is not known counts as pending, too.
        let filter = doc! {
            "_id": id.as_object_id(),
            "status": { "$eq": stored(&document, "status") },
        };
        let completed = match status {
            MilestoneStatus::Completed => Bson::DateTime(date(at)),
            _ => Bson::Null,
        };
        let fields = doc! { "status": status.as_str(), "completed_at": completed };
        if let Some(now) = set_where(link, filter, fields, now).await? {
            return Ok(Some(now));
        }
        // Another one came between; or our own change was made, and its answer got lost.
    }
    let reason = "the milestone's status changes all the time";
    Err(link.address.error(ServerFault::Failed, reason))
}

pub(super) async fn remove_all(link: &Link, project: ProjectId) -> Result<(), ServerError> {
    let collection = link.collection(COLLECTION);
    let filter = doc! { "output_project_id": project.as_object_id() };
    link.write(|_| collection.delete_many(filter.clone()))
        .await
        .map(drop)
}
