//! Following the server: a thread that keeps the mirror as the server is, applies what waits as
//! soon as it can, and tells when anything moved.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::asking::Answer;
use super::mirror::{self, Known, Moment};
use super::{Live, Team, TeamLink, drain, outbox};
use crate::model::{MilestoneId, ProjectId};
use crate::store::mongo::signals::{PAGE, Place, Signal, Signals};
use crate::store::sqlite::Database;
use crate::store::{ServerError, ServerFault, Store, StoreError};

/// How often is looked after what the server does not tell: whether it is there, what other
/// processes of this machine do, what waits.
const LOOK: Duration = Duration::from_millis(250);
/// How often what waits is tried to be applied again.
const APPLY_AGAIN: Duration = Duration::from_secs(2);
/// How often a server is asked that tells nothing by itself; it may take a fifth of the time.
const POLL: Duration = Duration::from_millis(1000);
/// How far clocks of machines may differ for that. What is further back is found by a whole
/// reading.
const CLOCKS: Duration = Duration::from_secs(60);
/// How often such a server's content is read as a whole, at the least; it may take a fiftieth
/// of the time.
const READ_ALL: Duration = Duration::from_secs(60);

/// How often the file is told that the mirror is current.
const NOTE_TIME: Duration = Duration::from_secs(60);

/// Ends a thread.
#[derive(Default)]
pub(super) struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits that long, or until it is stopped.
    fn wait(&self, time: Duration) {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(stopped, time, |it| !*it);
        drop(waited);
    }
}

/// Begins to follow. `local` is a connection of its own, so that a long writing holds nobody up
/// who reads.
pub(super) fn start(team: Arc<Team>, local: Database) -> std::io::Result<Arc<Stop>> {
    let stop = Arc::<Stop>::default();
    let follower = Follower {
        seen_link: team.link(),
        seen_mark: None,
        applied: None,
        noted: Instant::now(),
        place: Place::default(),
        is_loaded: false,
        changed: Changed::default(),
        stop: Arc::clone(&stop),
        team,
        local,
    };
    thread::Builder::new()
        .name("reprise-follow".to_owned())
        .spawn(move || follower.run())?;
    Ok(stop)
}

struct Follower {
    team: Arc<Team>,
    local: Database,
    stop: Arc<Stop>,
    /// Where the stream of signals can be taken up again.
    place: Place,
    /// The mirror was as the server is, and knows of each change since, up to `place`.
    is_loaded: bool,
    /// What is to be fetched.
    changed: Changed,
    seen_link: TeamLink,
    seen_mark: Option<u64>,
    /// When, and after which change of the file, what waits was tried to be applied.
    applied: Option<(Instant, u64)>,
    /// When the file was told that the mirror is current.
    noted: Instant,
}

/// Documents that changed.
#[derive(Default)]
struct Changed {
    projects: HashSet<ProjectId>,
    milestones: HashSet<MilestoneId>,
    rows: HashSet<String>,
    presence: bool,
    everything: bool,
}

impl Changed {
    fn note(&mut self, signal: Signal) {
        match signal {
            Signal::Project(id) => drop(self.projects.insert(id)),
            Signal::Milestone(id) => drop(self.milestones.insert(id)),
            Signal::Row(name) => drop(self.rows.insert(name)),
            Signal::Presence => self.presence = true,
            Signal::Everything => self.everything = true,
        }
    }

    fn has_documents(&self) -> bool {
        !(self.projects.is_empty() && self.milestones.is_empty() && self.rows.is_empty())
    }
}

/// Why following ended for now.
enum Ended {
    /// The server is away, which was noted.
    Away,
    /// The store is closed.
    Stopped,
    /// The mirror's file cannot be used.
    File,
}

impl From<StoreError> for Ended {
    fn from(_: StoreError) -> Self {
        Self::File
    }
}

impl Follower {
    fn run(mut self) {
        while !self.stop.is_stopped() {
            // Whatever it was, it is tried again; calls tell what is wrong.
            let _ = self.follow();
            self.leave();
            self.look();
            self.stop.wait(LOOK);
        }
    }

    /// What the server says, or the end.
    fn told<T>(&self, result: Result<T, ServerError>) -> Result<T, Ended> {
        match self.team.asked(result.map_err(StoreError::from)) {
            Ok(Answer::Is(value)) => Ok(value),
            Ok(Answer::Away(_)) => Err(Ended::Away),
            Err(StoreError::Server(why)) => {
                self.team.heard().failure(false, &why);
                Err(Ended::Away)
            }
            Err(_) => Err(Ended::File),
        }
    }

    fn follow(&mut self) -> Result<(), Ended> {
        self.told(self.team.server.connect())?;
        self.apply_waiting();
        match self.team.server.signals(&self.place) {
            Ok(Some(signals)) => self.listen(signals),
            Ok(None) => self.poll(),
            // The place is not known any more, or there is another server now.
            Err(why) if why.fault == ServerFault::Failed && self.is_loaded => {
                self.forget();
                Ok(())
            }
            // What is no MongoDB of MongoDB's may say that in its own way.
            Err(why) if why.fault == ServerFault::Failed => self.poll(),
            Err(why) => self.told(Err(why)),
        }
    }

