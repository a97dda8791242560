//! The commands that wait to be typed into a session.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::BackupView;

/// What putting a command into the queue came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QueueOutcome {
    /// The command's id.
    pub command_id: String,
    /// The copy of the plan's phases that was made before it.
    pub backup: Option<BackupView>,
}

/// A command in the queue of a live session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QueuedCommandView {
    /// A UUID.
    pub id: String,
    /// Exactly what will be sent.
    pub text: String,
    /// What it is for: a milestone's id.
    pub about: Option<String>,
    /// When it was put into the queue.
    #[ts(type = "string")]
    pub added_at: Timestamp,
    /// How far it is.
    pub state: QueuedCommandState,
}

/// How far a command of the queue is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum QueuedCommandState {
    /// It is not sent yet.
    Waiting {
        /// What for.
        #[serde(rename = "for")]
        wait: QueueWait,
    },
    /// It is being typed, or typed and not acknowledged yet.
    Sending,
    /// The session has it.
    Delivered {
        /// Since when.
        #[ts(type = "string")]
        at: Timestamp,
    },
    /// It did not arrive, or nothing shows that it did. Only the person sends it again.
    NotDelivered {
        /// Why, in a word.
        code: String,
        /// Why, in a sentence.
        message: String,
        /// Since when.
        #[ts(type = "string")]
        at: Timestamp,
    },
}

/// What a command waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum QueueWait {
    /// The end of the turn.
    Idle,
    /// The person: a draft stands in the prompt.
    Draft,
    /// The person: a permission prompt, a question or a dialog is open.
    Dialog,
    /// The person: the session has gone to another conversation since.
    Conversation,
    /// The session's prompt, after its start.
    Start,
    /// The commands before it.
    Earlier,
}

/// What the person does with a queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "op", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum QueueChange {
    /// Gives a command that waits another text.
    Edit {
        /// Which one.
        id: String,
        /// The new text.
        text: String,
    },
    /// Takes one out.
    Cancel {
        /// Which one.
        id: String,
    },
    /// Sends one again that was not delivered.
    Retry {
        /// Which one.
        id: String,
    },
    /// Sends one although a draft stands in the prompt or the conversation is another.
    Agree {
        /// Which one.
        id: String,
    },
    /// Puts one before another, or at the end.
    Move {
        /// Which one.
        id: String,
        /// Before which; none for the end.
        before: Option<String>,
    },
    /// Takes all out that are not being sent.
    Clear,
}
