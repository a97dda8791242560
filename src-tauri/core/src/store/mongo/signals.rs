//! What becomes of the documents: told by the server where it can (a replica set), looked for
//! otherwise.
//!
//! A signal says only which document changed. It is then fetched, as it is by that time.

use std::collections::HashSet;
use std::time::Duration;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, RawDocumentBuf, doc};
use mongodb::change_stream::ChangeStream;
use mongodb::change_stream::event::{ChangeStreamEvent, OperationType, ResumeToken};
use tokio::sync::mpsc;

use super::link::Link;
use super::{MongoStore, documents, indexes, launch, leases, listing, milestones, projects};
use super::{session_ids, transcripts};
use crate::model::{LineageEntry, Milestone, MilestoneId, OutputProject, ProjectId};
use crate::store::ServerError;

/// How long the server holds a question back that it has no answer to.
const AWAIT: Duration = Duration::from_millis(1000);
/// How many signals may wait before the server has to.
const WAITING: usize = 1000;
/// The server's numbers for being asked what only a replica set tells, or only some users may
/// know.
const NO_STREAM: [i32; 3] = [40573, 40324, 13];
/// How many documents are fetched at once.
pub(in crate::store) const PAGE: usize = 2000;

/// That something changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::store) enum Signal {
    Project(ProjectId),
    Milestone(MilestoneId),
    /// A row of the lineage, by its name.
    Row(String),
    /// A lease, or where a transcript lies.
    Presence,
    /// Anything: collections were dropped or renamed.
    Everything,
}

/// A place in the stream of signals, from which it can be taken up again.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Place(Option<ResumeToken>);

/// Signals as they come.
pub(in crate::store) struct Signals {
    receiver: mpsc::Receiver<Result<Step, ServerError>>,
    place: Place,
    /// Why nothing comes after what was received.
    end: Option<ServerError>,
}

/// What the server said, perhaps only that nothing changed, and the place behind that.
type Step = (Option<Signal>, Place);

impl Signals {
    /// Behind the last signal that was received.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// A row of the lineage, and what orders it among those of the same time.
pub(in crate::store) type AddedRow = (LineageEntry, String);

/// What changed lately, as it is now.
pub(in crate::store) struct Recent {
    pub projects: Vec<OutputProject>,
    pub milestones: Vec<Milestone>,
    pub rows: Vec<AddedRow>,
    /// About how many projects and milestones there are.
    pub counts: (u64, u64),
}

impl MongoStore {
    /// Has the server tell what changes from now on, or from `place` on where that is still
    /// known. None where it cannot tell.
    pub(in crate::store) fn signals(&self, place: &Place) -> Result<Option<Signals>, ServerError> {
        let place = place.clone();
        self.run(async |link| {
            let watch = link
                .database()
                .watch()
                .pipeline(pipeline())
                .max_await_time(AWAIT)
                .resume_after(place.0);
            match link.once(watch).await {
                Ok(stream) => Ok(Some(pump(link.clone(), stream))),
                Err(failure) if failure.code().is_some_and(|code| NO_STREAM.contains(&code)) => {
                    Ok(None)
                }
                Err(failure) => Err(failure.describe(&link.address)),
            }
        })
    }

    /// What was signalled, for which it waits that long at most.
    pub(in crate::store) fn next_signals(
        &self,
        signals: &mut Signals,
        wait: Duration,
    ) -> Result<Vec<Signal>, ServerError> {
        let mut found = Vec::new();
        self.run(async |link| {
            if let Some(end) = &signals.end {
                return Err(end.clone());
            }
            let ended = || Some(Err(failed(link, "the stream of changes ended")));
            let mut next = match tokio::time::timeout(wait, signals.receiver.recv()).await {
                Ok(next) => next.or_else(ended),
                Err(_) => None,
            };
            while let Some(step) = next {
                match step {
                    Ok((signal, place)) => {
                        signals.place = place;
                        found.extend(signal);
                    }
                    // What was told before it counts.
                    Err(end) if found.is_empty() => return Err(end),
                    Err(end) => {
                        signals.end = Some(end);
                        break;
                    }
                }
                let more = found.len() < WAITING;
                next = more.then(|| signals.receiver.try_recv().ok()).flatten();
            }
            Ok(found)
        })
    }

    /// Those of these projects that are there.
    pub(in crate::store) fn projects_of(
        &self,
        ids: &[ProjectId],
    ) -> Result<Vec<OutputProject>, ServerError> {
        let ids: Vec<_> = ids.iter().map(ProjectId::as_object_id).collect();
        self.run(async |link| found_projects(link, doc! { "_id": { "$in": ids } }).await)
    }

