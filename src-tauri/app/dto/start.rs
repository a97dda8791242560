//! What a start came to, and what the person chose.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{CommandError, SessionSource, TerminalView};

/// What the person chose where a conversation could not simply be resumed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum StartChoice {
    /// A new, empty conversation.
    StartFresh,
    /// An id of the project's lineage.
    ResumeEarlier {
        /// Which one.
        session_id: String,
    },
    /// Put the kept copy of the transcript back and resume it.
    PutTranscriptBack,
    /// Try the stored id once more.
    TryAgain,
    /// Go on here, in spite of what `elsewhere` tells.
    StartAnyway,
}

/// What `start_session` came to.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum StartOutcome {
    /// The terminal lives: it was there or was started.
    Live {
        /// The terminal to attach to.
        terminal: Box<TerminalView>,
    },
    /// Nothing was started: the person chooses.
    CannotResume {
        /// Why, and what is possible.
        failure: Box<ResumeFailure>,
    },
}

/// Why a conversation was not resumed, and what can be done.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ResumeFailure {
    /// The reason.
    pub cause: ResumeFailureCause,
    /// The id as the store holds it; for `invalidId` this is no UUID.
    pub session_id: String,
    /// The project's folder.
    pub workspace_path: String,
    /// When the conversation was last used, where that is known.
    #[ts(type = "string | null")]
    pub last_used_at: Option<Timestamp>,
    /// Where its transcript was looked for.
    pub searched: Vec<String>,
    /// What was said, for `transcriptUnreadable` and `refused`.
    pub reason: Option<String>,
    /// The id that this machine's session came to, for `conflict`; it is among `earlier`.
    pub other_id: Option<String>,
    /// The process that has the conversation, for `liveElsewhere` and `orphanAlive`.
    pub pid: Option<u32>,
    /// The configuration folder the transcript belongs to, for `transcriptElsewhere`.
    pub other_folder: Option<String>,
    /// Our own copy of the transcript, where one was kept.
    pub kept_copy: Option<String>,
    /// What another machine has to do with it, for `liveOnMachine`, `transcriptOnMachine` and
    /// `storeAway`.
    pub elsewhere: Option<ElsewhereView>,
    /// The lineage's other ids, newest first.
    pub earlier: Vec<EarlierSession>,
}

/// Why a conversation was not resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ResumeFailureCause {
    /// The transcript is there and empty or damaged.
    TranscriptEmpty,
    /// The transcript is nowhere.
    TranscriptMissing,
    /// The transcript belongs to another folder.
    TranscriptElsewhere,
    /// Another process has this conversation open.
    LiveElsewhere,
    /// The store holds a text that is no UUID.
    InvalidId,
    /// Our own claude still lives without its host and did not end.
    OrphanAlive,
    /// The folder of the transcripts cannot be read, so nothing is known of it.
    TranscriptUnreadable,
    /// Claude Code was started to resume it and ended at once.
    Refused,
    /// The store holds one id, and the session on this machine came to another.
    Conflict,
    /// Another machine has the project's session live.
    LiveOnMachine,
    /// The transcript is on another machine.
    TranscriptOnMachine,
    /// The team's store is away: whether another machine has it cannot be told.
    StoreAway,
}

/// A project's session, or its conversation, on another machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ElsewhereView {
    /// The other computer; none where it is not known.
    pub host: Option<String>,
    /// Whose session it is there.
    pub user: Option<String>,
    /// Since when it is live there.
    #[ts(type = "string | null")]
    pub since: Option<Timestamp>,
    /// When the conversation was last worked on there.
    #[ts(type = "string | null")]
    pub last_active_at: Option<Timestamp>,
    /// Why the team's store cannot tell, for `storeAway`.
    pub away: Option<CommandError>,
    /// Whether `startAnyway` can go on with the conversation.
    pub can_go_on: bool,
}

/// An id of the project's lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EarlierSession {
    /// The conversation's id.
    pub session_id: String,
    /// How the project came to it.
    pub source: SessionSource,
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Whether a message was ever sent under it.
    pub message_sent: bool,
    /// Whether it can be resumed now.
    pub resumable: bool,
}
