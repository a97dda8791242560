//! How many columns a character takes.
//!
//! One table for the host and its viewers: `ui/src/terminal/widths.ts` is generated from this
//! function, and a test keeps the two equal. A zero-width character joins the one before it and
//! never widens it; the parts of a ZWJ sequence stand side by side.

use std::sync::OnceLock;

use unicode_width::UnicodeWidthChar;

/// Where the characters that are in use end; the planes above are looked up one by one.
const FLAT: usize = 0x2_0000;
const PAGE: usize = 256;

/// The widths below [`FLAT`], since every character that is not ASCII asks for its own; a page is
/// filled when one of its characters is first seen.
static PAGES: [OnceLock<Box<[u8; PAGE]>>; FLAT / PAGE] = [const { OnceLock::new() }; FLAT / PAGE];

/// The columns of a printable character: 0, 1 or 2.
#[inline]
pub fn char_width(code: u32) -> u8 {
    if code < 0x7f {
        return 1;
    }
    let (page, place) = (code as usize / PAGE, code as usize % PAGE);
    let Some(page) = PAGES.get(page) else {
        return look_up(code);
    };
    let first = code - place as u32;
    page.get_or_init(|| Box::new(std::array::from_fn(|i| look_up(first + i as u32))))[place]
}

fn look_up(code: u32) -> u8 {
    match char::from_u32(code).and_then(UnicodeWidthChar::width) {
        Some(width) => width.min(2) as u8,
        None => 0,
    }
}
