//! The node process that judges: see `oracle.mjs`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use reprise_core::session::screen::{Snapshot, SnapshotPart};
use serde::{Deserialize, Serialize};

/// What is compared: a stream with a cut in it, and the snapshot taken there.
#[derive(Serialize)]
pub struct Question {
    pub cols: u16,
    pub rows: u16,
    pub scrollback: usize,
    #[serde(serialize_with = "base64_list")]
    pub before: Vec<Vec<u8>>,
    pub snapshot: Vec<Part>,
    #[serde(serialize_with = "base64_list")]
    pub after: Vec<Vec<u8>>,
    #[serde(serialize_with = "base64_one")]
    pub queries: Vec<u8>,
    #[serde(serialize_with = "base64_one")]
    pub answers: Vec<u8>,
    /// What the viewer of the snapshot had before it; none for a fresh one.
    pub skip: Option<Skip>,
}

/// A part of the snapshot.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    Stream(#[serde(serialize_with = "base64_one")] Vec<u8>),
    Lines(#[serde(serialize_with = "base64_one")] Vec<u8>),
}

/// The parts of a snapshot.
pub fn parts(snapshot: Snapshot) -> Vec<Part> {
    let part = |part| match part {
        SnapshotPart::Stream(bytes) => Part::Stream(bytes),
        SnapshotPart::Lines(bytes) => Part::Lines(bytes),
    };
    snapshot.parts.into_iter().map(part).collect()
}

/// A viewer that was skipped ahead: it saw the first pieces of the stream, then repaints.
#[derive(Serialize)]
pub struct Skip {
    pub seen: usize,
    pub repaints: Vec<Repainted>,
}

#[derive(Serialize)]
pub struct Repainted {
    /// How many pieces of the stream came before it.
    pub after: usize,
    #[serde(serialize_with = "base64_one")]
    pub bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct Answer {
    skipped: bool,
    differences: Vec<String>,
}

pub struct Oracle {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// How many questions were left out for a known difference.
    pub skipped: u64,
}

impl Oracle {
    pub fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/snapshot/oracle.mjs");
        let mut child = Command::new("node")
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is needed for this test");
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            requests,
            answers,
            skipped: 0,
        }
    }

    /// What differs between the stream and the snapshot; nothing when they agree.
    pub fn judge(&mut self, question: &Question) -> Vec<String> {
        let mut line = serde_json::to_vec(question).unwrap();
        line.push(b'\n');
        let requests = self.requests.as_mut().unwrap();
        requests
            .write_all(&line)
            .and_then(|()| requests.flush())
            .expect("the oracle ended: its message is above");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        assert!(!answer.is_empty(), "the oracle ended: its message is above");
        let answer: Answer = serde_json::from_str(&answer).unwrap();
        self.skipped += u64::from(answer.skipped);
        answer.differences
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.requests.take());
        let _ = self.child.wait();
    }
}

fn base64_one<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base64(bytes))
}

fn base64_list<S: serde::Serializer>(list: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.iter().map(|bytes| base64(bytes)))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            if i <= group.len() {
                out.push(DIGITS[(bits >> (18 - 6 * i) & 63) as usize] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}