    /// What is in the mirror may be anything from now on.
    fn forget(&mut self) {
        self.place = Place::default();
        self.is_loaded = false;
        self.changed = Changed::default();
    }

    /// The server tells what changes.
    fn listen(&mut self, mut signals: Signals) -> Result<(), Ended> {
        if !self.is_loaded {
            // What changed before this is not signalled: no older list will do.
            self.read_all(Instant::now())?;
            self.is_loaded = true;
        }
        let mut told = Vec::new();
        loop {
            for signal in told.drain(..) {
                self.changed.note(signal);
            }
            if self.changed.everything {
                self.forget();
                return Ok(());
            }
            self.fetch()?;
            self.is_current(Live::ChangeStream);
            self.look();
            self.apply_waiting();
            if self.stop.is_stopped() {
                return Err(Ended::Stopped);
            }
            let next = self.team.server.next_signals(&mut signals, LOOK);
            self.place.clone_from(signals.place());
            told = self.told(next)?;
        }
    }

    /// The server is asked again and again.
    fn poll(&mut self) -> Result<(), Ended> {
        self.told(self.team.server.prepare_recent())?;
        // What the counts differ by where nothing is gone: documents that are no projects.
        let mut odd = (0, 0);
        let mut read_all = Instant::now();
        loop {
            let from = Instant::now();
            if from >= read_all {
                // Counted first: what is removed meanwhile makes a difference later.
                let counts = self.told(self.team.server.counts())?;
                self.read_all(from)?;
                odd = self.differ(counts)?;
                read_all = Instant::now() + READ_ALL.max(from.elapsed() * 50);
            }
            let from = Instant::now();
            let since = self.local.read(Moment::now)?;
            let recent = self.told(self.team.server.recent(CLOCKS))?;
            let known = Known::Fetched(since);
            self.local.write(|sql| {
                for project in &recent.projects {
                    mirror::put_project(sql, project, known)?;
                }
                for milestone in &recent.milestones {
                    mirror::put_milestone(sql, milestone, known)?;
                }
                for (row, added) in &recent.rows {
                    mirror::put_row(sql, row, added)?;
                }
                Ok(())
            })?;
            if self.differ(recent.counts)? != odd {
                self.remove_what_is_gone()?;
                odd = self.differ(recent.counts)?;
            }
            self.team.presence_moved();
            self.is_current(Live::Polling);
            let next = from + POLL.max(from.elapsed() * 5);
            while Instant::now() < next {
                self.look();
                self.apply_waiting();
                if self.stop.is_stopped() {
                    return Err(Ended::Stopped);
                }
                let left = next.saturating_duration_since(Instant::now());
                self.stop.wait(left.min(LOOK));
            }
        }
    }

    /// By how much the server's counts are more than the mirror's.
    fn differ(&self, (projects, milestones): (u64, u64)) -> Result<(i64, i64), Ended> {
        let here = self.local.read(mirror::counts)?;
        let count = |there: u64| i64::try_from(there).unwrap_or(i64::MAX);
        Ok((count(projects) - here.0, count(milestones) - here.1))
    }

    /// Brings the mirror to what the server holds by now, a page at a time.
    fn read_all(&self, not_before: Instant) -> Result<(), Ended> {
        let server = &self.team.server;
        let (projects, from) = match self.team.list(Some(not_before))? {
            Answer::Is(listed) => listed,
            Answer::Away(_) => return Err(Ended::Away),
        };
        for page in projects.chunks(PAGE) {
            self.local.write(|sql| {
                page.iter()
                    .try_for_each(|it| mirror::put_project(sql, it, Known::Fetched(from)).map(drop))
            })?;
        }
        let there = projects.iter().map(|project| project.id).collect();
        drop(projects);
        self.local
            .write(|sql| mirror::keep_projects(sql, &there, from))?;
        self.team.moved();

        let mut there = HashSet::new();
        let mut last = None;
        loop {
            let since = self.local.read(Moment::now)?;
            let (page, end) = self.told(server.milestones_after(last))?;
            self.local.write(|sql| {
                page.iter().try_for_each(|it| {
                    mirror::put_milestone(sql, it, Known::Fetched(since)).map(drop)
                })
            })?;
            there.extend(page.iter().map(|milestone| milestone.id));
            last = end;
            if last.is_none() {
                break;
            }
            if self.stop.is_stopped() {
                return Err(Ended::Stopped);
            }
        }
        self.local
            .write(|sql| mirror::keep_milestones(sql, &there, from))?;

        let rows = self.told(server.newest_rows())?;
        for page in rows.chunks(PAGE) {
            self.local.write(|sql| {
                page.iter()
                    .try_for_each(|(row, added)| mirror::put_row(sql, row, added))
            })?;
        }
        let now = Timestamp::now();
        self.local.write(|sql| mirror::set_as_of(sql, now))?;
        self.team.moved();
        Ok(())
    }

