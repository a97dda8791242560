//! Runs a program for what it prints, with limits on time and length.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// What a program printed until it ended or until enough was seen.
#[derive(Debug)]
pub(super) struct Printed {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// None where it was stopped because enough was seen.
    pub(super) status: Option<std::process::ExitStatus>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error("cannot be started: {0}")]
    Spawn(std::io::Error),
    #[error("gave no answer within {limit:?}")]
    TimedOut { limit: Duration },
    #[error("printed more than {limit_bytes} bytes")]
    TooMuch { limit_bytes: usize },
    #[error("cannot be waited for: {0}")]
    Wait(std::io::Error),
}

/// Runs `command` with nothing on its standard input, until it ends or `enough` says so of
/// its output. It does not outlive the call, nor does its process group where it was stopped
/// and leads one, see [`in_own_group`].
pub(super) fn printed_by(
    mut command: Command,
    limit: Duration,
    limit_bytes: usize,
    enough: impl Fn(&[u8]) -> bool,
) -> Result<Printed, RunError> {
    let deadline = Instant::now() + limit;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(RunError::Spawn)?;
    let (sender, chunks) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        read_in_background(stdout, sender.clone(), Chunk::Stdout);
    }
    if let Some(stderr) = child.stderr.take() {
        read_in_background(stderr, sender, Chunk::Stderr);
    }
    let mut printed = Printed {
        stdout: Vec::new(),
        stderr: Vec::new(),
        status: None,
    };
    // A daemon that the program leaves behind may hold its output open: the end of the
    // program is as good as the end of the output.
    let mut ended_at = None::<Instant>;
    let failure = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break RunError::TimedOut { limit };
        }
        match chunks.recv_timeout(left.min(Duration::from_millis(20))) {
            Ok(Chunk::Stdout(bytes)) => printed.stdout.extend(bytes),
            Ok(Chunk::Stderr(bytes)) => {
                if printed.stderr.len() < limit_bytes {
                    printed.stderr.extend(bytes);
                }
            }
            Err(silence) => {
                match child.try_wait() {
                    Ok(None) => {
                        // Output closed, program running: nothing wakes this loop but time.
                        std::thread::sleep(left.min(Duration::from_millis(5)));
                    }
                    Ok(Some(status)) if ended_at.is_none() => {
                        printed.status = Some(status);
                        ended_at = Some(Instant::now());
                    }
                    // What it printed last may still be on its way through the pipe.
                    Ok(Some(_)) => {
                        let closed = silence == RecvTimeoutError::Disconnected;
                        if closed || ended_at.is_some_and(|at| at.elapsed() > LAST_WORDS) {
                            return Ok(printed);
                        }
                    }
                    Err(error) => break RunError::Wait(error),
                }
            }
        }
        if printed.stdout.len() > limit_bytes {
            break RunError::TooMuch { limit_bytes };
        }
        if enough(&printed.stdout) {
            stop(&mut child);
            return Ok(printed);
        }
    };
    stop(&mut child);
    Err(failure)
}

/// Makes the program the leader of a process group of its own, in the same session.
pub(super) fn in_own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// How long a program that has ended may have its output held open by another.
const LAST_WORDS: Duration = Duration::from_millis(300);

enum Chunk {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
}

/// Ends by itself when the pipe closes or nobody listens any more.
fn read_in_background(
    mut pipe: impl Read + Send + 'static,
    sender: mpsc::Sender<Chunk>,
    wrap: fn(Vec<u8>) -> Chunk,
) {
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(length) = pipe.read(&mut buffer) {
            let bytes = buffer.get(..length).unwrap_or_default();
            if bytes.is_empty() || sender.send(wrap(bytes.to_vec())).is_err() {
                return;
            }
        }
    });
}

fn stop(child: &mut std::process::Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw)
    {
        // It may be gone already, and then there is nothing to stop.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        in_own_group(&mut command);
        command
    }

    fn run(script: &str, limit_ms: u64) -> Result<Printed, RunError> {
        printed_by(sh(script), Duration::from_millis(limit_ms), 10_000, |_| {
            false
        })
    }

    #[test]
    fn output_and_status_come_back() {
        let printed = run("echo out; echo err >&2; exit 3", 5000).unwrap();
        assert_eq!(printed.stdout, b"out\n");
        assert_eq!(printed.stderr, b"err\n");
        assert_eq!(printed.status.unwrap().code(), Some(3));
    }

    #[test]
    fn a_program_that_hangs_or_floods_is_ended() {
        let hung = run("sleep 60", 200);
        assert!(matches!(hung, Err(RunError::TimedOut { .. })), "{hung:?}");
        let flooded = run("while :; do echo xxxxxxxxxxxxxxxx; done", 10_000);
        assert!(
            matches!(flooded, Err(RunError::TooMuch { .. })),
            "{flooded:?}"
        );
    }

    #[test]
    fn a_program_left_behind_with_the_output_open_holds_nothing_up() {
        let before = Instant::now();
        let printed = run("sleep 30 & echo done", 10_000).unwrap();
        assert_eq!(printed.stdout, b"done\n");
        assert!(before.elapsed() < Duration::from_secs(8));
    }
}
