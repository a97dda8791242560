//! Lines of the scrollback as cells, for a viewer that puts them into its own buffer without
//! parsing: what a cell's colours and flags are, host and viewer have in the same bits.
//!
//! Lines of one batch lie below one another, from the cursor's row on. A batch is numbers of 32
//! bits, little endian, and text:
//!
//! | numbers | what |
//! |---|---|
//! | 5 | how many looks, lines, runs and words there are, and how many bytes of text |
//! | 3 × looks | foreground, background; how the text is underlined, from [`UNDERLINE`] on, and in which colour |
//! | 2 × lines | the number of its cells with [`WRAPPED`] and [`WORDS`]; the number of its runs |
//! | runs | the number of cells with the number of their look in the high 16 bits; what is behind the last looks plain |
//! | words | a cell's character, with its columns from [`COLUMNS`] on |
//! | text | one byte for each cell, ASCII, 0 for an erased cell |
//!
//! Each line has its words or its text in its order.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::cell::{Cell, EXTENDED, Extended};
use super::history::Line;
use super::paint::Decoded;

/// The line continues the one above it.
const WRAPPED: u32 = 1 << 31;
/// Its cells are words.
const WORDS: u32 = 1 << 30;
/// Where a word has the columns that its character takes.
const COLUMNS: u32 = 22;
/// Where a look has the style of its underline.
const UNDERLINE: u32 = 26;
/// The most looks that a batch can tell apart.
const MOST_LOOKS: usize = 1 << 16;

/// Foreground and background as a cell has them, and its underline.
type Look = [u32; 3];

/// Lines that are put together.
#[derive(Default)]
pub(super) struct LineCells {
    looks: Vec<Look>,
    numbers: FxHashMap<Look, u32>,
    lines: Vec<[u32; 2]>,
    runs: Vec<u32>,
    words: Vec<u32>,
    text: Vec<u8>,
    /// Where a line is decoded that is not ASCII.
    decoded: Decoded,
}

impl LineCells {
    /// Adds a line. False, and nothing is added, where it has a link or a cell of several characters.
    pub fn push(&mut self, line: &Line<'_>) -> bool {
        let runs = self.runs.len();
        let added = match line.ascii() {
            Some(text) => self.push_text(line, text),
            None => self.push_words(line),
        };
        match added {
            Some(cells) => {
                let wrapped = if line.wrapped { WRAPPED } else { 0 };
                let runs = (self.runs.len() - runs) as u32;
                self.lines.push([cells | wrapped, runs]);
            }
            None => self.runs.truncate(runs),
        }
        added.is_some()
    }

    /// Whether no line was added.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds a line with nothing on it.
    pub fn push_blank(&mut self, wrapped: bool) {
        self.lines.push([if wrapped { WRAPPED } else { 0 }, 0]);
    }

    fn push_text(&mut self, line: &Line<'_>, text: &[u8]) -> Option<u32> {
        let mut plain = true;
        line.for_each_run(|count, look, style| {
            plain &= self.push_run(count, &look, style).is_some();
        });
        if !plain {
            return None;
        }
        self.text.extend_from_slice(text);
        Some(text.len() as u32)
    }

    fn push_words(&mut self, line: &Line<'_>) -> Option<u32> {
        let Decoded {
            mut row,
            mut extras,
        } = std::mem::take(&mut self.decoded);
        extras.clear();
        line.decode(&mut row, &mut extras);
        let cells = row.cells();
        let mut rest = cells;
        let mut fits = !cells.iter().any(Cell::is_combined);
        while let Some(first) = rest.first().filter(|_| fits) {
            let like = |cell: &&Cell| cell.looks_like(first);
            let count = rest.iter().take_while(like).count();
            let style = extras.extended(first);
            fits = self.push_run(count, first, style).is_some();
            rest = &rest[count..];
        }
        if fits {
            let word = |cell: &Cell| cell.ch() | u32::from(cell.width()) << COLUMNS;
            self.words.extend(cells.iter().map(word));
        }
        let count = cells.len() as u32;
        self.decoded = Decoded { row, extras };
        fits.then_some(count | WORDS)
    }

    fn push_run(&mut self, count: usize, look: &Cell, style: Option<&Arc<Extended>>) -> Option<()> {
        let underline = match style {
            Some(style) if style.link.is_some() => return None,
            Some(style) => u32::from(style.underline) << UNDERLINE | style.underline_color,
            None => 0,
        };
        // The viewer looks for a style where a cell says that it has one.
        if (look.bg & EXTENDED != 0) != style.is_some() {
            return None;
        }
        let look = [look.fg, look.bg, underline];
        let number = match self.numbers.get(&look) {
            Some(number) => *number,
            None if self.looks.len() == MOST_LOOKS => return None,
            None => {
                let number = self.looks.len() as u32;
                self.looks.push(look);
                self.numbers.insert(look, number);
                number
            }
        };
        self.runs
            .push(u32::from(u16::try_from(count).ok()?) | number << 16);
        Some(())
    }

    /// How many bytes [`LineCells::take`] gives.
    pub fn bytes(&self) -> usize {
        let numbers =
            3 * self.looks.len() + 2 * self.lines.len() + self.runs.len() + self.words.len();
        4 * (5 + numbers) + self.text.len()
    }

    /// The batch; empties this.
    pub fn take(&mut self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes());
        let mut put = |number: u32| out.extend(number.to_le_bytes());
        let counts = [
            self.looks.len(),
            self.lines.len(),
            self.runs.len(),
            self.words.len(),
            self.text.len(),
        ];
        counts.into_iter().for_each(|count| put(count as u32));
        self.looks.iter().flatten().copied().for_each(&mut put);
        self.lines.iter().flatten().copied().for_each(&mut put);
        self.runs.iter().chain(&self.words).copied().for_each(put);
        out.extend_from_slice(&self.text);
        self.clear();
        out
    }

    /// Forgets what was added.
    pub fn clear(&mut self) {
        self.looks.clear();
        self.numbers.clear();
        self.lines.clear();
        self.runs.clear();
        self.words.clear();
        self.text.clear();
    }
}
