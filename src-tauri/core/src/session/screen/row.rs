//! One line of the screen.

use super::cell::Cell;

/// One line of the screen, or of the scrollback while it is looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    /// A line of the scrollback has none of the erased cells at its end.
    cells: Vec<Cell>,
    /// From here on all cells are [`Cell::BLANK`].
    used: usize,
    /// The line continues the one above it.
    pub wrapped: bool,
    /// A shell's prompt begins in this line, and the shell said so.
    pub prompt: bool,
}

impl Row {
    pub fn new(cols: usize, fill: Cell, wrapped: bool) -> Self {
        Self::from_cells(vec![fill; cols], wrapped)
    }

    pub fn from_cells(cells: Vec<Cell>, wrapped: bool) -> Self {
        let mut row = Self {
            used: cells.len(),
            cells,
            wrapped,
            prompt: false,
        };
        row.used = row.written().len();
        row
    }

    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cells, for changes that may concern any of them.
    pub fn cells_mut(&mut self) -> &mut Vec<Cell> {
        self.used = usize::MAX;
        &mut self.cells
    }

    /// The cells that have an extra, whose number may change.
    pub fn cells_with_extra(&mut self) -> impl Iterator<Item = &mut Cell> {
        self.cells.iter_mut().filter(|cell| cell.extra != 0)
    }

    /// The cells without the erased ones at the end.
    pub fn written(&self) -> &[Cell] {
        let cells = &self.cells[..self.used.min(self.cells.len())];
        let end = cells.iter().rposition(|cell| *cell != Cell::BLANK);
        &cells[..end.map_or(0, |last| last + 1)]
    }

    pub fn is_empty(&self) -> bool {
        self.written().is_empty()
    }

    #[inline]
    pub fn get(&self, x: usize) -> Option<&Cell> {
        self.cells.get(x)
    }

    #[inline]
    pub fn width_at(&self, x: usize) -> u8 {
        self.cells.get(x).map_or(0, Cell::width)
    }

    #[inline]
    fn uses(&mut self, end: usize) {
        self.used = self.used.max(end);
    }

    /// Writes one cell; outside the row nothing happens, as in the viewer.
    #[inline]
    pub fn set(&mut self, x: usize, cell: Cell) {
        if let Some(place) = self.cells.get_mut(x) {
            *place = cell;
            self.uses(x + 1);
        }
    }

    /// A cell to be changed.
    pub fn get_mut(&mut self, x: usize) -> Option<&mut Cell> {
        self.uses(x + 1);
        self.cells.get_mut(x)
    }

    /// Writes ASCII characters that fit into the row.
    #[inline]
    pub fn write_ascii(&mut self, x: usize, text: &[u8], look: Cell) {
        let end = x + text.len();
        if let Some(cells) = self.cells.get_mut(x..end) {
            for (cell, byte) in cells.iter_mut().zip(text) {
                *cell = look.with(u32::from(*byte), 1);
            }
            self.uses(end);
        }
    }

    /// As [`Row::write_ascii`], where that halves no wide character beside them; otherwise nothing
    /// happens. Returns whether it was done.
    #[inline]
    pub fn write_ascii_alone(&mut self, x: usize, text: &[u8], look: Cell) -> bool {
        let halves = (x > 0 && self.width_at(x - 1) == 2)
            || self.get(x + text.len()).is_some_and(Cell::is_spacer);
        if !halves {
            self.write_ascii(x, text, look);
        }
        !halves
    }

    /// Makes it a row on which nothing was written.
    pub fn renew(&mut self, fill: Cell, wrapped: bool) {
        self.wrapped = wrapped;
        self.prompt = false;
        self.fill(fill);
    }

    fn fill(&mut self, fill: Cell) {
        if fill == Cell::BLANK {
            let used = self.used.min(self.cells.len());
            self.cells[..used].fill(fill);
            self.used = 0;
        } else {
            self.cells.fill(fill);
            self.used = self.cells.len();
        }
    }

