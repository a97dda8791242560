//! Which machine this is. A team's database tells by it where a transcript lies and who has a
//! session live.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};

use crate::fingerprint;
use crate::folders::{Folders, create_private_dir};
use crate::model::{Machine, one_line};

/// The file of the system's own id.
const SYSTEM_ID: &str = "/etc/machine-id";
/// The longest name of a computer or a person that is told to others, in characters.
const MAX_NAME_CHARS: usize = 64;

/// The file that says which machine this is cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: {source}", path.display())]
pub struct MachineError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// This machine. Its id is made the first time and kept in the data folder, bound to the
/// computer: a home that was copied to another one, or that several use, has an id for each.
/// `lookup` reads the environment.
///
/// # Errors
/// [`MachineError`]; without its own id a machine could be taken for another.
pub fn this(
    folders: &Folders,
    lookup: impl Fn(&str) -> Option<OsString>,
) -> Result<Machine, MachineError> {
    let path = folders.machine();
    let host = host_name();
    let computer = computer(Path::new(SYSTEM_ID), &host);
    let id = id_of(&path, &computer).map_err(|source| MachineError { path, source })?;
    let user = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| lookup(name).filter(|value| !value.is_empty()))
        .map_or_else(
            || rustix::process::getuid().as_raw().to_string(),
            |user| user.to_string_lossy().into_owned(),
        );
    Ok(Machine {
        id,
        host: one_line(&host, MAX_NAME_CHARS),
        user: one_line(&user, MAX_NAME_CHARS),
    })
}

/// The id that the file has for a computer; a new one where it has none.
fn id_of(path: &Path, computer: &str) -> io::Result<String> {
    if let Some(folder) = path.parent() {
        create_private_dir(folder).map_err(io::Error::other)?;
    }
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    // Of several processes that start at once, one makes the id.
    flock(&file, FlockOperation::LockExclusive)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let known = text.lines().find_map(|line| {
        let (of, id) = line.split_once(' ')?;
        (of == computer && uuid::Uuid::try_parse(id).is_ok()).then(|| id.to_owned())
    });
    if let Some(id) = known {
        return Ok(id);
    }
    let id = uuid::Uuid::new_v4().to_string();
    let begin = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    file.seek(io::SeekFrom::End(0))?;
    file.write_all(format!("{begin}{computer} {id}\n").as_bytes())?;
    file.sync_all()?;
    Ok(id)
}

/// A name of the computer that does not tell its id, which is not for others.
fn computer(system_id: &Path, host: &str) -> String {
    let id = fs::read_to_string(system_id).unwrap_or_default();
    let known = if id.trim().is_empty() {
        host
    } else {
        id.trim()
    };
    format!("{:016x}", fingerprint::of(known.as_bytes()))
}

/// The name of this computer, empty where the system tells none.
pub fn host_name() -> String {
    let known = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| {
        let mut uname = Command::new("uname");
        let output = uname.arg("-n").stdin(Stdio::null()).output()?;
        Ok::<_, io::Error>(String::from_utf8_lossy(&output.stdout).into_owned())
    });
    known.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(home: &Path) -> Folders {
        let home = home.as_os_str().to_owned();
        Folders::from_env(|name| (name == "HOME").then(|| home.clone())).unwrap()
    }

    fn in_home(home: &Path) -> Machine {
        this(&folders(home), |name| {
            (name == "USER").then(|| "ana".into())
        })
        .unwrap()
    }

    #[test]
    fn a_home_has_one_machine_and_another_home_another() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = in_home(here.path());
        assert_eq!(first, in_home(here.path()));
        assert_eq!(first.user, "ana");
        assert!(!first.host.is_empty());
        assert_ne!(first.id, in_home(there.path()).id);
    }

    #[test]
    fn a_home_that_was_copied_to_another_computer_is_another_machine_there() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("data/machine");
        let here = id_of(&file, "0000000000000001").unwrap();
        let there = id_of(&file, "0000000000000002").unwrap();
        assert_ne!(here, there);
        // Both keep theirs, where several use one home.
        assert_eq!(id_of(&file, "0000000000000001").unwrap(), here);
        assert_eq!(id_of(&file, "0000000000000002").unwrap(), there);
        // What is not understood is left alone.
        fs::write(&file, "0000000000000001 none").unwrap();
        let again = id_of(&file, "0000000000000001").unwrap();
        assert_eq!(id_of(&file, "0000000000000001").unwrap(), again);
    }

    #[test]
    fn the_systems_own_id_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("machine-id");
        let without = computer(&file, "desk");
        fs::write(&file, "0123456789abcdef0123456789abcdef\n").unwrap();
        let with = computer(&file, "desk");
        assert_ne!(with, without);
        assert_eq!(with, computer(&file, "renamed"));
        assert_eq!(with.len(), 16);
    }

    #[test]
    fn of_many_that_start_at_once_all_are_the_same_machine() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("data/machine");
        let ids: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| id_of(&path, "1").unwrap()))
                .collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
}
