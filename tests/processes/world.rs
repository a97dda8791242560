//! One person's machine for the length of one test: folders of its own, and a way to end
//! everything that was started in it.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reprise_core::folders::Folders;
use reprise_core::model::{OutputProject, TerminalSize};
use reprise_core::project_sessions::ProjectSessions;
use reprise_core::store::{SqliteStore, Store};

pub const SIZE: TerminalSize = TerminalSize { cols: 80, rows: 24 };
/// Far beyond what anything here takes; only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct World {
    root: tempfile::TempDir,
    pub sessions: Arc<ProjectSessions>,
    pub env: Vec<(OsString, OsString)>,
}

impl World {
    pub fn new() -> Self {
        Self::with_env(&[])
    }

    pub fn with_env(more: &[(&str, &str)]) -> Self {
        Self::with_limits(more, "")
    }

    /// The same, where hosts run under what these lines of a shell script set.
    pub fn with_limits(more: &[(&str, &str)], limits: &str) -> Self {
        install_tools();
        // Short, since a socket's path has little room.
        let root = tempfile::Builder::new()
            .prefix("rp")
            .tempdir_in("/tmp")
            .unwrap();
        let mut env: Vec<(OsString, OsString)> = vec![
            ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
            ("SHELL".into(), "/bin/sh".into()),
            ("LANG".into(), "C.UTF-8".into()),
        ];
        for (name, folder) in [
            ("HOME", "home"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_RUNTIME_DIR", "run"),
            ("TMPDIR", "tmp"),
        ] {
            let path = root.path().join(folder);
            std::fs::create_dir(&path).unwrap();
            env.push((name.into(), path.into()));
        }
        for (name, value) in more {
            env.push((name.into(), value.into()));
        }
        let folders = Folders::from_env(|name| lookup(&env, name)).unwrap();
        let store = SqliteStore::open(&folders.database(), Timestamp::now())
            .unwrap()
            .store;
        let binary = env!("CARGO_BIN_EXE_reprise-session");
        let mut session_program = PathBuf::from(binary);
        if !limits.is_empty() {
            session_program = root.path().join("reprise-session");
            let script = format!("#!/bin/sh\n{limits}\nexec {binary} \"$@\"\n");
            std::fs::write(&session_program, script).unwrap();
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(&session_program, mode).unwrap();
        }
        let sessions = ProjectSessions::new(
            Arc::new(store),
            folders,
            session_program,
            env!("CARGO_PKG_VERSION"),
            env.clone(),
        );
        Self {
            root,
            sessions: Arc::new(sessions),
            env,
        }
    }

    /// What another app, or the command line, has of the same person's projects.
    pub fn another_app(&self) -> ProjectSessions {
        let folders = self.sessions.folders().clone();
        let store = SqliteStore::open(&folders.database(), Timestamp::now())
            .unwrap()
            .store;
        ProjectSessions::new(
            Arc::new(store),
            folders,
            PathBuf::from(env!("CARGO_BIN_EXE_reprise-session")),
            env!("CARGO_PKG_VERSION"),
            self.env.clone(),
        )
    }

    /// The same machine with its projects in another store.
    pub fn with_store(mut self, store: Arc<dyn Store>) -> Self {
        let folders = self.sessions.folders().clone();
        self.sessions = Arc::new(ProjectSessions::new(
            store,
            folders,
            PathBuf::from(env!("CARGO_BIN_EXE_reprise-session")),
            env!("CARGO_PKG_VERSION"),
            self.env.clone(),
        ));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A project in a new folder of this name.
    pub fn project(&self, name: &str) -> OutputProject {
        let folder = self.path(name);
        std::fs::create_dir_all(&folder).unwrap();
        self.sessions.open_folder(&folder).unwrap()
    }

    /// Runs `reprise-session` with these arguments.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// `reprise-session` with these arguments, to be started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reprise-session"));
        command.args(args).env_clear().envs(self.env.clone());
        command
    }

    /// `reprise-session list --json`.
    pub fn list(&self) -> Vec<serde_json::Value> {
        let output = self.run(&["list", "--json"]);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// Installs what these tests run beside shells and the CLI, where it is missing.
fn install_tools() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let is_there = |tool: &str, version: &str| Command::new(tool).arg(version).output().is_ok();
        if !is_there("tmux", "-V") || !is_there("python3", "--version") {
            let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.ci/setup.sh");
            let status = Command::new(setup).arg("core").status().unwrap();
            assert!(status.success(), "tmux or python3 is missing");
        }
    });
}

impl Drop for World {
    fn drop(&mut self) {
        for (project, terminal, _) in self.sessions.hosts().addresses() {
            let _ = self.sessions.hosts().close(project, terminal);
        }
    }
}

/// Waits until the question has an answer.
pub fn wait_for<T>(what: &str, mut question: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn lookup(env: &[(OsString, OsString)], name: &str) -> Option<OsString> {
    env.iter()
        .rev()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.clone())
}

pub fn exists(path: &Path) -> Option<()> {
    path.exists().then_some(())
}
