//! The team's server goes away in the middle of work, with the window open.

use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mongodb::bson::{DateTime, Document, doc};
use rustix::process::{Signal, kill_process};

use crate::milestones::create;
use crate::mongod::{self, Kind, Server};
use crate::team::on_team;
use crate::unattended::end_session;
use crate::window::{App, QUICK, SLOW, World, wait_for};

/// How the status line begins while the server is away.
const AWAY: &str = "MongoDB: reconnecting since";

const PROJECTS: &str = "output_projects";
const MILESTONES: &str = "milestones";

#[track_caller]
fn at_most(limit: Duration, since: Instant, what: &str) {
    let took = since.elapsed();
    assert!(took <= limit, "{what} took {took:?}");
    eprintln!("{what}: {} ms", took.as_millis());
}

/// A text of the only document in a collection.
fn stored(uri: &str, collection: &str, field: &str) -> Option<String> {
    mongod::run_on(uri, async |database| {
        let documents = database.collection::<Document>(collection);
        let document = documents.find_one(doc! {}).await.ok()??;
        document.get_str(field).ok().map(str::to_owned)
    })
}

/// Somebody else writes the status of the only document in a collection.
fn mark(uri: &str, collection: &str, status: &str) {
    mongod::run_on(uri, async |database| {
        let documents = database.collection::<Document>(collection);
        let change = doc! { "$set": { "status": status, "updated_at": DateTime::now() } };
        documents.update_one(doc! {}, change).await.unwrap();
    });
}

/// The session id in the only project's document.
fn stored_id(uri: &str) -> Option<String> {
    stored(uri, PROJECTS, "claude_session_id")
}

/// Types `/clear` into the session and waits for its new id.
#[track_caller]
fn clear(world: &World, app: &App<'_>) -> String {
    let before = world.claude().unwrap().claude_session_id;
    app.click_terminal();
    app.type_keys("/clear");
    app.wait_for_text("/clear");
    app.key("Return");
    wait_for("another session id", SLOW, || {
        let now = world.claude()?.claude_session_id;
        if now == before {
            return Err(format!("{now:?}"));
        }
        now.ok_or_else(|| "none".to_owned())
    })
}

#[test]
fn a_server_that_is_killed_costs_neither_session_nor_change() {
    let mut server = Server::start(Kind::ReplicaSet);
    let uri = server.uri("team");
    let world = on_team("outage-kill", &uri);
    let app = world.open_workspace();
    app.say("before the outage");
    let claude = world.claude().unwrap();
    wait_for("the id in the database", QUICK, || {
        (stored_id(&uri) == claude.claude_session_id)
            .then_some(())
            .ok_or_else(|| format!("{:?}", stored_id(&uri)))
    });

    server.kill();
    let killed = Instant::now();
    app.wait_for_words(AWAY);
    at_most(Duration::from_secs(2), killed, "the word of it");
    app.wait_for_words("The team store is away");
    app.click_terminal();
    app.say("during the outage");
    let cleared = clear(&world, &app);
    app.wait_for_words("1 change waits");
    assert_eq!(world.claude().unwrap().claude_pid, claude.claude_pid);
    app.click("button", "Show the changes");
    app.wait_for_words(&format!("New session {}", &cleared[..8]));
    app.key("Escape");
    // What would need the others' consent is refused, and says why.
    app.choose_of_project("Rename");
    app.key("ctrl+a");
    app.type_keys("elsewhere");
    app.key("Return");
    app.wait_for_words("refuses connections");

    server.restart();
    let back = Instant::now();
    wait_for("the new id in the database", SLOW, || {
        let stored = stored_id(&uri);
        if stored.as_ref() == Some(&cleared) {
            Ok(())
        } else {
            Err(format!("{stored:?}"))
        }
    });
    at_most(Duration::from_secs(5), back, "the change in the database");
    wait_for("the store to be back in the window", SLOW, || {
        let text = app.page_text();
        if text.contains(AWAY) || text.contains("The team store is away") {
            Err(text)
        } else {
            Ok(())
        }
    });
    app.click_terminal();
    app.say("after the outage");
    assert_eq!(world.claude().unwrap().claude_pid, claude.claude_pid);
}

