//! The terminal's state, kept beside the program that draws it, and the snapshot that rebuilds
//! it in a viewer.
//!
//! The viewers get the program's own bytes. So the state here must be what those bytes make of a
//! viewer (xterm.js 6): the parser, the rules of every sequence and the character widths are its
//! own, and `tests/snapshot` holds the two against each other.

mod answers;
mod buffer;
mod cell;
mod charset;
mod coloured;
mod csi;
mod events;
mod extras;
mod history;
mod line_cells;
mod lines;
mod modes;
mod osc;
mod paint;
mod palette;
mod params;
mod parser;
mod prompts;
mod reading;
mod repaint;
mod resize;
mod row;
mod set;
mod sgr;
mod snapshot;
mod terminal;
mod viewport;
mod width;

use std::time::{Duration, Instant};

use crate::model::{ScreenText, TerminalSize};

pub use buffer::ScrollbackLimits;
pub use coloured::ColouredLine;
pub use events::{ProgressState, ScreenEvent};
pub use lines::{LinePlace, LogicalLine};
pub use palette::{Palette, Rgb};
pub use repaint::Repaint;
pub use snapshot::{Snapshot, SnapshotPart};
pub use viewport::{RESET_INPUT_MODES, Viewport};
pub use width::char_width;

use paint::Painter;
use parser::Parser;
use terminal::Terminal;

/// How long a program may hold a synchronized update (mode 2026) open.
pub const SYNC_LIMIT: Duration = Duration::from_millis(150);

/// The most repetitions of one REP; the viewers clamp it to the same number.
const MOST_REPEATS: usize = 65_536;

/// After so many bytes at most, what cells no longer use is dropped.
const PIECE_BYTES: usize = 64 * 1024;

/// The state of one terminal.
#[derive(Debug)]
pub struct Screen {
    parser: Parser,
    terminal: Terminal,
}

impl Screen {
    /// An empty screen.
    pub fn new(size: TerminalSize, limits: ScrollbackLimits) -> Self {
        Self {
            parser: Parser::new(),
            terminal: Terminal::new(size.clamped(), limits),
        }
    }

