//! What a host and its clients say to each other over the socket.
//!
//! Both sides first send [`HELLO_LEN`] bytes: `RPRS` and the protocol version (u16, big
//! endian). Frames follow: a u32 (big endian) with the length of what comes, one byte for the
//! kind, the payload. [`Request::Attach`], `Input`, `Resize`, `Ping` and `Kill` are frozen: an
//! app of any later version can use them with a host of version 1.
//!
//! The program's bytes are counted from 0 at its start; an offset names a point in them.

use serde::{Deserialize, Serialize};

use super::find::{FindAnswer, FindQuery};
use super::queue::{QueueAnswer, QueueRequest, QueuedCommand};
use super::screen::{Palette, ProgressState, ScreenEvent, ScrollbackLimits};
use super::unattended::{RunReport, RunStatus};
use crate::model::{
    Ask, ClaudeSessionId, Exit, ProjectId, SessionState, TerminalKey, TerminalSize,
};
use jiff::Timestamp;

/// The version of this protocol.
pub const VERSION: u16 = 1;
/// The longest frame, kind and payload together, in bytes. A longer one ends the connection.
pub const MAX_FRAME_BYTES: usize = 1024 * 1024;
/// The most stream or snapshot bytes that one frame carries.
pub const CHUNK_BYTES: usize = 128 * 1024;
/// The length of what each side sends first, in bytes.
pub const HELLO_LEN: usize = 6;
const MAGIC: [u8; 4] = *b"RPRS";

/// What each side sends first.
pub fn hello(version: u16) -> [u8; HELLO_LEN] {
    let [high, low] = version.to_be_bytes();
    [MAGIC[0], MAGIC[1], MAGIC[2], MAGIC[3], high, low]
}

/// Reads the other side's version.
///
/// # Errors
/// [`FrameError::NotReprise`] when the bytes are not a greeting.
pub fn read_hello(bytes: [u8; HELLO_LEN]) -> Result<u16, FrameError> {
    if bytes[..4] == MAGIC {
        Ok(u16::from_be_bytes([bytes[4], bytes[5]]))
    } else {
        Err(FrameError::NotReprise)
    }
}

/// Why the bytes on a connection are no frames. The connection ends; nothing else does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The first bytes are not the greeting of this protocol.
    #[error("the other side does not speak Reprise's protocol")]
    NotReprise,
    /// A length beyond [`MAX_FRAME_BYTES`], or of zero.
    #[error("a frame of {length} bytes is not allowed (1 to {MAX_FRAME_BYTES})")]
    BadLength {
        /// The length that was announced.
        length: usize,
    },
    /// A kind that this version does not know.
    #[error("unknown kind of frame 0x{kind:02x}")]
    UnknownKind {
        /// The kind's byte.
        kind: u8,
    },
    /// A payload that is not what its kind promises.
    #[error("the payload of frame 0x{kind:02x} is wrong: {why}")]
    BadPayload {
        /// The kind's byte.
        kind: u8,
        /// What is wrong with it.
        why: String,
    },
}

/// One frame as it stands on the wire: a kind and a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The kind's byte.
    pub kind: u8,
    /// What follows it.
    pub payload: Vec<u8>,
}

impl Frame {
    /// Appends the frame's bytes to `out`.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        write_frame(out, self.kind, &[&self.payload]);
    }
}

/// Appends a frame whose payload is given in parts, without joining them first.
fn write_frame(out: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    let length = 1 + parts.iter().map(|part| part.len()).sum::<usize>();
    debug_assert!(length <= MAX_FRAME_BYTES);
    out.reserve(4 + length);
    out.extend_from_slice(&(length as u32).to_be_bytes());
    out.push(kind);
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Cuts received bytes into frames, whatever pieces they arrive in.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
    start: usize,
}

impl FrameReader {
    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, if it has arrived.
    ///
    /// # Errors
    /// [`FrameError::BadLength`]; nothing after it can be read.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let rest = &self.buffer[self.start..];
        let Some((head, body)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*head) as usize;
        if length == 0 || length > MAX_FRAME_BYTES {
            return Err(FrameError::BadLength { length });
        }
        let Some(body) = body.get(..length) else {
            return Ok(None);
        };
        let frame = Frame {
            kind: body[0],
            payload: body[1..].to_vec(),
        };
        self.start += 4 + length;
        Ok(Some(frame))
    }
}

