//! The command line, environment and folder of a start.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::model::{ClaudeSessionId, DisplayMode, LaunchOptions, ProjectId, TerminalKey};

use super::config::ConfigDir;
use super::environment::{self, Env};
use super::version::{CliVersion, OLDEST_VERSION};

/// A program that is ready to be spawned. Its environment is whole: clear the inherited one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The program, absolute.
    pub program: PathBuf,
    /// Its arguments, without its own name.
    pub args: Vec<OsString>,
    /// All of its environment.
    pub env: Env,
    /// The workspace: absolute, links resolved.
    pub cwd: PathBuf,
}

impl Launch {
    /// The configuration folder that a CLI started so uses.
    pub fn config_dir(&self) -> Option<ConfigDir> {
        ConfigDir::of_env(&self.env)
    }
}

/// Which conversation a start begins or takes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conversation {
    /// A new one under this id, `--session-id`.
    New(ClaudeSessionId),
    /// The one of this id, `--resume`.
    Resume(ClaudeSessionId),
}

/// What a start of Claude Code is made from.
#[derive(Debug, Clone)]
pub struct ClaudeStart<'a> {
    /// The CLI, as [`super::cli::find`] found it.
    pub program: &'a Path,
    /// Its version.
    pub version: CliVersion,
    /// The project, which the hooks name to find the host.
    pub project: ProjectId,
    /// Its folder.
    pub workspace: &'a Path,
    /// The conversation.
    pub conversation: Conversation,
    /// How the project wants it.
    pub options: &'a LaunchOptions,
    /// The person's environment, see [`super::login_env`].
    pub env: &'a [(OsString, OsString)],
    /// The absolute path of `reprise-session`, which the hooks run.
    pub hook_program: &'a Path,
    /// What is sent at once, as the argument of the start. It waits for the trust dialog.
    pub prompt: Option<&'a str>,
}

/// A start that is refused before anything runs.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The workspace cannot be used.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// An extra argument that Reprise sets itself, or that would start something else.
    #[error("the argument {argument:?} cannot be given: Reprise sets it itself")]
    RefusedArgument {
        /// As the project has it.
        argument: String,
    },
    /// A variable that Reprise keeps from the session, or no name at all.
    #[error("the variable {name:?} cannot be set for a session")]
    RefusedVariable {
        /// As the project has it.
        name: String,
    },
    /// An option, argument or variable holds a NUL character.
    #[error("{value:?} holds a NUL character")]
    Nul {
        /// As the project has it.
        value: String,
    },
    /// The hooks' program has a path that a setting cannot name.
    #[error("the path of {0:?} is not UTF-8, so that no hook can run it")]
    HookProgram(PathBuf),
}

/// A workspace that no program can be started in.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Nothing is there.
    #[error("the folder {0:?} does not exist")]
    Missing(PathBuf),
    /// Something else is there.
    #[error("{0:?} is not a folder")]
    NotAFolder(PathBuf),
    /// It may not be opened.
    #[error("the folder {0:?} cannot be read: permission denied")]
    Unreadable(PathBuf),
    /// Its name, links resolved, is not UTF-8.
    #[error("the name of the folder {0:?} is not UTF-8")]
    NotUtf8(PathBuf),
    /// Any other failure.
    #[error("the folder {path:?} cannot be opened: {error}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
}

impl WorkspaceError {
    fn of(path: &Path, error: std::io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing(path),
            std::io::ErrorKind::NotADirectory => Self::NotAFolder(path),
            std::io::ErrorKind::PermissionDenied => Self::Unreadable(path),
            _ => Self::Io { path, error },
        }
    }
}

/// The folder as a project keeps it: absolute, links resolved, UTF-8, a folder that can be
/// opened now.
pub fn open_workspace(path: &Path) -> Result<String, WorkspaceError> {
    let real = path
        .canonicalize()
        .map_err(|error| WorkspaceError::of(path, error))?;
    let metadata = real
        .metadata()
        .map_err(|error| WorkspaceError::of(path, error))?;
    if !metadata.is_dir() {
        return Err(WorkspaceError::NotAFolder(path.to_owned()));
    }
    // Opening asks for reading, a look inside for entering: a program needs both.
    std::fs::read_dir(&real)
        .and_then(|_| std::fs::metadata(real.join(".")))
        .map_err(|error| WorkspaceError::of(path, error))?;
    real.into_os_string()
        .into_string()
        .map_err(|_| WorkspaceError::NotUtf8(path.to_owned()))
}

