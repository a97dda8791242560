//! More output than anybody reads, in front and behind: what the window is given of it.

use std::fs;
use std::ops::RangeInclusive;

use crate::window::{App, SLOW, World, living_in, program_of, wait_for};

/// The beginning of a command line that waits for [`let_go`].
const WHEN_TOLD: &str = "while [ ! -e go ]; do sleep 0.1; done";

/// How many bytes the app has read so far, from hosts and everything else.
fn read_by_app(world: &World) -> u64 {
    let program = world.app_program();
    let home = std::path::PathBuf::from(world.get("HOME"));
    let pid = living_in(&home)
        .into_iter()
        .find(|pid| program_of(*pid).as_ref() == Some(&program))
        .expect("the app runs");
    let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap();
    let line = io.lines().find(|line| line.starts_with("rchar:")).unwrap();
    line["rchar:".len()..].trim().parse().unwrap()
}

/// Ends what a command line waits for that begins with [`WHEN_TOLD`], and waits until it has made the file `over`.
#[track_caller]
fn let_go(world: &World) {
    fs::write(world.workspace.join("go"), "").unwrap();
    let over = world.workspace.join("over");
    wait_for("the flood's end", 4 * SLOW, || match over.exists() {
        true => Ok(()),
        false => Err("not yet".to_owned()),
    });
}

#[test]
fn a_hidden_terminal_that_floods_sends_the_window_nothing_and_is_present_when_shown() {
    let world = World::new("hidden-flood");
    let app = world.open_workspace();
    app.open_shell();
    app.run(&format!(
        "{WHEN_TOLD}; seq 1 5000000; echo last-$((1+1)); touch over"
    ));
    app.click("tab", "Claude");
    app.settled();
    let before = read_by_app(&world);
    let_go(&world);
    let read = read_by_app(&world) - before;
    // 39 MB were written.
    assert!(read < 2_000_000, "the app read {read} bytes");
    app.click("tab", "Shell 1");
    app.wait_for_text("last-2");
    app.run("echo typed-$((1+1))");
    app.wait_for_text("typed-2");
}

#[test]
fn who_reads_in_the_scrollback_stays_there_through_a_flood() {
    let world = World::new("read-in-flood");
    let app = world.open_workspace();
    app.open_shell();
    app.run("for n in $(seq 1 300); do echo line-of-before-$n; done; echo first-$((1+1))");
    app.wait_for_text("first-2");
    // Few enough lines that what is read stays in the scrollback, and far more than is followed.
    app.run(&format!(
        "{WHEN_TOLD}; seq 1 3000; \
             yes \"$(printf '%060d\\r' 0)\" | tr -d '\\n' | head -c 20000000; touch over"
    ));
    app.key("shift+Prior");
    let reading = wait_for("the screen to be scrolled", SLOW, || {
        let rows = app.drawn_rows()?;
        // At the bottom the prompt is the last.
        match rows.iter().all(|row| row.starts_with("line-of-before")) {
            true => Ok(rows),
            false => Err(rows.join("\n")),
        }
    });
    // What is seen of it, frame by frame.
    let watch = "const first = () => document.querySelector('.terminals .screen:not([hidden]) .xterm-rows > div').textContent; \
        window.seen = [first()]; \
        const look = () => { if (window.seen.at(-1) !== first()) window.seen.push(first()); requestAnimationFrame(look); }; \
        look()";
    app.web().execute(watch, &[]).unwrap();
    let_go(&world);
    let length = || app.viewer().map(|viewer| viewer.length).unwrap_or_default();
    wait_for("the whole scrollback", SLOW, || {
        if length() > 3_300 {
            Ok(())
        } else {
            Err(length().to_string())
        }
    });
    assert_eq!(app.drawn_rows().unwrap(), reading);
    app.settled();
    let seen = app.web().execute("return window.seen", &[]).unwrap();
    assert_eq!(seen.as_array().unwrap().len(), 1, "{seen}");
}

#[test]
fn a_handful_of_terminals_hold_their_screens_and_the_others_get_them_back() {
    let world = World::new("many-shells");
    let app = world.open_workspace();
    app.open_shell();
    app.run("for n in $(seq 1 200); do echo early-$n; done; echo mine-$((40+2))");
    app.wait_for_text("mine-42");
    open_shells(&app, 2..=6);
    let screens = app
        .web()
        .execute(
            "return document.querySelectorAll('.terminals .xterm').length",
            &[],
        )
        .unwrap();
    assert_eq!(screens, 4);
    app.click("tab", "Shell 1");
    app.run("echo typed-$((1+1))");
    app.wait_for_text("typed-2");
    let viewer = app.viewer_with_scrollback().unwrap();
    assert!(viewer.shows("early-1"), "{}", viewer.text());
    assert!(viewer.shows("mine-42"), "{}", viewer.text());
}

#[test]
fn a_terminal_whose_screen_was_let_go_shows_what_its_program_left_when_it_ended() {
    let world = World::new("ended-unseen");
    let app = world.open_workspace();
    app.open_shell();
    app.run(&format!(
        "for n in $(seq 1 200); do echo early-$n; done; {WHEN_TOLD}; echo last-$((40+2)); exit"
    ));
    app.wait_for_text("early-200");
    open_shells(&app, 2..=6);
    fs::write(world.workspace.join("go"), "").unwrap();
    wait_for("its end", SLOW, || {
        let list = world.list();
        match list.iter().any(|listed| listed.terminal == "shell-1") {
            true => Err(format!("{list:?}")),
            false => Ok(()),
        }
    });
    app.click("tab", "Shell 1");
    app.wait_for_text("last-42");
    let viewer = app.viewer_with_scrollback().unwrap();
    assert!(viewer.shows("early-1"), "{}", viewer.text());
}

/// Opens these shells, one after the other.
fn open_shells(app: &App<'_>, numbers: RangeInclusive<u8>) {
    for shell in numbers {
        app.click("button", "New shell");
        let name = format!("Shell {shell}");
        wait_for("the next shell", SLOW, || {
            let tab = app.web().by_role("tab", &name)?;
            if tab.is_empty() {
                Err(app.page_text())
            } else {
                Ok(())
            }
        });
        app.settled();
    }
}
