//! What a viewer is sent, when, and how much of it.

use super::*;

const SEEN: ViewerSize = ViewerSize {
    cols: 80,
    rows: 24,
    visible: true,
};
const HIDDEN: ViewerSize = ViewerSize {
    visible: false,
    ..SEEN
};

/// A host without a program: a stream, a viewer's place in it, and the time.
struct Host {
    stream: Stream,
    place: Place,
    start: Instant,
    ms: u64,
    output_ms: u64,
    slow: bool,
    whole: bool,
}

impl Host {
    /// A viewer that has been sent its snapshot and acknowledged it.
    fn attached() -> Self {
        Self::attached_to(true)
    }

    fn attached_to(repaints: bool) -> Self {
        let mut host = Self {
            stream: Stream::default(),
            place: Place::new(SEEN, repaints),
            start: Instant::now(),
            ms: 0,
            output_ms: 0,
            slow: true,
            whole: true,
        };
        assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Attach)));
        host.snapshot(10);
        host.acknowledge();
        host
    }

    fn moment(&self) -> Moment {
        Moment {
            now: self.start + Duration::from_millis(self.ms),
            output_at: self.start + Duration::from_millis(self.output_ms),
            slow: self.slow,
            whole: self.whole,
        }
    }

    fn next(&mut self) -> Option<Next> {
        let moment = self.moment();
        self.place.next(&self.stream, &moment)
    }

    /// All that is sent now.
    fn all(&mut self) -> Vec<Next> {
        std::iter::from_fn(|| self.next()).collect()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.output_ms = self.ms;
        self.stream.push(bytes);
    }

    fn flood(&mut self, bytes: usize) {
        self.slow = false;
        self.write(&vec![b'x'; bytes]);
    }

    /// Sends a snapshot of this length as a whole, as far as there is credit.
    fn snapshot(&mut self, bytes: usize) -> Vec<Next> {
        let parts = vec![
            SnapshotPart::Stream(vec![b's'; bytes / 2]),
            SnapshotPart::Lines(vec![b'l'; 60]),
            SnapshotPart::Stream(vec![b's'; bytes - bytes / 2]),
        ];
        self.place.snapshot_begun(&self.stream, parts);
        self.all()
    }

    fn repaint(&mut self, bytes: usize) {
        let now = self.moment().now;
        self.place.repainted(&self.stream, bytes, now);
    }

    /// The viewer has parsed all it was sent.
    fn acknowledge(&mut self) {
        let painted = self.place.repaints.then_some(self.place.painted);
        self.place.acknowledge(self.place.position, painted);
    }

    fn look_in(&self) -> Option<u64> {
        let moment = self.moment();
        let at = self.place.look_at(&self.stream, &moment)?;
        Some(at.saturating_duration_since(moment.now).as_millis() as u64)
    }

    /// A viewer that was just skipped ahead, nothing unparsed.
    fn skipped() -> Self {
        let mut host = Self::attached();
        host.flood(3 * KEEP_BYTES);
        assert_eq!(host.next(), Some(Next::Repaint { first: true }));
        host
    }
}

fn output(offset: u64, bytes: &[u8]) -> Next {
    Next::Output {
        offset,
        bytes: bytes.to_vec(),
    }
}

#[test]
fn output_continues_exactly_where_the_snapshot_was_taken() {
    let mut host = Host::attached();
    assert_eq!(host.all(), []);
    host.write(b"after");
    assert_eq!(host.all(), [output(0, b"after")]);
}

#[test]
fn a_resize_stands_between_the_bytes_before_and_after_it() {
    let mut host = Host::attached();
    let size = TerminalSize { cols: 40, rows: 10 };
    host.write(b"ab");
    host.stream.resized(size);
    host.write(b"cd");
    let expected = [
        output(0, b"ab"),
        Next::Resized { size, offset: 2 },
        output(2, b"cd"),
    ];
    assert_eq!(host.all(), expected);
}

#[test]
fn a_viewer_that_acknowledges_nothing_is_sent_a_bounded_amount() {
    for repaints in [false, true] {
        let mut host = Host::attached_to(repaints);
        let mut sent = 0;
        for _ in 0..1_000 {
            host.ms += 1;
            host.write(&[b'x'; 10_000]);
            for next in host.all() {
                match next {
                    Next::Output { bytes, .. } => sent += bytes.len() as u64,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(sent < CREDIT_HIGH_BYTES + CHUNK_BYTES as u64, "{sent}");
    }
}

#[test]
fn a_large_snapshot_goes_as_far_as_it_is_acknowledged() {
    let mut host = Host::attached();
    host.place.want_snapshot(SnapshotReason::Resize);
    assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Resize)));
    let mut parts = host.snapshot(5_000_000);
    let mut sent = 0;
    while parts.last() != Some(&Next::SnapshotEnd) {
        let now: usize = parts
            .iter()
            .map(|part| match part {
                Next::SnapshotPart(part) => part.len(),
                other => panic!("{other:?}"),
            })
            .sum();
        assert!((now as u64) < SNAPSHOT_CREDIT_BYTES + CHUNK_BYTES as u64);
        sent += now;
        host.write(b"meanwhile");
        host.acknowledge();
        parts = host.all();
        if let Some(at) = parts.iter().position(|part| *part == Next::SnapshotEnd) {
            sent += parts[..at].len() * CHUNK_BYTES;
            assert!(matches!(&parts[at + 1..], [Next::Output { offset: 0, .. }]));
            break;
        }
    }
    assert!(sent >= 5_000_000);
}

