//! A machine of its own for one test: home folder, workspace, API and hook program.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use reprise_core::claude::cli::{self, CliSearch};
use reprise_core::claude::config::ConfigDir;
use reprise_core::claude::hooks::HookInput;
use reprise_core::claude::launch::{self, ClaudeStart, Conversation, Launch};
use reprise_core::claude::version::CliVersion;
use reprise_core::model::{ClaudeSessionId, LaunchOptions, ProjectId};

const KEY: &str = "sk-ant-dummy";

pub struct World {
    root: tempfile::TempDir,
    _api: Api,
    pub program: PathBuf,
    pub version: CliVersion,
    pub workspace: PathBuf,
    pub env: Vec<(OsString, OsString)>,
    pub options: LaunchOptions,
}

impl World {
    /// With a workspace that the person trusts.
    pub fn new() -> Self {
        let world = Self::untrusted();
        let settings = format!(
            r#"{{"hasCompletedOnboarding":true,"hasSeenAutoDefaultNotice":true,
                "customApiKeyResponses":{{"approved":["{KEY}"],"rejected":[]}},
                "projects":{{"{}":{{"hasTrustDialogAccepted":true}}}}}}"#,
            world.workspace.display()
        );
        std::fs::write(world.config().settings_file(), settings).unwrap();
        world
    }

    /// With a workspace that the person never opened.
    pub fn untrusted() -> Self {
        let root = tempfile::Builder::new()
            .prefix("reprise-test-")
            .tempdir()
            .unwrap();
        let real = root.path().canonicalize().unwrap();
        let folder = |name: &str| {
            let folder = real.join(name);
            std::fs::create_dir_all(&folder).unwrap();
            folder
        };
        let (home, tmp, workspace) = (folder("home"), folder("tmp"), folder("my project"));
        folder("hooks it's/spool");
        let hook = real.join("hooks it's/reprise-session");
        // What `reprise-session hook` does, up to its socket.
        let script = "#!/bin/sh\nspool=$(dirname \"$0\")/spool\nfile=$(mktemp \"$spool/.XXXXXX\")\n\
            pid=$CLAUDE_PID\n\
            test -n \"$pid\" || { pid=$PPID; test \"$(cat /proc/$pid/comm)\" != sh || \
            pid=$(cut -d' ' -f4 /proc/$pid/stat); }\n\
            { echo \"$pid $*\"; cat; } > \"$file\"\n\
            mv \"$file\" \"$spool/$(date +%s%N)-$$\"\n";
        std::fs::write(&hook, script).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        let settings = format!(
            r#"{{"hasCompletedOnboarding":true,"hasSeenAutoDefaultNotice":true,
                "customApiKeyResponses":{{"approved":["{KEY}"],"rejected":[]}}}}"#
        );
        std::fs::write(home.join(".claude.json"), settings).unwrap();
        let api = Api::start();
        let env = [
            ("HOME", home.as_os_str()),
            ("TMPDIR", tmp.as_os_str()),
            ("PATH", OsStr::new("/usr/bin:/bin")),
            ("LANG", OsStr::new("C.UTF-8")),
            ("SHELL", OsStr::new("/bin/sh")),
            ("ANTHROPIC_BASE_URL", OsStr::new(&api.url)),
            ("ANTHROPIC_API_KEY", OsStr::new(KEY)),
            ("DISABLE_TELEMETRY", OsStr::new("1")),
            ("DISABLE_AUTOUPDATER", OsStr::new("1")),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", OsStr::new("1")),
            // As left by a session that the app was started from: it would keep the CLI from
            // writing anything.
            ("CLAUDECODE", OsStr::new("1")),
            ("CLAUDE_CODE_CHILD_SESSION", OsStr::new("1")),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec();
        let program = program();
        let version = match cli::find(Some(program.as_os_str()), &env) {
            CliSearch::Found { version, .. } | CliSearch::TooOld { version, .. } => version,
            other => panic!("{other:?}; run `make setup`, or `npm ci` in ui/"),
        };
        Self {
            root,
            _api: api,
            program,
            version,
            workspace,
            env,
            options: LaunchOptions {
                permission_mode: Some("manual".to_owned()),
                ..LaunchOptions::default()
            },
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn config(&self) -> ConfigDir {
        ConfigDir::of_env(&self.env).unwrap()
    }

    pub fn workspace_text(&self) -> &str {
        self.workspace.to_str().unwrap()
    }

    pub fn launch(&self, conversation: Conversation) -> Launch {
        launch::claude(&ClaudeStart {
            program: &self.program,
            version: self.version,
            project: ProjectId::generate(),
            workspace: &self.workspace,
            conversation,
            options: &self.options,
            env: &self.env,
            hook_program: &self.path("hooks it's/reprise-session"),
        })
        .unwrap()
    }

    /// `claude -p` in the workspace, without anything of ours but the cleaned environment.
    pub fn headless(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .env_clear()
            .envs(reprise_core::claude::environment::cleaned(&self.env))
            .current_dir(&self.workspace)
            .stdin(Stdio::null());
        command
    }

    /// A conversation with one message in it.
    pub fn talked(&self, message: &str) -> ClaudeSessionId {
        let id = ClaudeSessionId::generate();
        let output = self
            .headless(&["-p", message, "--session-id", id.as_str()])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        id
    }

    /// The hooks that ran since the last call, as frames for the host, oldest first.
    pub fn take_hooks(&self) -> Vec<Vec<u8>> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.path("hooks it's/spool"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'))
            .collect();
        files.sort();
        files
            .into_iter()
            .filter_map(|file| {
                let text = std::fs::read_to_string(&file).unwrap();
                std::fs::remove_file(&file).unwrap();
                let (first, body) = text.split_once('\n').unwrap();
                let (pid, args) = first.split_once(' ').unwrap();
                assert!(
                    args.starts_with("hook --project ") && args.ends_with(" --terminal claude"),
                    "{args}"
                );
                let input = HookInput::read(Some(pid), body.as_bytes()).unwrap();
                // A CLI that ends by an error may give its last hook nothing to read.
                input.to_frame().ok()
            })
            .collect()
    }
}

/// The CLI that is tested.
fn program() -> PathBuf {
    if let Some(chosen) = std::env::var_os("REPRISE_TEST_CLAUDE") {
        return chosen.into();
    }
    let pinned = root().join("ui/node_modules/.bin/claude");
    if !pinned.exists() {
        let setup = root().join("scripts/setup.sh");
        let status = Command::new(setup).arg("core").status().unwrap();
        assert!(status.success() && pinned.exists(), "{pinned:?} is missing");
    }
    pinned
}

fn root() -> PathBuf {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    core.join("../..").canonicalize().unwrap()
}

struct Api {
    child: Child,
    url: String,
}

impl Api {
    fn start() -> Self {
        let mut child = Command::new("node")
            .arg(root().join("tests/fake-claude-api/server.mjs"))
            // It ends with this test process, however that ends.
            .arg("--stdin-lifeline")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node must be installed: run `make setup`");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let url = ready["url"].as_str().unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
