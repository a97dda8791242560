//! The names of things. Each is its own type, so that one cannot stand where another belongs.

use std::fmt;
use std::str::FromStr;

use bson::oid::ObjectId;
use serde::{Deserialize, Serialize};

/// A text that is not the id it was read as. Carries the text as it was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a {what}")]
pub struct InvalidId {
    /// What the text should have been, in words.
    pub what: &'static str,
    /// The text as it was found.
    pub value: String,
}

/// An id of the team database: an ObjectId, written as 24 hexadecimal digits.
macro_rules! object_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(ObjectId);

        impl $name {
            /// A new id, different from all others.
            pub fn generate() -> Self {
                Self(ObjectId::new())
            }

            /// The id as the database writes it.
            pub fn as_object_id(&self) -> ObjectId {
                self.0
            }
        }

        impl From<ObjectId> for $name {
            fn from(id: ObjectId) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0.to_hex())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Reads the 24 hexadecimal digits of an ObjectId.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                ObjectId::parse_str(text).map(Self).map_err(|_| InvalidId {
                    what: concat!($what, " id (24 hexadecimal digits)"),
                    value: text.to_owned(),
                })
            }
        }
    };
}

object_id!(
    /// Names a project in every store: an ObjectId, as in the team database.
    ProjectId,
    "project"
);
object_id!(
    /// Names a milestone in every store, and its folder in the workspace.
    MilestoneId,
    "milestone"
);

/// The UUID that names one of Claude Code's conversations.
///
/// Any version of UUID is accepted and the letters keep their case, as the CLI does
/// (observed with Claude Code 2.1.329). A value of this type is safe to pass to `--resume`:
/// there anything but a UUID would be looked up as a session's title.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaudeSessionId(String);

impl ClaudeSessionId {
    /// A new random id, for the first start of a conversation.
    pub fn generate() -> Self {
        Self(uuid::Uuid::new_v4().to_string())
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 8 characters, for places that have no room for all 36.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl fmt::Display for ClaudeSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ClaudeSessionId {
    type Err = InvalidId;

    /// Reads a UUID in its hyphenated form of 36 characters.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.len() == 36 && uuid::Uuid::try_parse(text).is_ok() {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId {
                what: "Claude session id (a UUID)",
                value: text.to_owned(),
            })
        }
    }
}

/// Names one terminal of a project: `claude`, of which there is at most one, or `shell-N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TerminalKey {
    /// The terminal that runs Claude Code.
    Claude,
    /// A shell in the workspace, counted from 1.
    Shell(u32),
}

impl fmt::Display for TerminalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claude => f.write_str("claude"),
            Self::Shell(number) => write!(f, "shell-{number}"),
        }
    }
}

impl FromStr for TerminalKey {
    type Err = InvalidId;

    /// Reads `claude` or `shell-N` with N from 1, written without leading zeros.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId {
            what: "terminal (claude or shell-N)",
            value: text.to_owned(),
        };
        if text == "claude" {
            return Ok(Self::Claude);
        }
        let digits = text.strip_prefix("shell-").ok_or_else(invalid)?;
        match digits.parse::<u32>() {
            Ok(number) if number > 0 && number.to_string() == digits => Ok(Self::Shell(number)),
            _ => Err(invalid()),
        }
    }
}

/// Serialises an id as its text and checks it when it is read.
macro_rules! serde_as_text {
    ($($id:ty),+) => {$(
        impl Serialize for $id {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

serde_as_text!(ProjectId, MilestoneId, ClaudeSessionId, TerminalKey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_keeps_its_case_and_refuses_everything_but_a_hyphenated_uuid() {
        let upper = "9F0E6C1A-3B5D-4E7F-8A90-B1C2D3E4F506";
        assert_eq!(upper.parse::<ClaudeSessionId>().unwrap().as_str(), upper);
        for text in [
            "",
            "foo",
            "--continue",
            "9f0e6c1a3b5d4e7f8a90b1c2d3e4f506",
            "{9f0e6c1a-3b5d-4e7f-8a90-b1c2d3e4f506}",
            " 9f0e6c1a-3b5d-4e7f-8a90-b1c2d3e4f50",
        ] {
            let error = text.parse::<ClaudeSessionId>().unwrap_err();
            assert_eq!(error.value, text);
        }
    }

    #[test]
    fn a_terminal_key_reads_back_what_it_writes_and_nothing_else() {
        for key in [
            TerminalKey::Claude,
            TerminalKey::Shell(1),
            TerminalKey::Shell(42),
        ] {
            assert_eq!(key.to_string().parse::<TerminalKey>().unwrap(), key);
        }
        for text in ["", "shell", "shell-0", "shell-01", "shell-+1", "../claude"] {
            assert!(
                text.parse::<TerminalKey>().is_err(),
                "{text:?} was accepted"
            );
        }
    }
}
