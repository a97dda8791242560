//! A tool's input in one line: what a person wants to know of it before saying yes.

use serde_json::Value;

use crate::model::one_line;

/// What is taken of one field, in characters; the line is cut to its own limit after.
const FIELD_CHARS: usize = 2000;

/// The field that tells most of a tool's input, first match first: the command of Bash, the
/// file of Read, Edit and Write, the address of WebFetch, what is searched for, the plan of
/// ExitPlanMode, what a sub-agent is for.
const TELLING: &[&str] = &[
    "command",
    "file_path",
    "notebook_path",
    "path",
    "url",
    "query",
    "pattern",
    "plan",
    "skill",
    "description",
    "prompt",
];

/// The line for a tool's `input`, of `max_chars` at most: the questions of AskUserQuestion,
/// otherwise the most telling field, otherwise all of it as JSON.
pub fn in_one_line(input: &Value, max_chars: usize) -> String {
    let Value::Object(fields) = input else {
        return match input {
            Value::Null => String::new(),
            Value::String(text) => one_line(text, max_chars),
            other => one_line(&bounded_json(other), max_chars),
        };
    };
    let questions: Vec<&str> = fields
        .get("questions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|question| question.get("question")?.as_str())
        .take(8)
        .collect();
    if !questions.is_empty() {
        return one_line(&questions.join(" "), max_chars);
    }
    let telling = TELLING
        .iter()
        .find_map(|name| fields.get(*name)?.as_str())
        .filter(|text| !text.trim().is_empty());
    match telling {
        Some(text) => one_line(text, max_chars),
        None if fields.is_empty() => String::new(),
        None => one_line(&bounded_json(input), max_chars),
    }
}

fn bounded_json(value: &Value) -> String {
    value.to_string().chars().take(FIELD_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_most_telling_part_of_a_tools_input_is_shown() {
        for (input, line) in [
            (
                json!({"description": "Run the tests", "command": "make\ntest"}),
                "make test",
            ),
            (json!({"content": "x", "file_path": "/a/b"}), "/a/b"),
            (
                json!({"questions": [{"question": "Which?"}, {"question": "Why?"}]}),
                "Which? Why?",
            ),
            (json!({"answer": 42}), r#"{"answer":42}"#),
            (json!({"command": " "}), r#"{"command":" "}"#),
            (json!({}), ""),
            (json!(null), ""),
            (json!("plain\ttext"), "plain text"),
            (json!([1, 2]), "[1,2]"),
        ] {
            assert_eq!(in_one_line(&input, 80), line, "{input}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_input_the_line_stays_within_its_limit(
            name in "command|questions|file_path|x", text in ".{0,200}", max in 1_usize..50,
        ) {
            for value in [json!(text), json!([{"question": text}]), json!({"a": text})] {
                let line = in_one_line(&json!({name.clone(): value}), max);
                prop_assert!(line.chars().count() <= max);
            }
        }
    }
}
