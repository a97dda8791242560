//! The main job with the real CLI: a project's conversation comes back, whatever ended it.

use std::path::{Path, PathBuf};
use std::sync::Barrier;

use reprise_core::claude::config::ConfigDir;
use reprise_core::claude::resume::ResumeCause;
use reprise_core::model::{
    ClaudeSessionId, CurrentSessionId, OutputProject, SessionSource, SessionState, TerminalKey,
};
use reprise_core::process::ProcessRef;
use reprise_core::project_sessions::{NotStarted, ResumeFailure, StartChoice, StartOutcome};
use reprise_core::session::protocol::HostStatus;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use crate::real_claude::{self, Api};
use crate::viewer::Viewer;
use crate::world::{SIZE, World, wait_for};

pub struct Claude {
    pub world: World,
    pub project: OutputProject,
    pub api: Api,
    /// The folder of the script in front of the CLI.
    _wrapper: Option<tempfile::TempDir>,
}

impl Claude {
    pub fn new() -> Self {
        Self::with_limits("")
    }

    pub fn with_limits(limits: &str) -> Self {
        Self::of(&real_claude::program(), limits)
    }

    /// With a script in front of the CLI, in which `CLAUDE` stands for its path.
    pub fn wrapped(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("claude");
        let script = script.replace("CLAUDE", real_claude::program().to_str().unwrap());
        std::fs::write(&program, script).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, mode).unwrap();
        Self {
            _wrapper: Some(folder),
            ..Self::of(&program, "")
        }
    }

    fn of(program: &Path, limits: &str) -> Self {
        let api = Api::start();
        let mut variables = real_claude::variables(&api).to_vec();
        variables.push(("REPRISE_CLAUDE", program.to_str().unwrap()));
        let world = World::with_limits(&variables, limits);
        let project = world.project("shop");
        let trusted = PathBuf::from(&project.workspace_path);
        std::fs::write(
            world.path("home/.claude.json"),
            real_claude::settings(&[&trusted]),
        )
        .unwrap();
        Self {
            world,
            project,
            api,
            _wrapper: None,
        }
    }

    pub fn start(&self) -> HostStatus {
        match self.outcome(None) {
            StartOutcome::Live(status) => *status,
            StartOutcome::CannotResume(failure) => panic!("{failure:?}"),
        }
    }

    pub fn outcome(&self, choice: Option<&StartChoice>) -> StartOutcome {
        self.world
            .sessions
            .get_or_create(self.project.id, SIZE, choice)
            .unwrap()
    }

    pub fn refused(&self) -> ResumeFailure {
        match self.outcome(None) {
            StartOutcome::CannotResume(failure) => *failure,
            StartOutcome::Live(status) => panic!("it started: {status:?}"),
        }
    }

    pub fn attach(&self) -> Viewer {
        let hosts = self.world.sessions.hosts();
        Viewer::attach(&hosts.lock(self.project.id, TerminalKey::Claude), SIZE)
    }

    pub fn status(&self) -> Option<HostStatus> {
        let hosts = self.world.sessions.hosts();
        hosts.get(self.project.id, TerminalKey::Claude).unwrap()
    }

    pub fn wait_for_state(&self, state: SessionState) -> HostStatus {
        wait_for(state.word(), || {
            self.status().filter(|status| status.state == state)
        })
    }

    /// Sends a prompt once the session is idle and waits for its reply.
    pub fn say(&self, text: &str) -> Viewer {
        self.wait_for_state(SessionState::Idle);
        let mut viewer = self.attach();
        viewer.say(text);
        viewer.wait_for_text(&format!("you said: {text}"));
        viewer
    }

    pub fn stored_id(&self) -> ClaudeSessionId {
        let project = self.world.sessions.project(self.project.id).unwrap();
        project.claude_session_id.id().unwrap().clone()
    }

    pub fn config(&self) -> ConfigDir {
        ConfigDir::of_env(&self.world.env).unwrap()
    }

    pub fn transcript(&self, id: &ClaudeSessionId) -> PathBuf {
        let workspace = &self.project.workspace_path;
        let found = reprise_core::claude::transcript::find(&self.config(), id, workspace);
        found.unwrap().unwrap().path
    }
}

