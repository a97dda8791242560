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

use crate::session::protocol::{
    self, FrameError, FrameReader, HELLO_LEN, Refused, RefusedCode, Reply, Request,
};

/// A client must have greeted within this time.
const GREETING_PATIENCE: Duration = Duration::from_secs(5);
/// A client that was let go is listened to this long, for it to read why.
const PARTING_PATIENCE: Duration = Duration::from_secs(1);
/// Input that the program has not read yet: beyond it a client's connection waits.
pub const UNREAD_INPUT_BYTES: usize = 4 * 1024 * 1024;
/// Control frames that a client has not read yet: beyond it the connection ends.
const UNREAD_FRAMES: usize = 512;
const READ_BYTES: usize = 64 * 1024;

/// Names a connection within its host.
pub type ClientId = u64;

/// What a connection tells the host.
#[derive(Debug)]
pub enum FromClient {
    /// A request; `Input` has taken its bytes from the host's input budget.
    Request(Request),
    /// The connection is over.
    Gone,
}

/// What is to be written to one client.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: RefCell<Queue>,
    changed: Notify,
    closing: Cell<bool>,
}

#[derive(Debug, Default)]
struct Queue {
    bytes: Vec<u8>,
    frames: usize,
}

impl Outbox {
    /// Queues a reply. False when the client does not read: it should be let go.
    #[must_use]
    pub fn push(&self, reply: &Reply) -> bool {
        let mut queue = self.queue.borrow_mut();
        reply.write_to(&mut queue.bytes);
        queue.frames += 1;
        self.changed.notify_one();
        queue.frames <= UNREAD_FRAMES
    }

    /// Whether everything has been handed to the system.
    pub fn is_empty(&self) -> bool {
        self.queue.borrow().frames == 0
    }

    /// Ends the connection once what is queued has been written.
    pub fn close(&self) {
        self.closing.set(true);
        self.changed.notify_one();
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
        let queue = std::mem::take(&mut *outbox.queue.borrow_mut());
        if !queue.bytes.is_empty() {
            if stream.write_all(&queue.bytes).await.is_err() {
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
