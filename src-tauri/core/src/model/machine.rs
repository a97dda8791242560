//! Who works where: what a team sees of each other.

use std::time::Duration;

use jiff::Timestamp;

use super::{ClaudeSessionId, ProjectId};

/// One person's Reprise on one computer. Two homes on one computer are two machines: they share
/// no transcripts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Machine {
    /// Random, and always the same here.
    pub id: String,
    /// The computer's name, for people.
    pub host: String,
    /// The person's name on it.
    pub user: String,
}

/// Who has a project's session live: its machine renews it all the time. One that is not
/// renewed any more ends by itself, by the clock of the server, and stays to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The project.
    pub project: ProjectId,
    /// Who has it.
    pub holder: Machine,
    /// The process there.
    pub pid: u32,
    /// The conversation, where it is known.
    pub session_id: Option<ClaudeSessionId>,
    /// Since when, by the server's clock.
    pub since: Timestamp,
    /// When it ends unless it is renewed, or when it ended; by the server's clock.
    pub expires: Timestamp,
    /// How long it still lasted when it was read; zero where it is over.
    pub left: Duration,
}

impl Lease {
    /// Whether it still held when it was read.
    pub fn is_live(&self) -> bool {
        !self.left.is_zero()
    }
}

/// On which machine a conversation's transcript is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptPlace {
    /// The conversation.
    pub session_id: ClaudeSessionId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// The machine that wrote it last.
    pub machine: Machine,
    /// When it was last known to be worked on there.
    pub last_active: Timestamp,
}
