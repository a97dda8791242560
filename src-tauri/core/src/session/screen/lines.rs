//! The text of the normal screen and its scrollback, for whoever searches or saves it.

use std::borrow::Cow;

use super::buffer::Buffer;
use super::cell::Cell;
use super::extras::Extras;
use super::row::Row;
use super::terminal::Terminal;

/// A place in the lines of the normal screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePlace {
    /// The row's absolute number: rows are counted from the terminal's start, and dropped ones
    /// keep theirs.
    pub row: u64,
    /// The column, counted from 0.
    pub column: usize,
}

/// A line as the program wrote it: the rows it was wrapped into, joined. The text of erased
/// cells is a space, except at the line's end, where they are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogicalLine {
    /// The absolute number of its first row. It may be the rest of a line whose first rows have
    /// left the scrollback.
    pub first_row: u64,
    /// How many rows it takes.
    pub rows: u64,
    /// Whether a shell said that a prompt of its begins here (OSC 133), and it is not the one at
    /// which it waits now.
    pub prompt: bool,
    /// The text.
    pub text: String,
    /// Where bytes and columns stop to go side by side, in the order of the text.
    pieces: Vec<Piece>,
}

/// A part of the text: either cells of one byte and one column each, or one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// The offset of its first byte.
    start: usize,
    place: LinePlace,
    /// The columns of the one cell; `None` where it is many cells of one byte.
    single: Option<u8>,
}

impl LogicalLine {
    /// Where the character that this byte of the text belongs to stands. The end of the text is
    /// the place behind the last character.
    pub fn place(&self, byte: usize) -> LinePlace {
        let at_end = byte >= self.text.len();
        let after = self.pieces.partition_point(|piece| piece.start <= byte);
        let Some(piece) = after.checked_sub(1).map(|i| self.pieces[i]) else {
            return LinePlace {
                row: self.first_row,
                column: 0,
            };
        };
        let forward = match piece.single {
            None => byte.min(self.text.len()) - piece.start,
            Some(columns) if at_end => columns.into(),
            Some(_) => 0,
        };
        LinePlace {
            column: piece.place.column + forward,
            ..piece.place
        }
    }

    fn push_row(&mut self, row: &Row, extras: &Extras, number: u64, present_prompt: Option<u64>) {
        self.prompt |= row.prompt && present_prompt != Some(number);
        let written = row.written();
        let used = written.iter().rposition(Cell::has_content);
        let cells = written.iter().take(used.map_or(0, |last| last + 1));
        let mut plain = false;
        for (column, cell) in cells.enumerate() {
            if cell.is_spacer() {
                plain = false;
                continue;
            }
            let start = self.text.len();
            if cell.has_content() {
                extras.push_text(cell, &mut self.text);
            } else {
                self.text.push(' ');
            }
            let single =
                (self.text.len() != start + 1 || cell.width() != 1).then_some(cell.width());
            if single.is_some() || !plain {
                let place = LinePlace {
                    row: number,
                    column,
                };
                self.pieces.push(Piece {
                    start,
                    place,
                    single,
                });
            }
            plain = single.is_none();
        }
    }

    /// Fills a row that goes on in the next one with the spaces its erased cells stand for.
    fn fill(&mut self, row: &Row, number: u64, cols: usize, next: &Row) {
        let cells = row.written();
        let used = cells.iter().rposition(Cell::has_content);
        let from = used.map_or(0, |last| last + usize::from(cells[last].width().max(1)));
        // The cell that a wide character did not fit into is not part of the text.
        let to = if next.width_at(0) == 2 {
            cols - 1
        } else {
            cols
        };
        if from < to {
            let place = LinePlace {
                row: number,
                column: from,
            };
            self.pieces.push(Piece {
                start: self.text.len(),
                place,
                single: None,
            });
            self.text.extend(std::iter::repeat_n(' ', to - from));
        }
    }
}

