//! How many columns a character takes.
//!
//! One table for the host and its viewers: `ui/src/terminal/widths.ts` is generated from this
//! function, and a test keeps the two equal. A zero-width character joins the one before it and
//! never widens it; the parts of a ZWJ sequence stand side by side.

use std::sync::LazyLock;

use unicode_width::UnicodeWidthChar;

/// Where the characters that are in use end; the planes above are looked up one by one.
const FLAT: u32 = 0x2_0000;

/// The widths below [`FLAT`], since every character that is not ASCII asks for its own.
static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| (0..FLAT).map(look_up).collect());

/// The columns of a printable character: 0, 1 or 2.
#[inline]
pub fn char_width(code: u32) -> u8 {
    if code < 0x7f {
        return 1;
    }
    match TABLE.get(code as usize) {
        Some(width) => *width,
        None => look_up(code),
    }
}

fn look_up(code: u32) -> u8 {
    match char::from_u32(code).and_then(UnicodeWidthChar::width) {
        Some(width) => width.min(2) as u8,
        None => 0,
    }
}
