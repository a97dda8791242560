//! Which terminals live, and how those that do not have ended.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::client::{self, BlockingConnection, ClientError};
use super::host::ENDING_PATIENCE;
use super::journal::{self, Picture};
use super::lock::{self, HostAddress};
use super::protocol::HostStatus;
use super::queue::{QueueAnswer, QueueRequest};
use crate::folders::Folders;
use crate::model::{Exit, ProjectId, TerminalKey};

/// How often a host that hangs up instead of answering is asked, and how long between.
const TRIES: usize = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// A terminal whose host holds its lock.
#[derive(Debug)]
pub struct HostLiveness {
    /// The project.
    pub project: ProjectId,
    /// Which of its terminals.
    pub terminal: TerminalKey,
    /// What the host says, or why it does not.
    pub status: Result<Box<HostStatus>, ClientError>,
}

/// How a project's session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEnd {
    /// When.
    pub at: Timestamp,
    /// How.
    pub exit: Exit,
}

/// The hosts of this person on this machine, found through their lock files.
#[derive(Debug, Clone)]
pub struct Hosts {
    folders: Folders,
}

impl Hosts {
    /// The hosts whose files are in these folders.
    pub fn new(folders: Folders) -> Self {
        Self { folders }
    }

    /// All live terminals, those included whose host does not answer.
    pub fn list(&self) -> Vec<HostLiveness> {
        self.held()
            .into_iter()
            .filter_map(|(project, terminal, _)| {
                let status = self.get(project, terminal).transpose()?;
                Some(HostLiveness {
                    project,
                    terminal,
                    status: status.map(Box::new),
                })
            })
            .collect()
    }

    /// A live terminal of a project; none when it is not.
    ///
    /// # Errors
    /// [`ClientError`] when it lives and does not answer.
    pub fn get(
        &self,
        project: ProjectId,
        terminal: TerminalKey,
    ) -> Result<Option<HostStatus>, ClientError> {
        let lock = self.lock(project, terminal);
        let mut tries = 1;
        loop {
            match BlockingConnection::open(&lock).and_then(|mut host| host.status()) {
                Ok(status) => return Ok(Some(status)),
                Err(ClientError::NotRunning { .. }) => return Ok(None),
                // It was on its way out and hung up: the next try finds that out.
                Err(ClientError::Broken(error)) if tries < TRIES && hung_up(&error) => tries += 1,
                Err(error) => return Err(error),
            }
            std::thread::sleep(BETWEEN_TRIES);
        }
    }

    /// The file through which a terminal's host is found.
    pub fn lock(&self, project: ProjectId, terminal: TerminalKey) -> PathBuf {
        self.folders.host_files(project, terminal).lock
    }

    /// Ends a terminal's program, politely at first, and waits until it is gone. One that
    /// does not live is no error.
    ///
    /// # Errors
    /// [`ClientError`] when its host does not answer.
    pub fn close(&self, project: ProjectId, terminal: TerminalKey) -> Result<(), ClientError> {
        client::end_and_wait(&self.lock(project, terminal), ENDING_PATIENCE)
    }

    /// Changes the queue of a project's session.
    ///
    /// # Errors
    /// [`ClientError::NotRunning`] where the session does not live; a refusal of the request
    /// itself is in the answer.
    pub fn queue(
        &self,
        project: ProjectId,
        request: &QueueRequest,
    ) -> Result<QueueAnswer, ClientError> {
        BlockingConnection::open(&self.lock(project, TerminalKey::Claude))?.queue(request)
    }

    /// The live terminals of one project, those included that are still starting.
    pub fn of_project(&self, project: ProjectId) -> Vec<TerminalKey> {
        self.held()
            .into_iter()
            .filter(|(of, _, _)| *of == project)
            .map(|(_, terminal, _)| terminal)
            .collect()
    }

    /// How the project's session ended, where it does not live and that was written down.
    pub fn last_end(&self, project: ProjectId) -> Option<LastEnd> {
        let files = self.folders.host_files(project, TerminalKey::Claude);
        let (at, exit) = journal::read_journal(&files.journal).ok()?.last_end()?;
        Some(LastEnd { at, exit })
    }

    /// The projects that ever had a terminal here.
    pub fn projects(&self) -> BTreeSet<ProjectId> {
        let folders = std::fs::read_dir(self.folders.hosts_dir());
        folders
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|folder| parse(folder.file_name().to_str()))
            .collect()
    }

    /// Whether there is a last picture of the project's session.
    pub fn has_picture(&self, project: ProjectId) -> bool {
        let files = self.folders.host_files(project, TerminalKey::Claude);
        files.screen.exists()
    }

    /// The last picture of the project's session.
    pub fn last_picture(&self, project: ProjectId) -> Option<Picture> {
        let files = self.folders.host_files(project, TerminalKey::Claude);
        journal::read_picture(&files.screen)
    }

    /// Where the hosts that hold their locks say they are, in a stable order.
    pub fn addresses(&self) -> Vec<(ProjectId, TerminalKey, HostAddress)> {
        self.held()
            .into_iter()
            .filter_map(|(project, terminal, lock)| {
                Some((project, terminal, lock::read_address(&lock)?))
            })
            .collect()
    }

    /// The locks that are held, in a stable order. A host that is just starting has not said
    /// where it is.
    pub fn held(&self) -> Vec<(ProjectId, TerminalKey, PathBuf)> {
        let mut found = Vec::new();
        let projects = std::fs::read_dir(self.folders.hosts_dir());
        for folder in projects.into_iter().flatten().flatten() {
            let Some(project) = parse(folder.file_name().to_str()) else {
                continue;
            };
            let files = std::fs::read_dir(folder.path());
            for file in files.into_iter().flatten().flatten() {
                let path = file.path();
                let is_lock = path.extension().is_some_and(|ending| ending == "lock");
                let terminal = parse(path.file_stem().and_then(|stem| stem.to_str()));
                if let (true, Some(terminal)) = (is_lock, terminal)
                    && lock::is_held(&path).unwrap_or(false)
                {
                    found.push((project, terminal, path));
                }
            }
        }
        found.sort_by_key(|(project, terminal, _)| (*project, *terminal));
        found
    }
}

fn parse<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}

fn hung_up(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof)
}
