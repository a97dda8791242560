//! The real Claude Code CLI and the loopback API that it talks to, for every test binary
//! (each includes this file by its path).

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The key that the CLI is given; the API takes any.
pub const KEY: &str = "sk-ant-dummy";

/// The CLI that is tested: `REPRISE_TEST_CLAUDE`, or the one that `ui/package.json` pins.
pub fn program() -> PathBuf {
    if let Some(chosen) = std::env::var_os("REPRISE_TEST_CLAUDE") {
        return chosen.into();
    }
    let pinned = repository().join("ui/node_modules/.bin/claude");
    if !pinned.exists() {
        let setup = repository().join(".ci/setup.sh");
        let status = Command::new(setup).arg("core").status().unwrap();
        assert!(status.success() && pinned.exists(), "{pinned:?} is missing");
    }
    pinned
}

fn repository() -> PathBuf {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    core.join("../..").canonicalize().unwrap()
}

/// The CLI's settings of a person who has answered its first questions and trusts these
/// folders (their real paths).
pub fn settings(trusted: &[&Path]) -> String {
    let projects: serde_json::Map<String, serde_json::Value> = trusted
        .iter()
        .map(|folder| {
            (
                folder.to_str().unwrap().to_owned(),
                serde_json::json!({"hasTrustDialogAccepted": true}),
            )
        })
        .collect();
    serde_json::json!({
        "hasCompletedOnboarding": true,
        "hasSeenAutoDefaultNotice": true,
        "customApiKeyResponses": {"approved": [KEY], "rejected": []},
        "projects": projects,
    })
    .to_string()
}

/// The variables that send the CLI to this API and nowhere else.
pub fn variables(api: &Api) -> [(&'static str, &str); 5] {
    [
        ("ANTHROPIC_BASE_URL", &api.url),
        ("ANTHROPIC_API_KEY", KEY),
        ("DISABLE_TELEMETRY", "1"),
        ("DISABLE_AUTOUPDATER", "1"),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ]
}

/// The loopback API (`tests/fake-claude-api`). It ends with the test process, however that
/// ends.
pub struct Api {
    child: Child,
    pub url: String,
    log: tempfile::TempDir,
}

impl Api {
    pub fn start() -> Self {
        let log = tempfile::tempdir().unwrap();
        let mut child = Command::new("node")
            .arg(repository().join("tests/fake-claude-api/server.mjs"))
            .arg("--stdin-lifeline")
            .arg("--log")
            .arg(log.path().join("api.jsonl"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node must be installed: run `make setup`");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let url = ready["url"].as_str().unwrap().to_owned();
        Self { child, url, log }
    }

    /// What was said last in each request for an answer, in order. The CLI's side requests,
    /// for a title and the like, are none.
    #[allow(dead_code)]
    pub fn said(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.log.path().join("api.jsonl")).unwrap_or_default();
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines
            .filter(|line| line["path"] == "/v1/messages" && line["side"] == false)
            .map(|line| line["last"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
