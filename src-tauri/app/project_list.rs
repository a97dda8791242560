//! The list of projects as it is shown. It is brought up to date by what changed, and keeps the
//! changes in their order: the page is told only what it does not have yet.
//!
//! Whoever has taken in every update up to a number has exactly the list of that number, in
//! whatever portions they came, and however often one of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use reprise_core::model::{OutputProject, ProjectId, TerminalKey};
use reprise_core::project_sessions::{ProjectElsewhere, ProjectSessions};
use reprise_core::session::hosts::LastEnd;
use reprise_core::session::protocol::HostStatus;

use crate::dto::{ProjectView, ProjectsUpdate};
use crate::views::{self, ProjectFacts};

/// All projects, in their stable order. Cheap to clone.
pub type Projects = Arc<Vec<Arc<ProjectView>>>;

/// What a store tells, read in one go.
pub struct Stored {
    /// Those who have the store.
    pub sessions: Arc<ProjectSessions>,
    /// The store's mark from before it was read.
    pub mark: Option<u64>,
    /// All projects, in the store's order.
    pub projects: Vec<OutputProject>,
    /// When the newest row of each lineage is from.
    pub newest_lineage: BTreeMap<ProjectId, Timestamp>,
    /// The projects that another machine has, or whose transcripts it has.
    pub elsewhere: BTreeMap<ProjectId, ProjectElsewhere>,
}

/// What the files of a project's host tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostFacts {
    /// How its last session ended.
    pub last_end: Option<LastEnd>,
    /// Whether a last picture was kept.
    pub has_picture: bool,
}

/// What the list follows from, beside the store.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// The live terminals.
    pub live: Vec<HostStatus>,
    /// The build that new hosts run, where it could be told.
    pub build: Option<String>,
    /// The projects of which the person wants no notifications.
    pub muted: Vec<String>,
}

/// The list, and what of it changed when.
#[derive(Default)]
pub struct ProjectList {
    /// Where `stored` was read, and the mark from before that.
    read: Option<(Arc<ProjectSessions>, Option<u64>)>,
    stored: Vec<OutputProject>,
    /// Where each project stands in `stored`.
    places: HashMap<ProjectId, usize>,
    newest_lineage: BTreeMap<ProjectId, Timestamp>,
    elsewhere: BTreeMap<ProjectId, ProjectElsewhere>,
    host_facts: HashMap<ProjectId, HostFacts>,
    live: BTreeMap<ProjectId, Vec<HostStatus>>,
    build: Option<String>,
    muted: BTreeSet<String>,
    /// The projects whose hosts came or went when the list was looked at last: what those write
    /// down may have come a moment later. None before the first look.
    stirred: Option<BTreeSet<ProjectId>>,
    /// Whose view may have changed.
    dirty: HashSet<ProjectId>,
    shown: Projects,
    entries: HashMap<ProjectId, Entry>,
    /// The projects by the number of their last change.
    changes: BTreeMap<u64, ProjectId>,
    last_change: u64,
}

/// A project of the list, or one that is no longer there.
#[derive(Debug)]
struct Entry {
    changed: u64,
    view: Option<Arc<ProjectView>>,
}

impl ProjectList {
    /// The mark of this store as it was read last; none where it was another one.
    pub fn mark_of(&self, sessions: &Arc<ProjectSessions>) -> Option<u64> {
        let (read, mark) = self.read.as_ref()?;
        if Arc::ptr_eq(read, sessions) {
            *mark
        } else {
            None
        }
    }

    /// All projects as they were shown last.
    pub fn projects(&self) -> Projects {
        self.shown.clone()
    }

    /// One of them.
    pub fn project(&self, id: ProjectId) -> Option<Arc<ProjectView>> {
        self.entries.get(&id)?.view.clone()
    }

    /// The projects whose hosts' files are to be read again, given the terminals that live now;
    /// none: those of all.
    pub fn host_facts_to_read(&mut self, live: &[HostStatus]) -> Option<BTreeSet<ProjectId>> {
        let hosts = |statuses: &mut dyn Iterator<Item = &HostStatus>| {
            statuses
                .map(|status| (status.project, status.terminal, status.host_pid))
                .collect::<BTreeSet<_>>()
        };
        let before = hosts(&mut self.live.values().flatten());
        let now = hosts(&mut live.iter());
        let stirred: BTreeSet<ProjectId> = before
            .symmetric_difference(&now)
            .filter(|(_, terminal, _)| *terminal == TerminalKey::Claude)
            .map(|(project, ..)| *project)
            .collect();
        let earlier = self.stirred.replace(stirred.clone())?;
        Some(&stirred | &earlier)
    }

