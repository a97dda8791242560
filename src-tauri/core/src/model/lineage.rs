//! The append-only history of a project's session ids.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClaudeSessionId, ProjectId};

/// One row: from this time on, the project's conversation had this id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageEntry {
    /// The project it belongs to.
    pub project: ProjectId,
    /// The id that became current.
    pub session_id: ClaudeSessionId,
    /// How it came about.
    pub source: SessionSource,
    /// The id that was current before, where there was one.
    pub parent: Option<ClaudeSessionId>,
    /// When, to the microsecond. With project, id and source it names the row.
    pub at: Timestamp,
    /// Whether a message was ever sent under this id. A conversation without one has no
    /// transcript, and nothing is lost when it is gone.
    pub message_sent: bool,
}

impl LineageEntry {
    /// The row of an id that becomes current: nothing has been said under it yet.
    pub fn becoming_current(
        project: ProjectId,
        session_id: &ClaudeSessionId,
        source: SessionSource,
        parent: Option<&ClaudeSessionId>,
        at: Timestamp,
    ) -> Self {
        Self {
            project,
            session_id: session_id.clone(),
            source,
            parent: parent.cloned(),
            at,
            message_sent: false,
        }
    }
}

/// How a project came to a session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionSource {
    /// Minted for a first start.
    Startup,
    /// An existing conversation was taken up, by a start or by `/resume`.
    Resume,
    /// `/clear` began a new one.
    Clear,
    /// `/branch` or `--fork-session` copied one.
    Fork,
    /// The person brought it from elsewhere.
    Import,
    /// The id changed and nothing said why.
    Unknown,
}

impl SessionSource {
    /// The word that stores and journals use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Resume => "resume",
            Self::Clear => "clear",
            Self::Fork => "fork",
            Self::Import => "import",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the word of a store, a journal or a SessionStart hook; what is not known is
    /// [`SessionSource::Unknown`].
    pub fn from_word(word: &str) -> Self {
        match word {
            "startup" => Self::Startup,
            "resume" => Self::Resume,
            "clear" => Self::Clear,
            "fork" => Self::Fork,
            "import" => Self::Import,
            _ => Self::Unknown,
        }
    }
}
