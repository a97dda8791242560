//! From bytes to actions: UTF-8 decoding and the state machine of escape sequences.
//!
//! The transitions are the viewer's (the VT500 machine as xterm.js has it, its treatment of C1
//! characters and of broken UTF-8 included), so that a stream never means one thing here and
//! another on the screen. What a cut leaves unfinished is kept as raw bytes: see
//! [`Parser::unfinished`].

use super::params::Params;
use super::row::ascii_run;

/// What the machine asks for. The identifier of a sequence packs its prefix, intermediates and
/// final byte, the final byte lowest.
pub(super) trait Actions {
    /// Prints the printable characters at the start of `text`, broken bytes between them
    /// included, and returns how many bytes that are. The first is printable.
    fn print(&mut self, text: &[u8]) -> usize;
    /// A control character.
    fn execute(&mut self, code: u32);
    /// A complete `CSI` sequence.
    fn csi(&mut self, ident: u32, params: &Params);
    /// A complete escape sequence.
    fn esc(&mut self, ident: u32);
    /// The end of an `OSC` string; `None` where it was malformed or aborted.
    fn osc(&mut self, string: Option<Osc<'_>>);
    /// The end of a `DCS` string; `payload` is `None` where it was aborted or over the limit.
    fn dcs(&mut self, ident: u32, payload: Option<&str>);
}

/// An `OSC` string.
pub(super) struct Osc<'a> {
    pub number: u32,
    /// What follows the first semicolon, or its start where the string was over the limit.
    pub payload: &'a str,
    /// Whether that is all of it.
    pub whole: bool,
    /// It ended with BEL and not with ST; an answer ends the same way.
    pub bell: bool,
}

/// The longest `OSC` payload that is looked at (a clipboard write may be large).
const OSC_LIMIT: usize = 1024 * 1024;
/// The longest `DCS` payload that is looked at.
const DCS_LIMIT: usize = 256;
/// The most bytes of an unfinished sequence that a snapshot repeats. A longer string is one that
/// viewers ignore (a clipboard write, a notification), so its start is enough.
const UNFINISHED_LIMIT: usize = 16 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ground,
    Escape,
    EscapeIntermediate,
    CsiEntry,
    CsiParam,
    CsiIntermediate,
    CsiIgnore,
    OscString,
    /// SOS, PM and APC strings, which are ignored.
    OtherString,
    DcsEntry,
    DcsParam,
    DcsIntermediate,
    DcsIgnore,
    DcsPassthrough,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Print,
    Execute,
    Ignore,
    Error,
    Clear,
    Collect,
    Param,
    CsiDispatch,
    EscDispatch,
    OscStart,
    OscPut,
    OscEnd,
    DcsHook,
    DcsPut,
    DcsUnhook,
}

/// A control character that does not end or begin a sequence.
fn is_control(code: u32) -> bool {
    matches!(code, 0x00..=0x17 | 0x19 | 0x1c..=0x1f)
}

fn transition(state: State, code: u32) -> (Action, State) {
    use Action::*;
    use State::*;
    match (code, state) {
        (0x18 | 0x1a | 0x1b | 0x9c, OscString) => return (OscEnd, Ground),
        (0x18 | 0x1a | 0x1b | 0x9c, DcsPassthrough) => return (DcsUnhook, Ground),
        (0x18 | 0x1a | 0x80..=0x8f | 0x91..=0x97 | 0x99 | 0x9a, _) => return (Execute, Ground),
        (0x9c, _) => return (Ignore, Ground),
        (0x1b, _) => return (Clear, Escape),
        (0x90, _) => return (Clear, DcsEntry),
        (0x9b, _) => return (Clear, CsiEntry),
        (0x9d, _) => return (OscStart, OscString),
        (0x98 | 0x9e | 0x9f, _) => return (Ignore, OtherString),
        _ => {}
    }
    match state {
        Ground => match code {
            0x20..=0x7e | 0xa0.. => (Print, Ground),
            c if is_control(c) => (Execute, Ground),
            _ => (Error, Ground),
        },
        Escape => match code {
            c if is_control(c) => (Execute, Escape),
            0x20..=0x2f => (Collect, EscapeIntermediate),
            0x50 => (Clear, DcsEntry),
            0x58 | 0x5e | 0x5f => (Ignore, OtherString),
            0x5b => (Clear, CsiEntry),
            0x5d => (OscStart, OscString),
            0x30..=0x7e => (EscDispatch, Ground),
            0x7f => (Ignore, Escape),
            _ => (Error, Ground),
        },
        EscapeIntermediate => match code {
            c if is_control(c) => (Execute, state),
            0x20..=0x2f => (Collect, state),
            0x30..=0x7e => (EscDispatch, Ground),
            0x7f => (Ignore, state),
            _ => (Error, Ground),
        },
        CsiEntry | CsiParam | CsiIntermediate => match code {
            c if is_control(c) => (Execute, state),
            0x20..=0x2f => (Collect, CsiIntermediate),
            0x30..=0x3f if state == CsiIntermediate => (Ignore, CsiIgnore),
            0x30..=0x3b => (Param, CsiParam),
            0x3c..=0x3f if state == CsiEntry => (Collect, CsiParam),
            0x3c..=0x3f => (Ignore, CsiIgnore),
            0x40..=0x7e => (CsiDispatch, Ground),
            0x7f => (Ignore, state),
            _ => (Error, Ground),
        },
        CsiIgnore => match code {
            c if is_control(c) => (Execute, state),
            0x40..=0x7e => (Ignore, Ground),
            _ => (Ignore, state),
        },
        OscString => match code {
            0x07 => (OscEnd, Ground),
            c if is_control(c) => (Ignore, state),
            _ => (OscPut, state),
        },
        OtherString => match code {
            0xa0.. => (Error, Ground),
            _ => (Ignore, state),
        },
        DcsEntry | DcsParam | DcsIntermediate => match code {
            c if is_control(c) => (Ignore, state),
            0x20..=0x2f => (Collect, DcsIntermediate),
            0x30..=0x3f if state == DcsIntermediate => (Ignore, DcsIgnore),
            0x30..=0x3b => (Param, DcsParam),
            0x3c..=0x3f if state == DcsEntry => (Collect, DcsParam),
            0x3c..=0x3f => (Ignore, DcsIgnore),
            0x40..=0x7e => (DcsHook, DcsPassthrough),
            0x7f => (Ignore, state),
            _ => (Error, Ground),
        },
        DcsIgnore => (Ignore, state),
        DcsPassthrough => match code {
            0x7f => (Ignore, state),
            _ => (DcsPut, state),
        },
    }
}

