//! Ending a program: politely, then for good, with all that it started.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::process::{self, ProcessRef};

/// How long a program has to end by itself. Claude Code's SessionEnd hooks may take 3.1 s.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a client waits for a host that ends its program: it enforces after [`PATIENCE`]
/// and then still reads, writes down and tells.
pub const ENDING_PATIENCE: Duration = Duration::from_secs(15);

/// Asks one process to end.
pub fn end_process(pid: u32) {
    send(pid, Signal::TERM, false);
}

/// The ending of a program that was asked for.
#[derive(Debug)]
pub struct Ending {
    program: u32,
    family: Vec<ProcessRef>,
    until: Option<Instant>,
}

impl Ending {
    /// Asks the program to end. `claude` is Claude Code's own process, where the program is
    /// that: it gets SIGTERM and ends its tools itself. A shell's group gets SIGHUP, as from a
    /// closed terminal.
    pub fn begin(program: u32, claude: Option<u32>, now: Instant) -> Self {
        let family = process::descendants(program);
        match claude {
            Some(pid) => send(pid, Signal::TERM, false),
            None => send(program, Signal::HUP, true),
        }
        // A stopped program cannot act on a signal.
        send(program, Signal::CONT, true);
        Self {
            program,
            family,
            until: Some(now + PATIENCE),
        }
    }

    /// When patience ends; none once it has.
    pub fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Ends the program and everything it started that still lives.
    pub fn enforce(&mut self) {
        self.until = None;
        self.family.extend(process::descendants(self.program));
        send(self.program, Signal::KILL, false);
        self.end_family();
    }

    /// The program is gone: its number may soon be another's. Ends what it left behind.
    pub fn program_ended(&mut self) {
        self.until = None;
        self.end_family();
    }

    /// Ends what the program left behind: its tools run in groups of their own.
    fn end_family(&self) {
        for process in &self.family {
            if process.is_alive() {
                send(process.pid, Signal::KILL, false);
            }
        }
    }
}

/// Sends SIGCONT to a program that Ctrl-Z stopped: nobody else could.
pub fn wake(program: u32) {
    send(program, Signal::CONT, true);
}

fn send(pid: u32, signal: Signal, group: bool) {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return;
    };
    // A process that is gone already is what was wanted.
    let _ = if group {
        kill_process_group(pid, signal)
    } else {
        kill_process(pid, signal)
    };
}
