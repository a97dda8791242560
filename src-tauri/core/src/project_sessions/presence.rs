//! A project that a team shares: whoever starts its session holds the lease, and a conversation
//! whose transcript is on another machine is not taken up here by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;

use super::{ProjectSessions, SessionsError, StartChoice, lock};
use crate::claude::resume::TranscriptFact;
use crate::model::{
    ClaudeSessionId, Lease, Machine, OutputProject, ProjectId, SessionState, TerminalKey,
    TranscriptPlace,
};
use crate::session::journal::{JournalEvent, JournalRecord};
use crate::session::protocol::HostStatus;
use crate::store::{LeaseOutcome, Presence, ServerError, StoreError};

/// How often a lease is tried that somebody lets go of in this very moment.
const TRIES: usize = 3;

/// What stands against starting a project's session here. At least one of the first three is
/// there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// Another machine has the session live.
    pub lease: Option<Lease>,
    /// Another machine has the conversation's transcript.
    pub transcript: Option<TranscriptPlace>,
    /// The server cannot be asked whether one has.
    pub away: Option<ServerError>,
    /// Whether [`StartChoice::StartAnyway`] can go on with the conversation: its transcript is
    /// here as well, perhaps an older one, or there is none yet.
    pub can_go_on: bool,
}

/// A project of which another machine has the session or its transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectElsewhere {
    /// The machine.
    pub machine: Machine,
    /// Whether it has the session live; otherwise it has the transcript.
    pub live: bool,
    /// Since when it is live, or when it was last worked on.
    pub at: Timestamp,
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(lease) = &self.lease {
            let (user, host) = (&lease.holder.user, &lease.holder.host);
            return write!(f, "{user} has this session live on {host}");
        }
        if let Some(place) = &self.transcript {
            return write!(
                f,
                "the transcript is on {}, last active {}",
                place.machine.host, place.last_active
            );
        }
        f.write_str("whether another machine has this session live cannot be told")?;
        match &self.away {
            Some(away) => write!(f, ": {away}"),
            None => Ok(()),
        }
    }
}

impl ProjectSessions {
    /// Takes the lease of a project that is about to be started; says what stands against it,
    /// where the person has not agreed to just that.
    pub(super) fn claim(
        &self,
        project: &OutputProject,
        choice: Option<&StartChoice>,
    ) -> Result<Option<Box<Elsewhere>>, SessionsError> {
        let Some(presence) = self.store.presence() else {
            return Ok(None);
        };
        // What was chosen was chosen in view of what was shown, and of nothing else.
        let agreed = match choice {
            None | Some(StartChoice::TryAgain) => None,
            Some(StartChoice::StartAnyway) => {
                let asked = lock(&self.asked).get(&project.id).cloned();
                asked.filter(|asked| asked.can_go_on)
            }
            Some(_) => lock(&self.asked).get(&project.id).cloned(),
        };
        let against = self.against(presence, project, choice, agreed.as_ref())?;
        match &against {
            Some(against) => lock(&self.asked).insert(project.id, (**against).clone()),
            None => lock(&self.asked).remove(&project.id),
        };
        Ok(against)
    }

