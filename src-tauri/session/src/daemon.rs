//! Becoming a process of its own: no parent's child, no terminal's, with nobody's files open.

// Forking is unsafe in general, since only the calling thread goes on; here it is the only one.
#![allow(unsafe_code)]

use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::unistd::{ForkResult, fork, setsid};
use reprise_core::model::{ProjectId, TerminalKey};

/// systemd moves a process within milliseconds.
const SCOPE_PATIENCE: Duration = Duration::from_secs(1);

/// Which of the two processes goes on after [`detach`].
pub enum Side {
    /// The one that was started: it has done its part.
    Starter,
    /// The one that lives on, in a session of its own, adopted by init.
    Daemon,
}

/// Splits off a daemon: own session, re-parented. Must be called before there is a second
/// thread.
///
/// # Errors
/// What the system says.
pub fn detach() -> io::Result<Side> {
    // SAFETY: this process has one thread, so the child may do whatever the parent could.
    match unsafe { fork() }? {
        ForkResult::Parent { .. } => return Ok(Side::Starter),
        ForkResult::Child => {}
    }
    setsid()?;
    // A session's leader could still acquire a terminal by opening one; its child cannot.
    // SAFETY: as above.
    match unsafe { fork() }? {
        ForkResult::Parent { .. } => std::process::exit(0),
        ForkResult::Child => Ok(Side::Daemon),
    }
}

/// Closes everything that was inherited but standard input, output and error.
pub fn close_inherited_files() {
    let Ok(entries) = fs::read_dir("/proc/self/fd") else {
        return;
    };
    let open: Vec<i32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2)
        .collect();
    for fd in open {
        // The descriptor of the listing itself is among them and closed already.
        let _ = nix::unistd::close(fd);
    }
}

/// Leaves the starter's folder and sends errors to the log file, and everything else nowhere.
/// Standard output is handed back: whoever started this waits there for a word.
///
/// # Errors
/// What the system says.
pub fn settle(log: &Path) -> io::Result<OwnedFd> {
    std::env::set_current_dir("/")?;
    let waiting = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    let null = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&log)?;
    Ok(waiting)
}

/// Moves this process into a scope of its own where the person's systemd runs, so that it is
/// not ended with the service or desktop session that happened to start it. Elsewhere, or
/// when systemd refuses, nothing changes.
pub fn enter_own_scope(project: ProjectId, terminal: TerminalKey) {
    let runs = std::env::var_os("XDG_RUNTIME_DIR")
        .is_some_and(|folder| Path::new(&folder).join("systemd/private").exists());
    if !runs {
        return;
    }
    let pid = std::process::id().to_string();
    let unit = format!("reprise-{project}-{terminal}-{pid}.scope");
    let asked = Command::new("busctl")
        .args(["--user", "--timeout=2", "call", "org.freedesktop.systemd1"])
        .args([
            "/org/freedesktop/systemd1",
            "org.freedesktop.systemd1.Manager",
        ])
        .args(["StartTransientUnit", "ssa(sv)a(sa(sv))", &unit, "fail"])
        .args(["2", "PIDs", "au", "1", &pid])
        .args(["CollectMode", "s", "inactive-or-failed", "0"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    // The answer comes before the move. A program that was started in between would stay
    // behind and end with the scope of whoever started this.
    let until = Instant::now() + SCOPE_PATIENCE;
    let is_there = || {
        fs::read_to_string("/proc/self/cgroup").is_ok_and(|groups| groups.contains(unit.as_str()))
    };
    while asked.as_ref().is_ok_and(ExitStatus::success) && !is_there() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
}
