//! The state of the terminal and what every action does to it.
//!
//! The rules are the viewer's (xterm.js 6), one for one: people look at a viewer, and a host
//! that is right in another way would rebuild a different screen. The oracle in
//! `tests/snapshot` compares the two.

use std::collections::VecDeque;
use std::time::Instant;

use crate::model::TerminalSize;

use super::buffer::{Buffer, SavedCursor, ScrollbackLimits};
use super::cell::{Attributes, Cell, Row};
use super::charset::Charset;
use super::events::Events;
use super::modes::Modes;
use super::palette::{Overrides, Palette};
use super::params::Params;
use super::parser::{Actions, Osc};
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
}

impl Terminal {
    pub fn new(size: TerminalSize, limits: ScrollbackLimits) -> Self {
        let (cols, rows) = (usize::from(size.cols), usize::from(size.rows));
        Self {
            size,
            normal: Buffer::new(cols, rows, Some(limits)),
            alternate: Buffer::new(cols, rows, None),
            on_alternate: false,
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
        Cell::new(0, 1, &self.pen.erased())
    }

    pub fn reply(&mut self, answer: &str) {
        if self.replies.len() + answer.len() <= REPLY_LIMIT {
            self.replies.extend_from_slice(answer.as_bytes());
        }
    }

    pub fn scroll(&mut self, wrapped: bool) {
        let fill = self.erased();
        self.buffer_mut().scroll(&fill, wrapped);
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
            let row = buffer.blank_row(&fill);
            buffer.rows.remove(buffer.bottom);
            buffer.rows.insert(y, row);
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
            self.alternate.clear(&fill);
            self.on_alternate = true;
        }
    }

    pub fn leave_alternate(&mut self) {
        if self.on_alternate {
            self.alternate.clear(&Cell::BLANK);
            self.on_alternate = false;
        }
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
    fn wrap(&mut self) {
        let (x, y, cols) = (self.x, self.y, self.cols());
        let rest = Cell::new(0, 1, &self.pen);
        // The row that is left may be scrolled away by the wrap: complete it first.
        for cell in self.buffer_mut().rows[y]
            .cells
            .iter_mut()
            .take(cols)
            .skip(x)
        {
            cell.clone_from(&rest);
        }
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

    /// Prints a run of characters.
    pub fn print_run(&mut self, run: &[u32]) {
        let (x, y) = (self.x, self.y);
        let blank = Cell::new(0, 1, &self.pen);
        if x > 0 && self.buffer().rows[y].width_at(x - 1) == 2 {
            self.row_mut().set(x - 1, blank.clone());
        }
        let spacer = Cell {
            width: 0,
            ..blank.clone()
        };
        let mut rest = run;
        while let Some((&code, after)) = rest.split_first() {
            let plain = self.print_plain(rest, &blank);
            if plain > 0 {
                rest = &rest[plain..];
                continue;
            }
            rest = after;
            self.print_char(code, &blank, &spacer);
        }
        let x = self.x;
        let row = self.row_mut();
        if row.cells.get(x).is_some_and(Cell::is_spacer) {
            row.set(x, blank);
        }
    }

    /// Prints the characters at the start that need no care: they have columns of their own and
    /// fit into the row. Returns how many.
    fn print_plain(&mut self, run: &[u32], blank: &Cell) -> usize {
        if self.charset().is_some() || self.modes.soft.insert {
            return 0;
        }
        let mut x = self.x;
        let mut last = 0;
        let mut printed = 0;
        let put = |cell: &mut Cell, code: u32, width: u8| {
            if cell.extra.is_some() || blank.extra.is_some() {
                cell.extra.clone_from(&blank.extra);
            }
            cell.ch = code;
            cell.fg = blank.fg;
            cell.bg = blank.bg;
            cell.width = width;
        };
        let cells = &mut self.row_mut().cells;
        while printed < run.len() {
            let before = printed;
            for (cell, &code) in cells.iter_mut().skip(x).zip(&run[printed..]) {
                if code >= 0x7f {
                    break;
                }
                put(cell, code, 1);
                printed += 1;
            }
            if printed > before {
                x += printed - before;
                last = 1;
            }
            let Some(&code) = run.get(printed) else { break };
            let width = char_width(code);
            match cells.get_mut(x..x + usize::from(width)) {
                Some([cell]) => put(cell, code, 1),
                Some([cell, spacer]) => {
                    put(cell, code, 2);
                    put(spacer, 0, 0);
                }
                _ => break,
            }
            x += usize::from(width);
            last = width;
            printed += 1;
        }
        if printed > 0 {
            self.x = x;
            self.preceding = last;
        }
        printed
    }

    fn print_char(&mut self, code: u32, blank: &Cell, spacer: &Cell) {
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
                self.wrap();
            } else {
                self.x = cols - 1;
                if width == 2 {
                    return;
                }
            }
        }
        let x = self.x;
        if joins && x > 0 {
            let row = self.row_mut();
            let offset = if row.width_at(x - 1) > 0 { 1 } else { 2 };
            if let Some(cell) = x.checked_sub(offset).and_then(|x| row.cells.get_mut(x)) {
                cell.join(code, width);
            }
            return;
        }
        let insert = self.modes.soft.insert;
        let row = self.row_mut();
        if insert {
            row.insert(x, usize::from(width), blank);
        }
        row.set(
            x,
            Cell {
                ch: code,
                width,
                ..blank.clone()
            },
        );
        if width == 2 {
            row.set(x + 1, spacer.clone());
        }
        self.x += usize::from(width.max(1));
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
        if let Some(cell) = self.row_mut().cells.get(x) {
            cell.push_text(&mut text);
        }
        let run: Vec<u32> = text.chars().map(u32::from).collect();
        if !run.is_empty() {
            self.print_run(&run.repeat(count.min(super::MOST_REPEATS)));
        }
    }

    /// All lines of the normal buffer, oldest first.
    pub fn lines(buffer: &Buffer) -> impl Iterator<Item = &Row> {
        buffer.history.iter().chain(&buffer.rows)
    }

    /// The visible rows.
    pub fn visible(&self) -> &VecDeque<Row> {
        &self.buffer().rows
    }
}

impl Actions for Terminal {
    fn print(&mut self, run: &[u32]) {
        self.print_run(run);
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
