//! A terminal's lines in a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use reprise_core::session::client::{BlockingConnection, ClientError};

/// A terminal that is being resized is asked again, but not for ever.
const TRIES: usize = 5;

/// Why the lines were not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The terminal's host did not send them.
    #[error(transparent)]
    Host(ClientError),
    /// The file could not be written.
    #[error(transparent)]
    File(io::Error),
}

/// A name for the file that says where its text is from: no separators, no control characters.
pub fn file_name(project: &str, terminal: &str, time: &str, coloured: bool) -> String {
    let kept = |c: char| !c.is_control() && !matches!(c, '/' | '\\' | ':');
    let project: String = project.chars().filter(|c| kept(*c)).take(80).collect();
    let project = project.trim_start_matches('.');
    let ending = if coloured { "ansi" } else { "txt" };
    format!("{project} {terminal} {time}.{ending}")
        .trim()
        .to_owned()
}

/// Writes all lines that the host behind `lock` has into a file, and gives their number:
/// `coloured`, with the escape sequences of their looks. Until all are there the file stays what
/// it was.
///
/// # Errors
/// [`SaveError`].
pub fn save(lock: &Path, file: &Path, coloured: bool) -> Result<u64, SaveError> {
    let unfinished = unfinished(file);
    let saved = write(lock, &unfinished, coloured).and_then(|lines| {
        std::fs::rename(&unfinished, file).map_err(SaveError::File)?;
        Ok(lines)
    });
    if saved.is_err() {
        // What is left of it is of no use to anybody.
        let _ = std::fs::remove_file(&unfinished);
    }
    saved
}

/// The name beside the file under which it is written.
fn unfinished(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let short: String = name.chars().take(60).collect();
    file.with_file_name(format!(".{short}.{}.part", std::process::id()))
}

fn write(lock: &Path, unfinished: &Path, coloured: bool) -> Result<u64, SaveError> {
    for _ in 0..TRIES {
        let mut host = BlockingConnection::open(lock).map_err(SaveError::Host)?;
        let file = File::create(unfinished).map_err(SaveError::File)?;
        let mut out = BufWriter::new(file);
        let mut failed = None;
        let sent = host.text(coloured, |bytes| {
            out.write_all(bytes).map_err(|error| {
                failed = Some(error);
                io::Error::other("the text cannot be written")
            })
        });
        if let Some(error) = failed {
            return Err(SaveError::File(error));
        }
        let end = sent.map_err(SaveError::Host)?;
        let file = out
            .into_inner()
            .map_err(|error| SaveError::File(error.into_error()))?;
        file.sync_all().map_err(SaveError::File)?;
        if end.complete {
            return Ok(end.lines);
        }
    }
    Err(SaveError::Host(
        io::Error::other("its size changes all the time").into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_file_whatever_the_project_is_called() {
        let name = file_name("../a/b\n: c", "shell-1", "2026-11-21 10.00.00", false);
        assert_eq!(name, "ab c shell-1 2026-11-21 10.00.00.txt");
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_and_says_so() {
        let world = tempfile::tempdir().unwrap();
        let file = world.path().join("no such folder/text.txt");
        let lock = world.path().join("no.lock");
        assert!(matches!(save(&lock, &file, true), Err(SaveError::Host(_))));
        assert_eq!(std::fs::read_dir(world.path()).unwrap().count(), 0);
    }
}
