//! Finding text in a terminal's lines, whatever they were wrapped into.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::screen::{LinePlace, LogicalLine};

/// The most matches that an answer holds, the newest; all are counted.
pub const MOST_MATCHES: usize = 10_000;
/// The longest pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 4 * 1024;
/// The most memory of a compiled pattern, and of what it remembers while it searches.
const PATTERN_MEMORY: usize = 1 << 20;
/// A search that takes longer ends with what it has.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindQuery {
    /// The text, or the regular expression.
    pub pattern: String,
    /// Whether it is a regular expression, in the syntax of the `regex` crate.
    #[serde(default)]
    pub regex: bool,
    /// Whether `a` is not `A`.
    #[serde(default)]
    pub case_sensitive: bool,
    /// Whether a match may not begin or end within a word.
    #[serde(default)]
    pub whole_word: bool,
    /// Whether the prompts that a shell marked (OSC 133) are wanted; the pattern is looked for
    /// where there is none. A host that knows nothing of it looks for the pattern.
    #[serde(default)]
    pub prompts: bool,
}

/// Where a match stands: from its first cell up to the one after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, usize, u64, usize)", into = "(u64, usize, u64, usize)")]
pub struct TextMatch {
    /// The first cell.
    pub start: LinePlace,
    /// The place behind the last one.
    pub end: LinePlace,
}

impl From<(u64, usize, u64, usize)> for TextMatch {
    fn from((row, column, end_row, end_column): (u64, usize, u64, usize)) -> Self {
        Self {
            start: LinePlace { row, column },
            end: LinePlace {
                row: end_row,
                column: end_column,
            },
        }
    }
}

impl From<TextMatch> for (u64, usize, u64, usize) {
    fn from(TextMatch { start, end }: TextMatch) -> Self {
        (start.row, start.column, end.row, end.column)
    }
}

/// What came of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum FindAnswer {
    /// It was done.
    Found(Found),
    /// The pattern is no regular expression.
    BadPattern {
        /// Why not, in the parser's words.
        why: String,
    },
    /// The pattern would take too much memory.
    PatternTooLarge,
}

/// The matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// How many there are.
    pub total: u64,
    /// The newest of them, the oldest first: [`MOST_MATCHES`] at most.
    pub matches: Vec<TextMatch>,
    /// Whether they are on the alternate screen, whose rows are counted from its top. Otherwise
    /// rows have their absolute numbers.
    pub alternate: bool,
    /// False when the search took too long: newer lines were not searched.
    pub complete: bool,
}

/// A search that is given one line after the other.
#[derive(Debug)]
pub struct Finder {
    regex: Regex,
    whole_word: bool,
    prompts: bool,
    /// Whether there was a prompt with a mark, and only these count.
    marked: bool,
    until: Instant,
    matches: Matches,
    complete: bool,
}

/// What was found so far: how many, and the newest.
#[derive(Debug, Default)]
struct Matches {
    total: u64,
    newest: VecDeque<TextMatch>,
}

impl Matches {
    fn add(&mut self, line: &LogicalLine, range: Range<usize>) {
        if self.newest.len() == MOST_MATCHES {
            self.newest.pop_front();
        }
        self.total += 1;
        self.newest.push_back(TextMatch {
            start: line.place(range.start),
            end: line.place(range.end),
        });
    }
}

impl Finder {
    /// Prepares a search that begins now.
    ///
    /// # Errors
    /// The answer that says why the pattern cannot be searched for.
    pub fn new(query: &FindQuery) -> Result<Self, FindAnswer> {
        if query.pattern.len() > MAX_PATTERN_BYTES {
            return Err(FindAnswer::PatternTooLarge);
        }
        let pattern = if query.regex {
            query.pattern.clone()
        } else {
            regex::escape(&query.pattern)
        };
        let regex = RegexBuilder::new(&pattern)
            .case_insensitive(!query.case_sensitive)
            .size_limit(PATTERN_MEMORY)
            .dfa_size_limit(PATTERN_MEMORY)
            .build()
            .map_err(refused)?;
        Ok(Self {
            regex,
            whole_word: query.whole_word,
            prompts: query.prompts,
            marked: false,
            until: Instant::now() + TIME_LIMIT,
            matches: Matches::default(),
            complete: true,
        })
    }

    /// Forgets what was found: the lines come anew.
    pub fn restart(&mut self) {
        self.marked = false;
        self.matches = Matches::default();
    }

    /// Searches the next line. False when there is no time for more.
    pub fn search(&mut self, line: &LogicalLine) -> bool {
        if self.prompts && line.prompt {
            if !self.marked {
                self.marked = true;
                self.matches = Matches::default();
            }
            self.matches.add(line, 0..line.text.len());
        } else if !self.marked {
            self.search_text(line);
        }
        self.complete = Instant::now() < self.until;
        self.complete
    }

    fn search_text(&mut self, line: &LogicalLine) {
        for found in self.regex.find_iter(&line.text) {
            let is_word = !self.whole_word || stands_alone(&line.text, found.start(), found.end());
            if !found.is_empty() && is_word {
                self.matches.add(line, found.range());
            }
        }
    }

    /// What was found.
    pub fn finish(self, alternate: bool) -> FindAnswer {
        FindAnswer::Found(Found {
            total: self.matches.total,
            matches: self.matches.newest.into(),
            alternate,
            complete: self.complete,
        })
    }
}

