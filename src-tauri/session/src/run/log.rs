//! The kept log of a run: every line of the stream, up to a bound.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A log is cut beyond this many bytes: a run that writes more is not read line by line.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// A log that is being written.
pub struct Log {
    path: PathBuf,
    file: File,
    left: u64,
    trouble: Option<String>,
}

impl Log {
    /// Opens the log, mode 0600.
    ///
    /// # Errors
    /// What the system says, with the file's name.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::bounded(path, MAX_BYTES)
    }

    fn bounded(path: &Path, left: u64) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            left,
            trouble: None,
        })
    }

    /// Keeps a line of the stream.
    pub fn stream_line(&mut self, line: &[u8]) {
        let mut whole = line.to_vec();
        whole.push(b'\n');
        self.write(&whole);
    }

    /// Keeps a line of standard error, as an object of our own among those of the stream.
    pub fn complaint(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let line = serde_json::json!({"type": "stderr", "text": text}).to_string();
        self.stream_line(line.as_bytes());
    }

    /// Why not everything is in the log, where that is so.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.trouble.is_some() {
            return;
        }
        if bytes.len() as u64 > self.left {
            self.trouble = Some(format!(
                "the log {} is full and ends early",
                self.path.display()
            ));
            return;
        }
        self.left -= bytes.len() as u64;
        // A full disk ends the log, not the run.
        if let Err(error) = self.file.write_all(bytes) {
            self.trouble = Some(format!(
                "the log {} ends early: {error}",
                self.path.display()
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_log_is_the_persons_alone_and_ends_with_a_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let mut log = Log::bounded(&path, 60).unwrap();
        log.stream_line(br#"{"type":"a"}"#);
        log.complaint(b"no \"way\"");
        assert_eq!(log.trouble(), None);
        log.stream_line(&[b'x'; 30]);
        log.stream_line(b"y");
        assert!(log.trouble().unwrap().contains("log.jsonl"));
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1]["text"], "no \"way\"");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