/// The start of Claude Code.
pub fn claude(start: &ClaudeStart<'_>) -> Result<Launch, LaunchError> {
    let cwd = PathBuf::from(open_workspace(start.workspace)?);
    let options = start.options;
    let mut args: Vec<OsString> = Vec::new();
    let (flag, id) = match &start.conversation {
        Conversation::New(id) => ("--session-id", id),
        Conversation::Resume(id) => ("--resume", id),
    };
    args.extend([flag.into(), id.as_str().into()]);
    args.extend(["--settings".into(), settings(start)?.into()]);
    if let Some(mode) = &options.permission_mode {
        // `manual` is called `default` by versions before 2.1.150 or so; all take `default`.
        let mode = if mode == "manual" { "default" } else { mode };
        args.extend(["--permission-mode".into(), without_nul(mode)?.into()]);
    }
    if let Some(model) = &options.model {
        args.extend(["--model".into(), without_nul(model)?.into()]);
    }
    for argument in &options.extra_args {
        if is_refused(argument) {
            return Err(LaunchError::RefusedArgument {
                argument: argument.clone(),
            });
        }
        args.push(without_nul(argument)?.into());
    }
    if let Some(prompt) = start.prompt {
        // A text that begins with a dash is no option, and a word no subcommand (`doctor`), which
        // the CLI finds behind the dashes, too. It leaves the space out.
        let is_word = !prompt.contains(|char: char| !char.is_ascii_alphanumeric() && char != '-');
        let space = if is_word { " " } else { "" };
        args.extend([
            "--".into(),
            format!("{space}{}", without_nul(prompt)?).into(),
        ]);
    }
    for (name, value) in &options.env {
        if name.is_empty() || name.contains('=') || environment::is_ours(OsStr::new(name)) {
            return Err(LaunchError::RefusedVariable { name: name.clone() });
        }
        without_nul(name)?;
        without_nul(value)?;
    }
    let display = match options.display {
        DisplayMode::FullScreen => None,
        DisplayMode::Scrollback => Some(("CLAUDE_CODE_NO_FLICKER", "0")),
    };
    let own = options
        .env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(Launch {
        program: start.program.to_owned(),
        args,
        env: environment::for_terminal(start.env, &cwd, display.into_iter().chain(own)),
        cwd,
    })
}

/// The start of an unattended run, `claude -p`: the prompt comes by its standard input, and
/// its output is a line of JSON for each event ([`super::stream`]). `permission_mode` is the
/// person's choice for this run.
///
/// # Errors
/// [`LaunchError`].
pub fn unattended(start: &ClaudeStart<'_>, permission_mode: &str) -> Result<Launch, LaunchError> {
    let options = LaunchOptions {
        permission_mode: Some(permission_mode.to_owned()),
        ..start.options.clone()
    };
    let mut launch = claude(&ClaudeStart {
        options: &options,
        // It goes to standard input, and is no argument among the ones that follow.
        prompt: None,
        ..start.clone()
    })?;
    // After the project's own arguments: the last of several output formats counts, and
    // without `--verbose` this one is refused.
    let run = ["-p", "--output-format", "stream-json", "--verbose"];
    launch.args.extend(run.map(OsString::from));
    Ok(launch)
}

/// A shell terminal: the person's `$SHELL`, as a login shell where the system expects that.
pub fn shell(workspace: &Path, env: &[(OsString, OsString)]) -> Result<Launch, LaunchError> {
    let cwd = PathBuf::from(open_workspace(workspace)?);
    Ok(Launch {
        program: super::login_env::shell_of(env),
        // Terminals on macOS start login shells, others do not.
        args: if cfg!(target_os = "macos") {
            vec!["-l".into()]
        } else {
            Vec::new()
        },
        env: environment::for_terminal(env, &cwd, []),
        cwd,
    })
}

/// The hook events that the host listens to, and the first version that knows each. A name
/// that the CLI does not know would stop the start with a dialog.
const HOOK_EVENTS: &[(&str, CliVersion)] = &[
    ("SessionStart", OLDEST_VERSION),
    ("SessionEnd", OLDEST_VERSION),
    ("UserPromptSubmit", OLDEST_VERSION),
    ("Stop", OLDEST_VERSION),
    ("StopFailure", OLDEST_VERSION),
    ("PermissionRequest", OLDEST_VERSION),
    ("Notification", OLDEST_VERSION),
];

