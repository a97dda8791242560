//! Control sequences that move, erase, insert, delete and scroll; escape sequences.

use super::cell::{Attributes, Cell, EXTENDED, PROTECTED, UNDERLINE};
use super::charset;
use super::params::Params;
use super::row::Row;
use super::terminal::Terminal;

const PRIVATE: u32 = b'?' as u32;
const GREATER: u32 = b'>' as u32;
const LESS: u32 = b'<' as u32;
const EQUAL: u32 = b'=' as u32;
const SPACE: u32 = b' ' as u32;
const DOLLAR: u32 = b'$' as u32;
const PRIVATE_DOLLAR: u32 = PRIVATE << 8 | DOLLAR;
const BANG: u32 = b'!' as u32;
const QUOTE: u32 = b'"' as u32;
const TICK: u32 = b'\'' as u32;

impl Terminal {
    pub(super) fn control_sequence(&mut self, ident: u32, params: &Params) {
        let count = params.count();
        let last = self.cols() - 1;
        match (ident >> 8, (ident & 0xff) as u8) {
            (0, b'@') => self.edit_row(|row, x, fill| row.insert(x, count, fill)),
            (SPACE, b'@') => self.shift_columns(0, count, false),
            (0, b'A') => self.cursor_up(count),
            (SPACE, b'A') => self.shift_columns(0, count, true),
            (0, b'B') => self.cursor_down(count),
            (0, b'C' | b'a') => self.move_cursor(count, 0),
            (0, b'D') => {
                self.restrict();
                self.set_cursor(self.x.saturating_sub(count), self.y);
            }
            (0, b'E') => {
                self.cursor_down(count);
                self.x = 0;
            }
            (0, b'F') => {
                self.cursor_up(count);
                self.x = 0;
            }
            // The viewer counts the row from the region's top again here, in origin mode.
            (0, b'G' | b'`') => self.set_cursor(count - 1, self.y),
            (0, b'H' | b'f') => {
                let col = usize::try_from(params.get(1)).unwrap_or(0).max(1);
                self.set_cursor(if params.len() >= 2 { col - 1 } else { 0 }, count - 1);
            }
            (0, b'I') => self.tab_forward(count),
            (0, b'J') => self.erase_display(params.get(0), false),
            (PRIVATE, b'J') => self.erase_display(params.get(0), true),
            (0, b'K') => self.erase_line(params.get(0), false),
            (PRIVATE, b'K') => self.erase_line(params.get(0), true),
            (0, b'L') => self.insert_lines(count),
            (0, b'M') => self.delete_lines(count),
            (0, b'P') => self.edit_row(|row, x, fill| row.delete(x, count, fill)),
            (0, b'S') => self.scroll_up(count),
            (0, b'T') => self.scroll_down(count),
            (0, b'X') => {
                self.edit_row(|row, x, fill| row.replace(x, x.saturating_add(count), fill, false))
            }
            (0, b'Z') => self.tab_backward(count),
            (0, b'b') => self.repeat(count),
            (0, b'c') if params.get(0) <= 0 => self.report_device(),
            (GREATER, b'c') if params.get(0) <= 0 => self.report_version_number(),
            (0, b'd') => self.set_cursor(self.x, count - 1),
            (0, b'e') => self.move_cursor(0, count),
            (0, b'g') => self.clear_tabs(params.get(0)),
            (0, b'h') => self.set_modes(params, true),
            (0, b'l') => self.set_modes(params, false),
            (PRIVATE, b'h') => self.set_private_modes(params, true),
            (PRIVATE, b'l') => self.set_private_modes(params, false),
            (0, b'm') => self.pen.select(params),
            (GREATER, b'm') => self.set_key_modifiers(params),
            (PRIVATE, b'm') => self.report_key_modifiers(params.get(0)),
            (GREATER, b'n') => self.reset_key_modifiers(params.get(0)),
            (0, b'n') => self.report_status(params.get(0), false),
            (PRIVATE, b'n') => self.report_status(params.get(0), true),
            (BANG, b'p') => self.soft_reset(),
            (DOLLAR, b'p') => self.report_mode(params.get(0)),
            (PRIVATE_DOLLAR, b'p') => self.report_private_mode(params.get(0)),
            (SPACE, b'q') => self.set_cursor_style(params.get(0)),
            (QUOTE, b'q') => match params.get(0) {
                1 => self.pen.bg |= PROTECTED,
                0 | 2 => self.pen.bg &= !PROTECTED,
                _ => {}
            },
            (GREATER, b'q') if params.get(0) <= 0 => self.report_version(),
            (0, b'r') => self.set_region(params),
            (0, b's') => self.save_cursor(),
            (0, b'u') => self.restore_cursor(),
            (GREATER, b'u') => self.push_keyboard(params.get(0)),
            (LESS, b'u') => self.pop_keyboard(count),
            (EQUAL, b'u') => self.set_keyboard(params),
            (PRIVATE, b'u') => self.report_keyboard(),
            (0, b't') => self.window_operation(params),
            (TICK, b'}') => self.shift_columns(self.x.min(last + 1), count, true),
            (TICK, b'~') => self.shift_columns(self.x.min(last + 1), count, false),
            _ => {}
        }
    }

