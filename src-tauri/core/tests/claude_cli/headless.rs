//! What `claude -p` prints, and which transcripts it takes up.

use std::path::Path;

use reprise_core::claude::capture_session_id_from_line;
use reprise_core::claude::transcript::{self, Condition};
use reprise_core::claude::version::OLDEST_VERSION;
use reprise_core::model::ClaudeSessionId;

use crate::world::World;

#[test]
fn the_cli_is_found_and_new_enough() {
    let world = World::new();
    assert!(world.version >= OLDEST_VERSION, "{}", world.version);
}

#[test]
fn the_stream_jsons_init_line_gives_the_id_and_no_other_line_gives_one() {
    let world = World::new();
    let id = ClaudeSessionId::generate();
    let args = ["-p", "hi", "--output-format", "stream-json", "--verbose"];
    let output = world
        .headless(&[&args[..], &["--session-id", id.as_str()]].concat())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines: Vec<&[u8]> = output.stdout.split(|byte| *byte == b'\n').collect();
    let captured: Vec<ClaudeSessionId> = lines
        .iter()
        .filter_map(capture_session_id_from_line)
        .collect();
    assert_eq!(captured, std::slice::from_ref(&id));
    let naming = |line: &&&[u8]| String::from_utf8_lossy(line).contains(id.as_str());
    assert!(
        lines.iter().filter(naming).count() > 1,
        "no other line names the id"
    );
}

/// Whether the CLI resumes what we say it does.
fn agree(world: &World, id: &ClaudeSessionId, path: &Path, what: &str) {
    let found = transcript::find(&world.config(), id, world.workspace_text());
    let ours = found.unwrap().unwrap();
    assert_eq!(ours.path, path);
    let output = world
        .headless(&["-p", "again", "--resume", id.as_str()])
        .output()
        .unwrap();
    let resumed = output.status.success();
    assert_eq!(
        ours.condition == Condition::Usable,
        resumed,
        "{what}: {ours:?}, {output:?}"
    );
}

#[test]
fn a_transcript_is_usable_exactly_where_the_cli_resumes_it() {
    let world = World::new();
    let id = world.talked("hello");
    let found = transcript::find(&world.config(), &id, world.workspace_text());
    let found = found.unwrap().unwrap();
    assert_eq!(found.cwd.as_deref(), Some(world.workspace_text()));
    let path = found.path;
    let whole = std::fs::read(&path).unwrap();
    agree(&world, &id, &path, "whole");
    let mut cut = whole.clone();
    cut.extend(br#"{"type":"user","sessionId":"#);
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let only = |kind: &str| {
        let of_kind = |line: &&[u8]| {
            let line: serde_json::Value = serde_json::from_slice(line).unwrap();
            line["type"] == kind
        };
        lines
            .iter()
            .copied()
            .filter(of_kind)
            .collect::<Vec<_>>()
            .concat()
    };
    for (what, text) in [
        ("a cut last line", cut),
        ("empty", Vec::new()),
        ("a blank line", b"\n".to_vec()),
        ("text", b"hello\n".to_vec()),
        ("zeros", vec![0; 5000]),
        ("an object of another kind", b"{}\n".to_vec()),
        ("user lines only", only("user")),
        ("assistant lines only", only("assistant")),
        ("the last prompt only", only("last-prompt")),
    ] {
        std::fs::write(&path, text).unwrap();
        agree(&world, &id, &path, what);
    }
}
