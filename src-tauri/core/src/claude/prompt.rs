//! Claude Code's prompt, read from the screen.
//!
//! Seen with 2.1.200 and 2.1.329, in both displays: the prompt stands between two rules of
//! `\u{2500}` across the screen (the upper one may carry a name). Its first row begins with `\u{276f}`
//! and a space, in shell mode with `!`; further rows are indented by two cells. Of a long text
//! only the rows around the cursor are shown, and the upper rule says `\u{2191} 2 more`. The terminal's
//! cursor, hidden, stands in it; the CLI draws another, inverse. A placeholder is faint. While a
//! permission prompt, a question or a dialog is open, there is no such box around the cursor.
//! While a command's name stands in it, the commands that it may become are listed right above
//! it; one with `\u{276f}` before it is what Enter runs. After a name its arguments are hinted at,
//! faint.
//! An Esc before any reply puts the sent text back: it is a draft like any other.

use crate::model::{Prompt, ScreenText, TextCell};

/// The most rows a prompt takes: the CLI scrolls within it.
const MAX_ROWS: usize = 60;
/// The most rows above it that list commands.
const MAX_LISTED_ROWS: usize = 24;

/// What the prompt on this screen shows.
pub fn read(screen: &ScreenText) -> Prompt {
    let Some(PromptBox {
        above,
        top,
        rows,
        bottom,
    }) = box_around(screen)
    else {
        return Prompt::Hidden;
    };
    let Some((first, more)) = rows.split_first() else {
        return Prompt::Hidden;
    };
    let lines = || {
        let lines: Vec<String> = rows
            .iter()
            .map(|row| typed_text(&row[row.len().min(2)..]))
            .collect();
        lines.join("\n").trim_end().to_owned()
    };
    let indented = |row: &Vec<TextCell>| row.iter().take(2).all(is_blank);
    if counts_more(top, "\u{2191}") && rows.iter().all(indented) {
        return Prompt::PartOfDraft {
            part: lines(),
            // Where the lower rule has no room, the last row may have none either.
            is_end: !bottom.is_empty() && !counts_more(bottom, "\u{2193}"),
        };
    }
    let glyph = first.first().map_or("", |cell| cell.text.as_str());
    let spaced = first.get(1).is_none_or(is_blank);
    let in_shell_mode = glyph == "!";
    if !(in_shell_mode || matches!(glyph, "\u{276f}" | ">")) || !spaced {
        return Prompt::Hidden;
    }
    if !more.iter().all(indented) {
        return Prompt::Hidden;
    }
    if counts_more(bottom, "\u{2193}") {
        return Prompt::PartOfDraft {
            part: lines(),
            is_end: false,
        };
    }
    let typed = || rows.iter().flat_map(|row| row.iter().skip(2));
    if in_shell_mode {
        return Prompt::Shell(lines());
    }
    let seen = |cell: &&TextCell| !is_blank(cell);
    let solid = typed()
        .filter(seen)
        .any(|cell| !cell.faint && !cell.inverse);
    let faint = typed().filter(seen).any(|cell| cell.faint && !cell.inverse);
    // The drawn cursor may stand on the first letter of a placeholder, or on the only one of
    // a draft.
    let under_cursor = typed().filter(seen).any(|cell| cell.inverse);
    if solid || (under_cursor && !faint) {
        let draft = lines();
        match completion(&screen.rows, above, &draft) {
            Some(to) => Prompt::Completing { draft, to },
            None if one_is_aside(&screen.rows, above) => Prompt::SecondDraft(draft),
            None => Prompt::Draft(draft),
        }
    } else if is_behind_blanks(rows) {
        Prompt::Draft(lines())
    } else {
        Prompt::Empty
    }
}

/// Whether the drawn cursor stands behind spaces or blank lines: that is a draft, too.
fn is_behind_blanks(rows: &[Vec<TextCell>]) -> bool {
    let cursor = rows.iter().enumerate().find_map(|(y, row)| {
        let x = row.iter().position(|cell| cell.inverse)?;
        Some((x, y))
    });
    cursor.is_some_and(|(x, y)| x > 2 || y > 0)
}

/// The prompt on the screen.
struct PromptBox<'a> {
    /// How many rows there are above it.
    above: usize,
    top: &'a [TextCell],
    rows: &'a [Vec<TextCell>],
    bottom: &'a [TextCell],
}

/// The two rules around the cursor, and the rows between them.
fn box_around(screen: &ScreenText) -> Option<PromptBox<'_>> {
    let (_, y) = screen.cursor;
    let above = screen.rows.get(..y)?;
    let top = above.iter().rposition(|row| is_rule(row))?;
    let below = screen.rows.get(y..)?;
    // On a small screen the lower rule has no room.
    let bottom = below
        .iter()
        .position(|row| is_rule(row))
        .map_or(screen.rows.len(), |rule| y + rule);
    (bottom - top <= MAX_ROWS).then_some(())?;
    Some(PromptBox {
        above: top,
        top: screen.rows.get(top)?,
        rows: screen.rows.get(top + 1..bottom)?,
        bottom: screen.rows.get(bottom).map_or(&[], Vec::as_slice),
    })
}

