//! `/clear` gives the conversation another id, and the store learns it, window or not.

use reprise_core::claude::transcript::{Condition, inspect};
use std::fs;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reprise_core::model::{OutputProject, ProjectId};
use reprise_core::store::{SqliteStore, Store};

use crate::window::{QUICK, SLOW, Tmux, World, wait_for};

/// What the store holds of the one project: its current id, and all ids of the lineage in their order.
pub fn stored(world: &World) -> (Option<String>, Vec<String>) {
    let store = SqliteStore::open(&world.database(), Timestamp::now())
        .unwrap()
        .store;
    let project: OutputProject = store.projects().unwrap().into_iter().next().unwrap();
    let id: ProjectId = project.id;
    let mut lineage: Vec<String> = Vec::new();
    for entry in store.lineage(id).unwrap() {
        let session = entry.session_id.to_string();
        if !lineage.contains(&session) {
            lineage.push(session);
        }
    }
    (
        project.claude_session_id.id().map(ToString::to_string),
        lineage,
    )
}

/// The id that claude itself names in `<config>/sessions/<pid>.json`.
fn live_id(world: &World, pid: u32) -> Result<String, String> {
    let file = world.claude_config().join(format!("sessions/{pid}.json"));
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    json["sessionId"].as_str().map(str::to_owned).ok_or(text)
}

/// Waits until claude has another id than `old`.
fn new_id(world: &World, pid: u32, old: &str) -> String {
    wait_for("claude's new id", QUICK, || {
        let id = live_id(world, pid)?;
        if id == old { Err(id) } else { Ok(id) }
    })
}

#[test]
fn a_clear_reaches_the_store_within_a_second() {
    let world = World::new("clear");
    let app = world.open_workspace();
    app.say("before the clear");
    let claude = world.wait_for_state("idle");
    let old = claude.claude_session_id.unwrap();
    assert_eq!(stored(&world), (Some(old.clone()), vec![old.clone()]));

    app.type_keys("/clear");
    app.wait_for_text("/clear");
    app.key("Return");
    let new = new_id(&world, claude.claude_pid.unwrap(), &old);
    let changed = Instant::now();
    wait_for("the store to follow", QUICK, || {
        let now = stored(&world);
        if now == (Some(new.clone()), vec![old.clone(), new.clone()]) {
            Ok(())
        } else {
            Err(format!("{now:?}"))
        }
    });
    assert!(
        changed.elapsed() < Duration::from_secs(1),
        "{:?}",
        changed.elapsed()
    );
}

/// `/clear` in another terminal while no window is open; `meanwhile` happens before the next start.
fn is_folded_at_the_next_start(name: &'static str, meanwhile: impl FnOnce(&World)) {
    let world = World::new(name);
    let app = world.open_workspace();
    app.say("before the clear");
    let claude = world.wait_for_state("idle");
    let old = claude.claude_session_id.unwrap();
    app.close_window();

    let program = world.session_program();
    let tmux = Tmux::start(
        &world,
        120,
        40,
        &[&program.to_string_lossy(), "attach", "ledger-api"],
    );
    wait_for("the conversation in tmux", QUICK, || {
        let text = tmux.text();
        if text.contains("before the clear") {
            Ok(())
        } else {
            Err(text)
        }
    });
    tmux.type_text("/clear");
    wait_for("the command in the prompt", QUICK, || {
        let text = tmux.text();
        if text.contains("/clear") {
            Ok(())
        } else {
            Err(text)
        }
    });
    tmux.key("Enter");
    let new = new_id(&world, claude.claude_pid.unwrap(), &old);
    // Not by `list`: it would already bring the store up to date.
    wait_for("the host to have written it down", QUICK, || {
        let journal = fs::read(world.journal(&claude.project_id)).unwrap_or_default();
        if String::from_utf8_lossy(&journal).contains(&new) {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&journal).into_owned())
        }
    });
    // Claude Code writes the new transcript in steps. Killed in between it leaves one that
    // cannot be resumed, and then the window rightly asks.
    wait_for("the new transcript to be whole", QUICK, || {
        let path = world.transcript(&new).ok_or("none yet")?;
        match inspect(&path) {
            Ok(Some(found)) if found.condition == Condition::Usable => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    meanwhile(&world);

    let _app = world.open_app(&[]);
    wait_for("the store to have both", SLOW, || {
        let now = stored(&world);
        if now == (Some(new.clone()), vec![old.clone(), new.clone()]) {
            Ok(())
        } else {
            Err(format!("{now:?}"))
        }
    });
    let after = world.wait_for_state("idle");
    assert_eq!(after.claude_session_id, Some(new));
}

#[test]
fn a_clear_without_a_window_is_known_at_the_next_start() {
    is_folded_at_the_next_start("clear-closed", |_| ());
}

#[test]
fn a_clear_without_a_window_survives_a_reboot() {
    is_folded_at_the_next_start("clear-reboot", World::reboot);
}
