//! The state of the terminal and what every action does to it.
//!
//! The rules are the viewer's (xterm.js 6), one for one: people look at a viewer, and a host
//! that is right in another way would rebuild a different screen. The oracle in
//! `tests/snapshot` compares the two.

use std::collections::VecDeque;
use std::time::Instant;

use crate::model::TerminalSize;

use super::buffer::{Buffer, SavedCursor, ScrollbackLimits};
use super::cell::{Attributes, Cell};
use super::charset::Charset;
use super::events::Events;
use super::extras::Extras;
use super::modes::Modes;
use super::palette::{Overrides, Palette};
use super::params::Params;
use super::parser::{Actions, Decoded, Osc, decode};
use super::prompts::OpenPrompt;
use super::row::{Row, ascii_run};
use super::width::char_width;

/// The most bytes of answers that wait to be written; a program that asks without reading gets
/// no more.
const REPLY_LIMIT: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Terminal {
    pub size: TerminalSize,
    pub normal: Buffer,
    pub alternate: Buffer,
    pub on_alternate: bool,
    /// Those of the rows of both buffers.
    pub extras: Extras,
    /// The cursor's column; the number of columns (or more) where the next character wraps.
    pub x: usize,
    pub y: usize,
    pub pen: Attributes,
    pub charsets: [Charset; 4],
    pub g_level: usize,
    pub modes: Modes,
    /// The width of the character printed just before, 0 after anything else: what a combining
    /// character joins and REP repeats.
    pub preceding: u8,
    pub events: Events,
    pub replies: Vec<u8>,
    pub palette: Palette,
    pub overrides: Overrides,
    pub links: u32,
    pub keyboard: [Vec<u8>; 2],
    /// When the parsed bytes were read.
    pub now: Option<Instant>,
    pub sync_since: Option<Instant>,
    /// The prompt that the shell waits at, as far as it said so.
    pub prompt: Option<OpenPrompt>,
}

impl Terminal {
    pub fn new(size: TerminalSize, limits: ScrollbackLimits) -> Self {
        let (cols, rows) = (usize::from(size.cols), usize::from(size.rows));
        Self {
            size,
            normal: Buffer::new(cols, rows, Some(limits)),
            alternate: Buffer::new(cols, rows, None),
            on_alternate: false,
            extras: Extras::default(),
            x: 0,
            y: 0,
            pen: Attributes::default(),
            charsets: [None; 4],
            g_level: 0,
            modes: Modes::default(),
            preceding: 0,
            events: Events::default(),
            replies: Vec::new(),
            palette: Palette::default(),
            overrides: Overrides::default(),
            links: 0,
            keyboard: [Vec::new(), Vec::new()],
            now: None,
            sync_since: None,
            prompt: None,
        }
    }

    pub fn cols(&self) -> usize {
        usize::from(self.size.cols)
    }

    pub fn rows(&self) -> usize {
        usize::from(self.size.rows)
    }

    pub fn buffer(&self) -> &Buffer {
        if self.on_alternate {
            &self.alternate
        } else {
            &self.normal
        }
    }

    pub fn buffer_mut(&mut self) -> &mut Buffer {
        if self.on_alternate {
            &mut self.alternate
        } else {
            &mut self.normal
        }
    }

    /// The row the cursor is in.
    pub fn row_mut(&mut self) -> &mut Row {
        let y = self.y;
        &mut self.buffer_mut().rows[y]
    }

    /// What erased cells become.
    pub fn erased(&self) -> Cell {
        self.pen.erased_cell()
    }

    /// An erased cell with the looks of the pen.
    fn look(&mut self) -> Cell {
        self.extras.look(&self.pen)
    }

    /// Drops the extras that no cell has any more, when many were added.
    pub fn collect_extras(&mut self) {
        if self.extras.is_full() {
            let rows = self.normal.rows.iter_mut();
            self.extras.collect(rows.chain(&mut self.alternate.rows));
        }
    }

    pub fn reply(&mut self, answer: &str) {
        if self.replies.len() + answer.len() <= REPLY_LIMIT {
            self.replies.extend_from_slice(answer.as_bytes());
        }
    }

