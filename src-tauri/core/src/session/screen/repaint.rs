//! The repaint: the visible screen of the present, for a viewer that was not sent every byte.
//!
//! It leaves the viewer's scrollback, scroll position and selection alone. What it does not
//! bring is what only more bytes would show: the pen, margins, tab stops, saved cursors. A
//! snapshot must follow before the viewer can be given bytes again.

use crate::model::TerminalSize;

use super::cell::Attributes;
use super::paint::{Cells, Painter, is_blank};
use super::terminal::Terminal;
use super::viewport;

/// The visible screen, to be put over whatever a viewer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaint {
    /// The stream, for a viewer of this size in any state.
    pub bytes: Vec<u8>,
    /// The grid's size.
    pub size: TerminalSize,
    /// The number of the screen's first line since the terminal began, counted as
    /// [`super::Snapshot::first_line`] is.
    pub first_line: u64,
}

/// See [`super::Screen::repaint`].
pub(super) fn repaint(terminal: &Terminal, first: bool) -> Repaint {
    let mut painter = Painter::new(terminal.cols());
    // Out of an unfinished sequence; then the screen that the program shows, with margins,
    // character sets and pen as they are at first. Nothing is drawn before the end of it. Colours that the program
    // changed come with the snapshot: they are the whole window's.
    painter.put("\x18\x1b[?2026l");
    painter.put(if terminal.on_alternate {
        "\x1b[?47h"
    } else {
        "\x1b[?47l"
    });
    painter.put("\x1b[!p\x1b]8;;\x1b\\");
    painter.out.extend(viewport::input_modes(terminal));
    let scroll = if terminal.modes.alternate_scroll {
        'h'
    } else {
        'l'
    };
    painter.csi(format_args!("?1007{scroll}"));
    painter.put("\x1b[?2026h\x1b[?25l");
    if first && !terminal.on_alternate {
        // What the viewer shows becomes scrollback: a person may be reading or selecting it.
        painter.goto(0, terminal.rows() - 1);
        painter
            .out
            .extend(std::iter::repeat_n(b'\n', terminal.rows()));
    }
    painter.put("\x1b[H\x1b[2J");
    for (y, row) in terminal.visible().iter().enumerate() {
        if !is_blank(row) {
            painter.goto(0, y);
            painter.row(Cells {
                row,
                extras: &terminal.extras,
            });
            painter.set_pen(&Attributes::default());
        }
    }
    // A cursor that waits to wrap stands behind the last column.
    painter.goto(terminal.x.min(terminal.cols() - 1), terminal.y);
    if !terminal.modes.cursor_hidden {
        painter.put("\x1b[?25h");
    }
    painter.put("\x1b[?2026l");
    Repaint {
        bytes: painter.out,
        size: terminal.size,
        first_line: terminal.normal.dropped + terminal.normal.history.len() as u64,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::time::Instant;

    use crate::model::TerminalSize;
    use crate::session::screen::{Screen, ScrollbackLimits};

    const SIZE: TerminalSize = TerminalSize { cols: 20, rows: 5 };

    fn screen(stream: &[u8]) -> Screen {
        let mut screen = Screen::new(SIZE, ScrollbackLimits::default());
        screen.feed(stream, Instant::now());
        screen
    }

    #[test]
    fn a_viewer_in_any_state_shows_the_present_afterwards() {
        for program in [
            &b"\x1b[31mred\x1b[0m and plain\r\nsecond \xe3\x81\x82\xe3\x81\x84 line"[..],
            b"\x1b[?1049h\x1b[2;4r\x1b[?6hfull\x1b[?2004h\x1b[?1h\x1b[?25l",
            b"12345678901234567890",
            b"\x1b[?1003h\x1b[?1006h\x1b[6 q\x1b[4h\x1b[2;10Hx",
            b"",
        ] {
            for before in [
                &b"left\r\nby the flood \x1b]0;unfini"[..],
                b"\x1b[?1049h\x1b[7mthere\x1b[2;3r\x1b[?6h\x1b(0",
                b"\x1b[?2026h\x1b[?7l\x1b[4habc\x1b[?1000h\x1b[?1h",
            ] {
                let present = screen(program);
                let mut viewer = screen(before);
                let repaint = present.repaint(false);
                viewer.feed(&repaint.bytes, Instant::now());
                assert_eq!(viewer.viewport(), present.viewport(), "{program:?}");
                assert_eq!(viewer.sync_deadline(), None);
            }
        }
    }

    #[test]
    fn what_a_viewer_showed_becomes_its_scrollback_when_it_is_kept() {
        let present = screen(b"now");
        let mut viewer = screen(b"one\r\ntwo\r\nthree");
        viewer.feed(&present.repaint(true).bytes, Instant::now());
        assert_eq!(viewer.text(), present.text());
        let kept = String::from_utf8(viewer.snapshot().into_stream()).unwrap();
        assert!(kept.contains("one\r\ntwo\r\nthree"), "{kept:?}");
    }

    #[test]
    fn the_first_line_is_counted_from_the_terminal_s_begin() {
        let lines: Vec<u8> = (0..100)
            .flat_map(|n| format!("{n}\r\n").into_bytes())
            .collect();
        assert_eq!(screen(&lines).repaint(false).first_line, 96);
    }
}
