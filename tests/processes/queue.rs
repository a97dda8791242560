//! Commands through the queue into the real CLI, at the worst of moments: none is lost, typed
//! twice or typed into something that is not the prompt.
//!
//! What happens is triggered by what the session and its screen say, never by time. How often
//! a command arrived is what the API was asked.

use std::path::PathBuf;

use reprise_core::model::{SessionState, TerminalKey};
use reprise_core::project_sessions::StartOutcome;
use reprise_core::session::protocol::{HostStatus, Request};
use reprise_core::session::queue::{
    CommandId, CommandState, CommandWait, NewCommand, QueueAnswer, QueueRequest, QueuedCommand,
};

use crate::claude::{Claude, kill};
use crate::viewer::Viewer;
use crate::world::wait_for;

/// How often each timing is tried.
pub fn rounds() -> usize {
    match std::env::var_os("REPRISE_TEST_LONG") {
        Some(_) => 50,
        None => 5,
    }
}

/// A session at its prompt with a viewer that types.
pub struct Typist {
    pub claude: Claude,
    pub viewer: Viewer,
}

impl Typist {
    pub fn new() -> Self {
        Self::prepared(|_| {})
    }

    pub fn prepared(prepare: impl FnOnce(&Claude)) -> Self {
        let claude = manual();
        prepare(&claude);
        claude.start();
        claude.wait_for_state(SessionState::Idle);
        Self {
            viewer: claude.attach(),
            claude,
        }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.claude.world.path(name)
    }

    pub fn say(&mut self, text: &str) {
        self.viewer.say(text);
    }

    pub fn idle(&self) {
        self.claude.wait_for_state(SessionState::Idle);
    }
}

/// A project whose session asks before every tool.
fn manual() -> Claude {
    let claude = Claude::new();
    let mut launch = claude.project.launch.clone();
    launch.permission_mode = Some("manual".to_owned());
    let store = claude.world.sessions.store();
    store
        .set_launch_options(claude.project.id, &launch, jiff::Timestamp::now())
        .unwrap();
    claude
}

pub fn ask(claude: &Claude, request: &QueueRequest) -> QueueAnswer {
    let hosts = claude.world.sessions.hosts();
    hosts.queue(claude.project.id, request).unwrap()
}

pub fn add(claude: &Claude, text: &str) -> CommandId {
    let id = CommandId::generate();
    let add = QueueRequest::Add(NewCommand {
        id,
        text: text.to_owned(),
        about: Some("milestone".to_owned()),
    });
    // Twice: it is one command all the same.
    for _ in 0..2 {
        assert_eq!(ask(claude, &add).refused, None);
    }
    id
}

pub fn agree(claude: &Claude, id: CommandId) {
    assert_eq!(ask(claude, &QueueRequest::Agree { id }).refused, None);
}

pub fn command(status: &HostStatus, id: CommandId) -> Option<QueuedCommand> {
    status
        .queue
        .iter()
        .find(|command| command.id == id)
        .cloned()
}

pub fn waits(claude: &Claude, id: CommandId, wait: CommandWait) {
    wait_for(&format!("{wait:?}"), || {
        let command = command(&claude.status()?, id)?;
        assert!(
            matches!(command.state, CommandState::Waiting { .. }),
            "{command:?}"
        );
        (command.state == CommandState::Waiting { wait }).then_some(())
    });
}

/// Shows the session when a test fails.
struct Shown<'a>(&'a Claude);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let status = self.0.status().map(|status| (status.state, status.queue));
            eprintln!("{status:#?}\n{}", self.0.attach().text());
        }
    }
}

pub fn delivered(claude: &Claude, id: CommandId) {
    let _shown = Shown(claude);
    wait_for("the delivery", || {
        let command = command(&claude.status()?, id)?;
        assert!(
            !matches!(command.state, CommandState::NotDelivered { .. }),
            "{command:?}"
        );
        matches!(command.state, CommandState::Delivered { .. }).then_some(())
    });
}

/// The command was delivered, and the API was asked exactly once.
pub fn arrives_once(claude: &Claude, id: CommandId, text: &str) {
    delivered(claude, id);
    wait_for("the request", || {
        claude.api.said().contains(&text.to_owned()).then_some(())
    });
    claude.wait_for_state(SessionState::Idle);
    let said = claude.api.said();
    let times = said.iter().filter(|said| *said == text).count();
    assert_eq!(times, 1, "{said:?}");
}

#[test]
fn during_the_start() {
    let claude = manual();
    for round in 0..rounds() {
        claude.start();
        let text = format!("start {round}");
        let id = add(&claude, &text);
        arrives_once(&claude, id, &text);
        claude.world.run(&["kill", claude.project.name.as_str()]);
    }
}

