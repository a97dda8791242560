//! Bringing into the store what hosts wrote down while no app was there.

use jiff::Timestamp;

use super::{ProjectSessions, SessionsError};
use crate::model::{
    ClaudeSessionId, CurrentSessionId, LineageEntry, OutputProject, ProjectId, SessionSource,
    TerminalKey,
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
        let Some(newest) = contents.records.last().map(|record| record.n) else {
            return Ok(None);
        };
        let new = unfolded(&contents.records, journal::folded_up_to(&mark));
        if new.is_empty() {
            return Ok(None);
        }
        // What this store does not have may be another one's: its journal waits for that.
        let Some(stored) = self.store.project(project).map_err(FoldError::from)? else {
            return Ok(None);
        };
        self.note_transcripts(project, &new)
            .map_err(FoldError::from)?;
        let conflict = fold_records(self.store.as_ref(), &stored, &new)?;
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
        self.hosts
            .projects()
            .into_iter()
            .filter_map(|project| self.fold(project).ok().flatten())
            .collect()
    }
}

/// The records that the mark does not cover. A mark beyond the last of them belongs to a
/// journal that was lost: the new one counts from 1 again.
fn unfolded(records: &[JournalRecord], mark: u64) -> Vec<&JournalRecord> {
    let newest = records.last().map_or(0, |record| record.n);
    let done = if mark > newest { 0 } else { mark };
    records.iter().filter(|record| record.n > done).collect()
}

