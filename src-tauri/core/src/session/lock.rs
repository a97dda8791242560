//! The file that makes a host the only one of its terminal, and tells clients where it is.
//!
//! The lock is the operating system's (`flock`), so it ends with the process however that
//! ends. The file is never removed: a second file of the same name would be a second lock.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

/// How to reach the host that holds a lock: the contents of its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostAddress {
    /// The socket it listens on.
    pub socket: PathBuf,
    /// Its process id.
    pub pid: u32,
    /// The build it runs.
    pub build: String,
}

/// A held lock. It ends with the process, or when this is dropped.
#[derive(Debug)]
pub struct HostLock {
    file: File,
}

/// Somebody's look at a lock holds it for a moment; a host that finds it taken tries again.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

impl HostLock {
    /// Takes the lock; none when another host has it.
    ///
    /// # Errors
    /// What the system says of the file.
    pub fn acquire(path: &Path) -> io::Result<Option<Self>> {
        let file = open(path)?;
        for _ in 0..TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Some(Self { file })),
                Err(rustix::io::Errno::WOULDBLOCK) => thread::sleep(BETWEEN_TRIES),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Tells clients where the host is, replacing what the file said before.
    ///
    /// # Errors
    /// What the system says.
    pub fn publish(&mut self, address: &HostAddress) -> io::Result<()> {
        let mut contents = serde_json::to_vec(address)?;
        // In one write that needs no new space: a reader never finds half an address, and a
        // full disk does not take the old one.
        let before = usize::try_from(self.file.metadata()?.len()).unwrap_or(0);
        contents.resize(contents.len().max(before), b' ');
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&contents)?;
        self.file.sync_data()
    }
}

/// Whether a host lives that holds this lock.
///
/// # Errors
/// What the system says; a missing file is a lock that nobody holds.
pub fn is_held(path: &Path) -> io::Result<bool> {
    let file = match OpenOptions::new().read(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(false),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// What the lock's file says; none when it says nothing yet, or is being written.
pub fn read_address(path: &Path) -> Option<HostAddress> {
    let mut contents = Vec::new();
    File::open(path)
        .ok()?
        .take(16 * 1024)
        .read_to_end(&mut contents)
        .ok()?;
    serde_json::from_slice(&contents).ok()
}

fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_and_free_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claude.lock");
        assert!(!is_held(&path).unwrap());
        let mut lock = HostLock::acquire(&path).unwrap().unwrap();
        assert!(is_held(&path).unwrap());
        assert!(HostLock::acquire(&path).unwrap().is_none());
        assert_eq!(read_address(&path), None);

        let long = HostAddress {
            socket: "/run/user/1000/reprise/a-rather-long-name.sock".into(),
            pid: 4711,
            build: "1".into(),
        };
        let short = HostAddress {
            socket: "/s".into(),
            ..long.clone()
        };
        for address in [long, short] {
            lock.publish(&address).unwrap();
            assert_eq!(read_address(&path), Some(address));
        }
        drop(lock);
        assert!(!is_held(&path).unwrap());
        assert!(HostLock::acquire(&path).unwrap().is_some());
    }
}
