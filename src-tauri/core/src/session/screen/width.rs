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
    // Latin, box drawing and blocks, where most of what is not ASCII is.
    if matches!(code, 0xae..=0x2ff | 0x2500..=0x259f) {
        return 1;
    }
    match char::from_u32(code).and_then(UnicodeWidthChar::width) {
        Some(width) => width.min(2) as u8,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_cut_says_what_the_table_says() {
        for code in (0xae..=0x2ff).chain(0x2500..=0x259f) {
            let table = char::from_u32(code).and_then(UnicodeWidthChar::width);
            assert_eq!(table, Some(1), "U+{code:04X}");
        }
    }
}
