//! A machine's worth of environment for one test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde::Deserialize;
use serde_json::json;

use super::api::Api;
use super::app::App;
use super::display::Display;
use super::processes::{Process, kill_now, living_in};
use super::wait::{QUICK, SLOW, wait_for};

const DUMMY_KEY: &str = "sk-ant-dummy";

/// One entry of `reprise-session list --json`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Listed {
    pub project_id: String,
    pub terminal: String,
    pub name: String,
    pub workspace: PathBuf,
    pub state: String,
    pub background: bool,
    pub host_pid: u32,
    pub claude_pid: Option<u32>,
    pub claude_session_id: Option<String>,
    pub cols: u16,
    pub rows: u16,
    pub clients: u32,
}

/// The environment, the display, the bus and the API of one test.
pub struct World {
    /// `HOME` of everything in it, and thereby the mark of its processes.
    pub home: PathBuf,
    /// The folder that claude trusts already.
    pub workspace: PathBuf,
    pub api: Api,
    pub display: Display,
    name: &'static str,
    repository: PathBuf,
    root: PathBuf,
    environment: Vec<(String, String)>,
    bus: Process,
    reaper: Process,
}

impl World {
    /// A new world, called by its test's name.
    pub fn new(name: &'static str) -> Self {
        let repository = repository();
        // A short path: a socket's path has 107 bytes at most.
        let root = tempfile::Builder::new()
            .prefix("rw")
            .rand_bytes(5)
            .tempdir_in("/tmp")
            .expect("a folder for the world")
            .keep();
        let home = root.join("home");
        let workspace = root.join("work/ledger-api");
        for folder in [
            &home,
            &workspace,
            &root.join("tmp"),
            &root.join("run"),
            &root.join("log"),
        ] {
            fs::create_dir_all(folder).expect("the world's folders");
        }
        fs::set_permissions(root.join("run"), fs::Permissions::from_mode(0o700))
            .expect("a private runtime folder");

        let reaper = Process::start(
            Command::new(repository.join("tests/window/reaper.sh"))
                .args([&root, &home])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        );
        let api = Api::start(&repository, root.join("log/api.jsonl"));
        let mut environment = environment(&root, &home, &repository, &api.url);
        without_keyring(&home);
        let (bus, address) = start_bus(&environment);
        environment.push(("DBUS_SESSION_BUS_ADDRESS".to_owned(), address));
        let display = Display::start(&environment);
        environment.push(("DISPLAY".to_owned(), display.name.clone()));

        let world = Self {
            home,
            workspace,
            api,
            display,
            name,
            repository,
            root,
            environment,
            bus,
            reaper,
        };
        world.trust(&[&world.workspace]);
        world
    }

    /// Writes claude's own files as a person's first days with it leave them: the welcome is
    /// over, and these folders are trusted.
    pub fn trust(&self, folders: &[&Path]) {
        let projects: serde_json::Map<String, serde_json::Value> = folders
            .iter()
            .map(|folder| {
                let real = fs::canonicalize(folder).expect("the folder is there");
                (
                    real.to_string_lossy().into_owned(),
                    json!({"hasTrustDialogAccepted": true}),
                )
            })
            .collect();
        let config = json!({
            "hasCompletedOnboarding": true,
            "hasSeenAutoDefaultNotice": true,
            "hasSeenAutoDefaultNudge": true,
            "customApiKeyResponses": {"approved": [DUMMY_KEY], "rejected": []},
            "projects": projects,
        });
        fs::write(self.home.join(".claude.json"), config.to_string()).expect("claude's file");
        let settings = json!({"permissions": {"allow": ["Bash(pwd)"]}});
        fs::create_dir_all(self.claude_config()).expect("claude's folder");
        fs::write(
            self.claude_config().join("settings.json"),
            settings.to_string(),
        )
        .expect("claude's settings");
    }

    /// claude's configuration folder.
    pub fn claude_config(&self) -> PathBuf {
        self.home.join(".claude")
    }

    /// The transcript of a conversation, once claude has written it.
    pub fn transcript(&self, session_id: &str) -> Option<PathBuf> {
        let folders = fs::read_dir(self.claude_config().join("projects")).ok()?;
        folders
            .flatten()
            .map(|folder| folder.path().join(format!("{session_id}.jsonl")))
            .find(|file| file.exists())
    }

    /// Waits until claude has written a text of the conversation into its transcript. It tells
    /// its state, and shows a reply, a moment before; killed in between, it has lost it.
    #[track_caller]
    pub fn wait_until_written(&self, session_id: &str, text: &str) {
        wait_for(&format!("{text:?} in the transcript"), QUICK, || {
            let path = self.transcript(session_id).ok_or("there is none yet")?;
            let written = fs::read_to_string(&path).map_err(|error| error.to_string())?;
            if written.contains(text) {
                Ok(())
            } else {
                Err(format!("{} bytes without it", written.len()))
            }
        });
    }

