//! The CLI in a PTY, followed as the host follows it.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use reprise_core::claude::follow::{FollowStart, Followed, Follower};
use reprise_core::claude::hooks::HookReport;
use reprise_core::claude::launch::{Conversation, Launch};
use reprise_core::model::{Exit, SessionSource, SessionState, TerminalSize};
use reprise_core::session::screen::{self, ScrollbackLimits};
use rustix::process::{Pid, Signal};

use crate::world::World;

const LIMIT: Duration = Duration::from_secs(30);
const COLS: u16 = 120;
const ROWS: u16 = 36;

struct Screen {
    seen: screen::Screen,
    raw: Vec<u8>,
}

impl Screen {
    fn new() -> Self {
        let size = TerminalSize {
            cols: COLS,
            rows: ROWS,
        };
        Self {
            seen: screen::Screen::new(size, ScrollbackLimits::default()),
            raw: Vec::new(),
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.seen.feed(bytes, Instant::now());
        self.raw.extend_from_slice(bytes);
    }

    fn text(&self) -> String {
        self.seen.text()
    }
}

pub struct Terminal<'a> {
    world: &'a World,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    screen: Arc<Mutex<Screen>>,
    ended: Option<Exit>,
    pub follower: Follower,
    pub reports: Vec<HookReport>,
}

impl<'a> Terminal<'a> {
    pub fn start(world: &'a World, conversation: Conversation) -> Self {
        let launch = world.launch(conversation.clone());
        Self::start_as(world, conversation, &launch)
    }

