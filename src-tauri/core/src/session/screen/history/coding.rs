//! A line's text and looks as bytes, and back.

use super::super::cell::{COLOR_MODE, COLOR_VALUE, Cell, MODE_RGB};
use super::super::extras::Extras;
use super::super::width::char_width;
use super::Block;

pub(super) fn write_number(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// How many bytes [`write_number`] takes.
pub(super) fn length_of(number: usize) -> usize {
    (usize::BITS - (number | 1).leading_zeros()).div_ceil(7) as usize
}

/// Writes a line as a natural text; returns whether it is one.
pub(super) fn write_natural(cells: &[Cell], extras: &Extras, out: &mut Vec<u8>) -> bool {
    let mut rest = cells.iter();
    while let Some(cell) = rest.next() {
        let Some(first) = char::from_u32(cell.ch()).filter(|c| *c != '\0') else {
            if cell.width() != 1 {
                return false;
            }
            out.push(0);
            continue;
        };
        let width = cell.width();
        if width == 0 || width != char_width(first.into()) {
            return false;
        }
        if width == 2 {
            let alike = |half: &&Cell| {
                half.is_spacer()
                    && (half.fg, half.bg) == (cell.fg, cell.bg)
                    && extras.extended(half) == extras.extended(cell)
            };
            if rest.next().filter(alike).is_none() {
                return false;
            }
        }
        if let Some(text) = extras.combined(cell) {
            let mut characters = text.chars();
            if characters.next() != Some(first) || characters.any(|c| char_width(c.into()) > 0) {
                return false;
            }
            out.extend_from_slice(text.as_bytes());
        } else {
            let mut buffer = [0; 4];
            out.extend_from_slice(first.encode_utf8(&mut buffer).as_bytes());
        }
    }
    true
}

/// How many bytes [`write_natural`] takes.
pub(super) fn length_of_text(cells: &[Cell], extras: &Extras) -> usize {
    let length = |cell: &Cell| match extras.combined(cell) {
        Some(text) => text.len(),
        None if cell.is_spacer() => 0,
        None => char::from_u32(cell.ch()).map_or(0, char::len_utf8),
    };
    cells.iter().map(length).sum()
}

/// Reads what [`write_natural`] wrote, or a part of it that begins with a character of its own.
pub(super) fn read_natural(text: &[u8], look: Cell, cells: &mut Vec<Cell>, extras: &mut Extras) {
    if text.is_ascii() {
        cells.extend(text.iter().map(|byte| look.with((*byte).into(), 1)));
        return;
    }
    let text = std::str::from_utf8(text).unwrap_or_default();
    let mut characters = text.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        let width = char_width(character.into());
        let mut end = start + character.len_utf8();
        while let Some((at, mark)) = characters.next_if(|(_, c)| char_width((*c).into()) == 0) {
            end = at + mark.len_utf8();
        }
        let mut cell = look.with(character.into(), width.max(1));
        if end > start + character.len_utf8() {
            extras.combine(&mut cell, text[start..end].into());
        }
        cells.push(cell);
        if width == 2 {
            cells.push(look.with(0, 0));
        }
    }
}

const SPACER: u8 = 1;
const ODD_WIDTH: u8 = 2;
const SEVERAL: u8 = 3;

