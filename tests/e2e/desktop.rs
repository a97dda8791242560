//! What stands outside the window: the icon in a real panel, and notifications of a real daemon.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use crate::window::{App, Notifications, Panel, QUICK, SLOW, World, is_alive, wait_for};

/// Where pictures are kept for somebody to look at.
fn picture(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

fn is_on_screen(world: &World, app: &App<'_>) -> bool {
    world
        .display
        .xdotool(&["search", "--onlyvisible", "--pid", &app.pid.to_string()])
        .is_ok_and(|found| !found.trim().is_empty())
}

#[test]
fn the_tray_resumes_a_project_although_the_window_was_closed() {
    let world = World::new("tray");
    let panel = Panel::start(&world);
    let app = world.open_workspace();
    app.say("said before the window closed");
    let before = world.wait_for_state("idle");
    panel.line("ledger-api: idle");

    app.key("alt+F4");
    app.click("button", "Close the window");
    wait_for("the window to be closed", QUICK, || {
        if is_on_screen(&world, &app) {
            Err(app.page_text())
        } else {
            Ok(())
        }
    });
    assert!(is_alive(app.pid), "the app went with its window");
    assert!(world.session(&["kill", "ledger-api"]).status.success());
    let line = panel.line("ledger-api: ready to resume");
    panel.line("Resume last: ledger-api");
    panel.picture_of_menu(&picture("tray-menu.png"));

    panel.choose(&line);
    wait_for("the window", SLOW, || {
        if is_on_screen(&world, &app) {
            Ok(())
        } else {
            Err("no window is on the screen".to_owned())
        }
    });
    let after = world.wait_for_state("idle");
    assert_ne!(after.host_pid, before.host_pid);
    assert_eq!(after.claude_session_id, before.claude_session_id);
    let reply = app.say("and after the tray brought it back");
    assert!(reply.starts_with("turn 2;"), "{reply}");
}

#[test]
fn without_a_panel_a_closed_window_ends_the_app() {
    let world = World::new("no-tray");
    let app = world.open_workspace();
    app.close_window();
    world.wait_for_state("idle");
}

#[test]
fn a_notification_is_shown_and_its_click_leads_to_the_project() {
    let world = World::new("notify");
    let other = world.folder("storefront");
    world.trust(&[&world.workspace, &other]);
    let settings = serde_json::json!({"permissions": {"defaultMode": "default"}});
    fs::write(
        world.claude_config().join("settings.json"),
        settings.to_string(),
    )
    .unwrap();
    let daemon = Notifications::start(&world);
    let app = world.open_workspace();
    // A second start hands its folder over to the app that runs.
    let mut second = std::process::Command::new(world.app_program());
    world.inside(&mut second);
    let second = second.arg(&other).stdin(Stdio::null()).status().unwrap();
    assert!(second.success());
    state_of(&world, "storefront", "idle");
    wait_for("the second project in front", SLOW, || {
        let title = title(&app);
        if title.starts_with("storefront") {
            Ok(())
        } else {
            Err(title)
        }
    });

    app.type_keys("TOOL bash touch made-by-claude");
    app.wait_for_text("touch made-by-claude");
    app.key("Return");
    app.key("alt+1");
    state_of(&world, "storefront", "permission");
    daemon.wait_for_count(1);
    world.display.picture(&picture("notification.png"));

    daemon.click();
    wait_for("the project of the notification", QUICK, || {
        let title = title(&app);
        if title.starts_with("storefront") {
            Ok(())
        } else {
            Err(title)
        }
    });
    // It told, and nothing more: the question is still open.
    state_of(&world, "storefront", "permission");
    assert!(!other.join("made-by-claude").exists());
    daemon.wait_for_count(0);
}

fn title(app: &App<'_>) -> String {
    app.web()
        .execute("return document.title", &[])
        .map_or_else(|error| error, |title| title.to_string().replace('"', ""))
}

#[track_caller]
fn state_of(world: &World, name: &str, state: &str) {
    wait_for(&format!("{name} in the state {state}"), SLOW, || {
        let list = world.list();
        if list
            .iter()
            .any(|listed| listed.name == name && listed.state == state)
        {
            Ok(())
        } else {
            Err(format!("{list:?}"))
        }
    });
}
