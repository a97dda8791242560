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
