//! A program in the terminal that tells what reached it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use crate::window::{App, QUICK, World, wait_for, within};

/// A program in a shell that writes down every byte it is sent, and nothing else.
pub struct Listener<'a> {
    app: &'a App<'a>,
    terminal: PathBuf,
    heard: PathBuf,
    markers: std::cell::Cell<u32>,
}

impl<'a> Listener<'a> {
    /// Starts it in a new shell, without bracketed paste and without a cooked line.
    pub fn start(world: &World, app: &'a App<'a>) -> Self {
        app.open_shell();
        app.run("tty > tty; stty raw -echo; echo listen''ing; cat > heard");
        app.wait_for_text("listening");
        let heard = world.workspace.join("heard");
        wait_for("the program to listen", QUICK, || {
            fs::metadata(&heard)
                .map(|_| ())
                .map_err(|error| error.to_string())
        });
        let terminal = fs::read_to_string(world.workspace.join("tty")).unwrap();
        Self {
            app,
            terminal: terminal.trim().into(),
            heard,
            markers: std::cell::Cell::new(0),
        }
    }

    /// The program writes this, which is answered so, and the window has taken it in.
    #[track_caller]
    pub fn write(&self, sequences: &str, answer: &str) {
        let wanted = format!("{}{answer}", self.heard());
        self.markers.set(self.markers.get() + 1);
        let marker = format!("marker{}.", self.markers.get());
        let mut terminal = fs::File::options()
            .write(true)
            .open(&self.terminal)
            .unwrap();
        write!(terminal, "{sequences}\r\n{marker}").unwrap();
        self.app.wait_for_text(&marker);
        self.wait_until_heard(sequences, &wanted);
    }

    #[track_caller]
    pub fn wait_until_heard(&self, what: &str, wanted: &str) {
        wait_for(&format!("{wanted:?} after {what:?}"), QUICK, || {
            let heard = self.heard();
            if heard == wanted { Ok(()) } else { Err(heard) }
        });
    }

    /// The program writes this while another terminal is in front.
    pub fn write_unseen(&self, sequences: &str) {
        let mut terminal = fs::File::options()
            .write(true)
            .open(&self.terminal)
            .unwrap();
        write!(terminal, "{sequences}").unwrap();
    }

    /// All that it was sent, with the escape character written as E.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.heard).unwrap_or_default()).replace('\x1b', "E")
    }

    /// Presses the keys one by one: each sends exactly this.
    #[track_caller]
    pub fn expect(&self, keys: &[(&str, &str)]) {
        let mut wrong = Vec::new();
        for (key, bytes) in keys {
            let before = self.heard();
            self.app.key(key);
            let wanted = format!("{before}{bytes}");
            let heard = within(QUICK / 3, || {
                let heard = self.heard();
                if heard == wanted { Ok(()) } else { Err(heard) }
            });
            if let Err(heard) = heard {
                let sent = heard.strip_prefix(&before).unwrap_or(&heard);
                wrong.push(format!("{key} sends {sent:?} instead of {bytes:?}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