pub fn kill(pid: u32) {
    let process = ProcessRef::of(pid).unwrap();
    kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::KILL).unwrap();
    wait_for("the killed process to end", || {
        (!process.is_alive()).then_some(())
    });
}

/// What the API answers to a second message proves that it was sent the first one.
pub fn knows_the_history(claude: &Claude) {
    let mut viewer = claude.say("again");
    viewer.wait_for_text("first user text: hello");
}

#[test]
fn a_first_start_mints_the_id_and_the_program_runs_in_the_workspace() {
    let claude = Claude::new();
    let status = claude.start();
    let idle = claude.wait_for_state(SessionState::Idle);
    assert_eq!(idle.session_id.as_ref(), Some(&claude.stored_id()));
    assert_eq!(idle.host_pid, status.host_pid);
    let mut viewer = claude.attach();
    viewer.type_text("!");
    viewer.type_text("pwd\r");
    viewer.wait_for_text(&claude.project.workspace_path);
    let row = &claude.world.list()[0];
    assert_eq!(row["claude_session_id"], claude.stored_id().as_str());
    assert_eq!(row["workspace"], claude.project.workspace_path);
    assert_eq!(row["terminal"], "claude");
}

#[test]
fn a_live_session_is_returned_and_never_started_twice() {
    let claude = Claude::new();
    let barrier = Barrier::new(4);
    let pids: Vec<(u32, u32)> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    let status = claude.start();
                    (status.host_pid, status.program_pid)
                })
            })
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
    assert_eq!(claude.world.list().len(), 1);
}

#[test]
fn of_apps_that_start_a_project_at_once_all_get_the_one_session_however_slow_they_are() {
    let claude = Claude::new();
    let barrier = Barrier::new(4);
    let pids: Vec<u32> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4_u32)
            .map(|nr| {
                let (app, barrier) = (claude.world.another_app(), &barrier);
                let project = claude.project.id;
                scope.spawn(move || {
                    if nr % 2 == 0 {
                        // This one knows its environment and its CLI already.
                        app.cli();
                    }
                    barrier.wait();
                    match app.get_or_create(project, SIZE, None).unwrap() {
                        StartOutcome::Live(status) => status.program_pid,
                        StartOutcome::CannotResume(failure) => panic!("{failure:?}"),
                    }
                })
            })
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
}

#[test]
fn an_id_that_the_journal_cannot_take_is_written_down_once_the_disk_has_room() {
    let claude = Claude::with_limits("trap '' XFSZ");
    let status = claude.start();
    let mut viewer = claude.say("hello");
    let first = claude.stored_id();
    let files = claude
        .world
        .sessions
        .folders()
        .host_files(claude.project.id, TerminalKey::Claude);
    claude.wait_for_state(SessionState::Idle);
    // The disk is full: of the next record only some bytes fit.
    let room = |bytes| {
        let host = Pid::from_raw(status.host_pid as i32);
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(host, Resource::Fsize, limit).unwrap();
    };
    room(Some(std::fs::metadata(&files.journal).unwrap().len() + 20));
    viewer.type_text("\x1b[200~/clear\x1b[201~\r");
    let told = wait_for("the trouble to be told", || {
        claude.status().unwrap().trouble
    });
    assert!(told.contains("claude.journal"), "{told}");
    room(None);
    let new = wait_for("the new id in the store", || {
        claude.world.sessions.fold(claude.project.id).unwrap();
        Some(claude.stored_id()).filter(|id| *id != first)
    });
    let now = claude.status().unwrap();
    assert_eq!((now.session_id, now.trouble), (Some(new), None));
}

