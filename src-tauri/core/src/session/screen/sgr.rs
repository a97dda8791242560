//! SGR: reading it into the pen, and writing a pen as SGR.

use std::fmt::Write;

use super::cell::*;
use super::params::Params;

impl Attributes {
    /// Applies the parameters of `CSI … m`.
    pub fn select(&mut self, params: &Params) {
        let mut i = 0;
        while i < params.len() {
            i += self.select_one(params, i);
        }
    }

    /// Applies the parameter at `i`; returns how many were used.
    fn select_one(&mut self, params: &Params, i: usize) -> usize {
        let p = params.get(i);
        let color = |base: i32| (p - base) as u32;
        match p {
            0 => self.select_none(),
            1 => self.fg |= BOLD,
            2 => self.bg |= DIM,
            3 => self.bg |= ITALIC,
            4 => self.set_underline(params.subs(i).first().copied().unwrap_or(1)),
            5 => self.fg |= BLINK,
            7 => self.fg |= INVERSE,
            8 => self.fg |= INVISIBLE,
            9 => self.fg |= STRIKETHROUGH,
            21 => self.set_underline(2),
            22 => {
                self.fg &= !BOLD;
                self.bg &= !DIM;
            }
            23 => self.bg &= !ITALIC,
            24 => self.set_underline(0),
            25 => self.fg &= !BLINK,
            27 => self.fg &= !INVERSE,
            28 => self.fg &= !INVISIBLE,
            29 => self.fg &= !STRIKETHROUGH,
            30..=37 => set_color(&mut self.fg, MODE_16 | color(30)),
            40..=47 => set_color(&mut self.bg, MODE_16 | color(40)),
            90..=97 => set_color(&mut self.fg, MODE_16 | color(90) | 8),
            100..=107 => set_color(&mut self.bg, MODE_16 | color(100) | 8),
            38 | 48 | 58 => return 1 + self.select_color(params, i),
            39 => set_color(&mut self.fg, 0),
            49 => set_color(&mut self.bg, 0),
            53 => self.bg |= OVERLINE,
            55 => self.bg &= !OVERLINE,
            59 => {
                let mut ext = self.ext();
                ext.underline_color = COLOR;
                self.set_ext(ext);
                self.update_extended();
            }
            _ => {}
        }
        1
    }

    fn select_none(&mut self) {
        self.fg = 0;
        self.bg = 0;
        if self.extended.is_some() {
            let mut ext = self.ext();
            ext.underline = 0;
            ext.underline_color = 0;
            self.set_ext(ext);
            self.update_extended();
        }
    }

    fn set_underline(&mut self, style: i32) {
        let style = if (0..=5).contains(&style) { style } else { 1 };
        let mut ext = self.ext();
        ext.underline = style as u8;
        self.set_ext(ext);
        if style == 0 {
            self.fg &= !UNDERLINE;
        } else {
            self.fg |= UNDERLINE;
        }
        self.update_extended();
    }

    /// Reads `38;5;n`, `38;2;r;g;b` and their forms with colons, as the viewer reads them.
    fn select_color(&mut self, params: &Params, at: usize) -> usize {
        // What is asked for, the mode, the colour space, and the components.
        let mut accu = [0, 0, -1, 0, 0, 0];
        let mut space = 0;
        let mut advance = 0;
        loop {
            accu[advance + space] = params.get(at + advance);
            let subs = params.subs(at + advance);
            if !subs.is_empty() {
                for (i, sub) in subs.iter().enumerate() {
                    if i > 0 && i + advance + 1 + space >= accu.len() {
                        break;
                    }
                    if accu[1] == 5 {
                        space = 1;
                    }
                    if let Some(place) = accu.get_mut(advance + i + 1 + space) {
                        *place = *sub;
                    }
                }
                break;
            }
            if (accu[1] == 5 && advance + space >= 2) || (accu[1] == 2 && advance + space >= 5) {
                break;
            }
            if accu[1] != 0 {
                space = 1;
            }
            advance += 1;
            if advance + at >= params.len() || advance + space >= accu.len() {
                break;
            }
        }
        let byte = |i: usize| accu[i].max(0) as u32 & 0xff;
        let color = match accu[1] {
            2 => MODE_RGB | component(accu[3]) << 16 | component(accu[4]) << 8 | component(accu[5]),
            5 => MODE_256 | byte(3),
            _ => return advance,
        };
        match accu[0] {
            38 => set_color(&mut self.fg, color),
            48 => set_color(&mut self.bg, color),
            58 => {
                let mut ext = self.ext();
                ext.underline_color = color;
                self.set_ext(ext);
            }
            _ => {}
        }
        advance
    }

    /// The SGR parameters that draw like this, after a reset; empty for the default.
    ///
    /// The flag [`EXTENDED`] follows from the rest; where it does not (after DECRC), this is as
    /// near as SGR comes.
    pub fn sgr(&self) -> String {
        let mut out = String::new();
        let mut add = |on: bool, code: &str| {
            if on {
                let _ = write!(out, ";{code}");
            }
        };
        add(self.fg & BOLD != 0, "1");
        add(self.bg & DIM != 0, "2");
        add(self.bg & ITALIC != 0, "3");
        add(self.fg & BLINK != 0, "5");
        add(self.fg & INVERSE != 0, "7");
        add(self.fg & INVISIBLE != 0, "8");
        add(self.fg & STRIKETHROUGH != 0, "9");
        add(self.bg & OVERLINE != 0, "53");
        push_color(&mut out, self.fg, 30);
        push_color(&mut out, self.bg, 40);
        if let Some(ext) = &self.extended {
            push_color(&mut out, ext.underline_color, 50);
        }
        let style = self.extended.as_ref().map_or(0, |e| e.underline);
        match style {
            0 if self.fg & UNDERLINE == 0 => {}
            0 | 1 => out.push_str(";4"),
            style => {
                let _ = write!(out, ";4:{style}");
            }
        }
        out
    }
}

/// A colour component; one that was left out (-1) is 0.
fn component(value: i32) -> u32 {
    if value == -1 { 0 } else { value as u32 & 0xff }
}

fn set_color(word: &mut u32, color: u32) {
    *word = (*word & !COLOR) | color;
}

/// Writes a colour; `base` is 30, 40 or 50 (the underline's).
fn push_color(out: &mut String, word: u32, base: u32) {
    let value = word & COLOR_VALUE;
    let _ = match word & COLOR_MODE {
        MODE_16 if base < 50 && value < 8 => write!(out, ";{}", base + value),
        MODE_16 if base < 50 => write!(out, ";{}", base + 60 + (value & 7)),
        MODE_256 if base < 50 => write!(out, ";{};5;{value}", base + 8),
        MODE_RGB if base < 50 => write!(
            out,
            ";{};2;{};{};{}",
            base + 8,
            value >> 16,
            value >> 8 & 0xff,
            value & 0xff
        ),
        MODE_256 => write!(out, ";58:5:{value}"),
        MODE_RGB => write!(
            out,
            ";58:2::{}:{}:{}",
            value >> 16,
            value >> 8 & 0xff,
            value & 0xff
        ),
        _ => Ok(()),
    };
}
