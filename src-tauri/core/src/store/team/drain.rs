//! Applying what waits, when the server is there: project by project, each change by
//! compare-and-set, in the order lineage, session id, statuses. Doing it twice is harmless, so
//! that several processes of this machine may do it at once.

use std::sync::PoisonError;

use jiff::Timestamp;

use super::asking::Answer;
use super::mirror::{self, Known};
use super::outbox::{self, Chain, Chains};
use super::state::{ConflictWhat, Keep, Settled, TeamConflict};
use super::{Team, TeamLink, conflict_of};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, MilestoneId, MilestoneStatus, OutputProject, ProjectId,
    ProjectStatus,
};
use crate::store::{ReplaceOutcome, Store, StoreError};

/// How often a value is tried to be set that another one changes meanwhile.
const ATTEMPTS: usize = 5;

/// Whether the server is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Yes,
    No,
}

/// Leaves the function where the server is away.
macro_rules! or_away {
    ($answer:expr) => {
        match $answer? {
            Answer::Is(value) => value,
            Answer::Away(_) => return Ok(Reached::No),
        }
    };
}

/// Applies what waits of all projects. What one of them cannot do does not stop the others.
pub(super) fn all(team: &Team) -> Result<(), StoreError> {
    team.apply_transcripts()?;
    let mut trouble = None;
    for id in team.local.read(outbox::projects)? {
        match one(team, id) {
            // Otherwise the server is there, and refuses this one change.
            Ok(Reached::No) if team.link() != TeamLink::Connected => break,
            Ok(_) => {}
            Err(error) => trouble = Some(error),
        }
    }
    trouble.map_or(Ok(()), Err)
}

/// Applies what waits of one project.
pub(super) fn project(team: &Team, id: ProjectId) -> Result<(), StoreError> {
    one(team, id).map(drop)
}

/// Applies the status that waits for a milestone.
pub(super) fn milestone(team: &Team, id: MilestoneId) -> Result<(), StoreError> {
    let _one_at_a_time = team.draining.lock().unwrap_or_else(PoisonError::into_inner);
    status(team, id).map(drop)
}

fn one(team: &Team, id: ProjectId) -> Result<Reached, StoreError> {
    let _one_at_a_time = team.draining.lock().unwrap_or_else(PoisonError::into_inner);
    for (number, row) in team.local.read(|sql| outbox::rows(sql, id))? {
        or_away!(team.changed(team.server.append_lineage(&row)));
        team.local
            .write(|sql| outbox::row_arrived(sql, number, &row))?;
        team.moved();
    }
    for session in team.local.read(|sql| outbox::marks(sql, id))? {
        or_away!(team.changed(team.server.mark_message_sent(id, &session)));
        team.local
            .write(|sql| outbox::mark_arrived(sql, id, &session))?;
        team.moved();
    }
    if session_id(team, id)? == Reached::No {
        return Ok(Reached::No);
    }
    if project_status(team, id)? == Reached::No {
        return Ok(Reached::No);
    }
    for (milestone, ..) in team.local.read(|sql| outbox::statuses(sql, Some(id)))? {
        if status(team, milestone)? == Reached::No {
            return Ok(Reached::No);
        }
    }
    Ok(Reached::Yes)
}

fn note_project(
    sql: &rusqlite::Connection,
    id: ProjectId,
    now: Option<&OutputProject>,
) -> rusqlite::Result<()> {
    match now {
        Some(project) => mirror::put_project(sql, project, Known::Written).map(drop),
        None => {
            mirror::remove_project(sql, id, Known::Written)?;
            outbox::project_is_gone(sql, id)
        }
    }
}

/// Applies a project's chain of session ids.
fn session_id(team: &Team, id: ProjectId) -> Result<Reached, StoreError> {
    let key = id.to_string();
    for _ in 0..ATTEMPTS {
        let Some(chain) = team.local.read(|sql| Chains::SessionIds.get(sql, &key))? else {
            return Ok(Reached::Yes);
        };
        let there = or_away!(team.asked(team.server.project(id)));
        let Some(there) = there else {
            team.local.write(|sql| note_project(sql, id, None))?;
            team.moved();
            return Ok(Reached::Yes);
        };
        let found = there.claude_session_id.as_stored();
        let Ok(new) = chain.new.parse::<ClaudeSessionId>() else {
            team.local
                .write(|sql| Chains::SessionIds.remove(sql, &key))?;
            continue;
        };
        if found == Some(new.as_str()) {
            arrived(team, &there, new.as_str())?;
        } else if chain.follows(found) {
            let now = Timestamp::now();
            let current = &there.claude_session_id;
            let set = team.server.set_session_id(id, current, &new, now);
            if or_away!(team.changed(set)) == ReplaceOutcome::Replaced {
                let there = OutputProject {
                    claude_session_id: CurrentSessionId::Set(new.clone()),
                    updated_at: now,
                    ..there
                };
                arrived(team, &there, new.as_str())?;
            }
        } else if or_away!(descends(team, &there, &new)) {
            // It was written, and somebody who knew it has replaced it.
            arrived(team, &there, new.as_str())?;
        } else {
            let stopped = |sql: &_| Chains::SessionIds.stopped(sql, &key, &chain, found);
            team.local.write(stopped)?;
            team.moved();
            return Ok(Reached::Yes);
        }
    }
    Ok(Reached::Yes)
}

