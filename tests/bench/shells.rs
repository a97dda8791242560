//! Shells in the window that is measured.

use std::fs;

use crate::terminals::Grid;
use crate::window::{App, SLOW, World, wait_for};

const PROMPT: &str = "prompt>";

/// Gives the shells of this world the prompt that is waited for.
pub fn set_prompt(world: &World) {
    fs::write(world.home.join(".bashrc"), format!("PS1='{PROMPT} '\n")).unwrap();
}

/// Opens the first shell and returns its grid.
pub fn open_shell(world: &World, app: &App<'_>) -> Grid {
    app.click("button", "New shell");
    let shell = wait_for("the shell", SLOW, || {
        let list = world.list();
        let shell = list.into_iter().find(|listed| listed.terminal == "shell-1");
        shell.ok_or_else(|| app.page_text())
    });
    run(app, "echo ready-$((1+1))");
    app.wait_for_text("ready-2");
    Grid {
        cols: shell.cols,
        rows: shell.rows,
    }
}

/// Opens another shell and waits until it is in front with its prompt ([`set_prompt`]).
pub fn open_another(world: &World, app: &App<'_>) {
    // claude's terminal is in the list, too: the new shell has the number that the list has now.
    let tab = format!("Shell {}", world.list().len());
    app.click("button", "New shell");
    wait_for("another shell's prompt", SLOW, || {
        let front =
            "return document.querySelector('[role=tab][aria-selected=true]')?.textContent.trim()";
        let front = app.web().execute(front, &[])?;
        let shown = app.viewer()?.text();
        match front == *tab && shown.trim() == PROMPT {
            true => Ok(()),
            false => Err(format!("{front} is in front:\n{shown}")),
        }
    });
}

/// Types a command line into the shell in front.
pub fn run(app: &App<'_>, line: &str) {
    app.type_keys(line);
    app.key("Return");
}
