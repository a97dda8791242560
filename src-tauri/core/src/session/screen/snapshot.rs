//! The snapshot: what rebuilds the whole state in a fresh viewer.

use crate::model::TerminalSize;

use super::buffer::{Buffer, SavedCursor, default_tabs};
use super::cell::*;
use super::charset::Charset;
use super::modes::PASSIVE;
use super::paint::{Cells, Painter, blank_at_end};
use super::parser::Parser;
use super::terminal::Terminal;

/// A rebuilt terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// What a fresh viewer of this size takes one after the other.
    pub parts: Vec<SnapshotPart>,
    /// The grid's size.
    pub size: TerminalSize,
    /// The number of the scrollback's first line since the terminal began: how many were
    /// dropped before it.
    pub first_line: u64,
}

/// A part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotPart {
    /// A stream, as of a program.
    Stream(Vec<u8>),
    /// Lines of the scrollback as cells, from the cursor's row on, each below the one before. The
    /// cursor is then at the start of the last.
    Lines(Vec<u8>),
}

impl SnapshotPart {
    /// Its length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Stream(bytes) | Self::Lines(bytes) => bytes.len(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Snapshot {
    /// The stream of a snapshot that is nothing else ([`super::Screen::snapshot`]).
    pub fn into_stream(self) -> Vec<u8> {
        let streams = self.parts.into_iter().filter_map(|part| match part {
            SnapshotPart::Stream(bytes) => Some(bytes),
            SnapshotPart::Lines(_) => None,
        });
        streams
            .reduce(|all, more| [all, more].concat())
            .unwrap_or_default()
    }
}

/// See [`super::Screen::snapshot`] and [`super::Screen::snapshot_with_cells`].
pub(super) fn snapshot(terminal: &Terminal, parser: &Parser, painter: Painter) -> Snapshot {
    let mut writer = Writer { terminal, painter };
    writer.write();
    let mut painter = writer.painter;
    painter.out.extend(parser.unfinished());
    painter.end_part();
    Snapshot {
        parts: painter.parts,
        size: terminal.size,
        first_line: terminal.normal.dropped,
    }
}

/// See [`super::Screen::picture`].
pub(super) fn picture(terminal: &Terminal, limit_bytes: usize) -> Vec<u8> {
    let rows = terminal.visible();
    let mut pieces = Vec::new();
    let start = b"\x1b[0m\x1b[H\x1b[2J";
    let mut bytes = start.len() + 16;
    let used = rows.len() - blank_at_end(rows);
    for (y, row) in rows.iter().enumerate().take(used).rev() {
        let mut painter = Painter::new(terminal.cols());
        painter.goto(0, y);
        painter.row(Cells {
            row,
            extras: &terminal.extras,
        });
        painter.force_pen(&Attributes::default());
        bytes += painter.out.len();
        if bytes > limit_bytes {
            break;
        }
        pieces.push(painter.out);
    }
    let mut out = start.to_vec();
    pieces.reverse();
    out.extend(pieces.into_iter().flatten());
    out
}

struct Writer<'a> {
    terminal: &'a Terminal,
    painter: Painter,
}

