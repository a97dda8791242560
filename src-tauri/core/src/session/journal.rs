//! What a host writes down, so that nothing depends on an app being there: the program it
//! started, every change of the conversation's id, and the last picture of the screen.
//!
//! The journal is a file of JSON lines that is only appended to; each line is synced before
//! the host goes on. A line cut by a crash is passed over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{ClaudeSessionId, Exit, SessionSource, TerminalSize};
use crate::process::ProcessRef;

/// The most bytes of a journalled picture, its head not counted.
pub const PICTURE_BYTES: usize = 64 * 1024;

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalRecord {
    /// Its number: 1 for the first of a terminal, one more for each that follows.
    pub n: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: JournalEvent,
}

/// What a host writes down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum JournalEvent {
    /// A program was started.
    Started {
        /// The process in the PTY.
        program: ProcessRef,
        /// The boot it belongs to.
        boot: String,
        /// The conversation it was started with.
        session_id: Option<ClaudeSessionId>,
        /// Whether that was taken up or begun.
        source: SessionSource,
    },
    /// The conversation's id changed.
    SessionId {
        /// The id from here on.
        id: ClaudeSessionId,
        /// How it came about.
        source: SessionSource,
        /// The id before.
        parent: Option<ClaudeSessionId>,
    },
    /// The first message was sent under this id.
    MessageSent {
        /// The id.
        id: ClaudeSessionId,
    },
    /// The program ended.
    Ended {
        /// How.
        #[serde(flatten)]
        exit: Exit,
        /// Whether it had come to its prompt before.
        #[serde(default)]
        reached_prompt: bool,
    },
}

/// What is read from a journal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JournalContents {
    /// The readable records, oldest first.
    pub records: Vec<JournalRecord>,
    /// How many lines could not be read.
    pub unreadable_lines: usize,
}

impl JournalContents {
    /// The program of the last start, unless its end was written down.
    /// A program of an earlier boot has ended with it.
    pub fn unended_program(&self, boot: &str) -> Option<ProcessRef> {
        self.records
            .iter()
            .rev()
            .find_map(|record| match &record.event {
                JournalEvent::Started {
                    program, boot: of, ..
                } => Some((of == boot).then_some(*program)),
                JournalEvent::Ended { .. } => Some(None),
                _ => None,
            })?
    }

    /// How and when the last program ended, if it was written down.
    pub fn last_end(&self) -> Option<(Timestamp, Exit)> {
        self.records
            .iter()
            .rev()
            .find_map(|record| match &record.event {
                JournalEvent::Ended { exit, .. } => Some(Some((record.at, *exit))),
                JournalEvent::Started { .. } => Some(None),
                _ => None,
            })?
    }
}

/// Reads a journal. A missing file is an empty journal.
///
/// # Errors
/// What the system says when the file is there and cannot be read.
pub fn read_journal(path: &Path) -> io::Result<JournalContents> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(mut file) => file.read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let mut contents = JournalContents::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(record) => contents.records.push(record),
            Err(_) => contents.unreadable_lines += 1,
        }
    }
    Ok(contents)
}

/// A journal that its host appends to. The host's lock makes it the only writer.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    last: u64,
    /// Whether a write failed that may have left half a line.
    torn: bool,
}

impl Journal {
    /// Opens the journal, after what it holds already.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let contents = read_journal(path)?;
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .open(path)?;
        // A crash can leave half a line; what follows must not be glued to it.
        if !ends_with_newline(path)? {
            file.write_all(b"\n")?;
        }
        // A new file's name is not on the disk with its first line, not on every file system.
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            last: contents.records.last().map_or(0, |record| record.n),
            torn: false,
        })
    }

    /// Appends a record and returns once it is on the disk. One that could not be written may
    /// be appended again.
    ///
    /// # Errors
    /// What the system says, with the file's name.
    pub fn append(&mut self, at: Timestamp, event: JournalEvent) -> io::Result<()> {
        let record = JournalRecord {
            n: self.last + 1,
            at,
            event,
        };
        let mut line = Vec::new();
        if self.torn {
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, &record)?;
        line.push(b'\n');
        let written = self
            .file
            .write_all(&line)
            .and_then(|()| self.file.sync_data());
        self.torn = written.is_err();
        written.map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        })?;
        self.last += 1;
        Ok(())
    }

    /// The number of the last record.
    pub fn last_number(&self) -> u64 {
        self.last
    }
}

fn ends_with_newline(path: &Path) -> io::Result<bool> {
    use std::io::{Seek, SeekFrom};
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// How far the records of a journal have been folded into the store. Kept beside the journal
/// by whoever folds; the journal itself belongs to its host.
/// A missing or unreadable mark is 0, since folding twice is harmless.
pub fn folded_up_to(mark: &Path) -> u64 {
    fs::read_to_string(mark)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0)
}

