//! Commands that the person puts into the queue by hand.

use crate::window::{App, SLOW, World, wait_for};

#[track_caller]
fn wait_for_words(app: &App<'_>, words: &str) {
    wait_for(&format!("{words:?} in the window"), SLOW, || {
        let text = app.page_text();
        if text.contains(words) {
            Ok(())
        } else {
            Err(text)
        }
    });
}

#[test]
fn a_command_of_the_dialog_waits_for_the_reply_and_for_the_draft() {
    let world = World::new("queue-dialog");
    let app = world.open_workspace();
    world.wait_for_state("idle");
    let sent = || {
        let messages = world.api.messages();
        let count = messages.iter().filter(|entry| entry["last"] == "by hand");
        count.count()
    };
    app.type_keys("SLOW 30 150");
    app.wait_for_text("SLOW 30 150");
    app.key("Return");
    world.wait_for_state("working");

    app.key("ctrl+shift+k");
    app.find("textbox", "Command for the session");
    app.type_keys("by hand");
    app.key("Return");
    wait_for_words(&app, "Waits until the session is idle");
    // The dialog is gone, and the keys are the session's again.
    app.type_keys("hal");
    app.wait_for_text("❯ hal");
    wait_for_words(&app, "a draft is in the prompt");
    assert_eq!(sent(), 0);

    for _ in 0..3 {
        app.key("BackSpace");
    }
    wait_for_words(&app, "Delivered at");
    world.wait_for_state("idle");
    assert_eq!(sent(), 1);
}
