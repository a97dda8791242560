//! Colours: the viewer's palette, what the program changed of it, and the colour queries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rgb(pub u8, pub u8, pub u8);

impl From<Rgb> for String {
    fn from(Rgb(r, g, b): Rgb) -> Self {
        format!("#{r:02x}{g:02x}{b:02x}")
    }
}

impl TryFrom<String> for Rgb {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        parse_color(&text).ok_or_else(|| format!("{text:?} is no colour (expected #rrggbb)"))
    }
}

/// The colours of the window that shows the terminal: what the colour queries answer. In JSON a
/// colour is `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Palette {
    /// Text.
    pub foreground: Rgb,
    /// The background.
    pub background: Rgb,
    /// The cursor.
    pub cursor: Rgb,
    /// The sixteen colours of SGR 30–37, 90–97.
    pub ansi: [Rgb; 16],
    /// Whether the window is dark, for the colour-scheme report.
    pub dark: bool,
}

impl Default for Palette {
    /// xterm.js's own colours, until a window says otherwise.
    fn default() -> Self {
        Self {
            foreground: Rgb(0xff, 0xff, 0xff),
            background: Rgb(0, 0, 0),
            cursor: Rgb(0xff, 0xff, 0xff),
            ansi: [
                Rgb(0x2e, 0x34, 0x36),
                Rgb(0xcc, 0, 0),
                Rgb(0x4e, 0x9a, 0x06),
                Rgb(0xc4, 0xa0, 0),
                Rgb(0x34, 0x65, 0xa4),
                Rgb(0x75, 0x50, 0x7b),
                Rgb(0x06, 0x98, 0x9a),
                Rgb(0xd3, 0xd7, 0xcf),
                Rgb(0x55, 0x57, 0x53),
                Rgb(0xef, 0x29, 0x29),
                Rgb(0x8a, 0xe2, 0x34),
                Rgb(0xfc, 0xe9, 0x4f),
                Rgb(0x72, 0x9f, 0xcf),
                Rgb(0xad, 0x7f, 0xa8),
                Rgb(0x34, 0xe2, 0xe2),
                Rgb(0xee, 0xee, 0xec),
            ],
            dark: true,
        }
    }
}

impl Palette {
    fn indexed(&self, index: u8) -> Rgb {
        let level = |n: u8| if n == 0 { 0 } else { n * 40 + 55 };
        match index {
            0..=15 => self.ansi[usize::from(index)],
            16..=231 => {
                let n = index - 16;
                Rgb(level(n / 36), level(n / 6 % 6), level(n % 6))
            }
            _ => {
                let grey = (index - 232) * 10 + 8;
                Rgb(grey, grey, grey)
            }
        }
    }
}

/// What the program changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Overrides {
    indexed: BTreeMap<u8, Rgb>,
    /// Foreground, background, cursor: `OSC 10`, `11`, `12`.
    special: [Option<Rgb>; 3],
}

impl Overrides {
    /// `OSC 4`: pairs of an index and a colour or `?`. Returns the answer to its queries.
    pub fn indexed(&mut self, payload: &str, palette: &Palette, end: &str) -> String {
        let mut answer = String::new();
        let mut slots = payload.split(';');
        while let (Some(index), Some(spec)) = (slots.next(), slots.next()) {
            let Some(index) = parse_index(index) else {
                continue;
            };
            if spec == "?" {
                let color = self.indexed.get(&index).copied();
                let color = color.unwrap_or_else(|| palette.indexed(index));
                answer += &format!("\x1b]4;{index};{}{end}", long_form(color));
            } else if let Some(color) = parse_color(spec) {
                self.indexed.insert(index, color);
            }
        }
        answer
    }

    /// `OSC 10` to `12`, each of which may go on with the next ones.
    pub fn special(&mut self, from: usize, payload: &str, palette: &Palette, end: &str) -> String {
        let mut answer = String::new();
        for (i, spec) in (from..3).zip(payload.split(';')) {
            if spec == "?" {
                let own = [palette.foreground, palette.background, palette.cursor];
                let color = self.special[i].unwrap_or(own[i]);
                answer += &format!("\x1b]{};{}{end}", i + 10, long_form(color));
            } else if let Some(color) = parse_color(spec) {
                self.special[i] = Some(color);
            }
        }
        answer
    }

    /// `OSC 104`.
    pub fn restore_indexed(&mut self, payload: &str) {
        if payload.is_empty() {
            self.indexed.clear();
        }
        for index in payload.split(';').filter_map(parse_index) {
            self.indexed.remove(&index);
        }
    }

    /// `OSC 110` to `112`.
    pub fn restore_special(&mut self, which: usize) {
        self.special[which] = None;
    }

    /// The sequences that make the same changes.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (index, color) in &self.indexed {
            out.extend_from_slice(format!("\x1b]4;{index};{}\x1b\\", long_form(*color)).as_bytes());
        }
        for (i, color) in self.special.iter().enumerate() {
            if let Some(color) = color {
                let text = format!("\x1b]{};{}\x1b\\", i + 10, long_form(*color));
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

fn parse_index(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn long_form(Rgb(r, g, b): Rgb) -> String {
    format!("rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}")
}

/// Reads `#rgb`, `#rrggbb` (or three or four digits each) and `rgb:r/g/b`.
fn parse_color(text: &str) -> Option<Rgb> {
    let text = text.to_ascii_lowercase();
    let parts: Vec<&str> = if let Some(parts) = text.strip_prefix("rgb:") {
        parts.split('/').collect()
    } else {
        let digits = text.strip_prefix('#').filter(|d| d.is_ascii())?;
        let each = digits.len() / 3;
        if !matches!(digits.len(), 3 | 6 | 9 | 12) {
            return None;
        }
        (0..3).map(|i| &digits[i * each..(i + 1) * each]).collect()
    };
    let [r, g, b] = parts[..] else { return None };
    if r.len() != g.len() || g.len() != b.len() {
        return None;
    }
    // `rgb:` scales its digits, `#` takes them as the most significant ones.
    let scaled = text.starts_with("rgb:");
    let part = |digits: &str| {
        if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let value = u32::from_str_radix(digits, 16).ok()?;
        let bits = 4 * digits.len() as u32;
        Some(if scaled {
            (f64::from(value) / f64::from((1 << bits) - 1) * 255.0).round() as u8
        } else if bits <= 8 {
            (value << (8 - bits)) as u8
        } else {
            (value >> (bits - 8)) as u8
        })
    };
    Some(Rgb(part(r)?, part(g)?, part(b)?))
}