/// How the bytes at some place decode.
pub(super) enum Decoded {
    Char(u32, usize),
    /// That many bytes are no UTF-8 and are dropped.
    Broken(usize),
    /// The rest of the input is the start of a character.
    Unfinished,
}

#[inline]
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let first = bytes[0];
    let (len, lead, least) = match first {
        0x00..=0x7f => return Decoded::Char(first.into(), 1),
        0xc0..=0xdf => (2, first & 0x1f, 0x80),
        0xe0..=0xef => (3, first & 0x0f, 0x800),
        0xf0..=0xf7 => (4, first & 0x07, 0x1_0000),
        _ => return Decoded::Broken(1),
    };
    let mut code = u32::from(lead);
    for i in 1..len {
        match bytes.get(i) {
            None => return Decoded::Unfinished,
            Some(byte) if byte & 0xc0 == 0x80 => code = code << 6 | u32::from(byte & 0x3f),
            Some(_) => return Decoded::Broken(i),
        }
    }
    // The viewer drops a byte order mark as well.
    if code < least || code == 0xfeff || char::from_u32(code).is_none() {
        return Decoded::Broken(if len == 2 { 1 } else { len });
    }
    Decoded::Char(code, len)
}

/// The state machine between two reads.
#[derive(Debug)]
pub(super) struct Parser {
    state: State,
    params: Params,
    collect: u32,
    string: String,
    string_over_limit: bool,
    dcs_ident: u32,
    /// The raw bytes of the unfinished sequence, without the controls that ran inside it.
    pending: Vec<u8>,
    /// The raw bytes of the unfinished character.
    partial: Vec<u8>,
}

impl Parser {
    pub fn new() -> Self {
        Self {
            state: State::Ground,
            params: Params::new(),
            collect: 0,
            string: String::new(),
            string_over_limit: false,
            dcs_ident: 0,
            pending: Vec::new(),
            partial: Vec::new(),
        }
    }

