//! Shells beside claude.

use super::app::App;
use super::wait::{SLOW, wait_for};
use super::world::Listed;

impl App<'_> {
    /// Opens the project's first shell by its button and waits until it answers.
    #[track_caller]
    pub fn open_shell(&self) -> Listed {
        self.click("button", "New shell");
        let shell = wait_for("the shell", SLOW, || {
            let list = self.world.list();
            let shell = list.into_iter().find(|listed| listed.terminal == "shell-1");
            shell.ok_or_else(|| self.page_text())
        });
        self.wait_for_keyboard();
        self.run("echo ready-$((1+1))");
        self.wait_for_text("ready-2");
        shell
    }

    /// Waits until the terminal in front has the keyboard: until then the button has it that was clicked.
    #[track_caller]
    pub fn wait_for_keyboard(&self) {
        wait_for("the keyboard to be the terminal's", SLOW, || {
            let focus = "return document.activeElement.closest('.terminals .screen:not([hidden])') !== null";
            let is_there = self.web().execute(focus, &[])?;
            if is_there == true {
                Ok(())
            } else {
                Err(self.page_text())
            }
        });
    }

    /// Types a command line into the terminal in front.
    pub fn run(&self, line: &str) {
        self.type_keys(line);
        self.key("Return");
    }
}
