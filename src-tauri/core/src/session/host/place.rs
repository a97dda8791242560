//! A viewer's place in the stream: what it is sent next.
//!
//! A viewer gets as much as it acknowledges. One that falls too far behind is skipped ahead: it
//! gets a repaint of the present now and then while the flood lasts, and one snapshot when it
//! is over. The program is never slowed. One that nobody sees gets nothing.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::stream::{KEEP_BYTES, Stream};
use crate::model::TerminalSize;
use crate::session::protocol::{CHUNK_BYTES, SnapshotReason, ViewerSize};
use crate::session::screen::{SYNC_LIMIT, SnapshotPart};

/// How far a viewer may fall behind before it is skipped ahead: in bytes, and in time without
/// being able to take more.
const BEHIND_BYTES: u64 = KEEP_BYTES as u64;
const BEHIND_FOR: Duration = Duration::from_millis(250);
/// No more is sent to a viewer that has this many bytes unparsed.
const CREDIT_HIGH_BYTES: u64 = 384 * 1024;
/// The same for parts of a snapshot, most of which are not parsed.
const SNAPSHOT_CREDIT_BYTES: u64 = 768 * 1024;
/// A viewer that must be skipped ahead first parses down to this. Viewers acknowledge each 128 KiB.
const CREDIT_LOW_BYTES: u64 = 192 * 1024;
/// A larger screen is not repainted; its viewer waits for the snapshot.
const MAX_REPAINT_BYTES: usize = 256 * 1024;
/// A viewer that is skipped ahead sees the present this often,
const REPAINT_EVERY: Duration = Duration::from_millis(50);
/// or as soon as the program pauses for this long.
const PAUSE: Duration = Duration::from_millis(8);
/// The flood is over when the program wrote nothing for this long; each time that was wrong
/// within a moment it takes twice as long, up to a limit.
const QUIET: Duration = Duration::from_millis(30);
const MOST_QUIET: Duration = Duration::from_millis(480);
const WRONG_WITHIN: Duration = Duration::from_secs(2);
/// A viewer that is hidden keeps its place while it has missed no more than this.
const HIDDEN_BYTES: u64 = 64 * 1024;

/// What the host knows of its program when it looks after its viewers.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Now.
    pub now: Instant,
    /// When the program last wrote.
    pub output_at: Instant,
    /// The program writes no more than any viewer can follow.
    pub slow: bool,
    /// No synchronized update is open: what the screen shows is whole.
    pub whole: bool,
}

/// What a viewer is to be sent next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Bytes of the stream.
    Output {
        /// The offset of the first.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The size changed at this point.
    Resized {
        /// The size from here on.
        size: TerminalSize,
        /// The point.
        offset: u64,
    },
    /// A snapshot of the present begins; [`Place::snapshot_begun`] is given it.
    Snapshot(SnapshotReason),
    /// A part of the snapshot that fits into a frame.
    SnapshotPart(SnapshotPart),
    /// The snapshot has been sent.
    SnapshotEnd,
    /// The present screen alone; [`Place::repainted`] says that it was sent, or was too large.
    Repaint {
        /// Whether what the viewer shows is to become scrollback: a viewer's first repaint
        /// follows bytes that a person may be reading.
        first: bool,
    },
}

/// One viewer's place in the stream.
#[derive(Debug)]
pub struct Place {
    /// How large the viewer is and whether it is seen.
    pub size: ViewerSize,
    /// Whether the viewer understands repaints, and acknowledges what is no part of the stream.
    repaints: bool,
    position: u64,
    acknowledged: u64,
    /// Bytes of snapshots and repaints that were sent, and that were acknowledged.
    painted: u64,
    painted_acknowledged: u64,
    /// The offset that the last snapshot stands for, until it is acknowledged, and its length:
    /// for viewers that acknowledge no more than that.
    in_flight: Option<(u64, u64)>,
    /// What remains to be sent of a snapshot.
    rest: Option<VecDeque<SnapshotPart>>,
    next_mark: u64,
    wants_snapshot: Option<SnapshotReason>,
    skipping: Option<Skipping>,
    /// Since when it can be sent no more although there is more.
    starved_since: Option<Instant>,
    /// Since when something waits for a synchronized update to close.
    held_since: Option<Instant>,
    /// How long the program must be quiet, and when a skip last ended.
    quiet: Duration,
    resumed_at: Option<Instant>,
    /// The program is over: what is hidden is brought to the end as well.
    last: bool,
}

