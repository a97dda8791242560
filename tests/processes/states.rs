//! Every state of a session with the real CLI, as `list --json` shows it.
//!
//! What happens is triggered by files and keys, never by time. The CLI's own word is its
//! session file; from the moment that says something new, the list has 500 ms.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reprise_core::claude::live::{self, LiveStatus};
use reprise_core::model::{SessionState, TerminalKey};
use reprise_core::session::client::{BlockingConnection, ClientError};
use reprise_core::session::protocol::{HostStatus, Reply, Request};
use reprise_core::session::screen::ScreenEvent;
use rustix::process::{Pid, Signal, kill_process};

use crate::claude::Claude;
use crate::viewer::Viewer;
use crate::world::{SIZE, wait_for};

const SHOWN_WITHIN: Duration = Duration::from_millis(500);

/// A session at its prompt, in which every tool is asked for, and its watcher.
struct Session {
    claude: Claude,
    viewer: Viewer,
    pid: u32,
    watched: Watched,
}

impl Session {
    fn new(permission_mode: &str) -> Self {
        Self::prepared(permission_mode, |_| {})
    }

    fn prepared(permission_mode: &str, prepare: impl FnOnce(&Claude)) -> Self {
        let claude = Claude::new();
        prepare(&claude);
        let mut launch = claude.project.launch.clone();
        launch.permission_mode = Some(permission_mode.to_owned());
        let store = claude.world.sessions.store();
        store
            .set_launch_options(claude.project.id, &launch, jiff::Timestamp::now())
            .unwrap();
        let first = claude.start();
        assert!(
            matches!(first.state, SessionState::Starting | SessionState::Idle),
            "{first:?}"
        );
        let watched = Watched::of(&claude);
        let status = claude.wait_for_state(SessionState::Idle);
        let session = Self {
            viewer: claude.attach(),
            pid: status.claude_pid.unwrap(),
            claude,
            watched,
        };
        session.is_shown("idle");
        session
    }

    fn file(&self, name: &str) -> PathBuf {
        self.claude.world.path(name)
    }

    fn say(&mut self, text: &str) {
        self.viewer.say(text);
    }

    /// Waits until the CLI itself says this, and then for the list, which has 500 ms.
    fn becomes(&self, status: &LiveStatus, word: &str) -> HostStatus {
        wait_for(&format!("the CLI to say {status:?}"), || {
            let said = live::of_process(&self.claude.config(), self.pid)
                .ok()??
                .status?;
            (said == *status).then_some(())
        });
        self.is_shown(word);
        self.claude.status().unwrap()
    }

    fn is_shown(&self, word: &str) {
        let began = Instant::now();
        loop {
            let shown = self.claude.world.list()[0]["state"].clone();
            if shown == word {
                break;
            }
            assert!(
                began.elapsed() < SHOWN_WITHIN,
                "after {:?} {shown} is shown instead of {word}",
                began.elapsed()
            );
        }
        assert!(
            began.elapsed() < SHOWN_WITHIN,
            "{word}: {:?}",
            began.elapsed()
        );
    }

    fn waiting(&self, word: &str) -> HostStatus {
        // Versions differ in what they call a question.
        wait_for("the CLI to wait", || {
            let said = live::of_process(&self.claude.config(), self.pid)
                .ok()??
                .status?;
            matches!(said, LiveStatus::Waiting(_)).then_some(())
        });
        self.is_shown(word);
        // The hook is a process of its own and may come after the file.
        wait_for("what is asked", || {
            self.claude.status().filter(|status| status.ask.is_some())
        })
    }
}

/// Everything that a watching connection was told.
struct Watched {
    statuses: Arc<Mutex<Vec<HostStatus>>>,
    events: Arc<Mutex<Vec<ScreenEvent>>>,
}

impl Watched {
    fn of(claude: &Claude) -> Self {
        let hosts = claude.world.sessions.hosts();
        Self::host(&hosts.lock(claude.project.id, TerminalKey::Claude))
    }