/// What a client asks of a host.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Become a viewer: a snapshot follows, then every byte from that very point.
    Attach(Attach),
    /// Bytes for the program, as typed.
    Input(Vec<u8>),
    /// The viewer's size or visibility changed.
    Resize(ViewerSize),
    /// What the viewer has parsed.
    Ack(Ack),
    /// Answered by [`Reply::Pong`] with the same bytes (64 at most).
    Ping(Vec<u8>),
    /// End the program, politely at first.
    Kill,
    /// Send [`Reply::Status`] now and at every change, and [`Reply::Event`] for bells and
    /// notifications; no bytes of the terminal.
    Watch,
    /// An event of the program's own hooks, as `reprise-session hook` read it.
    Hook(Vec<u8>),
    /// The colours that the viewer shows, for programs that ask.
    Palette(Palette),
    /// Change the queue of commands. Answered by [`Reply::QueueAnswer`].
    Queue(QueueRequest),
    /// What the program of an unattended run tells of it. Nobody else is believed.
    Report(Box<RunReport>),
    /// Search the terminal's lines. Answered by [`Reply::Found`]. On a connection of its own: a
    /// host that does not know it yet ends that.
    Find(FindQuery),
    /// Send all lines as text: [`Reply::TextBytes`] and, at the end, [`Reply::TextEnd`]. On a
    /// connection of its own, too.
    Text {
        /// With their looks as escape sequences. A host that knows only plain text ends the
        /// connection.
        coloured: bool,
    },
}

/// The payload of [`Request::Ack`]: one or two numbers of 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The stream has been parsed up to this offset, by bytes, a repaint or a snapshot.
    pub offset: u64,
    /// How many bytes of snapshots and repaints have been parsed since the viewer attached.
    /// A viewer with [`Attach::repaints`] says it; to others a snapshot is sent as a whole.
    pub painted: Option<u64>,
}

/// How large a viewer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewerSize {
    /// Columns that fit.
    pub cols: u16,
    /// Rows that fit.
    pub rows: u16,
    /// Whether a person sees it. The smallest visible viewer decides the terminal's size.
    pub visible: bool,
}

/// The payload of [`Request::Attach`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attach {
    /// The viewer's size.
    #[serde(flatten)]
    pub size: ViewerSize,
    /// What to call the viewer where it limits the others: "window", "tmux on pts/3".
    pub name: String,
    /// Its colours, where it knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub palette: Option<Palette>,
    /// Whether it understands [`Reply::Repaint`] and says [`Ack::painted`]. Otherwise it gets a
    /// snapshot each time it falls behind.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repaints: bool,
    /// Whether it takes lines of the scrollback as cells ([`Reply::SnapshotLines`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cells: bool,
}

/// What a host says to a client.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Everything about the terminal but its content.
    Status(Box<HostStatus>),
    /// A snapshot begins: reset the viewer and give it this size.
    SnapshotStart(SnapshotStart),
    /// A part of the snapshot.
    SnapshotBytes(Vec<u8>),
    /// A part of the snapshot that is not parsed: lines of the scrollback as cells, from the
    /// cursor's row on. `screen/line_cells.rs` says what is where. Only for a viewer that asked
    /// for it ([`Attach::cells`]).
    SnapshotLines(Vec<u8>),
    /// The snapshot is complete.
    SnapshotEnd,
    /// Bytes of the program.
    Output {
        /// The offset of the first of them.
        offset: u64,
        /// The bytes, untouched.
        bytes: Vec<u8>,
    },
    /// The screen of the present, for a viewer that is not sent the bytes in between: put over
    /// what it shows, without a reset. A snapshot follows before any more bytes do.
    Repaint(Repainted),
    /// From here on the terminal has this size.
    Resized(Resized),
    /// A side effect, taken out of the stream once by the host.
    Event(ScreenEvent),
    /// The answer to a ping.
    Pong(Vec<u8>),
    /// The host ends this connection, and why.
    Refused(Refused),
    /// The program ended; all its bytes have been sent before.
    Ended(Exit),
    /// What came of a [`Request::Queue`].
    QueueAnswer(QueueAnswer),
    /// What came of a [`Request::Find`].
    Found(FindAnswer),
    /// A part of the text that [`Request::Text`] asked for, in UTF-8. A character may be in two.
    TextBytes(Vec<u8>),
    /// The text is over.
    TextEnd(TextEnd),
}

