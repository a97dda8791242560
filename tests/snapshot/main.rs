//! The snapshot against the viewer itself: see `oracle.mjs` for what is compared and
//! `DIFFERENCES.md` for what is left out and why.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod generate;
mod oracle;
mod recordings;
mod widths;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use generate::{Case, Op, Random};
use oracle::{Oracle, Part, Question, Repainted, Skip};
use reprise_core::model::TerminalSize;
use reprise_core::session::screen::{Screen, ScrollbackLimits};

/// Streams of `make test`; the first number is the seed of the first.
const STREAMS: std::ops::Range<u64> = 1..10_001;
/// Streams of `make test-long`.
const LONG_STREAMS: std::ops::Range<u64> = 1..200_001;

/// A host, and what its viewers were sent: everything from the start, or from the snapshot that
/// each of them gets after a resize.
struct Host {
    screen: Screen,
    sent: Vec<Vec<u8>>,
    scrollback: usize,
    /// The viewer of the snapshot takes lines of the scrollback as cells.
    cells: bool,
    /// A viewer that is skipped ahead on the way, and the dice that say when.
    skip: Option<(Skip, Random)>,
}

impl Host {
    fn new(size: TerminalSize, scrollback: usize) -> Self {
        let limits = ScrollbackLimits {
            lines: scrollback,
            bytes: usize::MAX,
        };
        Self {
            screen: Screen::new(size, limits),
            sent: Vec::new(),
            scrollback,
            cells: false,
            skip: None,
        }
    }

    /// With a viewer that is not sent all.
    fn with_skips(mut self, random: Random) -> Self {
        let skip = Skip {
            seen: usize::MAX,
            repaints: Vec::new(),
        };
        self.skip = Some((skip, random));
        self
    }

    /// The viewer may be skipped ahead here, or see the present.
    fn perhaps_repaint(&mut self) {
        let Some((skip, random)) = &mut self.skip else {
            return;
        };
        if random.below(3) == 0 {
            skip.seen = skip.seen.min(self.sent.len());
            if skip.seen < self.sent.len() {
                skip.repaints.push(Repainted {
                    after: self.sent.len(),
                    bytes: self.screen.repaint(skip.repaints.is_empty()).bytes,
                });
            }
        }
    }

    fn feed(&mut self, op: &Op) {
        match op {
            Op::Bytes(bytes) => {
                self.screen.feed(bytes, Instant::now());
                self.sent.push(bytes.clone());
                self.perhaps_repaint();
            }
            Op::Resize(size) => {
                self.screen.resize(*size);
                self.sent = vec![self.screen.snapshot().into_stream()];
                if let Some((skip, _)) = &mut self.skip {
                    skip.seen = usize::MAX;
                    skip.repaints.clear();
                }
            }
        }
    }

    /// Ends the stream with what comes `after` the cut, and with queries whose answers must be
    /// the viewer's own.
    fn question<'a>(mut self, after: impl Iterator<Item = &'a Op>) -> Question {
        let bytes = |op: &Op| match op {
            Op::Bytes(bytes) => Some(bytes.clone()),
            Op::Resize(_) => None,
        };
        let size = self.screen.size();
        let snapshot = oracle::parts(if self.cells {
            self.screen.snapshot_with_cells()
        } else {
            self.screen.snapshot()
        });
        let after: Vec<Vec<u8>> = after.filter_map(bytes).collect();
        for piece in &after {
            self.screen.feed(piece, Instant::now());
        }
        self.screen.take_replies();
        let queries = queries();
        self.screen.feed(&queries, Instant::now());
        Question {
            cols: size.cols,
            rows: size.rows,
            scrollback: self.scrollback,
            before: self.sent,
            snapshot,
            after,
            queries,
            answers: self.screen.take_replies(),
            skip: self.skip.map(|(skip, _)| skip),
        }
    }
}

