//! Alacritty's reference streams: what its terminal makes of each, and what ours does.
//!
//! The recordings are those of alacritty_terminal, which holds itself to the grids it stored with
//! them; here its terminal is the reference. Our rows are drawn into a second terminal of its kind,
//! so that both sides are cells of one type.

use std::collections::BTreeSet;
use std::time::Instant;

use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line, Point};
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::term::{Config, Term};
use alacritty_terminal::vte::ansi::{Processor, StdSyncHandler};
use reprise_core::model::TerminalSize;
use reprise_core::session::screen::{Screen, ScrollbackLimits};

use crate::oracle::Oracle;
use crate::{folder, question};

struct Stream {
    name: String,
    size: TerminalSize,
    scrollback: usize,
    bytes: Vec<u8>,
    /// What is known to differ, and why.
    differs: String,
    reason: String,
}

fn streams() -> Vec<Stream> {
    let text = std::fs::read_to_string(folder().join("streams.cases")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let stream = |line: &str| {
        let parts: Vec<&str> = line.split('│').map(str::trim).collect();
        let numbers: Vec<u16> = parts[1].split(' ').map(|n| n.parse().unwrap()).collect();
        let size = TerminalSize {
            cols: numbers[0],
            rows: numbers[1],
        };
        Stream {
            name: parts[0].to_owned(),
            size: size.clamped(),
            scrollback: numbers[2].into(),
            bytes: std::fs::read(folder().join("recordings").join(parts[0])).unwrap(),
            differs: parts[2].to_owned(),
            reason: parts.get(3).copied().unwrap_or_default().to_owned(),
        }
    };
    lines.map(stream).collect()
}

struct Grid(TerminalSize);

impl Dimensions for Grid {
    fn total_lines(&self) -> usize {
        self.screen_lines()
    }

    fn screen_lines(&self) -> usize {
        self.0.rows.into()
    }

    fn columns(&self) -> usize {
        self.0.cols.into()
    }
}

fn alacritty(size: TerminalSize, scrollback: usize, bytes: &[u8]) -> Term<VoidListener> {
    let config = Config {
        scrolling_history: scrollback,
        ..Config::default()
    };
    let mut term = Term::new(config, &Grid(size), VoidListener);
    Processor::<StdSyncHandler>::new().advance(&mut term, bytes);
    term
}

/// What is seen of a cell.
fn seen(cell: &Cell) -> impl PartialEq + use<> {
    let flow = Flags::WRAPLINE | Flags::LEADING_WIDE_CHAR_SPACER;
    // A tab leaves its mark in the cell, an erased one has the looks of a space.
    let character = if cell.c == '\t' { ' ' } else { cell.c };
    (
        character,
        cell.zerowidth().unwrap_or_default().to_vec(),
        cell.fg,
        cell.bg,
        cell.flags - flow,
        cell.underline_color(),
        cell.hyperlink().map(|link| link.uri().to_owned()),
    )
}

/// The lines of the normal screen with its scrollback, joined where they wrapped.
fn lines(term: &Term<VoidListener>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut joins = false;
    for y in -(term.history_size() as i32)..term.screen_lines() as i32 {
        let row = &term.grid()[Line(y)];
        let mut text = String::new();
        for x in 0..term.columns() {
            let cell = &row[Column(x)];
            let spacers = Flags::WIDE_CHAR_SPACER | Flags::LEADING_WIDE_CHAR_SPACER;
            if !cell.flags.intersects(spacers) {
                text.push(if cell.c == '\t' { ' ' } else { cell.c });
                text.extend(cell.zerowidth().unwrap_or_default());
            }
        }
        match lines.last_mut() {
            Some(line) if joins => line.push_str(&text),
            _ => lines.push(text),
        }
        joins = row[Column(term.columns() - 1)]
            .flags
            .contains(Flags::WRAPLINE);
    }
    trimmed(lines)
}

fn trimmed(lines: Vec<String>) -> Vec<String> {
    let mut lines: Vec<String> = lines
        .iter()
        .map(|line| line.trim_end().to_owned())
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// What differs, in words that are the same each time.
fn differences(stream: &Stream) -> String {
    let reference = alacritty(stream.size, stream.scrollback, &stream.bytes);
    let limits = ScrollbackLimits {
        lines: stream.scrollback,
        bytes: usize::MAX,
    };
    let mut screen = Screen::new(stream.size, limits);
    screen.feed(&stream.bytes, Instant::now());
    let viewport = screen.viewport();
    let mut drawing = Vec::new();
    for (y, row) in viewport.rows.iter().enumerate() {
        drawing.extend_from_slice(format!("\x1b[{}H", y + 1).as_bytes());
        drawing.extend_from_slice(row);
    }
    let ours = alacritty(stream.size, 0, &drawing);
    let mut found = Vec::new();
    let mut rows = BTreeSet::new();
    for y in 0..stream.size.rows {
        for x in 0..usize::from(stream.size.cols) {
            let at = Point::new(Line(y.into()), Column(x));
            if seen(&reference.grid()[at]) != seen(&ours.grid()[at]) {
                rows.insert(y + 1);
            }
        }
    }
    if !rows.is_empty() {
        let rows: Vec<String> = rows.iter().map(u16::to_string).collect();
        found.push(format!("rows {}", rows.join(",")));
    }
    let cursor = reference.grid().cursor.point;
    let at = (cursor.column.0 as u16, cursor.line.0 as u16);
    if at != viewport.cursor {
        found.push(format!("cursor {at:?} here {:?}", viewport.cursor));
    }
    if !screen.on_alternate_screen() {
        let own = trimmed(screen.logical_lines().map(|line| line.text).collect());
        let theirs = lines(&reference);
        if own != theirs {
            let same = own.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
            found.push(format!("lines from {}", same + 1));
        }
    }
    match found.is_empty() {
        true => "nothing".to_owned(),
        false => found.join("; "),
    }
}

#[test]
fn alacrittys_reference_streams_look_the_same_or_differ_for_a_reason() {
    let mut wrong = Vec::new();
    for stream in streams() {
        let found = differences(&stream);
        if found != stream.differs {
            wrong.push(format!(
                "{}: expected {}, found {found}",
                stream.name, stream.differs
            ));
        }
        if found != "nothing" && stream.reason.is_empty() {
            wrong.push(format!("{}: no reason is given", stream.name));
        }
    }
    assert!(wrong.is_empty(), "{}\n", wrong.join("\n"));
}

#[test]
fn a_viewer_makes_the_same_of_alacrittys_reference_streams() {
    let mut oracle = Oracle::start();
    for stream in streams() {
        let differences = oracle.judge(&question(&stream.bytes, stream.size));
        assert!(
            differences.is_empty(),
            "{}\n  {}",
            stream.name,
            differences.join("\n  ")
        );
    }
}