#[test]
fn a_server_that_hangs_is_told_within_four_seconds() {
    let server = Server::start(Kind::ReplicaSet);
    let uri = server.uri("team");
    let world = on_team("outage-hang", &uri);
    let app = world.open_workspace();
    let claude = world.claude().unwrap();

    kill_process(server.pid(), Signal::STOP).unwrap();
    let stopped = Instant::now();
    app.wait_for_words(AWAY);
    at_most(Duration::from_secs(4), stopped, "the word of it");
    app.say("while it hangs");
    let cleared = clear(&world, &app);

    kill_process(server.pid(), Signal::CONT).unwrap();
    let back = Instant::now();
    wait_for("the new id in the database", SLOW, || {
        let stored = stored_id(&uri);
        if stored.as_ref() == Some(&cleared) {
            Ok(())
        } else {
            Err(format!("{stored:?}"))
        }
    });
    at_most(Duration::from_secs(5), back, "the change in the database");
    assert_eq!(world.claude().unwrap().claude_pid, claude.claude_pid);
}

/// A way to the server that can be cut, so that others still reach it.
struct Way {
    port: u16,
    /// The connections that go through it; none while it is cut.
    through: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Way {
    fn to(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let through = Arc::new(Mutex::new(Some(Vec::new())));
        let shared = Arc::clone(&through);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else {
                    continue;
                };
                // While it is cut, both ends close here.
                if let Some(through) = &mut *shared.lock().unwrap() {
                    through.push(client.try_clone().unwrap());
                    pass(client.try_clone().unwrap(), server.try_clone().unwrap());
                    pass(server, client);
                }
            }
        });
        Self { port, through }
    }

    fn cut(&self) {
        for connection in self.through.lock().unwrap().take().unwrap() {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        *self.through.lock().unwrap() = Some(Vec::new());
    }
}

/// Passes on what comes, until one end closes.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}

#[test]
fn a_change_that_met_another_is_decided_by_the_person_with_both_values_in_sight() {
    const THEIRS: &str = "0cc0ffee-1111-4222-8333-444455556666";
    let server = Server::start(Kind::Standalone);
    let direct = server.uri("team");
    let way = Way::to(server.port());
    let world = on_team(
        "outage-conflict",
        &format!("mongodb://127.0.0.1:{}/team", way.port),
    );
    let app = world.open_workspace();
    app.say("before the cut");

    way.cut();
    app.wait_for_words(AWAY);
    let ours = clear(&world, &app);
    app.wait_for_words("1 change waits");
    mongod::run_on(&direct, async |database| {
        let projects = database.collection::<Document>(PROJECTS);
        let change = doc! { "$set": { "claude_session_id": THEIRS } };
        projects.update_one(doc! {}, change).await.unwrap();
    });
    way.mend();
    app.wait_for_words("Somebody else changed the same");
    app.wait_for_words("MongoDB: 1 change needs a decision");
    assert_eq!(stored_id(&direct).as_deref(), Some(THEIRS));

    app.click("button", "Show the changes");
    app.wait_for_words(THEIRS);
    app.wait_for_words(&ours);
    app.click("button", "Keep ours");
    wait_for("ours in the database", SLOW, || {
        let stored = stored_id(&direct);
        if stored.as_ref() == Some(&ours) {
            Ok(())
        } else {
            Err(format!("{stored:?} {}", app.page_text()))
        }
    });
    app.wait_for_words("Nothing waits any more");
    app.key("Escape");
    wait_for("the decision to be over", QUICK, || {
        let text = app.page_text();
        if text.contains("Somebody else") || text.contains("needs a decision") {
            Err(text)
        } else {
            Ok(())
        }
    });
}

