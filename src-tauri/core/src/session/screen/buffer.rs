//! One of the two buffers of a terminal: its rows, its scrollback, its tab stops and margins.

use std::collections::VecDeque;

use super::cell::{Attributes, Cell, Row};
use super::charset::Charset;

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
    pub history: VecDeque<Row>,
    history_bytes: usize,
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
            history: VecDeque::new(),
            history_bytes: 0,
            limits,
            dropped: 0,
            rows: (0..rows)
                .map(|_| Row::new(cols, &Cell::BLANK, false))
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
    pub fn clear(&mut self, fill: &Cell) {
        for row in &mut self.rows {
            *row = Row::new(self.cols, fill, false);
        }
        self.top = 0;
        self.bottom = self.rows.len() - 1;
        self.tabs = default_tabs(self.cols);
    }

    pub fn blank_row(&self, fill: &Cell) -> Row {
        Row::new(self.cols, fill, false)
    }

    /// Scrolls the region up by one line; from the top of the screen into the scrollback.
    pub fn scroll(&mut self, fill: &Cell, wrapped: bool) {
        let mut row = self.blank_row(fill);
        row.wrapped = wrapped;
        if self.top == 0 {
            if let Some(old) = self.rows.pop_front() {
                self.keep(old);
            }
        } else {
            self.rows.remove(self.top);
        }
        self.rows.insert(self.bottom, row);
    }

    /// Puts a line into the scrollback and drops what is over its limits.
    pub fn keep(&mut self, mut row: Row) {
        let Some(limits) = self.limits else {
            return;
        };
        row.trim();
        self.history_bytes += row.bytes();
        self.history.push_back(row);
        while self.history.len() > limits.lines {
            self.drop_oldest();
        }
        while self.history_bytes > limits.bytes && self.history.len() > 1 {
            self.drop_oldest();
            // A viewer is bounded by lines alone: its saved row moves up with every line.
            self.saved.y = self.saved.y.saturating_sub(1);
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(row) = self.history.pop_front() {
            self.history_bytes = self.history_bytes.saturating_sub(row.bytes());
            self.dropped += 1;
        }
    }

    /// Forgets the scrollback (`CSI 3 J`).
    pub fn clear_history(&mut self) {
        self.dropped += self.history.len() as u64;
        self.history.clear();
        self.history_bytes = 0;
    }

    /// Replaces all lines after a change of width.
    pub fn replace_lines(&mut self, history: VecDeque<Row>, rows: VecDeque<Row>) {
        self.history.clear();
        self.history_bytes = 0;
        self.rows = rows;
        for row in history {
            self.keep(row);
        }
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
