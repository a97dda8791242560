//! The recent bytes of a program and each viewer's place in them.
//!
//! A viewer gets as much as it acknowledges. One that falls behind what is kept here is
//! brought to the present by a snapshot; the program is never slowed.

use std::collections::VecDeque;

use crate::model::TerminalSize;
use crate::session::protocol::{CHUNK_BYTES, SnapshotReason, ViewerSize};

/// How many bytes are kept, and how far a viewer may fall behind before it is skipped ahead.
pub const KEEP_BYTES: usize = 1024 * 1024;
/// No more is sent to a viewer that has this many bytes unparsed.
const CREDIT_HIGH_BYTES: u64 = 384 * 1024;
/// A viewer that must be skipped ahead first parses down to this.
const CREDIT_LOW_BYTES: u64 = 96 * 1024;

/// The recent bytes, and the points at which the size changed.
#[derive(Debug, Default)]
pub struct Stream {
    bytes: VecDeque<u8>,
    start: u64,
    resizes: VecDeque<ResizeMark>,
    next_mark: u64,
}

#[derive(Debug, Clone, Copy)]
struct ResizeMark {
    number: u64,
    offset: u64,
    size: TerminalSize,
}

impl Stream {
    /// The offset after the last byte.
    pub fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Appends what the program wrote; the oldest bytes leave.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        let surplus = self.bytes.len().saturating_sub(KEEP_BYTES);
        self.bytes.drain(..surplus);
        self.start += surplus as u64;
        while self
            .resizes
            .front()
            .is_some_and(|mark| mark.offset < self.start)
        {
            self.resizes.pop_front();
        }
    }

    /// Notes that from here on the terminal has this size.
    pub fn resized(&mut self, size: TerminalSize) {
        self.resizes.push_back(ResizeMark {
            number: self.next_mark,
            offset: self.end(),
            size,
        });
        self.next_mark += 1;
    }

    fn copy(&self, from: u64, to: u64) -> Vec<u8> {
        let from = (from - self.start) as usize;
        let to = (to - self.start) as usize;
        self.bytes.range(from..to).copied().collect()
    }
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
    /// A snapshot of the present; [`Place::snapshot_sent`] says that it was.
    Snapshot(SnapshotReason),
}

/// One viewer's place in the stream.
#[derive(Debug)]
pub struct Place {
    /// How large the viewer is and whether it is seen.
    pub size: ViewerSize,
    position: u64,
    acknowledged: u64,
    /// Bytes of a snapshot that has not been acknowledged, and the offset it stands for.
    snapshot_in_flight: Option<(u64, u64)>,
    next_mark: u64,
    wants_snapshot: Option<SnapshotReason>,
}

impl Place {
    /// The place of a viewer that has seen nothing yet: a snapshot is its first need.
    pub fn new(size: ViewerSize) -> Self {
        Self {
            size,
            position: 0,
            acknowledged: 0,
            snapshot_in_flight: None,
            next_mark: 0,
            wants_snapshot: Some(SnapshotReason::Attach),
        }
    }

    /// The viewer has parsed up to this offset.
    pub fn acknowledge(&mut self, offset: u64) {
        let offset = offset.min(self.position);
        self.acknowledged = self.acknowledged.max(offset);
        if self
            .snapshot_in_flight
            .is_some_and(|(stands_for, _)| offset >= stands_for)
        {
            self.snapshot_in_flight = None;
        }
    }

    /// Asks for a snapshot at the next opportunity.
    pub fn want_snapshot(&mut self, reason: SnapshotReason) {
        self.wants_snapshot.get_or_insert(reason);
    }

    /// The snapshot of the stream's end has been sent.
    pub fn snapshot_sent(&mut self, stream: &Stream, bytes: u64) {
        self.position = stream.end();
        self.acknowledged = self.position;
        self.snapshot_in_flight = Some((self.position, bytes));
        self.next_mark = stream.next_mark;
        self.wants_snapshot = None;
    }