/// The dialog's entry that says this: all of it, line by line.
#[track_caller]
fn entry(app: &App<'_>, words: &str) -> String {
    let script = "return [...document.querySelectorAll('dialog li')].map((it) => it.innerText) \
        .find((text) => text.includes(arguments[0])) ?? ''";
    wait_for(&format!("{words:?} in the dialog"), SLOW, || {
        let entry = app.web().execute(script, &[words.into()])?;
        match entry.as_str() {
            Some(entry) if !entry.is_empty() => Ok(entry.to_owned()),
            _ => Err(app.page_text()),
        }
    })
}

/// Decides about the dialog's entry that says this.
#[track_caller]
fn decide(app: &App<'_>, words: &str, button: &str) {
    entry(app, words);
    let script = "[...document.querySelectorAll('dialog li')] \
        .find((it) => it.innerText.includes(arguments[0])).querySelectorAll('button') \
        .forEach((it) => it.innerText.trim() === arguments[1] && it.click())";
    app.web()
        .execute(script, &[words.into(), button.into()])
        .unwrap();
    wait_for("the decision to be taken in", SLOW, || {
        match app.page_text().contains(words) {
            true => Err(app.page_text()),
            false => Ok(()),
        }
    });
}

#[test]
fn statuses_that_met_others_are_told_with_both_and_decided_one_by_one() {
    const MILESTONE: &str = "Bank reconciliation";
    let server = Server::start(Kind::Standalone);
    let direct = server.uri("team");
    let way = Way::to(server.port());
    let world = on_team(
        "outage-statuses",
        &format!("mongodb://127.0.0.1:{}/team", way.port),
    );
    let app = world.open_workspace();
    app.say("before the cut");
    create(&app, MILESTONE, "Later");
    end_session(&world, &app);
    wait_for(
        "the milestone and the project's use in the database",
        SLOW,
        || {
            let stored = [PROJECTS, MILESTONES].map(|them| stored(&direct, them, "status"));
            match &stored {
                [Some(project), Some(_)] if project == "active" => Ok(()),
                _ => Err(format!("{stored:?}")),
            }
        },
    );
    // Another program's word, which the window knows before the server is away.
    mark(&direct, PROJECTS, "created");
    mark(&direct, MILESTONES, "in_progress");
    app.wait_for_words("In progress");

    way.cut();
    app.wait_for_words(AWAY);
    app.click("button", MILESTONE);
    app.click("menuitemradio", "Completed");
    app.click("button", "Resume");
    world.wait_for_state("idle");
    app.wait_for_words("2 changes wait");
    mark(&direct, PROJECTS, "initialized");
    mark(&direct, MILESTONES, "failed");
    way.mend();
    app.wait_for_words("MongoDB: 2 changes need a decision");

    app.click("button", "Show the changes");
    let project = entry(&app, "Status of the project");
    let milestone = entry(&app, MILESTONE);
    for (entry, theirs, ours) in [
        (&project, "Prepared", "In use"),
        (&milestone, "Failed", "Completed"),
    ] {
        let lines: Vec<&str> = entry.lines().map(str::trim).collect();
        let after = |label: &str| {
            let at = lines.iter().position(|line| line.starts_with(label));
            at.and_then(|at| lines[at + 1..].iter().find(|line| !line.is_empty()))
        };
        assert_eq!(after("In the store"), Some(&theirs), "{entry}");
        assert_eq!(after("Here, at"), Some(&ours), "{entry}");
    }
    assert_eq!(
        stored(&direct, PROJECTS, "status").as_deref(),
        Some("initialized")
    );

    decide(&app, "Status of the project", "Keep ours");
    wait_for("ours in the database", SLOW, || {
        match stored(&direct, PROJECTS, "status") {
            Some(status) if status == "active" => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    assert_eq!(
        stored(&direct, MILESTONES, "status").as_deref(),
        Some("failed")
    );
    decide(&app, "Completed", "Keep theirs");
    app.wait_for_words("Nothing waits any more");
    assert_eq!(
        stored(&direct, MILESTONES, "status").as_deref(),
        Some("failed")
    );
    app.key("Escape");
    app.wait_for_words("Failed");
}
