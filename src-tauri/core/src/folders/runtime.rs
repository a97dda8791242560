//! The folder of the sockets. It must be ours alone: who can write to it could stand in for
//! a host.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{Folders, FoldersError, OURS};
use crate::fingerprint;
use crate::model::{ProjectId, TerminalKey};

/// The longest path that a Unix socket's address holds, without its closing zero byte.
pub const MAX_SOCKET_PATH_BYTES: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

impl Folders {
    /// The path at which a host binds its socket, in a folder that exists and is ours alone.
    ///
    /// The folder is `$XDG_RUNTIME_DIR/reprise`. Where that variable is missing, names no
    /// folder of ours, or makes the path longer than a socket's address can be, it is
    /// `/tmp/reprise-<uid>`. Only the host asks: a client reads the path from the host's lock
    /// file, since the two may have been started with different environments.
    ///
    /// # Errors
    /// [`FoldersError`] where `/tmp/reprise-<uid>` is needed and is not ours or cannot be made.
    pub fn socket_path(
        &self,
        project: ProjectId,
        terminal: TerminalKey,
    ) -> Result<PathBuf, FoldersError> {
        let name = self.socket_name(project, terminal);
        if let Some(base) = &self.runtime_base {
            let path = base.join(OURS).join(&name);
            // Each failure here has the same remedy, the folder below /tmp, so none is told.
            if path.as_os_str().as_bytes().len() <= MAX_SOCKET_PATH_BYTES
                && is_ours(base)
                && make_own_dir(&base.join(OURS)).is_ok()
            {
                return Ok(path);
            }
        }
        let uid = rustix::process::geteuid().as_raw();
        let dir = self.shared_temp.join(format!("{OURS}-{uid}"));
        make_own_dir(&dir)?;
        Ok(dir.join(name))
    }

    /// A name of at most 50 bytes. It carries a mark of the state folder: two of them may know
    /// the same project of a shared database, and each has its own hosts, while the folder
    /// below `/tmp` is one per user.
    fn socket_name(&self, project: ProjectId, terminal: TerminalKey) -> String {
        let mark = fingerprint::short(self.state.as_os_str().as_bytes());
        match terminal {
            TerminalKey::Claude => format!("{project}-c-{mark:08x}.sock"),
            TerminalKey::Shell(number) => format!("{project}-s{number}-{mark:08x}.sock"),
        }
    }
}

/// Makes a folder and its missing parents, for the person alone (mode 0700). A folder that is
/// already there keeps its mode.
///
/// # Errors
/// [`FoldersError::Io`] with the folder's path.
pub fn create_private_dir(path: &Path) -> Result<(), FoldersError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| io_error(path, source))
}

/// Whether the folder belongs to us. After `su` or `sudo` the variable can still name another
/// person's folder, and what root makes there its owner could no longer use.
fn is_ours(dir: &Path) -> bool {
    rustix::fs::stat(dir).is_ok_and(|stat| stat.st_uid == rustix::process::geteuid().as_raw())
}

/// Makes a folder of mode 0700, or takes the one that is there after checking through an open
/// descriptor that it is a real folder and ours.
fn make_own_dir(path: &Path) -> Result<(), FoldersError> {
    match rustix::fs::mkdir(path, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(io_error(path, errno.into())),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let dir = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(dir) => dir,
        Err(Errno::NOTDIR | Errno::LOOP) => {
            return Err(FoldersError::NotAFolder { path: path.into() });
        }
        // Another person's private folder cannot even be opened: say whose it is.
        Err(errno) => {
            return match rustix::fs::lstat(path) {
                Ok(stat) if stat.st_uid != rustix::process::geteuid().as_raw() => {
                    Err(FoldersError::NotOurs {
                        path: path.into(),
                        owner: stat.st_uid,
                    })
                }
                _ => Err(io_error(path, errno.into())),
            };
        }
    };
    let stat = rustix::fs::fstat(&dir).map_err(|errno| io_error(path, errno.into()))?;
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(FoldersError::NotOurs {
            path: path.into(),
            owner: stat.st_uid,
        });
    }
    // Also a folder that an umask or an older program left open to others.
    rustix::fs::fchmod(&dir, Mode::RWXU).map_err(|errno| io_error(path, errno.into()))
}