/// Whether the row above says that a draft was put aside.
fn one_is_aside(rows: &[Vec<TextCell>], above: usize) -> bool {
    let row = above.checked_sub(1).and_then(|y| rows.get(y));
    row.is_some_and(|row| text_of(row).ends_with("draft stashed"))
}

/// The other command that Enter makes of a command's name.
fn completion(rows: &[Vec<TextCell>], above: usize, draft: &str) -> Option<String> {
    let name = draft.trim();
    if !name.starts_with('/') || name.contains(char::is_whitespace) {
        return None;
    }
    let listed = rows.get(above.saturating_sub(MAX_LISTED_ROWS)..above)?;
    let mut listed = listed.iter().rev().map(|row| text_of(row));
    let chosen = listed.find_map(|row| {
        let row = row.strip_prefix("  \u{276f} ")?.trim_start();
        row.starts_with('/').then(|| row.to_owned())
    })?;
    let mut words = chosen.split_whitespace();
    let to = words.next()?;
    // Another name of the same command stands in brackets behind it.
    let also = words
        .next()
        .filter(|word| word.starts_with('('))
        .is_some_and(|word| word.trim_matches(['(', ')']) == name.trim_start_matches('/'));
    (to != name && !also).then(|| to.to_owned())
}

/// Whether a rule says that there are more rows in this direction.
fn counts_more(rule: &[TextCell], arrow: &str) -> bool {
    rule.iter().any(|cell| cell.text == arrow)
}

/// Whether a row is a rule across the screen, possibly with a name in it.
fn is_rule(row: &[TextCell]) -> bool {
    let is_line = |cell: &&TextCell| cell.text == "\u{2500}";
    row.first().is_some_and(|cell| is_line(&cell))
        && row.iter().filter(is_line).count() * 2 >= row.len()
}

fn is_blank(cell: &TextCell) -> bool {
    cell.text.chars().all(char::is_whitespace)
}

/// What was typed of this row: hints are no part of it.
fn typed_text(cells: &[TextCell]) -> String {
    let typed = |cell: &TextCell| {
        if cell.faint && !cell.inverse {
            " ".to_owned()
        } else {
            cell.text.clone()
        }
    };
    let text: String = cells.iter().map(typed).collect();
    text.trim_end().to_owned()
}

