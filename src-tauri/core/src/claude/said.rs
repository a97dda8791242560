//! Whether a text that was typed into the prompt has arrived, by the transcript: where the
//! person's settings switch hooks off, and for the CLI's own commands, of which no hook tells.
//!
//! Seen with 2.1.329: a prompt is a `user` line with the text as `message.content`; a command
//! that is a prompt, and `/clear` (first in the new conversation's file), hold its name and
//! arguments in `<command-name>` and `<command-args>`; other commands of the CLI's own are
//! `system` lines (`local_command`) with the same tags as `content`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::config::ConfigDir;
use super::transcript;
use crate::model::{ClaudeSessionId, as_taken};

/// How far back a transcript is read at first: the text may have arrived a moment before.
const LOOK_BACK_BYTES: u64 = 1024 * 1024;
/// The most that is read of a transcript at a time; the rest is for the next time.
const READ_BYTES: u64 = 4 * 1024 * 1024;

/// A text that is about to be typed, and how far each transcript was read for it.
#[derive(Debug, Clone)]
pub struct Awaited {
    text: String,
    since: Timestamp,
    read: HashMap<PathBuf, u64>,
}

impl Awaited {
    /// Begins to wait for `text`. What was said before `since` does not count.
    pub fn new(text: String, since: Timestamp) -> Self {
        Self {
            text,
            since,
            read: HashMap::new(),
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is in the transcript of this conversation now. Reads files: not for an
    /// async thread.
    pub fn has_arrived(
        &mut self,
        config: &ConfigDir,
        id: &ClaudeSessionId,
        workspace: &str,
    ) -> bool {
        let Ok(Some(found)) = transcript::find(config, id, workspace) else {
            return false;
        };
        let before = found.bytes.saturating_sub(LOOK_BACK_BYTES);
        let from = self.read.get(&found.path).copied().unwrap_or(before);
        let Some(bytes) = read_from(&found.path, from) else {
            return false;
        };
        let mut whole = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !line.ends_with(b"\n") {
                break;
            }
            whole += line.len() as u64;
            if says(line, &self.text, self.since) {
                return true;
            }
        }
        // A line beyond the limit is no prompt.
        if whole == 0 && bytes.len() as u64 >= READ_BYTES {
            whole = bytes.len() as u64;
        }
        self.read.insert(found.path, from + whole);
        false
    }
}

fn read_from(path: &Path, from: u64) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut bytes = Vec::new();
    file.take(READ_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Whether a transcript's line is this text, as a person's prompt not before `since`.
fn says(line: &[u8], text: &str, since: Timestamp) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    #[derive(Default)]
    struct Line {
        r#type: String,
        subtype: Value,
        is_meta: Value,
        is_sidechain: Value,
        message: Value,
        content: Value,
        timestamp: Option<Timestamp>,
    }
    let Ok(line) = serde_json::from_slice::<Line>(line) else {
        return false;
    };
    if line.is_meta == Value::Bool(true) || line.is_sidechain == Value::Bool(true) {
        return false;
    }
    if line.timestamp.is_none_or(|at| at < since) {
        return false;
    }
    let content = match (line.r#type.as_str(), line.subtype.as_str()) {
        ("user", _) => line.message.get("content").cloned().unwrap_or_default(),
        ("system", Some("local_command")) => line.content,
        _ => return false,
    };
    let text = as_taken(text);
    let is = |said: &str| {
        as_taken(said) == text || command(said).is_some_and(|it| as_taken(&it) == text)
    };
    match content {
        Value::String(said) => is(&said),
        Value::Array(blocks) => blocks
            .iter()
            .filter_map(|block| block.get("text")?.as_str())
            .any(is),
        _ => false,
    }
}

/// The command that a recorded one was typed as.
fn command(recorded: &str) -> Option<String> {
    let name = between(recorded, "<command-name>", "</command-name>")?.trim();
    let args = between(recorded, "<command-args>", "</command-args>")
        .unwrap_or_default()
        .trim();
    Some(format!("{name} {args}").trim().to_owned())
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(open)?;
    Some(rest.split_once(close)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn timed(line: &str, second: i64) -> Vec<u8> {
        let stamp = format!(r#"{{"timestamp":"{}","#, at(second));
        line.replacen('{', &stamp, 1).into_bytes()
    }

    #[test]
    fn a_prompt_is_known_in_every_shape_that_the_transcript_gives_it() {
        let yes = |line: &str, text: &str| assert!(says(&timed(line, 5), text, at(5)), "{line}");
        yes(r#"{"type":"user","message":{"content":"hello"}}"#, "hello");
        yes(
            r#"{"type":"user","message":{"content":[{"type":"text","text":"hello "}]}}"#,
            "hello",
        );
        yes(
            r#"{"type":"user","message":{"content":"<command-message>gsd:x</command-message>\n<command-name>/gsd:x</command-name>\n<command-args>a b</command-args>"}}"#,
            "/gsd:x a b",
        );
        yes(
            "{\"type\":\"user\",\"message\":{\"content\":\"cafe\u{301}\"}}",
            "caf\u{e9}",
        );
        yes(
            r#"{"type":"system","subtype":"local_command","content":"<command-name>/context</command-name>\n<command-args></command-args>"}"#,
            "/context",
        );
    }

    #[test]
    fn what_the_cli_or_a_tool_adds_is_nobodys_prompt() {
        for line in [
            r#"{"type":"user","isMeta":true,"message":{"content":"hello"}}"#,
            r#"{"type":"user","isSidechain":true,"message":{"content":"hello"}}"#,
            r#"{"type":"user","message":{"content":[{"type":"tool_result","content":"hello"}]}}"#,
            r#"{"type":"assistant","message":{"content":"hello"}}"#,
            r#"{"type":"user","message":{"content":"hello there"}}"#,
            r#"{"type":"last-prompt","lastPrompt":"hello"}"#,
            "hello",
            "",
        ] {
            assert!(!says(&timed(line, 5), "hello", at(5)), "{line}");
        }
    }

    #[test]
    fn only_what_came_after_counts_and_a_cut_line_is_read_when_it_is_whole() {
        let root = tempfile::tempdir().unwrap();
        let config = ConfigDir::moved_to(root.path().to_owned());
        let id: ClaudeSessionId = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d".parse().unwrap();
        let path = config.projects().join("-p").join(format!("{id}.jsonl"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let line = r#"{"type":"user","uuid":"x","cwd":"/p","message":{"content":"go"}}"#;
        let line = |second| String::from_utf8(timed(line, second)).unwrap();
        let mut all = format!("{}\n", line(4));
        std::fs::write(&path, &all).unwrap();
        let mut awaited = Awaited::new("go".to_owned(), at(5));
        assert!(!awaited.has_arrived(&config, &id, "/p"));
        all.push_str(&line(6)[..20]);
        std::fs::write(&path, &all).unwrap();
        assert!(!awaited.has_arrived(&config, &id, "/p"));
        all.push_str(&line(6)[20..]);
        all.push('\n');
        std::fs::write(&path, &all).unwrap();
        assert!(awaited.has_arrived(&config, &id, "/p"));
    }
}