/// The payload of [`Reply::TextEnd`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextEnd {
    /// How many lines were sent, each with a line break at its end.
    pub lines: u64,
    /// How many bytes.
    pub bytes: u64,
    /// False when the terminal's size changed meanwhile: rows have other numbers since, and the
    /// text is to be asked for anew.
    pub complete: bool,
}

/// The payload of [`Reply::SnapshotStart`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotStart {
    /// The point in the stream at which the snapshot was taken: the next
    /// [`Reply::Output`] begins here.
    pub offset: u64,
    /// The size it was taken at.
    #[serde(flatten)]
    pub size: TerminalSize,
    /// The absolute number of its first line, scrollback included.
    pub first_line: u64,
    /// How many bytes follow in [`Reply::SnapshotBytes`] and [`Reply::SnapshotLines`].
    pub bytes: u64,
    /// How many lines of scrollback the host keeps, and so the viewer.
    #[serde(default = "ordinary_scrollback")]
    pub scrollback: usize,
    /// Why it is sent.
    pub reason: SnapshotReason,
    /// The viewer that keeps the terminal smaller than this one, if there is one.
    pub limited_by: Option<String>,
}

/// The payload of [`Reply::Repaint`]: two numbers of 8 bytes and two of 2, then the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repainted {
    /// The point in the stream that the viewer then shows.
    pub offset: u64,
    /// The absolute number of the screen's first line, counted as
    /// [`SnapshotStart::first_line`] is.
    pub first_line: u64,
    /// The size of the terminal; the viewer takes it before the bytes.
    pub size: TerminalSize,
    /// The stream that paints the screen.
    pub bytes: Vec<u8>,
}

/// What hosts kept before they said so.
fn ordinary_scrollback() -> usize {
    ScrollbackLimits::default().lines
}

/// Why a host sends a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotReason {
    /// The viewer attached.
    Attach,
    /// The viewer fell behind, and is brought to the present.
    Behind,
    /// The terminal's size changed: rows may wrap differently in host and viewer.
    Resize,
}

/// The payload of [`Reply::Resized`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resized {
    /// The new size.
    #[serde(flatten)]
    pub size: TerminalSize,
    /// The point in the stream at which it changed.
    pub offset: u64,
    /// The viewer that keeps the terminal smaller than the receiver, if there is one.
    pub limited_by: Option<String>,
}

/// The payload of [`Reply::Refused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// A word for programs.
    pub code: RefusedCode,
    /// A sentence for people.
    pub message: String,
}

/// Why a host refuses a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedCode {
    /// The bytes were no frames of this protocol.
    BadFrame,
    /// The peer may not do this: another user, or a process of the terminal's own program.
    NotAllowed,
    /// The client does not read what it asked for.
    TooSlow,
}

