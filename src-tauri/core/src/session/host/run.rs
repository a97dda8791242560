//! The host's loop: one thread that reads the program, feeds the screen, and serves clients.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::clients::Clients;
use super::connection::{self, ClientId, FromClient, Outbox, UNREAD_INPUT_BYTES};
use super::ending::{self, Ending};
use super::stream::Stream;
use super::{Companion, Host, Learned, Observation, address, bind};
use crate::model::{Exit, SessionState};
use crate::process;
use crate::session::journal::{self, JournalEvent, PICTURE_BYTES, Picture};
use crate::session::protocol::{HostStatus, RefusedCode, Reply, Request};
use crate::session::screen::{Palette, ProgressState, Screen, ScreenEvent, ScrollbackLimits};

/// One turn of reading ends after this many bytes or this long, so that clients get theirs.
const READ_TURN_BYTES: usize = 256 * 1024;
const READ_TURN: Duration = Duration::from_millis(2);
/// Output goes out at once when there was none for this long, and otherwise collected.
const QUIET: Duration = Duration::from_millis(4);
const COLLECT: Duration = Duration::from_millis(8);
const COLLECT_BYTES: u64 = 128 * 1024;
/// An open synchronized update is held back until it closes, or this much has come.
const HELD_UPDATE_BYTES: u64 = 1024 * 1024;
/// How often the host looks after itself: its socket, a stopped program.
const TICK: Duration = Duration::from_secs(1);
/// How long after input a program that stopped is woken.
const WAKE_WITHIN: Duration = Duration::from_secs(3);
const PICTURE_EVERY: Duration = Duration::from_secs(30);
/// After the program's end: how long what others still write is read, how long the companion
/// may take, how long viewers may.
const LAST_BYTES: Duration = Duration::from_millis(500);
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How soon after activity a shell's foreground program is looked up.
const FOREGROUND_AFTER: Duration = Duration::from_millis(100);
/// Ignored hooks are counted without end and logged up to here.
const LOGGED_HOOKS: u64 = 100;
const CLIENT_MESSAGES: usize = 256;
const READ_BYTES: usize = 64 * 1024;

pub(super) async fn run(host: Host, companion: Option<Companion>) -> io::Result<Exit> {
    tokio::task::LocalSet::new()
        .run_until(async { Running::new(host, companion)?.run().await })
        .await
}

struct Running {
    host: Shared,
    screen: Screen,
    stream: Stream,
    clients: Clients,
    status: HostStatus,
    input: VecDeque<PendingInput>,
    input_budget: Arc<Semaphore>,
    from_clients: mpsc::Receiver<(ClientId, FromClient)>,
    to_host: mpsc::Sender<(ClientId, FromClient)>,
    next_client: ClientId,
    companion: Option<Companion>,
    ending: Option<Ending>,
    exit: Option<Exit>,
    /// Whether the program's side of the terminal is open, as far as is known.
    terminal_open: bool,
    reached_prompt: bool,
    flushed: u64,
    flushed_at: Instant,
    flush_at: Option<Instant>,
    tick_at: Instant,
    picture_at: Option<Instant>,
    foreground_at: Option<Instant>,
    input_at: Option<Instant>,
}

/// What remains of the [`Host`] once its program is being waited for.
struct Shared {
    spec: super::HostSpec,
    lock: crate::session::lock::HostLock,
    listener: UnixListener,
    journal: crate::session::journal::Journal,
    pty: crate::session::pty::Pty,
    fd: Rc<AsyncFd<OwnedFd>>,
    new_socket: super::NewSocket,
    exited: oneshot::Receiver<Exit>,
    terminated: Signal,
}

/// Bytes for the program that it has not read yet, kept whole: an answer to a query never
/// splits what a person pasted.
struct PendingInput {
    bytes: Vec<u8>,
    written: usize,
    /// Whether the bytes were taken from the clients' budget.
    budgeted: bool,
}

/// What woke the loop.
enum Woken {
    Readable,
    Writable,
    Accepted(UnixStream),
    Client(ClientId, FromClient),
    Learned(Option<Learned>),
    Exited(Exit),
    /// The system ends this process, as at a shutdown.
    Terminated,
    Time,
}

