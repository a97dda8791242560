//! How a project's sessions start. In a collection of its own, keyed by the project's id: a
//! program that knows nothing of Reprise may write a whole document of `output_projects`.

use std::collections::HashMap;

use jiff::Timestamp;
use mongodb::bson::raw::{RawArray, RawBsonRef, RawDocument};
use mongodb::bson::{Bson, Document, doc};

use super::documents::{date, field, object_id, text};
use super::link::Link;
use super::listing::{all, one};
use crate::model::{DisplayMode, LaunchOptions, ProjectId};
use crate::store::ServerError;

pub(super) const COLLECTION: &str = "reprise_launch_options";

pub(super) async fn of(link: &Link, project: ProjectId) -> Result<LaunchOptions, ServerError> {
    let filter = doc! { "_id": project.as_object_id() };
    let document = one(link, COLLECTION, filter, Document::new()).await?;
    Ok(document.map(|document| read(&document)).unwrap_or_default())
}

pub(super) async fn of_all(link: &Link) -> Result<HashMap<ProjectId, LaunchOptions>, ServerError> {
    of_those(link, Document::new()).await
}

pub(super) async fn of_these(
    link: &Link,
    projects: impl Iterator<Item = ProjectId>,
) -> Result<HashMap<ProjectId, LaunchOptions>, ServerError> {
    let ids: Vec<_> = projects.map(|id| id.as_object_id()).collect();
    of_those(link, doc! { "_id": { "$in": ids } }).await
}

async fn of_those(
    link: &Link,
    filter: Document,
) -> Result<HashMap<ProjectId, LaunchOptions>, ServerError> {
    let documents = all(link, COLLECTION, filter, Document::new()).await?;
    let options = documents.iter().filter_map(|document| {
        let project = object_id(document, "_id")?;
        Some((project.into(), read(document)))
    });
    Ok(options.collect())
}

pub(super) async fn set(
    link: &Link,
    project: ProjectId,
    launch: &LaunchOptions,
    at: Timestamp,
) -> Result<(), ServerError> {
    let mut fields = write(launch);
    fields.insert("updated_at", date(at));
    let collection = link.collection(COLLECTION);
    let filter = doc! { "_id": project.as_object_id() };
    link.write(|_| {
        collection
            .update_one(filter.clone(), doc! { "$set": fields.clone() })
            .upsert(true)
    })
    .await
    .map(drop)
}

pub(super) async fn remove(link: &Link, project: ProjectId) -> Result<(), ServerError> {
    let collection = link.collection(COLLECTION);
    link.write(|_| collection.delete_one(doc! { "_id": project.as_object_id() }))
        .await
        .map(drop)
}

/// The environment is a list: a variable's name may hold what a field's may not.
fn write(launch: &LaunchOptions) -> Document {
    let LaunchOptions {
        permission_mode,
        model,
        extra_args,
        env,
        display,
        milestone_command,
    } = launch;
    let env: Vec<Bson> = env
        .iter()
        .map(|(name, value)| doc! { "name": name, "value": value }.into())
        .collect();
    doc! {
        "permission_mode": permission_mode,
        "model": model,
        "extra_args": extra_args,
        "env": env,
        "display": match display {
            DisplayMode::FullScreen => "full_screen",
            DisplayMode::Scrollback => "scrollback",
        },
        "milestone_command": milestone_command,
    }
}

/// What is missing or odd is as the CLI does by itself.
fn read(document: &RawDocument) -> LaunchOptions {
    let list = |name| match field(document, name) {
        Some(RawBsonRef::Array(array)) => Some(array),
        _ => None,
    };
    LaunchOptions {
        permission_mode: text(document, "permission_mode"),
        model: text(document, "model"),
        extra_args: list("extra_args").map(texts).unwrap_or_default(),
        env: list("env")
            .map(pairs)
            .unwrap_or_default()
            .into_iter()
            .collect(),
        display: match field(document, "display") {
            Some(RawBsonRef::String("scrollback")) => DisplayMode::Scrollback,
            _ => DisplayMode::FullScreen,
        },
        milestone_command: text(document, "milestone_command"),
    }
}

fn texts(array: &RawArray) -> Vec<String> {
    let texts = array.into_iter().filter_map(|value| match value {
        Ok(RawBsonRef::String(text)) => Some(text.to_owned()),
        _ => None,
    });
    texts.collect()
}

fn pairs(array: &RawArray) -> Vec<(String, String)> {
    let pairs = array.into_iter().filter_map(|value| match value {
        Ok(RawBsonRef::Document(pair)) => Some((text(pair, "name")?, text(pair, "value")?)),
        _ => None,
    });
    pairs.collect()
}
