//! What a run's stream makes of its terminal and of its report.
//!
//! The text is for a person who looks in: what the model says, which tools it uses, what
//! failed, what it cost. All of it is untrusted and shown without control characters.

use std::collections::HashSet;
use std::time::Instant;

use reprise_core::claude::stream::{Part, StreamLine, StreamResult};
use reprise_core::model::{is_invisible, one_line};
use reprise_core::session::unattended::{RunPlan, RunReport, RunResult};

/// The most of one text that is shown; the log has all of it.
const MAX_SHOWN_CHARS: usize = 4000;
const MAX_PROMPT_CHARS: usize = 600;
/// The last words on standard error, which say why there was no result.
const MAX_COMPLAINT_CHARS: usize = 1000;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// A run as far as it has come.
pub struct Progress {
    began: Instant,
    text: String,
    report: RunReport,
    /// The answers that were counted as turns. A run of many has as many short ids.
    answers: HashSet<String>,
    /// The tools that are being used, in order, with what they do.
    tools: Vec<(String, String)>,
    complaints: String,
    denials: usize,
}

impl Progress {
    /// A run that is about to start, with its head line.
    pub fn new(plan: &RunPlan) -> Self {
        let mut progress = Self {
            began: Instant::now(),
            text: String::new(),
            report: RunReport::default(),
            answers: HashSet::new(),
            tools: Vec::new(),
            complaints: String::new(),
            denials: 0,
        };
        // The window's title, and with it the sidebar's line.
        progress.text.push_str("\x1b]0;Unattended run\x07");
        progress.say(
            BOLD,
            &format!(
                "Unattended run, permission mode {}",
                plan.spec.permission_mode
            ),
        );
        progress.say(DIM, &format!("Every line is kept in {}", plan.spec.log));
        progress.say("", "");
        let prompt: String = plan.prompt.chars().take(MAX_PROMPT_CHARS).collect();
        let more = plan.prompt.len() > prompt.len();
        progress.say(
            DIM,
            &format!("> {}{}", prompt.trim(), if more { "\u{2026}" } else { "" }),
        );
        progress.say("", "");
        progress
    }

    /// Claude Code was started as this process.
    pub fn started(&mut self, pid: Option<u32>) {
        self.report.claude_pid = pid;
    }

    /// Takes in a line of the stream.
    pub fn line(&mut self, line: &[u8]) {
        match StreamLine::read(line) {
            StreamLine::Init {
                session_id,
                model,
                permission_mode,
            } => {
                self.say(
                    DIM,
                    &format!("{model}, {permission_mode}, conversation {session_id}"),
                );
                self.report.session_id = Some(session_id);
            }
            StreamLine::Assistant {
                message_id,
                in_agent,
                parts,
            } => self.assistant(message_id, in_agent, parts),
            StreamLine::ToolsDone { tools } => {
                for tool in tools {
                    self.tools.retain(|(id, _)| *id != tool.id);
                    if let Some(failure) = tool.failure {
                        self.say(RED, &format!("    \u{2717} {failure}"));
                    }
                }
                self.tell_tool();
            }
            StreamLine::Retry { attempt, of, error } => {
                self.say(YELLOW, &format!("  {error}: try {attempt} of {of} follows"));
            }
            StreamLine::Result(result) => self.result(&result),
            StreamLine::Other => {}
        }
    }

    /// Takes in a line of claude's standard error.
    pub fn complaint(&mut self, line: &[u8]) {
        let line = one_line(&String::from_utf8_lossy(line), MAX_COMPLAINT_CHARS);
        if line.is_empty() {
            return;
        }
        self.say(YELLOW, &line);
        self.complaints.push_str(&line);
        self.complaints.push('\n');
        let surplus = self
            .complaints
            .chars()
            .count()
            .saturating_sub(MAX_COMPLAINT_CHARS);
        if surplus > 0 {
            self.complaints = self.complaints.chars().skip(surplus).collect();
        }
    }

