//! Session ids, written by compare-and-set, and their lineage, written first.
//!
//! There is no transaction (a standalone server has none), and none is needed: a row without
//! an id harms nothing. What is written may be written again: a row has a name of its own, and
//! a repeated compare-and-set takes our own id for what was expected.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, RawDocumentBuf, doc};

use super::documents::{self, date, session_id, stored};
use super::failure::is_duplicate;
use super::link::Link;
use super::listing::{aggregated, all, exact, one};
use super::projects;
use crate::model::{ClaudeSessionId, CurrentSessionId, LineageEntry, ProjectId, SessionSource};
use crate::store::{ReplaceOutcome, SaveOutcome, ServerError};

pub(super) const LINEAGE: &str = "reprise_lineage";

pub(super) async fn save_if_unset(
    link: &Link,
    project: ProjectId,
    id: &ClaudeSessionId,
    at: Timestamp,
) -> Result<SaveOutcome, ServerError> {
    match current(link, project).await? {
        None => return Ok(SaveOutcome::NoSuchProject),
        Some((CurrentSessionId::Unset, _)) => {}
        Some((there, _)) => return Ok(SaveOutcome::AlreadySet(there)),
    }
    append(
        link,
        &LineageEntry::becoming_current(project, id, SessionSource::Startup, None, at),
    )
    .await?;
    if compare_and_set(link, project, &Bson::Null, id, at).await? {
        return Ok(SaveOutcome::Saved);
    }
    Ok(match current(link, project).await? {
        None => SaveOutcome::NoSuchProject,
        Some((there, _)) => SaveOutcome::AlreadySet(there),
    })
}

pub(super) async fn replace(
    link: &Link,
    project: ProjectId,
    expected: &CurrentSessionId,
    new: &ClaudeSessionId,
    source: SessionSource,
    at: Timestamp,
) -> Result<ReplaceOutcome, ServerError> {
    let Some(there) = current(link, project).await? else {
        return Ok(ReplaceOutcome::NoSuchProject);
    };
    append(
        link,
        &LineageEntry::becoming_current(project, new, source, expected.id(), at),
    )
    .await?;
    set_where(link, project, there, expected, new, at).await
}

/// The same of an id whose row is written.
pub(super) async fn set(
    link: &Link,
    project: ProjectId,
    expected: &CurrentSessionId,
    new: &ClaudeSessionId,
    at: Timestamp,
) -> Result<ReplaceOutcome, ServerError> {
    match current(link, project).await? {
        Some(there) => set_where(link, project, there, expected, new, at).await,
        None => Ok(ReplaceOutcome::NoSuchProject),
    }
}

async fn set_where(
    link: &Link,
    project: ProjectId,
    (there, as_stored): (CurrentSessionId, Bson),
    expected: &CurrentSessionId,
    new: &ClaudeSessionId,
    at: Timestamp,
) -> Result<ReplaceOutcome, ServerError> {
    if there.as_stored() != expected.as_stored() {
        return Ok(ReplaceOutcome::Conflict(there));
    }
    keep(link, project, &there, at).await?;
    if compare_and_set(link, project, &as_stored, new, at).await? {
        return Ok(ReplaceOutcome::Replaced);
    }
    Ok(match current(link, project).await? {
        None => ReplaceOutcome::NoSuchProject,
        Some((there, _)) => ReplaceOutcome::Conflict(there),
    })
}

/// Sees to it that an id that is about to be replaced has a row: another program may have written
/// it, and after the change nothing else would know of it.
async fn keep(
    link: &Link,
    project: ProjectId,
    there: &CurrentSessionId,
    at: Timestamp,
) -> Result<(), ServerError> {
    let Some(id) = there.id() else {
        return Ok(());
    };
    let filter = doc! { "project_id": project.as_object_id(), "session_id": id.as_str() };
    if one(link, LINEAGE, filter, doc! { "_id": 1 })
        .await?
        .is_some()
    {
        return Ok(());
    }
    // It came before what replaces it.
    let before = at - jiff::SignedDuration::from_micros(1);
    let source = SessionSource::Unknown;
    let row = LineageEntry::becoming_current(project, id, source, None, before);
    append(link, &row).await
}

/// What a project holds as its session id: as it is understood, and as it is stored.
pub(super) async fn current(
    link: &Link,
    project: ProjectId,
) -> Result<Option<(CurrentSessionId, Bson)>, ServerError> {
    let filter = doc! { "_id": project.as_object_id() };
    let fields = doc! { "claude_session_id": 1 };
    let document = one(link, projects::COLLECTION, filter, fields).await?;
    Ok(document.map(|document| {
        let as_stored = stored(&document, "claude_session_id");
        (session_id(&document), as_stored)
    }))
}