fn io_error(path: &Path, source: io::Error) -> FoldersError {
    FoldersError::Io {
        path: path.into(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn folders(runtime_base: Option<PathBuf>, shared_temp: &Path) -> Folders {
        let state = shared_temp.join("state");
        let mut folders = Folders::from_env(|name| match name {
            "HOME" => Some("/home/ana".into()),
            "XDG_STATE_HOME" => Some(state.clone().into()),
            "XDG_RUNTIME_DIR" => runtime_base.clone().map(Into::into),
            _ => None,
        })
        .unwrap();
        folders.shared_temp = shared_temp.to_owned();
        folders
    }

    fn own_dir(shared_temp: &Path) -> PathBuf {
        shared_temp.join(format!("reprise-{}", rustix::process::geteuid().as_raw()))
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_socket_lies_in_the_runtime_folder_in_a_folder_of_mode_0700() {
        let temp = tempfile::tempdir().unwrap();
        let path = folders(Some(temp.path().into()), temp.path())
            .socket_path(ProjectId::generate(), TerminalKey::Claude)
            .unwrap();
        assert_eq!(path.parent().unwrap(), temp.path().join("reprise"));
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn without_a_usable_runtime_folder_the_socket_lies_below_tmp() {
        let temp = tempfile::tempdir().unwrap();
        let long = temp.path().join("x".repeat(MAX_SOCKET_PATH_BYTES));
        fs::create_dir(&long).unwrap();
        let missing = temp.path().join("missing");
        for base in [None, Some(missing), Some(long)] {
            let path = folders(base, temp.path())
                .socket_path(ProjectId::generate(), TerminalKey::Claude)
                .unwrap();
            assert_eq!(path.parent().unwrap(), own_dir(temp.path()));
            assert_eq!(mode(path.parent().unwrap()), 0o700);
        }
    }

    #[test]
    fn the_longest_socket_path_below_tmp_fits_and_can_be_bound() {
        let temp = tempfile::tempdir_in("/tmp").unwrap();
        let folders = folders(None, temp.path());
        let name = folders.socket_name(ProjectId::generate(), TerminalKey::Shell(u32::MAX));
        assert!(name.len() <= 50, "{name}");
        let longest = Path::new("/tmp/reprise-4294967295").join(&name);
        assert!(longest.as_os_str().len() <= MAX_SOCKET_PATH_BYTES);
        let path = folders
            .socket_path(ProjectId::generate(), TerminalKey::Shell(u32::MAX))
            .unwrap();
        std::os::unix::net::UnixListener::bind(path).unwrap();
    }

    #[test]
    fn each_terminal_and_each_state_folder_has_its_own_socket() {
        let one = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let project = ProjectId::generate();
        let mut names = std::collections::BTreeSet::new();
        for temp in [&one, &other] {
            let folders = folders(None, temp.path());
            for terminal in [
                TerminalKey::Claude,
                TerminalKey::Shell(1),
                TerminalKey::Shell(11),
            ] {
                names.insert(folders.socket_name(project, terminal));
            }
        }
        assert_eq!(names.len(), 6);
    }

    #[test]
    fn a_planted_link_or_file_is_refused_and_its_target_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let target = temp.path().join("target");
        fs::create_dir(&target).unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).unwrap();
        let folders = folders(None, temp.path());
        let planted = own_dir(temp.path());

        symlink(&target, &planted).unwrap();
        let error = folders
            .socket_path(ProjectId::generate(), TerminalKey::Claude)
            .unwrap_err();
        assert!(
            matches!(error, FoldersError::NotAFolder { ref path } if *path == planted),
            "{error}"
        );
        assert_eq!(mode(&target), 0o755);

        fs::remove_file(&planted).unwrap();
        fs::write(&planted, "").unwrap();
        let error = folders
            .socket_path(ProjectId::generate(), TerminalKey::Claude)
            .unwrap_err();
        assert!(matches!(error, FoldersError::NotAFolder { .. }), "{error}");
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        // Only root can make such a folder; elsewhere a folder of root's stands for it.
        let temp = tempfile::tempdir().unwrap();
        let foreign = if rustix::process::geteuid().is_root() {
            let dir = temp.path().join("foreign");
            fs::create_dir(&dir).unwrap();
            std::os::unix::fs::chown(&dir, Some(12345), Some(12345)).unwrap();
            dir
        } else {
            PathBuf::from("/usr")
        };
        let error = make_own_dir(&foreign).unwrap_err();
        assert!(matches!(error, FoldersError::NotOurs { .. }), "{error}");

        let path = folders(Some(foreign), temp.path())
            .socket_path(ProjectId::generate(), TerminalKey::Claude)
            .unwrap();
        assert_eq!(path.parent().unwrap(), own_dir(temp.path()));
    }

    #[test]
    fn a_folder_that_others_can_read_is_closed() {
        let temp = tempfile::tempdir().unwrap();
        let dir = own_dir(temp.path());
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        folders(None, temp.path())
            .socket_path(ProjectId::generate(), TerminalKey::Claude)
            .unwrap();
        assert_eq!(mode(&dir), 0o700);
    }
}
