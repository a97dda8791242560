//! What the terminal in the window shows, as `ui/src/terminal/inspect.ts` describes it.

use serde::Deserialize;

/// The viewer's buffer: two of them are equal when every cell, the cursor and the modes are.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Viewer {
    pub cols: u16,
    pub rows: u16,
    pub alternate: bool,
    pub cursor: Cursor,
    /// Lines in the buffer, scrollback and screen.
    pub length: usize,
    /// The first of them that is seen.
    pub top: usize,
    pub modes: serde_json::Value,
    pub keyboard: Keyboard,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Cursor {
    pub x: u16,
    pub y: u16,
}

/// What the program asked the keyboard for.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Keyboard {
    /// The flags of the kitty keyboard protocol.
    pub flags: u8,
    /// The level of modifyOtherKeys.
    pub other_keys: u8,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Line {
    pub text: String,
    pub wrapped: bool,
    /// Characters, width in columns, colours and attributes.
    pub cells: Vec<(String, u8, String)>,
}

impl Viewer {
    /// The lines as a person reads them, one below the other.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.text.as_str()).collect();
        lines.join("\n")
    }

    /// Whether the text stands there, wherever the program broke its lines.
    pub fn shows(&self, text: &str) -> bool {
        squeezed(&self.text()).contains(&squeezed(text))
    }

    /// The first difference to another viewer in words, for a test's message.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if (self.cols, self.rows) != (other.cols, other.rows) {
            return Some(format!(
                "{}×{} against {}×{}",
                self.cols, self.rows, other.cols, other.rows
            ));
        }
        for (number, (left, right)) in self.lines.iter().zip(&other.lines).enumerate() {
            if left == right {
                continue;
            }
            let column = left
                .cells
                .iter()
                .zip(&right.cells)
                .position(|(left, right)| left != right);
            return Some(match column {
                Some(column) => format!(
                    "line {number}, column {column}: {:?} against {:?}\n{}\n{}",
                    left.cells[column], right.cells[column], left.text, right.text
                ),
                None => format!("line {number}:\n{left:?}\n{right:?}"),
            });
        }
        if self == other {
            return None;
        }
        Some(format!(
            "cursor {:?}, {} lines, alternate {}, {} against cursor {:?}, {} lines, alternate {}, {}",
            self.cursor,
            self.length,
            self.alternate,
            self.modes,
            other.cursor,
            other.length,
            other.alternate,
            other.modes
        ))
    }
}

/// A text without its white space: a program's line breaks depend on the width of the window.
pub fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}