/// Sets the id where exactly `expected` is stored (null: or nothing is). Returns whether the id
/// is ours now.
pub(super) async fn compare_and_set(
    link: &Link,
    project: ProjectId,
    expected: &Bson,
    new: &ClaudeSessionId,
    at: Timestamp,
) -> Result<bool, ServerError> {
    let collection = link.collection(projects::COLLECTION);
    let fields = doc! { "claude_session_id": new.as_str(), "updated_at": date(at) };
    let updated = link
        .write(|again| {
            let mut filter = doc! { "_id": project.as_object_id() };
            let expected = doc! { "claude_session_id": { "$eq": expected } };
            if again {
                // An earlier attempt may have written it. To write it once more makes sure that
                // it lasts: only this answer says that the majority has it.
                let ours = doc! { "claude_session_id": new.as_str() };
                filter.insert("$or", [expected, ours]);
            } else {
                filter.extend(expected);
            }
            collection
                .update_one(filter, doc! { "$set": fields.clone() })
                .collation(exact())
        })
        .await?;
    Ok(updated.matched_count > 0)
}

/// Adds a row. Its `_id` is made of what names it, so that it is there once.
pub(super) async fn append(link: &Link, entry: &LineageEntry) -> Result<(), ServerError> {
    let collection = link.collection(LINEAGE);
    let at_us = entry.at.as_microsecond();
    let name = format!(
        "{}/{}/{}/{at_us}",
        entry.project,
        entry.session_id,
        entry.source.as_str()
    );
    let row = doc! {
        "project_id": entry.project.as_object_id(),
        "session_id": entry.session_id.as_str(),
        "source": entry.source.as_str(),
        "parent_session_id": entry.parent.as_ref().map(ClaudeSessionId::as_str),
        "at_us": at_us,
        // Orders rows of the same time.
        "added": ObjectId::new(),
    };
    let update = doc! { "$setOnInsert": row, "$max": { "message_sent": entry.message_sent } };
    // Of two that insert the same row at once, one is refused, and finds it then.
    let upsert = || {
        collection
            .update_one(doc! { "_id": &name }, update.clone())
            .upsert(true)
            .collation(exact())
    };
    link.write(|_| async {
        match upsert().await {
            Err(error) if is_duplicate(&error) => upsert().await,
            result => result,
        }
    })
    .await
    .map(drop)
}

pub(super) async fn mark_message_sent(
    link: &Link,
    project: ProjectId,
    id: &ClaudeSessionId,
) -> Result<bool, ServerError> {
    let collection = link.collection(LINEAGE);
    let filter = doc! { "project_id": project.as_object_id(), "session_id": id.as_str() };
    let updated = link
        .write(|_| {
            collection
                .update_many(filter.clone(), doc! { "$set": { "message_sent": true } })
                .collation(exact())
        })
        .await?;
    Ok(updated.matched_count > 0)
}

/// A project's history, oldest first.
pub(super) async fn lineage(
    link: &Link,
    project: ProjectId,
) -> Result<Vec<LineageEntry>, ServerError> {
    let filter = doc! { "project_id": project.as_object_id() };
    let found = all(link, LINEAGE, filter, doc! {}).await?;
    let added = |row: &RawDocumentBuf| documents::object_id(row, "added");
    let mut rows: Vec<_> = found
        .iter()
        .filter_map(|row| Some((documents::lineage_entry(project, row)?, added(row))))
        .collect();
    rows.sort_by_key(|(entry, added)| (entry.at, *added));
    let mut rows: Vec<_> = rows.into_iter().map(|(entry, _)| entry).collect();
    let sent: std::collections::HashSet<_> = rows
        .iter()
        .filter(|row| row.message_sent)
        .map(|row| row.session_id.clone())
        .collect();
    for row in &mut rows {
        row.message_sent = sent.contains(&row.session_id);
    }
    Ok(rows)
}

/// When the newest row of each lineage is from.
pub(super) async fn newest_lineage(
    link: &Link,
) -> Result<BTreeMap<ProjectId, Timestamp>, ServerError> {
    let newest_first = doc! { "project_id": 1, "at_us": -1 };
    let first = doc! { "_id": "$project_id", "at_us": { "$first": "$at_us" } };
    let found = aggregated(
        link,
        LINEAGE,
        vec![doc! { "$sort": newest_first }, doc! { "$group": first }],
    )
    .await?;
    Ok(found
        .iter()
        .filter_map(|row| {
            let project = documents::object_id(row, "_id")?;
            Some((project.into(), documents::lineage_time(row)?))
        })
        .collect())
}

pub(super) async fn message_sent(
    link: &Link,
    project: ProjectId,
    id: &ClaudeSessionId,
) -> Result<bool, ServerError> {
    let filter = doc! {
        "project_id": project.as_object_id(), "session_id": id.as_str(), "message_sent": true,
    };
    let row = one(link, LINEAGE, filter, doc! { "_id": 1 }).await?;
    Ok(row.is_some())
}