    fn host(lock: &std::path::Path) -> Self {
        let watched = Self {
            statuses: Arc::default(),
            events: Arc::default(),
        };
        let mut host = BlockingConnection::open(lock).unwrap();
        host.send(&Request::Watch).unwrap();
        let (statuses, events) = (watched.statuses.clone(), watched.events.clone());
        std::thread::spawn(move || {
            loop {
                match host.receive() {
                    Ok(Reply::Status(status)) => statuses.lock().unwrap().push(*status),
                    Ok(Reply::Event(event)) => events.lock().unwrap().push(event),
                    Ok(_) => {}
                    // Nothing new for a while.
                    Err(ClientError::Broken(error))
                        if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        });
        watched
    }

    /// Waits until nothing works any more.
    fn wait_for_end(&self) {
        wait_for("the end", || {
            let statuses = self.statuses.lock().unwrap();
            let last = statuses.last()?;
            (last.state == SessionState::Idle && !last.background).then_some(())
        });
    }

    /// The states since the last call, each as often as it was entered, with whether
    /// something went on in the background.
    fn states(&self) -> Vec<(&'static str, bool)> {
        let statuses = std::mem::take(&mut *self.statuses.lock().unwrap());
        let mut states: Vec<_> = statuses
            .iter()
            .map(|status| (status.state.word(), status.background))
            .collect();
        states.dedup();
        states
    }
}

#[test]
fn idle_working_and_an_interrupted_reply() {
    let mut at = Session::new("manual");
    at.say(&format!("UNTIL {}", at.file("go").display()));
    let working = at.becomes(&LiveStatus::Busy, "working");
    std::fs::write(at.file("go"), "").unwrap();
    let idle = at.becomes(&LiveStatus::Idle, "idle");
    assert!(idle.since > working.since && !idle.background);

    at.say("SLOW 1000 50");
    at.becomes(&LiveStatus::Busy, "working");
    at.viewer.wait_for_text("word3");
    at.viewer.type_text("\x1b");
    let idle = at.becomes(&LiveStatus::Idle, "idle");
    assert!(!idle.background);
}

#[test]
fn a_permission_prompt_denied_and_granted() {
    let mut at = Session::new("manual");
    let made = at.file("shop/made");
    for granted in [false, true] {
        at.say("TOOL bash touch made");
        let asked = at.waiting("permission");
        let ask = asked.ask.unwrap();
        assert_eq!(
            (ask.tool.as_str(), ask.input.as_str()),
            ("Bash", "touch made")
        );
        at.viewer.wait_for_text("touch made");
        at.viewer.wait_for_text("Esc to cancel");
        if granted {
            // The CLI ignores keys for a moment after the dialog appears, so that nobody
            // answers it while typing.
            let config = at.claude.config();
            let pid = at.pid;
            wait_for("the answer to be taken", || {
                at.viewer.type_text("\r");
                let said = live::of_process(&config, pid).ok()??.status?;
                (!matches!(said, LiveStatus::Waiting(_))).then_some(())
            });
            wait_for("the file", || made.exists().then_some(()));
        } else {
            at.viewer.type_text("\x1b");
        }
        let idle = at.becomes(&LiveStatus::Idle, "idle");
        assert_eq!(idle.ask, None);
        assert_eq!(made.exists(), granted);
    }
}

#[test]
fn of_several_tools_that_ask_at_once_all_are_told() {
    let mut at = Session::new("manual");
    let (one, other) = (at.file("one"), at.file("other"));
    std::fs::write(&one, "1").unwrap();
    std::fs::write(&other, "2").unwrap();
    let read = |path: &PathBuf| serde_json::json!({"name": "Read", "input": {"file_path": path}});
    at.say(&format!("TOOLS [{},{}]", read(&one), read(&other)));
    at.waiting("permission");
    wait_for("both requests", || {
        let ask = at.claude.status()?.ask?;
        let names = |path: &PathBuf| ask.input.contains(path.to_str().unwrap());
        (ask.tool == "Read" && names(&one) && names(&other)).then_some(())
    });
}

#[test]
fn a_question() {
    let mut at = Session::new("manual");
    let question = r#"{"questions":[{"question":"Which colour?","header":"Colour","multiSelect":false,"options":[{"label":"Red","description":"r"},{"label":"Blue","description":"b"}]}]}"#;
    at.say(&format!("TOOL json AskUserQuestion {question}"));
    let asked = at.waiting("question");
    let ask = asked.ask.unwrap();
    assert_eq!(
        (ask.tool.as_str(), ask.input.as_str()),
        ("AskUserQuestion", "Which colour?")
    );
    at.viewer.wait_for_text("Which colour?");
    at.viewer.type_text("\x1b");
    assert_eq!(at.becomes(&LiveStatus::Idle, "idle").ask, None);
    // A dialog of the CLI's own is a question that no tool asks.
    at.say("/config");
    let dialog = at.becomes(&LiveStatus::Waiting("dialog open".to_owned()), "question");
    assert_eq!(dialog.ask, None);
}

#[test]
fn an_error_of_the_api() {
    let mut at = Session::new("manual");
    at.say("FAIL 529 3");
    at.becomes(&LiveStatus::Busy, "working");
    at.becomes(&LiveStatus::Idle, "idle");
    at.say("FAIL 400");
    at.viewer.wait_for_text("API Error: 400");
    at.becomes(&LiveStatus::Idle, "idle");
}

#[test]
fn while_a_sub_agent_goes_on_no_idle_is_the_end_of_the_work() {
    let mut at = Session::new("acceptEdits");
    let go = at.file("go");
    let task = serde_json::json!({
        "description": "look", "prompt": format!("UNTIL {}", go.display()),
        "subagent_type": "general-purpose",
    });
    at.watched.states();
    at.say(&format!("TOOL json Task {task}"));
    wait_for("the background", || {
        at.claude.status().filter(|status| status.background)
    });
    at.becomes(&LiveStatus::Busy, "working");
    std::fs::write(&go, "").unwrap();
    at.watched.wait_for_end();
    at.is_shown("idle");
    let mut states = at.watched.states();
    assert_eq!(states.pop(), Some(("idle", false)));
    // The CLI's own idle between its two turns is not told.
    let mut since_work = states.iter().skip_while(|(state, _)| *state != "working");
    let idle = since_work.find(|(state, _)| *state == "idle");
    assert_eq!(idle, None, "{states:?}");
    assert!(states.contains(&("working", true)), "{states:?}");
}

#[test]
fn a_background_shell() {
    let mut at = Session::new("acceptEdits");
    let go = at.file("go");
    let shell = serde_json::json!({
        "command": format!("until test -e {}; do sleep 0.1; done", go.display()),
        "run_in_background": true,
    });
    at.say(&format!("TOOL json Bash {shell}"));
    let status = at.becomes(&LiveStatus::Shell, "shell");
    assert!(status.background);
    at.watched.states();
    std::fs::write(&go, "").unwrap();
    at.watched.wait_for_end();
    let states = at.watched.states();
    let ends = states.iter().filter(|(state, _)| *state == "idle");
    assert_eq!(ends.collect::<Vec<_>>(), [&("idle", false)], "{states:?}");
}

#[test]
fn a_killed_session_is_not_shown_as_living() {
    let at = Session::new("manual");
    let pid = Pid::from_raw(at.pid as i32).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    let began = Instant::now();
    loop {
        let rows = at.claude.world.list();
        if rows.first().is_none_or(|row| row["state"] == "ended") {
            break;
        }
        assert!(began.elapsed() < SHOWN_WITHIN, "{rows:?}");
    }
    let end = wait_for("the end to be written down", || {
        let hosts = at.claude.world.sessions.hosts();
        hosts.last_end(at.claude.project.id)
    });
    assert_eq!((end.exit.code, end.exit.signal), (137, Some(9)));
    let states = at.watched.states();
    assert_eq!(states.last(), Some(&("ended", false)), "{states:?}");
}

#[test]
fn with_the_persons_hooks_switched_off_the_states_are_the_same() {
    let mut at = Session::prepared("manual", |claude| {
        let settings = claude.world.path("home/.claude");
        std::fs::create_dir_all(&settings).unwrap();
        let off = r#"{"disableAllHooks": true}"#;
        std::fs::write(settings.join("settings.json"), off).unwrap();
    });
    at.say("TOOL bash touch made");
    let asked = at.becomes(
        &LiveStatus::Waiting("permission prompt".to_owned()),
        "permission",
    );
    assert_eq!(asked.ask, None);
    at.viewer.wait_for_text("Esc to cancel");
    at.viewer.type_text("\x1b");
    at.becomes(&LiveStatus::Idle, "idle");
    at.say("SLOW 1000 50");
    at.becomes(&LiveStatus::Busy, "working");
    at.viewer.wait_for_text("word3");
    at.viewer.type_text("\x1b");
    at.becomes(&LiveStatus::Idle, "idle");
}

#[test]
fn who_only_watches_hears_bells_and_notifications_and_sees_no_bytes() {
    let claude = Claude::new();
    let sessions = &claude.world.sessions;
    let shell = sessions.new_shell(claude.project.id, SIZE).unwrap();
    let lock = sessions.hosts().lock(shell.project, shell.terminal);
    let watched = Watched::host(&lock);
    let mut viewer = Viewer::attach(&lock, SIZE);
    viewer.type_text("printf '\\a\\033]777;notify;build;it is done\\a\\033]52;c;aGk=\\a'\n");
    wait_for("both", || {
        let events = watched.events.lock().unwrap().clone();
        let notification = ScreenEvent::Notification {
            title: Some("build".to_owned()),
            body: "it is done".to_owned(),
        };
        (events.contains(&ScreenEvent::Bell) && events.contains(&notification)).then_some(())
    });
    let events = watched.events.lock().unwrap();
    let others = |event: &&ScreenEvent| {
        !matches!(event, ScreenEvent::Bell | ScreenEvent::Notification { .. })
    };
    assert_eq!(events.iter().find(others), None);
}