#[test]
fn during_streaming() {
    let mut at = Typist::new();
    let pid = at.claude.status().unwrap().program_pid;
    for round in 0..rounds() {
        let go = at.file(&format!("go{round}"));
        at.say(&format!("UNTIL {}", go.display()));
        at.claude.wait_for_state(SessionState::Working);
        let text = format!(
            "streaming {round} {}",
            "and more of it ".repeat(round % 6 * 8)
        );
        let text = text.trim();
        let id = add(&at.claude, text);
        let next = add(&at.claude, &format!("next {round}"));
        waits(&at.claude, id, CommandWait::Idle);
        waits(&at.claude, next, CommandWait::Earlier);
        std::fs::write(&go, "").unwrap();
        delivered(&at.claude, id);
        arrives_once(&at.claude, next, &format!("next {round}"));
        // The API cuts what it logs.
        let head: String = text.chars().take(60).collect();
        let said = at.claude.api.said();
        let times = said.iter().filter(|said| said.starts_with(&head)).count();
        assert_eq!(times, 1, "{said:?}");
    }
    assert_eq!(at.claude.status().unwrap().program_pid, pid);
}

#[test]
fn with_a_permission_prompt_open() {
    let mut at = Typist::new();
    for round in 0..rounds() {
        at.say(&format!("TOOL bash touch made{round}"));
        at.claude.wait_for_state(SessionState::Permission);
        let text = format!("permission {round}");
        let id = add(&at.claude, &text);
        waits(&at.claude, id, CommandWait::Dialog);
        at.viewer.wait_for_text("Esc to cancel");
        at.viewer.type_text("\x1b");
        arrives_once(&at.claude, id, &text);
        let made = at.file(&format!("shop/made{round}"));
        assert!(!made.exists(), "a tool was approved");
    }
}

#[test]
fn with_a_draft_in_the_prompt() {
    let mut at = Typist::new();
    for round in 0..rounds() {
        at.viewer.type_text(&format!("draft {round}"));
        at.viewer.wait_for_text(&format!("draft {round}"));
        let text = format!("beside {round}");
        let id = add(&at.claude, &text);
        waits(&at.claude, id, CommandWait::Draft);
        if round % 2 == 0 {
            agree(&at.claude, id);
            arrives_once(&at.claude, id, &text);
            // It was put aside and comes back.
            at.viewer.wait_for_text(&format!("draft {round}"));
            at.viewer.type_text("\x15");
        } else {
            at.viewer.type_text("\x15");
            arrives_once(&at.claude, id, &text);
        }
        wait_for("the prompt to be empty", || {
            at.viewer.send(&Request::Ping(vec![]));
            at.viewer.receive();
            (!at.viewer
                .text()
                .contains(&format!("\u{276f} draft {round}")))
            .then_some(())
        });
    }
    assert!(
        !at.claude
            .api
            .said()
            .iter()
            .any(|said| said.contains("draft"))
    );
}

#[test]
fn in_shell_mode() {
    let mut at = Typist::new();
    for round in 0..rounds() {
        at.viewer.type_text("!");
        at.viewer.wait_for_text("for shell mode");
        let text = format!("touch shell{round}");
        let id = add(&at.claude, &text);
        waits(&at.claude, id, CommandWait::Draft);
        at.viewer.type_text("\x7f");
        arrives_once(&at.claude, id, &text);
        assert!(!at.file(&format!("shop/shell{round}")).exists());
    }
}

#[test]
fn after_an_esc() {
    let mut at = Typist::new();
    for round in 0..rounds() {
        let text = format!("escaped {round}");
        if round % 2 == 0 {
            // Before any reply: what was sent comes back as a draft.
            at.say(&format!("HANG {round}"));
            at.claude.wait_for_state(SessionState::Working);
            at.viewer.type_text("\x1b");
            let id = add(&at.claude, &text);
            waits(&at.claude, id, CommandWait::Draft);
            at.viewer.type_text("\x15");
            arrives_once(&at.claude, id, &text);
        } else {
            let prompt = format!("SLOW {} 20", 1000 + round);
            at.say(&prompt);
            let streams = |text: &str| {
                text.rsplit_once(&prompt)
                    .is_some_and(|(_, after)| after.contains("word5"))
            };
            while !streams(&at.viewer.text()) {
                at.viewer.receive();
            }
            let id = add(&at.claude, &text);
            at.viewer.type_text("\x1b");
            arrives_once(&at.claude, id, &text);
        }
    }
}

