//! The answers to the program's queries. The host alone answers, and each query once.

use std::fmt::Write;

use super::cell::PROTECTED;
use super::modes::*;
use super::terminal::Terminal;

/// What DECRQM says of a mode.
#[derive(Clone, Copy)]
enum Setting {
    Unknown = 0,
    Set = 1,
    Reset = 2,
    AlwaysSet = 3,
    AlwaysReset = 4,
}

impl From<bool> for Setting {
    fn from(on: bool) -> Self {
        if on { Self::Set } else { Self::Reset }
    }
}

impl Terminal {
    /// DA1: a VT220 with colours.
    pub(super) fn report_device(&mut self) {
        self.reply("\x1b[?62;22c");
    }

    /// DA2: what xterm.js says.
    pub(super) fn report_version_number(&mut self) {
        self.reply("\x1b[>0;276;0c");
    }

    /// XTVERSION.
    pub(super) fn report_version(&mut self) {
        self.reply(concat!(
            "\x1bP>|Reprise(",
            env!("CARGO_PKG_VERSION"),
            ")\x1b\\"
        ));
    }

    /// DSR: 5 is "are you there", 6 the cursor's position, `?996` the colour scheme.
    pub(super) fn report_status(&mut self, what: i32, private: bool) {
        match what {
            5 if !private => self.reply("\x1b[0n"),
            6 => {
                let mark = if private { "?" } else { "" };
                // Where a wrap waits, the cursor is still in the last column.
                let column = (self.x + 1).min(self.cols());
                let answer = format!("\x1b[{mark}{};{column}R", self.y + 1);
                self.reply(&answer);
            }
            996 if private => self.report_scheme(),
            _ => {}
        }
    }

    pub(super) fn report_scheme(&mut self) {
        self.reply(if self.palette.dark {
            "\x1b[?997;1n"
        } else {
            "\x1b[?997;2n"
        });
    }

    /// `CSI ? u`: the flags of the kitty keyboard protocol.
    pub(super) fn report_keyboard(&mut self) {
        let stack = &self.keyboard[usize::from(self.on_alternate)];
        let answer = format!("\x1b[?{}u", stack.last().copied().unwrap_or_default());
        self.reply(&answer);
    }

    /// XTQMODKEYS: the level of modifyOtherKeys, the one option that is known.
    pub(super) fn report_key_modifiers(&mut self, option: i32) {
        if option == 4 {
            let answer = format!("\x1b[>4;{}m", self.modes.modify_other_keys);
            self.reply(&answer);
        }
    }

    /// DECRQM for the modes of `CSI h`.
    pub(super) fn report_mode(&mut self, mode: i32) {
        let setting = match mode {
            2 => Setting::AlwaysReset,
            4 => self.modes.soft.insert.into(),
            12 => Setting::AlwaysSet,
            20 => self.modes.new_line.into(),
            _ => Setting::Unknown,
        };
        let answer = format!("\x1b[{mode};{}$y", setting as u8);
        self.reply(&answer);
    }

    /// DECRQM for the modes of `CSI ? h`.
    pub(super) fn report_private_mode(&mut self, mode: i32) {
        let modes = &self.modes;
        let soft = &modes.soft;
        let setting = match mode {
            1 => soft.application_cursor.into(),
            6 => soft.origin.into(),
            7 => soft.wraparound.into(),
            8 => Setting::AlwaysSet,
            9 => (modes.mouse == MouseProtocol::X10).into(),
            12 => modes.cursor_blink.unwrap_or_default().into(),
            25 => (!modes.cursor_hidden).into(),
            45 => soft.reverse_wraparound.into(),
            66 => soft.application_keypad.into(),
            67 | 1005 | 1015 => Setting::AlwaysReset,
            1000 => (modes.mouse == MouseProtocol::Vt200).into(),
            1002 => (modes.mouse == MouseProtocol::Drag).into(),
            1003 => (modes.mouse == MouseProtocol::Any).into(),
            1004 => soft.focus.into(),
            1006 => (modes.mouse_encoding == MouseEncoding::Sgr).into(),
            1007 => modes.alternate_scroll.into(),
            1016 => (modes.mouse_encoding == MouseEncoding::SgrPixels).into(),
            1048 => Setting::Set,
            47 | 1047 | 1049 => self.on_alternate.into(),
            2004 => soft.bracketed_paste.into(),
            2026 => soft.synchronized.into(),
            2031 => modes.scheme_reports.into(),
            _ => Setting::Unknown,
        };
        let answer = format!("\x1b[?{mode};{}$y", setting as u8);
        self.reply(&answer);
    }

    /// `DCS $ q … ST` (DECRQSS); other device control strings are ignored.
    pub(super) fn device_control_string(&mut self, ident: u32, payload: &str) {
        if ident != u32::from_be_bytes([0, 0, b'$', b'q']) {
            return;
        }
        let mut answer = String::from("\x1bP1$r");
        let _ = match payload {
            "m" => write!(answer, "0{}m", self.pen.sgr()),
            "r" => {
                let (top, bottom) = (self.buffer().top, self.buffer().bottom);
                write!(answer, "{};{}r", top + 1, bottom + 1)
            }
            " q" => {
                let own = if self.modes.cursor_blink == Some(true) {
                    1
                } else {
                    2
                };
                let style = self.modes.soft.cursor_style.map_or(own, |s| s.number());
                write!(answer, "{style} q")
            }
            "\"q" => write!(answer, "{}\"q", u8::from(self.pen.bg & PROTECTED != 0)),
            "\"p" => write!(answer, "61;1\"p"),
            _ => {
                answer = String::from("\x1bP0$r");
                Ok(())
            }
        };
        answer.push_str("\x1b\\");
        self.reply(&answer);
    }
}