fn text_of(cells: &[TextCell]) -> String {
    let text: String = cells.iter().map(|cell| cell.text.as_str()).collect();
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 24;

    /// A row: `~` before a character makes it faint, `^` inverse.
    fn row(text: &str) -> Vec<TextCell> {
        let mut cells = Vec::new();
        let (mut faint, mut inverse) = (false, false);
        for char in text.chars() {
            match char {
                '~' => faint = true,
                '^' => inverse = true,
                char => cells.push(TextCell {
                    text: char.to_string(),
                    faint: std::mem::take(&mut faint),
                    inverse: std::mem::take(&mut inverse),
                }),
            }
        }
        let blank = TextCell {
            text: " ".into(),
            faint: false,
            inverse: false,
        };
        cells.resize(WIDTH, blank);
        cells
    }

    fn screen(rows: &[&str], y: usize) -> ScreenText {
        let rule = "\u{2500}".repeat(WIDTH);
        let rows = rows
            .iter()
            .map(|text| row(if *text == "--" { &rule } else { text }))
            .collect();
        ScreenText {
            rows,
            cursor: (2, y),
        }
    }

    fn prompt(rows: &[&str]) -> Prompt {
        let mut all = vec!["\u{276f} said before", "", "--"];
        all.extend(rows);
        all.extend(["--", "  ? for shortcuts"]);
        read(&screen(&all, 3))
    }

    #[test]
    fn what_was_typed_is_told_from_what_is_only_shown() {
        for (rows, expected) in [
            (vec!["\u{276f} ^ "], Prompt::Empty),
            (vec!["\u{276f} "], Prompt::Empty),
            (vec!["\u{276f}   ^ "], Prompt::Draft(String::new())),
            (vec!["\u{276f} ", "  ^ "], Prompt::Draft(String::new())),
            (vec!["> ^T~r~y~ ~t~h~i~s"], Prompt::Empty),
            (vec!["\u{276f} ~T~r~y"], Prompt::Empty),
            (vec!["\u{276f} hello^ "], Prompt::Draft("hello".into())),
            (vec!["\u{276f} ^h"], Prompt::Draft("h".into())),
            (vec!["\u{276f} ^hello"], Prompt::Draft("hello".into())),
            (
                vec!["\u{276f} one", "  two^ "],
                Prompt::Draft("one\ntwo".into()),
            ),
            (vec!["! ^ "], Prompt::Shell(String::new())),
            (vec!["! ls^ "], Prompt::Shell("ls".into())),
        ] {
            assert_eq!(prompt(&rows), expected, "{rows:?}");
        }
    }

    #[test]
    fn a_hint_behind_a_commands_name_is_not_typed() {
        let hinted = "\u{276f} /plan ^ ~[~x~]";
        assert_eq!(prompt(&[hinted]), Prompt::Draft("/plan".into()));
    }

    #[test]
    fn a_name_that_enter_would_complete_is_told() {
        let read_under = |listed: &[&str], typed: &str| {
            let typed = format!("\u{276f} {typed}^ ");
            let mut all = vec!["\u{276f} /said before", ""];
            all.extend(listed);
            let y = all.len() + 1;
            all.extend(["--", &typed, "--"]);
            read(&screen(&all, y))
        };
        let plan = Prompt::Draft("/plan".into());
        let listed = [
            "  \u{276f} /plan   does it",
            "    in two rows",
            "  /plan-all   more",
        ];
        assert_eq!(read_under(&listed, "/plan"), plan);
        assert_eq!(read_under(&listed[2..], "/plan"), plan, "none is chosen");
        assert_eq!(read_under(&["  \u{276f} /do (plan) it"], "/plan"), plan);
        let more = Prompt::Completing {
            draft: "/pl".into(),
            to: "/plan".into(),
        };
        assert_eq!(read_under(&listed, "/pl"), more);
        assert!(!more.holds("/pl"));
        assert!(read_under(&listed, "/pl it").holds("/pl it"));
    }

    #[test]
    fn a_draft_beside_one_that_was_put_aside_is_told() {
        let rows = ["        draft stashed", "--", "\u{276f} two^ ", "--"];
        let second = read(&screen(&rows, 2));
        assert_eq!(second, Prompt::SecondDraft("two".into()));
        assert!(second.holds("two"));
    }

    #[test]
    fn of_emoji_and_spaces_nothing_is_expected() {
        let draft = Prompt::Draft("a \u{1f468}\u{200d} b".into());
        assert!(draft.holds("a \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} b"));
        assert!(!draft.holds("a \u{1f468}\u{200d} c"));
    }

    #[test]
    fn a_dialog_in_its_place_is_no_prompt() {
        let dialog = [
            "--",
            " Bash command",
            " touch a",
            " Do you want to proceed?",
            " \u{276f} 1. Yes",
            "   2. No",
            "",
            " Esc to cancel",
        ];
        assert_eq!(read(&screen(&dialog, 4)), Prompt::Hidden);
        let boxed = [&dialog[..], &["--"]].concat();
        assert_eq!(read(&screen(&boxed, 4)), Prompt::Hidden);
        assert_eq!(read(&ScreenText::default()), Prompt::Hidden);
        assert_eq!(read(&screen(&["--"], 70)), Prompt::Hidden);
    }

    #[test]
    fn on_a_small_screen_the_lower_rule_has_no_room() {
        let rows = ["--", "\u{276f} hello", "  there^ "];
        assert_eq!(
            read(&screen(&rows, 2)),
            Prompt::Draft("hello\nthere".into())
        );
        let dialog = ["--", " Bash command", " \u{276f} 1. Yes", "   2. No"];
        assert_eq!(read(&screen(&dialog, 2)), Prompt::Hidden);
    }

    #[test]
    fn a_rule_may_carry_a_name() {
        let named = "\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500} my work \u{2500}\u{2500}";
        let rows = [named, "\u{276f} x", "--"];
        assert_eq!(read(&screen(&rows, 1)), Prompt::Draft("x".into()));
    }

    #[test]
    fn of_a_long_text_its_end_is_known() {
        let up = "\u{2500}\u{2500} \u{2191} 2 more \u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}";
        let down = up.replace('\u{2191}', "\u{2193}");
        let end = read(&screen(&[up, "  and more", "  of it^ ", "--"], 2));
        let part = "and more\nof it".to_owned();
        assert_eq!(end, Prompt::PartOfDraft { part, is_end: true });
        assert!(end.holds("first and more of it"));
        assert!(!end.holds("first and more of it."));
        for rows in [
            [up, "  and more", "  of it", &down],
            ["--", "\u{276f} and more", "  of it", &down],
        ] {
            let middle = read(&screen(&rows, 1));
            assert!(matches!(&middle, Prompt::PartOfDraft { is_end: false, .. }));
            assert!(middle.holds("first and more of it and the rest"));
            assert!(!middle.holds("first and less of it"));
        }
        let cut = read(&screen(&[up, "  and more", "  of it"], 2));
        assert!(cut.holds("first and more of it and the rest"));
    }

    #[test]
    fn a_text_is_known_again_across_the_rows_it_was_wrapped_into() {
        let draft = Prompt::Draft("/gsd:new-milestone\n.milestones/1/X.md".into());
        assert!(draft.holds("/gsd:new-milestone .milestones/1/X.md"));
        assert!(!draft.holds("/gsd:new-milestone .milestones/2/X.md"));
        assert!(!Prompt::Empty.holds(""));
    }
}