/// Everything about a live terminal but its content. Unknown fields of a newer host are
/// passed over, missing ones of an older host are filled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostStatus {
    /// The project.
    pub project: ProjectId,
    /// Which of its terminals.
    pub terminal: TerminalKey,
    /// The project's name when the host started.
    pub name: String,
    /// The folder the program runs in.
    pub workspace: String,
    /// What the program does.
    #[serde(flatten)]
    pub state: SessionState,
    /// Since when.
    pub since: Timestamp,
    /// The host's process id.
    pub host_pid: u32,
    /// The process id of the program in the PTY.
    pub program_pid: u32,
    /// Claude Code's own process id, once it is known: the program's, or a descendant's where
    /// the program is a wrapper.
    #[serde(default)]
    pub claude_pid: Option<u32>,
    /// The conversation, for `claude`.
    #[serde(default)]
    pub session_id: Option<ClaudeSessionId>,
    /// Whether a message was sent under that id.
    #[serde(default)]
    pub message_sent: bool,
    /// The size of the terminal.
    pub size: TerminalSize,
    /// When the program was started.
    pub started_at: Timestamp,
    /// How many viewers are attached.
    pub clients: usize,
    /// The title that the program set.
    #[serde(default)]
    pub title: Option<String>,
    /// The progress that the program reports (OSC 9;4), in percent.
    #[serde(default)]
    pub progress: Option<u8>,
    /// What that progress is. An older host tells the percentage alone.
    #[serde(default)]
    pub progress_state: ProgressState,
    /// The build that the host runs.
    pub build: String,
    /// Hook events that were not ours or not readable.
    #[serde(default)]
    pub ignored_hooks: u64,
    /// How many records the journal holds: it grew when an id changed.
    #[serde(default)]
    pub journal_records: u64,
    /// The journal or the picture could not be written, and why.
    #[serde(default)]
    pub trouble: Option<String>,
    /// What is asked, while the state is `permission` or `question` and a hook told it.
    #[serde(default)]
    pub ask: Option<Ask>,
    /// Whether sub-agents or background tasks of the session go on: an idle with this is not
    /// the end of the work.
    #[serde(default)]
    pub background: bool,
    /// The unattended run that this terminal is for; none where a person can type.
    #[serde(default)]
    pub run: Option<RunStatus>,
    /// The commands that wait to be typed, in their order, and the last that were.
    #[serde(default)]
    pub queue: Vec<QueuedCommand>,
}

mod kind {
    pub const ATTACH: u8 = 0x01;
    pub const INPUT: u8 = 0x02;
    pub const RESIZE: u8 = 0x03;
    pub const ACK: u8 = 0x04;
    pub const PING: u8 = 0x05;
    pub const KILL: u8 = 0x06;
    pub const WATCH: u8 = 0x07;
    pub const HOOK: u8 = 0x08;
    pub const PALETTE: u8 = 0x09;
    pub const QUEUE: u8 = 0x0a;
    pub const REPORT: u8 = 0x0b;
    pub const FIND: u8 = 0x10;
    pub const TEXT: u8 = 0x11;
    pub const COLOURED_TEXT: u8 = 0x12;

    pub const STATUS: u8 = 0x81;
    pub const SNAPSHOT_START: u8 = 0x82;
    pub const SNAPSHOT_BYTES: u8 = 0x83;
    pub const SNAPSHOT_END: u8 = 0x84;
    pub const OUTPUT: u8 = 0x85;
    pub const RESIZED: u8 = 0x86;
    pub const EVENT: u8 = 0x87;
    pub const PONG: u8 = 0x88;
    pub const REFUSED: u8 = 0x89;
    pub const ENDED: u8 = 0x8a;
    pub const QUEUE_ANSWER: u8 = 0x8b;
    pub const REPAINT: u8 = 0x8c;
    pub const SNAPSHOT_LINES: u8 = 0x8d;
    pub const FOUND: u8 = 0x90;
    pub const TEXT_BYTES: u8 = 0x91;
    pub const TEXT_END: u8 = 0x92;
}

const MAX_PING_BYTES: usize = 64;