    /// Those of these milestones that are there.
    pub(in crate::store) fn milestones_of(
        &self,
        ids: &[MilestoneId],
    ) -> Result<Vec<Milestone>, ServerError> {
        let ids: Vec<_> = ids.iter().map(MilestoneId::as_object_id).collect();
        self.run(async |link| found_milestones(link, doc! { "_id": { "$in": ids } }).await)
    }

    /// Those of these rows that are there.
    pub(in crate::store) fn rows_of(&self, names: &[String]) -> Result<Vec<AddedRow>, ServerError> {
        self.run(async |link| found_rows(link, doc! { "_id": { "$in": names } }).await)
    }

    /// The next milestones in the order of their ids, at most [`PAGE`] documents; and the id of
    /// the last document, none at the end.
    pub(in crate::store) fn milestones_after(
        &self,
        last: Option<ObjectId>,
    ) -> Result<(Vec<Milestone>, Option<ObjectId>), ServerError> {
        let last = last.unwrap_or(ObjectId::from_bytes([0; 12]));
        self.run(async |link| {
            let collection = link.collection(milestones::COLLECTION);
            let find = collection
                .find(doc! { "_id": { "$gt": last } })
                .projection(documents::milestone_fields())
                .sort(doc! { "_id": 1 })
                .limit(PAGE as i64)
                .batch_size(PAGE as u32);
            let page = listing::collected(link, link.read(find).await?).await?;
            let last = page
                .last()
                .and_then(|document| documents::object_id(document, "_id"));
            Ok((understood(&page), last))
        })
    }

    /// The ids of all milestones.
    pub(in crate::store) fn milestone_ids(&self) -> Result<HashSet<MilestoneId>, ServerError> {
        self.run(async |link| {
            let (all, id) = (Document::new(), doc! { "_id": 1 });
            let found = listing::all(link, milestones::COLLECTION, all, id).await?;
            let ids = found
                .iter()
                .filter_map(|it| documents::object_id(it, "_id"));
            Ok(ids.map(MilestoneId::from).collect())
        })
    }

    /// The newest row of each project's lineage.
    pub(in crate::store) fn newest_rows(&self) -> Result<Vec<AddedRow>, ServerError> {
        self.run(async |link| {
            let newest = doc! { "_id": "$project_id", "row": { "$first": "$$ROOT" } };
            let stages = vec![
                doc! { "$sort": { "project_id": 1, "at_us": -1 } },
                doc! { "$group": newest },
                doc! { "$replaceWith": "$row" },
            ];
            let found = listing::aggregated(link, session_ids::LINEAGE, stages).await?;
            Ok(found.iter().filter_map(added_row).collect())
        })
    }

    /// What was changed in this time by the clocks of those who did it, and the server's clock.
    pub(in crate::store) fn recent(&self, time: Duration) -> Result<Recent, ServerError> {
        self.run(async |link| {
            let hello = link.read(link.database().run_command(doc! { "hello": 1 }));
            let now = hello
                .await?
                .get_datetime("localTime")
                .copied()
                .unwrap_or_else(|_| DateTime::now());
            let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
            let since = DateTime::from_millis(now.timestamp_millis().saturating_sub(ms));
            let changed = doc! { "updated_at": { "$gte": since } };
            let seconds = u32::try_from(since.timestamp_millis() / 1000).unwrap_or(0);
            let mut first = [0; 12];
            first[..4].copy_from_slice(&seconds.to_be_bytes());
            let added = doc! { "added": { "$gte": ObjectId::from_bytes(first) } };
            // Counted first: what is gone by then is not among what is found.
            let counts = counts(link).await?;
            Ok(Recent {
                projects: found_projects(link, changed.clone()).await?,
                milestones: found_milestones(link, changed).await?,
                rows: found_rows(link, added).await?,
                counts,
            })
        })
    }

    /// About how many projects and milestones there are.
    pub(in crate::store) fn counts(&self) -> Result<(u64, u64), ServerError> {
        self.run(async |link| counts(link).await)
    }

