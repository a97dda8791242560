//! Two people on one database: each has a home, a window and a Claude Code of their own.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::milestones::create;
use crate::mongod::{Kind, SharedDatabase};
use crate::window::{App, SLOW, World, wait_for};

/// A colleague's change is to be seen within this time.
const SEEN_WITHIN: Duration = Duration::from_secs(2);

/// A lease of 10 s that nobody renews, and the time until that is heard.
const LEASE_ENDS_WITHIN: Duration = Duration::from_secs(13);

/// A person's world whose store is this database.
pub fn on_team(name: &'static str, uri: &str) -> World {
    let mut world = World::new(name);
    world.set("REPRISE_STORE", Path::new(uri));
    world
}

/// What the sidebar lists.
pub fn projects(app: &App<'_>) -> Vec<String> {
    let script = "return [...document.querySelectorAll('[data-project]')]\
                  .map((row) => row.getAttribute('aria-label') ?? '')";
    match app.web().execute(script, &[]) {
        Ok(Value::Array(rows)) => rows
            .iter()
            .filter_map(|row| row.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

#[track_caller]
fn wait_for_project(app: &App<'_>, name: &str, patience: Duration) {
    wait_for(&format!("{name} in the sidebar"), patience, || {
        let rows = projects(app);
        if rows.iter().any(|row| row.contains(name)) {
            Ok(())
        } else {
            Err(format!("{rows:?}"))
        }
    });
}

#[track_caller]
fn seen_in_time(since: Instant, what: &str) {
    let took = since.elapsed();
    assert!(took <= SEEN_WITHIN, "{what} took {took:?}");
    eprintln!("{what}: {} ms", took.as_millis());
}

#[test]
fn what_one_does_the_other_sees_within_two_seconds() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let (ana, rui) = (
        on_team("team-ana", &database.uri()),
        on_team("team-rui", &database.uri()),
    );
    let hers = ana.open_workspace();
    let session = ana.claude().unwrap().claude_session_id.unwrap();
    let his = rui.open_app(&[]);
    wait_for_project(&his, "ledger-api", SLOW);

    // It is live on her machine: his window says so and starts nothing.
    his.wait_for_words(&session[..8]);
    his.wait_for_words("Live on");
    assert_eq!(rui.list(), [], "it was started on his machine, too");

    hers.choose_of_project("Rename");
    hers.key("ctrl+a");
    hers.type_keys("bookkeeping");
    hers.key("Return");
    let renamed = Instant::now();
    wait_for_project(&his, "bookkeeping", SLOW);
    seen_in_time(renamed, "the new name");

    create(&hers, "Bank reconciliation", "Later");
    let created = Instant::now();
    his.wait_for_words("Bank reconciliation");
    seen_in_time(created, "the new milestone");

    hers.click_terminal();
    hers.type_keys("/clear");
    hers.wait_for_text("/clear");
    hers.key("Return");
    let cleared = wait_for("another session id", SLOW, || {
        let now = ana.claude()?.claude_session_id.unwrap_or_default();
        if now == session || now.is_empty() {
            Err(now)
        } else {
            Ok(now)
        }
    });
    let changed = Instant::now();
    his.wait_for_words(&cleared[..8]);
    seen_in_time(changed, "the new session id");

    // Nobody renews her lease any more: it ends, and she was there last.
    hers.kill();
    let killed = Instant::now();
    wait_for("the end of her lease", SLOW, || {
        let text = his.page_text();
        if text.contains("Live on") {
            Err(text)
        } else {
            Ok(())
        }
    });
    let took = killed.elapsed();
    assert!(
        took <= LEASE_ENDS_WITHIN,
        "the end of the lease took {took:?}"
    );
    eprintln!("the end of the lease: {} ms", took.as_millis());
}

/// What the window says of the project's session.
fn state_of(app: &App<'_>) -> String {
    projects(app).concat()
}

#[test]
fn a_session_that_is_live_elsewhere_is_started_here_only_when_the_person_says_so() {
    let database = SharedDatabase::new(Kind::Standalone);
    let (ana, rui) = (
        on_team("lease-ana", &database.uri()),
        on_team("lease-rui", &database.uri()),
    );
    rui.trust(&[&ana.workspace]);
    let hers = ana.open_workspace();
    hers.say("hello from ana");
    let session = ana.wait_for_state("idle").claude_session_id.unwrap();
    let his = rui.open_app(&[]);
    his.wait_for_words("has this session live on");
    assert!(state_of(&his).contains("Live on"), "{}", state_of(&his));

    // An app that is killed renews nothing any more.
    hers.kill();
    let killed = Instant::now();
    wait_for("the lease to end", SLOW, || {
        let state = state_of(&his);
        if state.contains("Live on") {
            Err(state)
        } else {
            Ok(())
        }
    });
    let took = killed.elapsed();
    assert!(took < Duration::from_secs(14), "{took:?}");
    assert!(state_of(&his).contains(", On "), "{}", state_of(&his));

    // Her conversation is hers still: he is told where it is, and begins another one.
    his.click("button", "Try again");
    his.wait_for_words("The transcript of this conversation is on");
    assert_eq!(rui.list(), []);
    his.click("radio", "Start a new conversation");
    his.click("button", "Start a new conversation");
    let new = rui.wait_for_state("idle").claude_session_id.unwrap();
    assert_ne!(new, session);

    // When she comes back, her session lives on, and both see that there are two.
    let hers = ana.open_app(&[]);
    hers.wait_for_words("Also live on");
    assert_eq!(ana.claude().unwrap().claude_session_id, Some(session));
}
