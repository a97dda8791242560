//! Who has a project's session live. Everything is by the server's clock: those of two machines
//! may differ.

use std::time::Duration;

use mongodb::bson::raw::{RawBsonRef, RawDocument};
use mongodb::bson::{Bson, Document, doc};

use super::MongoStore;
use super::documents::{field, object_id, text, time};
use super::failure::is_duplicate;
use super::link::Link;
use super::listing::exact;
use crate::model::{Lease, Machine, ProjectId};
use crate::store::{LeaseOutcome, LeaseRequest, ServerError};

pub(super) const COLLECTION: &str = "reprise_leases";

impl MongoStore {
    /// Takes a project's lease for this machine, or renews it. Another's is taken only when it
    /// is over, or `from_anybody`.
    ///
    /// # Errors
    /// [`ServerError`]
    pub fn take_lease(
        &self,
        lease: LeaseRequest<'_>,
        from_anybody: bool,
    ) -> Result<LeaseOutcome, ServerError> {
        self.run(async |link| take(link, lease, from_anybody).await)
    }

    /// Renews a lease that is this machine's, even one that is over where nobody has taken it.
    ///
    /// # Errors
    /// [`ServerError`]
    pub fn renew_lease(&self, lease: LeaseRequest<'_>) -> Result<LeaseOutcome, ServerError> {
        self.run(async |link| renew(link, lease).await)
    }

    /// Lets go of a lease that is this machine's. Returns whether it was.
    ///
    /// # Errors
    /// [`ServerError`]
    pub fn release_lease(
        &self,
        project: ProjectId,
        machine: &Machine,
    ) -> Result<bool, ServerError> {
        self.run(async |link| release(link, project, machine).await)
    }

    /// A project's lease, also one that is over.
    ///
    /// # Errors
    /// [`ServerError`]
    pub fn lease(&self, project: ProjectId) -> Result<Option<Lease>, ServerError> {
        self.run(async |link| of(link, project).await)
    }

    /// All leases, also those that are over.
    ///
    /// # Errors
    /// [`ServerError`]
    pub fn leases(&self) -> Result<Vec<Lease>, ServerError> {
        self.run(async |link| all(link).await)
    }
}

/// Takes a project's lease, or renews it where it is this machine's already: where nobody has it,
/// where it is over, or, with `from_anybody`, whoever has it.
pub(super) async fn take(
    link: &Link,
    lease: LeaseRequest<'_>,
    from_anybody: bool,
) -> Result<LeaseOutcome, ServerError> {
    let LeaseRequest {
        project,
        machine,
        pid,
        session_id,
        lasts,
    } = lease;
    let collection = link.collection(COLLECTION);
    let filter = doc! { "_id": project.as_object_id() };
    let ours = doc! { "$eq": ["$machine", literal(&machine.id)] };
    // One that is missing, as in a document that is made now, comes before all dates.
    let over = doc! { "$lte": ["$expires", "$$NOW"] };
    let is_ours = doc! { "$and": [ours.clone(), { "$not": [over.clone()] }] };
    let taken = doc! {
        "machine": literal(&machine.id),
        "host": literal(&machine.host),
        "user": literal(&machine.user),
        "pid": i64::from(pid),
        "session_id": session_id.map_or(Bson::Null, |id| literal(id.as_str()).into()),
        // Since when it has been ours without a break.
        "since": { "$cond": [is_ours, "$since", "$$NOW"] },
        "expires": until(lasts),
    };
    let may = doc! { "$or": [from_anybody, ours, over] };
    let taken = doc! { "$mergeObjects": ["$$ROOT", taken] };
    let update = vec![doc! { "$replaceWith": { "$cond": [may, taken, "$$ROOT"] } }];
    let upsert = || {
        collection
            .update_one(filter.clone(), update.clone())
            .upsert(true)
            .collation(exact())
    };
    // Of two that find nobody at once, one is refused, and finds the other then.
    link.write(|_| async {
        match upsert().await {
            Err(error) if is_duplicate(&error) => upsert().await,
            result => result,
        }
    })
    .await?;
    Ok(outcome(of(link, project).await?, machine))
}