/// A character as UTF-8; 0 an erased cell; [`SPACER`]; [`ODD_WIDTH`], the width and a character (or
/// 0) whose width is not its own; [`SEVERAL`], the width, the length of the text and the text.
pub(super) fn write_cell(cell: &Cell, extras: &Extras, out: &mut Vec<u8>) {
    if let Some(text) = extras.combined(cell) {
        out.extend([SEVERAL, cell.width()]);
        write_number(text.len(), out);
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let character = char::from_u32(cell.ch()).unwrap_or('\0');
    match (character, cell.width()) {
        ('\0', 0) => out.push(SPACER),
        ('\0', 1) => out.push(0),
        ('\0', width) => out.extend([ODD_WIDTH, width, 0]),
        (_, width) => {
            if width != char_width(character.into()) {
                out.extend([ODD_WIDTH, width]);
            }
            let mut buffer = [0; 4];
            out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        }
    }
}

pub(super) fn write_runs(
    cells: &[Cell],
    length: impl Fn(&[Cell]) -> usize,
    extras: &Extras,
    block: &mut Block,
    out: &mut Vec<u8>,
) {
    let looks = cells.iter().fold([0; 3], |[fg, bg, extra], cell| {
        [fg | cell.fg, bg | cell.bg, extra | cell.extra]
    });
    if looks == [0; 3] {
        return;
    }
    let mut rest = cells;
    while let Some(first) = rest.first() {
        let style = extras.extended(first);
        let same = |cell: &Cell| {
            cell.looks_like(first)
                || ((cell.fg, cell.bg) == (first.fg, first.bg) && extras.extended(cell) == style)
        };
        let count = rest.iter().position(|c| !same(c)).unwrap_or(rest.len());
        let run;
        (run, rest) = rest.split_at(count);
        let plain = (first.fg, first.bg) == (0, 0) && style.is_none();
        if plain && rest.is_empty() {
            return;
        }
        write_number(length(run), out);
        write_look(first, style.map(|style| block.style(style)), out);
    }
}

/// What follows the byte with the colours' modes.
const FG_FLAGS: u8 = 0x10;
const BG_FLAGS: u8 = 0x20;
const STYLE: u8 = 0x40;
/// Both words as they are.
const AS_IS: u8 = 0x80;

/// One byte that says where the colours come from (two bits each) and what follows: the flags
/// above the colours, the colours themselves (one byte or three), the number of the style.
pub(super) fn write_look(cell: &Cell, style: Option<usize>, out: &mut Vec<u8>) {
    let words = [cell.fg, cell.bg];
    let small = |word: u32| match word & COLOR_MODE {
        0 => word & COLOR_VALUE == 0,
        MODE_RGB => true,
        _ => word & COLOR_VALUE <= 0xff,
    };
    let mut head = if style.is_some() { STYLE } else { 0 };
    if words.iter().all(|word| small(*word)) {
        let flags = words.map(|word| (word >> 26) as u8);
        head |= (cell.fg >> 24 & 3) as u8 | ((cell.bg >> 24 & 3) as u8) << 2;
        head |= if flags[0] != 0 { FG_FLAGS } else { 0 };
        head |= if flags[1] != 0 { BG_FLAGS } else { 0 };
        out.push(head);
        out.extend(flags.iter().filter(|flags| **flags != 0));
        for word in words {
            let [_, red, green, blue] = word.to_be_bytes();
            match word & COLOR_MODE {
                0 => {}
                MODE_RGB => out.extend([red, green, blue]),
                _ => out.push(blue),
            }
        }
    } else {
        out.push(head | AS_IS);
        for word in words {
            out.extend(word.to_be_bytes());
        }
    }
    if let Some(style) = style {
        write_number(style, out);
    }
}

/// Reads what the `write` functions wrote.
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn character(&mut self) -> Option<u32> {
        let length = match self.0.first()? {
            0..0x80 => 1,
            0..0xe0 => 2,
            0..0xf0 => 3,
            _ => 4,
        };
        let text = std::str::from_utf8(self.bytes(length)?).ok()?;
        text.chars().next().map(u32::from)
    }

    pub fn cell(&mut self, extras: &mut Extras) -> Option<Cell> {
        let blank = Cell::BLANK;
        match *self.0.first()? {
            0 => self.byte().map(|_| blank),
            SPACER => self.byte().map(|_| blank.with(0, 0)),
            ODD_WIDTH => {
                self.byte();
                let width = self.byte()?;
                Some(blank.with(self.character()?, width))
            }
            SEVERAL => {
                self.byte();
                let width = self.byte()?;
                let length = self.number()?;
                let text = std::str::from_utf8(self.bytes(length)?).ok()?;
                let mut cell = blank.with(text.chars().next()?.into(), width);
                extras.combine(&mut cell, text.into());
                Some(cell)
            }
            _ => {
                let character = self.character()?;
                Some(blank.with(character, char_width(character)))
            }
        }
    }

    /// An erased cell with the colours, and the number of the style.
    pub fn look(&mut self) -> Option<(Cell, Option<usize>)> {
        let head = self.byte()?;
        let mut look = Cell::BLANK;
        if head & AS_IS != 0 {
            look.fg = u32::from_be_bytes(*self.bytes(4)?.first_chunk()?);
            look.bg = u32::from_be_bytes(*self.bytes(4)?.first_chunk()?);
        } else {
            let mut flags = |bit: u8| match head & bit {
                0 => Some(0),
                _ => self.byte().map(|flags| u32::from(flags) << 26),
            };
            let (fg_flags, bg_flags) = (flags(FG_FLAGS)?, flags(BG_FLAGS)?);
            look.fg = fg_flags | self.color(head & 3)?;
            look.bg = bg_flags | self.color(head >> 2 & 3)?;
        }
        let style = match head & STYLE {
            0 => None,
            _ => Some(self.number()?),
        };
        Some((look, style))
    }

    fn color(&mut self, mode: u8) -> Option<u32> {
        let value = match mode {
            0 => 0,
            3 => {
                let rgb = self.bytes(3)?;
                u32::from_be_bytes([0, rgb[0], rgb[1], rgb[2]])
            }
            _ => self.byte()?.into(),
        };
        Some(u32::from(mode) << 24 | value)
    }
}
