//! One cell, the pen that writes it, and the row it stands in.
//!
//! The bit layout of [`Attributes`] is the viewer's (xterm.js), quirks included: the two must
//! stay equal through any sequence, and a cleverer layout would only hide where they differ.

use std::sync::Arc;

/// Where a colour comes from; two bits above the 24 of the value.
pub(super) const COLOR_MODE: u32 = 0x0300_0000;
pub(super) const MODE_16: u32 = 0x0100_0000;
pub(super) const MODE_256: u32 = 0x0200_0000;
pub(super) const MODE_RGB: u32 = 0x0300_0000;
pub(super) const COLOR_VALUE: u32 = 0x00ff_ffff;
pub(super) const COLOR: u32 = COLOR_MODE | COLOR_VALUE;

pub(super) const INVERSE: u32 = 0x0400_0000;
pub(super) const BOLD: u32 = 0x0800_0000;
pub(super) const UNDERLINE: u32 = 0x1000_0000;
pub(super) const BLINK: u32 = 0x2000_0000;
pub(super) const INVISIBLE: u32 = 0x4000_0000;
pub(super) const STRIKETHROUGH: u32 = 0x8000_0000;

pub(super) const ITALIC: u32 = 0x0400_0000;
pub(super) const DIM: u32 = 0x0800_0000;
/// The cell's underline style, underline colour and link count.
pub(super) const EXTENDED: u32 = 0x1000_0000;
pub(super) const PROTECTED: u32 = 0x2000_0000;
pub(super) const OVERLINE: u32 = 0x4000_0000;

/// A hyperlink as OSC 8 opened it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Told apart even when the address is the same: two links without an id are two links.
    pub number: u32,
    pub id: Option<String>,
    pub uri: String,
}

/// What does not fit into the two words of a cell's colours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extended {
    /// 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed; up to 7 as SGR gave it.
    pub underline: u8,
    /// Mode and value as in a cell's colours.
    pub underline_color: u32,
    pub link: Option<Arc<Link>>,
}

impl Extended {
    /// The style that counts: the viewer shows a link as dashed whatever SGR said.
    fn style(&self) -> u8 {
        if self.link.is_some() {
            5
        } else {
            self.underline
        }
    }

    pub fn is_empty(&self) -> bool {
        self.style() == 0 && self.link.is_none()
    }
}

/// How text is drawn: the pen, and what a cell keeps of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub fg: u32,
    pub bg: u32,
    pub extended: Option<Arc<Extended>>,
}

impl Attributes {
    /// The attributes of erased cells: nothing but the background's colour.
    pub fn erased(&self) -> Self {
        Self {
            fg: 0,
            bg: self.bg & COLOR,
            extended: None,
        }
    }

    /// The extended part, or the empty one.
    pub fn ext(&self) -> Extended {
        self.extended.as_deref().cloned().unwrap_or_default()
    }

    /// Replaces the extended part without touching the flag that makes it count.
    pub fn set_ext(&mut self, ext: Extended) {
        self.extended = (ext != Extended::default()).then(|| Arc::new(ext));
    }

    /// Makes the extended part count exactly when it says something.
    pub fn update_extended(&mut self) {
        if self.extended.as_ref().is_none_or(|e| e.is_empty()) {
            self.bg &= !EXTENDED;
        } else {
            self.bg |= EXTENDED;
        }
    }
}

/// What only few cells have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extra {
    /// All characters of the cell where it holds more than one.
    pub combined: Option<Box<str>>,
    pub extended: Option<Arc<Extended>>,
}

/// One cell. An erased cell has no character (0), which is not the same as a space: it ends a
/// line's text when a person copies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    /// The character; 0 for none.
    pub ch: u32,
    pub fg: u32,
    pub bg: u32,
    /// Columns: 2 for a wide character, 0 for its second half and for a lone combining mark.
    pub width: u8,
    pub extra: Option<Arc<Extra>>,
}

impl Cell {
    pub const BLANK: Self = Self {
        ch: 0,
        fg: 0,
        bg: 0,
        width: 1,
        extra: None,
    };

    pub fn new(ch: u32, width: u8, pen: &Attributes) -> Self {
        let extra = match &pen.extended {
            Some(extended) if pen.bg & EXTENDED != 0 => Some(Arc::new(Extra {
                combined: None,
                extended: Some(Arc::clone(extended)),
            })),
            _ => None,
        };
        Self {
            ch,
            fg: pen.fg,
            bg: pen.bg,
            width,
            extra,
        }
    }

    pub fn has_content(&self) -> bool {
        self.ch != 0
    }

    /// The second half of a wide character (or what is left of one).
    pub fn is_spacer(&self) -> bool {
        self.width == 0 && self.ch == 0
    }

    pub fn is_protected(&self) -> bool {
        self.bg & PROTECTED != 0
    }

    pub fn combined(&self) -> Option<&str> {
        self.extra.as_ref()?.combined.as_deref()
    }