impl Request {
    /// Appends the request's frame to `out`. Input longer than a frame becomes several.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Attach(attach) => write_json(out, kind::ATTACH, attach),
            Self::Input(bytes) => {
                for part in bytes.chunks(CHUNK_BYTES) {
                    write_frame(out, kind::INPUT, &[part]);
                }
            }
            Self::Resize(size) => write_json(out, kind::RESIZE, size),
            Self::Ack(ack) => {
                let painted = ack.painted.map(u64::to_be_bytes);
                let painted = painted.as_ref().map_or(&[][..], |bytes| bytes);
                write_frame(out, kind::ACK, &[&ack.offset.to_be_bytes(), painted]);
            }
            Self::Ping(bytes) => write_frame(out, kind::PING, &[bytes]),
            Self::Kill => write_frame(out, kind::KILL, &[b"{}"]),
            Self::Watch => write_frame(out, kind::WATCH, &[b"{}"]),
            Self::Hook(bytes) => write_frame(out, kind::HOOK, &[bytes]),
            Self::Palette(palette) => write_json(out, kind::PALETTE, palette),
            Self::Queue(request) => write_json(out, kind::QUEUE, request),
            Self::Report(report) => write_json(out, kind::REPORT, report),
            Self::Find(query) => write_json(out, kind::FIND, query),
            Self::Text { coloured: false } => write_frame(out, kind::TEXT, &[b"{}"]),
            Self::Text { coloured: true } => write_frame(out, kind::COLOURED_TEXT, &[b"{}"]),
        }
    }

    /// Reads a frame that a client sent.
    ///
    /// # Errors
    /// [`FrameError::UnknownKind`] or [`FrameError::BadPayload`].
    pub fn read(frame: Frame) -> Result<Self, FrameError> {
        let Frame { kind, payload } = frame;
        Ok(match kind {
            kind::ATTACH => Self::Attach(read_json(kind, &payload)?),
            kind::INPUT => Self::Input(payload),
            kind::RESIZE => Self::Resize(read_json(kind, &payload)?),
            kind::ACK => {
                let (offset, rest) = read_offset(kind, &payload)?;
                let painted = rest.first_chunk().copied().map(u64::from_be_bytes);
                Self::Ack(Ack { offset, painted })
            }
            kind::PING if payload.len() <= MAX_PING_BYTES => Self::Ping(payload),
            kind::PING => return Err(bad_payload(kind, "longer than 64 bytes")),
            kind::KILL => Self::Kill,
            kind::WATCH => Self::Watch,
            kind::HOOK => Self::Hook(payload),
            kind::PALETTE => Self::Palette(read_json(kind, &payload)?),
            kind::QUEUE => Self::Queue(read_json(kind, &payload)?),
            kind::REPORT => Self::Report(Box::new(read_json(kind, &payload)?)),
            kind::FIND => Self::Find(read_json(kind, &payload)?),
            kind::TEXT => Self::Text { coloured: false },
            kind::COLOURED_TEXT => Self::Text { coloured: true },
            kind => return Err(FrameError::UnknownKind { kind }),
        })
    }
}