    /// Reprise's database.
    pub fn database(&self) -> PathBuf {
        self.home.join(".local/share/reprise/reprise.sqlite3")
    }

    /// Where the host of a project's claude writes down what must not be lost.
    pub fn journal(&self, project_id: &str) -> PathBuf {
        let hosts = self.home.join(".local/state/reprise/hosts");
        hosts.join(project_id).join("claude.journal")
    }

    /// Reprise's own link to a conversation's transcript.
    ///
    /// # Errors
    /// There is none yet.
    pub fn kept_transcript(&self, project_id: &str, session_id: &str) -> Result<PathBuf, String> {
        let kept = self
            .home
            .join(".local/state/reprise/transcripts")
            .join(project_id);
        let folders =
            fs::read_dir(&kept).map_err(|error| format!("{}: {error}", kept.display()))?;
        folders
            .flatten()
            .map(|folder| folder.path().join(format!("{session_id}.jsonl")))
            .find(|file| file.exists())
            .ok_or_else(|| format!("nothing in {}", kept.display()))
    }

    /// Gives a variable of the world's environment another value.
    pub fn set(&mut self, name: &str, value: &Path) {
        self.environment.retain(|(known, _)| known != name);
        let value = value.to_string_lossy().into_owned();
        self.environment.push((name.to_owned(), value));
    }

    /// The value of a variable of the world's environment.
    pub fn get(&self, name: &str) -> &str {
        let mut entries = self.environment.iter();
        entries
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// A folder in the world that nothing knows yet.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.root.join("work").join(name);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    /// A path for a socket in the world.
    pub(super) fn socket(&self, name: &str) -> PathBuf {
        self.root.join("tmp").join(name)
    }

    /// Gives a command the world's environment and nothing else.
    pub fn inside(&self, command: &mut Command) {
        command
            .env_clear()
            .envs(self.environment.iter().cloned())
            .current_dir(&self.home);
    }

    /// Starts the app. It ends with the value that is returned.
    #[track_caller]
    pub fn open_app(&self, arguments: &[&str]) -> App<'_> {
        App::open(self, arguments)
    }

    /// Starts the app with the workspace, as `reprise DIR` does, and waits for its claude's prompt.
    #[track_caller]
    pub fn open_workspace(&self) -> App<'_> {
        let app = self.open_app(&[&self.workspace.to_string_lossy()]);
        self.wait_for_state("idle");
        app
    }

    /// Runs `reprise-session` to its end.
    pub fn session(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.session_program());
        self.inside(&mut command);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("reprise-session runs")
    }

    /// The live terminals, as `reprise-session list --json` tells them.
    pub fn list(&self) -> Vec<Listed> {
        let output = self.session(&["list", "--json"]);
        assert!(
            output.status.success(),
            "list: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("list: {error}: {}", String::from_utf8_lossy(&output.stdout))
        })
    }

    /// The one live claude.
    ///
    /// # Errors
    /// What is there instead.
    pub fn claude(&self) -> Result<Listed, String> {
        let list = self.list();
        let mut claudes = list.iter().filter(|entry| entry.terminal == "claude");
        match (claudes.next(), claudes.next()) {
            (Some(only), None) => Ok(only.clone()),
            _ => Err(format!(
                "the list has {list:?}; the app said: {}",
                self.said("app")
            )),
        }
    }

    /// Waits until the one live claude is in this state, and returns its entry.
    #[track_caller]
    pub fn wait_for_state(&self, state: &str) -> Listed {
        wait_for(&format!("claude in the state {state}"), SLOW, || {
            let claude = self.claude()?;
            if claude.state == state {
                Ok(claude)
            } else {
                Err(format!("{claude:?}"))
            }
        })
    }

    /// Everything below `HOME`'s mark is ended, as by a reboot; the files stay.
    pub fn reboot(&self) {
        wait_for("every process to be gone", QUICK, || {
            let living = living_in(&self.home);
            let own = self.own_pids();
            let others: Vec<u32> = living
                .into_iter()
                .filter(|pid| !own.contains(pid))
                .collect();
            others.iter().for_each(|pid| kill_now(*pid));
            if others.is_empty() {
                Ok(())
            } else {
                Err(format!("{others:?}"))
            }
        });
        let run = self.root.join("run");
        fs::remove_dir_all(&run).expect("the runtime folder goes with a reboot");
        fs::create_dir(&run).expect("a new runtime folder");
        fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).expect("a private one");
    }

    /// The display and the bus are the test's, not the rebooted machine's.
    fn own_pids(&self) -> Vec<u32> {
        let mut own = vec![self.bus.pid()];
        own.extend(self.display.pids());
        own
    }

    /// What a program of this world has written to its log.
    pub fn said(&self, program: &str) -> String {
        fs::read_to_string(self.log(program)).unwrap_or_default()
    }

    pub(super) fn log(&self, program: &str) -> PathBuf {
        self.root.join("log").join(program)
    }

    /// The app that is tested: the one that was built with the test, else the packaged one.
    pub fn app_program(&self) -> PathBuf {
        let packaged = || self.repository.join("target/bench/package/usr/bin/reprise");
        option_env!("CARGO_BIN_EXE_reprise").map_or_else(packaged, PathBuf::from)
    }

    pub fn session_program(&self) -> PathBuf {
        self.app_program().with_file_name("reprise-session")
    }

    /// A program that set-up has built into `target/tools`, or that the machine has.
    pub(super) fn tool(&self, name: &str) -> PathBuf {
        let ours = self.repository.join("target/tools/bin").join(name);
        if ours.exists() {
            ours
        } else {
            PathBuf::from(name)
        }
    }

    /// A package of npm that set-up has unpacked.
    pub fn npm_package(&self, name: &str) -> PathBuf {
        let folder = self.repository.join("target/tools/npm").join(name);
        if !folder.exists() {
            let setup = self.repository.join(".ci/setup.sh");
            let status = Command::new(setup).arg("core").status();
            let done = status.is_ok_and(|status| status.success());
            assert!(done && folder.exists(), "{name} is missing");
        }
        folder
    }

    /// What helps to understand a failure, into `target/e2e/<test>/`.
    fn keep_evidence(&self) {
        let evidence = self.repository.join("target/e2e").join(self.name);
        let _ = fs::remove_dir_all(&evidence);
        let _ = fs::create_dir_all(&evidence);
        self.display.picture(&evidence.join("screen.png"));
        for entry in fs::read_dir(self.root.join("log"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let _ = fs::copy(entry.path(), evidence.join(entry.file_name()));
        }
        let list = self.session(&["list", "--json"]);
        let _ = fs::write(
            evidence.join("list.json"),
            [list.stdout, list.stderr].concat(),
        );
        eprintln!("evidence: {}", evidence.display());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keep_evidence();
        }
        // Hosts and their programs are nobody's children any more: they are found by their HOME.
        // The reaper looks again and removes the folder.
        for pid in living_in(&self.home) {
            kill_now(pid);
        }
        drop(self.reaper.child.stdin.take());
        let _ = self.reaper.child.wait();
    }
}

