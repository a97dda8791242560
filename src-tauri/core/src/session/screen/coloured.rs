//! Lines with their looks as escape sequences: for a file that `cat` and `less -R` show as the
//! terminal did.

use super::buffer::Buffer;
use super::cell::{Attributes, Cell, PROTECTED};
use super::extras::Extras;
use super::lines;
use super::paint::Painter;
use super::row::Row;
use super::terminal::Terminal;

/// A line as the program wrote it: the rows it was wrapped into, joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColouredLine {
    /// The absolute number of its first row.
    pub first_row: u64,
    /// How many rows it takes.
    pub rows: u64,
    /// Its characters, with SGR and OSC 8 between them, in UTF-8. It begins and ends with the
    /// ordinary looks, and nothing in it moves the cursor.
    pub bytes: Vec<u8>,
}

/// See [`super::Screen::coloured_lines_from`] and [`super::Screen::coloured_alternate_lines`].
pub(super) fn coloured_lines<'a>(
    terminal: &'a Terminal,
    buffer: &'a Buffer,
    from: u64,
) -> impl Iterator<Item = ColouredLine> + 'a {
    let cols = terminal.cols();
    let mut number = buffer.dropped.max(from);
    let skipped = (number - buffer.dropped) as usize;
    let mut rows = lines::rows(buffer, &terminal.extras, skipped).peekable();
    std::iter::from_fn(move || {
        let (mut row, mut extras) = rows.next()?;
        let first_row = number;
        let mut painter = Painter::new(cols);
        loop {
            number += 1;
            let Some(next) = rows.next_if(|(next, _)| next.wrapped) else {
                paint(&mut painter, row.written(), &extras);
                painter.set_pen(&Attributes::default());
                return Some(ColouredLine {
                    first_row,
                    rows: number - first_row,
                    bytes: painter.out,
                });
            };
            // The cell that a wide character did not fit into is not part of the text.
            let end = if next.0.width_at(0) == 2 {
                cols - 1
            } else {
                cols
            };
            paint_whole(&mut painter, &row, &extras, end);
            (row, extras) = next;
        }
    })
}

/// Writes a row that goes on in the next one, with the spaces its erased cells stand for.
fn paint_whole(painter: &mut Painter, row: &Row, extras: &Extras, end: usize) {
    let written = row.written();
    let written = &written[..written.len().min(end)];
    paint(painter, written, extras);
    if written.len() < end {
        painter.set_pen(&Attributes::default());
        let spaces = std::iter::repeat_n(b' ', end - written.len());
        painter.out.extend(spaces);
    }
}

fn paint(painter: &mut Painter, cells: &[Cell], extras: &Extras) {
    let mut text = String::new();
    for cell in cells.iter().filter(|cell| !cell.is_spacer()) {
        let mut pen = extras.attributes(cell);
        // Nothing that is to be seen.
        pen.bg &= !PROTECTED;
        painter.set_pen(&pen);
        text.clear();
        if cell.has_content() {
            extras.push_text(cell, &mut text);
        } else {
            text.push(' ');
        }
        painter.put(&text);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::time::Instant;

    use super::super::{Screen, ScrollbackLimits};
    use crate::model::TerminalSize;

    const SIZE: TerminalSize = TerminalSize { cols: 20, rows: 5 };

    fn screen(stream: &[u8], size: TerminalSize) -> Screen {
        let mut screen = Screen::new(size, ScrollbackLimits::default());
        screen.feed(stream, Instant::now());
        screen
    }

    fn lines(stream: &str) -> Vec<String> {
        let lines = screen(stream.as_bytes(), SIZE);
        lines
            .coloured_lines_from(0)
            .map(|line| String::from_utf8(line.bytes).unwrap())
            .collect()
    }

    #[test]
    fn a_line_has_its_colours_and_ends_without_them() {
        let lines = lines(
            "plain\r\n\x1b[1;31mred\x1b[m and \x1b[48;2;1;2;3m \x1b[K\r\n\
             \x1b]8;;https://a.example\x07link\x1b]8;;\x07\r\n",
        );
        assert_eq!(lines[0], "plain");
        assert_eq!(
            lines[1],
            format!(
                "\x1b[0;1;31mred\x1b[0m and \x1b[0;48;2;1;2;3m{}\x1b[0m",
                " ".repeat(12)
            )
        );
        assert!(lines[2].starts_with("\x1b]8;;https://a.example\x1b\\"));
        assert!(lines[2].ends_with("link\x1b]8;;\x1b\\\x1b[0m"), "{lines:?}");
        assert_eq!(lines[3], "");
    }

    #[test]
    fn a_terminal_that_is_shown_the_lines_looks_the_same() {
        let stream = "a\x1b[32mb\x1b[7m c \x1b[0;4:3;58;5;9mcurly\x1b[m 0123456789 日本 e\u{301}\r\n\
             \x1b[5Cgap \x1b[1\"qkept\x1b[0\"q\x1b[44m\x1b[K\x1b[m\r\nlast of it that is wrapped\r\n";
        let first = screen(stream.as_bytes(), SIZE);
        let mut file = Vec::new();
        for line in first.coloured_lines_from(0) {
            file.extend(line.bytes);
            file.extend(b"\r\n");
        }
        let tall = TerminalSize { cols: 20, rows: 12 };
        let shown = screen(&file, tall);
        assert_eq!(
            shown.text().trim_end(),
            screen(stream.as_bytes(), tall).text().trim_end()
        );
        let second: Vec<_> = shown.coloured_lines_from(0).take(3).collect();
        assert_eq!(
            second,
            first.coloured_lines_from(0).take(3).collect::<Vec<_>>()
        );
    }

    #[test]
    fn reading_goes_on_at_a_row_and_rows_are_counted_as_in_the_plain_text() {
        let text: String = (0..30).map(|n| format!("{n:025}\r\n")).collect();
        let screen = screen(text.as_bytes(), SIZE);
        let places = |from: u64| -> Vec<_> {
            let lines = screen.coloured_lines_from(from);
            lines.map(|line| (line.first_row, line.rows)).collect()
        };
        let plain: Vec<_> = screen
            .logical_lines()
            .map(|line| (line.first_row, line.rows))
            .collect();
        assert_eq!(places(0), plain);
        assert_eq!(places(10), plain[5..]);
    }
}
