//! Finds the CLI on this machine.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::environment;
use super::run::{self, RunError};
use super::version::{CliVersion, OLDEST_VERSION};

/// How long `claude --version` may take.
pub const VERSION_LIMIT: Duration = Duration::from_secs(5);

/// What a search for the CLI came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CliSearch {
    /// One that can be used.
    Found {
        /// Its path, absolute, links not resolved: an update may move their target.
        path: PathBuf,
        /// Its version.
        version: CliVersion,
    },
    /// None, in any of these places.
    Missing {
        /// Where it was looked for, in order.
        searched: Vec<PathBuf>,
    },
    /// Only one that is too old.
    TooOld {
        /// Its path.
        path: PathBuf,
        /// Its version.
        version: CliVersion,
        /// The oldest that can be used.
        oldest: CliVersion,
    },
    /// Only one that does not run.
    Broken {
        /// Its path.
        path: PathBuf,
        /// What it did.
        why: BrokenCli,
    },
}

/// Why a CLI that is there cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenCli {
    /// The system does not start it.
    #[error("it cannot be started: {0}")]
    CannotStart(String),
    /// `--version` gave no answer in [`VERSION_LIMIT`].
    #[error("it gave no answer within {} seconds", VERSION_LIMIT.as_secs())]
    NoAnswer,
    /// `--version` failed.
    #[error("it ended with {status}: {message}")]
    Failed {
        /// Its exit status, in words.
        status: String,
        /// The end of what it printed.
        message: String,
    },
    /// `--version` printed something else.
    #[error("it printed no version: {0:?}")]
    NoVersion(String),
}

/// Looks for the CLI: the one that is `chosen` (`REPRISE_CLAUDE` or the setting) and no
/// other; without a choice the one on the `PATH` of `env`, then in the usual places.
///
/// `env` is the environment that sessions get. Blocks for [`VERSION_LIMIT`] per candidate at
/// most.
pub fn find(chosen: Option<&OsStr>, env: &[(OsString, OsString)]) -> CliSearch {
    let chosen = chosen.filter(|text| !text.is_empty());
    let candidates = match chosen {
        Some(name) if Path::new(name).components().count() > 1 => {
            vec![std::path::absolute(name).unwrap_or_else(|_| PathBuf::from(name))]
        }
        Some(name) => on_path(name, env),
        None => {
            let mut places = on_path(OsStr::new(PROGRAM), env);
            for place in usual_places(env) {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
            places
        }
    };
    let mut problem = None;
    for path in &candidates {
        let outcome = match is_program(path) {
            Program::No => continue,
            Program::NotExecutable => CliSearch::Broken {
                path: path.clone(),
                why: BrokenCli::CannotStart("it is not executable".to_owned()),
            },
            Program::Yes => match version_of(path, env) {
                Ok(version) if version >= OLDEST_VERSION => {
                    return CliSearch::Found {
                        path: path.clone(),
                        version,
                    };
                }
                Ok(version) => CliSearch::TooOld {
                    path: path.clone(),
                    version,
                    oldest: OLDEST_VERSION,
                },
                Err(why) => CliSearch::Broken {
                    path: path.clone(),
                    why,
                },
            },
        };
        problem = problem.or(Some(outcome));
    }
    problem.unwrap_or(CliSearch::Missing {
        searched: candidates,
    })
}

/// What `<program> --version` says.
pub fn version_of(program: &Path, env: &[(OsString, OsString)]) -> Result<CliVersion, BrokenCli> {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .env_clear()
        .envs(environment::cleaned(env))
        .current_dir("/");
    run::in_own_group(&mut command);
    let printed = run::printed_by(command, VERSION_LIMIT, 64 * 1024, |_| false).map_err(
        |error| match error {
            RunError::TimedOut { .. } => BrokenCli::NoAnswer,
            other => BrokenCli::CannotStart(other.to_string()),
        },
    )?;
    let stdout = String::from_utf8_lossy(&printed.stdout);
    match printed.status {
        Some(status) if !status.success() => {
            let stderr = String::from_utf8_lossy(&printed.stderr);
            let message = if stderr.trim().is_empty() {
                stdout
            } else {
                stderr
            };
            Err(BrokenCli::Failed {
                status: status.to_string(),
                message: last_chars(message.trim(), 400),
            })
        }
        _ => CliVersion::from_output(&stdout)
            .ok_or_else(|| BrokenCli::NoVersion(last_chars(stdout.trim(), 400))),
    }
}

const PROGRAM: &str = if cfg!(windows) {
    "claude.exe"
} else {
    "claude"
};

fn on_path(name: &OsStr, env: &[(OsString, OsString)]) -> Vec<PathBuf> {
    let path = environment::value(env, "PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = Vec::new();
    for folder in std::env::split_paths(path).filter(|folder| folder.is_absolute()) {
        let place = folder.join(name);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Where its installer, npm and other package managers put it.
fn usual_places(env: &[(OsString, OsString)]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for name in ["NPM_CONFIG_PREFIX", "npm_config_prefix"] {
        if let Some(prefix) = environment::value(env, name) {
            folders.push(Path::new(prefix).join("bin"));
        }
    }
    if let Some(home) = environment::value(env, "HOME").map(Path::new) {
        folders.extend([".local/bin", ".claude/local"].map(|folder| home.join(folder)));
        folders.push(home.join(".claude/local/node_modules/.bin"));
        folders.extend(npm_prefix_of(home).map(|prefix| prefix.join("bin")));
        let in_home = [
            ".npm-global/bin",
            ".npm-packages/bin",
            ".bun/bin",
            ".volta/bin",
            ".yarn/bin",
            ".local/share/pnpm",
            ".asdf/shims",
            ".local/share/mise/shims",
        ];
        folders.extend(in_home.map(|folder| home.join(folder)));
        folders.extend(node_versions_of(home));
    }
    let of_system = [
        "/usr/local/bin",
        "/opt/homebrew/bin",
        "/home/linuxbrew/.linuxbrew/bin",
        "/usr/bin",
        "/snap/bin",
    ];
    folders.extend(of_system.map(PathBuf::from));
    folders
        .into_iter()
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(PROGRAM))
        .collect()
}

/// `prefix=` in the person's `.npmrc`.
fn npm_prefix_of(home: &Path) -> Option<PathBuf> {
    let settings = std::fs::read_to_string(home.join(".npmrc")).ok()?;
    let value = settings
        .lines()
        .filter_map(|line| line.split_once('='))
        .find(|(name, _)| name.trim() == "prefix")
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())?;
    for home_name in ["~/", "${HOME}/", "$HOME/"] {
        if let Some(rest) = value.strip_prefix(home_name) {
            return Some(home.join(rest));
        }
    }
    Some(PathBuf::from(value))
}

/// The `bin` folders of nvm's node versions, the newest first.
fn node_versions_of(home: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(home.join(".nvm/versions/node")) else {
        return Vec::new();
    };
    let mut versions: Vec<(CliVersion, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix('v')?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, bin)| bin).collect()
}

enum Program {
    No,
    NotExecutable,
    Yes,
}

fn is_program(path: &Path) -> Program {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => {
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                if metadata.permissions().mode() & 0o111 == 0 {
                    return Program::NotExecutable;
                }
            }
            Program::Yes
        }
        _ => Program::No,
    }
}