    /// What to send next; none while the viewer has enough to parse, or has all.
    pub fn next(&mut self, stream: &Stream) -> Option<Next> {
        let unparsed = self.unparsed();
        let behind = stream.end() - self.position;
        if self.position < stream.start || behind > KEEP_BYTES as u64 {
            self.want_snapshot(SnapshotReason::Behind);
        }
        if let Some(reason) = self.wants_snapshot {
            return (unparsed <= CREDIT_LOW_BYTES).then_some(Next::Snapshot(reason));
        }
        let mark = stream
            .resizes
            .iter()
            .find(|mark| mark.number >= self.next_mark)
            .copied();
        let until = mark.map_or(stream.end(), |mark| mark.offset);
        if until == self.position {
            let mark = mark?;
            self.next_mark = mark.number + 1;
            return Some(Next::Resized {
                size: mark.size,
                offset: mark.offset,
            });
        }
        if unparsed >= CREDIT_HIGH_BYTES {
            return None;
        }
        let offset = self.position;
        self.position = until.min(offset + CHUNK_BYTES as u64);
        Some(Next::Output {
            offset,
            bytes: stream.copy(offset, self.position),
        })
    }

    /// Whether everything has been sent.
    pub fn has_all(&self, stream: &Stream) -> bool {
        self.wants_snapshot.is_none() && self.position == stream.end()
    }

    fn unparsed(&self) -> u64 {
        let snapshot = self.snapshot_in_flight.map_or(0, |(_, bytes)| bytes);
        self.position - self.acknowledged + snapshot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: ViewerSize = ViewerSize {
        cols: 80,
        rows: 24,
        visible: true,
    };

    fn attached(stream: &Stream) -> Place {
        let mut place = Place::new(SEEN);
        assert_eq!(
            place.next(stream),
            Some(Next::Snapshot(SnapshotReason::Attach))
        );
        place.snapshot_sent(stream, 10);
        place.acknowledge(stream.end());
        place
    }

    #[test]
    fn output_continues_exactly_where_the_snapshot_was_taken() {
        let mut stream = Stream::default();
        stream.push(b"before");
        let mut place = attached(&stream);
        assert_eq!(place.next(&stream), None);
        stream.push(b"after");
        assert_eq!(
            place.next(&stream),
            Some(Next::Output {
                offset: 6,
                bytes: b"after".to_vec()
            })
        );
        assert_eq!(place.next(&stream), None);
    }

    #[test]
    fn a_resize_stands_between_the_bytes_before_and_after_it() {
        let mut stream = Stream::default();
        let mut place = attached(&stream);
        let size = TerminalSize { cols: 40, rows: 10 };
        stream.push(b"ab");
        stream.resized(size);
        stream.push(b"cd");
        let sent: Vec<_> = std::iter::from_fn(|| place.next(&stream)).collect();
        assert_eq!(
            sent,
            [
                Next::Output {
                    offset: 0,
                    bytes: b"ab".to_vec()
                },
                Next::Resized { size, offset: 2 },
                Next::Output {
                    offset: 2,
                    bytes: b"cd".to_vec()
                },
            ]
        );
    }

    #[test]
    fn a_viewer_that_acknowledges_nothing_is_sent_a_bounded_amount() {
        let mut stream = Stream::default();
        let mut place = attached(&stream);
        let mut sent = 0;
        for _ in 0..100 {
            stream.push(&[b'x'; 10_000]);
            while let Some(next) = place.next(&stream) {
                match next {
                    Next::Output { bytes, .. } => sent += bytes.len() as u64,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(sent < CREDIT_HIGH_BYTES + CHUNK_BYTES as u64, "{sent}");
    }

    #[test]
    fn a_viewer_left_behind_gets_one_snapshot_and_goes_on_from_it() {
        let mut stream = Stream::default();
        let mut place = attached(&stream);
        stream.push(b"seen");
        assert!(matches!(place.next(&stream), Some(Next::Output { .. })));
        stream.push(&vec![b'x'; 3 * KEEP_BYTES]);
        assert_eq!(
            place.next(&stream),
            Some(Next::Snapshot(SnapshotReason::Behind))
        );
        place.snapshot_sent(&stream, 500_000);
        stream.push(b"live");
        assert_eq!(place.next(&stream), None, "the snapshot is still unparsed");
        place.acknowledge(stream.end() - 4);
        assert_eq!(
            place.next(&stream),
            Some(Next::Output {
                offset: stream.end() - 4,
                bytes: b"live".to_vec()
            })
        );
    }

    #[test]
    fn an_acknowledgement_from_the_future_gives_no_credit() {
        let mut stream = Stream::default();
        let mut place = attached(&stream);
        place.acknowledge(u64::MAX);
        stream.push(b"a");
        assert!(matches!(
            place.next(&stream),
            Some(Next::Output { offset: 0, .. })
        ));
    }
}