impl Writer<'_> {
    fn write(&mut self) {
        let t = self.terminal;
        // What a viewer's reset leaves as it was.
        self.painter.put("\x1b[20l\x1b[?25l");
        if !t.on_alternate && t.alternate.saved != SavedCursor::default() {
            self.painter.put("\x1b[?47h");
            self.save(&t.alternate);
            self.painter.set_pen(&Attributes::default());
            self.painter.put("\x1b[?47l\x1b[H");
        }
        self.buffer(&t.normal);
        self.keyboard(0);
        if t.on_alternate {
            self.painter.set_pen(&Attributes::default());
            self.painter.put("\x1b[?47h\x1b[H");
            self.buffer(&t.alternate);
            self.keyboard(1);
        }
        self.modes();
        let waits = t.preceding == 0 && t.x >= t.cols();
        if waits {
            self.waiting_wrap();
        }
        self.charsets(&t.charsets, t.g_level);
        self.painter.force_pen(&t.pen);
        if waits {
            // Each combining character that nothing precedes moves the cursor on.
            for _ in t.cols()..t.x {
                self.painter.put("\u{301}");
            }
        } else {
            self.cursor();
        }
    }

    fn keyboard(&mut self, which: usize) {
        for flags in &self.terminal.keyboard[which] {
            self.painter.csi(format_args!(">{flags}u"));
        }
    }

    /// Paints the active buffer, then sets its tab stops, its saved cursor and its region.
    fn buffer(&mut self, buffer: &Buffer) {
        let rows = buffer.rows.len();
        let history = buffer.history.len();
        let saved = buffer.saved.clone();
        let total = history + rows;
        if saved.y >= total {
            self.painter.set_pen(&Attributes::default());
            // Saved below what is there now, before the scrollback was cleared: save it at the
            // end of a scrollback of that length, and clear that.
            self.painter.goto(0, rows - 1);
            self.painter
                .out
                .extend(std::iter::repeat_n(b'\n', saved.y + 1 - rows));
            self.save_here(&saved, rows - 1);
            self.painter.set_pen(&Attributes::default());
            self.painter.put("\x1b[3J\x1b[H");
        }
        let off_screen = saved.y < history && saved != SavedCursor::default();
        let mut painter = std::mem::take(&mut self.painter);
        let stop = off_screen.then_some(saved.y);
        painter.lines(buffer, &self.terminal.extras, stop, |painter| {
            let mut writer = Writer {
                terminal: self.terminal,
                painter: std::mem::take(painter),
            };
            writer.save_here(&saved, saved.y.min(rows - 1));
            *painter = writer.painter;
            painter.set_pen(&Attributes::default());
            painter.put("\r");
        });
        self.painter = painter;
        if !off_screen && saved.y < total && saved != SavedCursor::default() {
            self.save(buffer);
        }
        self.tabs(buffer);
        if buffer.top != 0 || buffer.bottom != rows - 1 {
            self.painter
                .csi(format_args!("{};{}r", buffer.top + 1, buffer.bottom + 1));
        }
    }

    fn tabs(&mut self, buffer: &Buffer) {
        if buffer.tabs == default_tabs(buffer.tabs.len()) {
            return;
        }
        self.painter.put("\x1b[3g");
        for x in (0..buffer.tabs.len()).filter(|x| buffer.tabs[*x]) {
            self.painter.csi(format_args!("{}G\x1bH", x + 1));
        }
    }

    /// Saves the cursor as it was saved, on the screen.
    fn save(&mut self, buffer: &Buffer) {
        let y = buffer.saved.y.saturating_sub(buffer.history.len());
        self.save_here(&buffer.saved, y.min(buffer.rows.len() - 1));
    }

    fn save_here(&mut self, saved: &SavedCursor, y: usize) {
        self.painter.goto(saved.x.min(self.terminal.cols() - 1), y);
        self.painter.set_pen(&saved.pen);
        self.charsets(&saved.charsets, saved.g_level);
        self.painter.put("\x1b7");
        for level in (0..4).filter(|level| saved.charsets[*level].is_some()) {
            self.designate(level, None);
        }
        if saved.g_level != 0 {
            self.painter.put("\x0f");
        }
    }

    fn designate(&mut self, level: usize, charset: Charset) {
        let mark = [b'(', b')', b'*', b'+'][level];
        let name = charset.map_or(b'B', |c| c.name);
        self.painter.out.extend([0x1b, mark, name]);
    }

    /// Designates and selects character sets; before it, all are plain.
    fn charsets(&mut self, charsets: &[Charset; 4], g_level: usize) {
        for level in (0..4).filter(|level| charsets[*level].is_some()) {
            self.designate(level, charsets[level]);
        }
        self.painter.put(match g_level {
            1 => "\x0e",
            2 => "\x1bn",
            3 => "\x1bo",
            _ => "",
        });
    }

    fn modes(&mut self) {
        let modes = &self.terminal.modes;
        let soft = &modes.soft;
        let switches: [(bool, &str); 13] = [
            (soft.application_cursor, "?1h"),
            (soft.application_keypad, "?66h"),
            (soft.bracketed_paste, "?2004h"),
            (soft.reverse_wraparound, "?45h"),
            (soft.focus, "?1004h"),
            (!soft.wraparound, "?7l"),
            (soft.insert, "4h"),
            (modes.new_line, "20h"),
            (modes.cursor_blink == Some(true), "?12h"),
            (modes.cursor_blink == Some(false), "?12l"),
            (modes.scheme_reports, "?2031h"),
            (!modes.alternate_scroll, "?1007l"),
            (soft.origin, "?6h"),
        ];
        for (_, sequence) in switches.iter().filter(|(on, _)| *on) {
            self.painter.csi(format_args!("{sequence}"));
        }
        let mouse = modes.mouse.mode().into_iter();
        let passive = PASSIVE
            .iter()
            .zip(modes.passive)
            .filter_map(|(mode, on)| on.then_some(*mode));
        for mode in mouse.chain(modes.mouse_encoding.mode()).chain(passive) {
            self.painter.csi(format_args!("?{mode}h"));
        }
        if let Some(style) = soft.cursor_style {
            self.painter.csi(format_args!("{} q", style.number()));
        }
        if modes.modify_other_keys > 0 {
            self.painter
                .csi(format_args!(">4;{}m", modes.modify_other_keys));
        }
        self.terminal.overrides.write(&mut self.painter.out);
        if let Some(title) = &self.terminal.events.title {
            self.painter.put(&format!("\x1b]2;{title}\x1b\\"));
        }
        if !modes.cursor_hidden {
            self.painter.put("\x1b[?25h");
        }
        if soft.synchronized {
            self.painter.put("\x1b[?2026h");
        }
    }

    /// Puts the cursor where it is. A wrap that waits, and the character that a combining one
    /// would join, can only be had by printing.
    fn cursor(&mut self) {
        let t = self.terminal;
        let (cols, x) = (t.cols(), t.x);
        let row = &t.buffer().rows[t.y];
        let width = usize::from(t.preceding);
        if width > 0 {
            let start = x.checked_sub(width);
            let cell = start.and_then(|x| row.get(x));
            if let (Some(start), Some(cell)) = (start, cell)
                && self.reprint(start, cell)
            {
                return;
            }
            if width == 2 && x == cols - 1 && !t.modes.soft.wraparound {
                // A wide character that was dropped at the end of the row.
                self.goto(x);
                self.painter.put("\u{3000}");
                return;
            }
        }
        self.goto(x.min(cols - 1));
    }

    /// Leaves the cursor behind the last column, where only printing brings it. The character sets
    /// are still plain: what is printed is what the cell shows.
    fn waiting_wrap(&mut self) {
        let t = self.terminal;
        let row = &t.buffer().rows[t.y];
        let cells = row.cells();
        let mut start = t.cols() - 1;
        if cells[start].is_spacer() && start > 0 {
            start -= 1;
        }
        let last = &cells[start];
        self.goto(start);
        if last.has_content() {
            self.painter.cell(last, &t.extras);
        } else {
            self.painter.put(" ");
            let pen = t.extras.attributes(last).erased();
            self.painter.set_pen(&pen);
            if cells.iter().all(|c| c == last) {
                self.painter.put("\x1b[1K");
            }
        }
    }

    fn goto(&mut self, x: usize) {
        let t = self.terminal;
        let buffer = t.buffer();
        let inside = (buffer.top..=buffer.bottom).contains(&t.y);
        if t.modes.soft.origin && !inside && !t.on_alternate {
            // In origin mode a cursor outside the region can only come from the other screen.
            self.painter.put("\x1b[?47h");
            self.painter.goto(x, t.y);
            self.painter.put("\x1b[?47l");
            return;
        }
        let top = if t.modes.soft.origin {
            t.buffer().top
        } else {
            0
        };
        self.painter.goto(x, t.y.saturating_sub(top));
    }

    /// Prints the cell before the cursor once more, with the pen that printed it.
    fn reprint(&mut self, x: usize, cell: &Cell) -> bool {
        let t = self.terminal;
        let same = cell.fg == t.pen.fg && cell.bg == t.pen.bg;
        if !same || !cell.has_content() || cell.width() != t.preceding {
            return false;
        }
        let mut text = String::new();
        t.extras.push_text(cell, &mut text);
        if let Some(table) = t.charset() {
            let mut original = String::new();
            for (i, c) in text.chars().enumerate() {
                let from = if i == 0 { table.unmap(c.into()) } else { None };
                original.push(from.and_then(char::from_u32).unwrap_or(c));
            }
            text = original;
        }
        self.goto(x);
        if t.modes.soft.insert {
            self.painter.csi(format_args!("{}P", cell.width()));
        }
        self.painter.put(&text);
        true
    }
}
