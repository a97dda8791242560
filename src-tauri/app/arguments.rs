//! What the app is started with. Read before anything of the window system, so that
//! `--help` and `--version` work without a display.

use std::ffi::OsString;
use std::path::PathBuf;

/// The text of `--help`.
pub const HELP: &str = "\
Reprise keeps one Claude Code session per project and gives it back.

Usage: reprise [FOLDER]

  FOLDER         open this folder as a project, and its session
  -h, --help     print this and end
  -V, --version  print the version and end

Without a folder the last project is shown. If Reprise is already running, its window comes
to the front. `reprise-session --help` tells what works without a window.
";

/// What a start asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// Print the usage.
    Help,
    /// Print the version.
    Version,
    /// Open the window, and this folder in it.
    Open(Option<PathBuf>),
}

/// Reads the arguments, without the program's own name.
///
/// # Errors
/// A sentence for the person.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    let mut folder = None;
    let mut only_folders = false;
    for argument in arguments {
        let text = argument.to_string_lossy();
        match text.as_ref() {
            "--" if !only_folders => only_folders = true,
            "-h" | "--help" if !only_folders => return Ok(Request::Help),
            "-V" | "--version" if !only_folders => return Ok(Request::Version),
            option if !only_folders && option.starts_with('-') && option.len() > 1 => {
                return Err(format!("unknown option {option}; see reprise --help"));
            }
            _ if folder.is_some() => {
                return Err("only one folder can be opened at a time; see reprise --help".into());
            }
            _ => folder = Some(PathBuf::from(argument)),
        }
    }
    Ok(Request::Open(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(arguments: &[&str]) -> Result<Request, String> {
        read(arguments.iter().map(OsString::from))
    }

    #[test]
    fn a_folder_is_taken_as_it_is_written() {
        for (arguments, folder) in [
            (&["work"][..], "work"),
            (&["--", "--help"], "--help"),
            (&["-"], "-"),
        ] {
            assert_eq!(
                read_all(arguments),
                Ok(Request::Open(Some(PathBuf::from(folder))))
            );
        }
        assert_eq!(read_all(&[]), Ok(Request::Open(None)));
    }

    #[test]
    fn help_and_version_win_over_a_folder() {
        assert_eq!(read_all(&["work", "--help"]), Ok(Request::Help));
        assert_eq!(read_all(&["-V"]), Ok(Request::Version));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(read_all(&["--hlep"]).unwrap_err().contains("--hlep"));
        assert!(read_all(&["a", "b"]).is_err());
    }
}
