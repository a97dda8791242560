//! Bringing into the store what hosts wrote down while no app was there.

use jiff::Timestamp;

use super::{ProjectSessions, SessionsError};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LineageEntry, ProjectId, SessionSource, TerminalKey,
};
use crate::session::journal::{self, JournalEvent, JournalRecord};
use crate::store::{ReplaceOutcome, Store, StoreError};

/// Why a journal could not be folded. The journal keeps everything.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// The journal cannot be read.
    #[error("the journal {} cannot be read: {source}", path.display())]
    Journal {
        /// Its file.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store and the journal disagree about a project's conversation: neither was changed,
/// both are in the lineage, and the person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldConflict {
    /// The project.
    pub project: ProjectId,
    /// What the store holds.
    pub stored: CurrentSessionId,
    /// What the session on this machine came to.
    pub journalled: ClaudeSessionId,
}

/// A run of id changes: what the store must hold for it to apply, and what it comes to.
#[derive(Debug, PartialEq, Eq)]
struct Chain {
    /// Every id on the way but the last; the store may hold any of them.
    passed: Vec<ClaudeSessionId>,
    last: ClaudeSessionId,
    source: SessionSource,
    at: Timestamp,
}

impl ProjectSessions {
    /// Folds the journal of the project's `claude` into the store: every id enters the
    /// lineage, and the current id follows where the store still holds the chain's beginning.
    /// Folding twice is harmless.
    ///
    /// # Errors
    /// [`SessionsError::Fold`]; nothing is lost, the next fold goes on.
    pub fn fold(&self, project: ProjectId) -> Result<Option<FoldConflict>, SessionsError> {
        let files = self.folders.host_files(project, TerminalKey::Claude);
        let mark = self.fold_mark(project);
        let contents =
            journal::read_journal(&files.journal).map_err(|source| FoldError::Journal {
                path: files.journal.clone(),
                source,
            })?;
        let done = journal::folded_up_to(&mark);
        let Some(newest) = contents.records.last().map(|record| record.n) else {
            return Ok(None);
        };
        let new: Vec<&JournalRecord> = contents
            .records
            .iter()
            .filter(|record| record.n > done)
            .collect();
        if new.is_empty() {
            return Ok(None);
        }
        let conflict = fold_records(self.store.as_ref(), project, &new)?;
        // A conflict stays unfolded, so that it is shown until the person has decided.
        if conflict.is_none() {
            // Without the mark the same records are folded again, which changes nothing.
            let _ = journal::set_folded_up_to(&mark, newest);
        }
        Ok(conflict)
    }

    /// The person decided which conversation is the project's: what the journal said before
    /// no longer counts.
    pub(super) fn settle_journal(&self, project: ProjectId) {
        let files = self.folders.host_files(project, TerminalKey::Claude);
        let newest = journal::read_journal(&files.journal)
            .ok()
            .and_then(|contents| contents.records.last().map(|record| record.n));
        if let Some(newest) = newest {
            let _ = journal::set_folded_up_to(&self.fold_mark(project), newest);
        }
    }

    /// Folds the journals of all projects that have one.
    pub fn fold_all(&self) -> Vec<FoldConflict> {
        let Ok(projects) = self.store.projects() else {
            return Vec::new();
        };
        projects
            .into_iter()
            .filter_map(|project| self.fold(project.id).ok().flatten())
            .collect()
    }
}

fn fold_records(
    store: &dyn Store,
    project: ProjectId,
    records: &[&JournalRecord],
) -> Result<Option<FoldConflict>, FoldError> {
    let Some(stored) = store.project(project)? else {
        return Ok(None);
    };
    for record in records {
        if let Some(entry) = lineage_entry(project, record) {
            store.append_lineage(&entry)?;
        }
    }
    for record in records {
        if let JournalEvent::MessageSent { id } = &record.event {
            store.mark_message_sent(project, id)?;
        }
    }
    let Some(chain) = chain(records) else {
        return Ok(None);
    };
    let mut current = stored.claude_session_id;
    // Only somebody else's change in this very moment makes a second round necessary.
    for _ in 0..3 {
        if current.id() == Some(&chain.last) {
            return Ok(None);
        }
        let ours = match &current {
            CurrentSessionId::Unset => true,
            CurrentSessionId::Set(id) => chain.passed.contains(id),
            CurrentSessionId::Invalid(_) => false,
        };
        if !ours {
            break;
        }
        match store.replace_session_id(project, &current, &chain.last, chain.source, chain.at)? {
            ReplaceOutcome::Replaced | ReplaceOutcome::NoSuchProject => return Ok(None),
            ReplaceOutcome::Conflict(now) => current = now,
        }
    }
    Ok(Some(FoldConflict {
        project,
        stored: current,
        journalled: chain.last,
    }))
}

/// The lineage row of a journal's record: of every change, and of every conversation that was
/// taken up. The row of a first start was written before the start.
fn lineage_entry(project: ProjectId, record: &JournalRecord) -> Option<LineageEntry> {
    let (session_id, source, parent) = match &record.event {
        JournalEvent::SessionId { id, source, parent } => (id, *source, parent.clone()),
        JournalEvent::Started {
            session_id: Some(id),
            source: SessionSource::Resume,
            ..
        } => (id, SessionSource::Resume, Some(id.clone())),
        _ => return None,
    };
    Some(LineageEntry {
        project,
        session_id: session_id.clone(),
        source,
        parent,
        at: record.at,
        message_sent: false,
    })
}

/// The id changes since the last start among these records. A start begins a new chain: it
/// took the id that the store held.
fn chain(records: &[&JournalRecord]) -> Option<Chain> {
    let mut chain: Option<Chain> = None;
    let mut started: Option<ClaudeSessionId> = None;
    for record in records {
        match &record.event {
            JournalEvent::Started { session_id, .. } => {
                started.clone_from(session_id);
                if let (Some(open), Some(id)) = (&mut chain, session_id)
                    && *id != open.last
                {
                    // The person chose another conversation between the two starts.
                    chain = None;
                }
            }
            JournalEvent::SessionId { id, source, parent } => {
                let mut passed = chain.take().map_or_else(Vec::new, |before| {
                    let mut passed = before.passed;
                    passed.push(before.last);
                    passed
                });
                passed.extend(parent.clone().or_else(|| started.clone()));
                chain = Some(Chain {
                    passed,
                    last: id.clone(),
                    source: *source,
                    at: record.at,
                });
            }
            JournalEvent::MessageSent { .. } | JournalEvent::Ended { .. } => {}
        }
    }
    chain
}
