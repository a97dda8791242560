//! The mouse in a terminal: what a program that asks for it is told, and what stays the person's.

use crate::clipboard::{copy, wait_until_copied};
use crate::listener::Listener;
use crate::window::{App, Cell, QUICK, Wheel, World, wait_for};

/// A report as SGR writes it (mode 1006), with the escape character as E.
fn report(code: u16, cell: Cell, end: char) -> String {
    format!("E[<{code};{};{}{end}", cell.column + 1, cell.row + 1)
}

/// Does something with the mouse: the program is told exactly this.
#[track_caller]
fn tells(program: &Listener<'_>, what: &str, wanted: &str, act: impl FnOnce()) {
    let before = program.heard();
    act();
    program.wait_until_heard(what, &format!("{before}{wanted}"));
}

/// What the program was told since, once it ends so.
#[track_caller]
fn told_since(program: &Listener<'_>, before: &str, end: &str) -> String {
    wait_for(&format!("reports up to {end}"), QUICK, || {
        let heard = program.heard();
        let since = heard.strip_prefix(before).unwrap_or(&heard);
        if since.ends_with(end) {
            Ok(since.to_owned())
        } else {
            Err(since.to_owned())
        }
    })
}

/// Whether `reports` are moves with this code from one cell along its row to another.
fn are_moves(reports: &str, code: u16) -> bool {
    let start = format!("E[<{code};");
    !reports.is_empty()
        && reports
            .split_inclusive('M')
            .all(|report| report.starts_with(&start) && report.ends_with('M'))
}

#[test]
fn a_program_that_asks_for_the_mouse_is_told_what_it_asked_for() {
    let world = World::new("mouse");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    program.write("\x1b[2J\x1b[10;10Hhere", "");
    let here = app.cell_of("here");
    let there = here.and(12, 3);

    // Clicks and the wheel.
    program.write("\x1b[?1000h\x1b[?1006h", "");
    app.point(here);
    let click = |code| report(code, here, 'M') + &report(code, here, 'm');
    for (button, code) in [("1", 0), ("2", 1), ("3", 2)] {
        tells(&program, button, &click(code), || app.press(button));
    }
    tells(&program, "Ctrl", &click(16), || {
        app.holding("ctrl", || app.press("1"));
    });
    for (way, code) in [(Wheel::Up, 64), (Wheel::Down, 65)] {
        tells(&program, "the wheel", &report(code, here, 'M'), || {
            app.turn(way);
        });
    }
    let ends = report(0, here, 'M') + &report(0, there, 'm');
    tells(&program, "a drag without 1002", &ends, || {
        app.drag(here, there);
    });

    // Drags: a move for each cell on the way.
    program.write("\x1b[?1002h", "");
    let before = program.heard();
    app.drag(here, there);
    let told = told_since(&program, &before, &report(0, there, 'm'));
    let moves = told.strip_prefix(&report(0, here, 'M')).unwrap();
    let moves = moves.strip_suffix(&report(0, there, 'm')).unwrap();
    assert!(are_moves(moves, 32), "{told}");
    assert!(moves.ends_with(&report(32, there, 'M')), "{told}");

    // Every move.
    program.write("\x1b[?1003h", "");
    let before = program.heard();
    app.point(here);
    let told = told_since(&program, &before, &report(35, here, 'M'));
    assert!(are_moves(&told, 35), "{told}");

    // Nothing more, once it does not want it.
    program.write("\x1b[?1003l", "");
    tells(&program, "nothing", "z", || {
        app.press("1");
        app.turn(Wheel::Up);
        app.key("z");
    });
}

#[test]
fn with_shift_the_mouse_selects_although_the_program_has_it() {
    let world = World::new("mouse-shift");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    program.write(
        "\x1b[?1049h\x1b[2J\x1b[10;10Ha word to copy\x1b[?1003h\x1b[?1006h",
        "",
    );
    let start = app.cell_of("word");
    app.holding("shift", || app.drag(start, start.and(6, 0)));
    wait_until_copied(&world, "primary", "word to");

    // The program hears of every move, and the selection stays what it is.
    let before = program.heard();
    app.point(start.and(20, 4));
    told_since(&program, &before, &report(35, start.and(20, 4), 'M'));
    app.key("ctrl+shift+c");
    wait_until_copied(&world, "clipboard", "word to");

    // The middle button is the program's, with Shift it pastes.
    let before = program.heard();
    app.holding("shift", || app.press("2"));
    told_since(&program, &before, "word to");

    // The wheel is, too; with Shift it scrolls, and who moves the mouse stays there.
    program.write(&format!("\x1b[?1049l{}", lines()), "");
    let top = app.viewer().unwrap().top;
    app.holding("shift", || app.turn(Wheel::Up));
    wait_until_scrolled(&app, top - 3);
    let before = program.heard();
    app.point(start);
    told_since(&program, &before, &report(35, start, 'M'));
    wait_until_scrolled(&app, top - 3);
}

/// More lines than a screen has.
fn lines() -> String {
    (1..=200).map(|n| format!("{n}-th line\r\n")).collect()
}

#[track_caller]
fn wait_until_scrolled(app: &App<'_>, top: usize) {
    wait_for(&format!("line {top} at the top"), QUICK, || {
        let now = app.viewer()?.top;
        if now == top {
            Ok(())
        } else {
            Err(now.to_string())
        }
    });
}

