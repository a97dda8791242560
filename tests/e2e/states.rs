//! Every state of a session with the real CLI, as sidebar, window title, tray and list show it.
//!
//! What each of them says is written down with its time while the session is driven by keys and
//! files. Compared is with the CLI's own session file.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::window::{App, Panel, SLOW, World, kill_now, wait_for};

/// Far more than it takes: the machine has other things to do, among them this watching.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

/// Keeps `window.__said`: when the sidebar said what of the project.
const WATCH_SIDEBAR: &str = "window.__said = []; \
    const look = () => { \
        const label = document.querySelector('[data-project]')?.getAttribute('aria-label') ?? ''; \
        if (window.__said.at(-1)?.[1] !== label) window.__said.push([Date.now(), label]); }; \
    look(); new MutationObserver(look).observe(document.body, \
        { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-label'] });";

/// The words of a state, as the CLI, the list, the sidebar and the tray have them.
struct Words {
    cli: &'static str,
    list: &'static str,
    sidebar: &'static str,
    tray: &'static str,
}

const IDLE: Words = Words {
    cli: "idle",
    list: "idle",
    sidebar: "Idle",
    tray: "idle",
};
const WORKING: Words = Words {
    cli: "busy",
    list: "working",
    sidebar: "Working",
    tray: "working",
};
const PERMISSION: Words = Words {
    cli: "waiting",
    list: "permission",
    sidebar: "Needs permission",
    tray: "needs permission",
};
const QUESTION: Words = Words {
    cli: "waiting",
    list: "question",
    sidebar: "Asks a question",
    tray: "asks a question",
};
const SHELL: Words = Words {
    cli: "shell",
    list: "shell",
    sidebar: "Shell running",
    tray: "shell running",
};
const KILLED: Words = Words {
    cli: "",
    list: "",
    sidebar: "Ended, code 137",
    tray: "ready to resume",
};

/// From when on it is counted how long something took to be shown.
#[derive(Clone, Copy)]
enum Since {
    Moment(u128),
    /// The CLI's own word in its session file.
    Cli,
    /// What the list says: the CLI was idle before all was over.
    List,
}

fn now() -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap().as_millis()
}

/// What was said when, each change once.
#[derive(Default)]
struct Said(Mutex<Vec<(u128, String)>>);

impl Said {
    fn note(&self, words: String) {
        let mut said = self.0.lock().unwrap();
        if said.last().is_none_or(|(_, last)| *last != words) {
            said.push((now(), words));
        }
    }

    /// When it first said this, from a moment on.
    fn first(&self, from: u128, is: impl Fn(&str) -> bool) -> Result<u128, String> {
        first(&self.0.lock().unwrap(), from, is)
    }
}

fn first(said: &[(u128, String)], from: u128, is: impl Fn(&str) -> bool) -> Result<u128, String> {
    let found = said.iter().find(|(at, words)| *at >= from && is(words));
    found.map(|(at, _)| *at).ok_or(format!("{said:?}"))
}

#[derive(Default)]
struct Watched {
    over: AtomicBool,
    cli: Said,
    list: Said,
    tray: Said,
}

impl Watched {
    fn watch(&self, pause: Duration, look: impl Fn()) {
        while !self.over.load(Ordering::Relaxed) {
            look();
            std::thread::sleep(pause);
        }
    }
}

/// Ends the watching also where the test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Driven<'a> {
    world: &'a World,
    app: &'a App<'a>,
    watched: &'a Watched,
}

impl Driven<'_> {
    fn say(&self, text: &str) -> u128 {
        self.app.type_keys(text);
        self.app.wait_for_text(text);
        let at = now();
        self.app.key("Return");
        at
    }

    fn sidebar(&self) -> Result<Vec<(u128, String)>, String> {
        let said = self.app.web().execute("return window.__said", &[])?;
        serde_json::from_value(said).map_err(|error| error.to_string())
    }

    /// The titles of the app's windows, as the window manager has them.
    fn titles(&self) -> Result<Vec<String>, String> {
        let (display, pid) = (&self.world.display, self.app.pid.to_string());
        let windows = display.xdotool(&["search", "--onlyvisible", "--pid", &pid])?;
        let titles = windows
            .lines()
            .map(|window| display.xdotool(&["getwindowname", window]));
        titles.collect()
    }

    /// Waits until all say it, and tells how long each took. Returns a moment at which all say it.
    #[track_caller]
    fn shown(&self, step: &str, words: &Words, from: u128, since: Since) -> u128 {
        let list = wait_for(&format!("{step}: the list"), SLOW, || {
            self.watched.list.first(from, |said| said == words.list)
        });
        let since = match since {
            Since::Moment(at) => at,
            Since::Cli => wait_for(&format!("{step}: the CLI"), SLOW, || {
                self.watched.cli.first(from, |said| said == words.cli)
            }),
            Since::List => list,
        };
        let sidebar = wait_for(&format!("{step}: the sidebar"), SLOW, || {
            let start = format!("ledger-api, {}", words.sidebar);
            first(&self.sidebar()?, from, |said| said.starts_with(&start))
        });
        let tray = wait_for(&format!("{step}: the tray"), SLOW, || {
            self.watched.tray.first(from, |said| said == words.tray)
        });
        wait_for(&format!("{step}: the title"), SLOW, || {
            let titles = self.titles()?;
            let start = format!("ledger-api – {}", words.sidebar);
            if titles.iter().any(|title| title.starts_with(&start)) {
                Ok(())
            } else {
                Err(format!("{titles:?}"))
            }
        });
        let lag = |at: u128| at.saturating_sub(since);
        println!(
            "{step}: list {} ms, sidebar {} ms, tray {} ms",
            lag(list),
            lag(sidebar),
            lag(tray)
        );
        for (what, at) in [("list", list), ("sidebar", sidebar), ("tray", tray)] {
            assert!(
                lag(at) < SHOWN_WITHIN.as_millis(),
                "{step}: {what} after {} ms",
                lag(at)
            );
        }
        now()
    }
}

