//! Another size for the grid.
//!
//! Lines of the normal screen are wrapped anew; the logical line the cursor is in is not (a shell
//! draws its own prompt again). The viewers' reflow is another one, so the host sends them a
//! fresh snapshot after every resize.

use std::collections::VecDeque;

use crate::model::TerminalSize;

use super::cell::Cell;
use super::row::Row;
use super::terminal::Terminal;

/// A place in the lines that is followed through a reflow.
#[derive(Clone, Copy)]
struct Mark {
    x: usize,
    line: usize,
}

impl Terminal {
    pub(super) fn resize(&mut self, size: TerminalSize) {
        if size == self.size {
            return;
        }
        let (old_cols, old_rows) = (self.cols(), self.rows());
        let (cols, rows) = (usize::from(size.cols), usize::from(size.rows));
        self.size = size;
        self.resize_normal(old_cols, cols, rows);
        self.resize_alternate(old_rows, cols, rows);
        for buffer in [&mut self.normal, &mut self.alternate] {
            buffer.set_cols(cols);
            buffer.top = 0;
            buffer.bottom = rows - 1;
            buffer.saved.x = buffer.saved.x.min(cols - 1);
        }
        self.x = self.x.min(cols - 1);
        self.y = self.y.min(rows - 1);
        self.preceding = 0;
        // Its row has another number now.
        self.prompt = None;
    }

    fn resize_alternate(&mut self, old_rows: usize, cols: usize, rows: usize) {
        let above = if self.on_alternate && self.y >= rows {
            self.y + 1 - rows
        } else {
            0
        };
        let buffer = &mut self.alternate;
        buffer.rows.drain(..above);
        if self.on_alternate {
            self.y -= above;
        }
        debug_assert!(old_rows >= above);
        buffer
            .rows
            .resize_with(rows, || Row::new(cols, Cell::BLANK, false));
        for row in &mut buffer.rows {
            row.fit(cols);
        }
    }

    fn resize_normal(&mut self, old_cols: usize, cols: usize, rows: usize) {
        let history = self.normal.history.len();
        let cursor = (!self.on_alternate).then_some(Mark {
            x: self.x,
            line: history + self.y,
        });
        let saved = Mark {
            x: self.normal.saved.x,
            line: self.normal.saved.y,
        };
        let mut marks = [cursor.unwrap_or(saved), saved];
        let written = |row: &Row| row.wrapped || !row.is_empty();
        let used = self.normal.rows.iter().rposition(written);
        let needed = (history + used.map_or(0, |y| y + 1)).max(marks[0].line + 1);
        let mut total = history + self.normal.rows.len();
        let mut lost = 0;
        // Blank lines below the cursor are not pushed up into the scrollback.
        let mut spare = total.saturating_sub(needed);
        if cols != old_cols {
            spare = usize::MAX;
            let reflow = Reflow {
                old_cols,
                cols,
                marks,
                moved: marks,
                keep_cursor_line: cursor.is_some(),
                out: VecDeque::new(),
                count: 0,
            };
            (marks, total, lost) = self.reflow(reflow, rows);
        }
        let buffer = &mut self.normal;
        while spare > 0
            && total > rows.max(marks[0].line + 1)
            && buffer.rows.back().is_some_and(|row| !written(row))
        {
            buffer.rows.pop_back();
            total -= 1;
            spare -= 1;
        }
        while buffer.rows.len() > rows
            && let Some(row) = buffer.rows.pop_front()
        {
            lost += buffer.keep(&row, &self.extras);
        }
        while buffer.rows.len() < rows
            && let Some(row) = buffer.history.pop_back(&mut self.extras)
        {
            buffer.rows.push_front(row);
        }
        for row in &mut buffer.rows {
            row.fit(cols);
        }
        buffer
            .rows
            .resize_with(rows, || Row::new(cols, Cell::BLANK, false));
        buffer.saved.x = marks[1].x;
        buffer.saved.y = marks[1].line.saturating_sub(lost);
        if cursor.is_some() {
            self.x = marks[0].x;
            self.y = marks[0].line.saturating_sub(total.saturating_sub(rows));
        }
    }