/// The one `--settings`: a second would replace it.
fn settings(start: &ClaudeStart<'_>) -> Result<String, LaunchError> {
    let program = start
        .hook_program
        .to_str()
        .ok_or_else(|| LaunchError::HookProgram(start.hook_program.to_owned()))?;
    let command = format!(
        "{} hook --project {} --terminal {}",
        shell_quoted(program),
        start.project,
        TerminalKey::Claude
    );
    let hooks: serde_json::Map<String, serde_json::Value> = HOOK_EVENTS
        .iter()
        .filter(|(_, since)| start.version >= *since)
        .map(|(event, _)| {
            let hook = json!({"type": "command", "command": command, "async": true});
            ((*event).to_owned(), json!([{"hooks": [hook]}]))
        })
        .collect();
    Ok(json!({"disableAgentView": true, "hooks": hooks}).to_string())
}

/// Long options that are ours, or that start no session of this terminal.
const REFUSED: &[&str] = &[
    "--settings",
    "--session-id",
    "--resume",
    "--continue",
    "--fork-session",
    "--print",
    "--from-pr",
    "--teleport",
    "--cloud",
    "--desktop",
    "--bg",
    "--background",
    "--no-session-persistence",
];

fn is_refused(argument: &str) -> bool {
    if argument.starts_with("--") {
        let name = argument.split('=').next().unwrap_or(argument);
        return REFUSED.contains(&name);
    }
    // A short option takes its value without a space as well: `-r<id>`.
    ["-r", "-c", "-p"]
        .iter()
        .any(|short| argument.starts_with(short))
}

fn without_nul(value: &str) -> Result<&str, LaunchError> {
    if value.contains('\0') {
        return Err(LaunchError::Nul {
            value: value.to_owned(),
        });
    }
    Ok(value)
}

