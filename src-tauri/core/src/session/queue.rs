//! The commands that wait to be typed into a session: what a client asks for, and what the
//! host tells of them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{ClaudeSessionId, InvalidId};

/// The longest command, in UTF-16 units as the CLI counts: it takes a longer paste as an
/// attachment, in which a slash command is none.
pub const MAX_COMMAND_CHARS: usize = 800;
/// The most commands that wait at a time.
pub const MAX_WAITING: usize = 50;
/// How many delivered commands stay listed, so that an app that comes later can note them.
pub const KEPT_DELIVERED: usize = 20;
/// The longest [`QueuedCommand::about`], in bytes.
pub const MAX_ABOUT_BYTES: usize = 64;

/// Names a command. Its client makes it, so that adding it twice is adding it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandId(Uuid);

impl TryFrom<String> for CommandId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<CommandId> for String {
    fn from(id: CommandId) -> Self {
        id.to_string()
    }
}

impl CommandId {
    /// A new id, different from all others.
    pub fn generate() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CommandId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Uuid::parse_str(text).map(Self).map_err(|_| InvalidId {
            what: "command id (a UUID)",
            value: text.to_owned(),
        })
    }
}

/// A command that a client wants to be typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCommand {
    /// Its name.
    pub id: CommandId,
    /// Exactly what is to be sent: one line.
    pub text: String,
    /// What it is for, in the client's own terms (a milestone's id); not looked into.
    #[serde(default)]
    pub about: Option<String>,
}

/// The payload of [`super::protocol::Request::Queue`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum QueueRequest {
    /// Puts a command at the end.
    Add(NewCommand),
    /// Gives one that is not being sent another text.
    Edit {
        /// Which one.
        id: CommandId,
        /// The new text.
        text: String,
    },
    /// Takes one out that is not being sent.
    Cancel {
        /// Which one.
        id: CommandId,
    },
    /// Sends one again that was not delivered.
    Retry {
        /// Which one.
        id: CommandId,
    },
    /// Sends one although a draft stands in the prompt (it is put aside and comes back) or the
    /// conversation is another.
    Agree {
        /// Which one.
        id: CommandId,
    },
    /// Puts one before another that waits, or at the end.
    Move {
        /// Which one.
        id: CommandId,
        /// Before which; none for the end.
        #[serde(default)]
        before: Option<CommandId>,
    },
    /// Takes all out that are not being sent.
    Clear,
}

/// The payload of [`super::protocol::Reply::QueueAnswer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueAnswer {
    /// The command that the request named.
    #[serde(default)]
    pub id: Option<CommandId>,
    /// Why nothing was done; none where it was.
    #[serde(default)]
    pub refused: Option<QueueRefused>,
}

/// Why a request was refused, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRefused {
    /// A word for programs: see [`QueueRefusal::code`].
    pub code: String,
    /// A sentence for people, with what to do.
    pub message: String,
}

/// Why a request about the queue is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueRefusal {
    /// There is nothing in it.
    #[error("the command is empty")]
    Empty,
    /// It has more than one line.
    #[error("the command has several lines; put it into a file and name the file")]
    SeveralLines,
    /// It holds keys, not text.
    #[error("the command holds control characters; type only text")]
    ControlCharacters,
    /// There are characters in it that nobody sees, or that turn the text around.
    #[error("the command holds invisible characters; type it anew")]
    InvisibleCharacters,
    /// The CLI would give it to a shell.
    #[error(
        "the command begins with '!', which Claude Code runs as a shell command; type it in the session yourself"
    )]
    ShellCommand,
    /// It is too long.
    #[error(
        "the command has {chars} characters, {MAX_COMMAND_CHARS} are allowed; put it into a file and name the file"
    )]
    TooLong {
        /// Its length.
        chars: usize,
    },
    /// Too many wait.
    #[error("{MAX_WAITING} commands wait already; take some out first")]
    TooMany,
    /// [`NewCommand::about`] is too long.
    #[error("what the command is for is longer than {MAX_ABOUT_BYTES} bytes")]
    AboutTooLong,
    /// There is no such command in the queue.
    #[error("there is no command {0} in the queue; it may have been taken out")]
    NoSuchCommand(CommandId),
    /// It is being typed, or has been.
    #[error("the command is being sent or has been delivered; wait for it")]
    BeingSent,
    /// Nobody types into an unattended run.
    #[error("an unattended run takes no commands; wait for its end, or cancel it")]
    Unattended,
    /// This terminal is a shell.
    #[error("only a Claude Code session takes commands; type into the shell yourself")]
    NotClaude,
    /// The program has ended.
    #[error("the session has ended; open the project to resume it")]
    Ended,
}

