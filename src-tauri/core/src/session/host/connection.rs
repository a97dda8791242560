//! One client's connection: a task that reads its requests and one that writes what the host
//! has for it. Neither ever makes the host wait.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, Semaphore, mpsc};

use crate::session::find::FindAnswer;
use crate::session::protocol::{
    self, FrameError, FrameReader, HELLO_LEN, Refused, RefusedCode, Reply, Request,
};
use crate::session::screen::ScreenEvent;

/// A client must have greeted within this time.
const GREETING_PATIENCE: Duration = Duration::from_secs(5);
/// A client that was let go is listened to this long, for it to read why.
const PARTING_PATIENCE: Duration = Duration::from_secs(1);
/// Input that the program has not read yet: beyond it a client's connection waits.
pub const UNREAD_INPUT_BYTES: usize = 4 * 1024 * 1024;
/// What a client has not read yet beside the program's bytes, which wait for its credit:
/// beyond this many frames or bytes the connection ends.
const UNREAD_FRAMES: usize = 512;
const UNREAD_BYTES: usize = 8 * 1024 * 1024;
/// A client that was let go may take this long to read what was begun.
const LAST_READ_PATIENCE: Duration = Duration::from_secs(2);
const READ_BYTES: usize = 64 * 1024;

/// Names a connection within its host.
pub type ClientId = u64;

/// What a connection tells the host.
#[derive(Debug)]
pub enum FromClient {
    /// A request; `Input` has taken its bytes from the host's input budget.
    Request(Request),
    /// What a search came to, from the thread that matches for a client.
    Found(FindAnswer),
    /// The connection is over.
    Gone,
}

/// What is to be written to one client.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: RefCell<Queue>,
    changed: Notify,
    closing: Cell<bool>,
    let_go: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    bytes: Vec<u8>,
    /// Frames and bytes among them that no credit limits.
    frames: usize,
    frame_bytes: usize,
    /// The last of each kind of frame that makes the ones before it worthless. They go first.
    latest: [Vec<u8>; Latest::KINDS],
    /// Whether bytes that were taken out are still being written.
    writing: bool,
}

/// Kinds of frames of which only the last one counts.
#[derive(Clone, Copy)]
enum Latest {
    Status,
    Title,
    Progress,
    Bell,
}

impl Latest {
    const KINDS: usize = 4;

    fn of(reply: &Reply) -> Option<Self> {
        match reply {
            Reply::Status(_) => Some(Self::Status),
            Reply::Event(ScreenEvent::Title { .. }) => Some(Self::Title),
            Reply::Event(ScreenEvent::Progress { .. }) => Some(Self::Progress),
            // A program that rings without an end rings once for who does not listen.
            Reply::Event(ScreenEvent::Bell) => Some(Self::Bell),
            _ => None,
        }
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.latest.iter().all(Vec::is_empty)
    }

    fn take(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        for latest in &mut self.latest {
            all.append(latest);
        }
        if all.is_empty() {
            all = std::mem::take(&mut self.bytes);
        } else {
            all.append(&mut self.bytes);
        }
        self.frames = 0;
        self.frame_bytes = 0;
        self.writing = !all.is_empty();
        all
    }
}

impl Outbox {
    /// Queues a reply. False when the client does not read: it should be let go. One that was
    /// let go already gets nothing more.
    #[must_use]
    pub fn push(&self, reply: &Reply) -> bool {
        if self.closing.get() {
            return true;
        }
        let mut queue = self.queue.borrow_mut();
        self.changed.notify_one();
        if let Some(kind) = Latest::of(reply) {
            let place = &mut queue.latest[kind as usize];
            place.clear();
            reply.write_to(place);
            return true;
        }
        let before = queue.bytes.len();
        reply.write_to(&mut queue.bytes);
        let limited_by_credit = matches!(
            reply,
            Reply::Output { .. }
                | Reply::SnapshotStart(_)
                | Reply::SnapshotBytes(_)
                | Reply::SnapshotLines(_)
                | Reply::SnapshotEnd
                | Reply::Repaint(_)
        );
        if !limited_by_credit {
            queue.frames += 1;
            queue.frame_bytes += queue.bytes.len() - before;
        }
        queue.frames <= UNREAD_FRAMES && queue.frame_bytes <= UNREAD_BYTES
    }