    pub(super) fn escape_sequence(&mut self, ident: u32) {
        let designates = [b'(', b')', b'*', b'+', b'-', b'.']
            .iter()
            .position(|mark| u32::from(*mark) == ident >> 8);
        if let Some(place) = designates {
            // `-` and `.` designate the 96-character sets of G1 and G2.
            let level = [0, 1, 2, 3, 1, 2][place];
            if let Some(charset) = charset::designated((ident & 0xff) as u8) {
                self.charsets[level] = charset;
            }
            return;
        }
        match (ident >> 8, (ident & 0xff) as u8) {
            (0, b'7') => self.save_cursor(),
            (0, b'8') => self.restore_cursor(),
            (0, b'D') => self.index(),
            (0, b'E') => {
                self.x = 0;
                self.index();
            }
            (0, b'H') => self.set_tab(),
            (0, b'M') => self.reverse_index(),
            (0, b'=') => self.modes.soft.application_keypad = true,
            (0, b'>') => self.modes.soft.application_keypad = false,
            (0, b'c') => self.full_reset(),
            (0, b'n' | b'}') => self.g_level = 2,
            (0, b'o' | b'|') => self.g_level = 3,
            (0, b'~') => self.g_level = 1,
            (0x25, b'@' | b'G') => {
                self.g_level = 0;
                self.charsets[0] = None;
            }
            (0x23, b'8') => self.alignment_pattern(),
            _ => {}
        }
    }

    pub(super) fn backspace(&mut self) {
        if !self.modes.soft.reverse_wraparound {
            self.restrict();
            self.x = self.x.saturating_sub(1);
            return;
        }
        self.restrict_cursor(self.cols());
        if self.x > 0 {
            self.x -= 1;
        } else {
            let (top, bottom) = (self.buffer().top, self.buffer().bottom);
            if self.y > top && self.y <= bottom && self.row_mut().wrapped {
                self.row_mut().wrapped = false;
                self.y -= 1;
                self.x = self.cols() - 1;
                let x = self.x;
                let cell = self.row_mut().get(x);
                // A wide character that did not fit left an empty cell at the end.
                if cell.is_some_and(|cell| cell.width() > 0 && !cell.has_content()) {
                    self.x -= 1;
                }
            }
        }
        self.restrict();
    }

    pub(super) fn set_tab(&mut self) {
        let x = self.x;
        if let Some(stop) = self.buffer_mut().tabs.get_mut(x) {
            *stop = true;
        }
    }

    fn clear_tabs(&mut self, which: i32) {
        let x = self.x;
        let tabs = &mut self.buffer_mut().tabs;
        match which {
            0 => {
                if let Some(stop) = tabs.get_mut(x) {
                    *stop = false;
                }
            }
            3 => tabs.fill(false),
            _ => {}
        }
    }

    fn tab_forward(&mut self, count: usize) {
        for _ in 0..count.min(self.cols()) {
            if self.x < self.cols() {
                self.x = self.buffer().next_tab(self.x);
            }
        }
    }

    fn tab_backward(&mut self, count: usize) {
        if self.x < self.cols() {
            for _ in 0..count.min(self.cols()) {
                self.x = self.buffer().previous_tab(self.x);
            }
        }
    }

    fn move_cursor(&mut self, right: usize, down: usize) {
        self.restrict();
        self.set_cursor(self.x.saturating_add(right), self.y.saturating_add(down));
    }

    fn cursor_up(&mut self, count: usize) {
        let top = self.buffer().top;
        let up = if self.y >= top {
            count.min(self.y - top)
        } else {
            count
        };
        self.restrict();
        let origin = if self.modes.soft.origin { top } else { 0 };
        // In origin mode the region's top is added once more by the viewer.
        let y = (self.y + origin).saturating_sub(up);
        self.y = y;
        self.restrict();
    }

    fn cursor_down(&mut self, count: usize) {
        let bottom = self.buffer().bottom;
        let down = if self.y <= bottom {
            count.min(bottom - self.y)
        } else {
            count
        };
        self.move_cursor(0, down);
    }

    fn edit_row(&mut self, edit: impl FnOnce(&mut Row, usize, Cell)) {
        self.restrict();
        let fill = self.erased();
        let x = self.x;
        edit(self.row_mut(), x, fill);
    }

    fn erase_row(&mut self, y: usize, keep_protected: bool) {
        let fill = self.erased();
        let row = &mut self.buffer_mut().rows[y];
        row.erase(fill, keep_protected);
        row.wrapped = false;
        row.prompt = false;
    }

