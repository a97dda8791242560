//! A milestone that runs unattended, from its menu in the page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::clear::stored;
use crate::milestones::{choose, create, install_command};
use crate::window::{App, QUICK, SLOW, World, wait_for, within};

const MILESTONE: &str = "Bank reconciliation";
/// A key that Claude Code took ends its session in this time.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);

/// The command of milestones runs a tool until the file is there that is returned.
fn prepare(world: &World) -> PathBuf {
    let go = world.folder("elsewhere").join("go");
    let shown = go.display();
    install_command(
        world,
        &format!("TOOL bash until test -e {shown}; do sleep 0.1; done"),
    );
    allow(world, "Bash");
    go
}

fn allow(world: &World, tool: &str) {
    let settings = json!({"permissions": {"allow": [tool]}});
    fs::write(
        world.claude_config().join("settings.json"),
        settings.to_string(),
    )
    .unwrap();
}

/// Ends the session by the menu of its project.
#[track_caller]
pub fn end_session(world: &World, app: &App<'_>) {
    app.choose_of_project("End the session…");
    app.click("button", "End the session");
    nothing_lives(world);
}

#[track_caller]
fn nothing_lives(world: &World) {
    wait_for("the end of the session", SLOW, || {
        let list = world.list();
        if list.is_empty() {
            Ok(())
        } else {
            Err(format!("{list:?}"))
        }
    });
}

/// Chooses the mode and begins.
#[track_caller]
fn run(app: &App<'_>) {
    app.click("radio", "Only what you have allowed before");
    app.click("button", "Run unattended");
}

/// What the dialog says against it.
#[track_caller]
fn refusal(app: &App<'_>) -> String {
    let alert = "return document.querySelector('dialog [role=alert]')?.innerText ?? ''";
    wait_for("the reason", QUICK, || {
        let said = app.web().execute(alert, &[])?;
        let said = said.as_str().unwrap_or_default().trim().to_owned();
        if said.is_empty() {
            Err(app.page_text())
        } else {
            Ok(said)
        }
    })
}

/// Waits until the stream has named the conversation in its first line.
fn named_by_the_stream(world: &World, project: &str) -> String {
    let state = world.home.join(".local/state/reprise/hosts");
    wait_for("the id of the stream", SLOW, || {
        let log = log_in(&state.join(project).join("runs")).ok_or("no log")?;
        let text = fs::read_to_string(log).map_err(|error| error.to_string())?;
        let mut lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let init = lines.find(|line| line["type"] == "system" && line["subtype"] == "init");
        let init = init.ok_or(text.clone())?;
        init["session_id"].as_str().map(str::to_owned).ok_or(text)
    })
}

fn log_in(folder: &Path) -> Option<PathBuf> {
    let mut files = fs::read_dir(folder).ok()?.flatten();
    files
        .find(|file| file.path().extension().is_some_and(|kind| kind == "jsonl"))
        .map(|file| file.path())
}

#[test]
fn a_milestone_runs_unattended_and_the_session_afterwards_knows_of_it() {
    let world = World::new("unattended");
    let go = prepare(&world);
    let app = world.open_workspace();
    create(&app, MILESTONE, "Later");

    // While the session is live the menu says why not.
    app.click("button", MILESTONE);
    let line = app.find("menuitem", "Run unattended…");
    let attribute = |name| app.web().attribute(&line, name).unwrap();
    assert_eq!(attribute("aria-disabled").as_deref(), Some("true"));
    let why = attribute("title").unwrap();
    assert!(
        why.starts_with("The session is running. End it first:"),
        "{why}"
    );
    app.key("Escape");
    end_session(&world, &app);

    // Nothing is chosen before the person does.
    choose(&app, MILESTONE, "Run unattended…");
    app.wait_for_words("Choose what it may do.");
    app.click("button", "Run unattended");
    assert_eq!(world.list(), []);
    run(&app);
    app.wait_for_words("Bash: until test -e");
    app.wait_for_words("Running for");
    app.wait_for_words("Only what you have allowed before");
    app.find("option", "ledger-api, Working unattended");
    let live = world.wait_for_state("working");
    let named = named_by_the_stream(&world, &live.project_id);
    assert_eq!(live.claude_session_id.as_ref(), Some(&named));
    assert_eq!(stored(&world).0.as_ref(), Some(&named));

    // It goes on without the window, and another one shows it.
    app.close_window();
    let app = world.open_app(&[]);
    app.wait_for_words("Bash: until test -e");
    assert_eq!(world.claude().unwrap().host_pid, live.host_pid);
    fs::write(&go, "").unwrap();
    app.wait_for_words("Finished");
    app.wait_for_words("turn 1; tool result:");
    app.wait_for_words("2 turns");
    nothing_lives(&world);

    app.choose_of_project("Start the session");
    let after = world.wait_for_state("idle");
    assert_ne!(after.host_pid, live.host_pid);
    assert_eq!(after.claude_session_id.as_ref(), Some(&named));
    app.type_keys("what happened before");
    app.wait_for_text("what happened before");
    app.key("Return");
    app.wait_for_text(
        "turn 2; you said: what happened before; first user text: /gsd:new-milestone .milestones/",
    );
    assert_eq!(stored(&world), (Some(named.clone()), vec![named]));
}

#[test]
fn a_run_that_lost_the_race_is_refused_and_one_that_goes_on_is_cancelled() {
    let world = World::new("race");
    prepare(&world);
    let app = world.open_workspace();
    create(&app, MILESTONE, "Later");
    end_session(&world, &app);

    // The session is started while the dialog is open: a second `reprise DIR` asks for it.
    choose(&app, MILESTONE, "Run unattended…");
    app.find("button", "Run unattended");
    let mut second = Command::new(world.app_program());
    world.inside(&mut second);
    let second = second.arg(&world.workspace).stdin(Stdio::null()).status();
    assert!(second.unwrap().success());
    let live = world.wait_for_state("idle");
    run(&app);
    let said = refusal(&app);
    assert_eq!(
        said,
        "The project’s session is running. End it first: two programs on one conversation would overwrite each other."
    );
    app.click("button", "Cancel");
    assert_eq!(world.claude().unwrap().host_pid, live.host_pid);
    end_session(&world, &app);

    choose(&app, MILESTONE, "Run unattended…");
    run(&app);
    app.wait_for_words("Bash: until test -e");
    app.click("button", "Cancel the run");
    app.wait_for_words("Cancelled");
    nothing_lives(&world);
    app.choose_of_project("Start the session");
    world.wait_for_state("idle");
}

#[test]
fn nothing_runs_unattended_in_a_folder_that_is_not_trusted() {
    let world = World::new("untrusted");
    world.trust(&[]);
    prepare(&world);
    let app = world.open_app(&[&world.workspace.to_string_lossy()]);
    // Claude Code's own question: No.
    app.wait_for_text("trust");
    // Claude Code draws its question a moment before it takes keys.
    wait_for("the end of the session", SLOW, || {
        app.key("Escape");
        within(ANSWERED_WITHIN, || {
            world
                .list()
                .is_empty()
                .then_some(())
                .ok_or_else(|| app.terminal_text())
        })
    });
    create(&app, MILESTONE, "Later");
    choose(&app, MILESTONE, "Run unattended…");
    run(&app);
    let said = refusal(&app);
    assert!(said.ends_with(
        "work/ledger-api is not trusted. Start the session once and answer Claude Code’s question."
    ), "{said}");
    assert_eq!(world.list(), []);
    assert_eq!(world.api.messages(), Vec::<Value>::new());
}