    /// Claude has ended. Without a result, that it ended is the result.
    pub fn ended(&mut self, code: u8, signal: Option<i32>) {
        self.report.tool = None;
        let how = match signal {
            Some(signal) => format!("by signal {signal}"),
            None => format!("with status {code}"),
        };
        match &mut self.report.result {
            None => {
                let mut text = format!("Claude Code ended {how} before it had a result.");
                if !self.complaints.is_empty() {
                    text.push('\n');
                    text.push_str(self.complaints.trim_end());
                }
                self.report.result = Some(RunResult {
                    ok: false,
                    kind: "no_result".to_owned(),
                    text: text.clone(),
                });
                self.say("", "");
                self.say(
                    RED,
                    &format!("\u{2717} {}", text.lines().next().unwrap_or_default()),
                );
            }
            Some(result) if result.ok && code != 0 => {
                self.say(YELLOW, &format!("Claude Code then ended {how}."));
            }
            Some(_) => {}
        }
    }

    /// Claude Code could not be started.
    pub fn not_started(&mut self, error: &std::io::Error) {
        let text = format!("The run could not be started: {error}");
        self.say(RED, &format!("\u{2717} {text}"));
        self.report.result = Some(RunResult {
            ok: false,
            kind: "not_started".to_owned(),
            text,
        });
    }

    /// Says something beside the stream.
    pub fn note(&mut self, note: &str) {
        self.say(YELLOW, note);
    }

    /// The report as of now.
    pub fn report(&self) -> RunReport {
        self.report.clone()
    }

