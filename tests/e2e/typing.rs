//! A keyboard's keys arrive as the person meant them.

use crate::clipboard::copy;
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

/// Nothing else is handled in the page meanwhile; keys wait in the web process.
const BUSY: &str =
    "setTimeout(() => { const end = performance.now() + 2000; while (performance.now() < end); })";

#[test]
fn a_paste_stands_where_it_was_asked_for_however_busy_the_page_is() {
    let world = World::new("busy");
    let app = world.open_workspace();
    app.open_shell();
    copy(&world, "clipboard", "pasted");
    copy(&world, "primary", "selected");
    for (key, pasted) in [("ctrl+shift+v", "pasted"), ("shift+Insert", "selected")] {
        for busy in [BUSY, ""] {
            app.web().execute(busy, &[]).unwrap();
            app.type_keys("echo [one-");
            app.key(key);
            app.type_keys("-two]\n");
            let line = format!("\n[one-{pasted}-two]");
            wait_for(&line, QUICK, || match app.terminal_text() {
                text if text.contains(&line) => Ok(()),
                text => Err(text),
            });
            app.type_keys("clear\n");
            wait_for("an empty screen", QUICK, || match app.terminal_text() {
                text if text.contains("one") => Err(text),
                _ => Ok(()),
            });
        }
    }
}

/// The width and height of the page, and of the screen.
fn sizes(app: &App<'_>) -> Result<[i64; 4], String> {
    let script = "return [innerWidth, innerHeight, screen.width, screen.height]";
    let sizes = app.web().execute(script, &[])?;
    serde_json::from_value(sizes).map_err(|error| error.to_string())
}

#[test]
fn keys_that_only_the_menu_bar_has_reach_it_and_not_the_program() {
    let world = World::new("menu-keys");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    for flags in ["", "\x1b[>31u"] {
        program.write(flags, "");
        let full = |wanted: bool| {
            app.key("F11");
            wait_for("the whole screen", QUICK, || match sizes(&app)? {
                [width, _, whole, _] if (width == whole) == wanted => Ok(()),
                sizes => Err(format!("{sizes:?}")),
            });
        };
        full(true);
        full(false);
    }
    app.key("ctrl+shift+q");
    app.wait_for_words("Keep the sessions running?");
    app.key("Escape");
    app.click_terminal();
    app.type_keys("x");
    wait_for("a key of the program's own", QUICK, || {
        let heard = program.heard();
        match heard.contains("E[120") {
            true => Ok(heard),
            false => Err(heard),
        }
    });
    assert!(!program.heard().contains("E[23"), "{}", program.heard());
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
    // Its release is not to come when the program wants to know of releases.
    let listen =
        "window.released = 0; addEventListener('keyup', () => (window.released += 1), true)";
    app.web().execute(listen, &[]).unwrap();
    app.key("Return");
    program.wait_until_heard("a key of the person's own", "日本語\r");
    wait_for("the release of the key", QUICK, || {
        let released = app.web().execute("return window.released", &[])?;
        match released == 1 {
            true => Ok(()),
            false => Err(released.to_string()),
        }
    });

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
