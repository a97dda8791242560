//! One project for a folder. The documents of `output_projects` cannot promise that: other
//! programs may keep several projects of one folder there, so no index may forbid it. Whoever
//! creates a project, or moves one, holds the folder for that moment, in a collection of ours.

use std::time::Duration;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use tokio::time::Instant;

use super::failure::is_duplicate;
use super::link::Link;
use super::listing::exact;
use crate::store::{ServerError, ServerFault};

const COLLECTION: &str = "reprise_folder_claims";
/// After this long a claim is another's to take: its holder died. What is done under it takes
/// milliseconds.
const LEASE: Duration = Duration::from_secs(10);
/// How often to look whether a claim is free.
const POLL: Duration = Duration::from_millis(50);

/// A folder that is ours to give a project.
pub(super) struct Claim {
    path: String,
    holder: ObjectId,
}

/// Waits until the folder is ours.
pub(super) async fn claim(link: &Link, path: &str) -> Result<Claim, ServerError> {
    let claim = Claim {
        path: path.to_owned(),
        holder: ObjectId::new(),
    };
    let from = Instant::now();
    while !(claim.take(link).await? || claim.take_over(link).await?) {
        if from.elapsed() > LEASE + POLL * 20 {
            return Err(link.address.error(ServerFault::Busy, path));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(claim)
}

impl Claim {
    fn name(&self) -> Document {
        doc! { "_id": &self.path, "holder": self.holder }
    }

    /// By the server's clock: those of two machines may differ.
    fn lease(&self) -> Vec<Document> {
        let lease = i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX);
        vec![doc! { "$set": {
            "holder": self.holder,
            "until": { "$add": ["$$NOW", lease] },
        } }]
    }

    /// Takes a folder that nobody holds.
    async fn take(&self, link: &Link) -> Result<bool, ServerError> {
        let collection = link.collection(COLLECTION);
        link.write(|_| {
            let upsert = collection
                .update_one(self.name(), self.lease())
                .upsert(true)
                .collation(exact());
            async move {
                match upsert.await {
                    Ok(_) => Ok(true),
                    Err(error) if is_duplicate(&error) => Ok(false),
                    Err(error) => Err(error),
                }
            }
        })
        .await
    }

    /// Takes a folder whose holder has not let go in time.
    async fn take_over(&self, link: &Link) -> Result<bool, ServerError> {
        let collection = link.collection(COLLECTION);
        let over = doc! { "$lt": ["$until", "$$NOW"] };
        let ours = doc! { "$eq": ["$holder", self.holder] };
        let filter = doc! { "_id": &self.path, "$expr": { "$or": [over, ours] } };
        let updated = link
            .write(|_| {
                collection
                    .update_one(filter.clone(), self.lease())
                    .collation(exact())
            })
            .await?;
        Ok(updated.matched_count > 0)
    }

    /// Where this fails, the claim ends by itself.
    pub async fn release(self, link: &Link) {
        let collection = link.collection(COLLECTION);
        let _ = link
            .write(|_| collection.delete_one(self.name()).collation(exact()))
            .await;
    }
}
