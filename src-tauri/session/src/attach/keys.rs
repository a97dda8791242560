//! The key that detaches, in every form a terminal may send it in.

use std::str::FromStr;

/// A key with Ctrl that leaves the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetachKey {
    /// The character, unshifted.
    character: u8,
}

impl FromStr for DetachKey {
    type Err = String;

    /// Reads `ctrl-` and one character that has a control code.
    fn from_str(text: &str) -> Result<Self, String> {
        let character = text
            .strip_prefix("ctrl-")
            .or_else(|| text.strip_prefix("Ctrl-"))
            .map(str::as_bytes);
        match character {
            Some([character @ (b'a'..=b'z' | b'\\' | b']' | b'^' | b'_')]) => Ok(Self {
                character: *character,
            }),
            _ => Err("expected ctrl- and a letter, \\, ], ^ or _".to_owned()),
        }
    }
}

impl DetachKey {
    /// The byte that terminals send for it when no program asked for more.
    fn control_code(self) -> u8 {
        self.character & 0x1f
    }
}

/// What a piece of typed input means.
#[derive(Debug, PartialEq, Eq)]
pub struct Typed {
    /// What goes to the program.
    pub bytes: Vec<u8>,
    /// Whether the detach key followed it; what came after is dropped.
    pub detach: bool,
}

/// Looks for the detach key in what is typed. A sequence that arrives in two pieces is held
/// until it is whole; [`KeyReader::flush`] lets it go.
#[derive(Debug)]
pub struct KeyReader {
    key: DetachKey,
    held: Vec<u8>,
    pasting: bool,
}

const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";
/// No key's sequence is longer: what is, is not held.
const LONGEST_KEY: usize = 32;
/// The lock keys' bits in a modifier parameter (kitty keyboard protocol): caps 64, num 128.
const LOCKS: u32 = 64 | 128;
const CTRL: u32 = 4;
const RELEASE: u32 = 3;

impl KeyReader {
    /// Looks for this key.
    pub fn new(key: DetachKey) -> Self {
        Self {
            key,
            held: Vec::new(),
            pasting: false,
        }
    }

    /// Whether the start of a sequence is held back.
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Lets go what was held: the rest did not come.
    pub fn flush(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// Takes in what was typed.
    pub fn read(&mut self, input: &[u8]) -> Typed {
        let mut rest = std::mem::take(&mut self.held);
        rest.extend_from_slice(input);
        let mut typed = Typed {
            bytes: Vec::new(),
            detach: false,
        };
        let mut at = 0;
        while at < rest.len() {
            let here = &rest[at..];
            if !self.pasting && here[0] == self.key.control_code() {
                typed.detach = true;
                break;
            }
            let length = match sequence_length(here) {
                Some(length) => length,
                None if here.len() > LONGEST_KEY => 1,
                None => {
                    self.held = here.to_vec();
                    break;
                }
            };
            let sequence = &here[..length];
            match sequence {
                PASTE_START => self.pasting = true,
                PASTE_END => self.pasting = false,
                _ if !self.pasting && self.is_key(sequence) => {
                    typed.detach = true;
                    break;
                }
                // The key's release belongs to the press that detached another viewer.
                _ => {}
            }
            typed.bytes.extend_from_slice(sequence);
            at += length;
        }
        typed
    }

    /// Whether a CSI sequence is the key: `CSI code ; modifiers u` (kitty, xterm's
    /// formatOtherKeys) or `CSI 27 ; modifiers ; code ~` (xterm's modifyOtherKeys).
    fn is_key(&self, sequence: &[u8]) -> bool {
        let Some(body) = sequence
            .strip_prefix(b"\x1b[")
            .and_then(|body| std::str::from_utf8(body).ok())
        else {
            return false;
        };
        let number = |text: &str| text.parse::<u32>().ok();
        let (code, modifiers) = if let Some(body) = body.strip_suffix('u') {
            let mut parts = body.split(';');
            let code = parts.next().and_then(|part| part.split(':').next());
            (code, parts.next())
        } else if let Some(body) = body.strip_suffix('~') {
            let parts: Vec<&str> = body.split(';').collect();
            match parts[..] {
                ["27", modifiers, code] => (Some(code), Some(modifiers)),
                _ => return false,
            }
        } else {
            return false;
        };
        let mut modifiers = modifiers.unwrap_or("1").split(':');
        let pressed = modifiers.next().and_then(number).unwrap_or(1);
        let event = modifiers.next().and_then(number).unwrap_or(1);
        code.and_then(number) == Some(u32::from(self.key.character))
            && pressed.saturating_sub(1) & !LOCKS == CTRL
            && event != RELEASE
    }
}

/// How long the character or CSI sequence at the start of `bytes` is; none when its end has
/// not come.
fn sequence_length(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(b"\x1b[") {
        return if bytes == b"\x1b" { None } else { Some(1) };
    }
    bytes[2..]
        .iter()
        .position(|byte| !(0x20..=0x3f).contains(byte))
        .map(|end| end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> KeyReader {
        KeyReader::new("ctrl-\\".parse().unwrap())
    }

    #[test]
    fn the_key_is_known_in_each_of_its_encodings() {
        for key in [
            &b"\x1c"[..],
            b"\x1b[92;5u",
            b"\x1b[92;5:1u",
            b"\x1b[92:124;69u",
            b"\x1b[92;133u",
            b"\x1b[27;5;92~",
        ] {
            let mut input = b"ls".to_vec();
            input.extend_from_slice(key);
            input.extend_from_slice(b"never");
            let typed = reader().read(&input);
            assert!(typed.detach, "{key:?}");
            assert_eq!(typed.bytes, b"ls");
        }
    }

    #[test]
    fn other_keys_and_pasted_text_go_to_the_program_untouched() {
        for input in [
            &b"\x1b[92u"[..],
            b"\x1b[92;2u",
            b"\x1b[92;5:3u",
            b"\x1b[93;5u",
            b"\x1b[27;5;93~",
            b"\x1b[A\x1bOA\x1bx\r\x03",
            b"\x1b[<0;10;10M",
            "ação".as_bytes(),
            b"\x1b[200~a\x1cb\x1b[92;5u\x1b[201~",
        ] {
            let typed = reader().read(input);
            assert!(!typed.detach, "{input:?}");
            assert_eq!(typed.bytes, input);
        }
    }

    #[test]
    fn a_sequence_in_pieces_is_held_until_it_is_whole() {
        let mut reader = reader();
        assert_eq!(reader.read(b"a\x1b[92").bytes, b"a");
        assert!(reader.holds());
        assert!(reader.read(b";5u").detach);

        let mut reader = super::tests::reader();
        assert_eq!(reader.read(b"\x1b").bytes, b"");
        assert_eq!(reader.flush(), b"\x1b");
        assert_eq!(reader.read(b"[A").bytes, b"[A");
    }

    #[test]
    fn only_keys_with_a_control_code_can_be_chosen() {
        assert!("ctrl-a".parse::<DetachKey>().is_ok());
        for text in ["a", "ctrl-", "ctrl-ab", "ctrl-1", "alt-a", ""] {
            assert!(text.parse::<DetachKey>().is_err(), "{text}");
        }
    }
}