fn fold_records(
    store: &dyn Store,
    stored: &OutputProject,
    records: &[&JournalRecord],
) -> Result<Option<FoldConflict>, FoldError> {
    let project = stored.id;
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
    let mut current = stored.claude_session_id.clone();
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::folders::Folders;
    use crate::model::Exit;
    use crate::process::ProcessRef;
    use crate::session::journal::Journal;
    use crate::store::{NewProject, SaveOutcome, SqliteStore};

    fn id(n: u32) -> ClaudeSessionId {
        format!("00000000-0000-4000-8000-{n:012}").parse().unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn records(events: Vec<JournalEvent>) -> Vec<JournalRecord> {
        events
            .into_iter()
            .zip(1..)
            .map(|(event, n)| JournalRecord {
                n,
                at: at(n as i64),
                event,
            })
            .collect()
    }

    fn started(n: u32, source: SessionSource) -> JournalEvent {
        JournalEvent::Started {
            program: ProcessRef { pid: 1, started: 1 },
            boot: String::new(),
            session_id: Some(id(n)),
            source,
        }
    }

    fn cleared(to: u32, parent: u32) -> JournalEvent {
        JournalEvent::SessionId {
            id: id(to),
            source: SessionSource::Clear,
            parent: Some(id(parent)),
        }
    }

    fn ended() -> JournalEvent {
        JournalEvent::Ended {
            exit: Exit {
                code: 0,
                signal: None,
            },
            reached_prompt: true,
        }
    }

    struct Fixture {
        _folder: tempfile::TempDir,
        store: SqliteStore,
        project: ProjectId,
    }

    /// A project whose stored id is number 1.
    fn fixture() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite3");
        let store = SqliteStore::open(&path, at(0)).unwrap().store;
        let project = store
            .create_project(NewProject {
                name: "shop".into(),
                workspace_path: "/shop".into(),
                launch: Default::default(),
                at: at(0),
            })
            .unwrap()
            .into_project()
            .id;
        let saved = store.save_session_id_if_unset(project, &id(1), at(0));
        assert_eq!(saved.unwrap(), SaveOutcome::Saved);
        Fixture {
            _folder: folder,
            store,
            project,
        }
    }

    impl Fixture {
        fn fold(&self, records: &[JournalRecord]) -> Option<FoldConflict> {
            let records: Vec<_> = records.iter().collect();
            let project = self.store.project(self.project).unwrap().unwrap();
            fold_records(&self.store, &project, &records).unwrap()
        }

        fn stored(&self) -> CurrentSessionId {
            let project = self.store.project(self.project).unwrap().unwrap();
            project.claude_session_id
        }

        fn lineage(&self) -> Vec<(ClaudeSessionId, bool)> {
            let rows = self.store.lineage(self.project).unwrap();
            rows.into_iter()
                .map(|row| (row.session_id, row.message_sent))
                .collect()
        }
    }

    #[test]
    fn a_chain_of_changes_is_folded_whole_or_piece_by_piece_and_twice_changes_nothing() {
        let journal = records(vec![
            started(1, SessionSource::Startup),
            JournalEvent::MessageSent { id: id(1) },
            cleared(2, 1),
            cleared(3, 2),
            JournalEvent::MessageSent { id: id(3) },
        ]);
        let whole = fixture();
        assert_eq!(whole.fold(&journal), None);
        let pieces = fixture();
        for record in &journal {
            assert_eq!(pieces.fold(std::slice::from_ref(record)), None);
        }
        for fixture in [whole, pieces] {
            let rows = [(id(1), true), (id(2), false), (id(3), true)];
            assert_eq!(fixture.stored(), CurrentSessionId::Set(id(3)));
            assert_eq!(fixture.lineage(), rows);
            assert_eq!(fixture.fold(&journal), None);
            assert_eq!(fixture.stored(), CurrentSessionId::Set(id(3)));
            assert_eq!(fixture.lineage(), rows);
        }
    }

    #[test]
    fn an_id_that_somebody_else_stored_is_not_overwritten_and_none_is_lost() {
        let fixture = fixture();
        let replaced = fixture.store.replace_session_id(
            fixture.project,
            &CurrentSessionId::Set(id(1)),
            &id(9),
            SessionSource::Import,
            at(1),
        );
        assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
        let journal = records(vec![started(1, SessionSource::Startup), cleared(2, 1)]);
        for _ in 0..2 {
            assert_eq!(
                fixture.fold(&journal),
                Some(FoldConflict {
                    project: fixture.project,
                    stored: CurrentSessionId::Set(id(9)),
                    journalled: id(2),
                })
            );
        }
        assert_eq!(fixture.stored(), CurrentSessionId::Set(id(9)));
        assert!(fixture.lineage().iter().any(|(row, _)| *row == id(2)));
    }

    #[test]
    fn a_journal_that_begins_anew_is_folded_in_spite_of_the_old_mark() {
        let journal = records(vec![started(1, SessionSource::Startup), cleared(2, 1)]);
        assert_eq!(unfolded(&journal, 0).len(), 2);
        assert_eq!(unfolded(&journal, 1).len(), 1);
        assert_eq!(unfolded(&journal, 2).len(), 0);
        assert_eq!(unfolded(&journal, 57).len(), 2);
    }

    #[test]
    fn a_later_start_with_another_conversation_ends_the_chain_before_it() {
        // The person took up the first conversation again, and its session was not folded yet.
        let journal = records(vec![
            started(1, SessionSource::Startup),
            cleared(2, 1),
            ended(),
            started(1, SessionSource::Resume),
        ]);
        let fixture = fixture();
        assert_eq!(fixture.fold(&journal), None);
        assert_eq!(fixture.stored(), CurrentSessionId::Set(id(1)));
        assert!(fixture.lineage().iter().any(|(row, _)| *row == id(2)));
    }

    #[test]
    fn the_journal_of_another_stores_project_waits_until_that_store_is_there() {
        let ours = fixture();
        let folder = ours._folder.path().to_owned();
        let folders = Folders::from_env(|name| (name == "HOME").then(|| folder.clone().into()));
        let folders = folders.unwrap();
        let other = SqliteStore::open(&folder.join("other.sqlite3"), at(0)).unwrap();
        let with = |store: Arc<dyn Store>| {
            let program = folder.join("reprise-session");
            ProjectSessions::new(store, folders.clone(), program, "1", Vec::new())
        };
        let with_other = with(Arc::new(other.store));
        let files = with_other
            .folders()
            .host_files(ours.project, TerminalKey::Claude);
        std::fs::create_dir_all(files.journal.parent().unwrap()).unwrap();
        let mut journal = Journal::open(&files.journal).unwrap();
        journal
            .append(at(1), started(1, SessionSource::Startup))
            .unwrap();
        journal.append(at(2), cleared(2, 1)).unwrap();

        assert_eq!(with_other.fold_all(), []);
        let with_ours = with(Arc::new(ours.store));
        assert_eq!(with_ours.fold_all(), []);
        let project = with_ours.project(ours.project).unwrap();
        assert_eq!(project.claude_session_id, CurrentSessionId::Set(id(2)));
    }
}
