//! What is selected in a terminal, while its program goes on writing.

use std::fs;

use crate::clipboard::{copy, wait_until_copied};
use crate::window::{App, Cell, SLOW, World, wait_for};

/// More than is followed, over and over in one line.
const FLOOD: &str =
    r#"yes "$(printf '%060d\r' 0)" | tr -d '\n' | head -c 20000000; printf "\r\033[K""#;

/// Opens a shell in which the program of these steps is running; each waits for [`go`].
fn run_steps(world: &World, app: &App<'_>, steps: &[(&str, &str)]) {
    app.open_shell();
    let script: String = steps
        .iter()
        .map(|(name, commands)| match *name {
            "" => format!("{commands}\n"),
            name => {
                format!("until [ -e {name} ]; do sleep 0.05; done\n{commands}\ntouch {name}-done\n")
            }
        })
        .collect();
    fs::write(world.workspace.join("steps.sh"), script).unwrap();
    app.run("clear; . ./steps.sh");
}

/// Lets the program make its next step, and waits until that is made and seen.
#[track_caller]
fn go(world: &World, app: &App<'_>, step: &str) {
    start(world, step);
    made(world, app, step);
}

#[track_caller]
fn start(world: &World, step: &str) {
    fs::write(world.workspace.join(step), "").unwrap();
}

#[track_caller]
fn made(world: &World, app: &App<'_>, step: &str) {
    let done = world.workspace.join(format!("{step}-done"));
    wait_for(&format!("{step} to be over"), 4 * SLOW, || {
        match done.exists() {
            true => Ok(()),
            false => Err("not yet".to_owned()),
        }
    });
    app.settled();
}

/// Copies what is selected by the keyboard: exactly this.
#[track_caller]
fn copies(world: &World, app: &App<'_>, text: &str) {
    copy(world, "clipboard", "something else");
    app.key("ctrl+shift+c");
    wait_until_copied(world, "clipboard", text);
}

/// Waits until nothing is selected: the menu offers no copy, and the keys copy nothing.
#[track_caller]
fn nothing_is_selected(world: &World, app: &App<'_>) {
    app.press("3");
    wait_for("nothing to copy", SLOW, || {
        let copying = app.find("menuitem", "Copy");
        match app.web().attribute(&copying, "aria-disabled")?.as_deref() {
            Some("true") => Ok(()),
            _ => Err("something is selected".to_owned()),
        }
    });
    app.key("Escape");
    copy(world, "clipboard", "something else");
    app.key("ctrl+shift+c");
    app.settled();
    assert_eq!(world.display.copied("clipboard"), "something else");
}

#[test]
fn what_is_selected_stays_the_same_text_while_the_program_writes() {
    let world = World::new("selection");
    let app = world.open_workspace();
    let flood = format!("seq 1 3000; {FLOOD}");
    run_steps(
        &world,
        &app,
        &[
            ("", "echo first line to select; echo second one"),
            ("little", "echo more; echo and more"),
            ("screenful", "seq 1 200"),
            ("flood", &flood),
            ("beyond", "seq 1 30000"),
        ],
    );
    app.wait_for_text("second one");
    let start = app.cell_of("line to");
    app.drag(start, start.and(6, 1));
    let selected = "line to select\nsecond one";
    copies(&world, &app, selected);
    for step in ["little", "screenful", "flood"] {
        go(&world, &app, step);
        copies(&world, &app, selected);
    }
    // Its lines leave the scrollback: nothing else is selected in their place.
    go(&world, &app, "beyond");
    nothing_is_selected(&world, &app);
}

#[test]
fn a_word_of_the_oldest_line_is_not_the_next_line_s_when_that_leaves() {
    let world = World::new("selection-oldest");
    let app = world.open_workspace();
    run_steps(
        &world,
        &app,
        &[
            ("", "seq -f 'the %gth line' 1 20000"),
            ("one", "echo more"),
            ("two", "echo more"),
        ],
    );
    app.wait_for_text("the 20000th line");
    app.settled();
    let up = [
        "key",
        "--repeat",
        "320",
        "--repeat-delay",
        "8",
        "shift+Prior",
    ];
    world.display.xdotool(&up).unwrap();
    let oldest = wait_for("the oldest line in sight", SLOW, || {
        match app.viewer()?.top {
            0 => app.drawn_rows(),
            top => Err(top.to_string()),
        }
    });
    let next = oldest[1].trim_end().to_owned();
    let top = Cell { column: 4, row: 0 };
    app.drag(top, top.and(3, 1));
    copies(
        &world,
        &app,
        &format!("{}\n{}", &oldest[0].trim_end()[4..], &next[..8]),
    );
    // The first of two lines leaves.
    go(&world, &app, "one");
    copies(&world, &app, &next[..8]);
    // And a word whose only line does.
    app.point(top.and(1, 0));
    app.press_times(2);
    let word = next.split(' ').nth(1).unwrap();
    copies(&world, &app, word);
    go(&world, &app, "two");
    nothing_is_selected(&world, &app);
}

