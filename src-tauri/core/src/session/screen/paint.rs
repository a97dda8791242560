//! Painting rows as a stream.

use std::collections::VecDeque;
use std::io::Write;

use super::cell::*;

/// Writes rows, and knows the pen of the viewer that reads them.
#[derive(Default)]
pub(super) struct Painter {
    pub out: Vec<u8>,
    pen: Attributes,
    cols: usize,
}

impl Painter {
    pub fn new(cols: usize) -> Self {
        Self {
            cols,
            ..Self::default()
        }
    }

    pub fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    pub fn csi(&mut self, arguments: std::fmt::Arguments<'_>) {
        let _ = write!(self.out, "\x1b[{arguments}");
    }

    /// Moves to a place of the screen, counted from 0.
    pub fn goto(&mut self, x: usize, y: usize) {
        self.csi(format_args!("{};{}H", y + 1, x + 1));
    }

    /// Gives the viewer this pen, by a reset and what differs from it.
    pub fn set_pen(&mut self, pen: &Attributes) {
        if *pen == self.pen {
            return;
        }
        self.force_pen(pen);
    }

    /// As [`Painter::set_pen`], whatever the viewer's pen is.
    pub fn force_pen(&mut self, pen: &Attributes) {
        let link = pen.extended.as_ref().and_then(|e| e.link.as_ref());
        let open = self.pen.extended.as_ref().and_then(|e| e.link.as_ref());
        if link != open {
            self.put("\x1b]8;");
            if let Some(link) = link {
                if let Some(id) = &link.id {
                    self.put("id=");
                    self.put(id);
                }
                self.put(";");
                self.put(&link.uri);
            } else {
                self.put(";");
            }
            self.put("\x1b\\");
        }
        self.csi(format_args!("0{}m", pen.sgr()));
        if pen.bg & PROTECTED != 0 {
            self.put("\x1b[1\"q");
        }
        self.pen = pen.clone();
    }

