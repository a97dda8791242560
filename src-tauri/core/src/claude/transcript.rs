//! Transcripts: `<config>/projects/<folder>/<session id>.jsonl`.
//!
//! They are found by their id. The folder's name is made from the workspace's path in a way
//! that neither reverses nor tells all paths apart, and moves with nothing.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::model::ClaudeSessionId;

use super::config::ConfigDir;

/// How much is read of each end of a transcript. One line can be longer.
const WINDOW_BYTES: u64 = 64 * 1024;

/// A transcript file and what can be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// The file.
    pub path: PathBuf,
    /// Whether it can be resumed.
    pub condition: Condition,
    /// The folder that its session was started in, where it tells.
    pub cwd: Option<String>,
    /// Its length.
    pub bytes: u64,
}

/// Whether a transcript can be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// It holds lines of a conversation.
    Usable,
    /// It holds something else: the CLI finds no conversation in it.
    Garbage,
    /// Nothing is in it.
    Empty,
}

/// The transcript of a conversation that a resume in `workspace` would take: of several with
/// one id the workspace's own, then one that can be resumed. None where there is none.
pub fn find(
    config: &ConfigDir,
    id: &ClaudeSessionId,
    workspace: &str,
) -> std::io::Result<Option<Transcript>> {
    let mut found = all(config, id)?;
    found.sort_by_key(|transcript| {
        let elsewhere = transcript.cwd.as_deref() != Some(workspace);
        (transcript.condition, elsewhere, transcript.path.clone())
    });
    Ok(found.into_iter().next())
}

/// All transcripts with this id.
pub fn all(config: &ConfigDir, id: &ClaudeSessionId) -> std::io::Result<Vec<Transcript>> {
    let name = format!("{id}.jsonl");
    let entries = match std::fs::read_dir(config.projects()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path().join(&name);
        match inspect(&path) {
            Ok(Some(transcript)) => found.push(transcript),
            Ok(None) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// What can be said of the transcript at `path`, from its first and last 64 KB; none where
/// no file is.
pub fn inspect(path: &Path) -> std::io::Result<Option<Transcript>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let bytes = metadata.len();
    let head = window(&mut file, 0)?;
    let tail_start = bytes.saturating_sub(WINDOW_BYTES);
    let tail = if tail_start == 0 {
        Vec::new()
    } else {
        window(&mut file, tail_start)?
    };
    let lines = || {
        let head = head.split(|byte| *byte == b'\n');
        let tail = tail.split(|byte| *byte == b'\n');
        head.chain(tail)
            .filter_map(|line| serde_json::from_slice::<Line>(line).ok())
    };
    let blank = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_whitespace);
    let condition = if blank(&head) && blank(&tail) {
        Condition::Empty
    } else if lines().any(|line| line.is_conversation()) || is_one_long_line(&head, &tail) {
        Condition::Usable
    } else {
        Condition::Garbage
    };
    let cwd = lines().find_map(|line| line.cwd);
    Ok(Some(Transcript {
        path: path.to_owned(),
        condition,
        cwd,
        bytes,
    }))
}

/// Lines longer than both windows (a pasted file) leave nothing to parse; what shows of them
/// begins and ends as a line does.
fn is_one_long_line(head: &[u8], tail: &[u8]) -> bool {
    !tail.is_empty()
        && head.starts_with(b"{\"")
        && tail.trim_ascii_end().ends_with(b"}")
        && std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true)
}

#[derive(Deserialize)]
struct Line {
    r#type: String,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    uuid: Option<String>,
}

impl Line {
    /// The lines of these kinds form the conversation's tree; one is enough for the CLI to
    /// resume it, and any number of others is not (observed).
    fn is_conversation(&self) -> bool {
        matches!(
            &*self.r#type,
            "user" | "assistant" | "attachment" | "system"
        ) && self.uuid.is_some()
    }
}

fn window(file: &mut File, start: u64) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(WINDOW_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

    fn line(cwd: &str) -> String {
        format!(r#"{{"type":"user","uuid":"{ID}","cwd":"{cwd}","message":{{"content":"hi"}}}}"#)
            + "\n"
    }

    fn inspected(text: impl AsRef<[u8]>) -> Transcript {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        inspect(file.path()).unwrap().unwrap()
    }

    #[test]
    fn a_conversation_is_usable_also_with_its_last_line_cut() {
        let whole = inspected(line("/p") + &line("/p/sub"));
        assert_eq!(whole.condition, Condition::Usable);
        assert_eq!(whole.cwd.as_deref(), Some("/p"));
        let cut = inspected(line("/p") + r#"{"type":"assis"#);
        assert_eq!(cut.condition, Condition::Usable);
    }

    #[test]
    fn nothing_and_garbage_are_told_apart() {
        assert_eq!(inspected("").condition, Condition::Empty);
        assert_eq!(inspected("\n\n").condition, Condition::Empty);
        for text in [
            "hello\n",
            "{}\n",
            "\0\0\0\0",
            r#"{"type":"user"}"#,
            r#"{"type":"mode","uuid":"1"}"#,
        ] {
            assert_eq!(inspected(text).condition, Condition::Garbage, "{text:?}");
        }
        let random: Vec<u8> = (0..200_000u32).map(|n| (n * 7 % 251) as u8).collect();
        assert_eq!(inspected(random).condition, Condition::Garbage);
    }

    #[test]
    fn lines_longer_than_what_is_read_do_no_harm() {
        let long = format!(
            r#"{{"type":"attachment","text":"{}","uuid":"{ID}"}}"#,
            "x".repeat(300_000)
        ) + "\n";
        let among = inspected(format!("{long}{}{long}", line("/p")));
        assert_eq!(among.condition, Condition::Usable);
        let before = inspected(format!("{long}{}", line("/p")));
        assert_eq!(before.condition, Condition::Usable);
        assert_eq!(before.cwd.as_deref(), Some("/p"));
    }

    #[test]
    fn of_several_with_one_id_the_usable_one_of_the_workspace_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let config = ConfigDir::moved_to(folder.path().to_owned());
        let id = ID.parse().unwrap();
        assert_eq!(find(&config, &id, "/p").unwrap(), None);
        for (name, text) in [
            ("-a", line("/other")),
            ("-p", line("/p")),
            ("-q", String::new()),
        ] {
            let folder = config.projects().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(format!("{ID}.jsonl")), text).unwrap();
        }
        std::fs::write(config.projects().join("a file"), "").unwrap();
        let found = find(&config, &id, "/p").unwrap().unwrap();
        assert_eq!(found.cwd.as_deref(), Some("/p"));
        std::fs::remove_file(&found.path).unwrap();
        let other = find(&config, &id, "/p").unwrap().unwrap();
        assert_eq!(other.cwd.as_deref(), Some("/other"));
        std::fs::remove_file(&other.path).unwrap();
        let empty = find(&config, &id, "/p").unwrap().unwrap();
        assert_eq!(empty.condition, Condition::Empty);
    }
}