#[test]
fn at_the_moment_of_a_clear() {
    let mut at = Typist::new();
    for round in 0..rounds() {
        at.say(&format!("before {round}"));
        at.viewer
            .wait_for_text(&format!("you said: before {round}"));
        at.idle();
        let old = at.claude.status().unwrap().session_id;
        let text = format!("cleared {round}");
        let id = if round % 2 == 0 {
            at.say("/clear");
            add(&at.claude, &text)
        } else {
            let id = add(&at.claude, &text);
            at.say("/clear");
            id
        };
        arrives_once(&at.claude, id, &text);
        wait_for("the new conversation", || {
            (at.claude.status()?.session_id != old).then_some(())
        });
    }
}

/// A session where the person's settings switch hooks off.
fn without_hooks() -> Typist {
    Typist::prepared(|claude| {
        let settings = claude.world.path("home/.claude");
        std::fs::create_dir_all(&settings).unwrap();
        let off = r#"{"disableAllHooks": true}"#;
        std::fs::write(settings.join("settings.json"), off).unwrap();
    })
}

#[test]
fn without_hooks_the_transcript_says_that_a_command_arrived() {
    let mut at = without_hooks();
    at.say("hello");
    at.viewer.wait_for_text("you said: hello");
    for text in ["first", "second"] {
        let id = add(&at.claude, text);
        arrives_once(&at.claude, id, text);
    }
}

#[test]
fn what_a_host_did_not_send_is_held_by_the_next_one_until_the_person_agrees() {
    let mut at = Typist::new();
    at.say("hello");
    at.viewer.wait_for_text("you said: hello");
    at.say("HANG");
    let status = at.claude.wait_for_state(SessionState::Working);
    let id = add(&at.claude, "left over");
    waits(&at.claude, id, CommandWait::Idle);
    kill(status.host_pid);
    at.claude.start();
    at.idle();
    waits(&at.claude, id, CommandWait::Conversation);
    let other = add(&at.claude, "another");
    arrives_once(&at.claude, other, "another");
    waits(&at.claude, id, CommandWait::Conversation);
    agree(&at.claude, id);
    arrives_once(&at.claude, id, "left over");
}

#[test]
fn what_a_host_was_sending_when_it_was_killed_is_not_sent_twice() {
    let mut at = Typist::new();
    at.say("hello");
    at.viewer.wait_for_text("you said: hello");
    let arrived = add(&at.claude, "it arrived");
    arrives_once(&at.claude, arrived, "it arrived");
    kill(at.claude.status().unwrap().host_pid);
    wait_for("the end", || at.claude.status().is_none().then_some(()));
    // As the host leaves it that is killed before it is told; the other one never arrived.
    let project = at.claude.project.id;
    let folders = at.claude.world.sessions.folders();
    let file = folders.project_hosts_dir(project).join("claude.queue");
    let mut queue: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    queue[0]["state"] = serde_json::json!({"state": "sending"});
    let mut other = queue[0].clone();
    let lost = CommandId::generate();
    other["id"] = lost.to_string().into();
    other["text"] = "it was lost".into();
    queue.as_array_mut().unwrap().push(other);
    std::fs::write(&file, queue.to_string()).unwrap();

    at.claude.start();
    delivered_late(&at.claude, arrived);
    let state = command(&at.claude.status().unwrap(), lost).unwrap().state;
    assert!(
        matches!(state, CommandState::NotDelivered { .. }),
        "{state:?}"
    );
    let retry = QueueRequest::Retry { id: lost };
    assert_eq!(ask(&at.claude, &retry).refused, None);
    arrives_once(&at.claude, lost, "it was lost");
    arrives_once(&at.claude, arrived, "it arrived");
}

/// The command turns out to have been delivered.
fn delivered_late(claude: &Claude, id: CommandId) {
    let _shown = Shown(claude);
    wait_for("the late word", || {
        let state = command(&claude.status()?, id)?.state;
        matches!(state, CommandState::Delivered { .. }).then_some(())
    });
}