    /// How many bytes that no credit limits wait to be written.
    pub fn unread_bytes(&self) -> usize {
        self.queue.borrow().frame_bytes
    }

    /// Whether everything has been handed to the system.
    pub fn is_empty(&self) -> bool {
        let queue = self.queue.borrow();
        queue.is_empty() && !queue.writing
    }

    /// Whether the connection is about to end: its requests no longer count.
    pub fn is_closing(&self) -> bool {
        self.closing.get()
    }

    /// Ends the connection once what is queued has been written, or could not be.
    pub fn close(&self) {
        self.closing.set(true);
        self.changed.notify_one();
        self.let_go.notify_one();
    }

    /// Lets a client go that does not read: what it has not begun to read is dropped.
    pub fn refuse_slow(&self) {
        if self.closing.get() {
            return;
        }
        {
            let mut queue = self.queue.borrow_mut();
            let writing = queue.writing;
            *queue = Queue {
                writing,
                ..Queue::default()
            };
        }
        self.refuse(
            RefusedCode::TooSlow,
            "the client does not read what it asked for".into(),
        );
    }

    /// Returns once the connection is closing and its client had time to read.
    async fn is_given_up(&self) {
        while !self.closing.get() {
            self.let_go.notified().await;
        }
        tokio::time::sleep(LAST_READ_PATIENCE).await;
    }

    /// Gives the client a reason, and ends the connection.
    pub fn refuse(&self, code: RefusedCode, message: String) {
        let _ = self.push(&Reply::Refused(Refused { code, message }));
        self.close();
    }
}

/// Serves one accepted connection until it ends; [`FromClient::Gone`] is the last it tells.
pub async fn serve(
    stream: UnixStream,
    id: ClientId,
    outbox: Rc<Outbox>,
    input_budget: Arc<Semaphore>,
    host: mpsc::Sender<(ClientId, FromClient)>,
) {
    let (mut read, write) = stream.into_split();
    // Whichever side ends first ends the other: a client that is gone needs no bytes, and one
    // that was let go is not listened to.
    tokio::select! {
        () = read_requests(&mut read, id, &outbox, &input_budget, &host) => {}
        () = write_replies(write, &outbox) => {
            // Closing with something unread would take the last reply from the client.
            let mut nowhere = tokio::io::sink();
            let rest = tokio::io::copy(&mut read, &mut nowhere);
            let _ = tokio::time::timeout(PARTING_PATIENCE, rest).await;
        }
    }
    let _ = host.send((id, FromClient::Gone)).await;
}

async fn read_requests(
    stream: &mut OwnedReadHalf,
    id: ClientId,
    outbox: &Outbox,
    input_budget: &Semaphore,
    host: &mpsc::Sender<(ClientId, FromClient)>,
) {
    let mut hello = [0; HELLO_LEN];
    match tokio::time::timeout(GREETING_PATIENCE, stream.read_exact(&mut hello)).await {
        Ok(Ok(_)) => {}
        _ => return,
    }
    if let Err(error) = protocol::read_hello(hello) {
        return refuse_and_wait(outbox, &error).await;
    }
    let mut reader = FrameReader::default();
    let mut bytes = vec![0; READ_BYTES];
    loop {
        match stream.read(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(n) => reader.push(&bytes[..n]),
        }
        loop {
            let request = match reader.next_frame() {
                Ok(None) => break,
                Ok(Some(frame)) => Request::read(frame),
                Err(error) => Err(error),
            };
            let request = match request {
                Ok(request) => request,
                Err(error) => return refuse_and_wait(outbox, &error).await,
            };
            if let Request::Input(bytes) = &request {
                match input_budget.acquire_many(bytes.len() as u32).await {
                    Ok(permit) => permit.forget(),
                    Err(_) => return,
                }
            }
            if host.send((id, FromClient::Request(request))).await.is_err() {
                return;
            }
        }
    }
}

