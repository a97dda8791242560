//! Milestones: two of them in one session, and one started from the native menu.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::window::{App, MenuBar, SLOW, World, wait_for, within};

/// A reply that streams for some seconds.
const STREAMS: &str = "SLOW 30 150";

/// Installs the project's command that begins a milestone; it says `body`.
pub fn install_command(world: &World, body: &str) {
    let folder = world.workspace.join(".claude/commands/gsd");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("new-milestone.md"),
        format!("---\ndescription: begins a milestone\n---\n{body}\n"),
    )
    .unwrap();
}

/// Creates a milestone in the page; `then` is the button of the offer to start it.
pub fn create(app: &App<'_>, name: &str, then: &str) {
    app.click("button", "New milestone…");
    app.find("button", "Create the milestone");
    app.type_keys(name);
    app.click("button", "Create the milestone");
    app.click("button", then);
}

/// Chooses a line of the milestone's menu in the panel.
#[track_caller]
pub fn choose(app: &App<'_>, milestone: &str, line: &str) {
    app.click("button", milestone);
    app.click("menuitem", line);
}

/// What was asked of the API for milestones.
fn started(world: &World) -> Vec<Value> {
    world
        .api
        .messages()
        .into_iter()
        .filter(|entry| entry["side"] != true)
        .filter(|entry| {
            let last = entry["last"].as_str().unwrap_or_default();
            last.contains("MILESTONE-CONTEXT.md")
        })
        .collect()
}

#[track_caller]
fn wait_for_started(world: &World, app: &App<'_>, count: usize) -> Vec<Value> {
    wait_for(&format!("{count} milestones at the API"), SLOW, || {
        let messages = started(world);
        if messages.len() >= count {
            Ok(messages)
        } else {
            Err(app.page_text())
        }
    })
}

#[test]
fn two_milestones_share_one_session_the_second_waits_for_the_first() {
    let world = World::new("milestones");
    install_command(&world, STREAMS);
    let app = world.open_workspace();
    create(&app, "Bank reconciliation", "Put it into the queue");
    wait_for_started(&world, &app, 1);
    let first = world.wait_for_state("working");

    // The reply to the first one still streams.
    create(&app, "Foreign currencies", "Put it into the queue");
    wait_for("the second one to wait", SLOW, || {
        let text = app.page_text();
        if text.contains("Waits until the session is idle") {
            Ok(())
        } else {
            Err(text)
        }
    });
    assert_eq!(started(&world).len(), 1, "it did not wait");
    let messages = wait_for_started(&world, &app, 2);
    let second = world.wait_for_state("idle");

    assert_eq!(started(&world).len(), 2, "delivered more than once");
    assert_ne!(messages[0]["last"], messages[1]["last"]);
    for message in &messages {
        let last = message["last"].as_str().unwrap();
        assert!(
            last.starts_with("/gsd:new-milestone .milestones/"),
            "{last}"
        );
    }
    assert_eq!(first.host_pid, second.host_pid);
    assert_eq!(first.claude_pid, second.claude_pid);
    assert_eq!(first.claude_session_id, second.claude_session_id);
    assert!(world.workspace.join(".planning").is_dir());
    let contexts = fs::read_dir(world.workspace.join(".milestones"))
        .unwrap()
        .count();
    assert_eq!(contexts, 2);
}

#[test]
fn a_milestone_is_started_from_the_menu_bar() {
    let world = World::new("menu");
    install_command(&world, STREAMS);
    let app = world.open_workspace();
    create(&app, "Bank reconciliation", "Later");
    assert!(started(&world).is_empty());

    // The first menu by the mouse, the sixth and its second line by keys, as GTK has it.
    let window = world
        .display
        .xdotool(&["search", "--onlyvisible", "--pid", &app.pid.to_string()])
        .unwrap();
    let window = window.lines().next().unwrap().trim().to_owned();
    wait_for("the milestone's line to start it", SLOW, || {
        world
            .display
            .xdotool(&["mousemove", "--window", &window, "20", "12", "click", "1"])?;
        for key in [
            "Right", "Right", "Right", "Right", "Right", "Down", "Down", "Right", "Return",
        ] {
            world
                .display
                .xdotool(&["key", "--clearmodifiers", "--delay", "40", key])?;
        }
        let began = || match started(&world).is_empty() {
            true => Err(app.page_text()),
            false => Ok(()),
        };
        let tried = within(Duration::from_secs(5), began);
        if tried.is_err() {
            // A menu that was still open would take the next click.
            world.display.xdotool(&["key", "Escape", "Escape"])?;
        }
        tried
    });
    let claude = world.wait_for_state("idle");
    assert_eq!(started(&world).len(), 1);
    assert!(claude.claude_session_id.is_some());
}

#[test]
fn a_milestone_is_started_by_assistive_technology() {
    let mut world = World::new("menu-accessible");
    world.set("NO_AT_BRIDGE", Path::new("0"));
    install_command(&world, STREAMS);
    let app = world.open_workspace();
    create(&app, "Bank reconciliation", "Later");
    world.wait_for_state("idle");
    assert!(started(&world).is_empty());

    let start = [
        "Milestones",
        "Bank reconciliation",
        "Start through the queue",
    ];
    MenuBar::new(&world).choose(&start);
    wait_for_started(&world, &app, 1);
    world.wait_for_state("idle");
    assert_eq!(started(&world).len(), 1);

    // The bar speaks the page's language, at once.
    app.key("ctrl+comma");
    app.click("radio", "Português (Brasil)");
    MenuBar::new(&world).choose(&["Exibir", "Paleta de comandos"]);
    app.find("dialog", "Paleta de comandos");
}
