//! The environment of the person's login shell.
//!
//! An app started by a double click has none of what the person's shell sets up: no `PATH`
//! to node or claude, no proxy, no API key. So their shell is asked once.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::environment::{self, Env};
use super::run::{self, RunError};

/// How long the shell may take.
pub const LIMIT: Duration = Duration::from_secs(5);
const LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// Set while the shell is asked, so that an rc file can leave out what takes long.
pub const RESOLVING_VARIABLE: &str = "REPRISE_RESOLVING_ENVIRONMENT";

/// The environment that sessions start from.
#[derive(Debug)]
pub struct LoginEnv {
    /// The variables, cleaned of Claude's, ours and AppImage's.
    pub vars: Env,
    /// Where they come from.
    pub origin: EnvOrigin,
}

/// Where the environment comes from.
#[derive(Debug)]
pub enum EnvOrigin {
    /// From the person's login shell.
    LoginShell(PathBuf),
    /// From our own process, because the shell gave none.
    OwnProcess(LoginEnvError),
}

/// Why the login shell gave no environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the login shell {shell:?} {why}")]
pub struct LoginEnvError {
    /// The shell that was asked.
    pub shell: PathBuf,
    /// What it did instead.
    pub why: String,
}

/// Asks the login shell of the person whose process has the environment `own`. Blocks for
/// [`LIMIT`] at most; falls back to `own` with the reason.
pub fn read(own: &[(OsString, OsString)]) -> LoginEnv {
    read_within(own, LIMIT)
}

fn read_within(own: &[(OsString, OsString)], limit: Duration) -> LoginEnv {
    let shell = shell_of(own);
    match ask(&shell, own, limit) {
        Ok(vars) => LoginEnv {
            vars: environment::cleaned(&vars),
            origin: EnvOrigin::LoginShell(shell),
        },
        Err(why) => LoginEnv {
            vars: environment::cleaned(own),
            origin: EnvOrigin::OwnProcess(LoginEnvError { shell, why }),
        },
    }
}

/// The person's shell: `$SHELL`, else the one of their account, else `/bin/sh`.
pub fn shell_of(env: &[(OsString, OsString)]) -> PathBuf {
    environment::value(env, "SHELL")
        .map(PathBuf::from)
        .filter(|shell| shell.is_absolute())
        .or_else(shell_of_account)
        .unwrap_or_else(|| PathBuf::from("/bin/sh"))
}

#[cfg(unix)]
fn shell_of_account() -> Option<PathBuf> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let user = rustix::process::getuid().as_raw().to_string();
    accounts
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.get(2) == Some(&user.as_str()))
        .and_then(|fields| fields.get(6).map(PathBuf::from))
        .filter(|shell| shell.is_absolute())
}

#[cfg(not(unix))]
fn shell_of_account() -> Option<PathBuf> {
    None
}

fn ask(shell: &Path, own: &[(OsString, OsString)], limit: Duration) -> Result<Env, String> {
    // Between two marks that nothing else prints, so that greetings and messages of rc files
    // do no harm.
    let mark = format!("reprise-{}", uuid::Uuid::new_v4());
    let script = format!("printf '%s\\0' {mark}; env -0; printf '%s\\0' {mark}");
    let mut command = in_own_session(shell);
    command
        // Interactive too: much is set up in .bashrc or .zshrc only.
        .args(["-l", "-i", "-c", &script])
        .env_clear()
        .envs(environment::cleaned(own))
        .env(RESOLVING_VARIABLE, "1")
        .current_dir("/");
    let enough = |output: &[u8]| between(output, &mark).is_some();
    let printed = run::printed_by(command, limit, LIMIT_BYTES, enough)
        .map_err(|error: RunError| error.to_string())?;
    let body = between(&printed.stdout, &mark).ok_or_else(|| match printed.status {
        Some(status) => format!("ended ({status}) without printing its environment"),
        None => "printed no environment".to_owned(),
    })?;
    let vars: Env = body.split(|byte| *byte == 0).filter_map(variable).collect();
    if vars.iter().any(|(name, _)| name == "PATH") {
        Ok(vars)
    } else {
        Err("printed an environment without PATH".to_owned())
    }
}

/// The command in a session without a controlling terminal: an interactive shell in the
/// background of one would stop, or take the terminal. `setsid` does not fork for a program
/// that leads no group, so that the shell keeps the process id, and leads its group.
fn in_own_session(shell: &Path) -> Command {
    for setsid in ["/usr/bin/setsid", "/bin/setsid"] {
        if Path::new(setsid).exists() {
            let mut command = Command::new(setsid);
            command.arg(shell);
            return command;
        }
    }
    let mut command = Command::new(shell);
    run::in_own_group(&mut command);
    command
}

