//! A program that ends with the process that started it.
//!
//! The system can signal a process when its parent is gone, but only the process itself can
//! ask for that. So this binary is started first, asks, and becomes the program.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitCode;

use tokio::process::Command;

/// The start of a program that is asked to end (SIGTERM) when this process is gone. It must
/// be spawned by a thread that lives as long as this process.
///
/// # Errors
/// What the system says when it does not tell where this binary is.
pub fn command(program: &Path, args: &[OsString]) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["bound", "--parent"])
        .arg(std::process::id().to_string())
        .arg(program)
        .args(args);
    Ok(command)
}

/// Becomes `program`. Returns only when that failed.
pub fn become_program(parent: u32, program: &Path, args: &[OsString]) -> ExitCode {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        let asked = set_parent_process_death_signal(Some(Signal::TERM));
        // It may have gone before the system was asked.
        let is_there = getppid().is_some_and(|now| now.as_raw_nonzero().get() as u32 == parent);
        if asked.is_err() || !is_there {
            return ExitCode::FAILURE;
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = parent;
    let error = std::process::Command::new(program).args(args).exec();
    eprintln!("{}: {error}", program.display());
    ExitCode::FAILURE
}
