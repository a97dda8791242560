//! Fetching documents, each round trip within its limits.

use mongodb::Cursor;
use mongodb::bson::{Document, RawDocumentBuf};
use mongodb::options::Collation;

use super::link::Link;
use crate::store::ServerError;

/// Letters are compared as they are, whatever a collection's own rules are.
pub(super) fn exact() -> Collation {
    Collation::builder().locale("simple".to_owned()).build()
}

/// A document, with the fields that are asked for; with none named, all.
pub(super) async fn one(
    link: &Link,
    collection: &str,
    filter: Document,
    fields: Document,
) -> Result<Option<RawDocumentBuf>, ServerError> {
    let collection = link.collection(collection);
    link.read(
        collection
            .find_one(filter)
            .projection(fields)
            .collation(exact()),
    )
    .await
}

/// All documents that a filter finds, in no order.
pub(super) async fn all(
    link: &Link,
    collection: &str,
    filter: Document,
    fields: Document,
) -> Result<Vec<RawDocumentBuf>, ServerError> {
    let collection = link.collection(collection);
    let find = collection
        .find(filter)
        .projection(fields)
        .collation(exact());
    let cursor = link.read(find).await?;
    collected(link, cursor).await
}

/// What a pipeline makes of a collection, in no order.
pub(super) async fn aggregated(
    link: &Link,
    collection: &str,
    pipeline: Vec<Document>,
) -> Result<Vec<RawDocumentBuf>, ServerError> {
    let collection = link.collection(collection);
    let aggregate = collection.aggregate(pipeline).collation(exact());
    let cursor = link.read(aggregate).await?;
    collected(link, cursor).await
}

pub(super) async fn collected<T>(
    link: &Link,
    mut cursor: Cursor<T>,
) -> Result<Vec<RawDocumentBuf>, ServerError> {
    let mut found = Vec::new();
    while link.read(cursor.advance()).await? {
        found.push(cursor.current().to_owned());
    }
    Ok(found)
}