    /// Paints lines one below the other, from the top of the screen on; the ones that do not fit
    /// scroll into the scrollback. `before` runs at the start of each line.
    pub fn lines<'a>(
        &mut self,
        lines: impl Iterator<Item = &'a Row>,
        rows: usize,
        mut before: impl FnMut(&mut Self, usize),
    ) {
        let mut above: Option<&Row> = None;
        self.set_pen(&Attributes::default());
        for (i, row) in lines.enumerate() {
            match above {
                None if row.wrapped => self.start_wrapped(),
                None => {}
                Some(above) if row.wrapped => self.wrap(above, row),
                Some(_) => {
                    self.set_pen(&Attributes::default());
                    self.put("\r\n");
                }
            }
            before(self, i);
            self.row(row);
            above = Some(row);
        }
        debug_assert!(rows > 1);
        self.set_pen(&Attributes::default());
    }

    /// Marks the first row as the continuation of a line that is gone.
    fn start_wrapped(&mut self) {
        let cols = self.cols;
        self.csi(format_args!("{cols}G  \x1b[H\x1b[M"));
        self.put("\x1b[X");
    }

    /// Goes to the next row by wrapping, which is what marks it as a continuation.
    fn wrap(&mut self, above: &Row, row: &Row) {
        let cols = self.cols;
        let last = above.cells.get(cols - 1).unwrap_or(&Cell::BLANK);
        self.set_pen(&Attributes::default());
        let wide = above.width_at(cols - 2) == 2;
        let full = last.has_content() || (last.is_spacer() && wide);
        if !full {
            self.csi(format_args!("{cols}G "));
        }
        self.put(" ");
        if !full {
            self.csi(format_args!("A\x1b[{cols}G"));
            self.erased_cells(cols - 1, above);
            self.set_pen(&Attributes::default());
            self.put("\x1b[B");
        }
        self.put("\r");
        if row.cells.first().is_none_or(|c| !c.has_content()) {
            self.put("\x1b[X");
        }
    }

    /// Paints one row; the cursor is at its start, and the row is blank. At the end the cursor is
    /// behind the last cell that was written.
    pub fn row(&mut self, row: &Row) {
        self.lone_halves(row);
        let mut at = 0;
        let mut x = 0;
        while x < row.cells.len() {
            let cell = &row.cells[x];
            if cell.has_content() {
                if at < x {
                    self.csi(format_args!("{}C", x - at));
                }
                self.cell(cell);
                x += usize::from(cell.width.max(1));
                at = x;
            } else if *cell == Cell::BLANK || cell.is_spacer() {
                x += 1;
            } else {
                if at < x {
                    self.csi(format_args!("{}C", x - at));
                }
                (x, at) = self.erased_cells(x, row);
            }
        }
    }

    /// Puts the second halves of wide characters that lost their first half into the blank row, and
    /// goes back to its start. Inserting a cell between the two halves is what makes them, so the
    /// cell before is always an erased one.
    fn lone_halves(&mut self, row: &Row) {
        let lone = |x: usize| row.cells[x].is_spacer() && row.cells[x - 1].width != 2;
        let mut from = 1;
        for x in (1..row.cells.len()).filter(|x| lone(*x)) {
            if x < from {
                continue;
            }
            let place = x.max(2);
            self.set_pen(&row.cells[x].attributes());
            self.csi(format_args!("{}G\u{3000}", place - 1));
            self.set_pen(&Attributes::default());
            self.csi(format_args!("{place}G\x1b[@"));
            if x == 1 {
                self.put("\r\x1b[P");
            }
            self.put("\r");
            // A nearer one would be overwritten by the next.
            from = x + 3;
        }
    }

    /// Prints a cell with its attributes.
    pub fn cell(&mut self, cell: &Cell) {
        self.set_pen(&cell.attributes());
        if cell.width == 0 {
            // A lone combining character: a control character before it keeps it from joining.
            self.put("\x0f");
        }
        let mut text = String::new();
        cell.push_text(&mut text);
        self.put(&text);
    }

    /// Writes the erased cells from `x` on that look alike; returns where they end, and where the
    /// cursor is.
    fn erased_cells(&mut self, x: usize, row: &Row) -> (usize, usize) {
        let Some(first) = row.cells.get(x) else {
            self.put("\x1b[X");
            return (x + 1, x);
        };
        let pen = first.attributes();
        if pen != pen.erased() {
            self.half_cell(x, row, &pen);
            return (x + 1, x + 1);
        }
        let same = row.cells[x..].iter().take_while(|c| *c == first).count();
        self.set_pen(&pen);
        self.csi(format_args!("{same}X"));
        (x + same, x)
    }

    /// An erased cell with more than a background is what is left of a wide character whose other
    /// half was overwritten, and can only be had that way. Leaves the cursor on the next cell.
    fn half_cell(&mut self, x: usize, row: &Row, pen: &Attributes) {
        if x + 1 == self.cols {
            self.half_cell_from_left(x, row, pen);
            return;
        }
        self.set_pen(pen);
        self.csi(format_args!("{}G\u{3000}\x1b[{}G ", x + 1, x + 2));
        self.csi(format_args!("{}G", x + 2));
        if row.cells.get(x + 1).is_none_or(|c| !c.has_content()) {
            self.set_pen(&Attributes::default());
            self.put("\x1b[X");
        }
    }

    /// As [`Painter::half_cell`] by overwriting the half before it, which is then painted again.
    fn half_cell_from_left(&mut self, x: usize, row: &Row, pen: &Attributes) {
        self.set_pen(pen);
        self.csi(format_args!("{x}G\u{3000}\x1b[{x}G "));
        let before = &row.cells[x - 1];
        let looks = before.attributes();
        if before.is_spacer() && x > 1 {
            self.csi(format_args!("{}G", x - 1));
            self.cell(&row.cells[x - 2]);
            return;
        }
        self.csi(format_args!("{x}G"));
        if before.has_content() {
            self.cell(before);
        } else if looks != looks.erased() && x > 1 {
            self.half_cell_from_left(x - 1, row, &looks);
        } else {
            self.set_pen(&looks.erased());
            self.put("\x1b[X");
        }
    }
}

/// Whether a row has nothing on it.
pub(super) fn is_blank(row: &Row) -> bool {
    !row.wrapped && row.cells.iter().all(|c| *c == Cell::BLANK)
}

/// How many rows at the bottom are blank.
pub(super) fn blank_at_end(rows: &VecDeque<Row>) -> usize {
    rows.iter().rev().take_while(|r| is_blank(r)).count()
}