impl Reply {
    /// Appends the reply's frame to `out`. The bytes of `Output` and `SnapshotBytes` must fit
    /// one frame: the host cuts them to [`CHUNK_BYTES`].
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Status(status) => write_json(out, kind::STATUS, status),
            Self::SnapshotStart(start) => write_json(out, kind::SNAPSHOT_START, start),
            Self::SnapshotBytes(bytes) => write_frame(out, kind::SNAPSHOT_BYTES, &[bytes]),
            Self::SnapshotLines(bytes) => write_frame(out, kind::SNAPSHOT_LINES, &[bytes]),
            Self::SnapshotEnd => write_frame(out, kind::SNAPSHOT_END, &[]),
            Self::Output { offset, bytes } => {
                write_frame(out, kind::OUTPUT, &[&offset.to_be_bytes(), bytes]);
            }
            Self::Repaint(repaint) => {
                let TerminalSize { cols, rows } = repaint.size;
                let head = [
                    &repaint.offset.to_be_bytes()[..],
                    &repaint.first_line.to_be_bytes(),
                    &cols.to_be_bytes(),
                    &rows.to_be_bytes(),
                    &repaint.bytes,
                ];
                write_frame(out, kind::REPAINT, &head);
            }
            Self::Resized(resized) => write_json(out, kind::RESIZED, resized),
            Self::Event(event) => write_json(out, kind::EVENT, event),
            Self::Pong(bytes) => write_frame(out, kind::PONG, &[bytes]),
            Self::Refused(refused) => write_json(out, kind::REFUSED, refused),
            Self::Ended(exit) => write_json(out, kind::ENDED, exit),
            Self::QueueAnswer(answer) => write_json(out, kind::QUEUE_ANSWER, answer),
            Self::Found(answer) => write_json(out, kind::FOUND, answer),
            Self::TextBytes(bytes) => write_frame(out, kind::TEXT_BYTES, &[bytes]),
            Self::TextEnd(end) => write_json(out, kind::TEXT_END, end),
        }
    }

    /// Reads a frame that a host sent; none for a kind that only a newer host knows.
    ///
    /// # Errors
    /// [`FrameError::BadPayload`].
    pub fn read(frame: Frame) -> Result<Option<Self>, FrameError> {
        let Frame { kind, mut payload } = frame;
        Ok(Some(match kind {
            kind::STATUS => Self::Status(read_json(kind, &payload)?),
            kind::SNAPSHOT_START => Self::SnapshotStart(read_json(kind, &payload)?),
            kind::SNAPSHOT_BYTES => Self::SnapshotBytes(payload),
            kind::SNAPSHOT_LINES => Self::SnapshotLines(payload),
            kind::SNAPSHOT_END => Self::SnapshotEnd,
            kind::OUTPUT => {
                let offset = read_offset(kind, &payload)?.0;
                payload.drain(..8);
                Self::Output {
                    offset,
                    bytes: payload,
                }
            }
            kind::REPAINT => Self::Repaint(read_repaint(kind, payload)?),
            kind::RESIZED => Self::Resized(read_json(kind, &payload)?),
            kind::EVENT => Self::Event(read_json(kind, &payload)?),
            kind::PONG => Self::Pong(payload),
            kind::REFUSED => Self::Refused(read_json(kind, &payload)?),
            kind::ENDED => Self::Ended(read_json(kind, &payload)?),
            kind::QUEUE_ANSWER => Self::QueueAnswer(read_json(kind, &payload)?),
            kind::FOUND => Self::Found(read_json(kind, &payload)?),
            kind::TEXT_BYTES => Self::TextBytes(payload),
            kind::TEXT_END => Self::TextEnd(read_json(kind, &payload)?),
            _ => return Ok(None),
        }))
    }

    /// Whether a frame of this kind belongs to a viewer's view of the terminal; the others
    /// concern only the connection that carries it.
    pub fn is_for_viewer(kind: u8) -> bool {
        matches!(
            kind,
            kind::SNAPSHOT_START..=kind::EVENT | kind::ENDED | kind::REPAINT | kind::SNAPSHOT_LINES
        )
    }
}

fn write_json(out: &mut Vec<u8>, kind: u8, value: &impl Serialize) {
    // Types of this module have string keys only and cannot fail to serialise.
    let payload = serde_json::to_vec(value).unwrap_or_default();
    write_frame(out, kind, &[&payload]);
}

fn read_json<T: for<'de> Deserialize<'de>>(kind: u8, payload: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(payload).map_err(|error| bad_payload(kind, &error.to_string()))
}

fn read_offset(kind: u8, payload: &[u8]) -> Result<(u64, &[u8]), FrameError> {
    payload
        .split_first_chunk::<8>()
        .map(|(offset, rest)| (u64::from_be_bytes(*offset), rest))
        .ok_or_else(|| bad_payload(kind, "shorter than an offset"))
}

fn read_repaint(kind: u8, mut payload: Vec<u8>) -> Result<Repainted, FrameError> {
    let (offset, rest) = read_offset(kind, &payload)?;
    let (first_line, rest) = read_offset(kind, rest)?;
    let Some((&[a, b, c, d], bytes)) = rest.split_first_chunk::<4>() else {
        return Err(bad_payload(kind, "shorter than a size"));
    };
    let size = TerminalSize {
        cols: u16::from_be_bytes([a, b]),
        rows: u16::from_be_bytes([c, d]),
    };
    payload.drain(..payload.len() - bytes.len());
    Ok(Repainted {
        offset,
        first_line,
        size,
        bytes: payload,
    })
}

fn bad_payload(kind: u8, why: &str) -> FrameError {
    FrameError::BadPayload {
        kind,
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests;
