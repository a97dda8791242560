//! Searching and saving the lines of a terminal.

use reprise_core::session::find::FindAnswer;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FindText {
    /// The text, or the regular expression.
    pub pattern: String,
    /// Whether it is a regular expression.
    pub regex: bool,
    /// Whether `a` is not `A`.
    pub case_sensitive: bool,
    /// Whether a match may not begin or end within a word.
    pub whole_word: bool,
    /// Whether the prompts that a shell marked are wanted; the pattern is looked for where there
    /// is none.
    pub prompts: bool,
}

/// What came of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "result", rename_all = "camelCase")]
pub enum FindOutcome {
    /// It was done.
    #[serde(rename_all = "camelCase")]
    Found {
        /// How many matches there are.
        total: u64,
        /// The newest of them, the oldest first: row and column of the first cell, and of the
        /// place behind the last.
        matches: Vec<(u64, usize, u64, usize)>,
        /// Whether they are on the alternate screen, whose rows are counted from its top.
        alternate: bool,
        /// False when it took too long to search everything.
        complete: bool,
    },
    /// The pattern is no regular expression.
    BadPattern {
        /// Why not, in the parser's words.
        why: String,
    },
    /// The pattern would take too much memory.
    PatternTooLarge,
}

impl From<FindAnswer> for FindOutcome {
    fn from(answer: FindAnswer) -> Self {
        match answer {
            FindAnswer::Found(found) => Self::Found {
                total: found.total,
                matches: found.matches.into_iter().map(Into::into).collect(),
                alternate: found.alternate,
                complete: found.complete,
            },
            FindAnswer::BadPattern { why } => Self::BadPattern { why },
            FindAnswer::PatternTooLarge => Self::PatternTooLarge,
        }
    }
}

/// A file with a terminal's lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedText {
    /// Where it is.
    pub path: String,
    /// How many lines it has.
    pub lines: u64,
}
