//! The host's loop: one thread that reads the program, feeds the screen, and serves clients.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::io::unix::AsyncFd;
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::clients::Clients;
use super::connection::{ClientId, FromClient, UNREAD_INPUT_BYTES};
use super::ending::Ending;
use super::lookups::Lookup;
use super::pace::Pace;
use super::program::READ_BYTES;
use super::queue::Queue;
use super::stream::Stream;
use super::typing;
use super::upkeep::TICK;
use super::{Companion, Host, Learned, Observation};
use crate::model::{ClaudeSessionId, Exit, SessionSource, SessionState, as_taken};
use crate::session::journal::JournalEvent;
use crate::session::protocol::{HostStatus, Reply};
use crate::session::screen::ProgressState;
use crate::session::screen::{Screen, ScrollbackLimits};
use crate::session::unattended::RunStatus;

/// After the program's end: how long what others still write is read, how long the companion
/// may take, how long viewers may.
const LAST_BYTES: Duration = Duration::from_millis(500);
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Who starts a terminal is there to see it within this time. A program that fails at once is
/// not over before: what it said is why it failed.
const FIRST_LOOK: Duration = Duration::from_secs(2);
/// Ignored hooks are counted without end and logged up to here.
const LOGGED_HOOKS: u64 = 100;
const CLIENT_MESSAGES: usize = 256;

pub(super) async fn run(host: Host, companion: Option<Companion>) -> io::Result<Exit> {
    tokio::task::LocalSet::new()
        .run_until(async { Running::new(host, companion)?.run().await })
        .await
}

/// A host at work.
pub(super) struct Running {
    pub(super) host: Shared,
    pub(super) screen: Screen,
    pub(super) stream: Stream,
    pub(super) clients: Clients,
    pub(super) status: HostStatus,
    pub(super) input: VecDeque<PendingInput>,
    /// What viewers typed while a command is half typed.
    pub(super) held_input: VecDeque<PendingInput>,
    pub(super) queue: Queue,
    pub(super) queue_unsaved: bool,
    pub(super) queue_fails: bool,
    /// When the state last changed, and when the program last wrote.
    pub(super) state_at: Instant,
    pub(super) output_at: Instant,
    pub(super) input_budget: Arc<Semaphore>,
    pub(super) from_clients: mpsc::Receiver<(ClientId, FromClient)>,
    pub(super) to_host: mpsc::Sender<(ClientId, FromClient)>,
    pub(super) next_client: ClientId,
    pub(super) companion: Option<Companion>,
    pub(super) ending: Option<Ending>,
    pub(super) exit: Option<Exit>,
    pub(super) began: Instant,
    /// Whether the program's side of the terminal is open, as far as is known.
    pub(super) terminal_open: bool,
    pub(super) reached_prompt: bool,
    pub(super) flushed: u64,
    pub(super) flushed_at: Instant,
    pub(super) flush_at: Option<Instant>,
    /// When some viewer is to be looked after.
    pub(super) look_at: Option<Instant>,
    /// Whether some viewer may still be sent what the program writes now.
    pub(super) keeps_stream: bool,
    pub(super) pace: Pace,
    /// What one turn of reading reads into.
    pub(super) read_buffer: Vec<u8>,
    pub(super) tick_at: Instant,
    pub(super) picture_at: Option<Instant>,
    pub(super) foreground_at: Option<Instant>,
    pub(super) input_at: Option<Instant>,
    /// Searches and texts that clients wait for, and when the next slice of them is due.
    pub(super) lookups: Vec<Lookup>,
    pub(super) lookup_at: Option<Instant>,
    /// The program is in another conversation than the status says; which is told in a moment.
    pub(super) leaves_conversation: bool,
    /// What the journal could not take yet: a full disk must lose no id.
    pub(super) unwritten: VecDeque<(Timestamp, JournalEvent)>,
    journal_fails: bool,
    pub(super) rebind_fails: bool,
}

/// What remains of the [`Host`] once its program is being waited for.
pub(super) struct Shared {
    pub(super) spec: super::HostSpec,
    pub(super) lock: crate::session::lock::HostLock,
    pub(super) listener: UnixListener,
    pub(super) journal: crate::session::journal::Journal,
    pub(super) pty: crate::session::pty::Pty,
    pub(super) fd: Rc<AsyncFd<OwnedFd>>,
    pub(super) new_socket: super::NewSocket,
    pub(super) exited: oneshot::Receiver<Exit>,
    pub(super) terminated: Signal,
}

