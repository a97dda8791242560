//! The scrollback: lines that left the screen, as bytes.
//!
//! A line is its text, then runs of cells that look alike, in blocks of some 32 KiB; a full line of
//! plain text takes little more than its characters, where its cells would take sixteen bytes
//! each. Lines are only added at the end and dropped at the start, so a block is a buffer that
//! goes round. Nothing is lost: [`Line::decode`] gives the very cells that were added.
//!
//! A line in a block:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | [`WRAPPED`], [`NATURAL`], [`PROMPT`] |
//! | varint | the length of what follows |
//! | varint | the length of the text |
//! | text | natural: UTF-8, with 0 for an erased cell; otherwise cells as [`coding::write_cell`] has them |
//! | runs | until the line ends: a varint with the number of bytes of a natural text, else of cells, and their looks ([`coding::write_look`]); what is behind the last run looks plain |

mod coding;

use std::collections::VecDeque;
use std::sync::Arc;

use super::cell::{Cell, Extended};
use super::extras::Extras;
use super::row::Row;
use coding::{
    Reader, length_of, length_of_text, read_natural, write_cell, write_natural, write_number,
    write_runs,
};

const WRAPPED: u8 = 1;
/// Every character has the columns that are its own, the second half of a wide one looks like the
/// first, and what has no columns belongs to the character before it.
const NATURAL: u8 = 2;
/// A shell's prompt begins in it.
const PROMPT: u8 = 4;

/// A block that has this many bytes gets no more lines.
const BLOCK_BYTES: usize = 32 * 1024;
/// How many of a block's last styles are compared with a new one.
const RECENT_STYLES: usize = 16;

/// Lines, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    blocks: VecDeque<Block>,
    lines: usize,
    bytes: usize,
    /// The buffer of a block that was used up, for the next one.
    spare: Vec<u8>,
    /// Where a line's text and its runs are put together.
    text: Vec<u8>,
    runs: Vec<u8>,
}

#[derive(Debug, Default)]
struct Block {
    bytes: Vec<u8>,
    /// Where its first line begins that was not dropped.
    start: usize,
    lines: usize,
    styles: Vec<Arc<Extended>>,
    style_bytes: usize,
}

impl Block {
    /// The number of a style in this block.
    fn style(&mut self, extended: &Arc<Extended>) -> usize {
        let recent = self.styles.len().saturating_sub(RECENT_STYLES);
        let known = self.styles[recent..].iter().rposition(|s| s == extended);
        if let Some(i) = known {
            return recent + i;
        }
        self.styles.push(Arc::clone(extended));
        self.style_bytes += 128 + extended.link.as_ref().map_or(0, |link| link.uri.len());
        self.styles.len() - 1
    }

    /// Makes room, without more than a block needs.
    fn grow(&mut self, length: usize) {
        let (have, need) = (self.bytes.capacity(), self.bytes.len() + length);
        if need > have {
            let capacity = need.max((2 * have).clamp(1024, BLOCK_BYTES));
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
    }

    /// The line at an offset, and where the next one begins.
    fn line(&self, at: usize) -> Option<(Line<'_>, usize)> {
        let mut reader = Reader(self.bytes.get(at..)?);
        let flags = reader.byte()?;
        let length = reader.number()?;
        let end = self.bytes.len() - reader.0.len() + length;
        let mut body = Reader(reader.0.get(..length)?);
        let text_length = body.number()?;
        let (text, runs) = body.0.split_at_checked(text_length)?;
        let line = Line {
            block: self,
            wrapped: flags & WRAPPED != 0,
            prompt: flags & PROMPT != 0,
            natural: flags & NATURAL != 0,
            text,
            runs,
        };
        Some((line, end))
    }
}

impl History {
    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines
    }

    /// What the lines cost in memory, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a line.
    pub fn push(&mut self, row: &Row, extras: &Extras) {
        let cells = row.written();
        let natural = self.write_text(cells, extras);
        let count = |cells: &[Cell]| match natural {
            true if self.text.len() != cells.len() => length_of_text(cells, extras),
            _ => cells.len(),
        };
        let mut new_block = self.blocks.is_empty();
        loop {
            if new_block {
                let bytes = std::mem::take(&mut self.spare);
                self.blocks.push_back(Block {
                    bytes,
                    ..Block::default()
                });
            }
            let Some(block) = self.blocks.back_mut() else {
                return;
            };
            let styles_before = block.style_bytes;
            self.runs.clear();
            write_runs(cells, count, extras, block, &mut self.runs);
            self.bytes += block.style_bytes - styles_before;
            let body = length_of(self.text.len()) + self.text.len() + self.runs.len();
            let length = 1 + length_of(body) + body;
            if block.lines > 0 && block.bytes.len() + length > BLOCK_BYTES {
                new_block = true;
                continue;
            }
            block.grow(length);
            let flags = [
                (row.wrapped, WRAPPED),
                (natural, NATURAL),
                (row.prompt, PROMPT),
            ];
            let flags = flags.iter().filter(|(on, _)| *on);
            block.bytes.push(flags.fold(0, |all, (_, flag)| all | flag));
            write_number(body, &mut block.bytes);
            write_number(self.text.len(), &mut block.bytes);
            block.bytes.extend_from_slice(&self.text);
            block.bytes.extend_from_slice(&self.runs);
            block.lines += 1;
            self.lines += 1;
            self.bytes += length;
            break;
        }
        // One line of many combined characters is no reason to keep that much space.
        self.text.shrink_to(BLOCK_BYTES);
    }