impl QueueRefusal {
    /// The refusal's word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::SeveralLines => "several_lines",
            Self::ControlCharacters => "control_characters",
            Self::InvisibleCharacters => "invisible_characters",
            Self::ShellCommand => "shell_command",
            Self::TooLong { .. } => "too_long",
            Self::TooMany => "too_many",
            Self::AboutTooLong => "about_too_long",
            Self::NoSuchCommand(_) => "no_such_command",
            Self::BeingSent => "being_sent",
            Self::Unattended => "unattended",
            Self::NotClaude => "not_claude",
            Self::Ended => "ended",
        }
    }
}

impl From<QueueRefusal> for QueueRefused {
    fn from(refusal: QueueRefusal) -> Self {
        Self {
            code: refusal.code().to_owned(),
            message: refusal.to_string(),
        }
    }
}

/// A command as the host tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedCommand {
    /// Its name.
    pub id: CommandId,
    /// Exactly what is, or was, sent.
    pub text: String,
    /// What it is for, as its client said it.
    #[serde(default)]
    pub about: Option<String>,
    /// When it was put into the queue.
    pub added_at: Timestamp,
    /// The conversation it was meant for; none where there was none yet.
    #[serde(default)]
    pub session_id: Option<ClaudeSessionId>,
    /// How far it is.
    pub state: CommandState,
}

/// How far a command is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CommandState {
    /// It was not typed yet.
    Waiting {
        /// What for.
        #[serde(rename = "for")]
        wait: CommandWait,
    },
    /// It is being typed, or typed and not acknowledged yet.
    Sending,
    /// The session has it.
    Delivered {
        /// Since when.
        at: Timestamp,
    },
    /// It did not arrive, or nothing shows that it did. Only the person sends it again.
    NotDelivered {
        /// Why, in a word: see [`NotDelivered::code`].
        code: String,
        /// Why, in a sentence.
        message: String,
        /// Since when.
        at: Timestamp,
    },
}

/// What a command waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandWait {
    /// The end of the turn.
    Idle,
    /// The person: a draft stands in the prompt.
    Draft,
    /// The person: a permission prompt, a question or a dialog is open, or the prompt is not
    /// to be seen.
    Dialog,
    /// The person: the session has gone to another conversation since, or ended before it
    /// could be sent.
    Conversation,
    /// The session's prompt, after its start.
    Start,
    /// The commands before it.
    Earlier,
}

/// Why a command was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDelivered {
    /// The prompt never showed the text; it was not submitted.
    #[error("the prompt did not take the text; nothing was sent")]
    NotTaken,
    /// A dialog opened while it was being typed, or somebody changed it; it was not submitted.
    #[error("the prompt changed while the command was typed; it may stand there as a draft")]
    Interrupted,
    /// It is no whole command's name, and Enter would have run another one; it was taken back.
    #[error(
        "Claude Code knows no command of exactly this name and would run another one; nothing was sent"
    )]
    OtherCommand,
    /// It was submitted and nothing says that it arrived.
    #[error("the session did not acknowledge the command; look before you send it again")]
    NotAcknowledged,
    /// The session ended while it was being sent.
    #[error("the session ended while the command was being sent; look before you send it again")]
    Ended,
}

