//! Operating system commands: titles, links, colours, and what becomes an event.

use std::sync::Arc;

use super::cell::Link;
use super::parser::Osc;
use super::terminal::Terminal;

/// A longer address is no link: every cell would keep it.
const URI_LIMIT: usize = 8 * 1024;

impl Terminal {
    pub(super) fn operating_system_command(&mut self, osc: &Osc<'_>) {
        let payload = osc.payload;
        if !osc.whole {
            if osc.number == 52 {
                self.events.osc_52_over_limit(payload);
            }
            return;
        }
        let end = if osc.bell { "\x07" } else { "\x1b\\" };
        match osc.number {
            0 | 2 => self.events.set_title(payload),
            4 => {
                let answer = self.overrides.indexed(payload, &self.palette, end);
                self.reply(&answer);
            }
            7 => self.events.working_directory(payload),
            8 => self.hyperlink(payload),
            9 => self.events.osc_9(payload),
            10..=12 => {
                let from = osc.number as usize - 10;
                let answer = self.overrides.special(from, payload, &self.palette, end);
                self.reply(&answer);
            }
            52 => self.events.osc_52(payload),
            99 => self.events.osc_99(payload),
            104 => self.overrides.restore_indexed(payload),
            110..=112 => self.overrides.restore_special(osc.number as usize - 110),
            133 => self.prompt_mark(payload),
            777 => self.events.osc_777(payload),
            _ => {}
        }
    }

    /// OSC 8: `parameters;address`; an empty address closes the link.
    fn hyperlink(&mut self, payload: &str) {
        let Some((params, uri)) = payload.split_once(';') else {
            return;
        };
        let params = params.trim();
        if uri.is_empty() && !params.is_empty() {
            return;
        }
        if uri.len() > URI_LIMIT {
            return;
        }
        let mut ext = self.pen.ext();
        ext.link = (!uri.is_empty()).then(|| {
            let id = params
                .split(':')
                .find_map(|p| p.strip_prefix("id="))
                .filter(|id| !id.is_empty());
            self.links = self.links.wrapping_add(1);
            Arc::new(Link {
                number: self.links,
                id: id.map(str::to_owned),
                uri: uri.to_owned(),
            })
        });
        self.pen.set_ext(ext);
        self.pen.update_extended();
    }
}