impl Running {
    fn new(host: Host, companion: Option<Companion>) -> io::Result<Self> {
        let Host {
            spec,
            lock,
            listener,
            journal,
            pty,
            program,
            started_at,
            new_socket,
        } = host;
        let size = spec.size.clamped();
        let fd = Rc::new(pty.watch()?);
        let program_pid = program.pid();
        let (exit_sender, exited) = oneshot::channel();
        std::thread::spawn(move || {
            let _ = exit_sender.send(program.wait());
        });
        let session = spec.session.as_ref();
        let status = HostStatus {
            project: spec.project,
            terminal: spec.terminal,
            name: spec.name.clone(),
            workspace: spec.program.cwd.to_string_lossy().into_owned(),
            state: SessionState::Starting,
            since: started_at,
            host_pid: std::process::id(),
            program_pid,
            claude_pid: None,
            session_id: session.map(|session| session.id.clone()),
            message_sent: session.is_some_and(|session| session.message_sent),
            size,
            started_at,
            clients: 0,
            title: None,
            progress: None,
            build: spec.build.clone(),
            ignored_hooks: 0,
            journal_records: journal.last_number(),
            trouble: None,
        };
        let (to_host, from_clients) = mpsc::channel(CLIENT_MESSAGES);
        let now = Instant::now();
        Ok(Self {
            host: Shared {
                spec,
                lock,
                listener: UnixListener::from_std(listener)?,
                journal,
                pty,
                fd,
                new_socket,
                exited,
                terminated: signal(SignalKind::terminate())?,
            },
            screen: Screen::new(size, ScrollbackLimits::default()),
            stream: Stream::default(),
            clients: Clients::default(),
            status,
            input: VecDeque::new(),
            input_budget: Arc::new(Semaphore::new(UNREAD_INPUT_BYTES)),
            from_clients,
            to_host,
            next_client: 1,
            foreground_at: companion.is_none().then_some(now),
            companion,
            ending: None,
            exit: None,
            terminal_open: true,
            reached_prompt: false,
            flushed: 0,
            flushed_at: now,
            flush_at: None,
            tick_at: now + TICK,
            picture_at: None,
            input_at: None,
        })
    }

    async fn run(mut self) -> io::Result<Exit> {
        let exit = loop {
            match self.next().await {
                Woken::Exited(exit) => break exit,
                woken => self.handle(woken),
            }
        };
        self.finish(exit).await;
        Ok(exit)
    }

    /// Waits for whatever comes next.
    async fn next(&mut self) -> Woken {
        let deadline = tokio::time::Instant::from_std(self.next_deadline());
        let fd = Rc::clone(&self.host.fd);
        let has_companion = self.companion.is_some();
        tokio::select! {
            // An error shows in the read or write that follows.
            _ = async { fd.readable().await.map(|mut guard| guard.retain_ready()) },
                if self.terminal_open => Woken::Readable,
            _ = async { fd.writable().await.map(|mut guard| guard.retain_ready()) },
                if self.terminal_open && !self.input.is_empty() => Woken::Writable,
            Ok((stream, _)) = self.host.listener.accept() => Woken::Accepted(stream),
            Some((id, message)) = self.from_clients.recv() => Woken::Client(id, message),
            learned = async {
                match &mut self.companion {
                    Some(companion) => companion.learned.recv().await,
                    None => None,
                }
            }, if has_companion => Woken::Learned(learned),
            exit = &mut self.host.exited, if self.exit.is_none() => Woken::Exited(exit.unwrap_or(Exit {
                code: -1,
                signal: None,
            })),
            _ = self.host.terminated.recv() => Woken::Terminated,
            () = tokio::time::sleep_until(deadline) => Woken::Time,
        }
    }

    fn handle(&mut self, woken: Woken) {
        match woken {
            Woken::Readable => self.read_program(),
            Woken::Writable => self.write_program(),
            Woken::Accepted(stream) => self.accept(stream),
            Woken::Client(id, FromClient::Gone) => {
                self.clients.remove(id);
                self.viewers_changed();
            }
            Woken::Client(id, FromClient::Request(request)) => self.request(id, request),
            Woken::Learned(Some(learned)) => self.learned(learned),
            Woken::Learned(None) => self.companion = None,
            Woken::Exited(exit) => self.exit = Some(exit),
            Woken::Terminated => self.end_program(),
            Woken::Time => {}
        }
        self.on_time(Instant::now());
    }

    fn next_deadline(&self) -> Instant {
        [
            self.flush_at,
            self.picture_at.filter(|_| self.ending.is_none()),
            self.foreground_at,
            self.screen.sync_deadline(),
            self.clients.next_snapshot_at(),
            self.ending.as_ref().and_then(Ending::until),
        ]
        .into_iter()
        .flatten()
        .fold(self.tick_at, Instant::min)
    }