/// What is between the two marks, each of which ends with a NUL.
fn between<'a>(output: &'a [u8], mark: &str) -> Option<&'a [u8]> {
    let mark = [mark.as_bytes(), b"\0"].concat();
    let find = |bytes: &[u8]| bytes.windows(mark.len()).position(|window| window == mark);
    let start = find(output)? + mark.len();
    let rest = output.get(start..)?;
    rest.get(..find(rest)?)
}

#[cfg(unix)]
fn variable(entry: &[u8]) -> Option<(OsString, OsString)> {
    use std::os::unix::ffi::OsStrExt;
    let equals = entry.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (entry.get(..equals)?, entry.get(equals + 1..)?);
    let text = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    // Functions that bash exports are no variables: `BASH_FUNC_x%%`.
    (!name.is_empty() && !name.starts_with(b"BASH_FUNC_")).then(|| (text(name), text(value)))
}

#[cfg(not(unix))]
fn variable(entry: &[u8]) -> Option<(OsString, OsString)> {
    let (name, value) = std::str::from_utf8(entry).ok()?.split_once('=')?;
    (!name.is_empty()).then(|| (OsStr::new(name).to_owned(), OsStr::new(value).to_owned()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;
    use std::time::Instant;

    /// The environment that a person with this `.bash_profile` gets.
    fn read_with(profile: &str, limit: Duration) -> LoginEnv {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".bash_profile"), profile).unwrap();
        let own = [
            ("HOME", home.path().as_os_str()),
            ("SHELL", OsStr::new("/bin/bash")),
            ("PATH", OsStr::new("/usr/bin:/bin")),
            ("CLAUDECODE", OsStr::new("1")),
            ("OWN", OsStr::new("yes")),
        ];
        let own: Env = own
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        read_within(&own, limit)
    }

    fn var(read: &LoginEnv, name: &str) -> Option<OsString> {
        environment::value(&read.vars, name).map(OsStr::to_owned)
    }

    #[test]
    fn the_rc_files_variables_come_through_their_noise() {
        let profile = "echo 'A=not a variable'; echo noise >&2; printf 'no newline'\n\
            export PATH=/opt/tools:$PATH LINES_OF=$'one\\ntwo' BYTES=$'\\xff=\\x01'\n\
            f() { :; }; export -f f; sleep 30 & trap 'echo bye' EXIT\n";
        let read = read_with(profile, Duration::from_secs(20));
        assert!(matches!(read.origin, EnvOrigin::LoginShell(_)), "{read:?}");
        let path = var(&read, "PATH").unwrap().into_string().unwrap();
        assert!(path.starts_with("/opt/tools:"), "{path}");
        assert_eq!(var(&read, "LINES_OF"), Some("one\ntwo".into()));
        assert_eq!(
            var(&read, "BYTES"),
            Some(OsString::from_vec(b"\xff=\x01".to_vec()))
        );
        assert_eq!(var(&read, "OWN"), Some("yes".into()));
        for name in ["A", "CLAUDECODE", RESOLVING_VARIABLE] {
            assert_eq!(var(&read, name), None, "{name}");
        }
        assert!(
            !read
                .vars
                .iter()
                .any(|(name, _)| name.to_string_lossy().starts_with("BASH_FUNC"))
        );
    }

    #[test]
    fn a_shell_that_hangs_or_fails_leaves_our_own_environment_and_a_reason() {
        let before = Instant::now();
        for (profile, why) in [("sleep 60", "no answer"), ("exit 7", "without printing")] {
            let read = read_with(profile, Duration::from_millis(1500));
            let EnvOrigin::OwnProcess(error) = &read.origin else {
                panic!("{read:?}");
            };
            assert!(error.to_string().contains(why), "{error}");
            assert_eq!(var(&read, "OWN"), Some("yes".into()));
            assert_eq!(var(&read, "CLAUDECODE"), None);
        }
        assert!(before.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_shell_that_is_not_there_leaves_our_own_environment() {
        let own = [
            (OsString::from("SHELL"), OsString::from("/nowhere/zsh")),
            (OsString::from("PATH"), OsString::from("/bin")),
        ];
        let read = read(&own);
        assert!(matches!(read.origin, EnvOrigin::OwnProcess(_)), "{read:?}");
        assert_eq!(read.vars.len(), 2);
    }
}