    pub fn scroll(&mut self, wrapped: bool) {
        let fill = self.erased();
        let buffer = if self.on_alternate {
            &mut self.alternate
        } else {
            &mut self.normal
        };
        buffer.scroll(fill, wrapped, &self.extras);
    }

    /// Brings the cursor back into the screen, or into the scroll region in origin mode.
    pub fn restrict_cursor(&mut self, max_col: usize) {
        self.x = self.x.min(max_col);
        let (top, bottom) = if self.modes.soft.origin {
            (self.buffer().top, self.buffer().bottom)
        } else {
            (0, self.rows() - 1)
        };
        self.y = self.y.clamp(top, bottom);
    }

    pub fn restrict(&mut self) {
        self.restrict_cursor(self.cols() - 1);
    }

    pub fn set_cursor(&mut self, x: usize, y: usize) {
        let top = if self.modes.soft.origin {
            self.buffer().top
        } else {
            0
        };
        self.x = x;
        self.y = top.saturating_add(y);
        self.restrict();
    }

    /// The next line, scrolling at the end of the region.
    fn next_row(&mut self, wrapped: bool) -> bool {
        self.y += 1;
        if self.y == self.buffer().bottom + 1 {
            self.y -= 1;
            self.scroll(wrapped);
            return false;
        }
        if self.y >= self.rows() {
            self.y = self.rows() - 1;
            return false;
        }
        true
    }

    pub fn line_feed(&mut self) {
        if self.modes.new_line {
            self.x = 0;
        }
        if self.next_row(false) {
            self.row_mut().wrapped = false;
        }
        if self.x >= self.cols() {
            self.x -= 1;
        }
    }

    pub fn index(&mut self) {
        self.restrict();
        self.next_row(false);
        self.restrict();
    }

    pub fn reverse_index(&mut self) {
        self.restrict();
        let fill = self.erased();
        let y = self.y;
        let buffer = self.buffer_mut();
        if y == buffer.top {
            buffer.move_row(buffer.bottom, y, fill, false);
        } else {
            self.y = y.saturating_sub(1);
            self.restrict();
        }
    }

    pub fn save_cursor(&mut self) {
        let saved = SavedCursor {
            x: self.x,
            y: self.buffer().history.len() + self.y,
            pen: self.pen.clone(),
            charsets: self.charsets,
            g_level: self.g_level,
        };
        self.buffer_mut().saved = saved;
    }

    pub fn restore_cursor(&mut self) {
        let saved = self.buffer().saved.clone();
        self.x = saved.x;
        self.y = saved.y.saturating_sub(self.buffer().history.len());
        self.pen = saved.pen;
        self.charsets = saved.charsets;
        self.g_level = saved.g_level;
        self.restrict();
    }

    pub fn enter_alternate(&mut self) {
        if !self.on_alternate {
            let fill = self.erased();
            self.alternate.clear(fill);
            self.on_alternate = true;
        }
    }

    pub fn leave_alternate(&mut self) {
        if self.on_alternate {
            self.alternate.clear(Cell::BLANK);
            self.on_alternate = false;
        }
    }

    pub fn scrollback_lines(&self) -> usize {
        self.normal.limits().lines
    }

    /// RIS. What survives it survives it in the viewer: the cursor's visibility, LNM and the
    /// blinking of mode 12, titles, mouse modes do not.
    pub fn full_reset(&mut self) {
        let (cols, rows) = (self.cols(), self.rows());
        let limits = self.normal.limits();
        let dropped = self.normal.dropped + self.normal.history.len() as u64;
        self.normal = Buffer::new(cols, rows, Some(limits));
        self.normal.dropped = dropped;
        self.alternate = Buffer::new(cols, rows, None);
        self.on_alternate = false;
        self.x = 0;
        self.y = 0;
        self.pen = Attributes::default();
        self.reset_charsets();
        self.modes = Modes {
            cursor_hidden: self.modes.cursor_hidden,
            cursor_blink: self.modes.cursor_blink,
            new_line: self.modes.new_line,
            ..Modes::default()
        };
        self.keyboard = [Vec::new(), Vec::new()];
        self.sync_since = None;
        self.prompt = None;
        self.events.end_progress();
    }