    /// What is to be written onto the terminal next.
    pub fn take_text(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    fn assistant(&mut self, message_id: String, in_agent: bool, parts: Vec<Part>) {
        let indent = if in_agent { "    " } else { "" };
        if !in_agent && self.answers.insert(message_id) {
            self.report.turns = u32::try_from(self.answers.len()).unwrap_or(u32::MAX);
        }
        for part in parts {
            match part {
                Part::Text(text) if text.trim().is_empty() => {}
                // What a sub-agent says is for the model; its tools are shown.
                Part::Text(_) if in_agent => {}
                Part::Text(text) => {
                    self.say("", "");
                    self.say("", text.trim());
                }
                Part::Tool { id, name, input } => {
                    self.text.push_str(indent);
                    self.text.push_str("  ");
                    self.text.push_str(BOLD);
                    self.put(&name);
                    self.text.push_str(PLAIN);
                    self.text.push_str("  ");
                    self.put(&input);
                    self.text.push('\n');
                    let what = match input.as_str() {
                        "" => name,
                        input => format!("{name}: {input}"),
                    };
                    self.tools.push((id, what));
                }
            }
        }
        self.tell_tool();
    }

    fn tell_tool(&mut self) {
        self.report.tool = self.tools.last().map(|(_, what)| what.clone());
    }

    fn result(&mut self, result: &StreamResult) {
        self.tools.clear();
        self.report.tool = None;
        if let Some(turns) = result.turns {
            self.report.turns = turns;
        }
        self.report.cost_usd = result.cost_usd;
        self.denials = result.denials;
        self.report.result = Some(RunResult {
            ok: result.ok,
            kind: result.kind.clone(),
            text: result.text.clone(),
        });
        let seconds = self.began.elapsed().as_secs();
        let mut facts = vec![format!("{} min {} s", seconds / 60, seconds % 60)];
        facts.push(match self.report.turns {
            1 => "1 turn".to_owned(),
            turns => format!("{turns} turns"),
        });
        if let Some(cost) = result.cost_usd {
            facts.push(format!("${cost:.2}"));
        }
        let facts = facts.join(", ");
        self.say("", "");
        if result.ok {
            self.say(GREEN, &format!("\u{2713} Done: {facts}"));
        } else {
            self.say(RED, &format!("\u{2717} Failed ({}): {facts}", result.kind));
            self.say(RED, result.text.trim());
        }
        match self.denials {
            0 => {}
            1 => self.say(
                YELLOW,
                "One permission was refused, since nobody was there to give it.",
            ),
            denials => self.say(
                YELLOW,
                &format!(
                    "{denials} permissions were refused, since nobody was there to give them."
                ),
            ),
        }
    }

    /// Adds a text of one or several lines, in a style.
    fn say(&mut self, style: &str, text: &str) {
        self.text.push_str(style);
        self.put(text);
        if !style.is_empty() {
            self.text.push_str(PLAIN);
        }
        self.text.push('\n');
    }

    /// Adds a text, cut, without its control characters: nothing that the model or a tool
    /// says controls the terminal.
    fn put(&mut self, text: &str) {
        for (n, char) in text.chars().enumerate() {
            match char {
                _ if n >= MAX_SHOWN_CHARS => {
                    self.text.push('\u{2026}');
                    return;
                }
                '\n' => self.text.push('\n'),
                '\t' => self.text.push_str("    "),
                char if char.is_control() || is_invisible(char) => {}
                char => self.text.push(char),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reprise_core::session::unattended::RunSpec;

    const ID: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

    fn progress(prompt: &str) -> Progress {
        Progress::new(&RunPlan {
            program: "/opt/claude".into(),
            args: Vec::new(),
            prompt: prompt.to_owned(),
            spec: RunSpec {
                permission_mode: "acceptEdits".to_owned(),
                about: None,
                log: "/runs/1.jsonl".to_owned(),
                record: "/runs/1.json".to_owned(),
            },
            lock: "/claude.lock".into(),
        })
    }

    fn tool(id: &str, command: &str) -> String {
        format!(
            r#"{{"type":"assistant","message":{{"id":"m{id}","content":[{{"type":"tool_use","id":"{id}","name":"Bash","input":{{"command":"{command}"}}}}]}},"parent_tool_use_id":null}}"#
        )
    }

    fn done(id: &str, error: bool) -> String {
        format!(
            r#"{{"type":"user","message":{{"content":[{{"type":"tool_result","tool_use_id":"{id}","content":"no such file","is_error":{error}}}]}}}}"#
        )
    }

    #[test]
    fn a_run_is_told_from_its_stream() {
        let mut run = progress("/gsd:new-milestone x\nand more");
        run.started(Some(7));
        run.line(format!(r#"{{"type":"system","subtype":"init","session_id":"{ID}","model":"m","permissionMode":"acceptEdits"}}"#).as_bytes());
        run.line(tool("1", "make").as_bytes());
        run.line(tool("2", "ls").as_bytes());
        assert_eq!(run.report().tool.as_deref(), Some("Bash: ls"));
        run.line(done("2", true).as_bytes());
        assert_eq!(run.report().tool.as_deref(), Some("Bash: make"));
        run.line(done("1", false).as_bytes());
        let report = run.report();
        assert_eq!((report.tool, report.turns), (None, 2));
        assert_eq!(report.session_id.unwrap().as_str(), ID);
        run.line(br#"{"type":"result","subtype":"success","is_error":false,"result":"built","num_turns":3,"total_cost_usd":0.123,"permission_denials":[{}]}"#);
        run.ended(0, None);
        let report = run.report();
        let result = report.result.unwrap();
        assert!(result.ok && result.text == "built");
        assert_eq!((report.turns, report.cost_usd), (3, Some(0.123)));
        let text = run.take_text();
        for part in [
            "acceptEdits",
            "/gsd:new-milestone x\nand more",
            "make",
            "no such file",
            "3 turns, $0.12",
            "One permission",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
    }

    #[test]
    fn an_end_without_a_result_is_one_and_says_why() {
        let mut run = progress("go");
        run.complaint(b"error: option \x1b[31m'--permission-mode'");
        run.ended(1, None);
        let result = run.report().result.unwrap();
        assert!(!result.ok);
        assert_eq!(result.kind, "no_result");
        assert!(result.text.contains("status 1"), "{}", result.text);
        assert!(
            result
                .text
                .contains("error: option [31m'--permission-mode'")
        );
    }

    #[test]
    fn nothing_that_is_said_controls_the_terminal() {
        let mut run = progress("a\u{1b}[2Jb\u{9b}31m");
        run.take_text();
        let line = serde_json::json!({
            "type": "assistant",
            "message": {"id": "m", "content": [
                {"type": "text", "text": "\u{1b}]52;c;aGk=\u{7}hello\u{202e}\r\nthere"},
                {"type": "tool_use", "id": "t", "name": "Ba\u{1b}[Hsh", "input": {"command": "\u{7}ls"}},
            ]},
            "parent_tool_use_id": null,
        });
        run.line(line.to_string().as_bytes());
        run.complaint("\u{1b}c".as_bytes());
        let text = run.take_text();
        let bare = [BOLD, DIM, RED, GREEN, YELLOW, PLAIN]
            .iter()
            .fold(text, |text, style| text.replace(style, ""));
        assert!(
            !bare.contains(|char: char| char.is_control() && char != '\n'),
            "{bare:?}"
        );
        assert!(!bare.contains('\u{202e}'));
        assert!(bare.contains("hello\nthere"), "{bare:?}");
    }
}
