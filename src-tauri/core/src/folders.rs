//! Where Reprise keeps its files. Every path of the program comes from here.
//!
//! [`Folders`] is built once from the environment and passed on, so that a test, or a second
//! installation, is isolated by `HOME` and the `XDG_*` variables alone. Asking for a path
//! touches no disk; only [`Folders::socket_path`] and [`create_private_dir`] do.

mod runtime;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::{ClaudeSessionId, ProjectId, TerminalKey};

pub use runtime::{MAX_SOCKET_PATH_BYTES, create_private_dir};

/// The part of each base folder that is ours.
const OURS: &str = "reprise";

/// Reprise's folders, each absolute and ending in our own part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    home: Option<PathBuf>,
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
    cache: PathBuf,
    /// `$XDG_RUNTIME_DIR` itself: our part of it is made when a socket is needed.
    runtime_base: Option<PathBuf>,
    /// The folder that stands in for a missing runtime folder: `/tmp`, another in our tests.
    shared_temp: PathBuf,
}

/// The files of one terminal's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFiles {
    /// Locked by the live host for its whole life, and never unlinked: it holds the socket's path.
    pub lock: PathBuf,
    /// The changes of the session id, appended and synced.
    pub journal: PathBuf,
    /// The last picture of the screen.
    pub screen: PathBuf,
    /// What the host has to say.
    pub log: PathBuf,
}

