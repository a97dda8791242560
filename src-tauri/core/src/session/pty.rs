//! The pseudo-terminal and the program in it, by portable-pty. The only module that knows it.
//!
//! Of portable-pty 0.9 this module avoids: its writer (dropping it types a newline and an
//! end-of-file), its `kill` (it reaches the leader only), its working directory (a folder that
//! cannot be entered silently becomes `$HOME`, so it is opened before), and its exit status
//! (the signal's number is lost, so the child is taken out as the standard library's).

// portable-pty hands out the master as a bare number, and tokio registers one: both are
// borrowed here and nowhere else.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde::{Deserialize, Serialize};
use tokio::io::unix::AsyncFd;

use crate::model::{Exit, TerminalSize};

/// How long a program may take to end when its terminal goes. Claude Code needs up to 3.1 s.
const HANGUP_PATIENCE: Duration = Duration::from_secs(5);

/// A program to start: all of it, nothing is inherited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramSpec {
    /// The absolute path of the executable.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// The folder it starts in.
    pub cwd: PathBuf,
}

/// Why a program could not be started in a PTY.
#[derive(Debug, thiserror::Error)]
pub enum PtyError {
    /// The folder is missing, no folder, or may not be entered.
    #[error("the folder {path} cannot be opened: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The program is missing or may not be run.
    #[error("the program {path} cannot be run: {source}")]
    Program {
        /// The executable.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system gave no terminal or no process.
    #[error("no terminal for the program: {0}")]
    System(String),
}

/// The master side of a PTY, non-blocking.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    fd: OwnedFd,
}

/// The program in a PTY.
pub struct Program {
    child: Box<std::process::Child>,
}

impl Pty {
    /// Starts the program in a new PTY of this size.
    ///
    /// # Errors
    /// [`PtyError`]; the folder and the executable are checked before anything starts.
    pub fn spawn(spec: &ProgramSpec, size: TerminalSize) -> Result<(Self, Program), PtyError> {
        check_folder(&spec.cwd)?;
        check_program(&spec.program)?;
        let pair = native_pty_system()
            .openpty(pty_size(size))
            .map_err(system)?;
        let mut command = CommandBuilder::new(&spec.program);
        command.args(&spec.args);
        command.cwd(&spec.cwd);
        command.env_clear();
        for (name, value) in &spec.env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).map_err(system)?;
        let child: Box<dyn portable_pty::Child> = child;
        let child = child
            .downcast::<std::process::Child>()
            .map_err(|_| PtyError::System("portable-pty returned an unknown child".into()))?;
        let raw = pair
            .master
            .as_raw_fd()
            .ok_or_else(|| PtyError::System("the terminal has no descriptor".into()))?;
        // SAFETY: `raw` belongs to `pair.master`, which lives until the end of this function,
        // and the borrow ends with the next line.
        let borrowed = unsafe { BorrowedFd::borrow_raw(raw) };
        let fd = rustix::io::fcntl_dupfd_cloexec(borrowed, 3).map_err(system)?;
        // The flag is shared by both descriptors of the master: reading and writing are both
        // non-blocking from here on.
        let flags = rustix::fs::fcntl_getfl(&fd).map_err(system)?;
        rustix::fs::fcntl_setfl(&fd, flags | rustix::fs::OFlags::NONBLOCK).map_err(system)?;
        let pty = Self {
            master: pair.master,
            fd,
        };
        Ok((pty, Program { child }))
    }

    /// Gives the terminal a new size; the kernel tells the program.
    ///
    /// # Errors
    /// [`PtyError::System`].
    pub fn resize(&self, size: TerminalSize) -> Result<(), PtyError> {
        self.master.resize(pty_size(size)).map_err(system)
    }

    /// The process group that has the terminal now.
    pub fn foreground_group(&self) -> Option<u32> {
        self.master
            .process_group_leader()
            .and_then(|pid| u32::try_from(pid).ok())
    }

    /// The master, to be awaited and then read from or written to.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch(&self) -> io::Result<AsyncFd<OwnedFd>> {
        let fd = self.fd.as_fd().try_clone_to_owned()?;
        // SAFETY: the descriptor is owned by the value that is registered and is never
        // replaced in it, so it stays open until it is deregistered.
        unsafe { AsyncFd::register(fd) }.map_err(io::Error::from)
    }
}

impl Program {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the program with its terminal, and waits until it is gone: politely at first.
    pub fn end(mut self, terminal: Pty) {
        drop(terminal);
        let until = Instant::now() + HANGUP_PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() >= until {
                // Already gone is as good.
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits, blocking, until the program has ended.
    pub fn wait(mut self) -> Exit {
        match self.child.wait() {
            Ok(status) => {
                let signal = status.signal();
                Exit {
                    code: status
                        .code()
                        .unwrap_or_else(|| 128 + signal.unwrap_or_default()),
                    signal,
                }
            }
            // Only if somebody else collected the child; its status is then unknown.
            Err(_) => Exit {
                code: -1,
                signal: None,
            },
        }
    }
}

fn check_folder(path: &Path) -> Result<(), PtyError> {
    let folder_error = |source| PtyError::Folder {
        path: path.to_owned(),
        source,
    };
    let metadata = fs::metadata(path).map_err(folder_error)?;
    if !metadata.is_dir() {
        return Err(folder_error(io::ErrorKind::NotADirectory.into()));
    }
    // Listing is not needed, entering is: opening "." inside fails as chdir would.
    File::open(path.join(".")).map(drop).map_err(folder_error)
}

fn check_program(path: &Path) -> Result<(), PtyError> {
    let program_error = |source| PtyError::Program {
        path: path.to_owned(),
        source,
    };
    let metadata = fs::metadata(path).map_err(program_error)?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o111 == 0 {
        return Err(program_error(io::ErrorKind::PermissionDenied.into()));
    }
    Ok(())
}

fn pty_size(size: TerminalSize) -> PtySize {
    PtySize {
        rows: size.rows,
        cols: size.cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn system(error: impl std::fmt::Display) -> PtyError {
    PtyError::System(error.to_string())
}