    /// Appends the cell's text.
    pub fn push_text(&self, out: &mut String) {
        match self.combined() {
            Some(text) => out.push_str(text),
            None => out.extend(char::from_u32(self.ch).filter(|c| *c != '\0')),
        }
    }

    /// The attributes the cell was written with.
    pub fn attributes(&self) -> Attributes {
        Attributes {
            fg: self.fg,
            bg: self.bg,
            extended: self.extra.as_ref().and_then(|e| e.extended.clone()),
        }
    }

    /// Adds a combining character, within [`MAX_COMBINED`] bytes.
    pub fn join(&mut self, ch: u32, width: u8) {
        let Some(joined) = char::from_u32(ch) else {
            return;
        };
        if self.has_content() {
            let mut text = String::new();
            self.push_text(&mut text);
            if text.len() < MAX_COMBINED {
                text.push(joined);
            }
            let extra = Arc::make_mut(self.extra.get_or_insert_default());
            extra.combined = Some(text.into());
        } else {
            self.ch = ch;
            self.width = 1;
        }
        if width > 0 {
            self.width = width;
        }
    }
}

/// The most bytes of text one cell keeps: combining characters can be sent without end.
pub(super) const MAX_COMBINED: usize = 4096;

/// One line of the screen or of the scrollback.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// In the scrollback, erased cells at the end are not kept.
    pub cells: Vec<Cell>,
    /// The line continues the one above it.
    pub wrapped: bool,
}

impl Row {
    pub fn new(cols: usize, fill: &Cell, wrapped: bool) -> Self {
        Self {
            cells: vec![fill.clone(); cols],
            wrapped,
        }
    }

    pub fn width_at(&self, x: usize) -> u8 {
        self.cells.get(x).map_or(0, |c| c.width)
    }

    /// Writes one cell; outside the row nothing happens, as in the viewer.
    pub fn set(&mut self, x: usize, cell: Cell) {
        if let Some(place) = self.cells.get_mut(x) {
            *place = cell;
        }
    }

    fn erase_with(&mut self, x: usize, fill: &Cell) {
        self.set(
            x,
            Cell {
                ch: 0,
                width: 1,
                ..fill.clone()
            },
        );
    }

    pub fn fill(&mut self, fill: &Cell, keep_protected: bool) {
        for cell in &mut self.cells {
            if !(keep_protected && cell.is_protected()) {
                cell.clone_from(fill);
            }
        }
    }

    /// Shifts the cells from `pos` on to the right.
    pub fn insert(&mut self, pos: usize, n: usize, fill: &Cell) {
        let len = self.cells.len();
        let pos = pos % len.max(1);
        if pos > 0 && self.width_at(pos - 1) == 2 {
            self.erase_with(pos - 1, fill);
        }
        let n = n.min(len - pos);
        self.cells[pos..].rotate_right(n);
        self.cells[pos..pos + n].fill(fill.clone());
        if self.width_at(len - 1) == 2 {
            self.erase_with(len - 1, fill);
        }
    }

    /// Deletes cells at `pos`; the rest moves left.
    pub fn delete(&mut self, pos: usize, n: usize, fill: &Cell) {
        let len = self.cells.len();
        let pos = pos % len.max(1);
        let n = n.min(len - pos);
        self.cells[pos..].rotate_left(n);
        self.cells[len - n..].fill(fill.clone());
        if pos > 0 && self.width_at(pos - 1) == 2 {
            self.erase_with(pos - 1, fill);
        }
        if self.cells[pos].is_spacer() {
            self.erase_with(pos, fill);
        }
    }

    /// Overwrites `start..end`, leaving no half of a wide character at the borders.
    pub fn replace(&mut self, start: usize, end: usize, fill: &Cell, keep_protected: bool) {
        let len = self.cells.len();
        let kept = |row: &Self, x: usize| {
            keep_protected && row.cells.get(x).is_some_and(Cell::is_protected)
        };
        if start > 0 && self.width_at(start - 1) == 2 && !kept(self, start - 1) {
            self.erase_with(start - 1, fill);
        }
        if end > 0 && end < len && self.width_at(end - 1) == 2 && !kept(self, end) {
            self.erase_with(end, fill);
        }
        for x in start..end.min(len) {
            if !kept(self, x) {
                self.cells[x].clone_from(fill);
            }
        }
    }

    /// Drops the erased cells at the end, for the scrollback.
    pub fn trim(&mut self) {
        let used = self
            .cells
            .iter()
            .rposition(|c| *c != Cell::BLANK)
            .map_or(0, |x| x + 1);
        self.cells.truncate(used);
        self.cells.shrink_to_fit();
    }

    /// What the row costs in memory, about.
    pub fn bytes(&self) -> usize {
        let extras: usize = self
            .cells
            .iter()
            .filter_map(|c| c.extra.as_ref())
            .map(|e| size_of::<Extra>() + 16 + e.combined.as_ref().map_or(0, |t| t.len()))
            .sum();
        size_of::<Self>() + self.cells.capacity() * size_of::<Cell>() + extras
    }
}
