//! What the CLI's hooks tell: read from a hook's standard input, sent to the host, and
//! parsed there.
//!
//! A hook's input may be large (a tool's input holds whole files). `reprise-session hook`
//! therefore sends only the fields that the host needs, beside the CLI's process id, which
//! the CLI gives its hooks as `CLAUDE_PID`. Who started them is for the host to compare:
//! hooks are inherited by sessions that are not ours.

use std::io::Read;

use serde::{Deserialize, Serialize};

use super::tool_input;
use crate::model::{Ask, ClaudeSessionId, SessionSource};
use crate::process;

/// The longest hook input that is read.
pub const MAX_INPUT_BYTES: usize = 16 * 1024 * 1024;
/// The longest frame made of one; below the protocol's limit of 1 MiB.
pub const MAX_FRAME_BYTES: usize = 768 * 1024;

/// A hook input that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// More than [`MAX_INPUT_BYTES`], or a frame of more than [`MAX_FRAME_BYTES`].
    #[error("the hook's input is longer than {limit} bytes")]
    TooLong {
        /// The limit it exceeds.
        limit: usize,
    },
    /// Not a JSON object with the fields of a hook event.
    #[error("the hook's input is no hook event: {0}")]
    NotAnEvent(#[from] serde_json::Error),
    /// Standard input could not be read.
    #[error("the hook's input cannot be read: {0}")]
    Read(#[from] std::io::Error),
}

/// A hook's input as it came, with the CLI's process id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookInput {
    /// The hook's `CLAUDE_PID`, where it is a number.
    pub claude_pid: Option<u32>,
    /// The JSON from standard input.
    pub body: Vec<u8>,
}

impl HookInput {
    /// Reads the standard input of this process, a hook, to its end.
    ///
    /// `claude_pid` is the text of `CLAUDE_PID`. Versions before 2.1.329 or so do not set it:
    /// then it is the program that runs this one, possibly through a shell.
    pub fn read(claude_pid: Option<&str>, input: impl Read) -> Result<Self, HookError> {
        let mut body = Vec::new();
        input
            .take(MAX_INPUT_BYTES as u64 + 1)
            .read_to_end(&mut body)?;
        if body.len() > MAX_INPUT_BYTES {
            return Err(HookError::TooLong {
                limit: MAX_INPUT_BYTES,
            });
        }
        Ok(Self {
            claude_pid: claude_pid
                .and_then(|text| text.trim().parse().ok())
                .or_else(runner_of_this_process),
            body,
        })
    }

    /// The frame for the host: `{"claude_pid":…,"event":{…}}` with the known fields only.
    pub fn to_frame(&self) -> Result<Vec<u8>, HookError> {
        let frame = serde_json::to_vec(&Frame {
            claude_pid: self.claude_pid,
            event: serde_json::from_slice(&self.body)?,
        })?;
        if frame.len() > MAX_FRAME_BYTES {
            return Err(HookError::TooLong {
                limit: MAX_FRAME_BYTES,
            });
        }
        Ok(frame)
    }
}

/// The nearest process above this one that is no shell.
fn runner_of_this_process() -> Option<u32> {
    const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "busybox", "zsh", "ksh", "fish"];
    let mut pid = process::parent(std::process::id())?;
    while SHELLS.contains(&&*process::name(pid)?) {
        pid = process::parent(pid)?;
    }
    Some(pid)
}

/// A hook event and the CLI process that ran the hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookReport {
    /// The process id of the CLI, as it says.
    pub claude_pid: Option<u32>,
    /// The conversation it belongs to; none where the text is no UUID.
    pub session_id: Option<ClaudeSessionId>,
    /// Where the CLI says the transcript is. A hint: after a resume from another folder it
    /// names the wrong one. Never opened unchecked.
    pub transcript_path: Option<String>,
    /// What happened.
    pub event: HookEvent,
}

/// What happened in the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookEvent {
    /// A conversation began, was taken up, cleared, copied or compacted.
    SessionStart {
        /// Why, in the CLI's word: `startup`, `resume`, `fork`, `clear`, `compact`.
        source: String,
    },
    /// A conversation ended in this process.
    SessionEnd {
        /// Why: `prompt_input_exit`, `clear`, `resume`, `other`.
        reason: String,
    },
    /// A message was sent.
    UserPromptSubmit {
        /// Exactly as typed.
        prompt: String,
    },
    /// A turn ended.
    Stop {
        /// What goes on behind it.
        background: BackgroundTasks,
    },
    /// A turn ended by an error of the API.
    StopFailure,
    /// A permission prompt or a question opens.
    PermissionRequest {
        /// The tool that asks.
        tool_name: Option<String>,
        /// What it would do, in one line.
        tool_input: Option<String>,
    },
    /// The CLI would notify the person.
    Notification {
        /// `permission_prompt`, `idle_prompt` or another word.
        notification_type: Option<String>,
    },
    /// An event that nothing here needs, by its name.
    Unknown(String),
}