/// Says why the connection ends and leaves the writing to the other half, which then ends.
async fn refuse_and_wait(outbox: &Outbox, error: &FrameError) {
    outbox.refuse(RefusedCode::BadFrame, error.to_string());
    std::future::pending::<()>().await;
}

async fn write_replies(mut stream: OwnedWriteHalf, outbox: &Outbox) {
    if stream
        .write_all(&protocol::hello(protocol::VERSION))
        .await
        .is_err()
    {
        return;
    }
    loop {
        let bytes = outbox.queue.borrow_mut().take();
        if !bytes.is_empty() {
            // A client that never reads again, stopped for instance, must not be kept for ever.
            let written = tokio::select! {
                written = stream.write_all(&bytes) => written.is_ok(),
                () = outbox.is_given_up() => false,
            };
            outbox.queue.borrow_mut().writing = false;
            if !written {
                return;
            }
        } else if outbox.closing.get() {
            let _ = stream.shutdown().await;
            return;
        } else {
            outbox.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(n: usize) -> Reply {
        Reply::Event(ScreenEvent::Title {
            title: format!("title {n}"),
        })
    }

    /// A served connection and the client's end of it.
    fn connected(outbox: &Rc<Outbox>) -> (UnixStream, mpsc::Receiver<(ClientId, FromClient)>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (to_host, from_client) = mpsc::channel(16);
        let budget = Arc::new(Semaphore::new(UNREAD_INPUT_BYTES));
        tokio::task::spawn_local(serve(ours, 1, Rc::clone(outbox), budget, to_host));
        (theirs, from_client)
    }

    #[tokio::test(flavor = "local")]
    async fn a_client_that_was_stopped_costs_a_bounded_amount_and_is_let_go() {
        let outbox = Rc::new(Outbox::default());
        let (client, mut from_client) = connected(&outbox);
        // What changes all the time is kept once, for as long as it takes.
        for n in 0..100_000 {
            assert!(outbox.push(&title(n)));
        }
        assert!(outbox.queue.borrow().latest[Latest::Title as usize].len() < 100);
        // What is not of that kind ends the connection, and from then on nothing piles up.
        let call = Reply::Event(ScreenEvent::Notification {
            title: None,
            body: "done".into(),
        });
        let mut refused = false;
        for _ in 0..100_000 {
            if !outbox.push(&call) {
                outbox.refuse_slow();
                refused = true;
            }
            tokio::task::yield_now().await;
        }
        assert!(refused);
        assert!(outbox.queue.borrow().bytes.len() < 64 * 1024);
        let gone = tokio::time::timeout(Duration::from_secs(60), from_client.recv()).await;
        assert!(matches!(gone, Ok(Some((1, FromClient::Gone)))), "{gone:?}");
        drop(client);
    }

    #[tokio::test(flavor = "local")]
    async fn what_a_client_has_not_read_is_not_served() {
        let outbox = Rc::new(Outbox::default());
        let (mut client, _from_client) = connected(&outbox);
        // More than a socket takes at once.
        for _ in 0..3 {
            let _ = outbox.push(&Reply::SnapshotBytes(vec![b'x'; 1000 * 1000]));
        }
        let exit = crate::model::Exit {
            code: 0,
            signal: None,
        };
        let _ = outbox.push(&Reply::Ended(exit));
        outbox.close();
        for _ in 0..100 {
            tokio::task::yield_now().await;
            assert!(!outbox.is_empty());
        }
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        assert!(outbox.is_empty());
        let mut reader = FrameReader::default();
        reader.push(&all[HELLO_LEN..]);
        let mut last = None;
        while let Some(frame) = reader.next_frame().unwrap() {
            last = Reply::read(frame).unwrap();
        }
        assert_eq!(last, Some(Reply::Ended(exit)));
    }
}
