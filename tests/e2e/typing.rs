//! A keyboard's keys arrive as the person meant them.

use crate::listener::Listener;
use crate::window::{App, InputMethod, JAPANESE, QUICK, World, wait_for};

#[test]
fn dead_keys_write_each_letter_once() {
    let world = World::new("dead-keys");
    let app = world.open_workspace();
    world.display.keyboard("br", "abnt2");
    for key in [
        "a",
        "ccedilla",
        "dead_tilde",
        "a",
        "o",
        "space",
        "dead_acute",
        "e",
        "space",
        "dead_acute",
        "o",
        "t",
        "i",
        "m",
        "a",
    ] {
        app.key(key);
    }
    let viewer = app.wait_for_text("ação é ótima");
    assert_eq!(
        viewer.text().matches("ação é ótima").count(),
        1,
        "{}",
        viewer.text()
    );
    let line = viewer
        .lines
        .iter()
        .find(|line| line.text.contains("ação"))
        .unwrap();
    let typed: Vec<char> = line.text.chars().filter(|c| c.is_alphabetic()).collect();
    assert_eq!(typed.into_iter().collect::<String>(), "açãoéótima");
}

#[test]
fn shift_enter_makes_a_second_line_in_the_prompt() {
    let world = World::new("shift-enter");
    let app = world.open_workspace();
    // It asks for the flags and, being answered, switches the protocol on.
    wait_for("claude to ask for the keyboard protocol", QUICK, || {
        let keyboard = app.viewer()?.keyboard;
        if keyboard.flags == 5 {
            Ok(())
        } else {
            Err(format!("{keyboard:?}"))
        }
    });
    app.type_keys("first line");
    app.key("shift+Return");
    app.type_keys("second line");
    wait_for("both lines in the prompt", QUICK, || {
        let viewer = app.viewer()?;
        let row = |text: &str| {
            viewer
                .lines
                .iter()
                .position(|line| line.text.contains(text))
        };
        match (row("first line"), row("second line")) {
            (Some(first), Some(second)) if second == first + 1 => Ok(()),
            _ => Err(viewer.text()),
        }
    });
    assert_eq!(world.api.messages().len(), 0, "nothing was sent");
    app.key("Return");
    let sent = wait_for("the message", QUICK, || {
        let messages = world.api.messages();
        messages
            .into_iter()
            .next_back()
            .ok_or_else(|| app.terminal_text())
    });
    let last = sent["last"].as_str().unwrap();
    assert!(
        last.contains("first line") && last.contains("second line"),
        "{last}"
    );
}

#[test]
fn the_compose_key_and_characters_of_no_key_write_what_they_mean() {
    let world = World::new("compose");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    world.display.keyboard("us", "");
    let mut heard = String::new();
    for flags in ["", "\x1b[>1u"] {
        program.write(flags, "");
        for key in ["Multi_key", "o", "e"] {
            app.key(key);
        }
        heard.push('œ');
        program.wait_until_heard(flags, &heard);
        // xdotool lends a character that no key has a key, only so long: the window must have seen it by then.
        world
            .display
            .xdotool(&["type", "--delay", "300", "--", "á ç 漢字 😀 ß€"])
            .unwrap();
        heard.push_str("á ç 漢字 😀 ß€");
        program.wait_until_heard(flags, &heard);
        app.key("Return");
        heard.push('\r');
        program.wait_until_heard(flags, &heard);
    }
}

/// What the input method has not decided yet, as it stands in the page.
fn composed(app: &App<'_>) -> Result<String, String> {
    let script = "const drawn = document.querySelector('.screen:not([hidden]) .preedit'); \
        return drawn && !drawn.hidden ? drawn.innerText : ''";
    let text = app.web().execute(script, &[])?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

#[track_caller]
fn wait_until_composed(app: &App<'_>, wanted: &str) {
    wait_for(&format!("{wanted:?} to be composed"), QUICK, || {
        let composed = composed(app)?;
        if composed == wanted {
            Ok(())
        } else {
            Err(composed)
        }
    });
}

#[test]
fn an_input_method_writes_what_was_decided_and_no_key_of_it() {
    let mut world = World::new("input-method");
    let input_method = InputMethod::start(&mut world);
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    input_method.switch(&world, JAPANESE);
    program.write("\x1b[2J\x1b[5;7H", "");

    let compose = |app: &App<'_>| {
        app.type_keys("nihongo");
        wait_until_composed(app, "にほんご");
        app.key("space");
        wait_until_composed(app, "日本語");
    };
    compose(&app);
    let at = "const box = document.querySelector('.screen:not([hidden]) .preedit').getBoundingClientRect(); \
        const area = document.querySelector('.terminals .screen:not([hidden]) .xterm-screen').getBoundingClientRect(); \
        const { cols, rows, cursor } = window.__reprise_viewer(); \
        return [(box.left - area.left) / area.width * cols - cursor.x, \
            (box.top - area.top) / area.height * rows - cursor.y]";
    let off = app.web().execute(at, &[]).unwrap();
    let off = [off[0].as_f64().unwrap(), off[1].as_f64().unwrap()];
    assert!(
        off.iter().all(|cells| cells.abs() < 0.2),
        "{off:?} cells from the cursor"
    );
    assert_eq!(program.heard(), "");
    app.key("Return");
    program.wait_until_heard("the decision", "日本語");
    wait_until_composed(&app, "");

    // Keys that change what is composed, and the one that gives it up.
    app.type_keys("nihongo");
    wait_until_composed(&app, "にほんご");
    app.key("BackSpace");
    wait_until_composed(&app, "にほん");
    app.key("Left");
    app.key("Escape");
    wait_until_composed(&app, "");
    app.key("Return");
    program.wait_until_heard("a key of the person's own", "日本語\r");

    // Where the program wants to know of every key it hears of none of these either.
    program.write("\x1b[>31u", "");
    let before = program.heard();
    compose(&app);
    app.key("Down");
    app.key("Up");
    wait_until_composed(&app, "日本語");
    app.key("Return");
    let text = "日本語".chars().map(|c| u32::from(c).to_string());
    let text = text.collect::<Vec<_>>().join(":");
    program.wait_until_heard("the decision", &format!("{before}E[0;;{text}u"));
}