    /// Reads what the program wrote, until there is no more or it is the others' turn.
    fn read_program(&mut self) {
        let began = Instant::now();
        let mut read = 0;
        let mut buffer = vec![0; READ_BYTES];
        while read < READ_TURN_BYTES && began.elapsed() < READ_TURN {
            let result = self.host.fd.try_io(Interest::READABLE, |fd| {
                Ok(rustix::io::read(fd, &mut buffer[..])?)
            });
            match result {
                Ok(0) => self.terminal_open = false,
                Ok(n) => {
                    read += n;
                    self.screen.feed(&buffer[..n], Instant::now());
                    self.stream.push(&buffer[..n]);
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // EIO: nobody has the terminal open any more. The tick looks again.
                Err(_) => self.terminal_open = false,
            }
            break;
        }
        if read > 0 {
            self.after_output();
        }
    }

    fn after_output(&mut self) {
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
        let held = self.screen.sync_deadline().is_some() && pending < HELD_UPDATE_BYTES;
        if held {
            self.flush_at = None;
        } else if pending >= COLLECT_BYTES || now.duration_since(self.flushed_at) >= QUIET {
            self.flush(now);
        } else {
            self.flush_at.get_or_insert(self.flushed_at + COLLECT);
        }
    }

    fn flush(&mut self, now: Instant) {
        self.flush_at = None;
        self.flushed = self.stream.end();
        self.flushed_at = now;
        self.clients.pump(&self.screen, &self.stream, now);
    }

    /// Queues the answer to a query of the program: next, but not within what is being typed.
    fn answer(&mut self, bytes: Vec<u8>) {
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

    fn write_program(&mut self) {
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

    fn screen_event(&mut self, event: ScreenEvent) {
        match &event {
            ScreenEvent::Title { title } => {
                self.observe(Observation::Title(title.clone()));
                self.status.title = (!title.is_empty()).then(|| title.clone());
                self.status_changed();
            }
            ScreenEvent::Progress { state, percent } => {
                self.status.progress = percent.filter(|_| *state != ProgressState::None);
                self.status_changed();
            }
            _ => {}
        }
        self.clients.send_event(&event);
    }

    fn accept(&mut self, stream: UnixStream) {
        let Ok(peer) = stream.peer_cred() else {
            return;
        };
        let id = self.next_client;
        self.next_client += 1;
        let outbox = Rc::new(Outbox::default());
        if peer.uid() != rustix::process::geteuid().as_raw() {
            outbox.refuse(
                RefusedCode::NotAllowed,
                "this terminal is another user's".into(),
            );
        }
        // Without a pid nothing shows that the peer is not the program itself.
        let from_program = peer
            .pid()
            .and_then(|pid| u32::try_from(pid).ok())
            .is_none_or(|pid| process::is_descendant(pid, self.status.program_pid));
        self.clients.add(id, Rc::clone(&outbox), from_program);
        tokio::task::spawn_local(connection::serve(
            stream,
            id,
            outbox,
            Arc::clone(&self.input_budget),
            self.to_host.clone(),
        ));
    }

    fn request(&mut self, id: ClientId, request: Request) {
        let Some(client) = self.clients.get(id) else {
            if let Request::Input(bytes) = request {
                self.input_budget.add_permits(bytes.len());
            }
            return;
        };
        // What claude runs could otherwise type into its own terminal, or end it.
        let reports_only = client.from_program;
        match request {
            Request::Hook(input) => {
                if reports_only {
                    self.observe(Observation::Hook(input));
                } else {
                    self.ignore_hook("it was not sent from within the terminal");
                }
                self.clients.close(id);
            }
            Request::Ping(bytes) => {
                let _ = client.outbox.push(&Reply::Pong(bytes));
            }
            Request::Watch => {
                let _ = client
                    .outbox
                    .push(&Reply::Status(Box::new(self.status.clone())));
                self.clients.watch(id);
            }
            _ if reports_only => client.outbox.refuse(
                RefusedCode::NotAllowed,
                "a program in this terminal may not control the terminal".into(),
            ),
            Request::Attach(attach) => {
                self.clients.attach(id, &attach);
                if let Some(palette) = attach.palette {
                    self.set_palette(palette);
                }
                self.viewers_changed();
                self.flush(Instant::now());
            }
            Request::Input(bytes) => {
                self.input_at = Some(Instant::now());
                self.input.push_back(PendingInput {
                    bytes,
                    written: 0,
                    budgeted: true,
                });
                self.write_program();
            }
            Request::Resize(size) => {
                self.clients.resize(id, size);
                self.viewers_changed();
            }
            Request::Ack(offset) => {
                self.clients.acknowledge(id, offset);
                // What is still being collected keeps waiting for its flush.
                if self.flush_at.is_none() && self.screen.sync_deadline().is_none() {
                    self.clients
                        .pump(&self.screen, &self.stream, Instant::now());
                }
            }
            Request::Kill => self.end_program(),
            Request::Palette(palette) => self.set_palette(palette),
        }
    }

    /// Begins to end the program. What it shows now is its last picture: on its way out it
    /// takes its screen down.
    fn end_program(&mut self) {
        if self.ending.is_some() {
            return;
        }
        self.save_picture();
        let program = self.status.program_pid;
        let is_claude = self.host.spec.session.is_some();
        let claude = is_claude.then(|| self.status.claude_pid.unwrap_or(program));
        self.ending = Some(Ending::begin(program, claude, Instant::now()));
    }

    fn set_palette(&mut self, palette: Palette) {
        self.screen.set_palette(palette);
        // A program may have asked to be told when the scheme changes.
        let replies = self.screen.take_replies();
        if !replies.is_empty() {
            self.answer(replies);
        }
    }

    /// The viewers or their sizes changed: the terminal follows the smallest that is seen.
    fn viewers_changed(&mut self) {
        let now = Instant::now();
        if let Some(size) = self.clients.wanted_size()
            && size != self.status.size
        {
            match self.host.pty.resize(size) {
                Ok(()) => {
                    self.screen.resize(size);
                    self.stream.resized(size);
                    self.status.size = size;
                    self.clients.terminal_resized(now);
                }
                Err(error) => log(format_args!("cannot resize the terminal: {error}")),
            }
        }
        self.clients.update_limits(self.status.size, &self.stream);
        let viewers = self.clients.viewers();
        if viewers != self.status.clients {
            self.status.clients = viewers;
            self.status_changed();
        }
        self.clients.pump(&self.screen, &self.stream, now);
    }

    fn learned(&mut self, learned: Learned) {
        match learned {
            Learned::State(state) => {
                if state == self.status.state {
                    return;
                }
                self.set_state(state);
            }
            Learned::SessionId {
                id,
                source,
                message_sent,
            } => {
                let parent = self.status.session_id.replace(id.clone());
                self.status.message_sent = message_sent;
                self.write_down(JournalEvent::SessionId {
                    id: id.clone(),
                    source,
                    parent,
                });
                if message_sent {
                    self.write_down(JournalEvent::MessageSent { id });
                }
            }
            Learned::MessageSent(id) => {
                if self.status.session_id.as_ref() == Some(&id) {
                    self.status.message_sent = true;
                }
                self.write_down(JournalEvent::MessageSent { id });
            }
            Learned::ClaudeProcess(pid) => self.status.claude_pid = Some(pid),
            Learned::IgnoredHook(why) => self.ignore_hook(&why),
            Learned::Trouble(trouble) => self.status.trouble = trouble,
        }
        self.status_changed();
    }

    fn set_state(&mut self, state: SessionState) {
        self.reached_prompt |= !matches!(
            state,
            SessionState::Starting | SessionState::Unknown | SessionState::Ended(_)
        );
        self.status.state = state;
        self.status.since = Timestamp::now();
    }

    fn write_down(&mut self, event: JournalEvent) {
        match self.host.journal.append(Timestamp::now(), event) {
            Ok(()) => self.status.journal_records = self.host.journal.last_number(),
            Err(error) => {
                log(format_args!("the journal cannot be written: {error}"));
                self.status.trouble = Some(error.to_string());
            }
        }
    }

    fn ignore_hook(&mut self, why: &str) {
        self.status.ignored_hooks += 1;
        if self.status.ignored_hooks <= LOGGED_HOOKS {
            log(format_args!("a hook was ignored: {why}"));
        }
    }

    fn status_changed(&mut self) {
        self.clients.send_status(&self.status);
    }

    fn observe(&self, observation: Observation) {
        if let Some(companion) = &self.companion {
            // A companion that is gone needs no observations.
            let _ = companion.observations.send(observation);
        }
    }

    fn on_time(&mut self, now: Instant) {
        if self.screen.sync_deadline().is_some_and(|at| at <= now) {
            self.screen.end_sync();
            self.after_output();
        }
        let snapshot_due = self.clients.next_snapshot_at().is_some_and(|at| at <= now);
        if snapshot_due || self.flush_at.is_some_and(|at| at <= now) {
            self.flush(now);
        }
        if let Some(ending) = &mut self.ending
            && ending.until().is_some_and(|at| at <= now)
        {
            ending.enforce();
        }
        if self.ending.is_none() && self.picture_at.is_some_and(|at| at <= now) {
            self.save_picture();
        }
        if self.foreground_at.is_some_and(|at| at <= now) {
            self.look_at_foreground();
        }
        if self.tick_at <= now {
            self.tick(now);
        }
    }

    fn tick(&mut self, now: Instant) {
        self.tick_at = now + TICK;
        self.terminal_open = true;
        if !self.host.spec.files.socket.exists() {
            self.rebind();
        }
        let typed_lately = self
            .input_at
            .is_some_and(|at| now.duration_since(at) < WAKE_WITHIN);
        if typed_lately && process::is_stopped(self.status.program_pid) {
            ending::wake(self.status.program_pid);
        }
        self.look_at_foreground_soon(now);
    }

    /// The socket vanished with its folder: clients find the new one through the lock.
    fn rebind(&mut self) {
        let rebound = (self.host.new_socket)().and_then(|socket| {
            let listener = UnixListener::from_std(bind(&socket)?)?;
            self.host.spec.files.socket = socket;
            self.host.lock.publish(&address(&self.host.spec))?;
            Ok(listener)
        });
        match rebound {
            Ok(listener) => self.host.listener = listener,
            Err(error) => log(format_args!("cannot bind a new socket: {error}")),
        }
    }

    fn save_picture(&mut self) {
        self.picture_at = None;
        let picture = Picture {
            size: self.status.size,
            bytes: self.screen.picture(PICTURE_BYTES),
        };
        if let Err(error) = journal::write_picture(&self.host.spec.files.picture, &picture) {
            log(format_args!("cannot write the picture: {error}"));
        }
    }

    fn look_at_foreground_soon(&mut self, now: Instant) {
        if self.host.spec.session.is_none() {
            self.foreground_at.get_or_insert(now + FOREGROUND_AFTER);
        }
    }

    /// A shell works while something else than itself has the terminal.
    fn look_at_foreground(&mut self) {
        self.foreground_at = None;
        let state = match self.host.pty.foreground_group() {
            Some(group) if group == self.status.program_pid => SessionState::Idle,
            Some(_) => SessionState::Working,
            None => SessionState::Unknown,
        };
        if state != self.status.state {
            self.set_state(state);
            self.status_changed();
        }
    }

    /// The program has ended: reads what is left, writes everything down, and tells everybody.
    async fn finish(mut self, exit: Exit) {
        self.exit = Some(exit);
        if let Some(ending) = &self.ending {
            ending.end_family();
        }
        self.observe(Observation::Ended(exit));
        let until = Instant::now() + LAST_BYTES;
        while self.terminal_open && Instant::now() < until {
            self.turn_before(until).await;
        }
        self.flush(Instant::now());
        let until = Instant::now() + LAST_WORDS;
        while (self.companion.is_some() || !self.clients.have_all(&self.stream))
            && Instant::now() < until
        {
            self.turn_before(until).await;
        }
        self.set_state(SessionState::Ended(exit));
        self.write_down(JournalEvent::Ended {
            exit,
            reached_prompt: self.reached_prompt,
        });
        if self.ending.is_none() {
            self.save_picture();
        }
        self.status_changed();
        self.clients.close_all(&Reply::Ended(exit));
        let until = Instant::now() + LAST_WORDS;
        while !self.clients.are_served() && Instant::now() < until {
            self.turn_before(until).await;
        }
        // The lock is still held, so the path can be no other host's.
        let _ = std::fs::remove_file(&self.host.spec.files.socket);
    }

    /// One turn of the loop that ends by `until`.
    async fn turn_before(&mut self, until: Instant) {
        let until = tokio::time::Instant::from_std(until);
        if let Ok(woken) = tokio::time::timeout_at(until, self.next()).await {
            self.handle(woken);
        }
    }
}

/// Complaints go to standard error, which is the host's log file.
fn log(message: std::fmt::Arguments<'_>) {
    eprintln!("{} {message}", Timestamp::now());
}
