//! On which machine a conversation's transcript lies.

use jiff::Timestamp;
use mongodb::bson::raw::RawDocument;
use mongodb::bson::{Document, doc};

use super::MongoStore;
use super::documents::{date, object_id, text, time};
use super::failure::is_duplicate;
use super::leases::{literal, machine};
use super::link::Link;
use super::listing::{self, exact};
use crate::model::{ClaudeSessionId, Machine, ProjectId, TranscriptPlace};
use crate::store::ServerError;

pub(super) const COLLECTION: &str = "reprise_transcripts";

impl MongoStore {
    /// Notes that a conversation was worked on on this machine at a time, and its transcript is
    /// here. Where another machine did so later, it stays noted as that one's.
    ///
    /// # Errors
    /// [`ServerError`]
    pub fn note_transcript(
        &self,
        project: ProjectId,
        session_id: &ClaudeSessionId,
        machine: &Machine,
        at: Timestamp,
    ) -> Result<(), ServerError> {
        self.run(async |link| note(link, project, session_id, machine, at).await)
    }

    /// Where a conversation's transcript is; none where nobody has noted it.
    ///
    /// # Errors
    /// [`ServerError`]
    pub fn transcript(
        &self,
        session_id: &ClaudeSessionId,
    ) -> Result<Option<TranscriptPlace>, ServerError> {
        self.run(async |link| of(link, session_id).await)
    }

    /// Where the transcripts are that were noted since then (all, where nothing is given), and
    /// when the newest of them was noted; by the server's clock.
    ///
    /// # Errors
    /// [`ServerError`]
    pub fn transcripts_since(
        &self,
        since: Option<Timestamp>,
    ) -> Result<(Vec<TranscriptPlace>, Option<Timestamp>), ServerError> {
        self.run(async |link| noted_since(link, since).await)
    }
}

/// Notes that a conversation was worked on here at a time. Where another machine did so later, it
/// stays noted as that one's. A clock that is ahead counts as the server's.
pub(super) async fn note(
    link: &Link,
    project: ProjectId,
    session_id: &ClaudeSessionId,
    here: &Machine,
    at: Timestamp,
) -> Result<(), ServerError> {
    let collection = link.collection(COLLECTION);
    let ours = doc! { "machine": &here.id };
    let earlier = doc! { "last_active": { "$lte": date(at) } };
    let filter = doc! { "_id": session_id.as_str(), "$or": [ours, earlier] };
    let at = doc! { "$min": [date(at), "$$NOW"] };
    let known = doc! { "$and": [
        { "$eq": ["$machine", literal(&here.id)] },
        { "$gte": ["$last_active", at.clone()] },
    ] };
    let fields = doc! {
        "project_id": project.as_object_id(),
        "machine": literal(&here.id),
        "host": literal(&here.host),
        "user": literal(&here.user),
        "last_active": { "$max": ["$last_active", at] },
        // For those who ask what is new: nothing is, where it is noted once more.
        "noted_at": { "$cond": [known, "$noted_at", "$$NOW"] },
    };
    let update = vec![doc! { "$set": fields }];
    let upsert = || {
        collection
            .update_one(filter.clone(), update.clone())
            .upsert(true)
            .collation(exact())
    };
    link.write(|_| async {
        // Another machine's is later; or it was noted for the first time by two at once.
        match upsert().await {
            Err(error) if is_duplicate(&error) => match upsert().await {
                Err(error) if is_duplicate(&error) => Ok(()),
                result => result.map(drop),
            },
            result => result.map(drop),
        }
    })
    .await
}

/// Where a conversation's transcript is; none where nobody has noted it.
pub(super) async fn of(
    link: &Link,
    session_id: &ClaudeSessionId,
) -> Result<Option<TranscriptPlace>, ServerError> {
    let filter = doc! { "_id": session_id.as_str() };
    let found = listing::one(link, COLLECTION, filter, Document::new()).await?;
    Ok(found.and_then(|document| place(&document)))
}

/// The places that were noted since then, and when the newest of them was.
async fn noted_since(
    link: &Link,
    since: Option<Timestamp>,
) -> Result<(Vec<TranscriptPlace>, Option<Timestamp>), ServerError> {
    let filter = match since {
        Some(since) => doc! { "noted_at": { "$gte": date(since) } },
        None => Document::new(),
    };
    let found = listing::all(link, COLLECTION, filter, Document::new()).await?;
    let newest = found.iter().filter_map(|it| time(it, "noted_at")).max();
    Ok((found.iter().filter_map(|it| place(it)).collect(), newest))
}

/// Reads a document; what is none is left out.
fn place(document: &RawDocument) -> Option<TranscriptPlace> {
    Some(TranscriptPlace {
        session_id: text(document, "_id")?.parse().ok()?,
        project: object_id(document, "project_id")?.into(),
        machine: machine(document)?,
        last_active: time(document, "last_active")?,
    })
}
