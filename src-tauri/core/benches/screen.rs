//! How fast the terminal's state takes bytes, beside alacritty_terminal's in the same run, and
//! what a full scrollback costs: `cargo bench -p reprise-core --bench screen`.
//!
//! Times are CPU time of the one thread, medians of [`ROUNDS`]; the two terminals take turns.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot go on says so by panicking"
)]

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::term::{Config, Term};
use alacritty_terminal::vte::ansi::Processor;
use reprise_core::model::TerminalSize;
use reprise_core::session::screen::{Screen, ScrollbackLimits, Snapshot, SnapshotPart};
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 7;
const BYTES: usize = 16 * 1_000_000;
/// As much as a host reads at once.
const PIECE: usize = 64 * 1024;
const SIZE: TerminalSize = TerminalSize {
    cols: 120,
    rows: 40,
};

fn main() {
    let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/recordings");
    let recording = |name: &str| output_of(&std::fs::read(recordings.join(name)).unwrap());
    let streams: [(&str, Vec<u8>); 7] = [
        ("plain text", plain()),
        ("full lines, few colours", coloured()),
        ("dense colours", dense()),
        ("UTF-8, half of it wide", utf8()),
        ("full-clear frames", frames()),
        ("claude, ordinary mode", recording("ordinary.rec")),
        ("claude, full screen", recording("fullscreen.rec")),
    ];
    println!(
        "MB/s of CPU time, {}x{}, median of {ROUNDS}",
        SIZE.cols, SIZE.rows
    );
    println!(
        "{:<26}{:>10}{:>20}{:>8}",
        "stream", "Reprise", "alacritty_terminal", "ratio"
    );
    let only = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    for (name, stream) in &streams {
        if only.as_ref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        let repeated = stream.repeat((BYTES / stream.len()).max(1));
        let (mut own, mut other) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            own.push(rate(&repeated, feed_reprise));
            other.push(rate(&repeated, feed_alacritty));
        }
        let (own, other) = (median(own), median(other));
        println!("{name:<26}{own:>10.0}{other:>20.0}{:>8.2}", own / other);
    }
    println!("\n10,000 lines of scrollback");
    println!(
        "{:<26}{:>14}{:>8}{:>20}{:>8}",
        "stream", "snapshot, ms", "MB", "with cells, ms", "MB"
    );
    for (name, stream) in &streams[..4] {
        let mut screen = Screen::new(SIZE, ScrollbackLimits::default());
        for piece in stream.repeat(3).chunks(PIECE) {
            screen.feed(piece, Instant::now());
        }
        let (ms, mb) = cost(|| screen.snapshot());
        let (cells_ms, cells_mb) = cost(|| screen.snapshot_with_cells());
        println!("{name:<26}{ms:>14.1}{mb:>8.2}{cells_ms:>20.1}{cells_mb:>8.2}");
    }
}

/// Milliseconds for a snapshot, and its length in MB.
fn cost(snapshot: impl Fn() -> Snapshot) -> (f64, f64) {
    let mut bytes = 0;
    let times = (0..ROUNDS)
        .map(|_| {
            let before = cpu_time();
            bytes = snapshot().parts.iter().map(SnapshotPart::len).sum();
            (cpu_time() - before).as_secs_f64() * 1e3
        })
        .collect();
    (median(times), bytes as f64 / 1e6)
}

fn rate(bytes: &[u8], feed: fn(&[u8])) -> f64 {
    let before = cpu_time();
    feed(bytes);
    bytes.len() as f64 / 1e6 / (cpu_time() - before).as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn feed_reprise(bytes: &[u8]) {
    let mut screen = Screen::new(SIZE, ScrollbackLimits::default());
    for piece in bytes.chunks(PIECE) {
        screen.feed(piece, Instant::now());
        screen.take_replies();
        screen.take_events();
    }
}

struct Grid;

impl Dimensions for Grid {
    fn total_lines(&self) -> usize {
        self.screen_lines()
    }

    fn screen_lines(&self) -> usize {
        SIZE.rows.into()
    }

    fn columns(&self) -> usize {
        SIZE.cols.into()
    }
}

fn feed_alacritty(bytes: &[u8]) {
    let mut term = Term::new(Config::default(), &Grid, VoidListener);
    let mut parser: Processor = Processor::new();
    for piece in bytes.chunks(PIECE) {
        parser.advance(&mut term, piece);
    }
}

/// Numbered lines, as of a log.
fn plain() -> Vec<u8> {
    let mut text = String::new();
    for number in 0..10_000 {
        let _ = write!(
            text,
            "{number:08} the quick brown fox jumps over the lazy dog and back\r\n"
        );
    }
    text.into_bytes()
}

/// Lines as wide as the screen with some twelve changes of colour, as of a build or a listing.
fn coloured() -> Vec<u8> {
    let mut text = String::new();
    for number in 0..10_000 {
        for word in 0..12 {
            let _ = write!(
                text,
                "\x1b[{}m{:09} ",
                [0, 31, 32, 33, 1, 90][(number + word) % 6],
                number * 31 + word
            );
        }
        text.push_str("\x1b[0m\r\n");
    }
    text.into_bytes()
}

/// Other colours, bold, italic and underlined, for every single character.
fn dense() -> Vec<u8> {
    let mut text = String::new();
    for number in 0..4_000_usize {
        for column in 0..usize::from(SIZE.cols) {
            let (fg, bg) = (number * 7 + column * 3, number + column * 11);
            let letter = char::from(b'A' + (column % 26) as u8);
            let _ = write!(
                text,
                "\x1b[38;5;{};48;5;{};1;3;4m{letter}",
                fg % 156 + 100,
                bg % 156 + 100
            );
        }
        text.push_str("\x1b[0m\r\n");
    }
    text.into_bytes()
}

/// Accents, Japanese, box drawing and emoji.
fn utf8() -> Vec<u8> {
    let mut text = String::new();
    for number in 0..10_000 {
        let _ = write!(
            text,
            "{number:05} déjà vu, façade ─┬─ 日本語の端末は速い ✓ Ελληνικά 👍 naïve 漢字かな交じり文\r\n"
        );
    }
    text.into_bytes()
}

/// What claude sends in its ordinary mode when it draws everything anew.
fn frames() -> Vec<u8> {
    let mut text = String::new();
    for frame in 0..4 {
        let start = text.len();
        text.push_str("\x1b[2J\x1b[3J\x1b[H");
        let mut line = 0;
        while text.len() - start < 94_500 {
            line += 1;
            let _ = write!(
                text,
                "\x1b[38;2;153;153;153m{line:>6} \x1b[39m\x1b[38;5;{}m let \x1b[39mvalue_{frame} = \x1b[32m\"some \
                 text of a file\"\x1b[39m; \x1b[2m// {line} and a remark\x1b[22m\r\n",
                line % 200 + 16
            );
        }
    }
    text.into_bytes()
}

/// The program's output of a recording (`tests/fixtures/recordings/record.py`), without resizes.
fn output_of(recording: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    let mut rest = recording;
    while let Some((head, body)) = rest.split_at_checked(5) {
        let length = u32::from_be_bytes(head[1..].try_into().unwrap());
        let (payload, after) = body.split_at(length as usize);
        if head[0] == b'o' {
            output.extend_from_slice(payload);
        }
        rest = after;
    }
    output
}
