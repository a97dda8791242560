//! What is visible, in pieces: for drawing it within another terminal, row by row.

use super::cell::Attributes;
use super::modes::MouseProtocol;
use super::paint::{Cells, Painter};
use super::terminal::Terminal;

/// The visible screen, ready to be drawn in another terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewport {
    /// Each row as a stream. It starts at the row's first column, expects blank cells and the
    /// plain pen, and leaves the plain pen.
    pub rows: Vec<Vec<u8>>,
    /// Column and row of the cursor, counted from 0.
    pub cursor: (u16, u16),
    /// Whether the cursor is shown.
    pub cursor_shown: bool,
    /// The stream that gives another terminal the modes which decide what keys, mouse, paste
    /// and focus send, and how the cursor looks. Whatever is off is switched off in it.
    pub input_modes: Vec<u8>,
}

/// Takes the modes of [`Viewport::input_modes`] back, whatever they were: to what most terminals
/// begin with.
pub const RESET_INPUT_MODES: &[u8] = b"\x1b[?1l\x1b>\x1b[?2004l\x1b[?1004l\
    \x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1016l\
    \x1b[=0;1u\x1b[>4;0m\x1b[0 q\x1b[?25h\x1b[?1007h";

/// See [`super::Screen::viewport`].
pub(super) fn viewport(terminal: &Terminal) -> Viewport {
    let cols = terminal.cols();
    let rows = terminal
        .visible()
        .iter()
        .map(|row| {
            let mut painter = Painter::new(cols);
            painter.row(Cells {
                row,
                extras: &terminal.extras,
            });
            painter.set_pen(&Attributes::default());
            painter.out
        })
        .collect();
    // A cursor that waits to wrap stands behind the last column.
    let x = terminal.x.min(cols.saturating_sub(1));
    Viewport {
        rows,
        cursor: (to_u16(x), to_u16(terminal.y)),
        cursor_shown: !terminal.modes.cursor_hidden,
        input_modes: outer_modes(terminal),
    }
}

/// The modes for a terminal that shows no more than the screen, within an alternate screen of its
/// own. There the wheel is the arrow keys (mode 1007) where the program has an alternate screen
/// and wants that; a shell would take them for its history.
fn outer_modes(terminal: &Terminal) -> Vec<u8> {
    let mut modes = input_modes(terminal);
    let is_arrows = terminal.on_alternate && terminal.modes.alternate_scroll;
    let mode = if is_arrows {
        "\x1b[?1007h"
    } else {
        "\x1b[?1007l"
    };
    modes.extend_from_slice(mode.as_bytes());
    modes
}

/// The stream that gives a viewer the modes which decide what keys, mouse, paste and focus send.
pub(super) fn input_modes(terminal: &Terminal) -> Vec<u8> {
    let modes = &terminal.modes;
    let soft = &modes.soft;
    let mut painter = Painter::new(terminal.cols());
    let switch = |on: bool| if on { 'h' } else { 'l' };
    painter.csi(format_args!("?1{}", switch(soft.application_cursor)));
    painter.put(if soft.application_keypad {
        "\x1b="
    } else {
        "\x1b>"
    });
    painter.csi(format_args!("?2004{}", switch(soft.bracketed_paste)));
    painter.csi(format_args!("?1004{}", switch(soft.focus)));
    // Switching one mouse mode off switches all off, so the one that is on comes last.
    if modes.mouse == MouseProtocol::None {
        painter.csi(format_args!("?1000l"));
    } else if let Some(mode) = modes.mouse.mode() {
        painter.csi(format_args!("?{mode}h"));
    }
    painter.csi(format_args!("?1006l"));
    if let Some(encoding) = modes.mouse_encoding.mode() {
        painter.csi(format_args!("?{encoding}h"));
    }
    let keyboard = terminal.keyboard[usize::from(terminal.on_alternate)]
        .last()
        .copied()
        .unwrap_or_default();
    painter.csi(format_args!("={keyboard};1u"));
    painter.csi(format_args!(">4;{}m", modes.modify_other_keys));
    let style = soft.cursor_style.map_or(0, |style| style.number());
    painter.csi(format_args!("{style} q"));
    painter.out
}

fn to_u16(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}
