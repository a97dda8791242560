//! Another size for the grid.
//!
//! Lines of the normal screen are wrapped anew; the logical line the cursor is in is not (a shell
//! draws its own prompt again). The viewers' reflow is another one, so the host sends them a
//! fresh snapshot after every resize.

use std::collections::VecDeque;

use crate::model::TerminalSize;

use super::cell::{Cell, Row};
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
            .resize_with(rows, || Row::new(cols, &Cell::BLANK, false));
        for row in &mut buffer.rows {
            fit(row, cols);
        }
    }

    fn resize_normal(&mut self, old_cols: usize, cols: usize, rows: usize) {
        let buffer = &mut self.normal;
        let history = buffer.history.len();
        let cursor = if self.on_alternate {
            None
        } else {
            Some(Mark {
                x: self.x,
                line: history + self.y,
            })
        };
        let saved = Mark {
            x: buffer.saved.x,
            line: buffer.saved.y,
        };
        let mut marks = [cursor.unwrap_or(saved), saved];
        let lines: Vec<Row> = buffer
            .history
            .drain(..)
            .chain(buffer.rows.drain(..))
            .collect();
        let used = lines
            .iter()
            .rposition(|r| r.wrapped || r.cells.iter().any(|c| *c != Cell::BLANK))
            .map_or(0, |i| i + 1);
        let needed = used.max(marks[0].line + 1).min(lines.len());
        let mut lines = if cols == old_cols {
            lines
        } else {
            rewrap(lines, old_cols, cols, &mut marks, cursor.is_some())
        };
        // Blank lines below the cursor are not pushed up into the scrollback.
        let shift = lines.len().saturating_sub(needed);
        let mut spare = if cols == old_cols { shift } else { usize::MAX };
        while lines.len() > rows
            && spare > 0
            && lines.len() > marks[0].line + 1
            && lines
                .last()
                .is_some_and(|r| !r.wrapped && r.cells.iter().all(|c| *c == Cell::BLANK))
        {
            lines.pop();
            spare -= 1;
        }
        let above = lines.len().saturating_sub(rows);
        let mut screen: VecDeque<Row> = lines.drain(above..).collect();
        for row in &mut screen {
            fit(row, cols);
        }
        screen.resize_with(rows, || Row::new(cols, &Cell::BLANK, false));
        buffer.saved.x = marks[1].x;
        buffer.saved.y = marks[1].line;
        buffer.replace_lines(lines.into(), screen);
        if cursor.is_some() {
            self.x = marks[0].x;
            self.y = marks[0].line.saturating_sub(above);
        }
    }
}

/// Cuts or fills a row to a width.
fn fit(row: &mut Row, cols: usize) {
    row.cells.resize(cols, Cell::BLANK);
    if let Some(last) = row.cells.last_mut()
        && last.width == 2
    {
        *last = Cell::BLANK;
    }
}

/// Wraps all logical lines anew, except the one with the cursor.
fn rewrap(
    lines: Vec<Row>,
    old_cols: usize,
    cols: usize,
    marks: &mut [Mark; 2],
    keep_cursor_line: bool,
) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::with_capacity(lines.len());
    let mut moved = *marks;
    let mut start = 0;
    while start < lines.len() {
        let mut end = start + 1;
        while end < lines.len() && lines[end].wrapped {
            end += 1;
        }
        let group = &lines[start..end];
        let inside = |mark: &Mark| (start..end).contains(&mark.line);
        if keep_cursor_line && inside(&marks[0]) {
            for (mark, to) in marks.iter().zip(&mut moved) {
                if inside(mark) {
                    to.line = out.len() + mark.line - start;
                }
            }
            for row in group {
                let mut row = row.clone();
                fit(&mut row, cols);
                out.push(row);
            }
        } else {
            let first = out.len();
            let starts = rewrap_line(group, old_cols, cols, &mut out);
            for (mark, to) in marks.iter().zip(&mut moved) {
                if inside(mark) {
                    let offset = starts[mark.line - start] + mark.x.min(old_cols - 1);
                    to.line = (first + offset / cols).min(out.len() - 1);
                    to.x = offset % cols;
                }
            }
        }
        start = end;
    }
    *marks = moved;
    out
}

/// Wraps one logical line; returns where each of its old rows began in it.
fn rewrap_line(group: &[Row], old_cols: usize, cols: usize, out: &mut Vec<Row>) -> Vec<usize> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut starts = Vec::with_capacity(group.len());
    for (i, row) in group.iter().enumerate() {
        starts.push(cells.len());
        cells.extend(row.cells.iter().cloned());
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
    let mut rest = &cells[..];
    loop {
        let mut take = rest.len().min(cols);
        if take == cols && rest[take - 1].width == 2 {
            take -= 1;
        }
        let (now, later) = rest.split_at(take);
        out.push(Row {
            cells: now.to_vec(),
            wrapped,
        });
        wrapped = true;
        rest = later;
        if rest.is_empty() {
            return starts;
        }
    }
}