#[test]
fn an_older_viewer_left_behind_gets_one_snapshot_as_a_whole_and_goes_on_from_it() {
    let mut host = Host::attached_to(false);
    host.write(b"seen");
    assert_eq!(host.all(), [output(0, b"seen")]);
    host.flood(3 * KEEP_BYTES);
    assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Behind)));
    let parts = host.snapshot(1_000_000);
    assert_eq!(parts.last(), Some(&Next::SnapshotEnd));
    host.write(b"live");
    assert_eq!(host.next(), None, "the snapshot is still unparsed");
    let offset = host.stream.end() - 4;
    host.place.acknowledge(offset, None);
    assert_eq!(host.all(), [output(offset, b"live")]);
}

#[test]
fn a_flood_is_shown_by_repaints_one_at_a_time_and_its_end_by_one_snapshot() {
    let mut host = Host::skipped();
    host.repaint(5_000);
    let mut repaints = 1;
    for _ in 0..1_000 {
        host.ms += 1;
        host.flood(100_000);
        if let Some(next) = host.next() {
            assert_eq!(next, Next::Repaint { first: false });
            host.repaint(5_000);
            repaints += 1;
        }
        assert_eq!(host.next(), None);
        if host.ms.is_multiple_of(7) {
            host.acknowledge();
        }
    }
    assert!((15..=21).contains(&repaints), "{repaints}");
    host.flood(100_000);
    host.acknowledge();
    host.ms += 9;
    assert_eq!(host.next(), Some(Next::Repaint { first: false }));
    host.repaint(5_000);
    host.ms += 30;
    assert_eq!(host.next(), None, "the repaint is still unparsed");
    host.acknowledge();
    assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Behind)));
    host.snapshot(100);
    host.write(b"live");
    assert_eq!(host.all(), [output(host.stream.end() - 4, b"live")]);
}

#[test]
fn the_end_of_a_flood_is_seen_before_the_snapshot() {
    let mut host = Host::skipped();
    host.repaint(5_000);
    host.flood(100_000);
    host.ms += 100;
    assert_eq!(host.next(), None, "the repaint is still unparsed");
    host.acknowledge();
    assert_eq!(host.next(), Some(Next::Repaint { first: false }));
    host.repaint(5_000);
    host.acknowledge();
    assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Behind)));
}

#[test]
fn the_end_of_a_flood_on_a_screen_that_is_too_large_to_be_repainted_is_a_snapshot() {
    let mut host = Host::skipped();
    host.repaint(0);
    host.flood(100_000);
    host.ms += 100;
    assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Behind)));
}

#[test]
fn a_viewer_that_is_not_served_at_once_is_looked_at_when_it_is_due() {
    let mut host = Host::skipped();
    assert_eq!(host.look_in(), Some(0));
    host.repaint(5_000);
    assert_eq!(host.look_in(), None, "until it is parsed");
    host.acknowledge();
    assert_eq!(host.look_in(), Some(30), "the end of the flood");
    host.ms += 10;
    host.flood(1_000_000);
    assert_eq!(host.look_in(), Some(8), "a pause");
    host.ms += 7;
    host.flood(1_000_000);
    assert_eq!(host.look_in(), Some(8));
    for _ in 0..5 {
        host.ms += 5;
        host.flood(1_000_000);
    }
    host.ms += 5;
    host.flood(1_000_000);
    assert_eq!(host.look_in(), Some(3), "50 ms after the last repaint");
}

#[test]
fn floods_that_pause_now_and_then_cost_ever_fewer_snapshots() {
    let mut host = Host::attached();
    let mut snapshots = 0;
    for _ in 0..100 {
        host.flood(2 * KEEP_BYTES);
        for _ in 0..40 {
            host.ms += 1;
            match host.next() {
                Some(Next::Repaint { .. }) => host.repaint(100),
                Some(Next::Snapshot(SnapshotReason::Behind)) => {
                    snapshots += 1;
                    host.snapshot(100);
                }
                None => {}
                other => panic!("{other:?}"),
            }
            host.acknowledge();
        }
    }
    assert!(snapshots <= 3, "{snapshots}");
    host.ms += 480;
    assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Behind)));
}

