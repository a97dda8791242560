//! Who works where: asked of the server, and kept in memory as it was last heard. Where a
//! transcript lies is never lost: what the server does not have yet waits in the file.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::asking::Answer;
use super::{Team, TeamStore};
use crate::model::{ClaudeSessionId, Lease, Machine, ProjectId, TranscriptPlace};
use crate::store::{LeaseOutcome, LeaseRequest, Presence, ServerError, StoreError};

/// How long a lease holds that is not renewed.
const LASTS: Duration = Duration::from_secs(10);
/// What was noted this much before the newest that was heard may have come to be seen later.
const OVERLAP: SignedDuration = SignedDuration::from_secs(10);

/// What was last heard of who works where.
pub(super) struct Present {
    machine: Machine,
    heard: Mutex<Heard>,
    /// How often something changed that lists show.
    changes: AtomicU64,
}

#[derive(Default)]
struct Heard {
    /// Each with when it was heard.
    leases: HashMap<ProjectId, (Lease, Instant)>,
    places: HashMap<ClaudeSessionId, TranscriptPlace>,
    /// When the newest of the places was noted.
    newest: Option<Timestamp>,
    /// The leases that were live when that was last looked at.
    live: BTreeSet<(ProjectId, String)>,
}

impl Present {
    pub fn new(machine: Machine) -> Self {
        Self {
            machine,
            heard: Mutex::default(),
            changes: AtomicU64::new(0),
        }
    }

    /// A number that is another one once anything changed; it does not come near itself plus
    /// small ones.
    pub fn mark(&self) -> u64 {
        let changes = self.changes.load(Ordering::Relaxed);
        changes.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    /// The leases as they are by now.
    fn leases(&self) -> Vec<Lease> {
        let now = |(lease, heard): &(Lease, Instant)| Lease {
            left: lease.left.saturating_sub(heard.elapsed()),
            ..lease.clone()
        };
        self.leases.values().map(now).collect()
    }

    fn take(&mut self, project: ProjectId, lease: Option<&Lease>) {
        match lease {
            Some(lease) => self
                .leases
                .insert(project, (lease.clone(), Instant::now()))
                .map(drop),
            None => self.leases.remove(&project).map(drop),
        };
    }

    /// Whether other leases are live than when this was last asked.
    fn others_live(&mut self) -> bool {
        let leases = self.leases().into_iter();
        let live = leases
            .filter(Lease::is_live)
            .map(|lease| (lease.project, lease.holder.id))
            .collect();
        std::mem::replace(&mut self.live, live) != self.live
    }
}

impl Team {
    fn lease_request<'a>(
        &'a self,
        project: ProjectId,
        session_id: Option<&'a ClaudeSessionId>,
        pid: u32,
    ) -> LeaseRequest<'a> {
        LeaseRequest {
            project,
            machine: &self.present.machine,
            pid,
            session_id,
            lasts: LASTS,
        }
    }

    fn lease_heard(
        &self,
        project: ProjectId,
        outcome: Result<LeaseOutcome, ServerError>,
    ) -> Result<LeaseOutcome, StoreError> {
        let outcome = self.only_there(outcome.map_err(StoreError::from))?;
        let lease = match &outcome {
            LeaseOutcome::Ours(lease) | LeaseOutcome::Held(lease) => Some(lease),
            LeaseOutcome::Free => None,
        };
        self.leases_heard(|heard| heard.take(project, lease));
        Ok(outcome)
    }

    fn leases_heard(&self, take: impl FnOnce(&mut Heard)) -> bool {
        let mut heard = self.present.heard();
        take(&mut heard);
        let changed = heard.others_live();
        drop(heard);
        if changed {
            self.present.changes.fetch_add(1, Ordering::Relaxed);
            self.moved();
        }
        changed
    }

    fn places_heard(&self, places: Vec<TranscriptPlace>, newest: Option<Timestamp>) -> bool {
        let mut heard = self.present.heard();
        let mut changed = false;
        for place in places {
            let id = place.session_id.clone();
            let before = heard.places.insert(id, place.clone());
            changed |= before.as_ref() != Some(&place);
        }
        heard.newest = heard.newest.max(newest);
        drop(heard);
        if changed {
            self.present.changes.fetch_add(1, Ordering::Relaxed);
            self.moved();
        }
        changed
    }

    fn note_there(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
        at: Timestamp,
    ) -> Result<Answer<()>, StoreError> {
        let machine = &self.present.machine;
        let noted = self.server.note_transcript(project, id, machine, at);
        self.changed(noted.map_err(StoreError::from))
    }

    /// Tells the server where the transcripts are of which it does not know yet.
    pub(super) fn apply_transcripts(&self) -> Result<(), StoreError> {
        for (id, project, at) in self.local.read(waiting)? {
            match self.note_there(project, &id, at)? {
                Answer::Is(()) => self.local.write(|sql| arrived(sql, &id, at))?,
                Answer::Away(_) => break,
            }
        }
        Ok(())
    }
}

impl Presence for TeamStore {
    fn machine(&self) -> &Machine {
        &self.team.present.machine
    }

