//! Searching the terminal's lines and sending them as text.
//!
//! The lines are read in slices of a few milliseconds between the host's other work, so that the
//! program is read in time; a pattern is matched on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use super::connection::{ClientId, FromClient};
use super::run::Running;
use crate::model::TerminalSize;
use crate::session::find::{FindAnswer, FindQuery, Finder};
use crate::session::protocol::{CHUNK_BYTES, RefusedCode, Reply, TextEnd};
use crate::session::screen::{LogicalLine, Screen};

/// How long one slice may take.
const SLICE: Duration = Duration::from_millis(2);
/// A slice looks at the clock after so many lines.
const LINES_AT_ONCE: usize = 64;
/// One that waits for its reader tries again after this time.
const BETWEEN_TRIES: Duration = Duration::from_millis(3);
/// Slices that wait for the matching thread.
const WAITING_SLICES: usize = 4;
/// What a client has not read of a text before the next part is sent.
const UNREAD_TEXT_BYTES: usize = 1024 * 1024;
/// The most that go on at a time.
const MAX_LOOKUPS: usize = 8;

/// A search or a text on its way to one client.
pub(super) struct Lookup {
    client: ClientId,
    /// The row to go on with, and the size at which rows have these numbers.
    next_row: u64,
    size: TerminalSize,
    work: Work,
}

enum Work {
    Find {
        /// Hanging up is what ends the thread's search.
        thread: SyncSender<Slice>,
        unsent: Option<Slice>,
        read_all: bool,
        /// Tells the thread that nobody waits any more.
        wanted: Arc<AtomicBool>,
    },
    Text {
        end: TextEnd,
        /// Blank lines are sent only before one that is not.
        blank: usize,
        alternate: bool,
        coloured: bool,
    },
}

enum Slice {
    Lines(Vec<LogicalLine>),
    /// The rows were numbered anew.
    Again,
}

/// What a slice of work came to.
enum Progress {
    More,
    Waits,
    Done,
}

impl Running {
    /// Begins a search for a client.
    pub(super) fn find(&mut self, client: ClientId, query: FindQuery) {
        let (thread, slices) = sync_channel(WAITING_SLICES);
        let wanted = Arc::new(AtomicBool::new(true));
        let goes_on = Arc::clone(&wanted);
        let to_host = self.to_host.clone();
        let alternate = self.screen.on_alternate_screen();
        let (unsent, read_all) = if alternate {
            let lines = self.screen.alternate_lines().collect();
            (Some(Slice::Lines(lines)), true)
        } else {
            (None, false)
        };
        std::thread::spawn(move || {
            let answer = matched(&query, &slices, &goes_on, alternate);
            let _ = to_host.blocking_send((client, FromClient::Found(answer)));
        });
        self.look_up(
            client,
            Work::Find {
                thread,
                unsent,
                read_all,
                wanted,
            },
        );
    }

    /// Begins to send the terminal's lines as text.
    pub(super) fn send_text(&mut self, client: ClientId, coloured: bool) {
        let work = Work::Text {
            end: TextEnd {
                lines: 0,
                bytes: 0,
                complete: true,
            },
            blank: 0,
            alternate: self.screen.on_alternate_screen(),
            coloured,
        };
        self.look_up(client, work);
    }

    fn look_up(&mut self, client: ClientId, work: Work) {
        let lookup = Lookup {
            client,
            next_row: 0,
            size: self.screen.size(),
            work,
        };
        if self.lookups.len() < MAX_LOOKUPS {
            self.lookups.push(lookup);
            self.lookup_at = Some(Instant::now());
        } else if let Some(client) = self.clients.get(client) {
            client.outbox.refuse(
                RefusedCode::TooSlow,
                "too many searches of this terminal go on".into(),
            );
        }
    }

    /// The answer of a matching thread.
    pub(super) fn found(&mut self, client: ClientId, answer: FindAnswer) {
        if let Some(client) = self.clients.get(client)
            && !client.outbox.push(&Reply::Found(answer))
        {
            client.outbox.refuse_slow();
        }
    }

    /// Does one slice of the work.
    pub(super) fn go_on_looking(&mut self, now: Instant) {
        self.lookup_at = None;
        if self.lookups.is_empty() {
            return;
        }
        // They take turns.
        let mut lookup = self.lookups.remove(0);
        let Some(client) = self.clients.get(lookup.client) else {
            if let Work::Find { wanted, .. } = lookup.work {
                wanted.store(false, Ordering::Relaxed);
            }
            self.lookup_at = (!self.lookups.is_empty()).then_some(now);
            return;
        };
        let outbox = &client.outbox;
        let progress = match &mut lookup.work {
            Work::Find { .. } => lookup.read_for_find(&self.screen, now),
            Work::Text { .. } if outbox.unread_bytes() > UNREAD_TEXT_BYTES => Progress::Waits,
            Work::Text { .. } => lookup.read_for_text(&self.screen, now, |reply| {
                if !outbox.push(reply) {
                    outbox.refuse_slow();
                }
            }),
        };
        let again = match progress {
            Progress::More => now,
            Progress::Waits => now + BETWEEN_TRIES,
            Progress::Done => {
                self.lookup_at = (!self.lookups.is_empty()).then_some(now);
                return;
            }
        };
        self.lookups.push(lookup);
        self.lookup_at = Some(again);
    }
}