#[test]
fn after_the_host_claude_or_both_were_killed_the_same_conversation_is_resumed() {
    let claude = Claude::new();
    let status = claude.start();
    drop(claude.say("hello"));
    let id = claude.stored_id();

    kill(status.host_pid);
    let second = claude.start();
    assert_ne!(second.host_pid, status.host_pid);
    assert!(ProcessRef::of(status.program_pid).is_none(), "two claudes");
    knows_the_history(&claude);
    assert_eq!(claude.stored_id(), id);

    // Its host has not noticed when the next start comes: a session that has ended is none.
    kill(second.program_pid);
    let third = claude.start();
    assert_ne!(third.host_pid, second.host_pid);
    knows_the_history(&claude);
    assert_eq!(claude.stored_id(), id);

    kill(third.host_pid);
    kill(third.program_pid);
    claude.start();
    knows_the_history(&claude);
    assert_eq!(claude.stored_id(), id);
    assert_eq!(
        claude.wait_for_state(SessionState::Idle).session_id,
        Some(id)
    );
}

#[test]
fn a_session_that_never_had_a_message_starts_again_under_its_id() {
    let claude = Claude::new();
    claude.start();
    claude.wait_for_state(SessionState::Idle);
    let id = claude.stored_id();
    claude.world.run(&["kill", claude.project.name.as_str()]);
    claude.start();
    assert_eq!(
        claude.wait_for_state(SessionState::Idle).session_id,
        Some(id.clone())
    );
    assert_eq!(claude.stored_id(), id);
}

#[test]
fn without_its_transcript_a_used_conversation_starts_nothing_until_the_person_chooses() {
    let claude = Claude::new();
    claude.start();
    drop(claude.say("hello"));
    let id = claude.stored_id();
    wait_for("the transcript to be kept", || {
        let folder = claude
            .world
            .sessions
            .folders()
            .transcripts_dir(claude.project.id);
        reprise_core::claude::kept::find(&folder, &id)
    });
    let ended = claude
        .world
        .run(&["kill", claude.project.id.to_string().as_str()]);
    assert!(ended.status.success(), "{ended:?}");
    std::fs::remove_file(claude.transcript(&id)).unwrap();

    let failure = claude.refused();
    let NotStarted::CannotResume(why) = &failure.why else {
        panic!("{failure:?}");
    };
    assert!(
        matches!(why.cause, ResumeCause::TranscriptMissing { .. }),
        "{why:?}"
    );
    assert_eq!(why.session_id, id.as_str());
    assert!(why.kept_copy.is_some());
    assert_eq!(claude.stored_id(), id, "nothing replaces the id by itself");
    assert!(claude.world.list().is_empty());

    let outcome = claude.outcome(Some(&StartChoice::PutTranscriptBack));
    assert!(matches!(outcome, StartOutcome::Live(_)), "{outcome:?}");
    knows_the_history(&claude);
    assert_eq!(claude.stored_id(), id);
}

#[test]
fn starting_fresh_keeps_the_old_id_in_the_lineage_where_it_can_be_taken_up() {
    let claude = Claude::new();
    claude.start();
    drop(claude.say("hello"));
    let old = claude.stored_id();
    claude.world.run(&["kill", claude.project.name.as_str()]);
    let outcome = claude.outcome(Some(&StartChoice::StartFresh));
    assert!(matches!(outcome, StartOutcome::Live(_)), "{outcome:?}");
    claude.wait_for_state(SessionState::Idle);
    let new = claude.stored_id();
    assert_ne!(new, old);
    let lineage = claude
        .world
        .sessions
        .store()
        .lineage(claude.project.id)
        .unwrap();
    assert!(lineage.iter().any(|entry| entry.session_id == old));

    claude.world.run(&["kill", claude.project.name.as_str()]);
    let outcome = claude.outcome(Some(&StartChoice::ResumeEarlier(old.clone())));
    assert!(matches!(outcome, StartOutcome::Live(_)), "{outcome:?}");
    knows_the_history(&claude);
    assert_eq!(claude.stored_id(), old);
}