impl NotDelivered {
    /// The reason's word.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotTaken => "not_taken",
            Self::Interrupted => "interrupted",
            Self::OtherCommand => "other_command",
            Self::NotAcknowledged => "not_acknowledged",
            Self::Ended => "ended",
        }
    }

    /// The state that says so.
    pub fn state(self, at: Timestamp) -> CommandState {
        CommandState::NotDelivered {
            code: self.code().to_owned(),
            message: self.to_string(),
            at,
        }
    }
}

impl NewCommand {
    /// Checks what would be typed.
    ///
    /// # Errors
    /// [`QueueRefusal`], with what to do instead.
    pub fn check(&self) -> Result<(), QueueRefusal> {
        check_text(&self.text)?;
        match &self.about {
            Some(about) if about.len() > MAX_ABOUT_BYTES => Err(QueueRefusal::AboutTooLong),
            _ => Ok(()),
        }
    }
}

/// Checks a text that would be typed: one line of 1 to [`MAX_COMMAND_CHARS`] characters that
/// can be seen.
///
/// # Errors
/// [`QueueRefusal`], with what to do instead.
pub fn check_text(text: &str) -> Result<(), QueueRefusal> {
    let chars = text.encode_utf16().count();
    if text.trim().is_empty() {
        Err(QueueRefusal::Empty)
    } else if text.contains([
        '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
    ]) {
        Err(QueueRefusal::SeveralLines)
    } else if text.chars().any(char::is_control) {
        Err(QueueRefusal::ControlCharacters)
    } else if text.chars().any(is_invisible) {
        Err(QueueRefusal::InvisibleCharacters)
    } else if text.trim_start().starts_with('!') {
        Err(QueueRefusal::ShellCommand)
    } else if chars > MAX_COMMAND_CHARS {
        Err(QueueRefusal::TooLong { chars })
    } else {
        Ok(())
    }
}

/// What changes a text without being seen in it: the CLI leaves some of these out. Joiners and
/// variation selectors belong to scripts and emoji.
fn is_invisible(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_typed_is_refused_with_what_to_do() {
        let refused = |text: &str| check_text(text).err().map(|refusal| refusal.code());
        assert_eq!(refused("/gsd:new-milestone ação"), None);
        assert_eq!(refused(&"é".repeat(MAX_COMMAND_CHARS)), None);
        for (text, code) in [
            ("", "empty"),
            (" \u{a0}", "empty"),
            ("a\nb", "several_lines"),
            ("a\rb", "several_lines"),
            ("a\u{2028}b", "several_lines"),
            ("a\u{1b}[201~\u{3}", "control_characters"),
            ("a\tb", "control_characters"),
            ("a\u{9b}b", "control_characters"),
            ("a\u{200b}b", "invisible_characters"),
            ("\u{202e}b", "invisible_characters"),
            ("!ls", "shell_command"),
            (" !ls", "shell_command"),
        ] {
            assert_eq!(refused(text), Some(code), "{text:?}");
        }
        assert_eq!(
            refused(&"x".repeat(MAX_COMMAND_CHARS + 1)),
            Some("too_long")
        );
        // The CLI counts two for one of these.
        assert_eq!(refused(&"\u{1f600}".repeat(400)), None);
        assert_eq!(refused(&"\u{1f600}".repeat(401)), Some("too_long"));
    }

    #[test]
    fn a_request_stands_on_the_wire_as_agreed() {
        let id = CommandId::generate();
        let add = QueueRequest::Add(NewCommand {
            id,
            text: "go".into(),
            about: None,
        });
        let json = serde_json::to_value(&add).unwrap();
        assert_eq!(json["op"], "add");
        assert_eq!(json["id"], id.to_string());
        assert_eq!(serde_json::from_value::<QueueRequest>(json).unwrap(), add);
        let waiting = CommandState::Waiting {
            wait: CommandWait::Draft,
        };
        let json = serde_json::to_value(waiting).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"state": "waiting", "for": "draft"})
        );
    }
}