impl Lookup {
    fn read_for_find(&mut self, screen: &Screen, now: Instant) -> Progress {
        let Work::Find {
            thread,
            unsent,
            read_all,
            ..
        } = &mut self.work
        else {
            return Progress::Done;
        };
        if let Some(slice) = unsent.take() {
            match thread.try_send(slice) {
                Ok(()) => {}
                Err(TrySendError::Full(slice)) => {
                    *unsent = Some(slice);
                    return Progress::Waits;
                }
                Err(TrySendError::Disconnected(_)) => return Progress::Done,
            }
        }
        if *read_all {
            return Progress::Done;
        }
        if screen.size() != self.size {
            self.size = screen.size();
            self.next_row = 0;
            *unsent = Some(Slice::Again);
            return Progress::More;
        }
        let mut lines = Vec::new();
        let from = screen.logical_lines_from(self.next_row);
        let from = from.map(|line| (line.first_row + line.rows, line));
        (self.next_row, *read_all) = slice(from, self.next_row, now, |line| lines.push(line));
        *unsent = Some(Slice::Lines(lines));
        Progress::More
    }

    fn read_for_text(
        &mut self,
        screen: &Screen,
        now: Instant,
        mut send: impl FnMut(&Reply),
    ) -> Progress {
        let Work::Text {
            end,
            blank,
            alternate,
            coloured,
        } = &mut self.work
        else {
            return Progress::Done;
        };
        let mut text = Vec::new();
        let mut add = |line: Vec<u8>| {
            if line.is_empty() {
                *blank += 1;
                return;
            }
            end.lines += *blank as u64 + 1;
            text.extend(std::iter::repeat_n(b'\n', std::mem::take(blank)));
            text.extend(line);
            text.push(b'\n');
        };
        let resized = screen.size() != self.size;
        let mut read_all = resized;
        if !resized {
            let lines = text_lines(screen, self.next_row, *coloured);
            (self.next_row, read_all) = slice(lines, self.next_row, now, &mut add);
            if read_all && *alternate && screen.on_alternate_screen() {
                alternate_text(screen, *coloured).for_each(add);
            }
        }
        end.bytes += text.len() as u64;
        for part in text.chunks(CHUNK_BYTES) {
            send(&Reply::TextBytes(part.to_vec()));
        }
        if !read_all {
            return Progress::More;
        }
        end.complete = !resized;
        send(&Reply::TextEnd(*end));
        Progress::Done
    }
}

/// The lines from `row` on as they are saved, each with the row after it.
fn text_lines(
    screen: &Screen,
    row: u64,
    coloured: bool,
) -> Box<dyn Iterator<Item = (u64, Vec<u8>)> + '_> {
    if coloured {
        let lines = screen.coloured_lines_from(row);
        return Box::new(lines.map(|line| (line.first_row + line.rows, line.bytes)));
    }
    let lines = screen.logical_lines_from(row);
    Box::new(lines.map(|line| (line.first_row + line.rows, plain(line))))
}

/// The lines of the alternate screen as they are saved.
fn alternate_text(screen: &Screen, coloured: bool) -> Box<dyn Iterator<Item = Vec<u8>> + '_> {
    if coloured {
        return Box::new(screen.coloured_alternate_lines().map(|line| line.bytes));
    }
    Box::new(screen.alternate_lines().map(plain))
}

fn plain(line: LogicalLine) -> Vec<u8> {
    let mut text = line.text;
    text.truncate(text.trim_end().len());
    text.into_bytes()
}

/// Takes lines, which begin at `row`, for [`SLICE`]; gives the row to go on with, and whether
/// that is the end.
fn slice<L>(
    lines: impl Iterator<Item = (u64, L)>,
    row: u64,
    now: Instant,
    mut take: impl FnMut(L),
) -> (u64, bool) {
    let mut next = row;
    for (i, (after, line)) in lines.enumerate() {
        if i % LINES_AT_ONCE == LINES_AT_ONCE - 1 && now.elapsed() > SLICE {
            return (next, false);
        }
        next = after;
        take(line);
    }
    (next, true)
}

/// Searches the slices as they come.
fn matched(
    query: &FindQuery,
    slices: &Receiver<Slice>,
    wanted: &AtomicBool,
    alternate: bool,
) -> FindAnswer {
    let mut finder = match Finder::new(query) {
        Ok(finder) => finder,
        Err(answer) => return answer,
    };
    'searching: for slice in slices {
        match slice {
            Slice::Again => finder.restart(),
            Slice::Lines(lines) => {
                for line in lines {
                    if !wanted.load(Ordering::Relaxed) || !finder.search(&line) {
                        break 'searching;
                    }
                }
            }
        }
    }
    finder.finish(alternate)
}
