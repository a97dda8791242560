//! Painting rows as a stream.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;

use super::buffer::Buffer;
use super::cell::*;
use super::extras::Extras;
use super::history::Line;
use super::line_cells::LineCells;
use super::prompts::PROMPT_MARK;
use super::row::Row;
use super::sgr::push_number;
use super::snapshot::SnapshotPart;

/// A batch of lines gets no more when it is this long.
const BATCH_BYTES: usize = 120 * 1024;

/// Writes rows, and knows the pen of the viewer that reads them.
#[derive(Default)]
pub(super) struct Painter {
    /// The parts before what is written now.
    pub parts: Vec<SnapshotPart>,
    pub out: Vec<u8>,
    pen: Attributes,
    cols: usize,
    /// The viewer takes lines of the scrollback as cells.
    takes_cells: bool,
}

impl Painter {
    pub fn new(cols: usize) -> Self {
        Self {
            cols,
            ..Self::default()
        }
    }

    /// For a viewer that takes lines of the scrollback as cells.
    pub fn with_cells(cols: usize) -> Self {
        Self {
            takes_cells: true,
            ..Self::new(cols)
        }
    }

    /// Ends the part that is written now, if anything is in it.
    pub fn end_part(&mut self) {
        if !self.out.is_empty() {
            let bytes = std::mem::take(&mut self.out);
            self.parts.push(SnapshotPart::Stream(bytes));
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
        self.out.extend(b"\x1b[0");
        pen.push_sgr(&mut self.out);
        self.out.push(b'm');
        if pen.bg & PROTECTED != 0 {
            self.put("\x1b[1\"q");
        }
        self.pen = pen.clone();
    }

    /// Paints the lines of a buffer one below the other, from the top of the screen on; the ones
    /// that do not fit scroll into the scrollback. `at_stop` runs at the start of the line with the
    /// number `stop`.
    pub fn lines(
        &mut self,
        buffer: &Buffer,
        extras: &Extras,
        stop: Option<usize>,
        mut at_stop: impl FnMut(&mut Self),
    ) {
        let history = buffer.history.iter().map(Place::History);
        let screen = buffer.rows.iter().map(|row| Place::Screen(row, extras));
        self.set_pen(&Attributes::default());
        let mut lines = Lines::default();
        for (i, place) in history.chain(screen).enumerate() {
            let stops = stop == Some(i);
            if self.takes_cells && !stops && lines.gather(self, place) {
                continue;
            }
            lines.put_gathered(self, place);
            lines.begin(self, place);
            if stops {
                at_stop(self);
            }
            lines.paint(self, place);
        }
        self.set_pen(&Attributes::default());
    }

    /// Paints a line that is nothing but ASCII characters; else paints nothing.
    fn plain_line(&mut self, line: &Line<'_>) -> bool {
        let Some(mut text) = line.plain_text() else {
            return false;
        };
        line.for_each_run(|count, look, style| {
            let run;
            (run, text) = text.split_at(count.min(text.len()));
            self.set_looks(&look, style);
            self.out.extend_from_slice(run);
        });
        if !text.is_empty() {
            self.set_looks(&Cell::BLANK, None);
            self.out.extend_from_slice(text);
        }
        true
    }

    /// Marks the first row as the continuation of a line that is gone.
    fn start_wrapped(&mut self) {
        let cols = self.cols;
        self.csi(format_args!("{cols}G  \x1b[H\x1b[M"));
        self.put("\x1b[X");
    }

    /// Goes to the next row by wrapping, which is what marks it as a continuation.
    fn wrap(&mut self, above: Cells<'_>, row: Cells<'_>) {
        let cols = self.cols;
        let last = above.row.get(cols - 1).unwrap_or(&Cell::BLANK);
        self.set_pen(&Attributes::default());
        let wide = above.row.width_at(cols - 2) == 2;
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
        if row.row.get(0).is_none_or(|c| !c.has_content()) {
            self.put("\x1b[X");
        }
    }

    /// Paints one row; the cursor is at its start, and the row is blank. At the end the cursor is
    /// behind the last cell that was written.
    pub fn row(&mut self, cells: Cells<'_>) {
        self.lone_halves(cells);
        let row = cells.row.written();
        let mut at = 0;
        let mut x = 0;
        while let Some(cell) = row.get(x) {
            if cell.has_content() {
                self.forward(x - at);
                self.cell(cell, cells.extras);
                x += usize::from(cell.width().max(1));
                at = x;
            } else if *cell == Cell::BLANK || cell.is_spacer() {
                x += 1;
            } else {
                self.forward(x - at);
                (x, at) = self.erased_cells(x, cells);
            }
        }
    }

    fn forward(&mut self, columns: usize) {
        if columns > 0 {
            self.out.extend(b"\x1b[");
            push_number(&mut self.out, columns as u32);
            self.out.push(b'C');
        }
    }

    /// Puts the second halves of wide characters that lost their first half into the blank row, and
    /// goes back to its start. Inserting a cell between the two halves is what makes them, so the
    /// cell before is always an erased one.
    fn lone_halves(&mut self, cells: Cells<'_>) {
        let row = cells.row.written();
        let lone = |x: usize| row[x].is_spacer() && row[x - 1].width() != 2;
        let mut from = 1;
        for x in (1..row.len()).filter(|x| lone(*x)) {
            if x < from {
                continue;
            }
            let place = x.max(2);
            self.set_looks(&row[x], cells.extras.extended(&row[x]));
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
    pub fn cell(&mut self, cell: &Cell, extras: &Extras) {
        self.set_looks(cell, extras.extended(cell));
        if cell.width() == 0 {
            // A lone combining character: a control character before it keeps it from joining.
            self.out.push(0x0f);
        }
        match (extras.combined(cell), char::from_u32(cell.ch())) {
            (Some(text), _) => self.put(text),
            (None, Some(character)) => {
                let mut buffer = [0; 4];
                self.put(character.encode_utf8(&mut buffer));
            }
            (None, None) => {}
        }
    }

    /// Gives the viewer the pen that drew this cell.
    fn set_looks(&mut self, cell: &Cell, style: Option<&Arc<Extended>>) {
        let pen = &self.pen;
        if (cell.fg, cell.bg, style) != (pen.fg, pen.bg, pen.extended.as_ref()) {
            self.force_pen(&Attributes {
                fg: cell.fg,
                bg: cell.bg,
                extended: style.cloned(),
            });
        }
    }

    /// Writes the erased cells from `x` on that look alike; returns where they end, and where the
    /// cursor is.
    fn erased_cells(&mut self, x: usize, cells: Cells<'_>) -> (usize, usize) {
        let Some(first) = cells.row.get(x) else {
            self.put("\x1b[X");
            return (x + 1, x);
        };
        let pen = cells.extras.attributes(first);
        if pen != pen.erased() {
            self.half_cell(x, cells, &pen);
            return (x + 1, x + 1);
        }
        let rest = &cells.row.cells()[x..];
        let same = rest.iter().take_while(|c| *c == first).count();
        self.set_pen(&pen);
        self.csi(format_args!("{same}X"));
        (x + same, x)
    }

    /// An erased cell with more than a background is what is left of a wide character whose other
    /// half was overwritten, and can only be had that way. Leaves the cursor on the next cell.
    fn half_cell(&mut self, x: usize, cells: Cells<'_>, pen: &Attributes) {
        if x + 1 == self.cols {
            self.half_cell_from_left(x, cells, pen);
            return;
        }
        self.set_pen(pen);
        self.csi(format_args!("{}G\u{3000}\x1b[{}G ", x + 1, x + 2));
        self.csi(format_args!("{}G", x + 2));
        if cells.row.get(x + 1).is_none_or(|c| !c.has_content()) {
            self.set_pen(&Attributes::default());
            self.put("\x1b[X");
        }
    }

    /// As [`Painter::half_cell`] by overwriting the half before it, which is then painted again.
    fn half_cell_from_left(&mut self, x: usize, cells: Cells<'_>, pen: &Attributes) {
        self.set_pen(pen);
        self.csi(format_args!("{x}G\u{3000}\x1b[{x}G "));
        let row = cells.row.cells();
        let before = &row[x - 1];
        let looks = cells.extras.attributes(before);
        if before.is_spacer() && x > 1 {
            self.csi(format_args!("{}G", x - 1));
            self.cell(&row[x - 2], cells.extras);
            return;
        }
        self.csi(format_args!("{x}G"));
        if before.has_content() {
            self.cell(before, cells.extras);
        } else if looks != looks.erased() && x > 1 {
            self.half_cell_from_left(x - 1, cells, &looks);
        } else {
            self.set_pen(&looks.erased());
            self.put("\x1b[X");
        }
    }
}

/// Lines that are put one below the other, each as a stream or together as cells.
#[derive(Default)]
struct Lines<'a> {
    above: Above<'a>,
    cells: LineCells,
    /// Where the line above and this one are decoded.
    spaces: [Decoded; 2],
}

/// What is above the next line.
#[derive(Clone, Copy, Default)]
enum Above<'a> {
    #[default]
    Nothing,
    Line(Place<'a>),
    /// The next line's own row, at whose start the cursor is already.
    Itself,
}

impl<'a> Lines<'a> {
    /// Takes a line among those that are put as cells; false where it cannot be one of them.
    fn gather(&mut self, painter: &mut Painter, place: Place<'a>) -> bool {
        let Place::History(line) = place else {
            return false;
        };
        if self.cells.bytes() >= BATCH_BYTES {
            self.put_gathered(painter, place);
        }
        self.cells.push(&line)
    }

    /// Puts the gathered lines, if there are any, and goes to the row of the `next` one.
    fn put_gathered(&mut self, painter: &mut Painter, next: Place<'a>) {
        if self.cells.is_empty() {
            return;
        }
        painter.set_pen(&Attributes::default());
        if matches!(self.above, Above::Line(_)) {
            painter.put("\r\n");
        }
        painter.end_part();
        self.cells.push_blank(next.wrapped());
        painter.parts.push(SnapshotPart::Lines(self.cells.take()));
        self.above = Above::Itself;
    }

    /// Goes to the start of a line.
    fn begin(&mut self, painter: &mut Painter, place: Place<'a>) {
        match self.above {
            Above::Nothing if place.wrapped() => painter.start_wrapped(),
            Above::Nothing | Above::Itself => {}
            Above::Line(upper) if place.wrapped() => {
                let [above, this] = &mut self.spaces;
                painter.wrap(upper.cells(above), place.cells(this));
            }
            Above::Line(_) => {
                painter.set_pen(&Attributes::default());
                painter.put("\r\n");
            }
        }
    }

    fn paint(&mut self, painter: &mut Painter, place: Place<'a>) {
        if place.prompt() {
            painter.put(PROMPT_MARK);
        }
        match place {
            Place::History(line) if painter.plain_line(&line) => {}
            place => painter.row(place.cells(&mut self.spaces[1])),
        }
        self.above = Above::Line(place);
    }
}

/// A row and where its extras are.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub row: &'a Row,
    pub extras: &'a Extras,
}

/// A line of the scrollback as cells, and extras of its own.
#[derive(Default)]
pub(super) struct Decoded {
    pub row: Row,
    pub extras: Extras,
}

/// Where a line is kept.
#[derive(Clone, Copy)]
enum Place<'a> {
    History(Line<'a>),
    Screen(&'a Row, &'a Extras),
}

impl<'a> Place<'a> {
    fn wrapped(&self) -> bool {
        match self {
            Self::History(line) => line.wrapped,
            Self::Screen(row, _) => row.wrapped,
        }
    }

    fn prompt(&self) -> bool {
        match self {
            Self::History(line) => line.prompt,
            Self::Screen(row, _) => row.prompt,
        }
    }

    /// The line's cells, decoded into `space` where they have to be.
    fn cells<'b>(&self, space: &'b mut Decoded) -> Cells<'b>
    where
        'a: 'b,
    {
        match self {
            Self::Screen(row, extras) => Cells { row, extras },
            Self::History(line) => {
                space.extras.clear();
                line.decode(&mut space.row, &mut space.extras);
                let Decoded { row, extras } = space;
                Cells { row, extras }
            }
        }
    }
}

/// Whether a row has nothing on it.
pub(super) fn is_blank(row: &Row) -> bool {
    !row.wrapped && row.is_empty()
}

/// How many rows at the bottom are blank.
pub(super) fn blank_at_end(rows: &VecDeque<Row>) -> usize {
    rows.iter().rev().take_while(|r| is_blank(r)).count()
}