    pub fn soft_reset(&mut self) {
        let last = self.rows() - 1;
        self.modes.cursor_hidden = false;
        self.pen = Attributes::default();
        self.modes.soft = Default::default();
        self.sync_since = None;
        self.reset_charsets();
        let buffer = self.buffer_mut();
        buffer.top = 0;
        buffer.bottom = last;
        buffer.saved = SavedCursor {
            y: buffer.history.len(),
            ..SavedCursor::default()
        };
    }

    fn reset_charsets(&mut self) {
        self.charsets = [None; 4];
        self.g_level = 0;
    }

    /// The character set in use.
    pub fn charset(&self) -> Charset {
        self.charsets[self.g_level]
    }

    /// Moves to the next line because the character does not fit any more.
    fn wrap(&mut self, look: Cell) {
        let x = self.x;
        // The row that is left may be scrolled away by the wrap: complete it first.
        self.row_mut().fill_from(x, look);
        self.x = 0;
        self.y += 1;
        if self.y == self.buffer().bottom + 1 {
            self.y -= 1;
            self.scroll(true);
        } else {
            self.y = self.y.min(self.rows() - 1);
            self.row_mut().wrapped = true;
        }
    }

    /// Prints the printable characters at the start of `text`, of which there is at least one;
    /// returns how many bytes they take.
    fn print_run(&mut self, text: &[u8]) -> usize {
        let look = self.look();
        let plain = self.charset().is_none() && !self.modes.soft.insert;
        if plain && let Some(count) = self.print_word(text, look) {
            return count;
        }
        let x = self.x;
        if x > 0 && self.row_mut().width_at(x - 1) == 2 {
            self.row_mut().set(x - 1, look);
        }
        let mut at = 0;
        while let Some(first) = text.get(at) {
            match first {
                0x20..=0x7e if plain => at += self.print_ascii(&text[at..], look),
                0x20..=0x7e => {
                    self.print_char((*first).into(), look);
                    at += 1;
                }
                0x00..=0x7f => break,
                _ => match decode(&text[at..]) {
                    Decoded::Char(code, length) if code >= 0xa0 => {
                        if !(plain && self.print_wide(code, look)) {
                            self.print_char(code, look);
                        }
                        at += length;
                    }
                    Decoded::Broken(length) => at += length,
                    Decoded::Char(..) | Decoded::Unfinished => break,
                },
            }
        }
        let x = self.x;
        let row = self.row_mut();
        if row.get(x).is_some_and(Cell::is_spacer) {
            row.set(x, look);
        }
        at
    }

    /// Prints the characters at the start of `text` if that is as simple as it mostly is: they are
    /// ASCII, fit into the row and touch no wide character. Otherwise nothing happens.
    #[inline]
    fn print_word(&mut self, text: &[u8], look: Cell) -> Option<usize> {
        let x = self.x;
        let room = self.cols().checked_sub(x)?;
        let count = ascii_run(&text[..text.len().min(room)]);
        if matches!(text.get(count), Some(0x20..=0x7e | 0x80..))
            || !self.row_mut().write_ascii_alone(x, &text[..count], look)
        {
            return None;
        }
        self.x += count;
        self.preceding = 1;
        Some(count)
    }

    /// Prints the ASCII characters at the start of `text` as far as the row goes, and at least
    /// one; returns how many.
    #[inline]
    fn print_ascii(&mut self, text: &[u8], look: Cell) -> usize {
        let cols = self.cols();
        if self.x >= cols {
            if !self.modes.soft.wraparound {
                self.print_char(text[0].into(), look);
                return 1;
            }
            self.wrap(look);
        }
        let x = self.x;
        let count = ascii_run(&text[..text.len().min(cols - x)]);
        self.row_mut().write_ascii(x, &text[..count], look);
        self.x += count;
        self.preceding = 1;
        count
    }

