//! A keyboard's keys arrive as the person meant them.

use crate::window::{QUICK, World, wait_for};

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