#[test]
fn what_cannot_be_typed_is_refused_and_the_queue_can_be_changed() {
    let mut at = Typist::new();
    at.say("HANG");
    at.claude.wait_for_state(SessionState::Working);
    let refused = |request: &QueueRequest| ask(&at.claude, request).refused.unwrap().code;
    let text = |text: &str| {
        QueueRequest::Add(NewCommand {
            id: CommandId::generate(),
            text: text.to_owned(),
            about: None,
        })
    };
    assert_eq!(refused(&text("one\ntwo")), "several_lines");
    assert_eq!(refused(&text(&"x".repeat(801))), "too_long");
    assert_eq!(refused(&text("\x1b[201~\r")), "several_lines");
    assert_eq!(refused(&text("!touch made")), "shell_command");
    let unknown = CommandId::generate();
    assert_eq!(
        refused(&QueueRequest::Cancel { id: unknown }),
        "no_such_command"
    );
    let ids: Vec<CommandId> = ["a", "b", "c"].map(|text| add(&at.claude, text)).into();
    let done = |request: QueueRequest| assert_eq!(ask(&at.claude, &request).refused, None);
    done(QueueRequest::Move {
        id: ids[2],
        before: Some(ids[0]),
    });
    done(QueueRequest::Edit {
        id: ids[1],
        text: "bb".into(),
    });
    done(QueueRequest::Cancel { id: ids[0] });
    let status = at.claude.status().unwrap();
    let texts: Vec<&str> = status.queue.iter().map(|item| &*item.text).collect();
    assert_eq!(texts, ["c", "bb"]);
    done(QueueRequest::Clear);
    assert!(at.claude.status().unwrap().queue.is_empty());

    let shell = at
        .claude
        .world
        .sessions
        .new_shell(at.claude.project.id, crate::world::SIZE)
        .unwrap();
    let hosts = at.claude.world.sessions.hosts();
    let lock = hosts.lock(shell.project, shell.terminal);
    let mut host = reprise_core::session::client::BlockingConnection::open(&lock).unwrap();
    let answer = host.queue(&text("ls")).unwrap();
    assert_eq!(answer.refused.unwrap().code, "not_claude");
    assert_ne!(shell.terminal, TerminalKey::Claude);
}

#[test]
fn a_command_is_the_argument_of_a_start_and_goes_through_the_queue_of_a_session_that_lives() {
    let claude = manual();
    for (round, text) in ["-x is no option", "hello again"].into_iter().enumerate() {
        let first = NewCommand {
            id: CommandId::generate(),
            text: text.to_owned(),
            about: None,
        };
        for _ in 0..2 {
            let sessions = &claude.world.sessions;
            let outcome = sessions
                .get_or_create_with(claude.project.id, crate::world::SIZE, None, Some(&first))
                .unwrap();
            let StartOutcome::Live(status) = outcome else {
                panic!("{outcome:?}");
            };
            assert!(command(&status, first.id).is_some());
        }
        arrives_once(&claude, first.id, text);
        assert_eq!(claude.status().unwrap().queue.len(), round + 1);
    }
}

#[test]
fn a_local_command_is_acknowledged_by_the_transcript_and_a_clear_keeps_what_waits() {
    let mut at = Typist::new();
    at.say("hello");
    at.viewer.wait_for_text("you said: hello");
    let clear = add(&at.claude, "/clear");
    let after = add(&at.claude, "after the clear");
    delivered(&at.claude, clear);
    arrives_once(&at.claude, after, "after the clear");
}

#[test]
fn in_another_conversation_nothing_is_sent_until_the_person_agrees() {
    waits_in_another_conversation(Typist::new());
    // What it came by is then not told, and the new id a moment later.
    waits_in_another_conversation(without_hooks());
}

fn waits_in_another_conversation(mut at: Typist) {
    at.say("hello");
    at.viewer.wait_for_text("you said: hello");
    at.idle();
    let first = at.claude.status().unwrap().session_id;
    // It waits for the person's draft, who then goes to another conversation instead.
    at.viewer.type_text("/branc");
    at.viewer.wait_for_text("/branc");
    let id = add(&at.claude, "meant for the first");
    waits(&at.claude, id, CommandWait::Draft);
    at.viewer.type_text("h\r");
    wait_for("the other conversation", || {
        let now = at.claude.status()?.session_id;
        (now != first).then_some(())
    });
    waits(&at.claude, id, CommandWait::Conversation);
    let other = add(&at.claude, "meant for the branch");
    arrives_once(&at.claude, other, "meant for the branch");
    waits(&at.claude, id, CommandWait::Conversation);
    agree(&at.claude, id);
    arrives_once(&at.claude, id, "meant for the first");
}

#[test]
fn in_a_window_so_small_that_the_prompt_fills_it() {
    let mut at = Typist::new();
    at.viewer
        .resize(reprise_core::model::TerminalSize { cols: 30, rows: 8 });
    wait_for("the size", || {
        (at.claude.status()?.size.rows == 8).then_some(())
    });
    let long = "a command that is longer than the whole window can show at once, so that only a \
                part of it is seen while it waits for its Enter";
    for text in ["a command that takes two rows here", long] {
        let id = add(&at.claude, text);
        delivered(&at.claude, id);
        let head = &text[..30];
        let times = || {
            let said = at.claude.api.said();
            said.iter().filter(|said| said.starts_with(head)).count()
        };
        wait_for("the request", || (times() > 0).then_some(()));
        at.idle();
        assert_eq!(times(), 1);
    }
}
