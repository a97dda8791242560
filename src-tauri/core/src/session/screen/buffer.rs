//! One of the two buffers of a terminal: its rows, its scrollback, its tab stops and margins.

use std::collections::VecDeque;

use super::cell::{Attributes, Cell};
use super::charset::Charset;
use super::extras::Extras;
use super::history::History;
use super::row::Row;

/// The most lines of scrollback that a host keeps.
const MOST_LINES: usize = 100_000;

/// How much scrollback a host keeps. Whichever bound is reached first drops the oldest lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScrollbackLimits {
    /// Lines; the viewers' `scrollback` option must be the same number.
    pub lines: usize,
    /// Bytes of memory, about.
    pub bytes: usize,
}

impl Default for ScrollbackLimits {
    fn default() -> Self {
        Self {
            lines: 10_000,
            bytes: 64 * 1024 * 1024,
        }
    }
}

impl ScrollbackLimits {
    /// The limits for a number of lines that a person chose, brought within reason; without
    /// one the ordinary ones. The bytes grow with the lines.
    pub fn of_lines(lines: Option<u32>) -> Self {
        let ordinary = Self::default();
        let Some(lines) = lines else {
            return ordinary;
        };
        let lines = (lines as usize).min(MOST_LINES);
        Self {
            lines,
            bytes: ordinary.bytes.max(ordinary.bytes / ordinary.lines * lines),
        }
    }
}

/// What DECSC keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SavedCursor {
    pub x: usize,
    /// Counted from the oldest line of the scrollback.
    pub y: usize,
    pub pen: Attributes,
    pub charsets: [Charset; 4],
    pub g_level: usize,
}

#[derive(Debug)]
pub(super) struct Buffer {
    pub history: History,
    /// `None` for the alternate screen, which has no scrollback.
    limits: Option<ScrollbackLimits>,
    /// How many lines were dropped at the top so far.
    pub dropped: u64,
    /// The visible rows, always as many as the terminal has.
    pub rows: VecDeque<Row>,
    cols: usize,
    /// First and last row of the scroll region.
    pub top: usize,
    pub bottom: usize,
    pub tabs: Vec<bool>,
    pub saved: SavedCursor,
}

impl Buffer {
    pub fn new(cols: usize, rows: usize, limits: Option<ScrollbackLimits>) -> Self {
        Self {
            history: History::default(),
            limits,
            dropped: 0,
            rows: (0..rows)
                .map(|_| Row::new(cols, Cell::BLANK, false))
                .collect(),
            cols,
            top: 0,
            bottom: rows - 1,
            tabs: default_tabs(cols),
            saved: SavedCursor::default(),
        }
    }

    /// The bounds of the scrollback.
    pub fn limits(&self) -> ScrollbackLimits {
        self.limits.unwrap_or_default()
    }

    /// Leaves the alternate screen as its next user finds it.
    pub fn clear(&mut self, fill: Cell) {
        for row in &mut self.rows {
            row.renew(fill, false);
        }
        self.top = 0;
        self.bottom = self.rows.len() - 1;
        self.tabs = default_tabs(self.cols);
    }

    /// Scrolls the region up by one line; from the top of the screen into the scrollback.
    pub fn scroll(&mut self, fill: Cell, wrapped: bool, extras: &Extras) {
        if self.top == 0
            && let Some(row) = self.rows.pop_front()
        {
            // A viewer is bounded by lines alone: its saved row moves up with every line.
            let lost = self.keep(&row, extras);
            self.saved.y = self.saved.y.saturating_sub(lost);
            self.put(self.bottom, row, fill, wrapped);
        } else {
            self.move_row(self.top, self.bottom, fill, wrapped);
        }
    }

    /// Takes one row out and puts a new one elsewhere; the rows between move by one.
    pub fn move_row(&mut self, from: usize, to: usize, fill: Cell, wrapped: bool) {
        if let Some(row) = self.rows.remove(from) {
            self.put(to, row, fill, wrapped);
        }
    }

    fn put(&mut self, y: usize, mut row: Row, fill: Cell, wrapped: bool) {
        row.renew(fill, wrapped);
        self.rows.insert(y, row);
    }

    /// Puts a line into the scrollback and drops what is over its limits. Returns how many lines
    /// were dropped for the bytes they take.
    pub fn keep(&mut self, row: &Row, extras: &Extras) -> usize {
        let Some(limits) = self.limits else {
            return 0;
        };
        if limits.lines == 0 {
            self.dropped += 1;
            return 0;
        }
        self.history.push(row, extras);
        while self.history.len() > limits.lines {
            self.drop_oldest();
        }
        let mut lost = 0;
        while self.history.bytes() > limits.bytes && self.history.len() > 1 {
            self.drop_oldest();
            lost += 1;
        }
        lost
    }

    fn drop_oldest(&mut self) {
        if self.history.pop_front() {
            self.dropped += 1;
        }
    }

    /// Forgets the scrollback (`CSI 3 J`).
    pub fn clear_history(&mut self) {
        self.dropped += self.history.len() as u64;
        self.history = History::default();
    }

    pub fn set_cols(&mut self, cols: usize) {
        for stop in self.tabs.len()..cols {
            self.tabs.push(stop % 8 == 0);
        }
        self.tabs.truncate(cols);
        self.cols = cols;
    }

    pub fn next_tab(&self, x: usize) -> usize {
        (x + 1..self.cols)
            .find(|x| self.tabs[*x])
            .unwrap_or(self.cols - 1)
    }

    pub fn previous_tab(&self, x: usize) -> usize {
        (0..x.min(self.cols))
            .rev()
            .find(|x| self.tabs[*x])
            .unwrap_or(0)
    }
}

pub(super) fn default_tabs(cols: usize) -> Vec<bool> {
    (0..cols).map(|x| x % 8 == 0).collect()
}
