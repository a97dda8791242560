//! Files that a terminal's text names: where they are, and how the person's editor opens them.
//!
//! The text is what a program printed. It is only ever looked up and handed to an editor as one
//! argument, as an absolute path; no shell reads it, and nothing is run that it names.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// Longer than any path that a system takes.
const MAX_NAME_BYTES: usize = 4 * 1024;
/// An editor that fails does so within this time; one that goes on is a window, or handed the
/// file to one.
const FAILS_WITHIN: Duration = Duration::from_secs(2);

/// Where the names in a terminal are meant to be.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folders that relative names begin in, the likeliest first.
    pub folders: Vec<PathBuf>,
    /// What `~/` stands for.
    pub home: Option<PathBuf>,
    /// This computer's name, which the links of shells have in them.
    pub machine: String,
}

impl Places {
    /// The file or folder that a name means; none where there is nothing of that name. Links
    /// are followed: what is shown to the person is what would be opened.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
            return None;
        }
        if let Some(rest) = name.strip_prefix("file://") {
            return existing(&self.of_link(rest)?);
        }
        if let Some(rest) = name.strip_prefix("~/") {
            return existing(&self.home.as_ref()?.join(rest));
        }
        let path = Path::new(name);
        if path.is_absolute() {
            return existing(path);
        }
        // `git diff` names a file twice, below `a` and below `b`.
        let of_diff = name.strip_prefix("a/").or_else(|| name.strip_prefix("b/"));
        [Some(name), of_diff]
            .into_iter()
            .flatten()
            .flat_map(|name| self.folders.iter().map(move |folder| folder.join(name)))
            .find_map(|path| existing(&path))
    }

    /// The path of a `file://` link of this computer.
    fn of_link(&self, rest: &str) -> Option<PathBuf> {
        let (host, path) = rest.split_at(rest.find('/')?);
        let ours = host.is_empty()
            || host.eq_ignore_ascii_case("localhost")
            || host.eq_ignore_ascii_case(&self.machine);
        let url = tauri::Url::parse(&format!("file://{path}")).ok()?;
        ours.then(|| url.to_file_path().ok()).flatten()
    }
}

/// The path without links, where a file or a folder is. Devices and pipes are none.
fn existing(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let kind = path.metadata().ok()?;
    (kind.is_file() || kind.is_dir()).then_some(path)
}

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column, where it is known.
    pub column: Option<u32>,
}

/// Why a command for an editor makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditorCommandError {
    /// There is nothing in it.
    #[error("it names no program")]
    Empty,
    /// A quotation mark is never closed.
    #[error("a quotation mark is not closed")]
    OpenQuote,
    /// The file or the line would be the program.
    #[error("its first word is not a program")]
    NoProgram,
}

/// Where a program is, by the folders of `path`.
pub fn find_program(program: &str, path: &OsStr) -> Option<PathBuf> {
    which::which_in(program, Some(path), "/").ok()
}

/// Why an editor did not open a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenError {
    /// There is no such program.
    Missing,
    /// It cannot be started or failed at once, in words.
    Failed(String),
}

/// A command that opens a file in an editor, as the person wrote it: words as a shell splits
/// them, with `{file}`, `{line}` and `{column}` in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditorCommand {
    program: String,
    arguments: Vec<String>,
}

impl EditorCommand {
    /// Reads a command. Nothing in it is expanded but the three words in braces.
    ///
    /// # Errors
    /// [`EditorCommandError`].
    pub fn parse(command: &str) -> Result<Self, EditorCommandError> {
        let words = shlex::split(command).ok_or(EditorCommandError::OpenQuote)?;
        let mut words = words.into_iter();
        let program = words.next().ok_or(EditorCommandError::Empty)?;
        if program.is_empty() || program.contains(['{', '}']) {
            return Err(EditorCommandError::NoProgram);
        }
        let mut arguments: Vec<String> = words.collect();
        if !arguments.iter().any(|argument| argument.contains("{file}")) {
            arguments.push("{file}".to_owned());
        }
        Ok(Self { program, arguments })
    }

    /// The arguments for a file. Without a position, those that are about it alone are left
    /// out, and the others say the first line.
    pub fn arguments(&self, file: &Path, at: Option<Position>) -> Vec<OsString> {
        let is_place = |argument: &str| {
            !argument.contains("{file}")
                && (argument.contains("{line}") || argument.contains("{column}"))
        };
        let line = at.map_or(1, |at| at.line).to_string();
        let column = at.and_then(|at| at.column).unwrap_or(1).to_string();
        self.arguments
            .iter()
            .filter(|argument| at.is_some() || !is_place(argument))
            .map(|argument| {
                let argument = argument.replace("{line}", &line);
                let argument = argument.replace("{column}", &column);
                // The file comes last: a name in braces stays a name.
                let mut whole = OsString::new();
                for (i, part) in argument.split("{file}").enumerate() {
                    if i > 0 {
                        whole.push(file);
                    }
                    whole.push(part);
                }
                whole
            })
            .collect()
    }