#[test]
fn where_nothing_can_be_scrolled_the_wheel_is_the_arrow_keys() {
    let world = World::new("wheel-arrows");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    program.write("\x1b[?1049h\x1b[2J\x1b[5;5Hhere", "");
    app.point(app.cell_of("here"));
    let up = "E[AE[AE[A";
    let down = "E[BE[BE[B";
    tells(&program, "up", up, || app.turn(Wheel::Up));
    tells(&program, "down", down, || app.turn(Wheel::Down));
    program.write("\x1b[?1h", "");
    tells(&program, "up", "EOAEOAEOA", || app.turn(Wheel::Up));
    program.write("\x1b[?1l", "");

    // It may not want that (mode 1007), and another window knows it.
    program.write("\x1b[?1007l", "");
    tells(&program, "nothing", "x", || {
        app.turn(Wheel::Up);
        app.key("x");
    });
    app.web().execute("location.reload()", &[]).unwrap();
    app.click("tab", "Shell 1");
    app.point(app.cell_of("here"));
    tells(&program, "nothing", "y", || {
        app.turn(Wheel::Down);
        app.key("y");
    });
    program.write("\x1b[?1007h", "");
    tells(&program, "down", down, || app.turn(Wheel::Down));

    // In the scrollback's screen it scrolls as far, and says nothing.
    program.write(&format!("\x1b[?1049l{}", lines()), "");
    let top = app.viewer().unwrap().top;
    for notch in 1..=4 {
        tells(&program, "nothing", "", || app.turn(Wheel::Up));
        wait_until_scrolled(&app, top - 3 * notch);
    }
    // Whoever types is at the bottom again.
    tells(&program, "a key", "z", || app.key("z"));
    assert_eq!(app.viewer().unwrap().top, top);
}

/// What is selected in the terminal in front, as it is drawn.
fn drawn_selection(app: &App<'_>) -> Result<usize, String> {
    let boxes = "return document.querySelectorAll( \
        '.terminals .screen:not([hidden]) .xterm-selection > div').length";
    let count = app.web().execute(boxes, &[])?;
    Ok(usize::try_from(count.as_u64().unwrap_or(0)).unwrap_or(0))
}

#[test]
fn what_the_mouse_selects_is_copied_and_pasted() {
    let world = World::new("mouse-select");
    let app = world.open_workspace();
    app.open_shell();
    app.run("clear; echo 'some words, (and) /a/path.txt'; echo second line; seq -s ' ' 100");
    app.wait_for_text("99 100");
    let words = app.cell_of("some words, (and)");
    app.drag(words, words.and(9, 0));
    wait_until_copied(&world, "primary", "some words");
    copy(&world, "clipboard", "something else");
    app.key("ctrl+shift+c");
    wait_until_copied(&world, "clipboard", "some words");

    // Over several lines.
    app.drag(words.and(5, 0), words.and(5, 1));
    wait_until_copied(&world, "primary", "words, (and) /a/path.txt\nsecond");

    // Twice for a word, three times for the line as the program wrote it.
    app.point(words.and(6, 0));
    app.press_times(2);
    wait_until_copied(&world, "primary", "words");
    let path = app.cell_of("/a/path.txt");
    app.point(path.and(4, 0));
    app.press_times(2);
    wait_until_copied(&world, "primary", "/a/path.txt");
    app.point(app.cell_of("1 2 3 4 5"));
    app.press_times(3);
    let all: Vec<String> = (1..=100).map(|n| n.to_string()).collect();
    wait_until_copied(&world, "primary", &all.join(" "));

    // A click takes the selection back, but not what was copied; the middle button pastes it.
    app.point(path);
    app.press_times(2);
    wait_until_copied(&world, "primary", "/a/path.txt");
    app.point(path.and(30, 0));
    app.press("1");
    wait_for("nothing to be selected", QUICK, || {
        match drawn_selection(&app)? {
            0 => Ok(()),
            boxes => Err(format!("{boxes} boxes")),
        }
    });
    app.type_keys("echo pasted:");
    app.press("2");
    app.wait_for_text("echo pasted:/a/path.txt");
    let pasted = app.settled();
    assert_eq!(pasted.text().matches("pasted:/a/path.txt").count(), 1);
    assert!(!pasted.text().contains("/a/path.txt/a/path.txt"));
}

#[test]
fn the_right_button_opens_a_menu_that_copies_and_pastes() {
    let world = World::new("terminal-menu");
    let app = world.open_workspace();
    app.open_shell();
    app.run("clear; echo a wo''rd and more");
    let words = app.cell_of("a word and");
    copy(&world, "clipboard", "pasted words");

    // Nothing is selected yet.
    app.point(words);
    app.press("3");
    let copying = app.find("menuitem", "Copy");
    let disabled = app.web().attribute(&copying, "aria-disabled").unwrap();
    assert_eq!(disabled.as_deref(), Some("true"));
    app.click("menuitem", "Paste");
    app.wait_for_text("# pasted words");

    app.drag(words.and(2, 0), words.and(5, 0));
    app.point(words.and(4, 0));
    app.press("3");
    app.click("menuitem", "Copy");
    wait_until_copied(&world, "clipboard", "word");

    // The terminal has the keyboard again.
    app.type_keys("-typed");
    app.wait_for_text("# pasted words-typed");
    app.press("3");
    app.find("menuitem", "Find in the terminal");
    app.key("Escape");
    app.type_keys("-again");
    app.wait_for_text("# pasted words-typed-again");
}
