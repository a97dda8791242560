//! `reprise-session attach`: a session in any terminal, beside the window and other viewers.
//!
//! The session's bytes are not passed through: they would carry its queries, modes and line
//! wraps of another size into the outer terminal. A screen of our own takes them in, and what
//! is visible is drawn from it.

mod keys;
mod outer;

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reprise_core::model::{Exit, TerminalKey, TerminalSize};
use reprise_core::session::client::{self, FrameReceiver, RequestSender};
use reprise_core::session::hosts::Hosts;
use reprise_core::session::protocol::{Ack, Attach, Reply, Request, ViewerSize};
use reprise_core::session::screen::{Screen, ScreenEvent, ScrollbackLimits};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub use keys::DetachKey;

use crate::projects::{CommandError, NamedStore, fold_journals, folders, live_terminal};
use keys::KeyReader;
use outer::Outer;

/// Frames are drawn at most this often.
const DRAW_EVERY: Duration = Duration::from_millis(16);
/// The rest of a key's sequence comes within this time, or it was a key of its own.
const KEY_PATIENCE: Duration = Duration::from_millis(25);
/// How much may wait for a program that does not read what is typed.
const UNSENT_BYTES: usize = 64 * 1024 * 1024;
/// How long what was typed before the detach key may take to go out.
const FINISH_PATIENCE: Duration = Duration::from_millis(500);
/// Only what is visible is drawn, so no scrollback is kept here.
const NO_SCROLLBACK: ScrollbackLimits = ScrollbackLimits { lines: 0, bytes: 0 };

/// How the session was left.
enum Left {
    Detached,
    Ended(Exit),
}

/// Shows the session that the word means, until it ends or the person detaches.
///
/// # Errors
/// [`CommandError`]; the terminal is restored in any case.
pub fn attach(
    store: &NamedStore,
    word: &str,
    terminal: TerminalKey,
    detach_key: DetachKey,
) -> Result<(), CommandError> {
    let is_terminal = |fd| rustix::termios::isatty(fd);
    if !is_terminal(rustix::stdio::stdin()) || !is_terminal(rustix::stdio::stdout()) {
        return Err(CommandError::NoTerminal);
    }
    let folders = folders()?;
    fold_journals(store, &folders);
    let status = live_terminal(store, &folders, word, terminal)?;
    let lock = Hosts::new(folders).lock(status.project, status.terminal);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let left = runtime.block_on(async {
        let (sender, receiver) = client::open(&lock).await?;
        let outer = Outer::take()?;
        Session::new(outer, sender, receiver, detach_key)
            .run()
            .await
    })?;
    let name = status.name.escape_debug();
    match left {
        Left::Detached => println!("[detached from {terminal} of {name}; it goes on]"),
        Left::Ended(exit) => println!("[{terminal} of {name} ended, code {}]", exit.code),
    }
    Ok(())
}

/// What is on its way to the host. Sending waits while the program does not read what was
/// typed; drawing, signals and the detach key must not.
struct Requests {
    queue: Option<mpsc::UnboundedSender<Request>>,
    unsent: Arc<AtomicUsize>,
    sending: JoinHandle<()>,
}

impl Requests {
    fn through(mut sender: RequestSender) -> Self {
        let (queue, mut queued) = mpsc::unbounded_channel::<Request>();
        let unsent = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&unsent);
        let sending = tokio::spawn(async move {
            while let Some(request) = queued.recv().await {
                // The receiving half learns why.
                if sender.send(&request).await.is_err() {
                    return;
                }
                left.fetch_sub(weight(&request), Ordering::Relaxed);
            }
        });
        Self {
            queue: Some(queue),
            unsent,
            sending,
        }
    }

    fn send(&self, request: Request) {
        self.unsent.fetch_add(weight(&request), Ordering::Relaxed);
        if let Some(queue) = &self.queue {
            let _ = queue.send(request);
        }
    }

    /// Whether more may be typed.
    fn has_room(&self) -> bool {
        self.unsent.load(Ordering::Relaxed) < UNSENT_BYTES
    }

    /// Lets what was typed go out, where it still can.
    async fn finish(&mut self) {
        self.queue = None;
        let _ = tokio::time::timeout(FINISH_PATIENCE, &mut self.sending).await;
    }
}

fn weight(request: &Request) -> usize {
    match request {
        Request::Input(bytes) => bytes.len(),
        _ => 0,
    }
}

struct Session {
    outer: Outer,
    requests: Requests,
    receiver: FrameReceiver,
    keys: KeyReader,
    screen: Screen,
    size: TerminalSize,
    limited_by: Option<String>,
    parsed: u64,
    /// How many bytes of snapshots and repaints were parsed.
    painted: u64,
    /// Whether a snapshot has come and is complete: half of one is not drawn.
    whole: bool,
    dirty: bool,
    drawn_at: Option<Instant>,
}

impl Session {
    fn new(
        outer: Outer,
        sender: RequestSender,
        receiver: FrameReceiver,
        detach_key: DetachKey,
    ) -> Self {
        let size = Outer::size();
        Self {
            outer,
            requests: Requests::through(sender),
            receiver,
            keys: KeyReader::new(detach_key),
            screen: Screen::new(size, NO_SCROLLBACK),
            size,
            limited_by: None,
            parsed: 0,
            painted: 0,
            whole: false,
            dirty: false,
            drawn_at: None,
        }
    }

    async fn run(mut self) -> Result<Left, CommandError> {
        let left = self.show().await;
        self.requests.finish().await;
        left
    }