#[test]
fn what_is_selected_in_a_flood_is_selected_after_it() {
    let world = World::new("selection-flood");
    let app = world.open_workspace();
    let endless = r#"flood=$(for n in $(seq 2000); do printf '%060d\r' "$n"; done)
echo words to keep
until [ -e scroll ]; do printf %s "$flood"; done"#;
    let scroll = format!("seq 1 500; {FLOOD}");
    let again = format!("{FLOOD}; echo");
    let steps = [
        ("", endless),
        ("scroll", &scroll),
        ("again", &again),
        ("end", ":"),
    ];
    run_steps(&world, &app, &steps);
    let start = app.cell_of("words to keep");
    app.drag(start.and(6, 0), start.and(12, 0));
    wait_until_copied(&world, "primary", "to keep");
    // It is not on the screens that are painted then, only in the scrollback at the end.
    go(&world, &app, "scroll");
    copies(&world, &app, "to keep");
    // Who is selecting goes on, from the same word to what is under the pointer: one line has come.
    let first = app.cell_of("490");
    app.drag_while(first, first.and(2, 2), || go(&world, &app, "again"));
    copies(&world, &app, "490\n491\n492\n493");
}

#[test]
fn a_selection_and_a_rectangle_stay_the_same_text_in_a_lower_and_a_higher_window() {
    let world = World::new("selection-height");
    let app = world.open_workspace();
    run_steps(
        &world,
        &app,
        &[
            ("", "seq -f 'line %g of them' 101 120"),
            ("more", "seq -f 'line %g of them' 121 140"),
        ],
    );
    app.wait_for_text("line 120");
    let rows = app.viewer().unwrap().rows;
    let window = app.window_size();
    let first = app.cell_of("line 103");
    let lines = "103 of them\nline 104 of them\nline 105";
    app.drag(first.and(5, 0), first.and(7, 2));
    copies(&world, &app, lines);
    change_height(&app, window, 0.5, |now| now < rows);
    copies(&world, &app, lines);
    change_height(&app, window, 1.0, |now| now == rows);
    copies(&world, &app, lines);

    let corner = app.cell_of("line 110");
    let column = "110\n111\n112";
    // With Ctrl as well: by Alt alone window managers move the window.
    app.holding("ctrl", || {
        app.holding("alt", || app.drag(corner.and(5, 0), corner.and(7, 2)));
    });
    copies(&world, &app, column);
    go(&world, &app, "more");
    copies(&world, &app, column);
    change_height(&app, window, 0.6, |now| now < rows);
    copies(&world, &app, column);
}

/// Makes the window so many times as high as it was, and waits for the rows that this brings.
#[track_caller]
fn change_height(
    app: &App<'_>,
    (width, height): (u32, u32),
    times: f64,
    fits: impl Fn(u16) -> bool,
) {
    app.resize_window((width, (f64::from(height) * times) as u32));
    wait_for("the rows of another height", SLOW, || {
        match app.viewer()?.rows {
            rows if fits(rows) => Ok(()),
            rows => Err(format!("{rows} rows")),
        }
    });
    app.settled();
}

#[test]
fn in_the_alternate_screen_a_selection_stays_until_its_text_changes() {
    let world = World::new("selection-alternate");
    let app = world.open_workspace();
    let frame = |clock: u8, word: &str| {
        format!(r"printf '\033[H\033[2J\033[2;3Htime {clock}\033[5;3Hthe {word} here'")
    };
    run_steps(
        &world,
        &app,
        &[
            ("", &format!(r"printf '\033[?1049h'; {}", frame(1, "word"))),
            ("again", &frame(2, "word")),
            ("other", &frame(3, "text")),
        ],
    );
    app.wait_for_text("time 1");
    let word = app.cell_of("word here");
    app.drag(word, word.and(3, 0));
    copies(&world, &app, "word");
    go(&world, &app, "again");
    app.wait_for_text("time 2");
    copies(&world, &app, "word");
    go(&world, &app, "other");
    app.wait_for_text("time 3");
    nothing_is_selected(&world, &app);
}
