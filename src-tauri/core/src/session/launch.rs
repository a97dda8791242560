//! Starting a host: the other end of `reprise-session host`.
//!
//! The specification goes in by standard input (an environment does not belong into an
//! argument list, which everybody can read), and one line comes back once the host is ready.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::host::HostSpec;
use crate::fingerprint;

/// A host that is not ready within this time is given up on. It includes the start of its
/// program, which on a cold disk takes seconds.
const READY_PATIENCE: Duration = Duration::from_secs(20);
/// A copy that was just written cannot be run while any process that another thread is
/// starting still holds it open for writing: for a moment.
const BUSY_TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);
/// Counts the copies of this process.
static COPIES: AtomicU32 = AtomicU32::new(0);
const MAX_LINE_BYTES: u64 = 64 * 1024;

/// What keeps a host small: glibc gives large pieces of memory back to the system as soon as they
/// are free. Left to itself it raises the bound with the first large piece it frees, and a host
/// then keeps the 2 MB of every snapshot it sent (measured: 4.0 instead of 1.9 MB of heap with a
/// full scrollback). The host's program has an environment of its own and does not see them.
const MEMORY: [(&str, &str); 2] = [
    ("MALLOC_MMAP_THRESHOLD_", "131072"),
    ("MALLOC_TRIM_THRESHOLD_", "131072"),
];

/// The line that a host writes once it is ready or has given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "host", rename_all = "snake_case")]
pub enum Readiness {
    /// It serves; its lock file says where.
    Ready {
        /// The host's process id.
        host_pid: u32,
        /// The program's process id.
        program_pid: u32,
    },
    /// Another host has this terminal.
    AlreadyRunning,
    /// The program of the last start still lives.
    StillRunning {
        /// Its process id.
        pid: u32,
    },
    /// It could not start.
    Failed {
        /// Why, in words.
        message: String,
    },
}

/// Why no host was started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchHostError {
    /// The host's executable could not be run.
    #[error("cannot run {}: {source}", program.display())]
    Run {
        /// The executable.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It said nothing, or nothing readable.
    #[error("the host did not start: {0}")]
    NoAnswer(String),
    /// It gave up.
    #[error("{message}")]
    Failed {
        /// Why, in the host's words.
        message: String,
    },
    /// The program of the last start still lives and could write to the conversation.
    #[error("process {pid} of the last start still runs")]
    StillRunning {
        /// Its process id.
        pid: u32,
    },
}

/// A host that serves a terminal now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Launched {
    /// It was started by this call.
    Started,
    /// It was there already.
    AlreadyRunning,
}

/// Starts a host with the given executable and waits until it serves.
///
/// # Errors
/// [`LaunchHostError`].
pub fn launch_host(program: &Path, spec: &HostSpec) -> Result<Launched, LaunchHostError> {
    let run_error = |source| LaunchHostError::Run {
        program: program.to_owned(),
        source,
    };
    let mut starter = spawn_when_written(
        Command::new(program)
            .arg("host")
            .envs(MEMORY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null()),
    )
    .map_err(run_error)?;
    let written = match starter.stdin.take() {
        Some(mut stdin) => serde_json::to_vec(spec)
            .map_err(io::Error::from)
            .and_then(|bytes| stdin.write_all(&bytes)),
        None => Ok(()),
    };
    let answer = match starter.stdout.take() {
        Some(stdout) => read_line_within(stdout, READY_PATIENCE),
        None => Err("it has no output".to_owned()),
    };
    // The process that was started forks the host and ends at once.
    let ended = starter.wait();
    written.map_err(run_error)?;
    let line = answer.map_err(LaunchHostError::NoAnswer)?;
    match serde_json::from_str(&line) {
        Ok(Readiness::Ready { .. }) => Ok(Launched::Started),
        Ok(Readiness::AlreadyRunning) => Ok(Launched::AlreadyRunning),
        Ok(Readiness::StillRunning { pid }) => Err(LaunchHostError::StillRunning { pid }),
        Ok(Readiness::Failed { message }) => Err(LaunchHostError::Failed { message }),
        Err(_) => Err(LaunchHostError::NoAnswer(match ended {
            Ok(status) => format!("{} ended with {status}", program.display()),
            Err(error) => error.to_string(),
        })),
    }
}

fn spawn_when_written(command: &mut Command) -> io::Result<Child> {
    for _ in 0..BUSY_TRIES {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                thread::sleep(BETWEEN_TRIES);
            }
            spawned => return spawned,
        }
    }
    command.spawn()
}

fn read_line_within(
    output: impl Read + Send + 'static,
    patience: Duration,
) -> Result<String, String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(output.take(MAX_LINE_BYTES)).read_line(&mut line);
        let _ = sender.send(read.map(|_| line));
    });
    match receiver.recv_timeout(patience) {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", patience.as_secs())),
    }
}

/// The name of a build of the host's executable: the version and a mark of its contents.
///
/// # Errors
/// What the system says when the file cannot be read.
pub fn build_id(program: &Path, version: &str) -> io::Result<String> {
    let contents = fingerprint::of(&fs::read(program)?);
    Ok(format!("{version}-{contents:016x}"))
}

/// Makes sure that the executable stands in `folder` as its own copy, so that replacing the
/// installed one ends no terminal, and returns the copy's path.
///
/// # Errors
/// What the system says.
pub fn install_copy(program: &Path, folder: &Path) -> io::Result<PathBuf> {
    let name = program
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let copy = folder.join(name);
    let length = fs::metadata(program)?.len();
    // A power cut could have left half of one, or an empty one.
    if fs::metadata(&copy).is_ok_and(|copy| copy.len() == length) {
        return Ok(copy);
    }
    fs::create_dir_all(folder)?;
    // Several threads may do this at once, too.
    let nr = COPIES.fetch_add(1, Ordering::Relaxed);
    let new = folder.join(format!(".{}-{nr}.new", std::process::id()));
    fs::copy(program, &new)?;
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755))?;
    fs::File::open(&new)?.sync_all()?;
    fs::rename(&new, &copy)?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_a_power_cut_left_empty_is_made_again_and_many_at_once_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("reprise-session");
        fs::write(&program, vec![b'x'; 1_000_000]).unwrap();
        let copies = folder.path().join("bin");
        fs::create_dir(&copies).unwrap();
        fs::write(copies.join("reprise-session"), b"").unwrap();
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let copy = install_copy(&program, &copies).unwrap();
                    assert_eq!(fs::metadata(copy).unwrap().len(), 1_000_000);
                });
            }
        });
        assert_eq!(fs::read_dir(&copies).unwrap().count(), 1);
    }
}