fn prepare(world: &World) {
    let settings = json!({"permissions": {
        "defaultMode": "default", "allow": ["Task", "Bash(./until-go)"],
    }});
    let file = world.claude_config().join("settings.json");
    fs::write(file, settings.to_string()).unwrap();
    let script = world.workspace.join("until-go");
    fs::write(&script, "#!/bin/sh\nuntil test -e go; do sleep 0.1; done\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(script, mode).unwrap();
}

#[test]
fn every_state_is_shown_in_sidebar_title_tray_and_list() {
    let world = World::new("states");
    prepare(&world);
    let panel = Panel::start(&world);
    let app = world.open_workspace();
    app.web().execute(WATCH_SIDEBAR, &[]).unwrap();
    let pid = world.claude().unwrap().claude_pid.unwrap();
    let session_file = world.claude_config().join(format!("sessions/{pid}.json"));
    let watched = Watched::default();
    std::thread::scope(|scope| {
        let _over = Over(&watched.over);
        scope.spawn(|| {
            watched.watch(Duration::from_millis(5), || {
                let text = fs::read_to_string(&session_file).unwrap_or_default();
                let status = serde_json::from_str::<Value>(&text);
                if let Some(word) = status
                    .ok()
                    .as_ref()
                    .and_then(|file| file["status"].as_str())
                {
                    watched.cli.note(word.to_owned());
                }
            });
        });
        scope.spawn(|| {
            watched.watch(Duration::from_millis(20), || {
                let list = world.list();
                let state = list.first().map(|listed| listed.state.clone());
                let over = state.as_deref() == Some("ended");
                watched
                    .list
                    .note(state.filter(|_| !over).unwrap_or_default());
            });
        });
        scope.spawn(|| {
            watched.watch(Duration::from_millis(20), || {
                let menu = panel.menu().unwrap_or_default();
                let words = menu
                    .iter()
                    .find_map(|line| line.label.strip_prefix("ledger-api: "));
                if let Some(words) = words {
                    watched.tray.note(words.to_owned());
                }
            });
        });
        let driven = Driven {
            world: &world,
            app: &app,
            watched: &watched,
        };
        drive(&driven, &world.workspace.join("go"), pid);
    });
}

fn drive(at: &Driven<'_>, go: &Path, pid: u32) {
    at.shown("start", &IDLE, 0, Since::List);

    // A reply, whole and interrupted.
    let from = at.say(&format!("UNTIL {}", go.display()));
    let from = at.shown("a prompt", &WORKING, from, Since::Cli);
    fs::write(go, "").unwrap();
    at.shown("its reply", &IDLE, from, Since::Cli);
    fs::remove_file(go).unwrap();
    let from = at.say("SLOW 1000 50");
    let from = at.shown("a long reply", &WORKING, from, Since::Cli);
    at.app.wait_for_text("word3");
    at.app.key("Escape");
    at.shown("Esc", &IDLE, from, Since::Cli);

    let from = at.say("TOOL bash touch made");
    let from = at.shown("a permission prompt", &PERMISSION, from, Since::Cli);
    at.app.wait_for_text("Esc to cancel");
    at.app.key("Escape");
    at.shown("a denied permission", &IDLE, from, Since::Cli);
    assert!(!at.world.workspace.join("made").exists());

    let question = json!({"questions": [{
        "question": "Which colour?", "header": "Colour", "multiSelect": false,
        "options": [{"label": "Red", "description": "r"}, {"label": "Blue", "description": "b"}],
    }]});
    let from = at.say(&format!("TOOL json AskUserQuestion {question}"));
    let from = at.shown("a question", &QUESTION, from, Since::Cli);
    at.app.wait_for_text("Which colour?");
    at.app.key("Escape");
    at.shown("a dismissed question", &IDLE, from, Since::Cli);

    let from = at.say("FAIL 529");
    let from = at.shown("an overloaded API", &WORKING, from, Since::Cli);
    at.shown("an error of the API", &IDLE, from, Since::Cli);
    at.app.wait_for_text("API Error");

    // Its turn ends before the sub-agent does: no idle is shown between.
    let task = json!({
        "description": "look", "prompt": format!("UNTIL {}", go.display()),
        "subagent_type": "general-purpose",
    });
    let from = at.say(&format!("TOOL json Task {task}"));
    let from = at.shown("a sub-agent", &WORKING, from, Since::Cli);
    wait_for("the sub-agent in the background", SLOW, || {
        let list = at.world.list();
        if list.iter().any(|listed| listed.background) {
            Ok(())
        } else {
            Err(format!("{list:?}"))
        }
    });
    let end = now();
    fs::write(go, "").unwrap();
    let idle = at.shown("its end", &IDLE, from, Since::List);
    let early = first(&at.sidebar().unwrap(), from, |said| said.contains("Idle"));
    assert!(early.unwrap() >= end);
    assert!(at.watched.tray.first(idle, |said| said != "idle").is_err());
    fs::remove_file(go).unwrap();

    let shell = json!({"command": "./until-go", "run_in_background": true});
    let from = at.say(&format!("TOOL json Bash {shell}"));
    let from = at.shown("a background shell", &SHELL, from, Since::Cli);
    fs::write(go, "").unwrap();
    at.shown("its end", &IDLE, from, Since::List);

    let from = now();
    kill_now(pid);
    at.shown("SIGKILL", &KILLED, from, Since::Moment(from));
}
