//! The process that owns one terminal: its program, its screen, and everybody who looks at it.
//!
//! A host runs on one thread. It knows no store and no milestone; what it learns of the
//! program beyond its bytes comes from a [`Companion`] that the composing binary brings.

mod clients;
mod connection;
mod ending;
mod lookups;
mod pace;
mod place;
mod program;
mod queue;
mod reports;
mod requests;
mod run;
mod stream;
mod typing;
mod upkeep;

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

pub use ending::{ENDING_PATIENCE, end_process};
pub use typing::PromptReader;

use crate::model::{
    Ask, ClaudeSessionId, Exit, ProjectId, SessionSource, SessionState, TerminalKey, TerminalSize,
};
use crate::process::{self, ProcessRef};
use crate::session::journal::{Journal, JournalEvent, read_journal};
use crate::session::lock::{HostAddress, HostLock};
use crate::session::pty::{ProgramSpec, Pty, PtyError};
use crate::session::queue::NewCommand;
use crate::session::screen::Palette;
use crate::session::unattended::RunSpec;

/// Everything a host needs to know at its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSpec {
    /// The project.
    pub project: ProjectId,
    /// Which of its terminals.
    pub terminal: TerminalKey,
    /// The project's name, for lists.
    pub name: String,
    /// What to run, and where.
    pub program: ProgramSpec,
    /// The conversation it is started with, for `claude`.
    pub session: Option<HostSession>,
    /// Where copies of used transcripts are kept, for the companion.
    pub kept_transcripts: PathBuf,
    /// Where copies of the plan's phases are kept, for the companion.
    pub kept_phases: PathBuf,
    /// The first size; viewers change it.
    pub size: TerminalSize,
    /// The colours of the viewer to come; viewers change them.
    #[serde(default)]
    pub palette: Option<Palette>,
    /// How many lines of scrollback are kept; none for the ordinary number.
    #[serde(default)]
    pub scrollback_lines: Option<u32>,
    /// The host's files.
    pub files: HostPaths,
    /// The build that the host runs.
    pub build: String,
    /// The unattended run that the program is for.
    #[serde(default)]
    pub run: Option<RunSpec>,
    /// The command that is the argument of the program's start, for `claude`.
    #[serde(default)]
    pub first_command: Option<NewCommand>,
}

/// The conversation that a host's `claude` is started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSession {
    /// Its id.
    pub id: ClaudeSessionId,
    /// Begun (`startup`) or taken up (`resume`).
    pub source: SessionSource,
    /// Whether a message was sent under it before.
    pub message_sent: bool,
}

/// The files of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostPaths {
    /// The lock, which also says where the socket is.
    pub lock: PathBuf,
    /// The journal.
    pub journal: PathBuf,
    /// The picture.
    pub picture: PathBuf,
    /// Where what the host has to complain about goes.
    pub log: PathBuf,
    /// The socket.
    pub socket: PathBuf,
}

impl HostPaths {
    /// Where the queue of commands is written down: beside the journal.
    pub fn queue(&self) -> PathBuf {
        self.journal.with_extension("queue")
    }
}

/// Why a host could not start. Its text is shown to the person.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Another host has this terminal: attach to it.
    #[error("another host has this terminal")]
    AlreadyRunning,
    /// The program of an earlier host still lives and may write to the conversation.
    #[error("process {pid} of the session's last start still runs; it has not ended by itself")]
    StillRunning {
        /// The process.
        pid: u32,
    },
    /// A file of the host cannot be used.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The program could not be started.
    #[error(transparent)]
    Pty(#[from] PtyError),
}

/// What the host tells its companion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// A hook of the program called, with this input.
    Hook(Vec<u8>),
    /// This text is about to be typed into the prompt, or is the argument of the start.
    Sending {
        /// The text.
        text: String,
        /// Before it is typed.
        at: Timestamp,
    },
    /// The program set its title.
    Title(String),
    /// The program ended; nothing follows.
    Ended(Exit),
}

