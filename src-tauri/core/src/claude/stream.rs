//! What `claude -p --output-format stream-json --verbose` prints, line by line.
//!
//! Seen with 2.1.329. Every key may come in any place, every field but those that name the
//! line is optional here, and a line of another shape is [`StreamLine::Other`].

use serde::Deserialize;
use serde_json::Value;

use super::{capture_session_id_from_line, tool_input};
use crate::model::{ClaudeSessionId, one_line};

/// A line beyond this many bytes is not looked into: the CLI's own are far shorter, but for
/// the results of tools, of which nothing is needed.
pub const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;
/// What is kept of one text, in characters.
const MAX_TEXT_CHARS: usize = 16 * 1024;
/// What is kept of a tool's input and of names, in characters.
const MAX_INPUT_CHARS: usize = 160;
const MAX_NAME_CHARS: usize = 80;

/// One line of the stream, as far as a viewer of it needs it. All text is untrusted.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamLine {
    /// The run begins.
    Init {
        /// Its conversation.
        session_id: ClaudeSessionId,
        /// The model.
        model: String,
        /// The permission mode, in the CLI's word.
        permission_mode: String,
    },
    /// The model said something or uses tools.
    Assistant {
        /// Names the answer; several lines carry parts of one.
        message_id: String,
        /// A sub-agent said it.
        in_agent: bool,
        /// What it said and uses.
        parts: Vec<Part>,
    },
    /// Tools are done.
    ToolsDone {
        /// Each with its id and whether it failed, and then what it said.
        tools: Vec<ToolDone>,
    },
    /// The API refused, and it is tried again.
    Retry {
        /// Which try follows.
        attempt: u64,
        /// How many there are.
        of: u64,
        /// What was wrong.
        error: String,
    },
    /// The run is over.
    Result(StreamResult),
    /// Anything else.
    Other,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text for the person.
    Text(String),
    /// A tool is used.
    Tool {
        /// Names this use.
        id: String,
        /// The tool.
        name: String,
        /// What it is to do, in one line.
        input: String,
    },
}

/// A tool that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolDone {
    /// The use that [`Part::Tool`] named.
    pub id: String,
    /// What went wrong, in one line; none where nothing did.
    pub failure: Option<String>,
}

/// The last line of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamResult {
    /// Whether it is a success: an API error has the subtype `success` and is none.
    pub ok: bool,
    /// The subtype.
    pub kind: String,
    /// The last answer, or what went wrong.
    pub text: String,
    /// How many turns it took.
    pub turns: Option<u32>,
    /// What it cost, in US dollars.
    pub cost_usd: Option<f64>,
    /// How many times a permission was refused because nobody was there to give it.
    pub denials: usize,
}

impl StreamLine {
    /// Reads one line, with or without its end.
    pub fn read(line: &[u8]) -> Self {
        if line.len() > MAX_LINE_BYTES {
            return Self::Other;
        }
        if let Some(session_id) = capture_session_id_from_line(line) {
            let Init { model, mode } = serde_json::from_slice(line).unwrap_or_default();
            return Self::Init {
                session_id,
                model: name(&model),
                permission_mode: name(&mode),
            };
        }
        let Ok(line) = serde_json::from_slice::<Line>(line) else {
            return Self::Other;
        };
        match (line.r#type.as_str(), line.subtype.as_str()) {
            ("assistant", _) => Self::Assistant {
                message_id: line.message.id,
                in_agent: !line.parent_tool_use_id.is_null(),
                parts: parts(&line.message.content),
            },
            ("user", _) => Self::ToolsDone {
                tools: tools_done(&line.message.content),
            },
            ("system", "api_retry") => Self::Retry {
                attempt: line.attempt.as_u64().unwrap_or(0),
                of: line.max_retries.as_u64().unwrap_or(0),
                error: match (line.error_status.as_u64(), line.error.as_str()) {
                    (Some(status), Some(error)) => name(&format!("{status} {error}")),
                    (Some(status), None) => status.to_string(),
                    (None, error) => name(error.unwrap_or("no answer")),
                },
            },
            ("result", _) => Self::Result(line.into_result()),
            _ => Self::Other,
        }
    }
}

impl Line {
    fn into_result(self) -> StreamResult {
        let errors: Vec<&str> = self
            .errors
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let text = match self.result.as_str() {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => errors.join("\n"),
        };
        StreamResult {
            ok: self.is_error != Value::Bool(true) && self.subtype == "success",
            kind: name(&self.subtype),
            text: cut(&text),
            turns: self
                .num_turns
                .as_u64()
                .and_then(|turns| u32::try_from(turns).ok()),
            cost_usd: self.total_cost_usd.as_f64().filter(|cost| *cost >= 0.0),
            denials: self.permission_denials.as_array().map_or(0, Vec::len),
        }
    }
}

fn parts(content: &Value) -> Vec<Part> {
    if let Some(text) = content.as_str() {
        return vec![Part::Text(cut(text))];
    }
    let blocks = content.as_array().into_iter().flatten();
    blocks
        .filter_map(|block| match text_of(block, "type") {
            "text" => Some(Part::Text(cut(text_of(block, "text")))),
            "tool_use" => Some(Part::Tool {
                id: text_of(block, "id").to_owned(),
                name: name(text_of(block, "name")),
                input: tool_input::in_one_line(&block["input"], MAX_INPUT_CHARS),
            }),
            _ => None,
        })
        .collect()
}