    /// The program that it begins with, by name or path.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Opens a file by the command's program, which stands in one of the folders of `path`. The
    /// editor goes on without Reprise.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(
        &self,
        file: &Path,
        at: Option<Position>,
        path: &OsStr,
    ) -> Result<(), OpenError> {
        let program = find_program(&self.program, path).ok_or(OpenError::Missing)?;
        self.start(&program, file, at, path)
            .await
            .map_err(OpenError::Failed)
    }

    async fn start(
        &self,
        program: &Path,
        file: &Path,
        at: Option<Position>,
        path: &OsStr,
    ) -> Result<(), String> {
        let mut command = Command::new(program);
        command
            .args(self.arguments(file, at))
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        if let Some(folder) = file.parent() {
            command.current_dir(folder);
        }
        let mut editor = command.spawn().map_err(|error| error.to_string())?;
        match timeout(FAILS_WITHIN, editor.wait()).await {
            Ok(Ok(status)) if !status.success() => Err(status.to_string()),
            Ok(Err(error)) => Err(error.to_string()),
            Ok(Ok(_)) => Ok(()),
            Err(_) => {
                // It is waited for, so that it leaves no zombie.
                tokio::spawn(async move { editor.wait().await });
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &str, at: Option<Position>) -> Vec<String> {
        let command = EditorCommand::parse(command).unwrap();
        let file = Path::new("/w/a b/$(x) {line}.rs");
        let arguments = command.arguments(file, at);
        [command.program.clone()]
            .into_iter()
            .chain(
                arguments
                    .into_iter()
                    .map(|word| word.into_string().unwrap()),
            )
            .collect()
    }

    #[test]
    fn a_file_is_one_argument_whatever_its_name_is() {
        let at = Some(Position {
            line: 7,
            column: Some(3),
        });
        let file = "/w/a b/$(x) {line}.rs";
        for (command, wanted) in [
            (
                "code -g {file}:{line}:{column}",
                vec!["code", "-g", &format!("{file}:7:3")],
            ),
            (
                "'/opt/my editor/bin/e' +{line} {file}",
                vec!["/opt/my editor/bin/e", "+7", file],
            ),
            ("gedit", vec!["gedit", file]),
            (
                "idea --line {line} --column {column} '{file}'",
                vec!["idea", "--line", "7", "--column", "3", file],
            ),
            ("e $HOME `x` ;", vec!["e", "$HOME", "`x`", ";", file]),
        ] {
            assert_eq!(words(command, at), wanted, "{command}");
        }
    }

    #[test]
    fn without_a_line_nothing_is_said_of_one_where_that_can_be() {
        assert_eq!(
            words("vim +{line} {file}", None),
            ["vim", "/w/a b/$(x) {line}.rs"]
        );
        assert_eq!(
            words("code -g {file}:{line}", None),
            ["code", "-g", "/w/a b/$(x) {line}.rs:1"]
        );
    }

    #[test]
    fn a_command_without_a_program_is_told() {
        for (command, why) in [
            ("", EditorCommandError::Empty),
            ("  ", EditorCommandError::Empty),
            ("{file}", EditorCommandError::NoProgram),
            ("code '-g", EditorCommandError::OpenQuote),
        ] {
            assert_eq!(EditorCommand::parse(command), Err(why), "{command:?}");
        }
    }

    #[test]
    fn a_name_is_found_where_its_terminal_is() {
        let world = tempfile::tempdir().unwrap();
        let world = world.path().canonicalize().unwrap();
        for folder in ["work/src", "work/sub", "home"] {
            std::fs::create_dir_all(world.join(folder)).unwrap();
        }
        for file in ["work/src/a.rs", "work/sub/b c.rs", "home/notes", "outside"] {
            std::fs::write(world.join(file), "x").unwrap();
        }
        std::os::unix::fs::symlink(world.join("outside"), world.join("work/link")).unwrap();
        let places = Places {
            folders: vec![world.join("work/sub"), world.join("work")],
            home: Some(world.join("home")),
            machine: "Loom".to_owned(),
        };
        let path = |of: &str| Some(world.join(of));
        let link = |host: &str, of: &str| format!("file://{host}{}/{of}", world.display());
        for (name, wanted) in [
            ("src/a.rs", path("work/src/a.rs")),
            ("b/src/a.rs", path("work/src/a.rs")),
            ("b c.rs", path("work/sub/b c.rs")),
            ("../outside", path("outside")),
            ("link", path("outside")),
            ("src", path("work/src")),
            ("~/notes", path("home/notes")),
            (&world.join("outside").to_string_lossy(), path("outside")),
            (&link("", "work/sub/b%20c.rs"), path("work/sub/b c.rs")),
            (&link("loom", "outside"), path("outside")),
            (&link("elsewhere", "outside"), None),
            ("/dev/null", None),
            ("src/b.rs", None),
            ("src/a.rs\n", None),
            ("", None),
        ] {
            assert_eq!(places.find(name), wanted, "{name}");
        }
        assert_eq!(places.find(&"x/".repeat(4000)), None);
    }

    #[tokio::test]
    async fn an_editor_that_is_not_there_or_fails_is_told() {
        let open = async |command: &str| {
            let command = EditorCommand::parse(command).unwrap();
            let path = OsStr::new("/usr/bin:/bin");
            command.open(Path::new("/tmp"), None, path).await
        };
        assert_eq!(open("no-such-editor").await, Err(OpenError::Missing));
        assert!(matches!(open("false").await, Err(OpenError::Failed(_))));
        assert_eq!(open("true").await, Ok(()));
    }
}
