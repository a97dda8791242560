//! What the X server shows, and keys as a keyboard sends them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::protocol::damage::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    ConnectionExt as _, ImageFormat, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// Keys that have no character, as keysyms.
pub const RETURN: u32 = 0xff0d;
const CONTROL: u32 = 0xffe3;

/// A part of the screen, in pixels.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    pub x: i16,
    pub y: i16,
    pub width: u16,
    pub height: u16,
}

/// A connection to the display of a world.
pub struct Screen {
    connection: RustConnection,
    root: u32,
    /// The whole screen.
    pub whole: Area,
    keycodes: HashMap<u32, u8>,
    damage: u32,
}

impl Screen {
    /// Connects to the display of this name.
    pub fn connect(display: &str) -> Self {
        let (connection, number) = x11rb::connect(Some(display)).unwrap();
        let setup = connection.setup();
        let screen = &setup.roots[number];
        let (root, width, height) = (screen.root, screen.width_in_pixels, screen.height_in_pixels);
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let mapping = connection
            .get_keyboard_mapping(first, last - first + 1)
            .unwrap()
            .reply()
            .unwrap();
        let per_key = usize::from(mapping.keysyms_per_keycode);
        let keycodes = mapping
            .keysyms
            .chunks(per_key)
            .zip(first..=last)
            .map(|(keysyms, keycode)| (keysyms[0], keycode))
            .collect();
        connection
            .damage_query_version(1, 1)
            .unwrap()
            .reply()
            .unwrap();
        let damage = connection.generate_id().unwrap();
        connection
            .damage_create(damage, root, damage::ReportLevel::NON_EMPTY)
            .unwrap()
            .check()
            .unwrap();
        Self {
            connection,
            root,
            whole: Area {
                x: 0,
                y: 0,
                width,
                height,
            },
            keycodes,
            damage,
        }
    }

    /// Presses and releases a key; returns the moment before the server was told.
    pub fn tap(&self, keysym: u32) -> Instant {
        self.chord(&[], keysym)
    }

    /// The same with Control held.
    pub fn control(&self, keysym: u32) -> Instant {
        self.chord(&[CONTROL], keysym)
    }

    fn chord(&self, held: &[u32], keysym: u32) -> Instant {
        let key = |kind, keysym: &u32| {
            let code = self.keycodes[keysym];
            self.connection
                .xtest_fake_input(kind, code, x11rb::CURRENT_TIME, self.root, 0, 0, 0)
                .unwrap();
        };
        let before = Instant::now();
        held.iter().for_each(|keysym| key(KEY_PRESS_EVENT, keysym));
        key(KEY_PRESS_EVENT, &keysym);
        key(KEY_RELEASE_EVENT, &keysym);
        held.iter()
            .for_each(|keysym| key(KEY_RELEASE_EVENT, keysym));
        self.connection.flush().unwrap();
        before
    }

    /// The pixels of an area, four bytes each: blue, green, red, and one without a meaning.
    pub fn pixels(&self, area: Area) -> Vec<u8> {
        let Area {
            x,
            y,
            width,
            height,
        } = area;
        let image = self
            .connection
            .get_image(ImageFormat::Z_PIXMAP, self.root, x, y, width, height, !0)
            .unwrap();
        image.reply().unwrap().data
    }

    /// How many pixels of an area have exactly this colour (`0xrrggbb`).
    pub fn count(&self, area: Area, colour: u32) -> usize {
        self.pixels(area)
            .chunks_exact(4)
            .filter(|pixel| u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0]) == colour)
            .count()
    }

    /// The smallest area that holds all pixels of this colour.
    pub fn find(&self, colour: u32) -> Area {
        let pixels = self.pixels(self.whole);
        let width = usize::from(self.whole.width);
        let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
        for (at, pixel) in pixels.chunks_exact(4).enumerate() {
            if u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0]) == colour {
                let (x, y) = (at % width, at / width);
                (left, right) = (left.min(x), right.max(x));
                (top, bottom) = (top.min(y), bottom.max(y));
            }
        }
        assert!(left <= right, "no pixel of {colour:06x} on the screen");
        Area {
            x: left as i16,
            y: top as i16,
            width: (right - left + 1) as u16,
            height: (bottom - top + 1) as u16,
        }
    }

    /// Looks again whenever something was drawn, until `look` has an answer; none after `deadline`. With it, the
    /// moment of the last look.
    pub fn watch<T>(
        &self,
        deadline: Duration,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> Option<(T, Instant)> {
        let until = Instant::now() + deadline;
        loop {
            // What is drawn from here on is told of, also while this looks.
            self.connection
                .damage_subtract(self.damage, 0_u32, 0_u32)
                .unwrap();
            while self.connection.poll_for_event().unwrap().is_some() {}
            let seen = look(self);
            let now = Instant::now();
            if let Some(answer) = seen {
                return Some((answer, now));
            }
            if now >= until {
                return None;
            }
            self.wait_for_drawing(until.min(now + Duration::from_millis(50)));
        }
    }

    /// Waits until the server tells of something drawn.
    fn wait_for_drawing(&self, until: Instant) {
        self.connection.flush().unwrap();
        while self.connection.poll_for_event().unwrap().is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let stream = self.connection.stream();
            let mut fds = [rustix::event::PollFd::new(
                stream,
                rustix::event::PollFlags::IN,
            )];
            let timeout = rustix::event::Timespec {
                tv_sec: 0,
                tv_nsec: left.subsec_nanos().into(),
            };
            let _ = rustix::event::poll(&mut fds, Some(&timeout));
        }
    }
}
