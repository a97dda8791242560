//! What is written to the terminals: 41 MB of plain text, of coloured text, and of full redraws as
//! Claude Code makes them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::window::repository;

/// Bytes of each text, at least.
const BYTES: usize = 41_000_000;
/// Bytes of a text's beginning: for each text the end of a line or of a redraw does not matter.
const BEGINNING_BYTES: usize = 4_000_000;
/// Bytes of one full redraw (anthropics/claude-code#1913: 45 % of the frames of a long session).
pub const FRAME_BYTES: usize = 94_500;

/// One text that the terminals are given.
pub struct Text {
    /// Its figure's name in the results.
    pub key: &'static str,
    pub what: &'static str,
    pub file: PathBuf,
    pub bytes: usize,
    /// The file's beginning, for a terminal that would take a minute for all of it, and its bytes.
    pub beginning: (PathBuf, usize),
}

/// Writes all texts into `folder`.
pub fn write_all(folder: &Path) -> Vec<Text> {
    let frames = full_redraw().repeat(BYTES.div_ceil(FRAME_BYTES));
    [
        ("cat_plain", "numbered lines of plain text", plain()),
        ("cat_colour", "lines in 16, 256 and all colours", coloured()),
        ("cat_frames", "full redraws of Claude Code", frames),
    ]
    .into_iter()
    .map(|(key, what, bytes)| {
        let file = folder.join(key);
        fs::write(&file, &bytes).unwrap();
        let beginning = folder.join(format!("{key}.beginning"));
        fs::write(&beginning, &bytes[..BEGINNING_BYTES]).unwrap();
        Text {
            key,
            what,
            file,
            bytes: bytes.len(),
            beginning: (beginning, BEGINNING_BYTES),
        }
    })
    .collect()
}

/// Lines as a log has them.
pub fn plain() -> Vec<u8> {
    let mut text = String::with_capacity(BYTES + 100);
    let mut number = 0;
    while text.len() < BYTES {
        number += 1;
        let _ = writeln!(
            text,
            "{number:08} the quick brown fox jumps over the lazy dog and back"
        );
    }
    text.into_bytes()
}

/// Lines as a compiler, a test runner and `ls --color` write them.
fn coloured() -> Vec<u8> {
    let mut text = String::with_capacity(BYTES + 400);
    let mut number: u32 = 0;
    while text.len() < BYTES {
        number += 1;
        let basic = 31 + number % 7;
        let indexed = 17 + number % 214;
        let (red, green, blue) = (number % 256, (number / 3) % 256, (number / 7) % 256);
        let _ = writeln!(
            text,
            "\x1b[2m{number:08}\x1b[0m \x1b[1;{basic}mwarning\x1b[0m: unused \x1b[38;5;{indexed}m`value_{number}`\x1b[39m \
             in \x1b[4msrc/lib.rs\x1b[24m \x1b[38;2;{red};{green};{blue}m----\x1b[48;5;{indexed}m^^^^\x1b[0m"
        );
    }
    text.into_bytes()
}

/// One redraw of a whole conversation: the clear of screen and scrollback that the CLI wrote for years
/// (2J 3J H, in one synchronized update), and behind it what the recorded CLI writes for a long reply in its
/// ordinary display mode (`tests/fixtures/recordings/ordinary.rec`).
pub fn full_redraw() -> Vec<u8> {
    const CLEAR: &[u8] = b"\x1b[?2026h\x1b[2J\x1b[3J\x1b[H";
    const END: &[u8] = b"\x1b[0m\x1b[?2026l";
    let reply = recorded_reply();
    let mut frame = CLEAR.to_vec();
    let room = FRAME_BYTES - CLEAR.len() - END.len();
    // Whole lines of it, and spaces for the rest of the size.
    let mut lines = reply.split_inclusive(|byte| *byte == b'\n').cycle();
    while let Some(line) = lines.next()
        && frame.len() - CLEAR.len() + line.len() <= room
    {
        frame.extend_from_slice(line);
    }
    frame.resize(CLEAR.len() + room, b' ');
    frame.extend_from_slice(END);
    frame
}

/// The recorded bytes of the long reply: frames of one byte, a big-endian length and a payload (`record.py`).
fn recorded_reply() -> Vec<u8> {
    let file = repository().join("tests/fixtures/recordings/ordinary.rec");
    let recording = fs::read(file).unwrap();
    let mut rest = &recording[..];
    let mut output = Vec::new();
    while let [kind, a, b, c, d, after @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (payload, next) = after.split_at(length);
        if *kind == b'o' {
            output.extend_from_slice(payload);
        }
        rest = next;
    }
    // From a line of the reply where it has its rhythm to one before its end.
    let at = |text: &str| {
        let found = output
            .windows(text.len())
            .position(|bytes| bytes == text.as_bytes());
        found.unwrap_or_else(|| panic!("the recording has no {text:?}"))
    };
    let (first, last) = (
        at("\x1b[3Gline\x1b[8G64\x1b"),
        at("\x1b[3Gline\x1b[8G1400\x1b"),
    );
    output[first..last].to_vec()
}