    /// Removes what is not there any more from the mirror.
    fn remove_what_is_gone(&self) -> Result<(), Ended> {
        let since = self.local.read(Moment::now)?;
        let projects = match self.team.asked(self.team.server.projects())? {
            Answer::Is(projects) => projects.iter().map(|project| project.id).collect(),
            Answer::Away(_) => return Err(Ended::Away),
        };
        let milestones = self.told(self.team.server.milestone_ids())?;
        self.local.write(|sql| {
            mirror::keep_projects(sql, &projects, since)?;
            mirror::keep_milestones(sql, &milestones, since)
        })?;
        Ok(())
    }

    /// Fetches what changed into the mirror.
    fn fetch(&mut self) -> Result<(), Ended> {
        if std::mem::take(&mut self.changed.presence) {
            self.team.presence_moved();
        }
        while self.changed.has_documents() {
            let since = self.local.read(Moment::now)?;
            let server = &self.team.server;
            let projects: Vec<_> = self.changed.projects.iter().copied().take(PAGE).collect();
            let milestones: Vec<_> = self.changed.milestones.iter().copied().take(PAGE).collect();
            let rows: Vec<_> = self.changed.rows.iter().take(PAGE).cloned().collect();
            let found_projects = self.told(server.projects_of(&projects))?;
            let found_milestones = self.told(server.milestones_of(&milestones))?;
            let found_rows = self.told(server.rows_of(&rows))?;
            let known = Known::Fetched(since);
            // What was written here meanwhile is fetched again.
            let (mut again, mut again_milestones) = (Vec::new(), Vec::new());
            self.local.write(|sql| {
                for id in &projects {
                    let taken = match found_projects.iter().find(|it| it.id == *id) {
                        Some(project) => mirror::put_project(sql, project, known)?,
                        None => mirror::remove_project(sql, *id, known)?,
                    };
                    again.extend((!taken).then_some(*id));
                }
                for id in &milestones {
                    let taken = match found_milestones.iter().find(|it| it.id == *id) {
                        Some(milestone) => mirror::put_milestone(sql, milestone, known)?,
                        None => mirror::remove_milestone(sql, *id, known)?,
                    };
                    again_milestones.extend((!taken).then_some(*id));
                }
                for (row, added) in &found_rows {
                    mirror::put_row(sql, row, added)?;
                }
                Ok(())
            })?;
            let Changed {
                projects: left,
                milestones: left_milestones,
                rows: left_rows,
                ..
            } = &mut self.changed;
            left.retain(|id| !projects.contains(id));
            left.extend(again);
            left_milestones.retain(|id| !milestones.contains(id));
            left_milestones.extend(again_milestones);
            left_rows.retain(|name| !rows.contains(name));
            self.team.moved();
            if self.stop.is_stopped() {
                return Err(Ended::Stopped);
            }
        }
        Ok(())
    }

    /// The lists are as the server has them.
    fn is_current(&mut self, how: Live) {
        let now = Timestamp::now();
        let mut live = self.team.live();
        let is_new = live.how != how;
        live.how = how;
        live.as_of = Some(now);
        drop(live);
        if is_new {
            self.team.forget_list();
            self.team.moved();
        }
        if self.noted.elapsed() > NOTE_TIME {
            self.noted = Instant::now();
            self.note_time(now);
        }
    }

    /// Without it, an older time is told after a restart.
    fn note_time(&self, as_of: Timestamp) {
        let _ = self.local.write(|sql| mirror::set_as_of(sql, as_of));
    }

    /// The lists are as of now, and stay so.
    fn leave(&mut self) {
        let mut live = self.team.live();
        let was_live = std::mem::replace(&mut live.how, Live::Not) != Live::Not;
        let as_of = live.as_of;
        drop(live);
        if was_live {
            if let Some(as_of) = as_of {
                self.note_time(as_of);
            }
            self.team.moved();
        }
    }

    /// Looks whether the server came or went, and what other processes did to the file.
    fn look(&mut self) {
        let link = self.team.link();
        let mark = self.team.local.change_mark().ok();
        if link != self.seen_link || mark != self.seen_mark {
            self.seen_link = link;
            self.seen_mark = mark;
            self.team.moved();
        }
    }

    /// Applies what waits: when something new does, and every now and then.
    fn apply_waiting(&mut self) {
        let Ok(mark) = self.team.local.change_mark() else {
            return;
        };
        if let Some((when, before)) = self.applied
            && before == mark
            && when.elapsed() < APPLY_AGAIN
        {
            return;
        }
        let waits = self.team.local.read(outbox::projects);
        if waits.is_ok_and(|waits| !waits.is_empty()) {
            // What is wrong with the file is told by the next call.
            let _ = drain::all(&self.team);
        }
        let mark = self.team.local.change_mark().unwrap_or(mark);
        self.applied = Some((Instant::now(), mark));
    }
}