    /// Takes a piece of the program's output, read at `now`. A piece may end anywhere, also
    /// inside an escape sequence or a character.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) {
        self.terminal.now = Some(now);
        for piece in bytes.chunks(PIECE_BYTES) {
            self.parser.advance(piece, &mut self.terminal);
            self.terminal.collect_extras();
        }
    }

    /// The answers to the program's queries so far, to be written to it.
    pub fn take_replies(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.terminal.replies)
    }

    /// What the program asked of its surroundings so far.
    pub fn take_events(&mut self) -> Vec<ScreenEvent> {
        self.terminal.events.take()
    }

    /// Gives the grid another size. Lines are wrapped anew in a way of their own: the host sends
    /// every viewer a fresh snapshot after a resize.
    pub fn resize(&mut self, size: TerminalSize) {
        self.terminal.resize(size.clamped());
    }

    /// The stream that rebuilds this state in a fresh viewer of the same size, including a
    /// sequence or a character that the last piece left unfinished.
    pub fn snapshot(&self) -> Snapshot {
        let painter = Painter::new(self.terminal.cols());
        snapshot::snapshot(&self.terminal, &self.parser, painter)
    }

    /// As [`Screen::snapshot`], with lines of the scrollback as cells ([`SnapshotPart::Lines`]),
    /// which a viewer need not parse.
    pub fn snapshot_with_cells(&self) -> Snapshot {
        let painter = Painter::with_cells(self.terminal.cols());
        snapshot::snapshot(&self.terminal, &self.parser, painter)
    }

    /// The visible screen and the modes of the input alone, for a viewer in any state, which
    /// keeps its scrollback; what it showed before the `first` becomes a part of that.
    pub fn repaint(&self, first: bool) -> Repaint {
        repaint::repaint(&self.terminal, first)
    }

    /// The visible screen alone, as a stream of at most `limit_bytes`: what the journal keeps for
    /// the time when nothing runs any more. Rows at the top are left out to fit.
    pub fn picture(&self, limit_bytes: usize) -> Vec<u8> {
        snapshot::picture(&self.terminal, limit_bytes)
    }

    /// The visible screen in pieces, for drawing it within another terminal.
    pub fn viewport(&self) -> Viewport {
        viewport::viewport(&self.terminal)
    }

    /// The visible screen for a reader that knows the program.
    pub fn reading(&self) -> ScreenText {
        reading::reading(&self.terminal)
    }

    /// When the open synchronized update, if there is one, has been held too long.
    pub fn sync_deadline(&self) -> Option<Instant> {
        self.terminal.sync_since.map(|since| since + SYNC_LIMIT)
    }

    /// Ends a synchronized update that was held too long.
    pub fn end_sync(&mut self) {
        self.terminal.set_synchronized(false);
    }

    /// Whether the last piece ended inside an escape sequence.
    pub fn in_sequence(&self) -> bool {
        self.parser.in_sequence()
    }

    /// Says what colours the window has. A program that asked to be told of the colour scheme
    /// (mode 2031) is told.
    pub fn set_palette(&mut self, palette: Palette) {
        let switched = palette.dark != self.terminal.palette.dark;
        self.terminal.palette = palette;
        if switched && self.terminal.modes.scheme_reports {
            self.terminal.report_scheme();
        }
    }

    /// The title the program gave.
    pub fn title(&self) -> Option<&str> {
        self.terminal.events.title.as_deref()
    }

    /// How many lines of scrollback are kept: a viewer keeps as many.
    pub fn scrollback_lines(&self) -> usize {
        self.terminal.scrollback_lines()
    }

    /// The grid's size.
    pub fn size(&self) -> TerminalSize {
        self.terminal.size
    }

    /// Whether the program shows its alternate screen.
    pub fn on_alternate_screen(&self) -> bool {
        self.terminal.on_alternate
    }

    /// The absolute number of the oldest row that is kept: how many rows of the normal screen
    /// were dropped before it.
    pub fn history_first_line(&self) -> u64 {
        self.terminal.normal.dropped
    }

    /// The lines of the normal screen and its scrollback, oldest first, each joined from the rows
    /// it was wrapped into. The alternate screen has no lines of its own here.
    pub fn logical_lines(&self) -> impl Iterator<Item = LogicalLine> + '_ {
        self.logical_lines_from(0)
    }

    /// As [`Screen::logical_lines`], from the row of this absolute number on, at the cost of
    /// those alone.
    pub fn logical_lines_from(&self, row: u64) -> impl Iterator<Item = LogicalLine> + '_ {
        lines::logical_lines(&self.terminal, &self.terminal.normal, row)
    }

    /// The lines of the alternate screen, whose rows are counted from its top.
    pub fn alternate_lines(&self) -> impl Iterator<Item = LogicalLine> + '_ {
        lines::logical_lines(&self.terminal, &self.terminal.alternate, 0)
    }

    /// As [`Screen::logical_lines_from`], with their looks as escape sequences.
    pub fn coloured_lines_from(&self, row: u64) -> impl Iterator<Item = ColouredLine> + '_ {
        coloured::coloured_lines(&self.terminal, &self.terminal.normal, row)
    }

    /// As [`Screen::alternate_lines`], with their looks as escape sequences.
    pub fn coloured_alternate_lines(&self) -> impl Iterator<Item = ColouredLine> + '_ {
        coloured::coloured_lines(&self.terminal, &self.terminal.alternate, 0)
    }

    /// The visible text, one line per row, without trailing blanks: for logs and tests.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for row in self.terminal.visible() {
            let mut line = String::new();
            for cell in row.cells() {
                if cell.has_content() {
                    self.terminal.extras.push_text(cell, &mut line);
                } else if !cell.is_spacer() {
                    line.push(' ');
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