fn outcome(now: Option<Lease>, machine: &Machine) -> LeaseOutcome {
    match now {
        Some(lease) if lease.holder.id == machine.id => LeaseOutcome::Ours(lease),
        Some(lease) => LeaseOutcome::Held(lease),
        None => LeaseOutcome::Free,
    }
}

/// Renews a lease, if it is this machine's: also one that is over and that nobody has taken.
pub(super) async fn renew(
    link: &Link,
    lease: LeaseRequest<'_>,
) -> Result<LeaseOutcome, ServerError> {
    let LeaseRequest {
        project,
        machine,
        pid,
        session_id,
        lasts,
    } = lease;
    let collection = link.collection(COLLECTION);
    let filter = doc! { "_id": project.as_object_id(), "machine": &machine.id };
    let mut fields = doc! { "pid": i64::from(pid), "expires": until(lasts) };
    if let Some(id) = session_id {
        fields.insert("session_id", literal(id.as_str()));
    }
    link.write(|_| {
        collection
            .update_one(filter.clone(), vec![doc! { "$set": fields.clone() }])
            .collation(exact())
    })
    .await?;
    Ok(outcome(of(link, project).await?, machine))
}

/// Lets go of a lease, if it is this machine's. Returns whether it was.
pub(super) async fn release(
    link: &Link,
    project: ProjectId,
    machine: &Machine,
) -> Result<bool, ServerError> {
    let collection = link.collection(COLLECTION);
    let filter = doc! { "_id": project.as_object_id(), "machine": &machine.id };
    link.write(|again| {
        let delete = collection.delete_one(filter.clone()).collation(exact());
        async move {
            delete
                .await
                .map(|deleted| again || deleted.deleted_count > 0)
        }
    })
    .await
}

/// A project's lease, also one that is over.
pub(super) async fn of(link: &Link, project: ProjectId) -> Result<Option<Lease>, ServerError> {
    let found = find(link, doc! { "_id": project.as_object_id() }).await?;
    Ok(found.into_iter().next())
}

/// All leases, also those that are over.
pub(super) async fn all(link: &Link) -> Result<Vec<Lease>, ServerError> {
    find(link, Document::new()).await
}

async fn find(link: &Link, filter: Document) -> Result<Vec<Lease>, ServerError> {
    let collection = link.collection(COLLECTION);
    let is_date = doc! { "$eq": [{ "$type": "$expires" }, "date"] };
    let left = doc! { "$cond": [is_date, { "$subtract": ["$expires", "$$NOW"] }, 0] };
    let stages = [
        doc! { "$match": filter },
        doc! { "$set": { "left_ms": left } },
    ];
    let mut cursor = link.read(collection.aggregate(stages)).await?;
    let mut found = Vec::new();
    while link.read(cursor.advance()).await? {
        found.extend(lease(cursor.current()));
    }
    Ok(found)
}

/// Reads a lease; what is none is left out.
fn lease(document: &RawDocument) -> Option<Lease> {
    let number = |name| match field(document, name) {
        Some(RawBsonRef::Int64(number)) => Some(number),
        Some(RawBsonRef::Int32(number)) => Some(number.into()),
        _ => None,
    };
    let left = number("left_ms").and_then(|ms| u64::try_from(ms).ok());
    Some(Lease {
        project: object_id(document, "_id")?.into(),
        holder: machine(document)?,
        pid: number("pid")
            .and_then(|pid| pid.try_into().ok())
            .unwrap_or(0),
        session_id: text(document, "session_id").and_then(|text| text.parse().ok()),
        since: time(document, "since")?,
        expires: time(document, "expires")?,
        left: Duration::from_millis(left.unwrap_or(0)),
    })
}

/// The machine that a document of ours names.
pub(super) fn machine(document: &RawDocument) -> Option<Machine> {
    Some(Machine {
        id: text(document, "machine")?,
        host: text(document, "host").unwrap_or_default(),
        user: text(document, "user").unwrap_or_default(),
    })
}

/// A text as it is: in these updates one that begins with $ would name a field.
pub(super) fn literal(text: &str) -> Document {
    doc! { "$literal": text }
}

fn until(lasts: Duration) -> Document {
    let lasts = i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX);
    doc! { "$add": ["$$NOW", lasts] }
}