fn last_chars(text: &str, count: usize) -> String {
    let skipped = text.chars().count().saturating_sub(count);
    text.chars().skip(skipped).collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn program(path: &Path, script: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn env(home: &Path, path: &str) -> Vec<(OsString, OsString)> {
        vec![("HOME".into(), home.into()), ("PATH".into(), path.into())]
    }

    const GOOD: &str = "echo '99.0.1 (Claude Code)'";

    #[test]
    fn the_path_comes_before_the_usual_places() {
        let home = tempfile::tempdir().unwrap();
        let on_path = home.path().join("bin/claude");
        program(&on_path, GOOD);
        program(&home.path().join(".local/bin/claude"), GOOD);
        let path = on_path.parent().unwrap().to_str().unwrap();
        let found = find(None, &env(home.path(), path));
        let expected = CliSearch::Found {
            path: on_path,
            version: CliVersion::new(99, 0, 1),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn an_installation_that_the_shell_does_not_know_is_found() {
        for place in [
            ".local/bin/claude",
            ".claude/local/claude",
            "prefix/bin/claude",
            ".nvm/versions/node/v22.1.0/bin/claude",
        ] {
            let home = tempfile::tempdir().unwrap();
            std::fs::write(home.path().join(".npmrc"), "a=b\nprefix = ~/prefix\n").unwrap();
            let place = home.path().join(place);
            program(&place, GOOD);
            let found = find(None, &env(home.path(), "/usr/nowhere"));
            assert!(
                matches!(&found, CliSearch::Found { path, .. } if *path == place),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_choice_is_the_only_place() {
        let home = tempfile::tempdir().unwrap();
        program(&home.path().join(".local/bin/claude"), GOOD);
        let chosen = home.path().join("other/claude");
        let missing = find(Some(chosen.as_os_str()), &env(home.path(), "/bin"));
        let expected = CliSearch::Missing {
            searched: vec![chosen.clone()],
        };
        assert_eq!(missing, expected);
        program(&chosen, GOOD);
        let found = find(Some(chosen.as_os_str()), &env(home.path(), "/bin"));
        assert!(matches!(found, CliSearch::Found { path, .. } if path == chosen));
    }

    #[test]
    fn one_that_cannot_be_used_is_passed_over_for_a_later_one_and_named_without() {
        let home = tempfile::tempdir().unwrap();
        let old = home.path().join("bin/claude");
        program(&old, "echo '1.0.3 (Claude Code)'");
        let env = env(home.path(), old.parent().unwrap().to_str().unwrap());
        let too_old = find(Some(old.as_os_str()), &env);
        let expected = CliSearch::TooOld {
            path: old,
            version: CliVersion::new(1, 0, 3),
            oldest: OLDEST_VERSION,
        };
        assert_eq!(too_old, expected);
        let good = home.path().join(".local/bin/claude");
        program(&good, GOOD);
        assert!(matches!(find(None, &env), CliSearch::Found { path, .. } if path == good));
    }

    #[test]
    fn a_broken_one_is_named_with_what_it_did() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("claude");
        let broken = |script: &str| {
            program(&path, script);
            match find(Some(path.as_os_str()), &env(home.path(), "/bin")) {
                CliSearch::Broken { why, .. } => why,
                other => panic!("{other:?}"),
            }
        };
        let failed = broken("echo 'no such library' >&2; exit 127");
        assert!(
            matches!(&failed, BrokenCli::Failed { message, .. } if message == "no such library"),
            "{failed:?}"
        );
        assert_eq!(
            broken("echo hello"),
            BrokenCli::NoVersion("hello".to_owned())
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let not_executable = find(Some(path.as_os_str()), &env(home.path(), "/bin"));
        assert!(matches!(
            not_executable,
            CliSearch::Broken {
                why: BrokenCli::CannotStart(_),
                ..
            }
        ));
    }
}