/// Notes that the records up to `n` are in the store.
///
/// # Errors
/// What the system says.
pub fn set_folded_up_to(mark: &Path, n: u64) -> io::Result<()> {
    write_atomically(mark, n.to_string().as_bytes())
}

/// The last picture of a terminal, as it is shown until the session is back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The size it was taken at.
    pub size: TerminalSize,
    /// Escape sequences that draw it in an empty viewer of that size.
    pub bytes: Vec<u8>,
}

/// Writes the picture, whole or not at all.
///
/// # Errors
/// What the system says.
pub fn write_picture(path: &Path, picture: &Picture) -> io::Result<()> {
    let mut contents = serde_json::to_vec(&picture.size)?;
    contents.push(b'\n');
    contents.extend_from_slice(&picture.bytes);
    write_atomically(path, &contents)
}

/// Reads a picture; none when there is none or it is not one.
pub fn read_picture(path: &Path) -> Option<Picture> {
    let mut contents = Vec::new();
    File::open(path)
        .ok()?
        .take(PICTURE_BYTES as u64 + 256)
        .read_to_end(&mut contents)
        .ok()?;
    let end = contents.iter().position(|byte| *byte == b'\n')?;
    Some(Picture {
        size: serde_json::from_slice::<TerminalSize>(&contents[..end])
            .ok()?
            .clamped(),
        bytes: contents.split_off(end + 1),
    })
}

pub(super) fn write_atomically(path: &Path, contents: &[u8]) -> io::Result<()> {
    // Several threads may write the same file at once.
    static WRITES: AtomicU32 = AtomicU32::new(0);
    let nr = WRITES.fetch_add(1, Ordering::Relaxed);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{nr}.new", std::process::id()));
    let new = PathBuf::from(name);
    fs::write(&new, contents)?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ClaudeSessionId {
        text.parse().unwrap()
    }

    const A: &str = "00000000-0000-4000-8000-00000000000a";

    #[test]
    fn a_line_cut_by_a_crash_is_passed_over_and_the_numbers_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claude.journal");
        let mut journal = Journal::open(&path).unwrap();
        journal
            .append(
                Timestamp::UNIX_EPOCH,
                JournalEvent::MessageSent { id: id(A) },
            )
            .unwrap();
        OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(br#"{"n":2,"at":"19"#)
            .unwrap();

        let mut journal = Journal::open(&path).unwrap();
        let exit = Exit {
            code: 137,
            signal: Some(9),
        };
        journal
            .append(
                Timestamp::UNIX_EPOCH,
                JournalEvent::Ended {
                    exit,
                    reached_prompt: true,
                },
            )
            .unwrap();

        let contents = read_journal(&path).unwrap();
        assert_eq!(contents.unreadable_lines, 1);
        assert_eq!(
            contents
                .records
                .iter()
                .map(|record| record.n)
                .collect::<Vec<_>>(),
            [1, 2]
        );
        assert_eq!(contents.last_end(), Some((Timestamp::UNIX_EPOCH, exit)));
        assert_eq!(contents.unended_program(""), None);
    }

    #[test]
    fn a_line_cut_by_a_full_disk_takes_no_later_one_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claude.journal");
        let mut journal = Journal::open(&path).unwrap();
        let sent = || JournalEvent::MessageSent { id: id(A) };
        let disk = std::mem::replace(
            &mut journal.file,
            File::options().append(true).open("/dev/full").unwrap(),
        );
        assert!(journal.append(Timestamp::UNIX_EPOCH, sent()).is_err());
        fs::write(&path, br#"{"n":1,"at":"19"#).unwrap();
        journal.file = disk;

        journal.append(Timestamp::UNIX_EPOCH, sent()).unwrap();
        journal.append(Timestamp::UNIX_EPOCH, sent()).unwrap();
        let numbers: Vec<u64> = read_journal(&path)
            .unwrap()
            .records
            .iter()
            .map(|record| record.n)
            .collect();
        assert_eq!(numbers, [1, 2]);
    }

    #[test]
    fn a_picture_comes_back_as_it_was_and_rubbish_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claude.screen");
        let picture = Picture {
            size: TerminalSize { cols: 80, rows: 24 },
            bytes: b"\x1b[2Jhello\n\xff".to_vec(),
        };
        write_picture(&path, &picture).unwrap();
        assert_eq!(read_picture(&path), Some(picture));
        fs::write(&path, b"rubbish\n").unwrap();
        assert_eq!(read_picture(&path), None);
    }
}
