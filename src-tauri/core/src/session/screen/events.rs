//! What a program asks of its surroundings rather than of the screen. It is taken out here,
//! once, and sent to the viewers as events; everything is bounded.

use serde::{Deserialize, Serialize};

/// The most characters of a title, a notification's title or a folder that are kept.
const TITLE_LIMIT: usize = 512;
/// The most characters of a notification's text.
const BODY_LIMIT: usize = 2048;
/// The longest text that a program may copy, in bytes as it stands in a frame: all of a frame's
/// limit but what is around it.
pub const CLIPBOARD_LIMIT: usize = 750 * 1024;
/// The most notifications that wait for [`super::Screen::take_events`].
const NOTIFICATION_LIMIT: usize = 16;

/// Something the program asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ScreenEvent {
    /// BEL.
    Bell,
    /// The window's title; empty when the program took it back.
    Title {
        /// One line without control characters.
        title: String,
    },
    /// OSC 52: put this text into the clipboard. Reading the clipboard is refused.
    Clipboard {
        /// `c` the clipboard, `p` the primary selection; the program's own letters.
        selection: String,
        /// The text; empty where it was too long.
        text: String,
        /// It was longer than [`CLIPBOARD_LIMIT`]: nothing is copied, and the person told.
        #[serde(default, skip_serializing_if = "is_false")]
        too_long: bool,
    },
    /// OSC 9, OSC 777 or OSC 99.
    Notification {
        /// Where the program gave one.
        title: Option<String>,
        /// The text.
        body: String,
    },
    /// OSC 9;4.
    Progress {
        /// What the progress is.
        state: ProgressState,
        /// 0 to 100.
        percent: Option<u8>,
    },
    /// OSC 7: the program's working folder.
    WorkingDirectory {
        /// The path, percent-decoded.
        path: String,
    },
}

/// The states of OSC 9;4.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProgressState {
    /// Nothing to show.
    #[default]
    None,
    /// Running, with a percentage.
    Normal,
    /// Failed.
    Error,
    /// Running, without a percentage.
    Indeterminate,
    /// Paused or with a warning.
    Paused,
}

/// What was asked for since the last look, at most one of a kind except notifications.
#[derive(Debug, Default)]
pub(super) struct Events {
    pub title: Option<String>,
    titles: Vec<Option<String>>,
    waiting: Vec<ScreenEvent>,
    /// Whether the program shows a progress.
    progress: bool,
    /// The parts of an OSC 99 notification so far.
    parts: (String, String),
}

impl Events {
    pub fn take(&mut self) -> Vec<ScreenEvent> {
        std::mem::take(&mut self.waiting)
    }

    fn put(&mut self, event: ScreenEvent) {
        let kind = std::mem::discriminant(&event);
        let same = self
            .waiting
            .iter()
            .position(|e| std::mem::discriminant(e) == kind);
        match (same, &event) {
            (Some(_), ScreenEvent::Notification { .. }) => {
                let waiting = self
                    .waiting
                    .iter()
                    .filter(|e| std::mem::discriminant(*e) == kind)
                    .count();
                if waiting < NOTIFICATION_LIMIT {
                    self.waiting.push(event);
                }
            }
            (Some(i), _) => self.waiting[i] = event,
            (None, _) => self.waiting.push(event),
        }
    }

    pub fn bell(&mut self) {
        self.put(ScreenEvent::Bell);
    }

    pub fn set_title(&mut self, title: &str) {
        let title = one_line(title, TITLE_LIMIT);
        if self.title.as_deref().unwrap_or_default() != title {
            self.title = Some(title.clone()).filter(|t| !t.is_empty());
            self.put(ScreenEvent::Title { title });
        }
    }

    pub fn push_title(&mut self, limit: usize) {
        if self.titles.len() == limit {
            self.titles.remove(0);
        }
        self.titles.push(self.title.clone());
    }

    pub fn pop_title(&mut self) {
        if let Some(title) = self.titles.pop() {
            self.set_title(&title.unwrap_or_default());
        }
    }

    /// OSC 7.
    pub fn working_directory(&mut self, uri: &str) {
        let path = uri
            .strip_prefix("file://")
            .and_then(|rest| rest.find('/').map(|at| &rest[at..]));
        if let Some(path) = path {
            let path = one_line(&percent_decoded(path), 4096);
            self.put(ScreenEvent::WorkingDirectory { path });
        }
    }