    pub fn erase(&mut self, fill: Cell, keep_protected: bool) {
        if !keep_protected {
            self.fill(fill);
            return;
        }
        for cell in self.cells_mut().iter_mut().filter(|c| !c.is_protected()) {
            *cell = fill;
        }
    }

    /// Overwrites the cells from `x` on.
    pub fn fill_from(&mut self, x: usize, fill: Cell) {
        if x < self.cells.len() {
            self.cells[x..].fill(fill);
            self.used = self.cells.len();
        }
    }

    fn erase_with(&mut self, x: usize, fill: Cell) {
        self.set(x, fill.with(0, 1));
    }

    /// Shifts the cells from `pos` on to the right.
    pub fn insert(&mut self, pos: usize, n: usize, fill: Cell) {
        let len = self.cells.len();
        let pos = pos % len.max(1);
        self.used = len;
        if pos > 0 && self.width_at(pos - 1) == 2 {
            self.erase_with(pos - 1, fill);
        }
        let n = n.min(len - pos);
        self.cells[pos..].rotate_right(n);
        self.cells[pos..pos + n].fill(fill);
        if self.width_at(len - 1) == 2 {
            self.erase_with(len - 1, fill);
        }
    }

    /// Deletes cells at `pos`; the rest moves left.
    pub fn delete(&mut self, pos: usize, n: usize, fill: Cell) {
        let len = self.cells.len();
        let pos = pos % len.max(1);
        self.used = len;
        let n = n.min(len - pos);
        self.cells[pos..].rotate_left(n);
        self.cells[len - n..].fill(fill);
        if pos > 0 && self.width_at(pos - 1) == 2 {
            self.erase_with(pos - 1, fill);
        }
        if self.cells[pos].is_spacer() {
            self.erase_with(pos, fill);
        }
    }

    /// Overwrites `start..end`, leaving no half of a wide character at the borders.
    pub fn replace(&mut self, start: usize, end: usize, fill: Cell, keep_protected: bool) {
        let len = self.cells.len();
        let kept = |row: &Self, x: usize| {
            keep_protected && row.cells.get(x).is_some_and(Cell::is_protected)
        };
        if start > 0 && self.width_at(start - 1) == 2 && !kept(self, start - 1) {
            self.erase_with(start - 1, fill);
        }
        if end > 0 && end < len && self.width_at(end - 1) == 2 && !kept(self, end) {
            self.erase_with(end, fill);
        }
        let end = end.min(len);
        if start >= end {
            return;
        }
        if keep_protected {
            for x in start..end {
                if !kept(self, x) {
                    self.cells[x] = fill;
                }
            }
            self.uses(end);
        } else if fill == Cell::BLANK && end == len {
            let used = self.used.clamp(start, len);
            self.cells[start..used].fill(fill);
            self.used = self.used.min(start);
        } else {
            self.cells[start..end].fill(fill);
            self.uses(end);
        }
    }

    /// Cuts or fills the row to a width, leaving no half of a wide character at its end.
    pub fn fit(&mut self, cols: usize) {
        self.cells.resize(cols, Cell::BLANK);
        if let Some(last) = self.cells.last_mut()
            && last.width() == 2
        {
            *last = Cell::BLANK;
        }
    }
}

/// How many bytes at the start of `text` are printable ASCII.
#[inline]
pub(super) fn ascii_run(text: &[u8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let mut at = 0;
    while let Some(chunk) = text[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // The high bit of a byte below 0x20, above 0x7e: exact up to the first such byte.
        let odd = (word.wrapping_sub(EACH * 0x20) & !word | word.wrapping_add(EACH) | word)
            & (EACH * 0x80);
        if odd != 0 {
            return at + (odd.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = &text[at..];
    at + rest
        .iter()
        .position(|byte| !matches!(byte, 0x20..=0x7e))
        .unwrap_or(rest.len())
}
