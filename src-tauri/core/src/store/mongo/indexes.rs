//! The indexes that our queries need. Those that are there are left as they are, ours are made
//! where none begins with the same field. Without them, or without the right to make them,
//! everything works and is slower.

use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;

use super::failure::Failure;
use super::link::Link;
use super::{milestones, projects, session_ids, transcripts};

pub(super) async fn ensure(link: &Link) {
    ensure_these(
        link,
        &[
            (
                projects::COLLECTION,
                "reprise_workspace_path",
                doc! { "workspace_path": 1 },
            ),
            (
                milestones::COLLECTION,
                "reprise_output_project_id",
                doc! { "output_project_id": 1 },
            ),
            (
                session_ids::LINEAGE,
                "reprise_project_id",
                // Also finds the newest row of each project by its index alone.
                doc! { "project_id": 1, "at_us": -1 },
            ),
            (
                transcripts::COLLECTION,
                "reprise_noted_at",
                doc! { "noted_at": 1 },
            ),
        ],
    )
    .await;
}

/// Those that find what changed lately, where the server does not tell it.
pub(super) async fn ensure_recent(link: &Link) {
    ensure_these(
        link,
        &[
            (
                projects::COLLECTION,
                "reprise_updated_at",
                doc! { "updated_at": 1 },
            ),
            (
                milestones::COLLECTION,
                "reprise_updated_at",
                doc! { "updated_at": 1 },
            ),
            (session_ids::LINEAGE, "reprise_added", doc! { "added": 1 }),
        ],
    )
    .await;
}

async fn ensure_these(link: &Link, wanted: &[(&str, &str, Document)]) {
    for (collection, name, keys) in wanted {
        // Whoever may not look at the indexes may not make any.
        if let Ok(false) = has(link, collection, keys).await {
            let options = IndexOptions::builder().name((*name).to_owned()).build();
            let index = IndexModel::builder()
                .keys(keys.clone())
                .options(options)
                .build();
            let _ = link
                .once(link.collection(collection).create_index(index))
                .await;
        }
    }
}

/// Whether an index begins with the first of these fields.
async fn has(link: &Link, collection: &str, keys: &Document) -> Result<bool, Failure> {
    let mut cursor = match link.once(link.collection(collection).list_indexes()).await {
        Ok(cursor) => cursor,
        Err(failure) if failure.is_no_such_collection() => return Ok(false),
        Err(failure) => return Err(failure),
    };
    while link.once(cursor.advance()).await? {
        let first = cursor.current().get_document("key").ok().and_then(|key| {
            let (name, _) = key.into_iter().next()?.ok()?;
            Some(name.as_str().to_owned())
        });
        if first.as_ref() == keys.keys().next() {
            return Ok(true);
        }
    }
    Ok(false)
}
