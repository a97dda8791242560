//! What the system knows of other processes: alive or not, when started, whose child.
//!
//! A process id alone names nothing for long, ids are used again. Together with the start
//! time it names one process. Linux reads `/proc`; other systems answer "not known" until
//! they have a module of their own here.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One process: its id and when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProcessRef {
    /// The process id.
    pub pid: u32,
    /// Clock ticks between boot and the start (field 22 of `/proc/<pid>/stat`).
    pub started: u64,
}

impl ProcessRef {
    /// The process that has this id now, unless it is gone or a zombie.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = platform::stat(pid)?;
        stat.alive.then_some(Self {
            pid,
            started: stat.started,
        })
    }

    /// Whether exactly this process still runs.
    pub fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }
}

/// The process that started `pid`, or took it over.
pub fn parent(pid: u32) -> Option<u32> {
    platform::stat(pid).map(|stat| stat.parent)
}

/// How many generations `pid` is below `ancestor`: 0 for the same process, `None` where it
/// is not among its descendants.
pub fn generations_below(pid: u32, ancestor: u32) -> Option<u32> {
    // A process tree has no cycles, but it changes while it is read.
    const DEEPEST: u32 = 64;
    let mut current = pid;
    for generation in 0..DEEPEST {
        if current == ancestor {
            return Some(generation);
        }
        match parent(current) {
            Some(above) if above > 1 => current = above,
            _ => return None,
        }
    }
    None
}

/// Whether `pid` is `ancestor` or one of its descendants.
pub fn is_descendant(pid: u32, ancestor: u32) -> bool {
    generations_below(pid, ancestor).is_some()
}

/// The name of the program that the process runs, cut to 15 bytes.
pub fn name(pid: u32) -> Option<String> {
    platform::name(pid)
}

/// The folder that the process is in.
pub fn working_directory(pid: u32) -> Option<PathBuf> {
    platform::working_directory(pid)
}

/// Whether the process is stopped by a signal, as by Ctrl-Z.
pub fn is_stopped(pid: u32) -> bool {
    platform::stat(pid).is_some_and(|stat| stat.stopped)
}

/// All processes that `ancestor` started, directly or through others, without itself. One
/// whose parent has ended is no longer seen as a descendant.
pub fn descendants(ancestor: u32) -> Vec<ProcessRef> {
    let mut children: HashMap<u32, Vec<ProcessRef>> = HashMap::new();
    for pid in platform::pids() {
        if let Some(stat) = platform::stat(pid).filter(|stat| stat.alive) {
            children.entry(stat.parent).or_default().push(ProcessRef {
                pid,
                started: stat.started,
            });
        }
    }
    let mut found = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            parents.push(child.pid);
            found.push(child);
        }
    }
    found
}

/// The id of this boot: process ids and start times begin anew with each. Empty where the
/// system tells none.
pub fn boot_id() -> String {
    platform::boot_id().unwrap_or_default()
}

struct Stat {
    alive: bool,
    stopped: bool,
    parent: u32,
    started: u64,
}

#[cfg(target_os = "linux")]
mod platform {
    use std::path::PathBuf;

    use super::Stat;

    pub(super) fn stat(pid: u32) -> Option<Stat> {
        let text = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        parse(&text)
    }

    pub(super) fn pids() -> Vec<u32> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect()
    }

    pub(super) fn name(pid: u32) -> Option<String> {
        let name = std::fs::read(format!("/proc/{pid}/comm")).ok()?;
        Some(String::from_utf8_lossy(name.trim_ascii_end()).into_owned())
    }

    pub(super) fn working_directory(pid: u32) -> Option<PathBuf> {
        std::fs::read_link(format!("/proc/{pid}/cwd")).ok()
    }

    pub(super) fn boot_id() -> Option<String> {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(text.trim().to_owned())
    }

    /// The second field, the program's name in parentheses, may hold anything, also spaces
    /// and parentheses: the fields are counted from its last `)`.
    pub(super) fn parse(stat: &[u8]) -> Option<Stat> {
        let end = stat.iter().rposition(|byte| *byte == b')')?;
        let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        // State is field 3 and the parent field 4; 22 is 17 after the parent's successor.
        let started = fields.nth(17)?.parse().ok()?;
        Some(Stat {
            alive: !matches!(state, "Z" | "X" | "x"),
            stopped: state == "T",
            parent,
            started,
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::path::PathBuf;

    use super::Stat;

    pub(super) fn stat(_pid: u32) -> Option<Stat> {
        None
    }

    pub(super) fn pids() -> Vec<u32> {
        Vec::new()
    }

    pub(super) fn name(_pid: u32) -> Option<String> {
        None
    }

    pub(super) fn working_directory(_pid: u32) -> Option<PathBuf> {
        None
    }

    pub(super) fn boot_id() -> Option<String> {
        None
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let line = b"42 (a ) b) S 7 42 42 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100392 0 0";
        let stat = platform::parse(line).unwrap();
        assert_eq!((stat.alive, stat.parent, stat.started), (true, 7, 100_392));
        assert!(platform::parse(b"").is_none());
        assert!(platform::parse(b"42 (x) S 7").is_none());
    }

    #[test]
    fn this_process_is_alive_and_below_its_parent() {
        let me = std::process::id();
        let itself = ProcessRef::of(me).unwrap();
        assert!(itself.is_alive());
        assert!(
            !ProcessRef {
                started: itself.started + 1,
                ..itself
            }
            .is_alive()
        );
        assert_eq!(generations_below(me, me), Some(0));
        assert_eq!(generations_below(me, parent(me).unwrap()), Some(1));
        assert!(!is_descendant(parent(me).unwrap(), me));
    }

    #[test]
    fn a_child_is_listed_among_the_descendants() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let itself = ProcessRef::of(child.id()).unwrap();
        assert!(descendants(std::process::id()).contains(&itself));
        assert!(!is_stopped(child.id()));
        assert_eq!(name(child.id()).as_deref(), Some("cat"));
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn a_zombie_is_not_alive() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while ProcessRef::of(child.id()).is_some() {
            assert!(std::time::Instant::now() < deadline, "`true` still runs");
            std::thread::yield_now();
        }
        child.wait().unwrap();
    }
}
