//! The session id in the CLI's `--output-format stream-json`, which it prints with `-p` only.

use serde::Deserialize;

use crate::model::ClaudeSessionId;

/// The id that a line of stream-json announces: of the object with `type` `system` and
/// `subtype` `init`, in whatever order its keys come.
///
/// Every other line gives none: other events, text, broken JSON, broken UTF-8, and an
/// init whose id is not a UUID.
pub fn capture_session_id_from_line(line: impl AsRef<[u8]>) -> Option<ClaudeSessionId> {
    #[derive(Deserialize)]
    struct Line {
        r#type: String,
        subtype: String,
        session_id: ClaudeSessionId,
    }
    let line: Line = serde_json::from_slice(line.as_ref()).ok()?;
    (line.r#type == "system" && line.subtype == "init").then_some(line.session_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

    fn captured(line: impl AsRef<[u8]>) -> Option<String> {
        capture_session_id_from_line(line).map(|id| id.to_string())
    }

    #[test]
    fn the_init_line_gives_its_id_in_any_order_of_keys() {
        for line in [
            format!(r#"{{"type":"system","subtype":"init","session_id":"{ID}"}}"#),
            format!(r#" {{"session_id":"{ID}","tools":[],"subtype":"init","type":"system"}} "#),
            format!(
                "{{\"subtype\":\"init\",\"x\":{{\"type\":1}},\"type\":\"system\",\"session_id\":\"{ID}\"}}\r\n"
            ),
        ] {
            assert_eq!(captured(&line).as_deref(), Some(ID), "{line}");
        }
    }

    #[test]
    fn every_other_line_gives_none() {
        for line in [
            String::new(),
            "hello".to_owned(),
            format!(r#"{{"type":"system","subtype":"hook_started","session_id":"{ID}"}}"#),
            format!(r#"{{"subtype":"success","type":"result","session_id":"{ID}"}}"#),
            format!(r#"{{"type":"system","subtype":"init","session_id":"{ID}""#),
            r#"{"type":"system","subtype":"init","session_id":"foo"}"#.to_owned(),
            r#"{"type":"system","subtype":"init","session_id":7}"#.to_owned(),
            r#"{"type":"system","subtype":"init"}"#.to_owned(),
            format!(r#"[{{"type":"system","subtype":"init","session_id":"{ID}"}}]"#),
            format!(r#"{{"a":{{"type":"system","subtype":"init","session_id":"{ID}"}}}}"#),
        ] {
            assert_eq!(captured(&line), None, "{line}");
        }
        assert_eq!(captured(b"\xff\xfe{\"type\":\"system\"}"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(captured(bytes), None);
        }

        #[test]
        fn the_id_survives_any_other_keys_and_any_place(
            before in proptest::collection::btree_map("[a-z]{9,12}", ".{0,20}", 0..4),
            after in proptest::collection::btree_map("[A-Z]{3,8}", any::<i64>(), 0..4),
            bits in any::<u128>(),
        ) {
            let id = uuid::Uuid::from_u128(bits).to_string();
            let mut parts: Vec<String> = before
                .iter()
                .map(|(key, value)| format!("{}:{}", serde_json::json!(key), serde_json::json!(value)))
                .collect();
            parts.push(format!("\"session_id\":\"{id}\""));
            parts.extend(after.iter().map(|(key, value)| format!("\"{key}\":{value}")));
            parts.insert(0, "\"subtype\":\"init\"".to_owned());
            parts.push("\"type\":\"system\"".to_owned());
            let line = format!("{{{}}}", parts.join(","));
            prop_assert_eq!(captured(&line), Some(id));
        }

        #[test]
        fn a_line_cut_anywhere_gives_none(cut in 0usize..80) {
            let line = format!(r#"{{"type":"system","subtype":"init","session_id":"{ID}"}}"#);
            if cut < line.len() {
                prop_assert_eq!(captured(&line[..cut]), None);
            }
        }
    }
}
