//! What a program is told without asking again.

use crate::listener::Listener;
use crate::window::World;

#[test]
fn another_theme_is_told_once() {
    let world = World::new("scheme");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    program.write("\x1b[?2031h\x1b[?996n", "E[?997;2n");
    let mut heard = "E[?997;2n".to_owned();
    for (theme, report) in [("Dark", "E[?997;1n"), ("Light", "E[?997;2n")] {
        app.key("ctrl+comma");
        app.click("button", "Appearance");
        app.click("radio", theme);
        app.key("Escape");
        heard.push_str(report);
        program.wait_until_heard(theme, &heard);
        app.settled();
        assert_eq!(program.heard(), heard, "{theme}");
    }
}

#[test]
fn a_change_of_the_focus_is_told_once() {
    let world = World::new("focus");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    program.write("\x1b[?1004h", "");
    let display = &world.display;
    let window = display.xdotool(&["getactivewindow"]).unwrap();
    let mut heard = String::new();
    let mut tells = |what: &str, report: &str| {
        heard.push_str(report);
        program.wait_until_heard(what, &heard);
        app.settled();
        assert_eq!(program.heard(), heard, "{what}");
    };
    for _ in 0..2 {
        display.xdotool(&["windowminimize", &window]).unwrap();
        tells("out of sight", "E[O");
        display.xdotool(&["windowactivate", &window]).unwrap();
        tells("in front again", "E[I");
    }
    // The keyboard goes elsewhere in the same window, and comes back.
    app.key("ctrl+shift+f");
    tells("the find bar", "E[O");
    app.key("Escape");
    tells("the terminal", "E[I");
    app.click("tab", "Claude");
    tells("another terminal", "E[O");
    app.click("tab", "Shell 1");
    tells("this terminal", "E[I");

    // What the program no longer asks for is not told.
    program.write("\x1b[?1004l", "");
    app.key("ctrl+shift+f");
    app.key("Escape");
    app.click_terminal();
    app.key("x");
    tells("a key", "x");
}
