//! What only few cells have: several characters, an underline's style and colour, a link.

use std::collections::HashMap;
use std::sync::Arc;

use super::cell::{Attributes, Cell, EXTENDED, Extended};
use super::row::Row;

/// The most bytes of text one cell keeps: combining characters can be sent without end.
pub(super) const MAX_COMBINED: usize = 4096;
/// No table is gone through below this many entries.
const FEW: usize = 1024;

/// The extra of one cell, or of all cells that look alike.
#[derive(Debug, Clone, Default)]
struct Extra {
    /// All characters of the cell where it holds more than one. Then no other cell has this
    /// extra.
    combined: Option<Box<str>>,
    extended: Option<Arc<Extended>>,
}

/// The extras of a terminal's rows. Cells name theirs by a number; what no cell names any more is
/// dropped by [`Extras::collect`].
#[derive(Debug, Clone, Default)]
pub(super) struct Extras {
    /// The extra of number 1 and those after it.
    entries: Vec<Extra>,
    by_style: HashMap<Arc<Extended>, u32>,
    /// How many entries make going through the rows worth while.
    enough: usize,
}

impl Extras {
    fn get(&self, number: u32) -> Option<&Extra> {
        self.entries.get((number as usize).checked_sub(1)?)
    }

    fn add(&mut self, extra: Extra) -> u32 {
        self.entries.push(extra);
        self.entries.len() as u32
    }

    /// The number of a style.
    pub fn style(&mut self, extended: &Arc<Extended>) -> u32 {
        if let Some(number) = self.by_style.get(extended) {
            return *number;
        }
        let number = self.add(Extra {
            combined: None,
            extended: Some(Arc::clone(extended)),
        });
        self.by_style.insert(Arc::clone(extended), number);
        number
    }

    /// The erased cell that a pen leaves.
    pub fn look(&mut self, pen: &Attributes) -> Cell {
        let extra = match &pen.extended {
            Some(extended) if pen.bg & EXTENDED != 0 => self.style(extended),
            _ => 0,
        };
        let mut look = Cell::BLANK;
        (look.fg, look.bg, look.extra) = (pen.fg, pen.bg, extra);
        look
    }

    pub fn extended(&self, cell: &Cell) -> Option<&Arc<Extended>> {
        self.get(cell.extra)?.extended.as_ref()
    }

    /// The attributes a cell was written with.
    pub fn attributes(&self, cell: &Cell) -> Attributes {
        Attributes {
            fg: cell.fg,
            bg: cell.bg,
            extended: self.extended(cell).cloned(),
        }
    }

    /// The characters of a cell that holds more than one.
    pub fn combined(&self, cell: &Cell) -> Option<&str> {
        if !cell.is_combined() {
            return None;
        }
        self.get(cell.extra)?.combined.as_deref()
    }

    /// Appends a cell's text.
    pub fn push_text(&self, cell: &Cell, out: &mut String) {
        match self.combined(cell) {
            Some(text) => out.push_str(text),
            None => out.extend(char::from_u32(cell.ch()).filter(|c| *c != '\0')),
        }
    }

    /// Gives a cell several characters.
    pub fn combine(&mut self, cell: &mut Cell, text: Box<str>) {
        if cell.is_combined()
            && let Some(extra) = self.entries.get_mut(cell.extra as usize - 1)
        {
            extra.combined = Some(text);
            return;
        }
        let extended = self.extended(cell).cloned();
        let extra = self.add(Extra {
            combined: Some(text),
            extended,
        });
        cell.set_combined(extra);
    }

    /// Adds a combining character to a cell, within [`MAX_COMBINED`] bytes.
    pub fn join(&mut self, cell: &mut Cell, ch: u32, width: u8) {
        let Some(joined) = char::from_u32(ch) else {
            return;
        };
        if cell.has_content() {
            let mut text = String::new();
            self.push_text(cell, &mut text);
            if text.len() < MAX_COMBINED {
                text.push(joined);
            }
            self.combine(cell, text.into());
        } else {
            *cell = cell.with(ch, 1);
        }
        if width > 0 {
            cell.set_width(width);
        }
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.by_style.clear();
    }

    /// Whether so much was added that [`Extras::collect`] is worth while.
    pub fn is_full(&self) -> bool {
        self.entries.len() > self.enough.max(FEW)
    }

    /// Keeps what these rows name, and nothing else.
    pub fn collect<'a>(&mut self, rows: impl Iterator<Item = &'a mut Row>) {
        let mut old = std::mem::take(&mut self.entries);
        let mut moved = vec![0; old.len() + 1];
        self.by_style.clear();
        for row in rows {
            for cell in row.cells_with_extra() {
                let number = cell.extra as usize;
                if moved[number] == 0 {
                    let extra = std::mem::take(&mut old[number - 1]);
                    let style = extra.extended.clone().filter(|_| extra.combined.is_none());
                    moved[number] = self.add(extra);
                    if let Some(style) = style {
                        self.by_style.insert(style, moved[number]);
                    }
                }
                cell.extra = moved[number];
            }
        }
        self.entries.shrink_to(2 * self.entries.len() + FEW);
        self.enough = 2 * self.entries.len();
    }
}
