//! A live terminal, seen from outside.

use serde::{Deserialize, Serialize};

/// The state of a live terminal. The words are the same in code, JSON and window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SessionState {
    /// The program was started and has not reached its prompt.
    Starting,
    /// At the prompt.
    Idle,
    /// A turn, a retry or a command runs.
    Working,
    /// A permission prompt is open: Enter would approve.
    Permission,
    /// A question or a dialog is open.
    Question,
    /// At the prompt, a background shell still runs.
    Shell,
    /// The program is gone.
    Ended(Exit),
    /// Nothing reliable is known.
    Unknown,
}

impl SessionState {
    /// The state's word, without what it carries.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Idle => "idle",
            Self::Working => "working",
            Self::Permission => "permission",
            Self::Question => "question",
            Self::Shell => "shell",
            Self::Ended(_) => "ended",
            Self::Unknown => "unknown",
        }
    }
}

/// What an open permission prompt or question is about. Untrusted text, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The tool that asks, in the CLI's word: `Bash`, `Edit`, `AskUserQuestion`.
    pub tool: String,
    /// What it would do, or the question; empty where that is not known.
    #[serde(default)]
    pub input: String,
}

impl Ask {
    /// The longest [`Ask::tool`], in characters.
    pub const MAX_TOOL_CHARS: usize = 80;
    /// The longest [`Ask::input`], in characters.
    pub const MAX_INPUT_CHARS: usize = 600;

    /// An ask whose texts were brought within their limits and to one line each.
    pub fn new(tool: &str, input: &str) -> Self {
        Self {
            tool: one_line(tool, Self::MAX_TOOL_CHARS),
            input: one_line(input, Self::MAX_INPUT_CHARS),
        }
    }
}

/// `text` in one line: white space and control characters become single spaces, what is
/// invisible or turns the direction of text is left out, and beyond `max_chars` it is cut,
/// with an ellipsis in the last place.
pub fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    let mut chars = 0;
    let mut space = false;
    for char in text.chars() {
        if char.is_whitespace() || char.is_control() {
            space = chars > 0;
            continue;
        }
        if is_invisible(char) {
            continue;
        }
        let needed = 1 + usize::from(space);
        if chars + needed > max_chars {
            while chars >= max_chars.max(1) {
                line.pop();
                chars -= 1;
            }
            line.push('\u{2026}');
            break;
        }
        if std::mem::take(&mut space) {
            line.push(' ');
        }
        line.push(char);
        chars += needed;
    }
    line
}

/// Characters that show nothing, or that change how the text around them is shown.
pub fn is_invisible(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Its exit status; for a signal 128 plus the signal's number, as a shell says it.
    pub code: i32,
    /// The signal that ended it, where one did.
    pub signal: Option<i32>,
}

/// The size of a terminal's grid, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
}

impl TerminalSize {
    /// The smallest size a host gives its program: below it full-screen programs are unusable.
    pub const MIN: Self = Self { cols: 20, rows: 5 };
    /// The largest, a bound on what a grid may cost.
    pub const MAX: Self = Self {
        cols: 1000,
        rows: 500,
    };

    /// This size, brought within [`TerminalSize::MIN`] and [`TerminalSize::MAX`].
    pub fn clamped(self) -> Self {
        Self {
            cols: self.cols.clamp(Self::MIN.cols, Self::MAX.cols),
            rows: self.rows.clamp(Self::MIN.rows, Self::MAX.rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_becomes_one_line_within_its_limit() {
        assert_eq!(one_line("  a\r\n\tb \u{1b}[0m ", 80), "a b [0m");
        assert_eq!(one_line("pay \u{202e}exe.tab", 80), "pay exe.tab");
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abcde\u{2026}");
        assert_eq!(one_line("", 6), "");
    }

    proptest! {
        #[test]
        fn no_text_is_longer_than_its_limit_or_has_more_than_one_line(
            text in ".{0,60}|[\\x00-\\x7f]{0,60}", max in 1_usize..40,
        ) {
            let line = one_line(&text, max);
            prop_assert!(line.chars().count() <= max);
            let ends_no_line = |char: char| !char.is_control() && !is_invisible(char);
            prop_assert!(line.chars().all(ends_no_line), "{line:?}");
        }
    }
}
