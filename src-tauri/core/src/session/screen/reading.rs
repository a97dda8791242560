//! The visible screen for a reader that knows the program.

use super::cell::{COLOR_MODE, COLOR_VALUE, Cell, DIM, INVERSE, MODE_16, MODE_256, MODE_RGB};
use super::extras::Extras;
use super::terminal::Terminal;
use crate::model::{ScreenText, TextCell};

/// See [`super::Screen::reading`].
pub(super) fn reading(terminal: &Terminal) -> ScreenText {
    let rows = terminal
        .visible()
        .iter()
        .map(|row| {
            let cells = row.cells().iter().filter(|cell| !cell.is_spacer());
            cells
                .map(|cell| text_cell(cell, &terminal.extras))
                .collect()
        })
        .collect();
    let x = terminal.x.min(terminal.cols().saturating_sub(1));
    ScreenText {
        rows,
        cursor: (x, terminal.y),
    }
}

fn text_cell(cell: &Cell, extras: &Extras) -> TextCell {
    let mut text = String::new();
    if cell.has_content() {
        extras.push_text(cell, &mut text);
    } else {
        text.push(' ');
    }
    TextCell {
        text,
        faint: cell.bg & DIM != 0 || is_grey(cell.fg),
        inverse: cell.fg & INVERSE != 0,
    }
}

/// Whether a foreground colour is a middle grey, in any of the ways to say so.
fn is_grey(fg: u32) -> bool {
    let value = fg & COLOR_VALUE;
    match fg & COLOR_MODE {
        MODE_RGB => {
            let [_, red, green, blue] = value.to_be_bytes();
            red == green && green == blue && (64..=200).contains(&red)
        }
        MODE_16 => value == 8,
        MODE_256 => value == 8 || (237..=250).contains(&value),
        _ => false,
    }
}
