//! The progress that a program reports (OSC 9;4), in the sidebar and in its tab.

use crate::listener::Listener;
use crate::window::{App, QUICK, World, wait_for};

/// Waits until the tab's bar says this; empty: until there is none.
fn wait_for_progress(app: &App<'_>, words: &str) {
    let body = "return [...document.querySelectorAll('[role=progressbar]')].map((bar) => \
        bar.getAttribute('aria-label') + ': ' + bar.getAttribute('aria-valuetext')).join(', ')";
    wait_for(&format!("the progress {words:?}"), QUICK, || {
        let bars = app.web().execute(body, &[])?;
        let bars = bars.as_str().unwrap_or_default();
        let wanted = if words.is_empty() {
            String::new()
        } else {
            format!("Progress of ledger-api: {words}, Progress of Shell 1: {words}")
        };
        if bars == wanted {
            Ok(())
        } else {
            Err(bars.to_owned())
        }
    });
}

#[test]
fn progress_is_shown_in_the_row_and_the_tab_until_it_ends() {
    let world = World::new("progress");
    let app = world.open_workspace();
    let program = Listener::start(&world, &app);
    program.write("\x1b]9;4;1;42\x07", "");
    wait_for_progress(&app, "42 percent done");
    app.find("option", "42 percent done");
    program.write("\x1b]9;4;3\x07", "");
    wait_for_progress(&app, "In progress");
    program.write("\x1b]9;4;4;50\x07", "");
    wait_for_progress(&app, "Paused at 50 percent");
    program.write("\x1b]9;4;0\x07", "");
    wait_for_progress(&app, "");

    // Behind another terminal, and in a window that opens later, it is known as well.
    app.click("tab", "Claude");
    program.write_unseen("\x1b]9;4;2;80\x07");
    wait_for_progress(&app, "Failed at 80 percent");
    app.close_window();
    let app = world.open_app(&[]);
    wait_for_progress(&app, "Failed at 80 percent");

    // It ends with its program.
    app.click("tab", "Shell 1");
    app.click("button", "Close shell 1");
    wait_for_progress(&app, "");
}