/// A viewer that gets no bytes, because there are too many.
#[derive(Debug, Default)]
struct Skipping {
    repainted_at: Option<Instant>,
    /// The last screen was too large for a repaint.
    too_large: bool,
}

impl Place {
    /// The place of a viewer that has seen nothing yet: a snapshot is its first need.
    pub fn new(size: ViewerSize, repaints: bool) -> Self {
        Self {
            size,
            repaints,
            position: 0,
            acknowledged: 0,
            painted: 0,
            painted_acknowledged: 0,
            in_flight: None,
            rest: None,
            next_mark: 0,
            wants_snapshot: Some(SnapshotReason::Attach),
            skipping: None,
            starved_since: None,
            held_since: None,
            quiet: QUIET,
            resumed_at: None,
            last: false,
        }
    }

    /// The viewer has parsed the stream up to this offset, and so many bytes beside it, where
    /// it counts them.
    pub fn acknowledge(&mut self, offset: u64, painted: Option<u64>) {
        let offset = offset.min(self.position);
        self.acknowledged = self.acknowledged.max(offset);
        if let Some(painted) = painted {
            let painted = painted.min(self.painted);
            self.painted_acknowledged = self.painted_acknowledged.max(painted);
        }
        if self
            .in_flight
            .is_some_and(|(stands_for, _)| offset >= stands_for)
        {
            self.in_flight = None;
        }
    }

    /// Asks for a snapshot at the next opportunity.
    pub fn want_snapshot(&mut self, reason: SnapshotReason) {
        self.wants_snapshot.get_or_insert(reason);
    }

    /// The program is over and the host is about to end: a viewer that nobody sees is sent the
    /// end, too, for there is nobody to ask for it later. It may have let go what it had: a
    /// snapshot is all of it.
    pub fn bring_to_end(&mut self) {
        if !self.is_served() {
            self.want_snapshot(SnapshotReason::Behind);
        }
        self.last = true;
    }

    /// The snapshot of the stream's end was begun; its parts follow.
    pub fn snapshot_begun(&mut self, stream: &Stream, parts: Vec<SnapshotPart>) {
        self.jump_to_end(stream);
        let bytes = parts.iter().map(SnapshotPart::len).sum::<usize>();
        self.in_flight = Some((self.position, bytes as u64));
        self.rest = Some(parts.into());
        self.wants_snapshot = None;
        self.skipping = None;
    }

    /// The present was sent as a repaint of so many bytes; 0 when it was too large.
    pub fn repainted(&mut self, stream: &Stream, bytes: usize, now: Instant) {
        if bytes > 0 {
            self.jump_to_end(stream);
            self.painted += bytes as u64;
        }
        if let Some(skipping) = &mut self.skipping {
            skipping.repainted_at = Some(now);
            skipping.too_large = bytes == 0;
        }
    }

    fn jump_to_end(&mut self, stream: &Stream) {
        self.position = stream.end();
        self.acknowledged = self.position;
        self.next_mark = stream.next_mark();
        self.starved_since = None;
        self.held_since = None;
    }

    /// Whether a repaint of this length can be sent.
    pub fn takes_repaint(bytes: usize) -> bool {
        bytes <= MAX_REPAINT_BYTES
    }

    /// The oldest byte that the viewer may still be sent; none when it will be given a snapshot.
    pub fn needs_from(&mut self, stream: &Stream) -> Option<u64> {
        let hidden = !self.is_served();
        if hidden && stream.end() - self.position > HIDDEN_BYTES {
            self.want_snapshot(SnapshotReason::Behind);
        }
        let skips = self.skipping.is_some() && !self.is_unpainted();
        let follows = !skips && self.wants_snapshot.is_none();
        follows.then_some(self.position)
    }