#[test]
fn a_clear_is_followed_and_folded_into_the_store_with_or_without_a_live_host() {
    let claude = Claude::new();
    let status = claude.start();
    let mut viewer = claude.say("hello");
    let old = claude.stored_id();
    claude.wait_for_state(SessionState::Idle);
    viewer.type_text("\x1b[200~/clear\x1b[201~\r");
    let new = wait_for("the new id", || {
        claude.status()?.session_id.filter(|id| *id != old)
    });
    assert_eq!(claude.stored_id(), old, "nobody has folded yet");
    // As after a reboot: no process is left, only what was written down.
    kill(status.host_pid);
    claude.world.sessions.fold(claude.project.id).unwrap();
    claude.world.sessions.fold(claude.project.id).unwrap();
    assert_eq!(claude.stored_id(), new);
    let lineage = claude
        .world
        .sessions
        .store()
        .lineage(claude.project.id)
        .unwrap();
    let rows: Vec<_> = lineage
        .iter()
        .map(|entry| (entry.session_id.clone(), entry.source, entry.parent.clone()))
        .collect();
    assert_eq!(
        rows,
        [
            (old.clone(), SessionSource::Startup, None),
            (new.clone(), SessionSource::Clear, Some(old)),
        ]
    );
    claude.start();
    assert_eq!(
        claude.wait_for_state(SessionState::Idle).session_id,
        Some(new)
    );
}

#[test]
fn a_stored_value_that_is_no_uuid_is_shown_and_never_passed_on() {
    let claude = Claude::new();
    let database = claude.world.sessions.folders().database();
    let changed = std::process::Command::new("python3")
        .args([
            "-c",
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); \
             c.execute('update output_projects set claude_session_id=?', (sys.argv[2],)); c.commit()",
        ])
        .arg(&database)
        .arg("--continue")
        .status()
        .unwrap();
    assert!(changed.success());
    let project = claude.world.sessions.project(claude.project.id).unwrap();
    assert_eq!(
        project.claude_session_id,
        CurrentSessionId::Invalid("--continue".into())
    );
    let failure = claude.refused();
    let NotStarted::CannotResume(why) = &failure.why else {
        panic!("{failure:?}");
    };
    assert_eq!(why.cause, ResumeCause::InvalidId);
    assert_eq!(why.session_id, "--continue");
    let outcome = claude.outcome(Some(&StartChoice::StartFresh));
    assert!(matches!(outcome, StartOutcome::Live(_)), "{outcome:?}");
}

#[test]
fn a_conversation_that_is_open_elsewhere_is_not_resumed_beside() {
    let claude = Claude::new();
    let status = claude.start();
    drop(claude.say("hello"));
    let id = claude.stored_id();
    claude.world.run(&["kill", claude.project.name.as_str()]);
    assert!(ProcessRef::of(status.program_pid).is_none());

    // The same conversation, taken up by hand in a shell.
    let shell = claude
        .world
        .sessions
        .new_shell(claude.project.id, SIZE)
        .unwrap();
    let hosts = claude.world.sessions.hosts();
    let mut viewer = Viewer::attach(&hosts.lock(shell.project, shell.terminal), SIZE);
    viewer.type_text(&format!(
        "{} --resume {id}\n",
        real_claude::program().display()
    ));
    viewer.wait_for_text("hello");
    let elsewhere = wait_for("the other claude's file", || {
        let live = reprise_core::claude::live::with_session_id(&claude.config(), &id);
        live.unwrap().pop()
    });

    let failure = claude.refused();
    let NotStarted::CannotResume(why) = &failure.why else {
        panic!("{failure:?}");
    };
    assert_eq!(why.cause, ResumeCause::LiveElsewhere(elsewhere.process));
    assert_eq!(claude.stored_id(), id);
}
