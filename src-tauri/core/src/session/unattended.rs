//! What is told of an unattended run: by the program that runs it to its host, and by the
//! host to everybody who looks.

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{ClaudeSessionId, Exit, one_line};

/// The longest text of a result that the host passes on, in characters. All of it is in the
/// run's log.
pub const MAX_RESULT_CHARS: usize = 4000;
/// The longest description of a tool in use, in characters.
pub const MAX_TOOL_CHARS: usize = 200;

/// What is known of an unattended run before it starts. It belongs to the host's
/// specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSpec {
    /// The person's choice for `--permission-mode`.
    pub permission_mode: String,
    /// What it is run for, in the starter's own terms (a milestone's id); not looked into.
    #[serde(default)]
    pub about: Option<String>,
    /// The file that every line of the stream is kept in.
    pub log: String,
    /// Where the host writes down how it went, for later: a [`RunRecord`].
    pub record: String,
}

/// What the program of an unattended run does. It is handed over in a file of its own, since
/// a prompt may be long and is nobody else's to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPlan {
    /// Claude Code.
    pub program: PathBuf,
    /// Its arguments, as the system takes them.
    pub args: Vec<OsString>,
    /// What goes to its standard input.
    pub prompt: String,
    /// What is said of the run in its terminal.
    pub spec: RunSpec,
    /// The host's lock, through which it is found.
    pub lock: PathBuf,
}

/// An unattended run, as the status of its host tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStatus {
    /// When it was started.
    pub started_at: Timestamp,
    /// The person's choice for `--permission-mode`.
    pub permission_mode: String,
    /// What it is run for, as the starter said it.
    #[serde(default)]
    pub about: Option<String>,
    /// The file that every line of the stream is kept in.
    pub log: String,
    /// The id that the stream's init line named; none before that line.
    #[serde(default)]
    pub session_id: Option<ClaudeSessionId>,
    /// The tool that is being used, with what it does; none between tools.
    #[serde(default)]
    pub tool: Option<String>,
    /// How many times the model has answered.
    #[serde(default)]
    pub turns: u32,
    /// What the run has cost, in US dollars; the CLI tells it with the result.
    #[serde(default)]
    pub cost_usd: Option<f64>,
    /// What came of it; none while it runs.
    #[serde(default)]
    pub result: Option<RunResult>,
    /// Somebody asked for its end.
    #[serde(default)]
    pub cancelled: bool,
}

/// What came of an unattended run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResult {
    /// Whether the CLI calls it a success.
    pub ok: bool,
    /// The CLI's word for it (`success`, `error_max_turns`, `error_during_execution`), or
    /// `no_result` where it ended without one, `not_started` where it could not be started.
    pub kind: String,
    /// The last answer, or what went wrong. Untrusted text of several lines, cut to
    /// [`MAX_RESULT_CHARS`].
    pub text: String,
}

/// The payload of [`super::protocol::Request::Report`]: all that is known of a run at one
/// moment. Only the terminal's own program is believed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunReport {
    /// The id that the stream's init line named.
    pub session_id: Option<ClaudeSessionId>,
    /// The tool that is being used.
    pub tool: Option<String>,
    /// How many times the model has answered.
    pub turns: u32,
    /// What the run has cost, in US dollars.
    pub cost_usd: Option<f64>,
    /// What came of it.
    pub result: Option<RunResult>,
    /// Claude Code's own process.
    pub claude_pid: Option<u32>,
}

/// How a run went, as it stands in a file after its host is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// All that was known of it.
    #[serde(flatten)]
    pub run: RunStatus,
    /// When it ended; none when it still runs or its host was killed.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// How its program ended.
    #[serde(default)]
    pub exit: Option<Exit>,
}

impl RunStatus {
    /// A run that was just started.
    pub fn new(spec: &RunSpec, started_at: Timestamp) -> Self {
        Self {
            started_at,
            permission_mode: spec.permission_mode.clone(),
            about: spec.about.clone(),
            log: spec.log.clone(),
            session_id: None,
            tool: None,
            turns: 0,
            cost_usd: None,
            result: None,
            cancelled: false,
        }
    }

    /// Takes in what the run's program reports, its texts cut to their limits. The id of the
    /// init line and the result stay as they were told first.
    pub fn take_in(&mut self, report: RunReport) {
        self.tool = report.tool.map(|tool| one_line(&tool, MAX_TOOL_CHARS));
        self.turns = report.turns;
        self.cost_usd = report.cost_usd.filter(|cost| cost.is_finite());
        if self.session_id.is_none() {
            self.session_id = report.session_id;
        }
        if self.result.is_none() {
            self.result = report.result.map(RunResult::within_limits);
        }
    }
}

impl RunResult {
    fn within_limits(self) -> Self {
        Self {
            ok: self.ok,
            kind: one_line(&self.kind, 80),
            text: self.text.chars().take(MAX_RESULT_CHARS).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_reports_is_brought_within_limits_and_a_result_stays() {
        let spec = RunSpec {
            permission_mode: "acceptEdits".into(),
            about: None,
            log: "/l".into(),
            record: "/r".into(),
        };
        let mut run = RunStatus::new(&spec, Timestamp::UNIX_EPOCH);
        let result = |text: &str| {
            Some(RunResult {
                ok: true,
                kind: "success".into(),
                text: text.into(),
            })
        };
        run.take_in(RunReport {
            tool: Some("Bash\n".repeat(500)),
            cost_usd: Some(f64::NAN),
            result: result(&"x".repeat(100_000)),
            ..RunReport::default()
        });
        run.take_in(RunReport {
            turns: 3,
            result: result("another"),
            ..RunReport::default()
        });
        assert_eq!((run.turns, run.cost_usd, &run.tool), (3, None, &None));
        let text = run.result.unwrap().text;
        assert_eq!(text, "x".repeat(MAX_RESULT_CHARS));
    }

    #[test]
    fn a_report_of_another_version_is_read_as_far_as_it_is_known() {
        let report: RunReport = serde_json::from_str(r#"{"turns":2,"later":[1]}"#).unwrap();
        assert_eq!(report.turns, 2);
    }
}