/// A word for `sh`.
fn shell_quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,:@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const ID: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
    const PROJECT: &str = "65f0c0ffee65f0c0ffee65f0";

    fn start<'a>(
        workspace: &'a Path,
        conversation: Conversation,
        options: &'a LaunchOptions,
        env: &'a [(OsString, OsString)],
    ) -> ClaudeStart<'a> {
        ClaudeStart {
            program: Path::new("/opt/claude"),
            version: OLDEST_VERSION,
            project: PROJECT.parse().unwrap(),
            workspace,
            conversation,
            options,
            env,
            hook_program: Path::new("/home/a b/reprise-session"),
            prompt: None,
        }
    }

    fn new() -> Conversation {
        Conversation::New(ID.parse().unwrap())
    }

    #[test]
    fn an_unattended_run_prints_its_events_under_the_chosen_permission_mode() {
        let folder = tempfile::tempdir().unwrap();
        let options = LaunchOptions {
            permission_mode: Some("plan".to_owned()),
            extra_args: vec!["--output-format".to_owned(), "text".to_owned()],
            ..LaunchOptions::default()
        };
        let launch = unattended(&start(folder.path(), new(), &options, &[]), "manual").unwrap();
        let args: Vec<&str> = launch.args.iter().filter_map(|arg| arg.to_str()).collect();
        let mode = args.iter().position(|arg| *arg == "--permission-mode");
        assert_eq!(args[mode.unwrap() + 1], "default");
        assert!(!args.contains(&"plan"));
        let last = ["-p", "--output-format", "stream-json", "--verbose"];
        assert_eq!(args[args.len() - 4..], last);
    }

    #[test]
    fn a_first_start_names_the_id_and_a_return_visit_resumes_it() {
        let folder = tempfile::tempdir().unwrap();
        let options = LaunchOptions::default();
        for (conversation, flag) in [
            (new(), "--session-id"),
            (Conversation::Resume(ID.parse().unwrap()), "--resume"),
        ] {
            let launch = claude(&start(folder.path(), conversation, &options, &[])).unwrap();
            assert_eq!(launch.args[..3], [flag, ID, "--settings"]);
            assert_eq!(launch.args.len(), 4);
            assert_eq!(launch.program, Path::new("/opt/claude"));
            assert_eq!(launch.cwd, folder.path().canonicalize().unwrap());
        }
    }

    #[test]
    fn the_settings_hold_async_hooks_that_call_us_and_no_agent_view() {
        let folder = tempfile::tempdir().unwrap();
        let options = LaunchOptions::default();
        let launch = claude(&start(folder.path(), new(), &options, &[])).unwrap();
        let settings: serde_json::Value =
            serde_json::from_str(launch.args[3].to_str().unwrap()).unwrap();
        assert_eq!(settings["disableAgentView"], true);
        let hook = &settings["hooks"]["SessionStart"][0]["hooks"][0];
        assert_eq!(hook["async"], true);
        assert_eq!(
            hook["command"],
            format!("'/home/a b/reprise-session' hook --project {PROJECT} --terminal claude")
        );
        assert_eq!(
            settings["hooks"].as_object().unwrap().len(),
            HOOK_EVENTS.len()
        );
    }

    #[test]
    fn the_projects_options_are_passed_on() {
        let folder = tempfile::tempdir().unwrap();
        let options = LaunchOptions {
            permission_mode: Some("manual".to_owned()),
            model: Some("opus".to_owned()),
            extra_args: vec!["--add-dir".to_owned(), "/x y".to_owned()],
            env: BTreeMap::from([("A".to_owned(), "1=2".to_owned())]),
            display: DisplayMode::Scrollback,
            ..LaunchOptions::default()
        };
        let env = [(OsString::from("A"), OsString::from("0"))];
        let launch = claude(&start(folder.path(), new(), &options, &env)).unwrap();
        assert_eq!(
            launch.args[4..],
            [
                "--permission-mode",
                "default",
                "--model",
                "opus",
                "--add-dir",
                "/x y"
            ]
        );
        let value = |name| environment::value(&launch.env, name).map(OsStr::to_owned);
        assert_eq!(value("A"), Some("1=2".into()));
        assert_eq!(value("CLAUDE_CODE_NO_FLICKER"), Some("0".into()));
    }

    #[test]
    fn arguments_that_are_ours_are_refused_in_every_form() {
        let folder = tempfile::tempdir().unwrap();
        for argument in [
            "--settings",
            "--settings={}",
            "--session-id=x",
            "--resume",
            "--resume=x",
            "-r",
            "-rx",
            "--continue",
            "-c",
            "--fork-session",
            "-p",
            "--print",
            "--bg",
        ] {
            let options = LaunchOptions {
                extra_args: vec![argument.to_owned()],
                ..LaunchOptions::default()
            };
            let refused = claude(&start(folder.path(), new(), &options, &[]));
            assert!(
                matches!(refused, Err(LaunchError::RefusedArgument { .. })),
                "{argument}"
            );
        }
        for argument in [
            "--add-dir",
            "--permission-prompts",
            "-d",
            "--setting-sources=user",
        ] {
            assert!(!is_refused(argument), "{argument}");
        }
    }

    #[test]
    fn variables_that_would_break_the_session_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["CLAUDE_CODE_CHILD_SESSION", "REPRISE_X", "", "A=B"] {
            let options = LaunchOptions {
                env: BTreeMap::from([(name.to_owned(), "1".to_owned())]),
                ..LaunchOptions::default()
            };
            let refused = claude(&start(folder.path(), new(), &options, &[]));
            assert!(
                matches!(refused, Err(LaunchError::RefusedVariable { .. })),
                "{name}"
            );
        }
    }

    #[test]
    fn a_workspace_that_cannot_be_opened_is_named_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        assert!(
            matches!(open_workspace(&missing), Err(WorkspaceError::Missing(path)) if path == missing)
        );
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        for path in [file.clone(), file.join("below")] {
            assert!(matches!(
                open_workspace(&path),
                Err(WorkspaceError::NotAFolder(_))
            ));
        }
        let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        assert!(matches!(
            WorkspaceError::of(&file, denied),
            WorkspaceError::Unreadable(_)
        ));
        let options = LaunchOptions::default();
        let refused = claude(&start(&missing, new(), &options, &[]));
        assert!(matches!(refused, Err(LaunchError::Workspace(_))));
        assert!(matches!(
            shell(&missing, &[]),
            Err(LaunchError::Workspace(_))
        ));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_name_that_is_not_utf8_is_refused() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join(OsStr::from_bytes(b"a\xff"));
        std::fs::create_dir(&odd).unwrap();
        assert!(matches!(
            open_workspace(&odd),
            Err(WorkspaceError::NotUtf8(_))
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_opens_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        std::fs::create_dir(&target).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert_eq!(
            open_workspace(&link).unwrap(),
            open_workspace(&target).unwrap()
        );
    }

    #[test]
    fn a_shell_gets_its_own_environment_and_no_arguments_of_ours() {
        let folder = tempfile::tempdir().unwrap();
        let env = [
            (OsString::from("SHELL"), OsString::from("/bin/sh")),
            (OsString::from("CLAUDECODE"), OsString::from("1")),
        ];
        let launch = shell(folder.path(), &env).unwrap();
        assert_eq!(launch.program, Path::new("/bin/sh"));
        assert_eq!(environment::value(&launch.env, "CLAUDECODE"), None);
        assert!(environment::value(&launch.env, "TERM").is_some());
    }
}
