//! A machine of its own for one test: home folder, workspace, API and hook program.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use reprise_core::claude::cli::{self, CliSearch};
use reprise_core::claude::config::ConfigDir;
use reprise_core::claude::hooks::HookInput;
use reprise_core::claude::launch::{self, ClaudeStart, Conversation, Launch};
use reprise_core::claude::version::CliVersion;
use reprise_core::model::{ClaudeSessionId, LaunchOptions, ProjectId};

use crate::real_claude::{self, Api};

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
        let settings = real_claude::settings(&[&world.workspace]);
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
        let settings = real_claude::settings(&[]);
        std::fs::write(home.join(".claude.json"), settings).unwrap();
        let api = Api::start();
        let own = [
            ("HOME", home.as_os_str()),
            ("TMPDIR", tmp.as_os_str()),
            ("PATH", OsStr::new("/usr/bin:/bin")),
            ("LANG", OsStr::new("C.UTF-8")),
            ("SHELL", OsStr::new("/bin/sh")),
            // As left by a session that the app was started from: it would keep the CLI from
            // writing anything.
            ("CLAUDECODE", OsStr::new("1")),
            ("CLAUDE_CODE_CHILD_SESSION", OsStr::new("1")),
        ];
        let env: Vec<(OsString, OsString)> = own
            .into_iter()
            .chain(real_claude::variables(&api).map(|(name, value)| (name, OsStr::new(value))))
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let program = real_claude::program();
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
            prompt: None,
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