    /// Wraps all lines of the normal screen anew, leaving at least `rows` of them on it. Returns
    /// where the marks are now, how many lines there are, and how many of them were dropped for
    /// the bytes they take.
    fn reflow(&mut self, mut reflow: Reflow, rows: usize) -> ([Mark; 2], usize, usize) {
        let buffer = &mut self.normal;
        let mut history = std::mem::take(&mut buffer.history);
        let mut screen = std::mem::take(&mut buffer.rows);
        let mut group: Vec<Row> = Vec::new();
        let mut lost = 0;
        let mut line = 0;
        let in_history = history.len();
        loop {
            let next = if line < in_history {
                history.take_front(&mut self.extras)
            } else {
                screen.pop_front()
            };
            if next.as_ref().is_none_or(|row| !row.wrapped) && !group.is_empty() {
                reflow.line(&group, line - group.len());
                group.clear();
            }
            let Some(row) = next else { break };
            group.push(row);
            line += 1;
            // What the screen had stays on it for now.
            while line <= in_history
                && reflow.out.len() > rows
                && let Some(row) = reflow.out.pop_front()
            {
                lost += buffer.keep(&row, &self.extras);
            }
            if self.extras.is_full() {
                let kept = reflow.out.iter_mut().chain(&mut group).chain(&mut screen);
                self.extras.collect(kept.chain(&mut self.alternate.rows));
            }
        }
        buffer.rows = reflow.out;
        (reflow.moved, reflow.count, lost)
    }
}

/// Wraps logical lines anew, one after the other.
struct Reflow {
    old_cols: usize,
    cols: usize,
    /// The cursor and the saved cursor in the old lines, and in the new ones.
    marks: [Mark; 2],
    moved: [Mark; 2],
    /// The line with the cursor is not wrapped anew.
    keep_cursor_line: bool,
    /// The new rows, and how many there have been.
    out: VecDeque<Row>,
    count: usize,
}

impl Reflow {
    /// Wraps the line whose rows begin at `start`.
    fn line(&mut self, group: &[Row], start: usize) {
        let inside = |mark: &Mark| (start..start + group.len()).contains(&mark.line);
        let first = self.count;
        let mut rows = Vec::new();
        if self.keep_cursor_line && inside(&self.marks[0]) {
            for (mark, to) in self.marks.iter().zip(&mut self.moved) {
                if inside(mark) {
                    to.line = first + mark.line - start;
                }
            }
            rows.extend(group.iter().cloned());
            rows.iter_mut().for_each(|row| row.fit(self.cols));
        } else {
            let starts = rewrap_line(group, self.old_cols, self.cols, &mut rows);
            for (mark, to) in self.marks.iter().zip(&mut self.moved) {
                if inside(mark) {
                    let offset = starts[mark.line - start] + mark.x.min(self.old_cols - 1);
                    to.line = first + (offset / self.cols).min(rows.len() - 1);
                    to.x = offset % self.cols;
                }
            }
        }
        self.count += rows.len();
        self.out.extend(rows);
    }
}

/// Wraps one logical line; returns where each of its old rows began in it.
fn rewrap_line(group: &[Row], old_cols: usize, cols: usize, out: &mut Vec<Row>) -> Vec<usize> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut starts = Vec::with_capacity(group.len());
    for (i, row) in group.iter().enumerate() {
        starts.push(cells.len());
        cells.extend_from_slice(row.cells());
        if i + 1 < group.len() {
            cells.resize(starts[i] + old_cols, Cell::BLANK);
            // The place a wide character did not fit into is not part of the text.
            if cells.last() == Some(&Cell::BLANK) && group[i + 1].width_at(0) == 2 {
                cells.pop();
            }
        }
    }
    while cells.last() == Some(&Cell::BLANK) {
        cells.pop();
    }
    let mut wrapped = group[0].wrapped;
    let mut prompt = group.iter().any(|row| row.prompt);
    let mut rest = &cells[..];
    loop {
        let mut take = rest.len().min(cols);
        if take == cols && rest[take - 1].width() == 2 {
            take -= 1;
        }
        let (now, later) = rest.split_at(take);
        let mut row = Row::from_cells(now.to_vec(), wrapped);
        row.prompt = std::mem::take(&mut prompt);
        out.push(row);
        wrapped = true;
        rest = later;
        if rest.is_empty() {
            return starts;
        }
    }
}
