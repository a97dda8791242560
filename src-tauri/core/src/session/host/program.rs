//! Between the host and its program: reading what it writes, writing what it is to read.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::Interest;

use super::Observation;
use super::place::Moment;
use super::run::{PendingInput, Running};
use crate::session::screen::{ProgressState, ScreenEvent};

/// One turn of reading ends after this many bytes or this long, so that clients get theirs.
const READ_TURN_BYTES: usize = 256 * 1024;
const READ_TURN: Duration = Duration::from_millis(2);
pub(super) const READ_BYTES: usize = 64 * 1024;
/// What closes a synchronized update.
const SYNC_END: &[u8] = b"\x1b[?2026l";
/// Output goes out at once when there was none for this long, and otherwise collected.
const QUIET: Duration = Duration::from_millis(4);
const COLLECT: Duration = Duration::from_millis(8);
const COLLECT_BYTES: u64 = 128 * 1024;
const PICTURE_EVERY: Duration = Duration::from_secs(30);

impl Running {
    /// Reads what the program wrote, until there is no more or it is the others' turn.
    pub(super) fn read_program(&mut self) {
        let began = Instant::now();
        let mut read = 0;
        let mut buffer = std::mem::take(&mut self.read_buffer);
        while self.terminal_open && read < READ_TURN_BYTES && began.elapsed() < READ_TURN {
            let filled = self.fill(&mut buffer);
            if filled == 0 {
                break;
            }
            read += filled;
            self.take_in(&buffer[..filled]);
            if filled < buffer.len() {
                break;
            }
        }
        self.read_buffer = buffer;
        if read > 0 {
            self.after_output();
        }
    }

    /// Reads until there is no more or the buffer is full: the kernel hands out a page at most
    /// at a time. Returns how many bytes.
    fn fill(&mut self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < buffer.len() {
            let result = self.host.fd.try_io(Interest::READABLE, |fd| {
                Ok(rustix::io::read(fd, &mut buffer[filled..])?)
            });
            match result {
                Ok(0) => self.terminal_open = false,
                Ok(n) => {
                    filled += n;
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // EIO: nobody has the terminal open any more. The tick looks again.
                Err(_) => self.terminal_open = false,
            }
            break;
        }
        filled
    }

    fn take_in(&mut self, bytes: &[u8]) {
        let now = Instant::now();
        self.pace.wrote(bytes.len(), now);
        self.output_at = now;
        let mut rest = bytes;
        // Something waits for the end of a synchronized update: it goes out right there.
        if self.clients.wait_for_whole()
            && let Some(end) = find(rest, SYNC_END)
        {
            let (update, next) = rest.split_at(end + SYNC_END.len());
            self.feed(update, now);
            self.pump(now);
            rest = next;
        }
        self.feed(rest, now);
    }

    fn feed(&mut self, bytes: &[u8], now: Instant) {
        self.screen.feed(bytes, now);
        if self.keeps_stream {
            self.stream.push(bytes);
        } else {
            self.stream.pass(bytes.len());
        }
    }

    pub(super) fn after_output(&mut self) {
        let now = Instant::now();
        let replies = self.screen.take_replies();
        if !replies.is_empty() {
            self.answer(replies);
        }
        for event in self.screen.take_events() {
            self.screen_event(event);
        }
        self.picture_at.get_or_insert(now + PICTURE_EVERY);
        self.look_at_foreground_soon(now);
        let pending = self.stream.end() - self.flushed;
        if pending >= COLLECT_BYTES || now.duration_since(self.flushed_at) >= QUIET {
            self.flush(now);
        } else {
            self.flush_at.get_or_insert(self.flushed_at + COLLECT);
        }
    }

    pub(super) fn flush(&mut self, now: Instant) {
        self.flush_at = None;
        self.flushed = self.stream.end();
        self.flushed_at = now;
        self.pump(now);
    }

    /// Sends the viewers what they are to be sent, and keeps of the stream what they may need.
    pub(super) fn pump(&mut self, now: Instant) {
        let moment = Moment {
            now,
            output_at: self.output_at,
            slow: self.pace.is_slow(now),
            whole: self.screen.sync_deadline().is_none(),
        };
        self.clients.pump(&self.screen, &self.stream, &moment);
        let needed = self.clients.need_from(&self.stream);
        self.keeps_stream = needed.is_some();
        self.stream
            .forget_before(needed.unwrap_or(self.stream.end()));
        self.look_at = self.clients.look_at(&self.stream, &moment);
    }

    /// Queues the answer to a query of the program: next, but not within what is being typed.
    pub(super) fn answer(&mut self, bytes: Vec<u8>) {
        let begun = self.input.front().is_some_and(|front| front.written > 0);
        self.input.insert(
            usize::from(begun),
            PendingInput {
                bytes,
                written: 0,
                budgeted: false,
            },
        );
        self.write_program();
    }

    pub(super) fn write_program(&mut self) {
        while let Some(front) = self.input.front_mut() {
            let rest = &front.bytes[front.written..];
            let result = self
                .host
                .fd
                .try_io(Interest::WRITABLE, |fd| Ok(rustix::io::write(fd, rest)?));
            match result {
                Ok(n) => {
                    front.written += n;
                    if front.budgeted {
                        self.input_budget.add_permits(n);
                    }
                    if front.written == front.bytes.len() {
                        self.input.pop_front();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.terminal_open = false;
                    return;
                }
            }
        }
    }

    pub(super) fn screen_event(&mut self, event: ScreenEvent) {
        match &event {
            ScreenEvent::Title { title } => {
                self.observe(Observation::Title(title.clone()));
                self.status.title = (!title.is_empty()).then(|| title.clone());
                self.status_changed();
            }
            ScreenEvent::Progress { state, percent } => {
                let percent = percent.filter(|_| *state != ProgressState::None);
                if (self.status.progress_state, self.status.progress) != (*state, percent) {
                    self.status.progress_state = *state;
                    self.status.progress = percent;
                    self.status_changed();
                }
            }
            _ => {}
        }
        self.clients.send_event(&event);
    }
}

/// Where `part` first stands in `bytes`.
fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