    fn erase_display(&mut self, which: i32, keep_protected: bool) {
        self.restrict_cursor(self.cols());
        let fill = self.erased();
        let (x, y, cols) = (self.x, self.y, self.cols());
        match which {
            0 => {
                let row = self.row_mut();
                row.replace(x, cols, fill, keep_protected);
                if x == 0 {
                    row.wrapped = false;
                    // From home on it is the whole screen; elsewhere it is how a shell draws the
                    // prompt anew, whose line stays marked.
                    row.prompt &= y > 0;
                }
                for y in y + 1..self.rows() {
                    self.erase_row(y, keep_protected);
                }
            }
            1 => {
                let row = self.row_mut();
                row.replace(0, x + 1, fill, keep_protected);
                row.wrapped = false;
                if x + 1 >= cols {
                    self.unwrap_line(y + 1);
                }
                for y in 0..y {
                    self.erase_row(y, keep_protected);
                }
            }
            2 => {
                for y in 0..self.rows() {
                    self.erase_row(y, keep_protected);
                }
            }
            3 => self.buffer_mut().clear_history(),
            _ => {}
        }
    }

    /// The viewer forgets here that the row below continues this one, but takes the row's number
    /// for one that counts the scrollback.
    fn unwrap_line(&mut self, line: usize) {
        let buffer = self.buffer_mut();
        let history = buffer.history.len();
        if line < history {
            buffer.history.unwrap(line);
        } else if let Some(row) = buffer.rows.get_mut(line - history) {
            row.wrapped = false;
        }
    }

    fn erase_line(&mut self, which: i32, keep_protected: bool) {
        self.restrict_cursor(self.cols());
        let fill = self.erased();
        let (x, cols) = (self.x, self.cols());
        let row = self.row_mut();
        match which {
            0 => row.replace(x, cols, fill, keep_protected),
            1 => row.replace(0, x + 1, fill, keep_protected),
            2 => row.replace(0, cols, fill, keep_protected),
            _ => return,
        }
        if which == 2 || (which == 0 && x == 0) {
            row.wrapped = false;
        }
    }

    fn in_region(&self) -> bool {
        (self.buffer().top..=self.buffer().bottom).contains(&self.y)
    }

    fn insert_lines(&mut self, count: usize) {
        self.restrict();
        if !self.in_region() {
            return;
        }
        let (fill, y) = (self.erased(), self.y);
        let buffer = self.buffer_mut();
        for _ in 0..count.min(buffer.bottom - y + 1) {
            buffer.move_row(buffer.bottom, y, fill, false);
        }
        self.x = 0;
    }

    fn delete_lines(&mut self, count: usize) {
        self.restrict();
        if !self.in_region() {
            return;
        }
        let (fill, y) = (self.erased(), self.y);
        let buffer = self.buffer_mut();
        for _ in 0..count.min(buffer.bottom - y + 1) {
            buffer.move_row(y, buffer.bottom, fill, false);
        }
        self.x = 0;
    }

    fn scroll_up(&mut self, count: usize) {
        let fill = self.erased();
        let buffer = self.buffer_mut();
        for _ in 0..count.min(buffer.bottom - buffer.top + 1) {
            buffer.move_row(buffer.top, buffer.bottom, fill, false);
        }
    }

    fn scroll_down(&mut self, count: usize) {
        let buffer = self.buffer_mut();
        for _ in 0..count.min(buffer.bottom - buffer.top + 1) {
            buffer.move_row(buffer.bottom, buffer.top, Cell::BLANK, false);
        }
    }

    /// Shifts all rows of the region right or left from a column on.
    fn shift_columns(&mut self, x: usize, count: usize, right: bool) {
        if !self.in_region() {
            return;
        }
        let fill = self.erased();
        let buffer = self.buffer_mut();
        for row in buffer.rows.range_mut(buffer.top..=buffer.bottom) {
            if right {
                row.insert(x, count, fill);
            } else {
                row.delete(x, count, fill);
            }
            row.wrapped = false;
        }
    }

    fn set_region(&mut self, params: &Params) {
        let rows = self.rows();
        let top = params.count();
        let given = usize::try_from(params.get(1)).unwrap_or(0);
        let bottom = if params.len() < 2 || given > rows || given == 0 {
            rows
        } else {
            given
        };
        if bottom > top {
            let buffer = self.buffer_mut();
            buffer.top = top - 1;
            buffer.bottom = bottom - 1;
            self.set_cursor(0, 0);
        }
    }

    fn alignment_pattern(&mut self) {
        // The viewer draws it with the colours and flags alone.
        let pen = Attributes {
            fg: self.pen.fg & !UNDERLINE,
            bg: self.pen.bg & !EXTENDED,
            extended: None,
        };
        let fill = self.extras.look(&pen).with(b'E'.into(), 1);
        self.set_cursor(0, 0);
        let y = self.y;
        for row in self.buffer_mut().rows.range_mut(y..) {
            row.renew(fill, false);
        }
        self.set_cursor(0, 0);
    }
}