/// What goes on in the background when a turn ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BackgroundTasks {
    /// Sub-agents: the CLI's session file says `busy` for as long as they work.
    pub agents: bool,
    /// Shells: the session file says `shell` for as long as they run.
    pub shells: bool,
    /// Anything else, of which the session file says nothing that is known here.
    pub others: bool,
}

impl BackgroundTasks {
    /// Whether there is anything.
    pub fn any(self) -> bool {
        self.agents || self.shells || self.others
    }

    fn of(kinds: &[String]) -> Self {
        let mut tasks = Self::default();
        for kind in kinds {
            match kind.as_str() {
                "subagent" => tasks.agents = true,
                "shell" => tasks.shells = true,
                _ => tasks.others = true,
            }
        }
        tasks
    }
}

impl HookReport {
    /// Parses a frame that [`HookInput::to_frame`] made.
    pub fn from_frame(frame: &[u8]) -> Result<Self, HookError> {
        if frame.len() > MAX_FRAME_BYTES {
            return Err(HookError::TooLong {
                limit: MAX_FRAME_BYTES,
            });
        }
        let Frame { claude_pid, event } = serde_json::from_slice(frame)?;
        Ok(Self {
            claude_pid,
            session_id: event.session_id.as_deref().and_then(|id| id.parse().ok()),
            transcript_path: event.transcript_path.clone(),
            event: event.into_event(),
        })
    }

    /// The id and the source where this event says that the conversation changed. A
    /// compaction keeps its id and is none.
    pub fn announced(&self) -> Option<(&ClaudeSessionId, SessionSource)> {
        match &self.event {
            HookEvent::SessionStart { source } if source != "compact" => {
                Some((self.session_id.as_ref()?, SessionSource::from_word(source)))
            }
            _ => None,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Frame {
    claude_pid: Option<u32>,
    event: Fields,
}

/// The fields that the host needs. Their types are loose: a field of a later version that
/// has another shape must not hide the event.
#[derive(Serialize, Deserialize)]
struct Fields {
    hook_event_name: String,
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    session_id: Option<String>,
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    transcript_path: Option<String>,
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    source: Option<String>,
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    reason: Option<String>,
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    prompt: Option<String>,
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    notification_type: Option<String>,
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    tool_name: Option<String>,
    #[serde(
        default,
        deserialize_with = "brief",
        skip_serializing_if = "Option::is_none"
    )]
    tool_input: Option<String>,
    /// In a frame the kinds alone; a hook of an earlier build says `true` for any.
    #[serde(
        default,
        deserialize_with = "kinds",
        skip_serializing_if = "Vec::is_empty"
    )]
    background_tasks: Vec<String>,
}

/// A text, or none for any other kind of value.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    })
}

/// A tool's input in one line; in a frame it is that already.
fn brief<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let input = serde_json::Value::deserialize(deserializer)?;
    let line = tool_input::in_one_line(&input, Ask::MAX_INPUT_CHARS);
    Ok((!line.is_empty()).then_some(line))
}

/// The kinds of background tasks, each once: of a list of objects with a `type`, of words, or
/// of anything else that is not nothing.
fn kinds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    use serde_json::Value;
    let kind = |task: &Value| {
        let word = task.as_str().or_else(|| task.get("type")?.as_str());
        match word {
            Some(word @ ("subagent" | "shell")) => word,
            _ => OTHER_TASK,
        }
        .to_owned()
    };
    let mut kinds: Vec<String> = match Value::deserialize(deserializer)? {
        Value::Array(list) => list.iter().map(kind).collect(),
        Value::Bool(true) => vec![OTHER_TASK.to_owned()],
        Value::Object(map) if !map.is_empty() => vec![OTHER_TASK.to_owned()],
        _ => Vec::new(),
    };
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}

const OTHER_TASK: &str = "other";

