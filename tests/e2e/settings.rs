//! The settings, and that nothing typed into them reaches a session.

use std::fs;

use crate::window::{SLOW, World, wait_for};

#[test]
fn settings_are_changed_and_kept_and_the_session_hears_nothing() {
    let world = World::new("settings");
    let app = world.open_workspace();
    world.wait_for_state("idle");
    let preferences = world.home.join(".config/reprise/preferences.json");
    let wait_for_kept = |choice: &str| {
        wait_for(&format!("{choice} in the file"), SLOW, || {
            let text = fs::read_to_string(&preferences).map_err(|error| error.to_string())?;
            if text.contains(choice) {
                Ok(())
            } else {
                Err(text)
            }
        });
    };
    app.key("ctrl+comma");
    app.click("button", "Appearance");
    app.click("radio", "Dark");
    wait_for_kept("\"theme\": \"dark\"");
    app.click("button", "Claude Code");
    app.click("textbox", "Path of the claude program");
    app.type_keys("/nowhere/claude");
    app.click("button", "Use this program");
    wait_for_kept("\"claudePath\": \"/nowhere/claude\"");
    app.click("button", "Look for it");
    wait_for_kept("\"claudePath\": null");

    app.key("Escape");
    app.type_keys("back again");
    let viewer = app.wait_for_text("❯ back again");
    assert!(!viewer.shows("/nowhere"), "{}", viewer.text());
}