    /// Makes the indexes that [`MongoStore::recent`] needs to be quick.
    pub(in crate::store) fn prepare_recent(&self) -> Result<(), ServerError> {
        self.run(async |link| {
            indexes::ensure_recent(link).await;
            Ok(())
        })
    }
}

async fn counts(link: &Link) -> Result<(u64, u64), ServerError> {
    let count = async |collection| {
        let collection = link.collection(collection);
        link.read(collection.estimated_document_count()).await
    };
    Ok((
        count(projects::COLLECTION).await?,
        count(milestones::COLLECTION).await?,
    ))
}

async fn found_projects(link: &Link, filter: Document) -> Result<Vec<OutputProject>, ServerError> {
    let fields = documents::project_fields();
    let found = listing::all(link, projects::COLLECTION, filter, fields).await?;
    let mut found: Vec<_> = found
        .iter()
        .filter_map(|document| documents::project(document).ok())
        .collect();
    if !found.is_empty() {
        let mut launch = launch::of_these(link, found.iter().map(|project| project.id)).await?;
        for project in &mut found {
            project.launch = launch.remove(&project.id).unwrap_or_default();
        }
    }
    Ok(found)
}

async fn found_milestones(link: &Link, filter: Document) -> Result<Vec<Milestone>, ServerError> {
    let fields = documents::milestone_fields();
    let found = listing::all(link, milestones::COLLECTION, filter, fields).await?;
    Ok(understood(&found))
}

fn understood(documents: &[RawDocumentBuf]) -> Vec<Milestone> {
    documents
        .iter()
        .filter_map(|document| documents::milestone(document).ok())
        .collect()
}

async fn found_rows(link: &Link, filter: Document) -> Result<Vec<AddedRow>, ServerError> {
    let found = listing::all(link, session_ids::LINEAGE, filter, Document::new()).await?;
    Ok(found.iter().filter_map(added_row).collect())
}

fn added_row(row: &RawDocumentBuf) -> Option<AddedRow> {
    let project = documents::object_id(row, "project_id")?.into();
    let added = documents::object_id(row, "added").map(ObjectId::to_hex);
    Some((
        documents::lineage_entry(project, row)?,
        added.unwrap_or_default(),
    ))
}

/// Lets only that through what is of interest, and only the name of what changed.
fn pipeline() -> [Document; 2] {
    let names = [
        projects::COLLECTION,
        milestones::COLLECTION,
        session_ids::LINEAGE,
        launch::COLLECTION,
        leases::COLLECTION,
        transcripts::COLLECTION,
    ];
    // Leases are renewed all the time.
    let renewed = doc! {
        "ns.coll": leases::COLLECTION,
        "operationType": "update",
        "updateDescription.updatedFields.machine": { "$exists": false },
        "updateDescription.updatedFields.session_id": { "$exists": false },
    };
    let of_interest = doc! { "ns.coll": { "$in": names.to_vec() } };
    let of_all = doc! { "operationType": { "$in": ["dropDatabase", "invalidate", "rename"] } };
    [
        doc! { "$match": { "$or": [of_interest, of_all], "$nor": [renewed] } },
        doc! { "$project": { "operationType": 1, "ns": 1, "documentKey": 1 } },
    ]
}

/// Reads the stream on the driver's thread: a question to the server must not be given up half
/// way, and whoever waits for signals has other things to look after.
fn pump(link: Link, mut stream: ChangeStream<ChangeStreamEvent<Document>>) -> Signals {
    let (sender, receiver) = mpsc::channel(WAITING);
    let place = Place(stream.resume_token());
    tokio::spawn(async move {
        loop {
            let next = match link.once(stream.next_if_any()).await {
                Ok(Some(event)) => Ok((Some(signal(&event)), Place(stream.resume_token()))),
                Ok(None) if stream.is_alive() => Ok((None, Place(stream.resume_token()))),
                Ok(None) => Err(failed(&link, "the stream of changes ended")),
                Err(failure) => Err(failure.describe(&link.address)),
            };
            let ends = next.is_err();
            // Nobody listens any more once that fails.
            if sender.send(next).await.is_err() || ends {
                return;
            }
        }
    });
    Signals {
        receiver,
        place,
        end: None,
    }
}

fn signal(event: &ChangeStreamEvent<Document>) -> Signal {
    let key = event.document_key.as_ref();
    let collection = event.ns.as_ref().and_then(|ns| ns.coll.as_deref());
    let object_id = || key.and_then(|key| key.get_object_id("_id").ok());
    let is_document = matches!(
        event.operation_type,
        OperationType::Insert
            | OperationType::Update
            | OperationType::Replace
            | OperationType::Delete
    );
    match (is_document, collection) {
        (true, Some(projects::COLLECTION | launch::COLLECTION)) => {
            object_id().map_or(Signal::Presence, |id| Signal::Project(id.into()))
        }
        (true, Some(milestones::COLLECTION)) => {
            object_id().map_or(Signal::Presence, |id| Signal::Milestone(id.into()))
        }
        (true, Some(session_ids::LINEAGE)) => {
            let name = key.and_then(|key| key.get_str("_id").ok());
            name.map_or(Signal::Presence, |name| Signal::Row(name.to_owned()))
        }
        (true, _) => Signal::Presence,
        (false, _) => Signal::Everything,
    }
}

fn failed(link: &Link, reason: &str) -> ServerError {
    link.address
        .error(crate::store::ServerFault::Unreachable, reason)
}
