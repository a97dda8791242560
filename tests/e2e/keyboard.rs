//! What the keys of a real keyboard send to a program, byte by byte, in every protocol of keys.

use crate::listener::Listener;
use crate::window::{QUICK, World, wait_for};

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