    fn lease(&self, project: ProjectId) -> Result<Option<Lease>, StoreError> {
        let lease = self.team.server.lease(project).map_err(StoreError::from);
        let lease = match self.team.asked(lease)? {
            Answer::Is(lease) => lease,
            Answer::Away(why) => return Err(why.into()),
        };
        let heard = |heard: &mut Heard| heard.take(project, lease.as_ref());
        self.team.leases_heard(heard);
        Ok(lease)
    }

    fn take_lease(
        &self,
        project: ProjectId,
        session_id: Option<&ClaudeSessionId>,
        pid: u32,
        from_anybody: bool,
    ) -> Result<LeaseOutcome, StoreError> {
        let request = self.team.lease_request(project, session_id, pid);
        let outcome = self.team.server.take_lease(request, from_anybody);
        self.team.lease_heard(project, outcome)
    }

    fn renew_lease(
        &self,
        project: ProjectId,
        session_id: Option<&ClaudeSessionId>,
        pid: u32,
    ) -> Result<LeaseOutcome, StoreError> {
        let request = self.team.lease_request(project, session_id, pid);
        let outcome = self.team.server.renew_lease(request);
        self.team.lease_heard(project, outcome)
    }

    fn release_lease(&self, project: ProjectId) -> Result<(), StoreError> {
        let machine = &self.team.present.machine;
        let released = self.team.server.release_lease(project, machine);
        self.team.only_there(released.map_err(StoreError::from))?;
        self.team.leases_heard(|heard| {
            let held = heard.leases.get(&project);
            if held.is_some_and(|(lease, _)| lease.holder.id == machine.id) {
                heard.take(project, None);
            }
        });
        Ok(())
    }

    fn transcript(&self, id: &ClaudeSessionId) -> Result<Option<TranscriptPlace>, StoreError> {
        let place = self.team.server.transcript(id).map_err(StoreError::from);
        match self.team.asked(place)? {
            Answer::Is(place) => {
                self.team
                    .places_heard(place.iter().cloned().collect(), None);
                Ok(place)
            }
            Answer::Away(_) => Ok(self.known_transcript(id)),
        }
    }

    fn note_transcript(
        &self,
        project: ProjectId,
        id: &ClaudeSessionId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        match self.team.note_there(project, id, at)? {
            Answer::Is(()) => Ok(()),
            Answer::Away(_) => self.team.local.write(|sql| wait(sql, project, id, at)),
        }
    }

    fn leases(&self) -> Vec<Lease> {
        self.team.present.heard().leases()
    }

    fn known_transcript(&self, id: &ClaudeSessionId) -> Option<TranscriptPlace> {
        self.team.present.heard().places.get(id).cloned()
    }

    fn listen(&self) -> Result<bool, StoreError> {
        self.team.apply_transcripts()?;
        let leases = self.team.server.leases().map_err(StoreError::from);
        let leases = match self.team.asked(leases)? {
            Answer::Is(leases) => leases,
            Answer::Away(why) => {
                // Those that were heard run out all the same.
                self.team.leases_heard(|_| {});
                return Err(why.into());
            }
        };
        let mut changed = self.team.leases_heard(|heard| {
            heard.leases.clear();
            for lease in &leases {
                heard.take(lease.project, Some(lease));
            }
        });
        let newest = self.team.present.heard().newest;
        let since = newest.and_then(|newest| newest.checked_sub(OVERLAP).ok());
        let noted = self.team.server.transcripts_since(since);
        if let Answer::Is((places, newest)) = self.team.asked(noted.map_err(StoreError::from))? {
            changed |= self.team.places_heard(places, newest);
        }
        Ok(changed)
    }
}

fn wait(
    sql: &Connection,
    project: ProjectId,
    id: &ClaudeSessionId,
    at: Timestamp,
) -> rusqlite::Result<()> {
    sql.prepare_cached(
        "INSERT INTO waiting_transcripts (session_id, project_id, at_us) VALUES (?1, ?2, ?3) \
         ON CONFLICT (session_id) DO UPDATE SET at_us = max(at_us, excluded.at_us)",
    )?
    .execute(params![
        id.as_str(),
        project.to_string(),
        at.as_microsecond()
    ])
    .map(drop)
}

fn waiting(sql: &Connection) -> rusqlite::Result<Vec<(ClaudeSessionId, ProjectId, Timestamp)>> {
    let mut statement =
        sql.prepare_cached("SELECT session_id, project_id, at_us FROM waiting_transcripts")?;
    let rows = statement.query_map([], |row| {
        let id: String = row.get(0)?;
        let project: String = row.get(1)?;
        let at = Timestamp::from_microsecond(row.get(2)?);
        Ok((id.parse(), project.parse(), at))
    })?;
    let mut waiting = Vec::new();
    for row in rows {
        // What another program put there is no note of ours.
        if let (Ok(id), Ok(project), Ok(at)) = row? {
            waiting.push((id, project, at));
        }
    }
    Ok(waiting)
}

/// The server has it; unless a later one came to wait meanwhile.
fn arrived(sql: &Connection, id: &ClaudeSessionId, at: Timestamp) -> rusqlite::Result<()> {
    sql.prepare_cached("DELETE FROM waiting_transcripts WHERE session_id = ?1 AND at_us <= ?2")?
        .execute(params![id.as_str(), at.as_microsecond()])
        .map(drop)
}