/// Bytes for the program that it has not read yet, kept whole: an answer to a query never
/// splits what a person pasted.
pub(super) struct PendingInput {
    pub(super) bytes: Vec<u8>,
    pub(super) written: usize,
    /// Whether the bytes were taken from the clients' budget.
    pub(super) budgeted: bool,
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
        let is_run = spec.run.is_some();
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
            progress_state: ProgressState::None,
            build: spec.build.clone(),
            ignored_hooks: 0,
            journal_records: journal.last_number(),
            trouble: None,
            queue: Vec::new(),
            ask: None,
            background: false,
            run: spec.run.as_ref().map(|run| RunStatus::new(run, started_at)),
        };
        let limits = ScrollbackLimits::of_lines(spec.scrollback_lines);
        let mut screen = Screen::new(size, limits);
        if let Some(palette) = spec.palette.clone() {
            screen.set_palette(palette);
        }
        let mut queue = if spec.session.is_some() && !is_run {
            typing::restored(&spec.files.queue())
        } else {
            Queue::default()
        };
        if let Some(companion) = &companion {
            let mut awaited = queue.unsure();
            if let Some(command) = &spec.first_command {
                queue.add_argument(command.clone(), started_at);
                awaited.push((as_taken(&command.text), started_at));
            }
            for (text, at) in awaited {
                let _ = companion
                    .observations
                    .send(Observation::Sending { text, at });
            }
        }
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
            screen,
            stream: Stream::default(),
            clients: Clients::default(),
            status,
            input: VecDeque::new(),
            held_input: VecDeque::new(),
            queue,
            queue_unsaved: false,
            queue_fails: false,
            state_at: now,
            output_at: now,
            input_budget: Arc::new(Semaphore::new(UNREAD_INPUT_BYTES)),
            from_clients,
            to_host,
            next_client: 1,
            foreground_at: companion.is_none().then_some(now),
            companion,
            ending: None,
            exit: None,
            began: now,
            terminal_open: true,
            // A run has no prompt to come to: how it fails says nothing of the conversation.
            reached_prompt: is_run,
            flushed: 0,
            flushed_at: now,
            flush_at: None,
            look_at: None,
            keeps_stream: false,
            pace: Pace::new(now),
            read_buffer: vec![0; READ_BYTES],
            tick_at: now + TICK,
            picture_at: None,
            input_at: None,
            lookups: Vec::new(),
            lookup_at: None,
            leaves_conversation: false,
            unwritten: VecDeque::new(),
            journal_fails: false,
            rebind_fails: false,
        })
    }

    async fn run(mut self) -> io::Result<Exit> {
        self.write_run_record(None);
        self.tell_queue();
        let exit = loop {
            match self.next().await {
                Woken::Exited(exit) => break exit,
                woken => self.handle(woken),
            }
            // A program that never pauses must not keep the connections waiting.
            tokio::task::yield_now().await;
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
            Woken::Client(id, FromClient::Found(answer)) => self.found(id, answer),
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
            self.look_at,
            self.queue.deadline(),
            self.lookup_at,
            self.ending.as_ref().and_then(Ending::until),
        ]
        .into_iter()
        .flatten()
        .fold(self.tick_at, Instant::min)
    }

    fn learned(&mut self, learned: Learned) {
        match learned {
            Learned::State(state) => {
                let state = self.state_of_run(state);
                // Once it has ended, nothing that was on its way is true any more.
                if state == self.status.state || self.exit.is_some() {
                    return;
                }
                self.set_state(state);
            }
            Learned::SessionId {
                id,
                source,
                message_sent,
            } => {
                if source == SessionSource::Clear {
                    let before = self.status.session_id.as_ref();
                    self.queue.conversation_cleared(before, &id);
                }
                self.new_session_id(id, source, message_sent);
            }
            Learned::Leaves(leaves) => {
                self.leaves_conversation = leaves;
                return;
            }
            Learned::MessageSent(id) => {
                if self.status.session_id.as_ref() == Some(&id) {
                    self.status.message_sent = true;
                }
                self.write_down(JournalEvent::MessageSent { id });
            }
            Learned::ClaudeProcess(pid) => self.status.claude_pid = Some(pid),
            Learned::Ask(ask) => self.status.ask = ask.filter(|_| self.exit.is_none()),
            Learned::Background(background) => {
                self.status.background = background && self.exit.is_none();
            }
            Learned::Prompted(prompt) => return self.acknowledged(&prompt),
            Learned::IgnoredHook(why) => self.ignore_hook(&why),
            Learned::Trouble(trouble) => self.status.trouble = trouble,
        }
        self.status_changed();
    }

    pub(super) fn new_session_id(
        &mut self,
        id: ClaudeSessionId,
        source: SessionSource,
        message_sent: bool,
    ) {
        if self.status.session_id.as_ref() == Some(&id) {
            // Told by the stream and by the session file.
            if message_sent && !std::mem::replace(&mut self.status.message_sent, true) {
                self.write_down(JournalEvent::MessageSent { id });
            }
            return;
        }
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

    pub(super) fn set_state(&mut self, state: SessionState) {
        self.reached_prompt |= !matches!(
            state,
            SessionState::Starting | SessionState::Unknown | SessionState::Ended(_)
        );
        self.status.state = state;
        self.status.since = Timestamp::now();
        self.state_at = Instant::now();
    }

    pub(super) fn write_down(&mut self, event: JournalEvent) {
        self.unwritten.push_back((Timestamp::now(), event));
        self.write_unwritten();
    }

    /// Writes down what waits for it, in order. What fails is tried again at each tick.
    pub(super) fn write_unwritten(&mut self) {
        while let Some((at, event)) = self.unwritten.front() {
            if let Err(error) = self.host.journal.append(*at, event.clone()) {
                if !self.journal_fails {
                    log(format_args!("the journal cannot be written: {error}"));
                    self.journal_fails = true;
                    self.status.trouble = Some(error.to_string());
                    self.status_changed();
                }
                return;
            }
            self.unwritten.pop_front();
            self.status.journal_records = self.host.journal.last_number();
            if self.unwritten.is_empty() && std::mem::take(&mut self.journal_fails) {
                self.status.trouble = None;
                self.status_changed();
            }
        }
    }

    pub(super) fn ignore_hook(&mut self, why: &str) {
        self.status.ignored_hooks += 1;
        if self.status.ignored_hooks <= LOGGED_HOOKS {
            log(format_args!("a hook was ignored: {why}"));
        }
    }

    pub(super) fn status_changed(&mut self) {
        self.clients.send_status(&self.status);
    }

    pub(super) fn observe(&self, observation: Observation) {
        if let Some(companion) = &self.companion {
            // A companion that is gone needs no observations.
            let _ = companion.observations.send(observation);
        }
    }

    fn on_time(&mut self, now: Instant) {
        if self.screen.sync_deadline().is_some_and(|at| at <= now) {
            self.screen.end_sync();
            self.output_at = now;
            self.after_output();
        }
        let viewer_due = self.look_at.is_some_and(|at| at <= now);
        if viewer_due || self.flush_at.is_some_and(|at| at <= now) {
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
        if self.lookup_at.is_some_and(|at| at <= now) {
            self.go_on_looking(now);
        }
        if self.tick_at <= now {
            self.tick(now);
        }
        self.look_at_queue();
        self.release_keys();
    }

    /// The program has ended: reads what is left, writes everything down, and tells everybody.
    async fn finish(mut self, exit: Exit) {
        self.exit = Some(exit);
        if let Some(ending) = &mut self.ending {
            ending.program_ended();
        }
        // At once, not when everything has been read and written down.
        // What it was doing is over, however it ended.
        self.status.progress = None;
        self.status.progress_state = ProgressState::None;
        self.set_state(SessionState::Ended(exit));
        self.status.ask = None;
        self.status.background = false;
        self.queue.ended(Timestamp::now());
        self.tell_queue();
        self.status_changed();
        self.observe(Observation::Ended(exit));
        let until = Instant::now() + LAST_BYTES;
        while self.terminal_open && Instant::now() < until {
            self.turn_before(until).await;
        }
        let until = self.began + FIRST_LOOK;
        while self.ending.is_none() && !self.clients.had_viewer() && Instant::now() < until {
            self.turn_before(until).await;
        }
        self.clients.bring_to_end();
        self.flush(Instant::now());
        let until = Instant::now() + LAST_WORDS;
        while (self.companion.is_some() || !self.clients.have_all(&self.stream))
            && Instant::now() < until
        {
            self.turn_before(until).await;
        }
        self.write_down(JournalEvent::Ended {
            exit,
            reached_prompt: self.reached_prompt,
        });
        self.write_run_record(Some(exit));
        // What an unattended run said last is what came of it.
        if self.ending.is_none() || self.status.run.is_some() {
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

/// Complaints go to standard error, which is the host's log file. On a full disk it takes
/// none, and that must not end the terminal: `eprintln!` would panic.
pub(super) fn log(message: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{} {message}", Timestamp::now());
}