    /// Takes in what a store tells now.
    pub fn take_stored(&mut self, stored: Stored) {
        let Stored {
            sessions,
            mark,
            projects,
            newest_lineage,
            elsewhere,
        } = stored;
        self.read = Some((sessions, mark));
        let places: HashMap<ProjectId, usize> = projects
            .iter()
            .enumerate()
            .map(|(place, project)| (project.id, place))
            .collect();
        let gone = self.stored.iter().map(|project| project.id);
        self.dirty
            .extend(gone.filter(|id| !places.contains_key(id)));
        for project in &projects {
            let before = self.places.get(&project.id).map(|at| &self.stored[*at]);
            let id = project.id;
            if before != Some(project)
                || self.newest_lineage.get(&id) != newest_lineage.get(&id)
                || self.elsewhere.get(&id) != elsewhere.get(&id)
            {
                self.dirty.insert(id);
            }
        }
        self.stored = projects;
        self.places = places;
        self.newest_lineage = newest_lineage;
        self.elsewhere = elsewhere;
    }

    /// Forgets what the store told: it is another one from now on.
    pub fn forget_stored(&mut self) {
        self.read = None;
        self.places.clear();
        self.newest_lineage.clear();
        let gone = std::mem::take(&mut self.stored);
        self.dirty
            .extend(gone.into_iter().map(|project| project.id));
    }

    /// Takes in what the files of a project's host tell now.
    pub fn take_host_facts(&mut self, id: ProjectId, facts: HostFacts) {
        if self.host_facts.insert(id, facts) != Some(facts) {
            self.dirty.insert(id);
        }
    }

    /// Takes in everything else, and brings the list up to date.
    pub fn update(&mut self, around: Around) {
        let mut live: BTreeMap<ProjectId, Vec<HostStatus>> = BTreeMap::new();
        for status in around.live {
            live.entry(status.project).or_default().push(status);
        }
        let other_build = around.build != self.build;
        for (id, statuses) in &live {
            if other_build || self.live.get(id) != Some(statuses) {
                self.dirty.insert(*id);
            }
        }
        let ended = self.live.keys().filter(|id| !live.contains_key(id));
        self.dirty.extend(ended);
        let muted: BTreeSet<String> = around.muted.into_iter().collect();
        let turned = muted.symmetric_difference(&self.muted);
        let turned = turned.filter_map(|id| id.parse::<ProjectId>().ok());
        self.dirty.extend(turned);
        self.live = live;
        self.build = around.build;
        self.muted = muted;
        self.show();
    }

    /// What changed after `since`, the oldest change first and at most `limit` projects of it.
    pub fn changes(&self, since: u64, limit: usize) -> ProjectsUpdate {
        let mut update = ProjectsUpdate {
            upto: since,
            changed: Vec::new(),
            removed: Vec::new(),
            more: false,
        };
        for (number, id) in self.changes.range(since.saturating_add(1)..) {
            if update.changed.len() + update.removed.len() >= limit {
                update.more = true;
                break;
            }
            update.upto = *number;
            match self.entries.get(id).and_then(|entry| entry.view.clone()) {
                Some(view) => update.changed.push(view),
                None => update.removed.push(id.to_string()),
            }
        }
        update
    }

    /// Makes the views of those that may have changed, and notes which did.
    fn show(&mut self) {
        let dirty = std::mem::take(&mut self.dirty);
        if dirty.is_empty() {
            return;
        }
        // What lives is told first, then what stands on top.
        let mut dirty: Vec<ProjectId> = dirty.into_iter().collect();
        dirty.sort_by_cached_key(|id| (!self.live.contains_key(id), self.places.get(id), *id));
        for id in dirty {
            let view = self.view(id).map(Arc::new);
            let before = self.entries.get(&id);
            if before.and_then(|entry| entry.view.as_ref()) == view.as_ref() {
                continue;
            }
            if let Some(before) = before {
                self.changes.remove(&before.changed);
            }
            self.last_change += 1;
            let changed = self.last_change;
            self.changes.insert(changed, id);
            self.entries.insert(id, Entry { changed, view });
        }
        let only_live = self.live.keys().filter(|id| !self.places.contains_key(id));
        let ids = self.stored.iter().map(|project| &project.id);
        let views = ids.chain(only_live).filter_map(|id| self.project(*id));
        self.shown = Arc::new(views.collect());
    }

    /// A project that the store knows, or that its live hosts do: a store that cannot be read
    /// hides no terminal.
    fn view(&self, id: ProjectId) -> Option<ProjectView> {
        let none = Vec::new();
        let live: Vec<&HostStatus> = self.live.get(&id).unwrap_or(&none).iter().collect();
        let build = self.build.as_deref();
        let mut view = match self.places.get(&id) {
            Some(place) => {
                let files = self.host_facts.get(&id).copied().unwrap_or_default();
                let last_id = self.newest_lineage.get(&id).copied();
                let facts = ProjectFacts {
                    last_end: files.last_end,
                    last_used_at: last_id.max(files.last_end.map(|end| end.at)),
                    has_picture: files.has_picture,
                    elsewhere: self.elsewhere.get(&id).cloned(),
                };
                views::project(&self.stored[*place], facts, &live, build)
            }
            None => views::project_of_hosts(&live, build)?,
        };
        view.muted = self.muted.contains(&view.id);
        Some(view)
    }
}

#[cfg(test)]
mod tests;