/// The root of the sources.
pub fn repository() -> PathBuf {
    // The package that includes this may lie anywhere in it.
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").exists());
    root.unwrap_or(package).to_owned()
}

fn environment(root: &Path, home: &Path, repository: &Path, api: &str) -> Vec<(String, String)> {
    let below = |base: &Path, name: &str| base.join(name).to_string_lossy().into_owned();
    let claude = fs::canonicalize(repository.join("ui/node_modules/.bin/claude"))
        .expect("the pinned Claude Code (.ci/setup.sh installs it)");
    [
        ("HOME", home.to_string_lossy().into_owned()),
        ("XDG_CONFIG_HOME", below(home, ".config")),
        ("XDG_DATA_HOME", below(home, ".local/share")),
        ("XDG_STATE_HOME", below(home, ".local/state")),
        ("XDG_CACHE_HOME", below(home, ".cache")),
        ("XDG_RUNTIME_DIR", below(root, "run")),
        ("TMPDIR", below(root, "tmp")),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("SHELL", "/bin/bash".to_owned()),
        ("USER", "ana".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("GDK_BACKEND", "x11".to_owned()),
        // No accessibility bus: its daemons would outlive the test. The web view's own tree is there without it.
        ("NO_AT_BRIDGE", "1".to_owned()),
        // There is no GPU here: with DMA buffers the first frame alone takes seconds on a busy machine.
        ("WEBKIT_DISABLE_DMABUF_RENDERER", "1".to_owned()),
        ("LIBGL_ALWAYS_SOFTWARE", "1".to_owned()),
        ("REPRISE_CLAUDE", claude.to_string_lossy().into_owned()),
        ("ANTHROPIC_BASE_URL", api.to_owned()),
        ("ANTHROPIC_API_KEY", DUMMY_KEY.to_owned()),
        ("DISABLE_TELEMETRY", "1".to_owned()),
        ("DISABLE_AUTOUPDATER", "1".to_owned()),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// The bus would start a keyring wherever one is installed; a test has none unless it starts it.
fn without_keyring(home: &Path) {
    let services = home.join(".local/share/dbus-1/services");
    fs::create_dir_all(&services).expect("a folder for the bus");
    fs::write(
        services.join("org.freedesktop.secrets.service"),
        "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/false\n",
    )
    .expect("a file for the bus");
}

/// A session bus of the test's own, as `dbus-run-session` makes one, with its address.
fn start_bus(environment: &[(String, String)]) -> (Process, String) {
    let mut bus = Process::start(
        Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .env_clear()
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null()),
    );
    let mut address = String::new();
    let pipe = bus.child.stdout.take().expect("a piped stdout");
    BufReader::new(pipe)
        .read_line(&mut address)
        .expect("the bus tells its address");
    (bus, address.trim().to_owned())
}