    async fn show(&mut self) -> Result<Left, CommandError> {
        self.requests.send(Request::Attach(Attach {
            size: visible(Outer::size()),
            name: viewer_name(),
            palette: None,
            repaints: true,
            cells: false,
        }));
        let mut typed = read_stdin();
        let mut resized = signal(SignalKind::window_change())?;
        let mut hung_up = signal(SignalKind::hangup())?;
        let mut terminated = signal(SignalKind::terminate())?;
        loop {
            let draw_in = self.draw_in();
            let key_patience = self.keys.holds().then_some(KEY_PATIENCE);
            tokio::select! {
                frame = self.receiver.receive() => match frame? {
                    Some(frame) => {
                        if let Some(reply) = Reply::read(frame).map_err(client::ClientError::from)?
                            && let Some(left) = self.reply(reply)?
                        {
                            return Ok(left);
                        }
                    }
                    None => return Err(CommandError::HostGone),
                },
                input = typed.recv(), if self.requests.has_room() => {
                    // The outer terminal is gone.
                    let Some(input) = input else { return Ok(Left::Detached) };
                    let typed = self.keys.read(&input);
                    self.send_input(typed.bytes);
                    if typed.detach {
                        return Ok(Left::Detached);
                    }
                }
                _ = resized.recv() => {
                    self.requests.send(Request::Resize(visible(Outer::size())));
                    self.dirty = true;
                }
                _ = hung_up.recv() => return Ok(Left::Detached),
                _ = terminated.recv() => return Ok(Left::Detached),
                () = sleep(draw_in), if draw_in.is_some() => self.draw()?,
                () = sleep(key_patience), if key_patience.is_some() => {
                    let held = self.keys.flush();
                    self.send_input(held);
                }
            }
        }
    }

    fn send_input(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.requests.send(Request::Input(bytes));
        }
    }

    fn reply(&mut self, reply: Reply) -> Result<Option<Left>, CommandError> {
        match reply {
            Reply::SnapshotStart(start) => {
                self.screen = Screen::new(start.size, NO_SCROLLBACK);
                self.size = start.size;
                self.limited_by = start.limited_by;
                self.parsed = start.offset;
                self.whole = false;
            }
            Reply::SnapshotBytes(bytes) => {
                self.painted += bytes.len() as u64;
                self.feed(&bytes);
                self.acknowledge();
            }
            Reply::Repaint(repaint) => {
                if repaint.size != self.size {
                    self.screen.resize(repaint.size);
                    self.size = repaint.size;
                }
                self.parsed = repaint.offset;
                self.painted += repaint.bytes.len() as u64;
                self.feed(&repaint.bytes);
                self.acknowledge();
            }
            Reply::SnapshotEnd => {
                self.whole = true;
                self.acknowledge();
            }
            Reply::Output { offset, bytes } => {
                self.parsed = offset + bytes.len() as u64;
                self.feed(&bytes);
                self.acknowledge();
            }
            Reply::Resized(resized) => {
                self.screen.resize(resized.size);
                self.size = resized.size;
                self.limited_by = resized.limited_by;
                self.dirty = true;
            }
            Reply::Event(ScreenEvent::Title { title }) => self.outer.set_title(&title)?,
            Reply::Event(ScreenEvent::Bell) => self.outer.ring()?,
            Reply::Refused(refused) => {
                return Err(client::ClientError::Refused(refused.message).into());
            }
            Reply::Ended(exit) => return Ok(Some(Left::Ended(exit))),
            Reply::Event(_)
            | Reply::Status(_)
            | Reply::Pong(_)
            | Reply::SnapshotLines(_)
            | Reply::QueueAnswer(_)
            | Reply::Found(_)
            | Reply::TextBytes(_)
            | Reply::TextEnd(_) => {}
        }
        Ok(None)
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.screen.feed(bytes, Instant::now());
        // Queries are answered by the host, side effects come as events: here both are echoes.
        drop(self.screen.take_replies());
        drop(self.screen.take_events());
        self.dirty = true;
    }

    fn acknowledge(&mut self) {
        self.requests.send(Request::Ack(Ack {
            offset: self.parsed,
            painted: Some(self.painted),
        }));
    }

    /// How long until the next drawing; none when there is nothing to draw.
    fn draw_in(&self) -> Option<Duration> {
        if !self.dirty || !self.whole {
            return None;
        }
        let since = self.drawn_at.map_or(DRAW_EVERY, |at| at.elapsed());
        Some(DRAW_EVERY.saturating_sub(since))
    }

    fn draw(&mut self) -> Result<(), CommandError> {
        self.dirty = false;
        self.drawn_at = Some(Instant::now());
        let note = self
            .limited_by
            .as_ref()
            .map(|by| format!("{} × {}, limited by {by}", self.size.cols, self.size.rows));
        Ok(self.outer.draw(self.size, self.screen.viewport(), note)?)
    }
}

/// What is typed, read by a thread of its own: a terminal that is made non-blocking would be
/// so for the shell too.
fn read_stdin() -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut bytes = [0; 4096];
        loop {
            match stdin.read(&mut bytes) {
                Ok(0) => return,
                Ok(n) => {
                    if sender.blocking_send(bytes[..n].to_vec()).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    });
    receiver
}

/// What the others call this viewer where it limits them.
fn viewer_name() -> String {
    let terminal = rustix::termios::ttyname(rustix::stdio::stdin(), Vec::new())
        .ok()
        .and_then(|name| name.into_string().ok())
        .map(|name| name.trim_start_matches("/dev/").to_owned());
    match terminal {
        Some(terminal) => format!("terminal {terminal}"),
        None => "a terminal".to_owned(),
    }
}

fn visible(size: TerminalSize) -> ViewerSize {
    ViewerSize {
        cols: size.cols,
        rows: size.rows,
        visible: true,
    }
}

async fn sleep(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}