    /// Prints a character beyond ASCII if it needs no care: it has columns of its own and fits
    /// into the row.
    #[inline]
    fn print_wide(&mut self, code: u32, look: Cell) -> bool {
        let (x, cols) = (self.x, self.cols());
        let width = char_width(code);
        if width == 0 || x + usize::from(width) > cols {
            return false;
        }
        let row = self.row_mut();
        row.set(x, look.with(code, width));
        if width == 2 {
            row.set(x + 1, look.with(0, 0));
        }
        self.x += usize::from(width);
        self.preceding = width;
        true
    }

    fn print_char(&mut self, code: u32, look: Cell) {
        let cols = self.cols();
        let code = match self.charset() {
            Some(table) if code < 127 => table.map(code),
            _ => code,
        };
        let own = char_width(code);
        let joins = own == 0 && self.preceding > 0;
        let width = if joins { self.preceding } else { own };
        self.preceding = width;
        if !joins && self.x + usize::from(width) > cols {
            if self.modes.soft.wraparound {
                self.wrap(look);
            } else {
                self.x = cols - 1;
                if width == 2 {
                    return;
                }
            }
        }
        let x = self.x;
        if joins && x > 0 {
            self.join(code, width);
            return;
        }
        let insert = self.modes.soft.insert;
        let row = self.row_mut();
        if insert {
            row.insert(x, usize::from(width), look);
        }
        row.set(x, look.with(code, width));
        if width == 2 {
            row.set(x + 1, look.with(0, 0));
        }
        self.x += usize::from(width.max(1));
    }

    /// Adds a character to the cell before the cursor.
    fn join(&mut self, code: u32, width: u8) {
        let (x, y) = (self.x, self.y);
        let buffer = if self.on_alternate {
            &mut self.alternate
        } else {
            &mut self.normal
        };
        let row = &mut buffer.rows[y];
        let offset = if row.width_at(x - 1) > 0 { 1 } else { 2 };
        if let Some(cell) = x.checked_sub(offset).and_then(|x| row.get_mut(x)) {
            self.extras.join(cell, code, width);
        }
    }

    /// REP: prints the character before the cursor again.
    pub fn repeat(&mut self, count: usize) {
        if self.preceding == 0 {
            return;
        }
        let Some(x) = self.x.checked_sub(usize::from(self.preceding)) else {
            return;
        };
        let mut text = String::new();
        if let Some(cell) = self.buffer().rows[self.y].get(x) {
            self.extras.push_text(cell, &mut text);
        }
        if !text.is_empty() {
            self.print_run(text.repeat(count.min(super::MOST_REPEATS)).as_bytes());
        }
    }

    /// The visible rows.
    pub fn visible(&self) -> &VecDeque<Row> {
        &self.buffer().rows
    }
}

impl Actions for Terminal {
    fn print(&mut self, text: &[u8]) -> usize {
        self.print_run(text)
    }

    fn execute(&mut self, code: u32) {
        match code {
            0x07 => self.events.bell(),
            0x08 => self.backspace(),
            0x09 if self.x < self.cols() => self.x = self.buffer().next_tab(self.x),
            0x0a..=0x0c => self.line_feed(),
            0x0d => self.x = 0,
            0x0e => self.g_level = 1,
            0x0f => self.g_level = 0,
            0x84 => self.index(),
            0x85 => {
                self.x = 0;
                self.index();
            }
            0x88 => self.set_tab(),
            _ => {}
        }
        self.preceding = 0;
    }

    fn csi(&mut self, ident: u32, params: &Params) {
        self.control_sequence(ident, params);
        self.preceding = 0;
    }

    fn esc(&mut self, ident: u32) {
        self.escape_sequence(ident);
        self.preceding = 0;
    }

    fn osc(&mut self, string: Option<Osc<'_>>) {
        if let Some(osc) = string {
            self.operating_system_command(&osc);
        }
        self.preceding = 0;
    }

    fn dcs(&mut self, ident: u32, payload: Option<&str>) {
        if let Some(payload) = payload {
            self.device_control_string(ident, payload);
        }
        self.preceding = 0;
    }
}