impl Fields {
    fn into_event(self) -> HookEvent {
        match self.hook_event_name.as_str() {
            "SessionStart" => HookEvent::SessionStart {
                source: self.source.unwrap_or_default(),
            },
            "SessionEnd" => HookEvent::SessionEnd {
                reason: self.reason.unwrap_or_default(),
            },
            "UserPromptSubmit" => HookEvent::UserPromptSubmit {
                prompt: self.prompt.unwrap_or_default(),
            },
            "Stop" => HookEvent::Stop {
                background: BackgroundTasks::of(&self.background_tasks),
            },
            "StopFailure" => HookEvent::StopFailure,
            "PermissionRequest" => HookEvent::PermissionRequest {
                tool_name: self.tool_name,
                tool_input: self.tool_input,
            },
            "Notification" => HookEvent::Notification {
                notification_type: self.notification_type,
            },
            _ => HookEvent::Unknown(self.hook_event_name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

    fn report(body: &str) -> HookReport {
        let input = HookInput::read(Some("4711"), body.as_bytes()).unwrap();
        HookReport::from_frame(&input.to_frame().unwrap()).unwrap()
    }

    #[test]
    fn an_event_crosses_with_its_fields_and_the_clis_process_id() {
        let started = report(&format!(
            r#"{{"session_id":"{ID}","transcript_path":"/t","cwd":"/p","hook_event_name":"SessionStart","source":"clear","model":"m"}}"#
        ));
        assert_eq!(started.claude_pid, Some(4711));
        assert_eq!(started.transcript_path.as_deref(), Some("/t"));
        let id: ClaudeSessionId = ID.parse().unwrap();
        assert_eq!(started.announced(), Some((&id, SessionSource::Clear)));
        let prompt = report(r#"{"hook_event_name":"UserPromptSubmit","prompt":"ação \"é\"\n"}"#);
        let expected = HookEvent::UserPromptSubmit {
            prompt: "ação \"é\"\n".to_owned(),
        };
        assert_eq!(prompt.event, expected);
        for (list, agents, shells, others) in [
            ("[]", false, false, false),
            (r#"[{"id":"a","type":"subagent"}]"#, true, false, false),
            (r#"[{"type":"shell"},{"type":"shell"}]"#, false, true, false),
            (
                r#"[{"type":"monitor"},{"type":"subagent"},7]"#,
                true,
                false,
                true,
            ),
            ("true", false, false, true),
            ("null", false, false, false),
        ] {
            let stop = report(&format!(
                r#"{{"hook_event_name":"Stop","background_tasks":{list}}}"#
            ));
            let background = BackgroundTasks {
                agents,
                shells,
                others,
            };
            assert_eq!(stop.event, HookEvent::Stop { background }, "{list}");
        }
    }

    #[test]
    fn what_a_permission_is_asked_for_crosses_in_one_line() {
        let asked = report(
            r#"{"hook_event_name":"PermissionRequest","tool_name":"Bash","tool_input":{"command":"rm -rf\n x"}}"#,
        );
        let expected = HookEvent::PermissionRequest {
            tool_name: Some("Bash".to_owned()),
            tool_input: Some("rm -rf x".to_owned()),
        };
        assert_eq!(asked.event, expected);
    }

    #[test]
    fn a_compaction_announces_no_new_conversation() {
        let event = report(&format!(
            r#"{{"session_id":"{ID}","hook_event_name":"SessionStart","source":"compact"}}"#
        ));
        assert_eq!(event.announced(), None);
    }

    #[test]
    fn an_unknown_event_keeps_its_name_and_a_field_of_another_shape_hides_nothing() {
        let event = report(r#"{"hook_event_name":"MessageDisplay","prompt":{"a":1}}"#).event;
        assert_eq!(event, HookEvent::Unknown("MessageDisplay".to_owned()));
        let odd = report(r#"{"hook_event_name":"SessionStart","session_id":"foo","source":7}"#);
        assert_eq!((odd.session_id, odd.claude_pid), (None, Some(4711)));
    }

    #[test]
    fn what_is_no_event_is_refused_with_a_type() {
        for body in [
            "",
            "hello",
            "[]",
            "{}",
            r#"{"hook_event_name":1}"#,
            "{\"a\":",
        ] {
            let input = HookInput::read(None, body.as_bytes()).unwrap();
            assert!(
                matches!(input.to_frame(), Err(HookError::NotAnEvent(_))),
                "{body:?}"
            );
            assert!(HookReport::from_frame(body.as_bytes()).is_err());
        }
    }

    #[test]
    fn an_endless_input_is_not_read_to_its_end() {
        let endless = HookInput::read(None, std::io::repeat(b' '));
        assert!(matches!(endless, Err(HookError::TooLong { .. })));
        let frame = vec![b' '; MAX_FRAME_BYTES + 1];
        assert!(matches!(
            HookReport::from_frame(&frame),
            Err(HookError::TooLong { .. })
        ));
    }

    #[test]
    fn a_tools_large_input_stays_behind() {
        let body = format!(
            r#"{{"hook_event_name":"PermissionRequest","tool_name":"Write","tool_input":{{"content":"{}"}}}}"#,
            "x".repeat(5_000_000)
        );
        let input = HookInput::read(Some("x"), body.as_bytes()).unwrap();
        assert_eq!(input.claude_pid, runner_of_this_process());
        assert!(input.to_frame().unwrap().len() < 1000);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn without_claude_pid_the_hook_belongs_to_the_program_that_runs_it() {
        let runner = runner_of_this_process().unwrap();
        assert!(process::is_descendant(std::process::id(), runner));
        assert_ne!(runner, std::process::id());
    }

    proptest! {
        #[test]
        fn any_frame_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = HookReport::from_frame(&bytes);
        }
    }
}