/// See [`super::Screen::logical_lines_from`] and [`super::Screen::alternate_lines`].
pub(super) fn logical_lines<'a>(
    terminal: &'a Terminal,
    buffer: &'a Buffer,
    from: u64,
) -> impl Iterator<Item = LogicalLine> + 'a {
    let cols = terminal.cols();
    let present_prompt = terminal.present_prompt();
    let mut number = buffer.dropped.max(from);
    // Whoever goes on where he stopped does not pay for the lines before.
    let skipped = (number - buffer.dropped) as usize;
    let mut rows = rows(buffer, &terminal.extras, skipped).peekable();
    std::iter::from_fn(move || {
        let (mut row, mut extras) = rows.next()?;
        let mut line = LogicalLine {
            first_row: number,
            rows: 0,
            prompt: false,
            text: String::new(),
            pieces: Vec::new(),
        };
        loop {
            line.push_row(&row, &extras, number, present_prompt);
            number += 1;
            line.rows += 1;
            let Some(next) = rows.next_if(|(next, _)| next.wrapped) else {
                return Some(line);
            };
            line.fill(&row, number - 1, cols, &next.0);
            (row, extras) = next;
        }
    })
}

/// The rows of a buffer, oldest first, with their extras, without the first `skipped`.
pub(super) fn rows<'a>(
    buffer: &'a Buffer,
    extras: &'a Extras,
    skipped: usize,
) -> impl Iterator<Item = (Cow<'a, Row>, Cow<'a, Extras>)> {
    let history = buffer.history.iter().skip(skipped).map(|line| {
        let (mut row, mut extras) = Default::default();
        line.decode(&mut row, &mut extras);
        (Cow::Owned(row), Cow::Owned(extras))
    });
    let on_screen = skipped.saturating_sub(buffer.history.len());
    let screen = buffer.rows.iter().skip(on_screen);
    history.chain(screen.map(move |row| (Cow::Borrowed(row), Cow::Borrowed(extras))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::time::Instant;

    use super::super::{Screen, ScrollbackLimits};
    use super::*;
    use crate::model::TerminalSize;

    const SIZE: TerminalSize = TerminalSize { cols: 20, rows: 5 };

    fn lines(stream: &str) -> Vec<LogicalLine> {
        let limits = ScrollbackLimits {
            lines: 10,
            ..ScrollbackLimits::default()
        };
        let mut screen = Screen::new(SIZE, limits);
        screen.feed(stream.as_bytes(), Instant::now());
        screen.logical_lines().collect()
    }

    fn place(row: u64, column: usize) -> LinePlace {
        LinePlace { row, column }
    }

    #[test]
    fn wrapped_rows_are_one_line_and_every_byte_knows_its_cell() {
        let lines = lines("top\r\n0123456789012345678\u{65e5}\u{672c}e\u{301}x\x1b[5Cend\r\n");
        let line = &lines[1];
        assert_eq!(line.text, "0123456789012345678日本e\u{301}x     end");
        assert_eq!((line.first_row, line.rows), (1, 2));
        let at = |what: &str| line.place(line.text.find(what).unwrap());
        assert_eq!(at("5"), place(1, 5));
        assert_eq!(at("日"), place(2, 0));
        assert_eq!(at("本"), place(2, 2));
        assert_eq!(line.place(line.text.find('日').unwrap() + 2), place(2, 0));
        assert_eq!(at("e\u{301}"), place(2, 4));
        assert_eq!(at("\u{301}"), place(2, 4));
        assert_eq!(at("x"), place(2, 5));
        assert_eq!(at("end"), place(2, 11));
        assert_eq!(line.place(line.text.len()), place(2, 14));
        assert_eq!(lines[2].text, "");
        assert_eq!(lines[2].place(0), place(3, 0));
    }

    #[test]
    fn rows_keep_their_numbers_when_older_ones_are_dropped() {
        let stream: String = (0..100).map(|i| format!("line {i}\r\n")).collect();
        let lines = lines(&stream);
        assert_eq!(lines.len(), 15);
        let line = lines.iter().find(|line| line.text == "line 90").unwrap();
        assert_eq!(line.first_row, 90);
    }

    #[test]
    fn erased_cells_in_a_wrapped_line_are_spaces_of_their_own() {
        let lines = lines("0123456789012345678901\x1b[A\x1b[5G\x1b[K");
        assert_eq!(lines[0].text, format!("0123{}01", " ".repeat(16)));
        assert_eq!(lines[0].place(12), place(0, 12));
        assert_eq!(lines[0].place(20), place(1, 0));
    }
}
