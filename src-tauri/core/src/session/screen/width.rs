//! How many columns a character takes.
//!
//! One table for the host and its viewers: `ui/src/terminal/widths.ts` is generated from this
//! function, and a test keeps the two equal. A zero-width character joins the one before it and
//! never widens it; the parts of a ZWJ sequence stand side by side.

use unicode_width::UnicodeWidthChar;

/// The columns of a printable character: 0, 1 or 2.
pub fn char_width(code: u32) -> u8 {
    if code < 0x7f {
        return 1;
    }
    match char::from_u32(code).and_then(UnicodeWidthChar::width) {
        Some(width) => width.min(2) as u8,
        None => 0,
    }
}
