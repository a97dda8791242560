//! A project: one workspace folder and at most one current Claude session.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClaudeSessionId, ProjectId};

/// A document of `output_projects`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputProject {
    /// Its id, the same in every store.
    pub id: ProjectId,
    /// What the person calls it; at first the folder's last part.
    pub name: String,
    /// The project's root folder: absolute, links resolved, UTF-8.
    pub workspace_path: String,
    /// The stored status. Not the state of a live session.
    pub status: ProjectStatus,
    /// The conversation that a start resumes; none before the first start.
    pub claude_session_id: CurrentSessionId,
    /// How Claude Code is started for this project.
    pub launch: LaunchOptions,
    /// When the project was created.
    pub created_at: Timestamp,
    /// When one of its fields last changed.
    pub updated_at: Timestamp,
}

/// What the store holds as a project's session id.
///
/// This is `Option<ClaudeSessionId>` with a third case: a database is shared with other
/// programs, and what it holds may be no UUID. Such a value is shown and never passed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CurrentSessionId {
    /// No session yet: null or missing.
    #[default]
    Unset,
    /// The id of a conversation.
    Set(ClaudeSessionId),
    /// A text that Claude Code cannot use, as it was found.
    Invalid(String),
}

impl CurrentSessionId {
    /// Reads the stored text.
    pub fn from_stored(text: Option<String>) -> Self {
        match text {
            None => Self::Unset,
            Some(text) => match text.parse() {
                Ok(id) => Self::Set(id),
                Err(_) => Self::Invalid(text),
            },
        }
    }

    /// The text as the store holds it.
    pub fn as_stored(&self) -> Option<&str> {
        match self {
            Self::Unset => None,
            Self::Set(id) => Some(id.as_str()),
            Self::Invalid(text) => Some(text),
        }
    }

    /// The id, where there is a usable one.
    pub fn id(&self) -> Option<&ClaudeSessionId> {
        match self {
            Self::Set(id) => Some(id),
            Self::Unset | Self::Invalid(_) => None,
        }
    }
}

/// The stored status of a project, in the database's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectStatus {
    /// Known, nothing done yet.
    #[default]
    Created,
    /// Its workspace is prepared.
    Initialized,
    /// A session was started in it.
    Active,
}

impl ProjectStatus {
    /// The database's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Initialized => "initialized",
            Self::Active => "active",
        }
    }

    /// Reads the database's word; one that is not known counts as created.
    pub fn from_word(word: &str) -> Self {
        match word {
            "initialized" => Self::Initialized,
            "active" => Self::Active,
            _ => Self::Created,
        }
    }
}

/// How Claude Code is started for one project. Empty means: as the CLI does by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LaunchOptions {
    /// The value of `--permission-mode`.
    pub permission_mode: Option<String>,
    /// The value of `--model`.
    pub model: Option<String>,
    /// Further arguments; those that Reprise sets itself are refused at the start.
    pub extra_args: Vec<String>,
    /// Variables added to the session's environment.
    pub env: BTreeMap<String, String>,
    /// Full screen or the ordinary screen with its scrollback.
    pub display: DisplayMode,
    /// The command that starts a milestone, `{context}` standing for its context file; none:
    /// as it is found in what is installed.
    pub milestone_command: Option<String>,
}

/// Which of Claude Code's two displays a project uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisplayMode {
    /// The CLI's default: the alternate screen, its history inside the CLI.
    #[default]
    FullScreen,
    /// `CLAUDE_CODE_NO_FLICKER=0`: the ordinary screen, its history in the scrollback.
    Scrollback,
}