#[test]
fn a_viewer_that_was_only_late_goes_on_with_the_same_bytes() {
    let mut host = Host::attached();
    host.write(&vec![b'x'; 600_000]);
    let mut sent = host.all().len();
    host.ms += 260;
    assert_eq!(host.look_in(), Some(0));
    assert_eq!(host.next(), None);
    assert_eq!(host.look_in(), None);
    host.acknowledge();
    while let Some(next) = host.next() {
        assert!(matches!(next, Next::Output { .. }), "{next:?}");
        sent += 1;
    }
    assert_eq!(sent, 600_000_usize.div_ceil(CHUNK_BYTES));
    assert!(host.place.has_all(&host.stream));
}

#[test]
fn an_open_synchronized_update_is_not_torn_until_it_is_held_for_too_long() {
    let mut host = Host::attached();
    host.whole = false;
    host.write(b"half a frame");
    assert_eq!(host.next(), None);
    assert!(host.place.waits_for_whole());
    assert_eq!(host.look_in(), Some(150));
    host.ms += 149;
    assert_eq!(host.next(), None);
    host.ms += 1;
    assert_eq!(host.all(), [output(0, b"half a frame")]);
    assert_eq!(host.look_in(), None);

    host.flood(2 * KEEP_BYTES);
    assert_eq!(host.next(), None, "no repaint either");
    host.whole = true;
    assert_eq!(host.next(), Some(Next::Repaint { first: true }));
    host.repaint(10);
    host.acknowledge();
    host.whole = false;
    host.ms += 30;
    assert_eq!(host.next(), None, "nor the snapshot");
    host.ms += 150;
    assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Behind)));
}

#[test]
fn a_hidden_viewer_is_sent_nothing_and_goes_on_when_it_missed_little() {
    let mut host = Host::attached();
    host.place.size = HIDDEN;
    host.write(b"missed");
    assert_eq!(host.next(), None);
    assert_eq!(host.place.needs_from(&host.stream), Some(0));
    assert!(host.place.has_all(&host.stream));
    host.place.size = SEEN;
    assert_eq!(host.all(), [output(0, b"missed")]);

    host.place.size = HIDDEN;
    host.write(&vec![b'x'; 70_000]);
    assert_eq!(host.place.needs_from(&host.stream), None);
    assert_eq!(host.next(), None);
    host.place.size = SEEN;
    assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Behind)));
}

#[test]
fn a_viewer_hidden_while_its_snapshot_is_on_its_way_gets_another_when_it_is_seen() {
    let mut host = Host::attached();
    host.place.want_snapshot(SnapshotReason::Resize);
    assert!(matches!(host.next(), Some(Next::Snapshot(_))));
    host.snapshot(1_000_000);
    host.place.size = HIDDEN;
    host.acknowledge();
    assert_eq!(host.next(), None);
    host.place.size = SEEN;
    assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Attach)));
}

#[test]
fn a_hidden_viewer_is_told_the_end_of_a_program_that_is_over() {
    let mut host = Host::attached();
    host.place.size = HIDDEN;
    host.write(&vec![b'x'; 70_000]);
    host.place.needs_from(&host.stream);
    host.place.bring_to_end();
    assert!(!host.place.has_all(&host.stream));
    assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Behind)));
    // As a whole, for there is no time left.
    host.snapshot(5_000_000);
    assert!(host.place.has_all(&host.stream));
}

#[test]
fn a_hidden_viewer_that_has_had_all_gets_a_snapshot_of_the_end() {
    let mut host = Host::attached();
    host.write(b"all of it");
    host.all();
    host.acknowledge();
    host.place.size = HIDDEN;
    assert_eq!(host.next(), None);
    assert!(host.place.has_all(&host.stream));
    host.place.bring_to_end();
    assert!(!host.place.has_all(&host.stream));
    assert_eq!(host.next(), Some(Next::Snapshot(SnapshotReason::Behind)));
}

#[test]
fn a_viewer_that_is_seen_at_the_end_keeps_what_it_has() {
    let mut host = Host::attached();
    host.write(b"all of it");
    host.all();
    host.place.bring_to_end();
    assert_eq!(host.next(), None);
    assert!(host.place.has_all(&host.stream));
}

#[test]
fn an_acknowledgement_from_the_future_gives_no_credit() {
    let mut host = Host::attached();
    host.place.acknowledge(u64::MAX, Some(u64::MAX));
    host.write(b"a");
    assert_eq!(host.all(), [output(0, b"a")]);
    assert_eq!(host.place.unparsed(), 1);
}