/// The queries that host and viewer answer alike: where the cursor is, which modes are set, what
/// the scroll region is. The first byte ends a sequence that is still open.
fn queries() -> Vec<u8> {
    let mut queries =
        b"\x18\x1b[6n\x1b[?6n\x1b[4$p\x1b[20$p\x1bP$qr\x1b\\\x1bP$q\"q\x1b\\".to_vec();
    for mode in [
        1, 6, 7, 9, 25, 45, 47, 66, 1000, 1002, 1003, 1004, 1006, 1016, 1049, 2004, 2026, 77,
    ] {
        queries.extend_from_slice(format!("\x1b[?{mode}$p").as_bytes());
    }
    queries
}

/// About one stream in two a viewer is asked that was skipped ahead.
fn question(case: &Case) -> Question {
    let mut host = Host::new(case.size, case.scrollback);
    host.cells = case.cells;
    if case.skips {
        host = host.with_skips(Random::new(case.before.len() as u64));
    }
    for op in &case.before {
        host.feed(op);
    }
    host.question(case.rest.iter().chain(&case.continuation))
}

/// Leaves out every piece that the difference does not need.
fn shrunk(case: &Case, oracle: &mut Oracle) -> Case {
    let mut best = case.clone();
    let parts: [fn(&mut Case) -> &mut Vec<Op>; 3] = [
        |case| &mut case.continuation,
        |case| &mut case.rest,
        |case| &mut case.before,
    ];
    loop {
        let mut smaller = false;
        for part in parts {
            let mut i = 0;
            while i < part(&mut best).len() {
                let mut without = best.clone();
                part(&mut without).remove(i);
                if oracle.judge(&question(&without)).is_empty() {
                    i += 1;
                } else {
                    best = without;
                    smaller = true;
                }
            }
        }
        if !smaller {
            return best;
        }
    }
}

fn describe(seed: u64, case: &Case, differences: &[String]) -> String {
    let show = |ops: &[Op]| {
        ops.iter()
            .map(|op| match op {
                Op::Bytes(bytes) => format!("    \"{}\"\n", bytes.escape_ascii()),
                Op::Resize(size) => format!("    resize {}x{}\n", size.cols, size.rows),
            })
            .collect::<String>()
    };
    let question = question(case);
    format!(
        "seed {seed}, {}x{}, {} lines of scrollback, skips: {}\n  stream:\n{}  snapshot:\n{}  rest:\n{}  \
         continuation:\n{}  differences (stream / snapshot):\n    {}",
        case.size.cols,
        case.size.rows,
        case.scrollback,
        case.skips,
        show(&case.before),
        question
            .snapshot
            .iter()
            .map(|part| match part {
                Part::Stream(bytes) => format!("    \"{}\"\n", bytes.escape_ascii()),
                Part::Lines(bytes) => format!("    lines \"{}\"\n", bytes.escape_ascii()),
            })
            .collect::<String>(),
        show(&case.rest),
        show(&case.continuation),
        differences.join("\n    ")
    )
}

#[test]
fn a_snapshot_rebuilds_what_the_stream_draws() {
    let streams = match std::env::var("REPRISE_SNAPSHOT_SEED") {
        Ok(seed) => {
            let seed = seed.parse().unwrap();
            seed..seed + 1
        }
        Err(_) if std::env::var_os("REPRISE_TEST_LONG").is_some() => LONG_STREAMS,
        Err(_) => STREAMS,
    };
    let next = AtomicU64::new(streams.start);
    let skipped = AtomicU64::new(0);
    let workers = std::thread::available_parallelism().map_or(2, |n| n.get().min(8));
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut oracle = Oracle::start();
                    let mut failures = Vec::new();
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= streams.end || failures.len() >= 5 {
                            skipped.fetch_add(oracle.skipped, Ordering::Relaxed);
                            return failures;
                        }
                        let case = generate::case(seed);
                        if !oracle.judge(&question(&case)).is_empty() {
                            let small = shrunk(&case, &mut oracle);
                            let differences = oracle.judge(&question(&small));
                            failures.push(describe(seed, &small, &differences));
                        }
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    });
    let skipped = skipped.into_inner();
    assert!(
        skipped * 200 <= streams.end - streams.start,
        "{skipped} streams were left out for the known difference: too many"
    );
    assert!(
        failures.is_empty(),
        "{} streams differ:\n\n{}\n",
        failures.len(),
        failures.join("\n\n")
    );
}
