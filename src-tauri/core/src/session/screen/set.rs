//! Setting modes, the cursor's style, the keyboard's protocol, titles.

use super::modes::*;
use super::params::Params;
use super::terminal::Terminal;

/// How deep the stacks go: the titles', the keyboard's.
const STACK_LIMIT: usize = 10;

impl Terminal {
    pub(super) fn set_modes(&mut self, params: &Params, on: bool) {
        for mode in params.iter() {
            match mode {
                4 => self.modes.soft.insert = on,
                20 => self.modes.new_line = on,
                _ => {}
            }
        }
    }

    pub(super) fn set_private_modes(&mut self, params: &Params, on: bool) {
        for mode in params.iter() {
            self.set_private_mode(mode, on);
        }
    }

    fn set_private_mode(&mut self, mode: i32, on: bool) {
        let soft = &mut self.modes.soft;
        match mode {
            1 => soft.application_cursor = on,
            2 if on => self.charsets = [None; 4],
            6 => {
                soft.origin = on;
                self.set_cursor(0, 0);
            }
            7 => soft.wraparound = on,
            12 => self.modes.cursor_blink = Some(on),
            25 => self.modes.cursor_hidden = !on,
            45 => soft.reverse_wraparound = on,
            66 => soft.application_keypad = on,
            9 => self.set_mouse(MouseProtocol::X10, on),
            1000 => self.set_mouse(MouseProtocol::Vt200, on),
            1002 => self.set_mouse(MouseProtocol::Drag, on),
            1003 => self.set_mouse(MouseProtocol::Any, on),
            1004 => soft.focus = on,
            1006 => self.set_encoding(MouseEncoding::Sgr, on),
            1007 => self.modes.alternate_scroll = on,
            1016 => self.set_encoding(MouseEncoding::SgrPixels, on),
            1048 if on => self.save_cursor(),
            1048 => self.restore_cursor(),
            47 | 1047 | 1049 if on => {
                if mode == 1049 {
                    self.save_cursor();
                }
                self.enter_alternate();
            }
            47 | 1047 | 1049 => {
                self.leave_alternate();
                if mode == 1049 {
                    self.restore_cursor();
                }
            }
            2004 => soft.bracketed_paste = on,
            2026 => self.set_synchronized(on),
            2031 => self.modes.scheme_reports = on,
            _ => {
                if let Some(i) = PASSIVE.iter().position(|m| i32::from(*m) == mode) {
                    self.modes.passive[i] = on;
                }
            }
        }
    }

    fn set_mouse(&mut self, protocol: MouseProtocol, on: bool) {
        self.modes.mouse = if on { protocol } else { MouseProtocol::None };
    }

    fn set_encoding(&mut self, encoding: MouseEncoding, on: bool) {
        self.modes.mouse_encoding = if on { encoding } else { MouseEncoding::Default };
    }

    pub(super) fn set_synchronized(&mut self, on: bool) {
        if on && !self.modes.soft.synchronized {
            self.sync_since = self.now;
        } else if !on {
            self.sync_since = None;
        }
        self.modes.soft.synchronized = on;
    }

    pub(super) fn set_cursor_style(&mut self, number: i32) {
        let shape = match number {
            0 => {
                self.modes.soft.cursor_style = None;
                return;
            }
            1 | 2 => CursorShape::Block,
            3 | 4 => CursorShape::Underline,
            5 | 6 => CursorShape::Bar,
            _ => self
                .modes
                .soft
                .cursor_style
                .map_or(CursorShape::Unset, |style| style.shape),
        };
        self.modes.soft.cursor_style = Some(CursorStyle {
            shape,
            blink: number % 2 == 1,
        });
    }

    fn keyboard_mut(&mut self) -> &mut Vec<u8> {
        &mut self.keyboard[usize::from(self.on_alternate)]
    }

    /// `CSI > flags u`: the kitty keyboard protocol, which the viewers' keys follow
    /// (`ui/src/terminal/keyboard-modes.ts` reads the same from the stream).
    pub(super) fn push_keyboard(&mut self, flags: i32) {
        let stack = self.keyboard_mut();
        if stack.len() == STACK_LIMIT {
            stack.remove(0);
        }
        stack.push((flags & 0x1f) as u8);
    }

    pub(super) fn pop_keyboard(&mut self, count: usize) {
        let stack = self.keyboard_mut();
        stack.truncate(stack.len().saturating_sub(count));
    }

    pub(super) fn set_keyboard(&mut self, params: &Params) {
        let flags = (params.get(0) & 0x1f) as u8;
        let how = params.get(1);
        let stack = self.keyboard_mut();
        if stack.is_empty() {
            stack.push(0);
        }
        if let Some(top) = stack.last_mut() {
            *top = match how {
                2 => *top | flags,
                3 => *top & !flags,
                _ => flags,
            };
        }
    }

    /// `CSI > 4 ; n m`: modifyOtherKeys; without parameters all such options are set back.
    pub(super) fn set_key_modifiers(&mut self, params: &Params) {
        match params.get(0) {
            4 => self.modes.modify_other_keys = params.get(1).clamp(0, 2) as u8,
            0 if params.len() == 1 => self.modes.modify_other_keys = 0,
            _ => {}
        }
    }

    /// `CSI > 4 n`: modifyOtherKeys off.
    pub(super) fn reset_key_modifiers(&mut self, option: i32) {
        if option == 4 {
            self.modes.modify_other_keys = 0;
        }
    }

    pub(super) fn window_operation(&mut self, params: &Params) {
        let which = params.get(1);
        match params.get(0) {
            18 => {
                let answer = format!("\x1b[8;{};{}t", self.size.rows, self.size.cols);
                self.reply(&answer);
            }
            22 if matches!(which, 0 | 2) => self.events.push_title(STACK_LIMIT),
            23 if matches!(which, 0 | 2) => self.events.pop_title(),
            _ => {}
        }
    }
}
