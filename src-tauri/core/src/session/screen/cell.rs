//! One cell, and the pen that writes it.
//!
//! The bit layout of [`Attributes`] is the viewer's (xterm.js), quirks included: the two must
//! stay equal through any sequence, and a cleverer layout would only hide where they differ.

use std::hash::{Hash, Hasher};
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

impl Hash for Link {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

/// What does not fit into the two words of a cell's colours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
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

    /// What erased cells become.
    pub fn erased_cell(&self) -> Cell {
        Cell {
            bg: self.bg & COLOR,
            ..Cell::BLANK
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

/// One cell. An erased cell has no character (0), which is not the same as a space: it ends a
/// line's text when a person copies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    /// The character in the low bits, the columns in [`WIDTH`], [`COMBINED`].
    glyph: u32,
    pub fg: u32,
    pub bg: u32,
    /// What only few cells have, in [`super::extras::Extras`]; 0 for nothing.
    pub extra: u32,
}

const CHARACTER: u32 = 0x001f_ffff;
const WIDTH: u32 = 0x0300_0000;
const ONE_COLUMN: u32 = 0x0100_0000;
/// The cell holds more than one character; all of them are in its extra.
const COMBINED: u32 = 0x8000_0000;

impl Cell {
    pub const BLANK: Self = Self {
        glyph: ONE_COLUMN,
        fg: 0,
        bg: 0,
        extra: 0,
    };

    /// A cell with another's looks.
    #[inline]
    pub fn with(self, ch: u32, width: u8) -> Self {
        Self {
            glyph: ch & CHARACTER | u32::from(width & 3) << 24,
            ..self
        }
    }

    /// The character; 0 for none. Where the cell is combined, the first.
    #[inline]
    pub fn ch(&self) -> u32 {
        self.glyph & CHARACTER
    }

    /// Columns: 2 for a wide character, 0 for its second half and for a lone combining mark.
    #[inline]
    pub fn width(&self) -> u8 {
        ((self.glyph & WIDTH) >> 24) as u8
    }

    #[inline]
    pub fn has_content(&self) -> bool {
        self.glyph & CHARACTER != 0
    }

    /// The second half of a wide character (or what is left of one).
    #[inline]
    pub fn is_spacer(&self) -> bool {
        self.glyph == 0
    }

    /// One ASCII character in one column, or an erased cell.
    #[inline]
    pub fn is_ascii(&self) -> bool {
        self.glyph & !0x7f == ONE_COLUMN
    }

    pub fn is_combined(&self) -> bool {
        self.glyph & COMBINED != 0
    }

    pub fn is_protected(&self) -> bool {
        self.bg & PROTECTED != 0
    }

    /// Whether another cell is drawn alike, whatever stands in it.
    #[inline]
    pub fn looks_like(&self, other: &Self) -> bool {
        (self.fg, self.bg, self.extra) == (other.fg, other.bg, other.extra)
    }

    pub fn set_width(&mut self, width: u8) {
        self.glyph = self.glyph & !WIDTH | u32::from(width & 3) << 24;
    }

    /// Says that the characters are in the cell's extra.
    pub fn set_combined(&mut self, extra: u32) {
        self.glyph |= COMBINED;
        self.extra = extra;
    }
}