/// The server has held this id, and holds what `there` says now.
fn arrived(team: &Team, there: &OutputProject, id: &str) -> Result<(), StoreError> {
    let key = there.id.to_string();
    team.local.write(|sql| {
        mirror::put_project(sql, there, Known::Written)?;
        Chains::SessionIds.arrived(sql, &key, id)
    })?;
    team.moved();
    Ok(())
}

/// Whether the project's id came about by replacing `ours`, at once or in several steps.
fn descends(
    team: &Team,
    there: &OutputProject,
    ours: &ClaudeSessionId,
) -> Result<Answer<bool>, StoreError> {
    let rows = match team.asked(team.server.lineage(there.id))? {
        Answer::Is(rows) => rows,
        Answer::Away(why) => return Ok(Answer::Away(why)),
    };
    let mut seen = Vec::new();
    let mut next: Vec<_> = there.claude_session_id.id().cloned().into_iter().collect();
    while let Some(id) = next.pop() {
        if id == *ours {
            return Ok(Answer::Is(true));
        }
        if seen.contains(&id) {
            continue;
        }
        let parents = rows.iter().filter(|row| row.session_id == id);
        next.extend(parents.filter_map(|row| row.parent.clone()));
        seen.push(id);
    }
    Ok(Answer::Is(false))
}

/// Applies a milestone's chain of statuses.
fn status(team: &Team, id: MilestoneId) -> Result<Reached, StoreError> {
    let key = id.to_string();
    for _ in 0..ATTEMPTS {
        let Some(chain) = team.local.read(|sql| Chains::Statuses.get(sql, &key))? else {
            return Ok(Reached::Yes);
        };
        let there = or_away!(team.asked(team.server.milestone(id)));
        let Some(there) = there else {
            team.local.write(|sql| {
                mirror::remove_milestone(sql, id, Known::Written)?;
                Chains::Statuses.remove(sql, &key)
            })?;
            team.moved();
            return Ok(Reached::Yes);
        };
        let found = there.status.as_str();
        let new = MilestoneStatus::from_word(&chain.new);
        let now = if there.status == new {
            Some(there)
        } else if chain.follows(Some(found)) {
            let set = team.server.set_status_of(id, there.status, new, chain.at);
            or_away!(team.changed(set)).filter(|now| now.status == new)
        } else {
            let stopped = |sql: &_| Chains::Statuses.stopped(sql, &key, &chain, Some(found));
            team.local.write(stopped)?;
            team.moved();
            return Ok(Reached::Yes);
        };
        if let Some(now) = now {
            team.local.write(|sql| {
                mirror::put_milestone(sql, &now, Known::Written)?;
                Chains::Statuses.arrived(sql, &key, new.as_str())
            })?;
            team.moved();
        }
    }
    Ok(Reached::Yes)
}

/// Applies a project's chain of statuses.
fn project_status(team: &Team, id: ProjectId) -> Result<Reached, StoreError> {
    let key = id.to_string();
    for _ in 0..ATTEMPTS {
        let Some(chain) = team
            .local
            .read(|sql| Chains::ProjectStatuses.get(sql, &key))?
        else {
            return Ok(Reached::Yes);
        };
        let there = or_away!(team.asked(team.server.project(id)));
        let Some(there) = there else {
            team.local.write(|sql| note_project(sql, id, None))?;
            team.moved();
            return Ok(Reached::Yes);
        };
        let found = there.status.as_str();
        let new = ProjectStatus::from_word(&chain.new);
        let now = if there.status == new {
            Some(there)
        } else if chain.follows(Some(found)) {
            let set = team
                .server
                .set_project_status_of(id, there.status, new, Timestamp::now());
            or_away!(team.changed(set)).filter(|now| now.status == new)
        } else {
            let stopped = |sql: &_| Chains::ProjectStatuses.stopped(sql, &key, &chain, Some(found));
            team.local.write(stopped)?;
            team.moved();
            return Ok(Reached::Yes);
        };
        if let Some(now) = now {
            team.local.write(|sql| {
                mirror::put_project(sql, &now, Known::Written)?;
                Chains::ProjectStatuses.arrived(sql, &key, new.as_str())
            })?;
            team.moved();
        }
    }
    Ok(Reached::Yes)
}

