//! The snapshot against the viewer itself: see `oracle.mjs` for what is compared and
//! `DIFFERENCES.md` for what is left out and why.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod generate;
mod oracle;
mod widths;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use generate::{Case, Op};
use oracle::{Oracle, Question};
use reprise_core::session::screen::{Screen, ScrollbackLimits};

/// Streams of `make test`; the first number is the seed of the first.
const STREAMS: std::ops::Range<u64> = 1..10_001;
/// Streams of `make test-long`.
const LONG_STREAMS: std::ops::Range<u64> = 1..200_001;

/// Feeds a host and gives what a viewer was sent: from the start, or from the snapshot that every
/// viewer gets after a resize.
fn question(case: &Case) -> Question {
    let limits = ScrollbackLimits {
        lines: case.scrollback,
        bytes: usize::MAX,
    };
    let mut screen = Screen::new(case.size, limits);
    let mut sent: Vec<Vec<u8>> = Vec::new();
    let now = Instant::now();
    for op in &case.before {
        match op {
            Op::Bytes(bytes) => {
                screen.feed(bytes, now);
                sent.push(bytes.clone());
            }
            Op::Resize(size) => {
                screen.resize(*size);
                sent = vec![screen.snapshot().bytes];
            }
        }
    }
    let bytes = |ops: &[Op]| {
        ops.iter()
            .filter_map(|op| match op {
                Op::Bytes(bytes) => Some(bytes.clone()),
                Op::Resize(_) => None,
            })
            .collect::<Vec<_>>()
    };
    let mut after = bytes(&case.rest);
    after.extend(bytes(&case.continuation));
    let size = screen.size();
    Question {
        cols: size.cols,
        rows: size.rows,
        scrollback: case.scrollback,
        before: sent,
        snapshot: screen.snapshot().bytes,
        after,
    }
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
        "seed {seed}, {}x{}, {} lines of scrollback\n  stream:\n{}  snapshot: \"{}\"\n  rest:\n{}  \
         continuation:\n{}  differences (stream / snapshot):\n    {}",
        case.size.cols,
        case.size.rows,
        case.scrollback,
        show(&case.before),
        question.snapshot.escape_ascii(),
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
    assert!(
        failures.is_empty(),
        "{} streams differ:\n\n{}\n",
        failures.len(),
        failures.join("\n\n")
    );
}