fn tools_done(content: &Value) -> Vec<ToolDone> {
    let blocks = content.as_array().into_iter().flatten();
    blocks
        .filter(|block| text_of(block, "type") == "tool_result")
        .map(|block| ToolDone {
            id: text_of(block, "tool_use_id").to_owned(),
            failure: (block["is_error"] == Value::Bool(true)).then(|| said(&block["content"])),
        })
        .collect()
}

/// What a tool said, in one line.
fn said(content: &Value) -> String {
    let text = match content {
        Value::Array(blocks) => blocks.iter().map(|block| text_of(block, "text")).collect(),
        content => content.as_str().unwrap_or_default().to_owned(),
    };
    one_line(&text, MAX_INPUT_CHARS)
}

fn text_of<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn name(text: &str) -> String {
    one_line(text, MAX_NAME_CHARS)
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT_CHARS).collect()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Init {
    model: String,
    #[serde(rename = "permissionMode")]
    mode: String,
}

/// The fields of every kind of line. Their types are loose, but for those that name it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    r#type: String,
    subtype: String,
    message: Message,
    parent_tool_use_id: Value,
    attempt: Value,
    max_retries: Value,
    error_status: Value,
    error: Value,
    is_error: Value,
    result: Value,
    errors: Value,
    num_turns: Value,
    total_cost_usd: Value,
    permission_denials: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message {
    id: String,
    content: Value,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

    fn read(line: &str) -> StreamLine {
        StreamLine::read(line.as_bytes())
    }

    #[test]
    fn the_lines_of_a_run_are_read() {
        let init = format!(
            r#"{{"type":"system","subtype":"init","session_id":"{ID}","model":"m","permissionMode":"plan","tools":[]}}"#
        );
        assert_eq!(
            read(&init),
            StreamLine::Init {
                session_id: ID.parse().unwrap(),
                model: "m".into(),
                permission_mode: "plan".into(),
            }
        );
        assert_eq!(
            read(
                r#"{"type":"assistant","message":{"id":"m1","content":[{"type":"thinking","thinking":"t"},
                {"type":"text","text":"hello\n"},{"type":"tool_use","id":"t1","name":"Bash",
                "input":{"command":"make test"}}]},"parent_tool_use_id":null}"#
            ),
            StreamLine::Assistant {
                message_id: "m1".into(),
                in_agent: false,
                parts: vec![
                    Part::Text("hello\n".into()),
                    Part::Tool {
                        id: "t1".into(),
                        name: "Bash".into(),
                        input: "make test".into()
                    },
                ],
            }
        );
        assert_eq!(
            read(
                r#"{"type":"user","message":{"content":[
                {"type":"tool_result","tool_use_id":"t1","content":"ok","is_error":false},
                {"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"no\nway"}],"is_error":true}]}}"#
            ),
            StreamLine::ToolsDone {
                tools: vec![
                    ToolDone {
                        id: "t1".into(),
                        failure: None
                    },
                    ToolDone {
                        id: "t2".into(),
                        failure: Some("no way".into())
                    },
                ],
            }
        );
        assert_eq!(
            read(
                r#"{"type":"system","subtype":"api_retry","attempt":2,"max_retries":10,"error_status":529,"error":"overloaded"}"#
            ),
            StreamLine::Retry {
                attempt: 2,
                of: 10,
                error: "529 overloaded".into()
            }
        );
    }

    #[test]
    fn a_result_is_a_success_only_where_nothing_says_otherwise() {
        let result = |line: &str| match read(line) {
            StreamLine::Result(result) => result,
            other => panic!("{other:?}"),
        };
        let good = result(
            r#"{"result":"done","num_turns":3,"subtype":"success","total_cost_usd":0.5,
               "permission_denials":[{}],"is_error":false,"type":"result"}"#,
        );
        assert_eq!((good.ok, good.text.as_str()), (true, "done"));
        assert_eq!(
            (good.turns, good.cost_usd, good.denials),
            (Some(3), Some(0.5), 1)
        );
        let api = result(
            r#"{"type":"result","subtype":"success","is_error":true,"result":"API Error: 400"}"#,
        );
        assert_eq!((api.ok, api.text.as_str()), (false, "API Error: 400"));
        let turns = result(
            r#"{"type":"result","subtype":"error_max_turns","is_error":true,"errors":["a","b"]}"#,
        );
        assert_eq!(
            (turns.ok, turns.kind.as_str(), turns.text.as_str()),
            (false, "error_max_turns", "a\nb")
        );
    }

    #[test]
    fn what_is_no_line_of_the_stream_is_another() {
        for line in [
            "",
            "hello",
            "[]",
            "7",
            r#"{"type":7}"#,
            r#"{"type":"system","subtype":"status"}"#,
            r#"{"type":"stream_event"}"#,
        ] {
            assert_eq!(read(line), StreamLine::Other, "{line}");
        }
        let long = format!(
            r#"{{"type":"result","result":"{}"}}"#,
            "x".repeat(9_000_000)
        );
        assert_eq!(read(&long), StreamLine::Other);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = StreamLine::read(&bytes);
        }

        #[test]
        fn fields_of_any_shape_are_survived(
            kind in "assistant|user|result|system", value in "null|1|\"x\"|\\[\\]|\\[\\{\\}\\]|\\{\\}|true",
            field in "message|result|errors|num_turns|attempt|permission_denials|subtype",
        ) {
            let _ = read(&format!(r#"{{"type":"{kind}","{field}":{value}}}"#));
            let _ = read(&format!(r#"{{"type":"{kind}","message":{{"content":{value}}}}}"#));
        }
    }
}