/// Settles a conflict as the person decided.
pub(super) fn settle(
    team: &Team,
    shown: &TeamConflict,
    keep: Keep,
    at: Timestamp,
) -> Result<Settled, StoreError> {
    let _one_at_a_time = team.draining.lock().unwrap_or_else(PoisonError::into_inner);
    match team.local.read(|sql| conflict_of(sql, shown))? {
        None => return Ok(Settled::NoConflict),
        Some(now) if now.what != shown.what => return Ok(Settled::Changed(now)),
        Some(_) => {}
    }
    let (chains, key) = match &shown.what {
        ConflictWhat::SessionId { .. } => (Chains::SessionIds, shown.project.to_string()),
        ConflictWhat::MilestoneStatus { milestone, .. } => {
            (Chains::Statuses, milestone.to_string())
        }
        ConflictWhat::ProjectStatus { .. } => (Chains::ProjectStatuses, shown.project.to_string()),
    };
    if keep == Keep::Theirs {
        team.local.write(|sql| chains.remove(sql, &key))?;
        team.moved();
        return Ok(Settled::Done);
    }
    let Some(chain) = team.local.read(|sql| chains.get(sql, &key))? else {
        return Ok(Settled::NoConflict);
    };
    match &shown.what {
        ConflictWhat::SessionId { ours, theirs } => {
            let set = team.server.set_session_id(shown.project, theirs, ours, at);
            match team.only_there(set)? {
                ReplaceOutcome::Replaced => {
                    let found = team.asked(team.server.project(shown.project))?;
                    team.local.write(|sql| {
                        if let Answer::Is(Some(project)) = &found {
                            mirror::put_project(sql, project, Known::Written)?;
                        }
                        chains.arrived(sql, &key, ours.as_str())
                    })?;
                }
                ReplaceOutcome::NoSuchProject => {
                    team.local
                        .write(|sql| note_project(sql, shown.project, None))?;
                }
                ReplaceOutcome::Conflict(now) => {
                    return found_anew(team, shown, chains, &key, &chain, now.as_stored());
                }
            }
        }
        ConflictWhat::MilestoneStatus {
            milestone,
            ours,
            theirs,
        } => {
            let set = team.server.set_status_of(*milestone, *theirs, *ours, at);
            match team.only_there(set)? {
                Some(now) if now.status != *ours => {
                    let now = now.status.as_str();
                    return found_anew(team, shown, chains, &key, &chain, Some(now));
                }
                Some(now) => team.local.write(|sql| {
                    mirror::put_milestone(sql, &now, Known::Written)?;
                    chains.arrived(sql, &key, ours.as_str())
                })?,
                None => team.local.write(|sql| chains.remove(sql, &key))?,
            }
        }
        ConflictWhat::ProjectStatus { ours, theirs } => {
            let set = team
                .server
                .set_project_status_of(shown.project, *theirs, *ours, at);
            match team.only_there(set)? {
                Some(now) if now.status != *ours => {
                    let now = now.status.as_str();
                    return found_anew(team, shown, chains, &key, &chain, Some(now));
                }
                Some(now) => team.local.write(|sql| {
                    mirror::put_project(sql, &now, Known::Written)?;
                    chains.arrived(sql, &key, ours.as_str())
                })?,
                None => team
                    .local
                    .write(|sql| note_project(sql, shown.project, None))?,
            }
        }
    }
    team.moved();
    Ok(Settled::Done)
}

/// The server holds something else by now.
fn found_anew(
    team: &Team,
    shown: &TeamConflict,
    chains: Chains,
    key: &str,
    chain: &Chain,
    found: Option<&str>,
) -> Result<Settled, StoreError> {
    team.local
        .write(|sql| chains.stopped(sql, key, chain, found))?;
    team.moved();
    let still = |sql: &_| conflict_of(sql, shown);
    if let Some(now) = team.local.read(still)? {
        return Ok(Settled::Changed(now));
    }
    // What ours was made of is there again: nothing of anybody's is lost.
    match shown.what {
        ConflictWhat::SessionId { .. } => session_id(team, shown.project)?,
        ConflictWhat::MilestoneStatus { milestone, .. } => status(team, milestone)?,
        ConflictWhat::ProjectStatus { .. } => project_status(team, shown.project)?,
    };
    let now = team.local.read(still)?;
    Ok(now.map_or(Settled::Done, Settled::Changed))
}
