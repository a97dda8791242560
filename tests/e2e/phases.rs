//! A project in which get-shit-done is installed from npm: its plan is shown, and what a new
//! milestone deletes of it comes back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::milestones::{choose, create};
use crate::window::{App, MenuBar, QUICK, SLOW, World, wait_for};

const ROADMAP: &str = include_str!("../../src-tauri/core/tests/planning/ROADMAP.md");
const STATE: &str = include_str!("../../src-tauri/core/tests/planning/STATE.md");
const TOOL: &str = ".claude/get-shit-done/bin/gsd-tools.cjs";
const RESTORE: &str = "Restore the plan’s phases…";

fn node() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path)
        .map(|folder| folder.join("node"))
        .find(|program| program.exists())
        .expect("Node.js")
}

/// Installs get-shit-done in the workspace, with a plan whose first phase has files.
fn install(world: &World) {
    let planning = world.workspace.join(".planning");
    let phase = planning.join("phases/03-matching-rules");
    fs::create_dir_all(&phase).unwrap();
    fs::write(planning.join("ROADMAP.md"), ROADMAP).unwrap();
    fs::write(planning.join("STATE.md"), STATE).unwrap();
    fs::write(phase.join("03-01-PLAN.md"), "# rules\n").unwrap();
    fs::write(phase.join("03-02-PLAN.md"), "# more rules\r\n").unwrap();
    fs::write(phase.join("03-01-SUMMARY.md"), b"done \xff\0\n").unwrap();
    let installer = world.npm_package("get-shit-done-cc").join("bin/install.js");
    let mut command = Command::new(node());
    world.inside(&mut command);
    let output = command
        .arg(installer)
        .args(["--claude", "--local"])
        .current_dir(&world.workspace)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    // Its hooks ask the registry for news.
    fs::remove_file(world.workspace.join(".claude/settings.json")).unwrap();
    let settings = json!({"permissions": {"defaultMode": "acceptEdits", "allow": ["Bash"]}});
    let file = world.claude_config().join("settings.json");
    fs::write(file, settings.to_string()).unwrap();
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

/// Where the notice says that the copy is.
fn copy(world: &World, app: &App<'_>) -> PathBuf {
    app.wait_for_words("The plan’s phases were copied");
    let text = app.page_text();
    let path = text
        .split_once("The copy is in ~/")
        .and_then(|(_, rest)| rest.split_once(';'));
    world.home.join(path.expect(&text).0)
}

#[test]
fn phases_that_a_new_milestone_deletes_come_back_through_the_menu() {
    let mut world = World::new("phases");
    world.set("NO_AT_BRIDGE", Path::new("0"));
    install(&world);
    let phases = world.workspace.join(".planning/phases");
    let before = files(&phases);
    assert_eq!(before.len(), 3);
    let app = world.open_workspace();
    app.wait_for_words("phase 1 of 3");
    app.wait_for_words("Matching rules");
    app.wait_for_words("/gsd:execute-phase 3");
    create(&app, "Bank reconciliation", "Later");

    choose(
        &app,
        "Bank reconciliation, Pending",
        "Start through the queue",
    );
    assert_eq!(files(&copy(&world, &app)), before);
    wait_for("the command at the API", SLOW, || {
        let messages = world.api.messages();
        let last = messages.last().ok_or_else(|| app.page_text())?["last"].to_string();
        if last.contains("/gsd:new-milestone .milestones/") {
            Ok(())
        } else {
            Err(last)
        }
    });
    world.wait_for_state("idle");

    clear(&app, &phases, 2);
    app.choose_of_project(RESTORE);
    restore(&app, &phases, &before);
    // And by the menu bar.
    clear(&app, &phases, 3);
    MenuBar::new(&world).choose(&["Project", RESTORE]);
    restore(&app, &phases, &before);
}

/// Has the session run what get-shit-done's workflow of a new milestone runs.
#[track_caller]
fn clear(app: &App<'_>, phases: &Path, turn: usize) {
    let node = node();
    let line = format!("TOOL bash {} {TOOL} phases clear --confirm", node.display());
    app.click_terminal();
    app.type_keys(&line);
    app.wait_for_text(&line);
    app.key("Return");
    app.wait_for_text(&format!("turn {turn}; tool result:"));
    assert_eq!(files(phases), BTreeMap::new(), "{}", app.terminal_text());
}

#[track_caller]
fn restore(app: &App<'_>, phases: &Path, before: &BTreeMap<PathBuf, Vec<u8>>) {
    app.wait_for_words("1 phase folder");
    app.click("button", "Bring them back");
    wait_for("the phases", QUICK, || {
        let now = files(phases);
        if now == *before {
            Ok(())
        } else {
            Err(format!("{now:?}"))
        }
    });
}