/// What a companion tells its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Learned {
    /// What the program does now.
    State(SessionState),
    /// The conversation's id changed.
    SessionId {
        /// The id from here on.
        id: ClaudeSessionId,
        /// How it came about.
        source: SessionSource,
        /// Whether a message was sent under it already.
        message_sent: bool,
    },
    /// Whether it has left the conversation already, for one that is told in a moment.
    Leaves(bool),
    /// The first message was sent under this id.
    MessageSent(ClaudeSessionId),
    /// Claude Code's own process: the program itself, or what a wrapper started.
    ClaudeProcess(u32),
    /// What an open permission prompt or question is about, or that none is open.
    Ask(Option<Ask>),
    /// Whether sub-agents or background tasks go on.
    Background(bool),
    /// The session has this prompt.
    Prompted(String),
    /// A hook's input was not ours or not readable, and why.
    IgnoredHook(String),
    /// Something the person should know, or that it is over.
    Trouble(Option<String>),
}

/// Both ends of the talk with a companion.
#[derive(Debug)]
pub struct Companion {
    /// Where the host's observations go.
    pub observations: mpsc::UnboundedSender<Observation>,
    /// Reads the prompt off the screen.
    pub read_prompt: PromptReader,
    /// Where what the companion learned comes from.
    pub learned: mpsc::UnboundedReceiver<Learned>,
}

/// Where to bind a new socket when the old one's folder is gone.
pub type NewSocket = Box<dyn Fn() -> io::Result<PathBuf>>;

/// A host that has its lock, its socket and its program, and serves nobody yet.
pub struct Host {
    spec: HostSpec,
    lock: HostLock,
    listener: UnixListener,
    journal: Journal,
    pty: Pty,
    program: crate::session::pty::Program,
    started_at: Timestamp,
    new_socket: NewSocket,
}

impl Host {
    /// Takes the lock, starts the program and binds the socket. Must run before the process
    /// has a second thread.
    ///
    /// # Errors
    /// [`HostError`]; nothing is left running.
    pub fn start(spec: HostSpec, new_socket: NewSocket, now: Timestamp) -> Result<Self, HostError> {
        let mut lock = HostLock::acquire(&spec.files.lock)
            .map_err(file_error(&spec.files.lock))?
            .ok_or(HostError::AlreadyRunning)?;
        let journal_error = file_error(&spec.files.journal);
        let boot = process::boot_id();
        let contents = read_journal(&spec.files.journal).map_err(&journal_error)?;
        if let Some(left) = contents
            .unended_program(&boot)
            // Only a conversation is in danger when two write to it.
            .filter(|left| spec.session.is_some() && left.is_alive())
        {
            return Err(HostError::StillRunning { pid: left.pid });
        }
        let mut journal = Journal::open(&spec.files.journal).map_err(&journal_error)?;
        let listener = bind(&spec.files.socket).map_err(file_error(&spec.files.socket))?;
        lock.publish(&address(&spec))
            .map_err(file_error(&spec.files.lock))?;
        let (pty, program) = Pty::spawn(&spec.program, spec.size.clamped())?;
        let identity = ProcessRef::of(program.pid()).unwrap_or(ProcessRef {
            pid: program.pid(),
            started: 0,
        });
        let started = JournalEvent::Started {
            program: identity,
            boot,
            session_id: spec.session.as_ref().map(|session| session.id.clone()),
            source: spec
                .session
                .as_ref()
                .map_or(SessionSource::Unknown, |session| session.source),
        };
        if let Err(error) = journal.append(now, started) {
            // A program that nothing tells of could be joined by a second one.
            program.end(pty);
            return Err(journal_error(error));
        }
        Ok(Self {
            spec,
            lock,
            listener,
            journal,
            pty,
            program,
            started_at: now,
            new_socket,
        })
    }

    /// The process id of the program.
    pub fn program_pid(&self) -> u32 {
        self.program.pid()
    }

    /// Serves the terminal until its program has ended and everybody was told.
    ///
    /// # Errors
    /// What the system says when the terminal cannot be watched at all.
    pub async fn run(self, companion: Option<Companion>) -> io::Result<Exit> {
        run::run(self, companion).await
    }
}

fn address(spec: &HostSpec) -> HostAddress {
    HostAddress {
        socket: spec.files.socket.clone(),
        pid: std::process::id(),
        build: spec.build.clone(),
    }
}

/// Binds the socket, mode 0600. What is left of an earlier host is removed: the lock says
/// that none lives.
fn bind(socket: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn file_error(path: &Path) -> impl Fn(io::Error) -> HostError + use<> {
    let path = path.to_owned();
    move |source| HostError::File {
        path: path.clone(),
        source,
    }
}
