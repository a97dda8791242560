//! SGR: reading it into the pen, and writing a pen as SGR.

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
                ext.underline_color = 0;
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
        if ext.underline != style as u8 {
            ext.underline = style as u8;
            self.set_ext(ext);
        }
        if style == 0 {
            self.fg &= !UNDERLINE;
        } else {
            self.fg |= UNDERLINE;
        }
        self.update_extended();
    }

    /// Reads `38;5;n`, `38;2;r;g;b` and their forms with colons, as the viewer reads them.
    fn select_color(&mut self, params: &Params, at: usize) -> usize {
        if !params.has_subs() {
            let part = |i: usize| params.get(at + i) as u32 & 0xff;
            match params.get(at + 1) {
                5 if at + 2 < params.len() => {
                    self.put_color(params.get(at), MODE_256 | part(2));
                    return 2;
                }
                2 if at + 4 < params.len() => {
                    let color = MODE_RGB | part(2) << 16 | part(3) << 8 | part(4);
                    self.put_color(params.get(at), color);
                    return 4;
                }
                _ => {}
            }
        }
        self.select_odd_color(params, at)
    }

    fn put_color(&mut self, which: i32, color: u32) {
        match which {
            38 => set_color(&mut self.fg, color),
            48 => set_color(&mut self.bg, color),
            58 => {
                let mut ext = self.ext();
                ext.underline_color = color;
                self.set_ext(ext);
            }
            _ => {}
        }
    }

    fn select_odd_color(&mut self, params: &Params, at: usize) -> usize {
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
        self.put_color(accu[0], color);
        advance
    }

    /// The SGR parameters that draw like this, after a reset; empty for the default.
    ///
    /// The flag [`EXTENDED`] follows from the rest; where it does not (after DECRC), this is as
    /// near as SGR comes.
    pub fn sgr(&self) -> String {
        let mut out = Vec::new();
        self.push_sgr(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// As [`Attributes::sgr`], appended.
    pub fn push_sgr(&self, out: &mut Vec<u8>) {
        let flags = [
            (self.fg & BOLD, b"1"),
            (self.bg & DIM, b"2"),
            (self.bg & ITALIC, b"3"),
            (self.fg & BLINK, b"5"),
            (self.fg & INVERSE, b"7"),
            (self.fg & INVISIBLE, b"8"),
            (self.fg & STRIKETHROUGH, b"9"),
        ];
        for (_, code) in flags.iter().filter(|(on, _)| *on != 0) {
            out.extend([b';', code[0]]);
        }
        if self.bg & OVERLINE != 0 {
            out.extend(b";53");
        }
        push_color(out, self.fg, 30);
        push_color(out, self.bg, 40);
        if let Some(ext) = &self.extended {
            push_color(out, ext.underline_color, 50);
        }
        let style = self.extended.as_ref().map_or(0, |e| e.underline);
        match style {
            0 if self.fg & UNDERLINE == 0 => {}
            0 | 1 => out.extend(b";4"),
            style => {
                out.extend(b";4:");
                push_number(out, style.into());
            }
        }
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
fn push_color(out: &mut Vec<u8>, word: u32, base: u32) {
    let value = word & COLOR_VALUE;
    let mode = word & COLOR_MODE;
    match mode {
        MODE_16 if base < 50 => {
            out.push(b';');
            let bright = if value < 8 { 0 } else { 60 };
            push_number(out, base + bright + (value & 7));
        }
        MODE_256 | MODE_RGB => {
            // Of the underline's colour only the form with colons is read everywhere.
            let separator = if base < 50 { b';' } else { b':' };
            out.push(b';');
            push_number(out, base + 8);
            if mode == MODE_256 {
                out.extend([separator, b'5', separator]);
                push_number(out, value);
                return;
            }
            out.extend([separator, b'2']);
            if base == 50 {
                out.push(separator);
            }
            for part in [value >> 16, value >> 8 & 0xff, value & 0xff] {
                out.push(separator);
                push_number(out, part);
            }
        }
        _ => {}
    }
}

/// Writes a small number in decimal.
pub(super) fn push_number(out: &mut Vec<u8>, number: u32) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    out.push(b'0' + (number % 10) as u8);
}
