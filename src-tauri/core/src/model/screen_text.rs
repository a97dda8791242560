//! What a terminal shows, for a reader that knows the program in it.

use unicode_normalization::UnicodeNormalization;

/// The visible rows, as far as a reader of text needs them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScreenText {
    /// The rows from the top. A cell that was never written is a space.
    pub rows: Vec<Vec<TextCell>>,
    /// Column and row of the cursor, shown or not, counted from 0.
    pub cursor: (usize, usize),
}

/// What the prompt of a program shows that takes commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// It is there, and nothing was typed into it.
    Empty,
    /// It holds this text, a line for each row.
    Draft(String),
    /// It holds this text, and another one was put aside: only one can be.
    SecondDraft(String),
    /// It holds a text that is longer than it shows.
    PartOfDraft {
        /// What is seen of it.
        part: String,
        /// Whether that is its end.
        is_end: bool,
    },
    /// It holds the beginning of a command's name, and Enter would run another command.
    Completing {
        /// What it holds.
        draft: String,
        /// The command that Enter would run.
        to: String,
    },
    /// What is typed would be run by a shell; it holds this text.
    Shell(String),
    /// It is not to be seen: a dialog or a menu stands in its place.
    Hidden,
}

impl Prompt {
    /// Whether it holds exactly this text, as far as it can be seen, and Enter would send it.
    /// Where a row ends, spaces cannot be seen; of emoji, programs and terminals draw different
    /// parts.
    pub fn holds(&self, text: &str) -> bool {
        let solid = |text: &str| -> String {
            let seen = |c: &char| !c.is_whitespace() && !is_of_emoji(*c);
            text.chars().filter(seen).collect()
        };
        match self {
            Self::Draft(draft) | Self::SecondDraft(draft) if draft.trim().is_empty() => false,
            Self::Draft(draft) | Self::SecondDraft(draft) => solid(draft) == solid(text),
            Self::PartOfDraft { part, .. } if part.is_empty() => false,
            Self::PartOfDraft { part, is_end: true } => solid(text).ends_with(&solid(part)),
            Self::PartOfDraft { part, .. } => solid(text).contains(&solid(part)),
            Self::Empty | Self::Completing { .. } | Self::Shell(_) | Self::Hidden => false,
        }
    }
}

/// A text as the CLI takes it: without spaces around it and in composed form, so that the two
/// can be compared.
pub fn as_taken(text: &str) -> String {
    text.trim().nfc().collect()
}

/// Emoji, and what joins and colours them: many are one sign of two cells.
fn is_of_emoji(char: char) -> bool {
    matches!(char,
        '\u{200c}' | '\u{200d}' | '\u{20e3}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// One cell. The second half of a wide character is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextCell {
    /// What stands in it.
    pub text: String,
    /// It is dim or grey, as hints are.
    pub faint: bool,
    /// Foreground and background are exchanged, as where a program draws a cursor.
    pub inverse: bool,
}
