//! A viewer as the window is one, without the window: it follows the frames and keeps what
//! they make of a screen.

use std::path::Path;
use std::time::{Duration, Instant};

use reprise_core::model::{Exit, TerminalSize};
use reprise_core::session::client::BlockingConnection;
use reprise_core::session::protocol::{
    Ack, Attach, Reply, Request, Resized, SnapshotStart, ViewerSize,
};
use reprise_core::session::screen::{Screen, ScrollbackLimits};

pub struct Viewer {
    connection: BlockingConnection,
    screen: Screen,
    pub snapshots: Vec<SnapshotStart>,
    pub resizes: Vec<Resized>,
    pub ended: Option<Exit>,
    pub offset: u64,
    /// How many repaints came, and how many bytes of snapshots and repaints.
    pub repaints: usize,
    pub painted: u64,
    /// Whether it has seen every byte up to the offset, or a snapshot that stands for them.
    pub exact: bool,
    /// How long it takes for each frame.
    pub slow: Option<Duration>,
}

impl Viewer {
    pub fn attach(lock: &Path, size: TerminalSize) -> Self {
        let mut connection = BlockingConnection::open(lock).unwrap();
        connection
            .send(&Request::Attach(Attach {
                size: seen(size),
                name: "test".into(),
                palette: None,
                repaints: true,
                cells: false,
            }))
            .unwrap();
        let mut viewer = Self {
            connection,
            screen: Screen::new(size, ScrollbackLimits::default()),
            snapshots: Vec::new(),
            resizes: Vec::new(),
            ended: None,
            offset: 0,
            repaints: 0,
            painted: 0,
            exact: false,
            slow: None,
        };
        while viewer.receive() != Reply::SnapshotEnd {}
        viewer
    }

    pub fn send(&mut self, request: &Request) {
        self.connection.send(request).unwrap();
    }

    pub fn type_text(&mut self, text: &str) {
        self.send(&Request::Input(text.as_bytes().to_vec()));
    }

    /// Sends a prompt as a person does: Enter once the text stands there. Older versions do not
    /// take an Enter that comes with the text.
    pub fn say(&mut self, text: &str) {
        let head: String = text.chars().take(30).collect();
        let before = self.text().matches(&head).count();
        self.type_text(&format!("\x1b[200~{text}\x1b[201~"));
        while self.text().matches(&head).count() <= before {
            self.receive();
        }
        self.type_text("\r");
    }

    pub fn resize(&mut self, size: TerminalSize) {
        self.send(&Request::Resize(seen(size)));
    }

    /// Somebody sees it from now on, or nobody.
    pub fn see(&mut self, size: TerminalSize, visible: bool) {
        let size = ViewerSize {
            visible,
            ..seen(size)
        };
        self.send(&Request::Resize(size));
    }

    /// The stream that rebuilds what it has.
    pub fn snapshot(&self) -> Vec<u8> {
        self.screen.snapshot().into_stream()
    }

    pub fn size(&self) -> TerminalSize {
        self.screen.size()
    }

    /// The visible text.
    pub fn text(&self) -> String {
        self.screen.text()
    }

    /// Receives until the screen shows this.
    pub fn wait_for_text(&mut self, text: &str) {
        while !self.text().contains(text) {
            assert!(
                self.ended.is_none(),
                "ended without {text:?}:\n{}",
                self.text()
            );
            self.receive();
        }
    }

    /// Receives until the program has ended.
    pub fn wait_for_end(&mut self) -> Exit {
        loop {
            if let Some(exit) = self.ended {
                return exit;
            }
            self.receive();
        }
    }

    /// Receives one reply and applies it; panics after the connection's patience.
    pub fn receive(&mut self) -> Reply {
        let reply = self
            .connection
            .receive()
            .unwrap_or_else(|error| panic!("{error}; the screen shows:\n{}", self.text()));
        if let Some(slow) = self.slow {
            std::thread::sleep(slow);
        }
        match &reply {
            Reply::SnapshotStart(start) => {
                let lines = u32::try_from(start.scrollback).ok();
                self.screen = Screen::new(start.size, ScrollbackLimits::of_lines(lines));
                self.offset = start.offset;
                self.exact = false;
                self.snapshots.push(start.clone());
            }
            Reply::SnapshotBytes(bytes) => {
                self.screen.feed(bytes, Instant::now());
                self.painted += bytes.len() as u64;
                self.acknowledge();
            }
            Reply::SnapshotEnd => {
                self.exact = true;
                self.acknowledge();
            }
            Reply::Output { offset, bytes } => {
                assert_eq!(*offset, self.offset, "the stream has a gap");
                self.screen.feed(bytes, Instant::now());
                self.offset += bytes.len() as u64;
                self.acknowledge();
            }
            Reply::Repaint(repaint) => {
                self.screen.resize(repaint.size);
                self.screen.feed(&repaint.bytes, Instant::now());
                self.offset = repaint.offset;
                self.painted += repaint.bytes.len() as u64;
                self.repaints += 1;
                self.exact = false;
                self.acknowledge();
            }
            Reply::Resized(resized) => {
                self.screen.resize(resized.size);
                self.resizes.push(resized.clone());
            }
            Reply::Ended(exit) => self.ended = Some(*exit),
            Reply::Status(_)
            | Reply::Event(_)
            | Reply::Pong(_)
            | Reply::SnapshotLines(_)
            | Reply::Refused(_)
            | Reply::QueueAnswer(_)
            | Reply::Found(_)
            | Reply::TextBytes(_)
            | Reply::TextEnd(_) => {}
        }
        reply
    }

    fn acknowledge(&mut self) {
        // The host may be gone already, with its last words still to be read.
        let _ = self.connection.send(&Request::Ack(Ack {
            offset: self.offset,
            painted: Some(self.painted),
        }));
    }
}

fn seen(size: TerminalSize) -> ViewerSize {
    ViewerSize {
        cols: size.cols,
        rows: size.rows,
        visible: true,
    }
}