    /// What to send next; none while the viewer has enough to parse, has all, or must wait.
    pub fn next(&mut self, stream: &Stream, moment: &Moment) -> Option<Next> {
        if !self.is_served() {
            if self.rest.take().is_some() {
                // The part that came is of no use: it begins anew when it is seen.
                self.want_snapshot(SnapshotReason::Attach);
            }
            return None;
        }
        if self.rest.is_some() {
            return self.next_of_snapshot();
        }
        self.look_behind(stream, moment);
        if self.skipping.is_some() {
            return self.next_of_skipping(stream, moment);
        }
        if let Some(reason) = self.wants_snapshot {
            let ready = self.unparsed() <= CREDIT_LOW_BYTES && self.is_whole(moment);
            return ready.then_some(Next::Snapshot(reason));
        }
        let mark = stream.mark_from(self.next_mark);
        let until = mark.map_or(stream.end(), |mark| mark.offset);
        if until == self.position {
            let mark = mark?;
            self.next_mark = mark.number + 1;
            return Some(Next::Resized {
                size: mark.size,
                offset: mark.offset,
            });
        }
        if self.unparsed() >= CREDIT_HIGH_BYTES {
            self.starved_since.get_or_insert(moment.now);
            return None;
        }
        self.starved_since = None;
        // Within an update goes only what cannot be kept any longer.
        if !self.is_whole(moment) && stream.end() - self.position < BEHIND_BYTES {
            return None;
        }
        self.held_since = None;
        let offset = self.position;
        self.position = until.min(offset + CHUNK_BYTES as u64);
        Some(Next::Output {
            offset,
            bytes: stream.copy(offset, self.position),
        })
    }

    /// Whether it has fallen too far behind to be sent every byte.
    fn look_behind(&mut self, stream: &Stream, moment: &Moment) {
        if self.skipping.is_some() || self.wants_snapshot == Some(SnapshotReason::Attach) {
            return;
        }
        let lost = self.position < stream.start();
        let far = stream.end() - self.position > BEHIND_BYTES;
        if !self.repaints {
            if lost || far {
                self.want_snapshot(SnapshotReason::Behind);
            }
            return;
        }
        let long = self
            .starved_since
            .is_some_and(|since| moment.now.duration_since(since) >= BEHIND_FOR);
        if lost || far || long {
            let again = self
                .resumed_at
                .is_some_and(|at| moment.now.duration_since(at) < WRONG_WITHIN);
            self.quiet = if again {
                (self.quiet * 2).min(MOST_QUIET)
            } else {
                QUIET
            };
            self.wants_snapshot = None;
            self.skipping = Some(Skipping::default());
        }
    }

    fn next_of_snapshot(&mut self) -> Option<Next> {
        // A page that nobody sees is slow, and the host ends: it is given all there is.
        let paced = self.repaints && self.size.visible;
        let waits = paced && self.unparsed() >= SNAPSHOT_CREDIT_BYTES;
        let rest = self.rest.as_mut().filter(|_| !waits)?;
        let Some(mut part) = rest.pop_front() else {
            self.rest = None;
            return Some(Next::SnapshotEnd);
        };
        if let SnapshotPart::Stream(bytes) = &mut part
            && bytes.len() > CHUNK_BYTES
        {
            let after = bytes.split_off(CHUNK_BYTES);
            rest.push_front(SnapshotPart::Stream(after));
        }
        self.painted += part.len() as u64;
        Some(Next::SnapshotPart(part))
    }

    fn next_of_skipping(&mut self, stream: &Stream, moment: &Moment) -> Option<Next> {
        if self.skip_due(stream, moment)? > moment.now {
            return None;
        }
        let calm = self.is_calm(moment);
        if calm && self.may_resume(stream) {
            self.skipping = None;
            self.starved_since = None;
            return self.next(stream, moment);
        }
        if !self.is_whole(moment) {
            return None;
        }
        // The present is seen first: a snapshot takes a while.
        if calm && self.was_shown(stream) {
            self.resumed_at = Some(moment.now);
            return Some(Next::Snapshot(SnapshotReason::Behind));
        }
        let first = self.is_unpainted();
        Some(Next::Repaint { first })
    }

