//! Recordings of the real Claude Code, cut at many places.

use std::path::Path;

use reprise_core::model::TerminalSize;

use crate::Host;
use crate::generate::{self, Op, Random};
use crate::oracle::Oracle;

/// How often each recording is cut.
const CUTS: u64 = 100;

/// Reads what `tests/fixtures/recordings/record.py` wrote.
fn recording(name: &str) -> Vec<Op> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/recordings")
        .join(name);
    let bytes = std::fs::read(&path).unwrap();
    let mut rest = &bytes[..];
    let mut ops = Vec::new();
    while !rest.is_empty() {
        let (head, body) = rest.split_at(5);
        let length = u32::from_be_bytes(head[1..].try_into().unwrap());
        let (payload, after) = body.split_at(length as usize);
        ops.push(match head[0] {
            b'o' => Op::Bytes(payload.to_vec()),
            b'r' => Op::Resize(TerminalSize {
                cols: u16::from_be_bytes(payload[..2].try_into().unwrap()),
                rows: u16::from_be_bytes(payload[2..].try_into().unwrap()),
            }),
            kind => panic!("{}: a frame of kind {kind}", path.display()),
        });
        rest = after;
    }
    ops
}

/// Cuts a recording at random places; both sides get the rest and a random continuation.
fn cut_everywhere(name: &str) {
    let ops = recording(name);
    let mut oracle = Oracle::start();
    for seed in 0..CUTS {
        let mut random = Random::new(seed);
        let at = random.below(ops.len());
        let mut host = Host::new(TerminalSize { cols: 80, rows: 24 }, 10_000);
        host.cells = !seed.is_multiple_of(2);
        for op in &ops[..at] {
            host.feed(op);
        }
        let mut rest = Vec::new();
        match &ops[at] {
            Op::Bytes(bytes) => {
                let (head, tail) = bytes.split_at(random.below(bytes.len() + 1));
                host.feed(&Op::Bytes(head.to_vec()));
                rest.push(Op::Bytes(tail.to_vec()));
            }
            resize => host.feed(resize),
        }
        let until_resize = ops[at + 1..]
            .iter()
            .take_while(|op| matches!(op, Op::Bytes(_)));
        rest.extend(until_resize.take(random.below(40)).cloned());
        let size = host.screen.size();
        rest.extend(generate::continuation(&mut random, size));
        let differences = oracle.judge(&host.question(rest.iter()));
        assert!(
            differences.is_empty(),
            "{name}, cut {seed} in frame {at}:\n  {}",
            differences.join("\n  ")
        );
    }
}

#[test]
fn a_snapshot_rebuilds_claude_in_its_full_screen_mode_at_any_cut() {
    cut_everywhere("fullscreen.rec");
}

#[test]
fn a_snapshot_rebuilds_claude_in_its_ordinary_mode_at_any_cut() {
    cut_everywhere("ordinary.rec");
}
