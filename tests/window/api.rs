//! The loopback API that the real Claude Code talks to (`tests/fake-claude-api`).

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::processes::Process;

pub struct Api {
    pub url: String,
    log: PathBuf,
    /// It exits when its standard input closes, whatever becomes of the test.
    _process: Process,
}

impl Api {
    pub fn start(repository: &Path, log: PathBuf) -> Self {
        let mut process = Process::start(
            Command::new("node")
                .arg(repository.join("tests/fake-claude-api/server.mjs"))
                .args(["--stdin-lifeline", "--log"])
                .arg(&log)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        let mut ready = String::new();
        let pipe = process.child.stdout.take().expect("a piped stdout");
        BufReader::new(pipe)
            .read_line(&mut ready)
            .expect("the API says when it listens");
        let ready: Value = serde_json::from_str(&ready).expect("one JSON line");
        let url = ready["url"].as_str().expect("its address").to_owned();
        Self {
            url,
            log,
            _process: process,
        }
    }

    /// The conversations' requests so far, oldest first, without the CLI's side requests.
    pub fn messages(&self) -> Vec<Value> {
        fs::read_to_string(&self.log)
            .unwrap_or_default()
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|entry| entry["turn"].is_number() && entry["side"] == false)
            .collect()
    }
}