/// A folder that cannot be found or used.
#[derive(Debug, thiserror::Error)]
pub enum FoldersError {
    /// Neither `HOME` nor the `XDG_*` variables say where to keep files.
    #[error(
        "HOME is not set to an absolute path, so Reprise does not know where to keep its files; set HOME"
    )]
    NoHome,
    /// Something that is not a folder, for instance a planted link, stands in its place.
    #[error("{} is a link or a file where Reprise needs a folder of its own; remove it", path.display())]
    NotAFolder {
        /// Where it stands.
        path: PathBuf,
    },
    /// The folder belongs to somebody else, who could read or replace our sockets.
    #[error("{} belongs to user {owner}, not to you; remove it or set XDG_RUNTIME_DIR", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// The user id that owns it.
        owner: u32,
    },
    /// The system refused.
    #[error("cannot make the folder {}: {source}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Folders {
    /// Finds the folders from the environment, read through `lookup`
    /// (`|name| std::env::var_os(name)` outside tests).
    ///
    /// A variable that is empty or not absolute counts as not set, as the XDG base directory
    /// specification says.
    ///
    /// # Errors
    /// [`FoldersError::NoHome`] where a folder depends on `HOME` and that is not usable.
    pub fn from_env(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, FoldersError> {
        let absolute = |name| {
            lookup(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let home = absolute("HOME");
        let base = |name, below_home: &str| {
            absolute(name)
                .or_else(|| home.as_ref().map(|home| home.join(below_home)))
                .map(|base| base.join(OURS))
                .ok_or(FoldersError::NoHome)
        };
        Ok(Self {
            config: base("XDG_CONFIG_HOME", ".config")?,
            data: base("XDG_DATA_HOME", ".local/share")?,
            state: base("XDG_STATE_HOME", ".local/state")?,
            // Nobody without a home needs to name a place for what can be lost.
            cache: base("XDG_CACHE_HOME", ".cache")
                .or_else(|_| base("XDG_DATA_HOME", ".local/share"))?,
            runtime_base: absolute("XDG_RUNTIME_DIR"),
            shared_temp: PathBuf::from("/tmp"),
            home,
        })
    }

    /// The person's home folder, where the environment names one.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The preferences' folder.
    pub fn preferences_dir(&self) -> &Path {
        &self.config
    }

    /// The folder of what is kept, the files of teams' stores among it.
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// The embedded database.
    pub fn database(&self) -> PathBuf {
        self.data.join("reprise.sqlite3")
    }

    /// The file that says which machine this is, to a team.
    pub fn machine(&self) -> PathBuf {
        self.data.join("machine")
    }

    /// The folder of the copies that hosts and hooks run from, one folder in it per build.
    pub fn binaries_dir(&self) -> PathBuf {
        self.data.join("bin")
    }

    /// The copies of one build.
    pub fn binaries(&self, build_id: &str) -> PathBuf {
        self.binaries_dir().join(build_id)
    }

    /// The folder of all hosts' files, one folder in it per project.
    pub fn hosts_dir(&self) -> PathBuf {
        self.state.join("hosts")
    }

    /// The folder of one project's hosts.
    pub fn project_hosts_dir(&self, project: ProjectId) -> PathBuf {
        self.hosts_dir().join(project.to_string())
    }

    /// The files of one terminal's host.
    pub fn host_files(&self, project: ProjectId, terminal: TerminalKey) -> HostFiles {
        let dir = self.project_hosts_dir(project);
        let file = |ending| dir.join(format!("{terminal}.{ending}"));
        HostFiles {
            lock: file("lock"),
            journal: file("journal"),
            screen: file("screen"),
            log: file("log"),
        }
    }

    /// The folder of what a project's unattended runs leave: logs and records.
    pub fn runs_dir(&self, project: ProjectId) -> PathBuf {
        self.project_hosts_dir(project).join("runs")
    }

    /// The folder of the copies of a project's phases.
    pub fn phases_dir(&self, project: ProjectId) -> PathBuf {
        self.state.join("phases").join(project.to_string())
    }

    /// The folder of the images that were pasted, for programs that take a file's path.
    pub fn pasted_images_dir(&self) -> PathBuf {
        self.cache.join("pasted")
    }

    /// The folder of a project's kept transcripts.
    pub fn transcripts_dir(&self, project: ProjectId) -> PathBuf {
        self.state.join("transcripts").join(project.to_string())
    }

    /// The kept transcript of one conversation.
    pub fn transcript(&self, project: ProjectId, session: &ClaudeSessionId) -> PathBuf {
        self.transcripts_dir(project)
            .join(format!("{session}.jsonl"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(env: &[(&str, &str)]) -> Result<Folders, FoldersError> {
        Folders::from_env(|name| {
            env.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    fn project() -> ProjectId {
        "65f0c0ffee0123456789abcd".parse().unwrap()
    }

    #[test]
    fn without_xdg_variables_everything_is_below_home() {
        let folders = folders(&[("HOME", "/home/ana")]).unwrap();
        let session: ClaudeSessionId = "9f0e6c1a-3b5d-4e7f-8a90-b1c2d3e4f506".parse().unwrap();
        let host = folders.host_files(project(), TerminalKey::Shell(2));
        for (path, expected) in [
            (
                folders.preferences_dir().to_owned(),
                "/home/ana/.config/reprise",
            ),
            (
                folders.database(),
                "/home/ana/.local/share/reprise/reprise.sqlite3",
            ),
            (
                folders.binaries("b1"),
                "/home/ana/.local/share/reprise/bin/b1",
            ),
            (
                host.lock,
                "/home/ana/.local/state/reprise/hosts/65f0c0ffee0123456789abcd/shell-2.lock",
            ),
            (
                host.journal,
                "/home/ana/.local/state/reprise/hosts/65f0c0ffee0123456789abcd/shell-2.journal",
            ),
            (
                folders.transcript(project(), &session),
                "/home/ana/.local/state/reprise/transcripts/65f0c0ffee0123456789abcd/9f0e6c1a-3b5d-4e7f-8a90-b1c2d3e4f506.jsonl",
            ),
        ] {
            assert_eq!(path, PathBuf::from(expected));
        }
    }

    #[test]
    fn xdg_variables_move_each_folder_and_need_no_home() {
        let folders = folders(&[
            ("XDG_CONFIG_HOME", "/c"),
            ("XDG_DATA_HOME", "/d"),
            ("XDG_STATE_HOME", "/s"),
        ])
        .unwrap();
        assert_eq!(folders.preferences_dir(), Path::new("/c/reprise"));
        assert_eq!(
            folders.database(),
            PathBuf::from("/d/reprise/reprise.sqlite3")
        );
        assert_eq!(folders.hosts_dir(), PathBuf::from("/s/reprise/hosts"));
        assert_eq!(folders.pasted_images_dir(), Path::new("/d/reprise/pasted"));
        assert_eq!(folders.home(), None);
    }

    #[test]
    fn a_relative_or_empty_variable_counts_as_not_set() {
        let folders = folders(&[
            ("HOME", "/home/ana"),
            ("XDG_DATA_HOME", ""),
            ("XDG_STATE_HOME", "state"),
        ])
        .unwrap();
        assert!(folders.database().starts_with("/home/ana/.local/share"));
        assert!(folders.hosts_dir().starts_with("/home/ana/.local/state"));
    }

    #[test]
    fn without_a_usable_home_the_error_says_so() {
        for env in [&[][..], &[("HOME", "")], &[("HOME", "ana")]] {
            assert!(matches!(folders(env), Err(FoldersError::NoHome)));
        }
    }
}
