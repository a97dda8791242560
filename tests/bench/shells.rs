//! Shells in the window that is measured.

use std::fs;

use crate::window::{App, SLOW, World, wait_for};

const PROMPT: &str = "prompt>";

/// Gives the shells of this world the prompt that is waited for.
pub fn set_prompt(world: &World) {
    fs::write(world.home.join(".bashrc"), format!("PS1='{PROMPT} '\n")).unwrap();
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
    app.wait_for_keyboard();
}
