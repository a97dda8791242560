//! The same session in the window and in another terminal.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::window::{App, QUICK, SLOW, Tmux, World, wait_for};

/// Waits until the pane shows row by row what the window shows.
fn same_screen(app: &App<'_>, tmux: &Tmux<'_>) {
    wait_for("the same screen in both", QUICK, || {
        let viewer = app.viewer()?;
        let shown: Vec<&str> = viewer
            .lines
            .iter()
            .map(|line| line.text.trim_end())
            .collect();
        let rows = tmux.rows();
        for (number, expected) in shown.iter().enumerate() {
            let row = rows.get(number).map_or("", String::as_str);
            if row != *expected {
                return Err(format!("row {number}: {row:?} instead of {expected:?}"));
            }
        }
        Ok(())
    });
}

#[test]
fn an_attached_terminal_shows_what_the_window_shows_and_types_with_it() {
    let world = World::new("attach");
    let app = world.open_workspace();
    app.say("seen in both");
    let program = world.session_program();
    // Larger than the window, so that the window's size stays the smallest.
    let tmux = Tmux::start(
        &world,
        230,
        70,
        &[&program.to_string_lossy(), "attach", "ledger-api"],
    );
    wait_for("two viewers", SLOW, || {
        let claude = world.claude()?;
        if claude.clients == 2 {
            Ok(())
        } else {
            Err(format!("{claude:?}\n{}", tmux.text()))
        }
    });
    same_screen(&app, &tmux);

    tmux.type_text("typed in tmux");
    app.wait_for_text("typed in tmux");
    same_screen(&app, &tmux);
    app.type_keys(" and in the window");
    app.wait_for_text("typed in tmux and in the window");
    same_screen(&app, &tmux);

    tmux.key("C-\\");
    wait_for("tmux to have left", QUICK, || {
        let claude = world.claude()?;
        if claude.clients == 1 {
            Ok(())
        } else {
            Err(format!("{claude:?}"))
        }
    });
    app.wait_for_text("typed in tmux and in the window");
}

/// In the place of claude: asks the terminal three things whenever a file `ask-<n>` appears, and
/// writes every byte that comes within a second into `answers-<n>`; after `done` it becomes the
/// real claude.
const ASKING: &str = r#"#!/bin/bash
if [ "$1" = --version ]; then exec "$REAL_CLAUDE" "$@"; fi
before=$(stty -g)
stty raw -echo min 0 time 10
for n in 1 2 0; do
  until [ -e "ask-$n" ]; do sleep 0.05; done
  printf '\033[c\033[5n\033]11;?\033\\'
  cat > "answers-$n.new"
  mv "answers-$n.new" "answers-$n"
done
stty "$before"
exec "$REAL_CLAUDE" "$@"
"#;

/// Lets the program ask, and checks that each question was answered exactly once.
fn answered_once(workspace: &Path, viewers: u32) {
    fs::write(workspace.join(format!("ask-{viewers}")), "").unwrap();
    let answers = wait_for("the answers", QUICK, || {
        fs::read(workspace.join(format!("answers-{viewers}"))).map_err(|error| error.to_string())
    });
    let answers = String::from_utf8_lossy(&answers).into_owned();
    for (question, start) in [
        ("device attributes", "\u{1b}[?"),
        ("device status", "\u{1b}[0n"),
        ("background colour", "\u{1b}]11;rgb:"),
    ] {
        assert_eq!(
            answers.matches(start).count(),
            1,
            "{question} with {viewers} viewers: {answers:?}"
        );
    }
    assert_eq!(
        answers.matches('\u{1b}').count() - answers.matches("\u{1b}\\").count(),
        3,
        "{answers:?}"
    );
}

#[test]
fn every_terminal_query_is_answered_once_with_two_one_and_no_viewers() {
    let mut world = World::new("queries");
    let wrapper = world.workspace.join("asking");
    let real = world.get("REPRISE_CLAUDE").to_owned();
    fs::write(&wrapper, ASKING.replace("$REAL_CLAUDE", &real)).unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    world.set("REPRISE_CLAUDE", &wrapper);
    let clients = |expected: u32| {
        wait_for("the viewers", SLOW, || {
            let claude = world.claude()?;
            if claude.clients == expected {
                Ok(())
            } else {
                Err(format!("{claude:?}"))
            }
        });
    };

    let app = world.open_app(&[&world.workspace.to_string_lossy()]);
    clients(1);
    answered_once(&world.workspace, 1);

    let program = world.session_program();
    let tmux = Tmux::start(
        &world,
        230,
        70,
        &[&program.to_string_lossy(), "attach", "ledger-api"],
    );
    clients(2);
    answered_once(&world.workspace, 2);

    tmux.key("C-\\");
    clients(1);
    app.close_window();
    clients(0);
    answered_once(&world.workspace, 0);
}
