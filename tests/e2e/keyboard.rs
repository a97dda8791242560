//! What the keys of a real keyboard send to a program, byte by byte, in every protocol of keys.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use crate::shells::{open_shell, run};
use crate::window::{App, QUICK, World, wait_for, within};

/// A program in a shell that writes down every byte it is sent, and nothing else.
struct Listener<'a> {
    app: &'a App<'a>,
    terminal: PathBuf,
    heard: PathBuf,
    markers: std::cell::Cell<u32>,
}

impl<'a> Listener<'a> {
    fn start(world: &World, app: &'a App<'a>) -> Self {
        open_shell(world, app);
        run(
            app,
            "tty > tty; stty raw -echo; echo listen''ing; cat > heard",
        );
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
    fn write(&self, sequences: &str, answer: &str) {
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
    fn wait_until_heard(&self, what: &str, wanted: &str) {
        wait_for(&format!("{wanted:?} after {what:?}"), QUICK, || {
            let heard = self.heard();
            if heard == wanted { Ok(()) } else { Err(heard) }
        });
    }

    fn heard(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.heard).unwrap_or_default()).replace('\x1b', "E")
    }

    /// Presses the keys one by one: each sends exactly this.
    #[track_caller]
    fn expect(&self, keys: &[(&str, &str)]) {
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

#[test]
fn keys_follow_the_protocol_that_the_program_asked_for() {
    let world = World::new("keyboard");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    program.expect(&[
        ("shift+Return", "\n"),
        ("Return", "\r"),
        ("ctrl+a", "\x01"),
        ("alt+a", "Ea"),
        ("Up", "E[A"),
        ("ctrl+Up", "E[1;5A"),
        ("Escape", "E"),
    ]);
    // The question is answered by the host, once.
    program.write("\x1b[?u", "E[?0u");

    program.write("\x1b[>1u\x1b[?u", "E[?1u");
    program.expect(&[
        ("y", "y"),
        ("shift+Return", "E[13;2u"),
        ("ctrl+Return", "E[13;5u"),
        ("Return", "\r"),
        ("Tab", "\t"),
        ("shift+Tab", "E[9;2u"),
        ("BackSpace", "\x7f"),
        ("Escape", "E[27u"),
        ("ctrl+a", "E[97;5u"),
        ("alt+a", "E[97;3u"),
        ("ctrl+alt+a", "E[97;7u"),
        ("ctrl+shift+a", "E[97;6u"),
        ("ctrl+space", "E[32;5u"),
        ("shift+a", "A"),
        ("Up", "E[A"),
        ("shift+F3", "E[13;2~"),
        ("super+a", "E[97;9u"),
        ("KP_Enter", "E[57414u"),
        ("KP_Up", "E[57419u"),
    ]);

    // A key that Reprise takes itself says nothing, not even when it is let go of.
    program.write("\x1b[=3u", "");
    program.expect(&[
        // The modifier is let go of first.
        ("ctrl+a", "E[97;5uE[97;1:3u"),
        ("ctrl+plus", ""),
        ("ctrl+0", ""),
        ("Return", "\r"),
        ("Left", "E[DE[1;1:3D"),
    ]);

    program.write("\x1b[=31u", "");
    program.expect(&[
        ("a", "E[97;;97uE[97;1:3u"),
        ("shift+a", "E[57441;2uE[97:65;2;65uE[57441;1:3uE[97;1:3u"),
        ("Return", "E[13uE[13;1:3u"),
    ]);

    // The other screen has flags of its own, and leaving it brings the first ones back.
    program.write("\x1b[?1049h", "");
    program.expect(&[("ctrl+a", "\x01")]);
    program.write("\x1b[?1049l\x1b[<u", "");
    program.expect(&[("ctrl+a", "\x01"), ("shift+Return", "\n")]);

    program.write("\x1b[>4;1m", "");
    program.expect(&[("shift+Return", "E[27;2;13~"), ("ctrl+a", "\x01")]);
    program.write("\x1b[>4;2m", "");
    program.expect(&[
        ("shift+Return", "E[27;2;13~"),
        ("ctrl+a", "E[27;5;97~"),
        ("Return", "\r"),
    ]);
    program.write("\x1bc", "");
    program.expect(&[("ctrl+a", "\x01")]);
}

#[test]
fn a_new_window_knows_the_protocol_and_other_layouts_keep_their_letters() {
    let world = World::new("keyboard-layouts");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    world.display.keyboard("ru", "");
    program.expect(&[("Cyrillic_es", "с"), ("ctrl+Cyrillic_es", "\x03")]);
    program.write("\x1b[>5u", "");
    program.expect(&[("Cyrillic_es", "с"), ("ctrl+Cyrillic_es", "E[1089::99;5u")]);
    world.display.keyboard("de", "");
    program.expect(&[("at", "@"), ("EuroSign", "€")]);
    world.display.keyboard("us", "intl");
    program.write("\x1b[=31u", "");
    app.key("dead_acute");
    app.key("e");
    wait_for("the letter of a dead key", QUICK, || {
        let heard = program.heard();
        if heard.contains("E[0;;233u") {
            Ok(())
        } else {
            Err(heard)
        }
    });
    program.write("\x1b[=5u", "");
    world.display.keyboard("us", "");
    app.close_window();

    let app = world.open_app(&[]);
    app.click("tab", "Shell 1");
    app.wait_for_text("marker");
    let keyboard = wait_for("the flags", QUICK, || {
        let keyboard = app.viewer()?.keyboard;
        if keyboard.flags == 5 {
            Ok(keyboard)
        } else {
            Err(format!("{keyboard:?}"))
        }
    });
    assert_eq!(keyboard.other_keys, 0);
}