fn refused(error: regex::Error) -> FindAnswer {
    match error {
        regex::Error::CompiledTooBig(_) => FindAnswer::PatternTooLarge,
        error => {
            let words = error.to_string();
            // The parser repeats the pattern first, over several lines.
            let why = words.rsplit("error: ").next().unwrap_or(&words);
            FindAnswer::BadPattern {
                why: why.trim().to_owned(),
            }
        }
    }
}

/// Whether no word goes on over either end of this part of the text.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let inside = &text[start..end];
    let before = is_word(text[..start].chars().next_back()) && is_word(inside.chars().next());
    let after = is_word(text[end..].chars().next()) && is_word(inside.chars().next_back());
    !before && !after
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::model::TerminalSize;
    use crate::session::screen::{Screen, ScrollbackLimits};

    fn found(text: &str, query: &FindQuery) -> FindAnswer {
        let size = TerminalSize { cols: 20, rows: 5 };
        let mut screen = Screen::new(size, ScrollbackLimits::default());
        screen.feed(text.as_bytes(), Instant::now());
        let mut finder = match Finder::new(query) {
            Ok(finder) => finder,
            Err(answer) => return answer,
        };
        for line in screen.logical_lines() {
            assert!(finder.search(&line));
        }
        finder.finish(false)
    }

    fn places(text: &str, pattern: &str, change: impl FnOnce(&mut FindQuery)) -> Vec<(u64, usize)> {
        let mut query = query(pattern);
        change(&mut query);
        match found(text, &query) {
            FindAnswer::Found(found) => {
                assert_eq!(found.total, found.matches.len() as u64);
                let places = found.matches.iter();
                places
                    .map(|found| (found.start.row, found.start.column))
                    .collect()
            }
            answer => panic!("{answer:?}"),
        }
    }

    fn query(pattern: &str) -> FindQuery {
        FindQuery {
            pattern: pattern.to_owned(),
            regex: false,
            case_sensitive: false,
            whole_word: false,
            prompts: false,
        }
    }

    #[test]
    fn text_is_found_as_it_is_written_and_over_wrapped_rows() {
        let text = "a.b A.B axb\r\n0123456789012345678\u{65e5}a.b end";
        assert_eq!(places(text, "a.b", |_| ()), [(0, 0), (0, 4), (2, 2)]);
        assert_eq!(
            places(text, "a.b", |query| query.case_sensitive = true),
            [(0, 0), (2, 2)]
        );
        let found = found(text, &query("78日a"));
        let FindAnswer::Found(found) = found else {
            panic!("{found:?}");
        };
        assert_eq!(found.matches, [TextMatch::from((1, 17, 2, 3))]);
    }

    #[test]
    fn an_expression_finds_what_it_matches_and_nothing_where_that_is_nothing() {
        let text = "id 12 x\r\nid 345\r\n";
        assert_eq!(
            places(text, r"id \d+$", |query| query.regex = true),
            [(1, 0)]
        );
        assert_eq!(
            places(text, r"^id", |query| query.regex = true),
            [(0, 0), (1, 0)]
        );
        assert_eq!(
            places(text, r"\d*", |query| query.regex = true),
            [(0, 3), (1, 3)]
        );
    }

    #[test]
    fn a_whole_word_has_no_word_around_it() {
        let text = "cat cats (cat) concat -cat-";
        let places = places(text, "cat", |query| query.whole_word = true);
        assert_eq!(places, [(0, 0), (0, 10), (1, 3)]);
    }

    #[test]
    fn of_prompts_the_marked_ones_are_found_and_the_drawn_ones_where_none_is_marked() {
        let prompts = |text: &str| {
            places(text, r"^\$ ", |query| {
                query.regex = true;
                query.prompts = true;
            })
        };
        let drawn = "$ one\r\nout\r\n$ two\r\n";
        assert_eq!(prompts(drawn), [(0, 0), (2, 0)]);
        let marked = "\x1b]133;A\x07% three\r\n\x1b]133;C\x07$ no prompt\r\n\x1b]133;A\x07\r\n";
        assert_eq!(prompts(&format!("{drawn}{marked}")), [(3, 0), (5, 0)]);
    }

    #[test]
    fn a_pattern_that_cannot_be_searched_for_says_why() {
        let mut query = query("a(b");
        query.regex = true;
        assert_eq!(
            found("x", &query),
            FindAnswer::BadPattern {
                why: "unclosed group".into()
            }
        );
        query.pattern = r"(\w{1000}){1000}".into();
        assert_eq!(found("x", &query), FindAnswer::PatternTooLarge);
        query.pattern = "x".repeat(MAX_PATTERN_BYTES + 1);
        assert_eq!(found("x", &query), FindAnswer::PatternTooLarge);
    }

    #[test]
    fn of_very_many_matches_the_newest_are_told_and_all_are_counted() {
        let text = "a".repeat(12_345);
        let FindAnswer::Found(found) = found(&text, &query("a")) else {
            panic!("nothing was found");
        };
        assert_eq!(found.total, 12_345);
        assert_eq!(found.matches.len(), MOST_MATCHES);
        let last = found.matches.last().unwrap();
        assert_eq!(last.start.row * 20 + last.start.column as u64, 12_344);
        // The answer fits into a frame.
        let bytes = serde_json::to_vec(&FindAnswer::Found(found)).unwrap();
        assert!(bytes.len() < 500_000, "{}", bytes.len());
    }
}