    /// Puts a line's text together; returns whether it is a natural one.
    fn write_text(&mut self, cells: &[Cell], extras: &Extras) -> bool {
        self.text.clear();
        if cells.iter().fold(true, |all, cell| all & cell.is_ascii()) {
            self.text.extend(cells.iter().map(|cell| cell.ch() as u8));
            return true;
        }
        if write_natural(cells, extras, &mut self.text) {
            return true;
        }
        self.text.clear();
        for cell in cells {
            write_cell(cell, extras, &mut self.text);
        }
        false
    }

    /// Drops the oldest line.
    pub fn pop_front(&mut self) -> bool {
        let Some(block) = self.blocks.front_mut() else {
            return false;
        };
        if let Some((_, end)) = block.line(block.start) {
            self.bytes -= end - block.start;
            block.start = end;
        }
        block.lines -= 1;
        self.lines -= 1;
        if block.lines == 0
            && let Some(mut used) = self.blocks.pop_front()
        {
            self.bytes -= used.style_bytes;
            if used.bytes.capacity() <= 2 * BLOCK_BYTES {
                used.bytes.clear();
                self.spare = used.bytes;
            }
        }
        true
    }

    /// Takes the oldest line out; its extras are added to `extras`.
    pub fn take_front(&mut self, extras: &mut Extras) -> Option<Row> {
        let block = self.blocks.front()?;
        let mut row = Row::default();
        block.line(block.start)?.0.decode(&mut row, extras);
        self.pop_front();
        Some(row)
    }

    /// Takes the newest line back; its extras are added to `extras`.
    pub fn pop_back(&mut self, extras: &mut Extras) -> Option<Row> {
        let block = self.blocks.back_mut()?;
        let mut at = block.start;
        for _ in 1..block.lines {
            at = block.line(at)?.1;
        }
        let mut row = Row::default();
        block.line(at)?.0.decode(&mut row, extras);
        self.bytes -= block.bytes.len() - at;
        block.bytes.truncate(at);
        block.lines -= 1;
        self.lines -= 1;
        if block.lines == 0
            && let Some(block) = self.blocks.pop_back()
        {
            self.bytes -= block.style_bytes;
        }
        Some(row)
    }

    pub fn iter(&self) -> impl Iterator<Item = Line<'_>> {
        self.blocks.iter().flat_map(|block| {
            let mut at = block.start;
            std::iter::from_fn(move || {
                let (line, end) = block.line(at)?;
                at = end;
                Some(line)
            })
        })
    }

    /// Says that a line does not continue the one above it.
    pub fn unwrap(&mut self, mut index: usize) {
        for block in &mut self.blocks {
            if index >= block.lines {
                index -= block.lines;
                continue;
            }
            let mut at = block.start;
            for _ in 0..index {
                at = block.line(at).map_or(at, |(_, end)| end);
            }
            block.bytes[at] &= !WRAPPED;
            return;
        }
    }
}

/// One line of the scrollback, still as bytes.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    block: &'a Block,
    /// The line continues the one above it.
    pub wrapped: bool,
    /// A shell's prompt begins in it.
    pub prompt: bool,
    natural: bool,
    text: &'a [u8],
    runs: &'a [u8],
}

impl<'a> Line<'a> {
    /// The characters, where printing them one after the other makes the very cells.
    pub fn plain_text(&self) -> Option<&'a [u8]> {
        (self.natural && !self.text.contains(&0)).then_some(self.text)
    }

    /// One byte for each cell, 0 for an erased one, where that is all its text.
    pub fn ascii(&self) -> Option<&'a [u8]> {
        (self.natural && self.text.is_ascii()).then_some(self.text)
    }

    /// Calls `each` with the length of every run and an erased cell of its looks.
    pub fn for_each_run(&self, mut each: impl FnMut(usize, Cell, Option<&'a Arc<Extended>>)) {
        let mut reader = Reader(self.runs);
        while let Some(count) = reader.number() {
            let (look, style) = reader.look().unwrap_or((Cell::BLANK, None));
            each(count, look, style.and_then(|i| self.block.styles.get(i)));
        }
    }

    /// Gives `row` the line's cells; their extras are added to `extras`.
    pub fn decode(&self, row: &mut Row, extras: &mut Extras) {
        row.wrapped = self.wrapped;
        row.prompt = self.prompt;
        let cells = row.cells_mut();
        cells.clear();
        if self.natural {
            let mut text = self.text;
            self.for_each_run(|count, mut look, style| {
                look.extra = style.map_or(0, |style| extras.style(style));
                let run;
                (run, text) = text.split_at(count.min(text.len()));
                read_natural(run, look, cells, extras);
            });
            read_natural(text, Cell::BLANK, cells, extras);
            return;
        }
        let mut reader = Reader(self.text);
        while let Some(cell) = reader.cell(extras) {
            cells.push(cell);
        }
        let mut at = 0;
        self.for_each_run(|count, mut look, style| {
            look.extra = style.map_or(0, |style| extras.style(style));
            for cell in cells.iter_mut().skip(at).take(count) {
                let text = extras.combined(cell).map(Box::from);
                *cell = look.with(cell.ch(), cell.width());
                if let Some(text) = text {
                    extras.combine(cell, text);
                }
            }
            at += count;
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