    fn against(
        &self,
        presence: &dyn Presence,
        project: &OutputProject,
        choice: Option<&StartChoice>,
        agreed: Option<&Elsewhere>,
    ) -> Result<Option<Box<Elsewhere>>, SessionsError> {
        let id = project.claude_session_id.id();
        let here = &presence.machine().id;
        let agreed_to = |lease: &Lease| {
            let shown = agreed.and_then(|agreed| agreed.lease.as_ref());
            shown.is_some_and(|shown| shown.holder.id == lease.holder.id)
        };
        for _ in 0..TRIES {
            let before = match presence.lease(project.id) {
                Ok(lease) => lease.filter(|lease| lease.holder.id != *here),
                Err(StoreError::Server(away)) => {
                    return self.without_server(presence, project, agreed, away);
                }
                Err(error) => return Err(error.into()),
            };
            let place = match id {
                Some(id) => presence.transcript(id)?,
                None => None,
            };
            let place = place.filter(|place| place.machine.id != *here);
            // A lease that ran out tells until when it was surely worked on.
            let place = place.map(|place| match &before {
                Some(lease) if lease.holder.id == place.machine.id && !lease.is_live() => {
                    let last_active = place.last_active.max(lease.expires);
                    TranscriptPlace {
                        last_active,
                        ..place
                    }
                }
                _ => place,
            });
            let live = before.clone().filter(Lease::is_live);
            if let Some(live) = live.filter(|live| !agreed_to(live)) {
                return self.stands_against(project, Some(live), place, None);
            }
            // Nothing was said there, unless it died before that came to be known.
            let is_theirs = |place: &TranscriptPlace| {
                let died_there = before.as_ref().is_some_and(|lease| {
                    lease.holder.id == place.machine.id && lease.session_id.as_ref() == id
                });
                Ok::<_, StoreError>(
                    died_there || self.store.message_sent(project.id, &place.session_id)?,
                )
            };
            // Another conversation, or our copy, is what the person wants then.
            let resumes = match choice {
                None | Some(StartChoice::TryAgain) => true,
                Some(StartChoice::StartAnyway) => agreed.is_none(),
                Some(_) => false,
            };
            if let Some(place) = place
                && resumes
                && is_theirs(&place)?
            {
                return self.stands_against(project, None, Some(place), None);
            }
            let from_anybody = before.as_ref().is_some_and(agreed_to);
            match presence.take_lease(project.id, id, std::process::id(), from_anybody) {
                Ok(LeaseOutcome::Ours(_)) => return Ok(None),
                // Somebody came, or went, in this very moment.
                Ok(LeaseOutcome::Held(_) | LeaseOutcome::Free) => {}
                Err(StoreError::Server(away)) => {
                    return self.without_server(presence, project, agreed, away);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let lease = presence.lease(project.id)?;
        self.stands_against(project, lease, None, None)
    }

    /// Where nobody can be asked: a first conversation can be begun, and its id waits.
    fn without_server(
        &self,
        presence: &dyn Presence,
        project: &OutputProject,
        agreed: Option<&Elsewhere>,
        away: ServerError,
    ) -> Result<Option<Box<Elsewhere>>, SessionsError> {
        let Some(id) = project.claude_session_id.id() else {
            return Ok(None);
        };
        let leases = presence.leases();
        let lease = leases.into_iter().find(|lease| lease.project == project.id);
        let lease = lease.filter(Lease::is_live);
        let here = &presence.machine().id;
        let is_ours = lease.as_ref().is_some_and(|it| it.holder.id == *here);
        if is_ours || agreed.is_some_and(|agreed| agreed.away.is_some()) {
            return Ok(None);
        }
        let place = presence.known_transcript(id);
        let place = place.filter(|place| place.machine.id != *here);
        self.stands_against(project, lease, place, Some(away))
    }

    fn stands_against(
        &self,
        project: &OutputProject,
        lease: Option<Lease>,
        transcript: Option<TranscriptPlace>,
        away: Option<ServerError>,
    ) -> Result<Option<Box<Elsewhere>>, SessionsError> {
        // That nothing was said is not known before the other machine has written it down: then
        // there would be two conversations of one id.
        let facts = self.facts(project, &project.claude_session_id, None)?;
        let can_go_on = project.claude_session_id.id().is_none()
            || matches!(facts.transcript, TranscriptFact::Usable(_));
        Ok(Some(Box::new(Elsewhere {
            lease,
            transcript,
            away,
            can_go_on,
        })))
    }

    /// Notes for the team what has just been started. Where that fails, [`keep_leases`] and the
    /// journal make up for it.
    ///
    /// [`keep_leases`]: ProjectSessions::keep_leases
    pub(super) fn note_start(&self, status: &HostStatus) {
        let (Some(presence), Some(id)) = (self.store.presence(), &status.session_id) else {
            return;
        };
        let _ = presence.note_transcript(status.project, id, Timestamp::now());
        let _ = presence.renew_lease(status.project, Some(id), status.program_pid);
    }

    /// Lets go of what was taken for a start that came to nothing.
    pub(super) fn let_go(&self, project: ProjectId) {
        if let Some(presence) = self.store.presence() {
            // Where it cannot be told, it ends by itself.
            let _ = presence.release_lease(project);
        }
    }

    /// Notes for the team that the conversations of these records were worked on here.
    pub(super) fn note_transcripts(
        &self,
        project: ProjectId,
        records: &[&JournalRecord],
    ) -> Result<(), StoreError> {
        let Some(presence) = self.store.presence() else {
            return Ok(());
        };
        for (id, at) in conversations(records) {
            presence.note_transcript(project, id, at)?;
        }
        Ok(())
    }

    /// Renews the leases of the sessions that live on this machine, and lets go of those of
    /// sessions that do not any more. Call it every 3 seconds. Returns the leases that another
    /// machine has taken from a session that lives here.
    ///
    /// # Errors
    /// [`SessionsError::Store`], where the server is away: sessions go on.
    pub fn keep_leases(&self) -> Result<Vec<Lease>, SessionsError> {
        let Some(presence) = self.store.presence() else {
            return Ok(Vec::new());
        };
        let mut live = BTreeSet::new();
        let mut lost = Vec::new();
        for (project, terminal, _) in self.hosts.held() {
            if terminal != TerminalKey::Claude {
                continue;
            }
            live.insert(project);
            // One that does not answer is there all the same.
            let status = self.hosts.get(project, terminal).ok().flatten();
            let ended = |status: &HostStatus| matches!(status.state, SessionState::Ended(_));
            if status.as_ref().is_some_and(ended) {
                live.remove(&project);
                continue;
            }
            let id = status
                .as_ref()
                .and_then(|status| status.session_id.as_ref());
            let pid = status.as_ref().map_or(0, |status| status.program_pid);
            let outcome = match presence.renew_lease(project, id, pid)? {
                LeaseOutcome::Free => presence.take_lease(project, id, pid, false)?,
                outcome => outcome,
            };
            if let LeaseOutcome::Held(by) = outcome {
                lost.push(by);
            }
        }
        for lease in presence.leases() {
            let is_ours = lease.is_live() && lease.holder.id == presence.machine().id;
            // Not while it is being started, which holds it, too.
            let turn = self.start_lock(lease.project);
            if is_ours
                && !live.contains(&lease.project)
                && let Ok(_turn) = turn.try_lock()
                && !self.is_held(lease.project)
            {
                self.note_end(presence, &lease)?;
                presence.release_lease(lease.project)?;
            }
        }
        Ok(lost)
    }

    fn is_held(&self, project: ProjectId) -> bool {
        let terminals = self.hosts.of_project(project);
        terminals.contains(&TerminalKey::Claude)
    }

    /// Notes until when the session of a lease was worked on.
    fn note_end(&self, presence: &dyn Presence, lease: &Lease) -> Result<(), StoreError> {
        let Some(id) = &lease.session_id else {
            return Ok(());
        };
        let end = self.hosts.last_end(lease.project);
        let at = end.map_or_else(Timestamp::now, |end| end.at);
        presence.note_transcript(lease.project, id, at)
    }

    /// Which of these projects another machine has live, or whose conversation's transcript it
    /// has; as was last heard, without asking anybody.
    pub fn elsewhere(&self, projects: &[OutputProject]) -> BTreeMap<ProjectId, ProjectElsewhere> {
        let Some(presence) = self.store.presence() else {
            return BTreeMap::new();
        };
        let here = &presence.machine().id;
        let leases = presence.leases().into_iter();
        let mut found: BTreeMap<_, _> = leases
            .filter(|lease| lease.is_live() && lease.holder.id != *here)
            .map(|lease| {
                let elsewhere = ProjectElsewhere {
                    machine: lease.holder,
                    live: true,
                    at: lease.since,
                };
                (lease.project, elsewhere)
            })
            .collect();
        for project in projects {
            let id = project.claude_session_id.id();
            let place = id.and_then(|id| presence.known_transcript(id));
            if let Some(place) = place.filter(|place| place.machine.id != *here) {
                found.entry(project.id).or_insert(ProjectElsewhere {
                    machine: place.machine,
                    live: false,
                    at: place.last_active,
                });
            }
        }
        found
    }
}

/// The conversations of these records, each with when it was last heard of.
fn conversations<'a>(records: &[&'a JournalRecord]) -> BTreeMap<&'a ClaudeSessionId, Timestamp> {
    let mut found = BTreeMap::new();
    let mut current = None;
    for record in records {
        match &record.event {
            JournalEvent::Started { session_id, .. } => current = session_id.as_ref(),
            JournalEvent::SessionId { id, .. } | JournalEvent::MessageSent { id } => {
                current = Some(id);
            }
            JournalEvent::Ended { .. } => {}
        }
        if let Some(id) = current {
            found.insert(id, record.at);
        }
    }
    found
}