    /// OSC 9: a notification, or one of ConEmu's numbered commands, of which 4 is progress.
    pub fn osc_9(&mut self, payload: &str) {
        let (number, rest) = payload.split_once(';').unwrap_or((payload, ""));
        match number.parse::<u8>() {
            Ok(4) => self.progress(rest),
            Ok(1..=12) if payload.contains(';') => {}
            _ => self.notify(None, payload),
        }
    }

    fn progress(&mut self, payload: &str) {
        let mut parts = payload.split(';');
        let state = match parts.next() {
            Some("0") => ProgressState::None,
            Some("1") => ProgressState::Normal,
            Some("2") => ProgressState::Error,
            Some("3") => ProgressState::Indeterminate,
            Some("4") => ProgressState::Paused,
            _ => return,
        };
        let percent = parts
            .next()
            .and_then(|p| p.parse::<u32>().ok())
            .map(|p| p.min(100) as u8);
        self.progress = state != ProgressState::None;
        self.put(ScreenEvent::Progress { state, percent });
    }

    /// A reset of the terminal ends what a program that died left behind.
    pub fn end_progress(&mut self) {
        if self.progress {
            self.progress("0");
        }
    }

    /// OSC 777: `notify;title;body`.
    pub fn osc_777(&mut self, payload: &str) {
        if let Some(rest) = payload.strip_prefix("notify;") {
            let (title, body) = rest.split_once(';').unwrap_or(("", rest));
            self.notify(Some(title), body);
        }
    }

    /// OSC 99, kitty's: `metadata;payload`, in parts until one without `d=0`.
    pub fn osc_99(&mut self, payload: &str) {
        let Some((metadata, text)) = payload.split_once(';') else {
            return;
        };
        let field = |key: &str| {
            metadata
                .split(':')
                .filter_map(|pair| pair.split_once('='))
                .find(|(k, _)| *k == key)
                .map(|(_, value)| value)
        };
        let text = match field("e") {
            Some("1") => base64(text).and_then(|bytes| String::from_utf8(bytes).ok()),
            _ => Some(text.to_owned()),
        };
        let Some(text) = text else { return };
        let (title, body) = &mut self.parts;
        match field("p") {
            None | Some("title") if title.len() < BODY_LIMIT => title.push_str(&text),
            Some("body") if body.len() < BODY_LIMIT => body.push_str(&text),
            _ => return,
        }
        if field("d") != Some("0") {
            let (title, body) = std::mem::take(&mut self.parts);
            if body.is_empty() {
                self.notify(None, &title);
            } else {
                self.notify(Some(&title), &body);
            }
        }
    }

    fn notify(&mut self, title: Option<&str>, body: &str) {
        let title = title
            .map(|t| one_line(t, TITLE_LIMIT))
            .filter(|t| !t.is_empty());
        let body = one_line(body, BODY_LIMIT);
        if title.is_some() || !body.is_empty() {
            self.put(ScreenEvent::Notification { title, body });
        }
    }

    /// OSC 52: `selection;base64`. A query (`?`) is refused by silence.
    pub fn osc_52(&mut self, payload: &str) {
        let Some((selection, data)) = payload.split_once(';') else {
            return;
        };
        let text = base64(data).and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = text.filter(|t| !t.is_empty()) else {
            return;
        };
        // Control characters take up to six times their place in a frame.
        let in_frame = serde_json::to_string(&text).map_or(usize::MAX, |json| json.len());
        let too_long = in_frame > CLIPBOARD_LIMIT;
        self.put(ScreenEvent::Clipboard {
            selection: one_line(selection, 8),
            text: if too_long { String::new() } else { text },
            too_long,
        });
    }

    /// OSC 52 whose payload was longer than anything that is kept.
    pub fn osc_52_over_limit(&mut self, payload: &str) {
        let selection = payload.split(';').next().unwrap_or_default();
        self.put(ScreenEvent::Clipboard {
            selection: one_line(selection, 8),
            text: String::new(),
            too_long: true,
        });
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

/// At most `limit` characters, without control characters.
fn one_line(text: &str, limit: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(limit)
        .collect()
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(decoded) if *byte == b'%' => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Standard base64, with or without its padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}
