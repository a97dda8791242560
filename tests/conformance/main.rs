//! What the terminal makes of sequences: tables of cases in the manner of esctest (`*.cases`), and
//! recorded streams beside another terminal's grid (`streams.rs`). See `README.md`.
//!
//! Every case that fails stands in its table with the reason. A failure without a reason fails the
//! test, and so does a reason without a failure.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../snapshot/oracle.rs"]
mod oracle;
mod streams;

use std::path::{Path, PathBuf};
use std::time::Instant;

use oracle::{Oracle, Question};
use reprise_core::model::TerminalSize;
use reprise_core::session::screen::{Screen, ScrollbackLimits};

const SIZE: TerminalSize = TerminalSize { cols: 20, rows: 5 };
const SCROLLBACK: usize = 100;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance")
}

fn screen(size: TerminalSize) -> Screen {
    let limits = ScrollbackLimits {
        lines: SCROLLBACK,
        bytes: usize::MAX,
    };
    Screen::new(size, limits)
}

/// The oracle's question whether a viewer that is fed `stream` looks like the host's snapshot.
fn question(stream: &[u8], size: TerminalSize) -> Question {
    let mut screen = screen(size);
    screen.feed(stream, Instant::now());
    Question {
        cols: size.cols,
        rows: size.rows,
        scrollback: SCROLLBACK,
        before: vec![stream.to_vec()],
        skip: None,
        snapshot: oracle::parts(screen.snapshot_with_cells()),
        after: Vec::new(),
        queries: Vec::new(),
        answers: Vec::new(),
    }
}

/// One line of a table.
struct Case {
    place: String,
    name: String,
    send: Vec<u8>,
    /// What is expected, column by column; `-` where it does not matter.
    expected: Vec<String>,
    /// Why it fails.
    reason: Option<String>,
}

/// Reads a table: a case is a line, its columns are separated by `│`, `#` begins a comment.
fn cases(table: &str, columns: usize) -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join(table)).unwrap();
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let case = |(i, line): (usize, &str)| {
        let mut parts = line
            .split('│')
            .map(|part| part.strip_prefix(' ').unwrap_or(part));
        let mut next = || {
            parts
                .next()
                .map(|part| part.strip_suffix(' ').unwrap_or(part))
        };
        let place = format!("{table}:{}", i + 1);
        let name = next().unwrap().trim().to_owned();
        let send = unescaped(
            next()
                .unwrap_or_else(|| panic!("{place} sends nothing"))
                .trim(),
        );
        let expected: Vec<String> = (0..columns)
            .map(|_| next().unwrap_or("-").trim_end().to_owned())
            .collect();
        let reason = next().map(|reason| reason.trim().to_owned());
        Case {
            place,
            name,
            send,
            expected,
            reason,
        }
    };
    lines.map(case).collect()
}

/// `\e`, `\a`, `\r`, `\n`, `\t`, `\b`, `\\` and `\xff`.
fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let byte = match character {
            '\\' => match characters.next().unwrap() {
                'e' => 0x1b,
                'a' => 7,
                'b' => 8,
                't' => 9,
                'n' => 10,
                'r' => 13,
                '\\' => b'\\',
                'x' => {
                    let digits: String = characters.by_ref().take(2).collect();
                    u8::from_str_radix(&digits, 16).unwrap()
                }
                other => panic!("\\{other} in {text:?}"),
            },
            other => {
                out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
        };
        out.push(byte);
    }
    out
}

fn escaped(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace('\\', "\\\\");
    let text = text.replace('\u{1b}', "\\e").replace('\u{7}', "\\a");
    text.replace('\r', "\\r").replace('\n', "\\n")
}

/// Compares the cases of a table with what `shown` says of each. An expectation ending in `…` is
/// one of the beginning.
fn check(cases: &[Case], shown: impl Fn(&[u8]) -> Vec<String>) {
    let mut wrong = Vec::new();
    for case in cases {
        let got = shown(&case.send);
        let differs = |(expected, got): (&String, &String)| match expected.strip_suffix('…') {
            _ if expected == "-" => false,
            Some(start) => !got.starts_with(start),
            None => expected != got,
        };
        let fails = case.expected.iter().zip(&got).any(differs);
        let wants = &case.expected;
        match &case.reason {
            None if fails => wrong.push(format!(
                "{}: {}\n  expected {wants:?}\n  got      {got:?}",
                case.place, case.name
            )),
            Some(reason) if !fails => wrong.push(format!(
                "{}: {} does not fail any more, but has a reason to: {reason}",
                case.place, case.name
            )),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}\n", wrong.join("\n"));
}

#[test]
fn sequences_draw_and_answer_as_they_should() {
    check(&cases("sequences.cases", 3), |send| {
        let mut screen = screen(SIZE);
        screen.feed(send, Instant::now());
        let rows = screen.text();
        let (x, y) = screen.viewport().cursor;
        vec![
            rows.trim_end_matches('\n').replace('\n', "⏎"),
            format!("{};{}", y + 1, x + 1),
            escaped(&screen.take_replies()),
        ]
    });
}

#[test]
fn sequences_ask_for_what_they_should() {
    check(&cases("events.cases", 1), |send| {
        let mut screen = screen(SIZE);
        screen.feed(send, Instant::now());
        vec![serde_json::to_string(&screen.take_events()).unwrap()]
    });
}

#[test]
fn a_viewer_makes_the_same_of_every_case() {
    let mut oracle = Oracle::start();
    let mut wrong = Vec::new();
    let all = [cases("sequences.cases", 3), cases("events.cases", 1)];
    for case in all.iter().flatten() {
        let differences = oracle.judge(&question(&case.send, SIZE));
        if !differences.is_empty() {
            wrong.push(format!(
                "{}: {}\n  {}",
                case.place,
                case.name,
                differences.join("\n  ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}\n", wrong.join("\n"));
}
