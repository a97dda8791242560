//! How documents become values. What other programs keep in them is not looked at, and what
//! is missing or odd is taken with care.

use jiff::Timestamp;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::raw::{RawBsonRef, RawDocument};
use mongodb::bson::{Bson, DateTime, Document, doc};

use crate::model::{
    CurrentSessionId, LaunchOptions, LineageEntry, Milestone, MilestoneStatus, OutputProject,
    ProjectId, ProjectStatus, SessionSource,
};

/// Why a document is not understood.
pub(super) struct Unreadable {
    /// Its `_id`, as it can be shown.
    pub id: String,
    pub reason: &'static str,
}

/// The fields of a project that are read; what else it holds is never fetched.
pub(super) fn project_fields() -> Document {
    doc! {
        "name": 1, "workspace_path": 1, "status": 1, "claude_session_id": 1, "created_at": 1,
        "updated_at": 1,
    }
}

/// Reads a project, without its launch options, which are kept elsewhere. It has to have an id
/// and a folder; a name that is none is the folder's, a status that is not ours counts as
/// created, and a time that is none is that of the id.
pub(super) fn project(document: &RawDocument) -> Result<OutputProject, Unreadable> {
    let id = object_id(document, "_id").ok_or_else(|| unreadable(document, NO_OBJECT_ID))?;
    let Some(RawBsonRef::String(folder)) = field(document, "workspace_path") else {
        return Err(unreadable(document, "its workspace_path is no text"));
    };
    let name = match field(document, "name") {
        Some(RawBsonRef::String(name)) => name,
        _ => folder.rsplit('/').next().unwrap_or_default(),
    };
    let created_at = time(document, "created_at").unwrap_or_else(|| time_of(id));
    Ok(OutputProject {
        id: id.into(),
        name: name.to_owned(),
        workspace_path: folder.to_owned(),
        status: match field(document, "status") {
            Some(RawBsonRef::String(word)) => ProjectStatus::from_word(word),
            _ => ProjectStatus::Created,
        },
        claude_session_id: session_id(document),
        launch: LaunchOptions::default(),
        created_at,
        updated_at: time(document, "updated_at").unwrap_or(created_at),
    })
}

/// A project's session id, whatever it is: what is no text is told as one that is no id. (A
/// UUID in BSON's own form is one.)
pub(super) fn session_id(document: &RawDocument) -> CurrentSessionId {
    let stored = stored(document, "claude_session_id");
    CurrentSessionId::from_stored(match stored {
        Bson::Null | Bson::Undefined => None,
        Bson::String(text) => Some(text),
        Bson::Binary(binary) => Some(match binary.to_uuid() {
            Ok(uuid) => uuid.to_string(),
            Err(_) => Bson::Binary(binary).to_string(),
        }),
        other => Some(other.to_string()),
    })
}

/// A field as it is stored, for a filter that must find just this.
pub(super) fn stored(document: &RawDocument, name: &str) -> Bson {
    field(document, name)
        .and_then(|value| Bson::try_from(value).ok())
        .unwrap_or(Bson::Null)
}

/// The fields of a milestone that are read.
pub(super) fn milestone_fields() -> Document {
    doc! {
        "output_project_id": 1, "element_name": 1, "status": 1, "milestone_folder_name": 1,
        "wxcode_version": 1, "created_at": 1, "updated_at": 1, "completed_at": 1,
    }
}

/// Reads a milestone, as tolerant as [`project`].
pub(super) fn milestone(document: &RawDocument) -> Result<Milestone, Unreadable> {
    let id = object_id(document, "_id").ok_or_else(|| unreadable(document, NO_OBJECT_ID))?;
    let project = object_id(document, "output_project_id")
        .ok_or_else(|| unreadable(document, "its output_project_id is no ObjectId"))?;
    let created_at = time(document, "created_at").unwrap_or_else(|| time_of(id));
    Ok(Milestone {
        id: id.into(),
        project: project.into(),
        element_name: text(document, "element_name").unwrap_or_default(),
        status: MilestoneStatus::from_word(&text(document, "status").unwrap_or_default()),
        milestone_folder_name: text(document, "milestone_folder_name"),
        wxcode_version: text(document, "wxcode_version"),
        created_at,
        updated_at: time(document, "updated_at").unwrap_or(created_at),
        completed_at: time(document, "completed_at"),
    })
}

/// Reads a row of the lineage; one without a session id or a time is none.
pub(super) fn lineage_entry(project: ProjectId, row: &RawDocument) -> Option<LineageEntry> {
    let id = |name| text(row, name).and_then(|text| text.parse().ok());
    Some(LineageEntry {
        project,
        session_id: id("session_id")?,
        source: SessionSource::from_word(&text(row, "source").unwrap_or_default()),
        parent: id("parent_session_id"),
        at: lineage_time(row)?,
        message_sent: field(row, "message_sent") == Some(RawBsonRef::Boolean(true)),
    })
}

/// When a row of the lineage is from.
pub(super) fn lineage_time(row: &RawDocument) -> Option<Timestamp> {
    match field(row, "at_us") {
        Some(RawBsonRef::Int64(us)) => Timestamp::from_microsecond(us).ok(),
        _ => None,
    }
}

/// A time as BSON keeps it, to the millisecond.
pub(super) fn date(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.as_millisecond())
}

pub(super) fn text(document: &RawDocument, name: &str) -> Option<String> {
    match field(document, name) {
        Some(RawBsonRef::String(text)) => Some(text.to_owned()),
        _ => None,
    }
}

pub(super) fn object_id(document: &RawDocument, name: &str) -> Option<ObjectId> {
    match field(document, name) {
        Some(RawBsonRef::ObjectId(id)) => Some(id),
        _ => None,
    }
}

pub(super) fn field<'a>(document: &'a RawDocument, name: &str) -> Option<RawBsonRef<'a>> {
    document.get(name).ok().flatten()
}

const NO_OBJECT_ID: &str = "its _id is no ObjectId";

fn unreadable(document: &RawDocument, reason: &'static str) -> Unreadable {
    let id = match field(document, "_id") {
        Some(RawBsonRef::ObjectId(id)) => id.to_hex(),
        _ => stored(document, "_id").to_string(),
    };
    Unreadable { id, reason }
}

pub(super) fn time(document: &RawDocument, name: &str) -> Option<Timestamp> {
    match field(document, name) {
        Some(RawBsonRef::DateTime(time)) => Some(from_millis(time.timestamp_millis())),
        _ => None,
    }
}

/// When an id was made.
fn time_of(id: ObjectId) -> Timestamp {
    from_millis(id.timestamp().timestamp_millis())
}

/// A stored time; one that no calendar holds comes out as the nearest that does.
fn from_millis(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
