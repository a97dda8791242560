//! Where a shell says that its prompts begin: OSC 133, the "semantic prompts" of FinalTerm.
//!
//! The marks are looked for by whoever goes from prompt to prompt; nothing of them is drawn. What
//! is kept is a bit of the line, which stays with it in the scrollback and in a snapshot. Source:
//! <https://gitlab.freedesktop.org/Per_Bothner/specifications/-/blob/master/proposals/semantic-prompts.md>.

use super::terminal::Terminal;

/// What a snapshot puts at the start of a line with a mark.
pub(super) const PROMPT_MARK: &str = "\x1b]133;A\x1b\\";

/// A prompt whose command has not been begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenPrompt {
    /// The absolute number of its first row.
    row: u64,
    /// That of the row in which what is typed begins.
    input_row: u64,
}

impl Terminal {
    /// OSC 133: `A`, `N` and `P` begin a prompt, `B` the input behind it, `C` the command's output
    /// and `D` ends it. Other prompts than the first of a command (`k=s`, `k=c`, `k=r`) are none
    /// to go to.
    pub(super) fn prompt_mark(&mut self, payload: &str) {
        if self.on_alternate {
            return;
        }
        let mut parts = payload.split(';');
        let row = self.cursor_row();
        match parts.next() {
            Some("A" | "N" | "P") => {
                if parts.any(|option| matches!(option, "k=s" | "k=c" | "k=r")) {
                    return;
                }
                self.row_mut().prompt = true;
                self.prompt = Some(OpenPrompt {
                    row,
                    input_row: row,
                });
            }
            Some("B") => {
                if let Some(prompt) = &mut self.prompt {
                    prompt.input_row = row;
                }
            }
            Some("C" | "D") => self.prompt = None,
            _ => {}
        }
    }

    /// The absolute number of the row with the prompt at which the cursor is now.
    pub(super) fn present_prompt(&self) -> Option<u64> {
        let prompt = self.prompt.filter(|_| !self.on_alternate)?;
        let first = self.cursor_row() - self.y as u64;
        let mut typed = prompt.input_row + 1..=self.cursor_row();
        let is_wrapped = |row: u64| {
            let y = row.checked_sub(first).map(|y| y as usize);
            y.is_none_or(|y| self.normal.rows[y].wrapped)
        };
        (prompt.input_row <= self.cursor_row() && typed.all(is_wrapped)).then_some(prompt.row)
    }

    /// The absolute number of the cursor's row, on the normal screen.
    fn cursor_row(&self) -> u64 {
        self.normal.dropped + (self.normal.history.len() + self.y) as u64
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::time::Instant;

    use super::super::{Screen, ScrollbackLimits};
    use crate::model::TerminalSize;

    const SIZE: TerminalSize = TerminalSize { cols: 20, rows: 5 };

    fn screen(stream: &str) -> Screen {
        let mut screen = Screen::new(SIZE, ScrollbackLimits::default());
        screen.feed(stream.as_bytes(), Instant::now());
        screen
    }

    /// The rows of the prompts that one can go to, and what they say.
    fn prompts(screen: &Screen) -> Vec<(u64, String)> {
        let lines = screen.logical_lines().filter(|line| line.prompt);
        lines.map(|line| (line.first_row, line.text)).collect()
    }

    /// A shell in which three commands were run.
    fn shell() -> String {
        let command = |n: u32| {
            format!(
                "\x1b]133;A\x07$ \x1b]133;B\x07run {n}\r\n\x1b]133;C\x07{}\x1b]133;D;0\x07",
                "out\r\n".repeat(4)
            )
        };
        format!(
            "{}\x1b]133;A\x07$ \x1b]133;B\x07",
            (1..=3).map(command).collect::<String>()
        )
    }

    fn of_the_shell() -> Vec<(u64, String)> {
        [(0, "$ run 1"), (5, "$ run 2"), (10, "$ run 3")]
            .map(|(n, text)| (n, text.into()))
            .into()
    }

    #[test]
    fn prompts_stay_marked_in_the_scrollback_and_in_a_snapshot() {
        let first = screen(&shell());
        assert_eq!(prompts(&first), of_the_shell());
        let snapshot = first.snapshot();
        let mut second = Screen::new(SIZE, ScrollbackLimits::default());
        second.feed(&snapshot.clone().into_stream(), Instant::now());
        assert_eq!(prompts(&second), of_the_shell());
        assert_eq!(second.snapshot(), snapshot);
    }

    #[test]
    fn the_prompt_at_which_one_is_counts_once_its_command_was_begun() {
        let mut screen = screen(&shell());
        let mut feed = |text: &str| {
            screen.feed(text.as_bytes(), Instant::now());
            prompts(&screen).len()
        };
        assert_eq!(feed("typed over more than a row of the screen"), 3);
        assert_eq!(feed("\r\n"), 4);
        // A prompt of two rows.
        assert_eq!(feed("\x1b]133;A\x07~/work\r\n> \x1b]133;B\x07ls"), 4);
        assert_eq!(feed("\x1b]133;C\x07"), 5);
    }

    #[test]
    fn further_lines_of_a_command_are_no_prompts() {
        let stream = "\x1b]133;A;cl=m;aid=7\x07$ a \\\r\n\x1b]133;A;k=s\x07> b\r\n\x1b]133;P;k=r\x07\x1b]133;C\x07";
        assert_eq!(prompts(&screen(stream)), [(0, "$ a \\".to_owned())]);
    }

    #[test]
    fn a_screen_that_was_cleared_has_no_prompts_but_one_whose_line_was_erased_has() {
        let marked = "\x1b]133;A\x07$ ls\r\n\x1b]133;C\x07out\r\n";
        for cleared in [
            "\x1b[H\x1b[2J",
            "\x1b[H\x1b[J",
            "\x1b[5;1H\x1b[1J",
            "\x1b[H\x1b[M",
            "\x1bc",
        ] {
            assert_eq!(prompts(&screen(&format!("{marked}{cleared}"))), []);
        }
        let again = format!("{marked}\x1b]133;A\x07$ l\r\x1b[K\x1b[J$ make\r\n");
        let lines = prompts(&screen(&again));
        assert_eq!(lines, [(0, "$ ls".to_owned()), (2, "$ make".to_owned())]);
    }

    #[test]
    fn prompts_stay_marked_when_the_lines_are_wrapped_anew() {
        let mut screen = screen(&format!(
            "{}\x1b]133;C\x07",
            shell().replace("run", "run this program")
        ));
        let names = |screen: &Screen| {
            prompts(screen)
                .into_iter()
                .map(|(_, text)| text)
                .collect::<Vec<_>>()
        };
        let before = names(&screen);
        assert_eq!(before.len(), 4);
        for cols in [8, 60, 20] {
            screen.resize(TerminalSize { cols, rows: 5 });
            assert_eq!(names(&screen), before, "{cols} columns");
        }
    }
}