    pub fn start_as(world: &'a World, conversation: Conversation, launch: &Launch) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize {
                rows: ROWS,
                cols: COLS,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        let mut command = CommandBuilder::new(&launch.program);
        command.args(&launch.args);
        command.env_clear();
        for (name, value) in &launch.env {
            command.env(name, value);
        }
        command.cwd(&launch.cwd);
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let screen = Arc::new(Mutex::new(Screen::new()));
        let sink = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                sink.lock().unwrap().feed(&buffer[..length]);
            }
        });
        let (session_id, source) = match conversation {
            Conversation::New(id) => (id, SessionSource::Startup),
            Conversation::Resume(id) => (id, SessionSource::Resume),
        };
        let follower = Follower::new(FollowStart {
            config: launch.config_dir().unwrap(),
            child: child.process_id().unwrap(),
            session_id,
            message_sent: source == SessionSource::Resume,
            source,
        });
        Self {
            world,
            writer: pty.master.take_writer().unwrap(),
            _master: pty.master,
            child,
            screen,
            ended: None,
            follower,
            reports: Vec::new(),
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).unwrap();
        self.writer.flush().unwrap();
    }

    /// Sends a message as a paste and, once that shows, Enter. In one write, 2.1.329 takes
    /// both, but 2.1.200 only the paste.
    pub async fn send(&mut self, text: &str) {
        self.write(format!("\x1b[200~{text}\x1b[201~").as_bytes());
        let deadline = Instant::now() + LIMIT;
        let at_prompt = |line: &str| line.contains('❯') && line.contains(text);
        while !self.text().lines().any(at_prompt) {
            self.step(text, deadline).await;
        }
        // An Enter right behind a paste is taken as a part of it.
        self.settle(Duration::from_millis(200)).await;
        self.write(b"\r");
    }

    /// Runs as the host does for a while.
    async fn settle(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.step("", until + LIMIT).await;
        }
    }

    /// What the screen shows.
    pub fn text(&self) -> String {
        self.screen.lock().unwrap().text()
    }

    /// Whether these bytes were ever written to the terminal.
    pub fn wrote(&self, bytes: &[u8]) -> bool {
        let screen = self.screen.lock().unwrap();
        screen
            .raw
            .windows(bytes.len())
            .any(|window| window == bytes)
    }

    /// Runs as the host does until what is known is as wanted.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Followed) -> bool) -> Followed {
        let deadline = Instant::now() + LIMIT;
        loop {
            if wanted(self.follower.current()) {
                return self.follower.current().clone();
            }
            self.step(what, deadline).await;
        }
    }

    pub async fn until_state(&mut self, state: SessionState) -> Followed {
        let what = format!("state {state:?}");
        self.until(&what, |known| known.state == state).await
    }

    /// Runs as the host does until the screen shows this text.
    pub async fn until_text(&mut self, text: &str) {
        let deadline = Instant::now() + LIMIT;
        while !self.text().contains(text) {
            self.step(text, deadline).await;
        }
    }

    /// Runs as the host does until the program has written this.
    pub async fn until_wrote(&mut self, bytes: &[u8]) {
        let deadline = Instant::now() + LIMIT;
        while !self.wrote(bytes) {
            let what = format!("output {:?}", String::from_utf8_lossy(bytes));
            self.step(&what, deadline).await;
        }
    }

    /// Takes the line with this text of a dialog that marks one with `❯`. A key that comes
    /// before the dialog is ready is lost, and an early Enter marks the first line again:
    /// the right line must stay marked for a while, and all is repeated until it worked.
    pub async fn choose(&mut self, text: &str) {
        let deadline = Instant::now() + LIMIT;
        let mut pressed = Instant::now();
        let mut marked_since = None::<Instant>;
        loop {
            let screen = self.text();
            let settled = |since: Instant| since.elapsed() > Duration::from_millis(700);
            match screen.lines().find(|line| line.contains('❯')) {
                Some(marked) if screen.contains(text) => {
                    let right = marked.contains(text);
                    let since = marked_since.get_or_insert_with(Instant::now);
                    if !right {
                        *since = Instant::now();
                    }
                    if settled(pressed) && (!right || settled(*since)) {
                        let key: &[u8] = if right { b"\r" } else { b"\x1b[B" };
                        self.write(key);
                        pressed = Instant::now();
                    }
                }
                // Until the dialog was seen there is nothing to take; after it, it worked.
                _ if marked_since.is_some() => return,
                _ => {}
            }
            self.step(text, deadline).await;
        }
    }

    pub async fn until_hook(&mut self, wanted: impl Fn(&HookReport) -> bool) -> HookReport {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(report) = self.reports.iter().find(|report| wanted(report)) {
                return report.clone();
            }
            self.step("a hook", deadline).await;
        }
    }

    /// Presses a key until it has led to this state. A dialog that was just drawn may not take
    /// keys yet, and in some versions the first press only leaves its search field.
    pub async fn press_until(&mut self, key: &[u8], state: SessionState) {
        const AGAIN: Duration = Duration::from_secs(1);
        let deadline = Instant::now() + LIMIT;
        let mut pressed: Option<Instant> = None;
        while self.follower.current().state != state {
            if pressed.is_none_or(|at| at.elapsed() > AGAIN) {
                self.write(key);
                pressed = Some(Instant::now());
            }
            self.step("end of the dialog", deadline).await;
        }
    }

    pub async fn until_ended(&mut self) -> Exit {
        let ended = |known: &Followed| matches!(known.state, SessionState::Ended(_));
        match self.until("the end", ended).await.state {
            SessionState::Ended(exit) => exit,
            other => panic!("{other:?}"),
        }
    }

    /// Ends it as the host does.
    pub async fn end(mut self) -> Exit {
        let pid = self
            .follower
            .current()
            .claude
            .map_or(self.pid(), |claude| claude.pid);
        signal(pid, Signal::TERM);
        self.until_ended().await
    }

    /// One turn of the loop: hooks, the program's end, and the follower.
    async fn step(&mut self, what: &str, deadline: Instant) {
        if Instant::now() > deadline {
            panic!("no {what}: {:?}\n{}", self.follower.current(), self.text());
        }
        for frame in self.world.take_hooks() {
            if let Ok(report) = self.follower.hook(&frame) {
                self.reports.push(report);
            }
        }
        if self.ended.is_none()
            && let Some(status) = self.child.try_wait().unwrap()
        {
            let exit = Exit {
                code: i32::try_from(status.exit_code()).unwrap(),
                signal: None,
            };
            self.ended = Some(exit);
            self.follower.ended(exit);
        }
        // A hook's file and the program's end make no event here.
        let _ = tokio::time::timeout(Duration::from_millis(20), self.follower.next()).await;
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        if self.ended.is_some() {
            return;
        }
        signal(self.pid(), Signal::TERM);
        let deadline = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let _ = rustix::process::kill_process(pid, signal);
}