    /// The bytes of what the last feed left unfinished: an escape sequence, then a character.
    pub fn unfinished(&self) -> impl Iterator<Item = u8> + '_ {
        self.pending.iter().chain(&self.partial).copied()
    }

    /// Whether the last feed ended inside an escape sequence.
    pub fn in_sequence(&self) -> bool {
        self.state != State::Ground
    }

    /// Parses a piece of the stream.
    pub fn advance(&mut self, bytes: &[u8], actions: &mut impl Actions) {
        if self.partial.is_empty() {
            self.parse(bytes, actions);
        } else {
            let mut joined = std::mem::take(&mut self.partial);
            joined.extend_from_slice(bytes);
            self.parse(&joined, actions);
        }
    }

    fn parse(&mut self, bytes: &[u8], actions: &mut impl Actions) {
        let mut at = 0;
        while let Some(first) = bytes.get(at) {
            let rest = &bytes[at..];
            match (self.state, first) {
                (State::Ground, 0x20..=0x7e) => {
                    at += actions.print(rest);
                    continue;
                }
                (State::Ground, 0x1b) => {
                    if let Some(length) = self.whole_csi(rest, actions) {
                        at += length;
                        continue;
                    }
                }
                (State::Ground, 0x00..=0x1f) => {
                    actions.execute((*first).into());
                    at += 1;
                    continue;
                }
                (State::OscString, 0x20..=0x7e) => {
                    let length = ascii_run(rest);
                    self.put_ascii(&rest[..length]);
                    at += length;
                    continue;
                }
                _ => {}
            }
            match decode(rest) {
                Decoded::Char(0xa0.., _) if self.state == State::Ground => {
                    at += actions.print(rest);
                }
                Decoded::Char(code, len) => {
                    self.step(code, &rest[..len], actions);
                    at += len;
                }
                Decoded::Broken(len) => at += len,
                Decoded::Unfinished => {
                    self.partial = rest.to_vec();
                    return;
                }
            }
        }
    }

    /// Takes a control sequence in one go where all of it is there and nothing in it is odd, which
    /// is nearly always: the same as its characters one by one. Returns its length.
    #[inline]
    fn whole_csi(&mut self, bytes: &[u8], actions: &mut impl Actions) -> Option<usize> {
        if bytes.get(1) != Some(&b'[') {
            return None;
        }
        self.collect = 0;
        let mut at = 2;
        if let Some(prefix @ 0x3c..=0x3f) = bytes.get(at) {
            self.collect = u32::from(*prefix);
            at += 1;
        }
        at += self.params.read(&bytes[at..]);
        while let Some(byte @ 0x20..=0x2f) = bytes.get(at) {
            self.collect = self.collect << 8 | u32::from(*byte);
            at += 1;
        }
        let last = *bytes.get(at).filter(|b| matches!(b, 0x40..=0x7e))?;
        actions.csi(self.collect << 8 | u32::from(last), &self.params);
        Some(at + 1)
    }

    fn step(&mut self, code: u32, raw: &[u8], actions: &mut impl Actions) {
        let (action, mut next) = transition(self.state, code);
        let starts = matches!(action, Action::Clear | Action::OscStart)
            || matches!(code, 0x98 | 0x9e | 0x9f);
        match action {
            Action::Print => {
                actions.print(raw);
            }
            Action::Execute => actions.execute(code),
            Action::Ignore | Action::Error => {}
            Action::Clear => self.clear(),
            Action::Collect => self.collect = self.collect << 8 | code,
            Action::Param => self.params.put(code),
            Action::CsiDispatch => actions.csi(self.collect << 8 | code, &self.params),
            Action::EscDispatch => actions.esc(self.collect << 8 | code),
            Action::OscStart => self.start_string(),
            Action::OscPut => self.put(code, OSC_LIMIT),
            Action::OscEnd => {
                let aborted = matches!(code, 0x18 | 0x1a);
                let osc = split_osc(&self.string).map(|(number, payload)| Osc {
                    number,
                    payload,
                    whole: !self.string_over_limit,
                    bell: code == 0x07,
                });
                actions.osc(osc.filter(|_| !aborted));
                self.clear();
            }
            Action::DcsHook => {
                self.dcs_ident = self.collect << 8 | code;
                self.start_string();
            }
            Action::DcsPut => self.put(code, DCS_LIMIT),
            Action::DcsUnhook => {
                let aborted = matches!(code, 0x18 | 0x1a) || self.string_over_limit;
                actions.dcs(
                    self.dcs_ident,
                    Some(self.string.as_str()).filter(|_| !aborted),
                );
                self.clear();
            }
        }
        if code == 0x1b && matches!(action, Action::OscEnd | Action::DcsUnhook) {
            next = State::Escape;
        }
        self.remember(raw, action, next, starts);
        self.state = next;
    }

    fn remember(&mut self, raw: &[u8], action: Action, next: State, starts: bool) {
        if next == State::Ground {
            self.pending.clear();
            return;
        }
        // `ESC ]` and `ESC [` go on from the ESC that is there; everything else that starts a
        // sequence does so whatever was before it.
        let continues = self.state == State::Escape && raw.first().is_some_and(|b| *b != 0x1b);
        if (starts && !(continues && raw.len() == 1))
            || matches!(action, Action::OscEnd | Action::DcsUnhook)
        {
            self.pending.clear();
        }
        let ran = action == Action::Execute;
        let ignored_control = action == Action::Ignore && raw[0] < 0x20;
        if !ran && !ignored_control && self.pending.len() < UNFINISHED_LIMIT {
            self.pending.extend_from_slice(raw);
        }
    }

    fn clear(&mut self) {
        self.params.reset();
        self.collect = 0;
    }

    fn start_string(&mut self) {
        self.string.clear();
        self.string.shrink_to(4096);
        self.string_over_limit = false;
    }

    /// Takes characters of an `OSC` string in one go.
    fn put_ascii(&mut self, text: &[u8]) {
        let room = OSC_LIMIT.saturating_sub(self.string.len());
        let taken = text.iter().take(room);
        self.string.extend(taken.map(|byte| char::from(*byte)));
        self.string_over_limit |= text.len() > room;
        let room = UNFINISHED_LIMIT.saturating_sub(self.pending.len());
        self.pending.extend(text.iter().take(room));
    }

    fn put(&mut self, code: u32, limit: usize) {
        if self.string.len() >= limit {
            self.string_over_limit = true;
        } else {
            self.string.extend(char::from_u32(code));
        }
    }
}

/// The number of an `OSC` string and what follows its first semicolon.
fn split_osc(string: &str) -> Option<(u32, &str)> {
    let (number, payload) = string.split_once(';').unwrap_or((string, ""));
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((number.parse().ok()?, payload))
}