    /// Whether a viewer that is skipped ahead shows the present, as far as a repaint can.
    fn was_shown(&self, stream: &Stream) -> bool {
        self.skipping.as_ref().is_some_and(|skipping| {
            skipping.too_large || (skipping.repainted_at.is_some() && self.position == stream.end())
        })
    }

    /// Whether nothing was sent since it was skipped ahead.
    fn is_unpainted(&self) -> bool {
        let skipping = self.skipping.as_ref();
        skipping.is_some_and(|skipping| skipping.repainted_at.is_none())
    }

    /// Whether it can go on with the very bytes that it was to be sent.
    fn may_resume(&self, stream: &Stream) -> bool {
        self.is_unpainted()
            && self.position >= stream.start()
            && stream.end() - self.position <= BEHIND_BYTES
            && self.wants_snapshot.is_none()
    }

    /// When a viewer that is skipped ahead is to be sent something next; none while it has
    /// not parsed what it was sent.
    fn skip_due(&self, stream: &Stream, moment: &Moment) -> Option<Instant> {
        let skipping = self.skipping.as_ref().filter(|_| self.has_credit())?;
        if self.is_calm(moment) {
            return Some(moment.now);
        }
        let quiet = moment.output_at + self.quiet;
        let repaint = match skipping.repainted_at {
            _ if self.was_shown(stream) && !skipping.too_large => return Some(quiet),
            None => moment.now,
            Some(at) => (at + REPAINT_EVERY).min((moment.output_at + PAUSE).max(at + PAUSE)),
        };
        Some(quiet.min(repaint))
    }

    /// Whether the flood is over.
    fn is_calm(&self, moment: &Moment) -> bool {
        moment.slow || moment.now.duration_since(moment.output_at) >= self.quiet
    }

    fn has_credit(&self) -> bool {
        let painted = self.painted - self.painted_acknowledged;
        painted == 0 && self.unparsed() <= CREDIT_LOW_BYTES
    }

    /// Whether the screen can be shown: not within a synchronized update, unless that is held
    /// open for too long.
    fn is_whole(&mut self, moment: &Moment) -> bool {
        if moment.whole {
            self.held_since = None;
            return true;
        }
        let since = *self.held_since.get_or_insert(moment.now);
        moment.now.duration_since(since) >= SYNC_LIMIT
    }

    /// Whether something waits for a synchronized update to close.
    pub fn waits_for_whole(&self) -> bool {
        self.held_since.is_some()
    }

    /// When to look at this place again, if nothing else happens until then.
    pub fn look_at(&self, stream: &Stream, moment: &Moment) -> Option<Instant> {
        if !self.is_served() || self.rest.is_some() {
            return None;
        }
        let held = self.held_since.map(|since| since + SYNC_LIMIT);
        if held.is_some_and(|at| at > moment.now) {
            return held;
        }
        if self.skipping.is_some() {
            return self.skip_due(stream, moment);
        }
        let starved = self.starved_since.filter(|_| self.repaints)?;
        Some(starved + BEHIND_FOR)
    }

    /// Whether everything has been sent, as far as anybody sees it.
    pub fn has_all(&self, stream: &Stream) -> bool {
        !self.is_served()
            || (self.rest.is_none()
                && self.skipping.is_none()
                && self.wants_snapshot.is_none()
                && self.position == stream.end())
    }

    fn is_served(&self) -> bool {
        self.size.visible || self.last
    }

    fn unparsed(&self) -> u64 {
        let painted = if self.repaints {
            self.painted - self.painted_acknowledged
        } else {
            self.in_flight.map_or(0, |(_, bytes)| bytes)
        };
        self.position - self.acknowledged + painted
    }
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
