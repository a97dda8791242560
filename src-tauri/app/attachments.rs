//! The window's connections to hosts: one per terminal that it shows.
//!
//! Each runs as a task of its own. Frames are passed on as the host sent them, several at a
//! time; the host waits for the window's acknowledgements, so nothing piles up here. Dropping
//! an attachment's entry ends its task and closes its socket; the program notices nothing.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reprise_core::session::client::{self, ClientError, FrameReceiver, RequestSender};
use reprise_core::session::protocol::{Attach, Frame, Reply, Request};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::error::AppError;

/// What has arrived is passed on together, up to about this many bytes: the page fetches each
/// piece by itself, which takes longer than the piece.
const TOGETHER_BYTES: usize = 512 * 1024;
/// How long what was typed before a viewer detached may take to reach the host.
const LAST_REQUESTS: Duration = Duration::from_secs(1);
/// The kind of frame that ends a connection with a reason (`protocol::Reply::Refused`).
const REFUSED: u8 = 0x89;
/// The kind that tells the program's end (`protocol::Reply::Ended`).
const ENDED: u8 = 0x8a;

/// Takes whole frames, several at a time; false when nobody takes them any more.
pub type Deliver = Box<dyn Fn(Vec<u8>) -> bool + Send>;

/// The open attachments of the window's page.
#[derive(Debug, Default)]
pub struct Attachments {
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    /// Counts the pages: what one asked for is not given to the next.
    page: u32,
    last: u32,
    requests: HashMap<u32, Queue>,
}

/// The window's end of one attachment. Dropping it ends the attachment.
#[derive(Debug)]
struct Queue {
    requests: mpsc::UnboundedSender<Request>,
    _attached: oneshot::Sender<()>,
}

impl Attachments {
    /// Attaches to the host that holds `lock`; what it sends goes to `deliver`.
    ///
    /// # Errors
    /// The host cannot be reached, or the page that asked is gone.
    pub async fn attach(
        self: &Arc<Self>,
        lock: &Path,
        attach: Attach,
        deliver: Deliver,
    ) -> Result<u32, ClientError> {
        let page = self.lock().page;
        let (mut sender, receiver) = client::open(lock).await?;
        sender.send(&Request::Attach(attach)).await?;
        let (requests, queue) = mpsc::unbounded_channel();
        let (attached, detached) = oneshot::channel();
        let attachment = {
            let mut open = self.lock();
            if open.page != page {
                return Err(io::Error::from(io::ErrorKind::Interrupted).into());
            }
            open.last = open.last.wrapping_add(1);
            let attachment = open.last;
            let queue = Queue {
                requests,
                _attached: attached,
            };
            open.requests.insert(attachment, queue);
            attachment
        };
        let attachments = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = relay(receiver, deliver) => {}
                () = pass_on(queue, sender) => {}
                // A program that does not read what was typed keeps no viewer attached.
                () = async {
                    let _ = detached.await;
                    sleep(LAST_REQUESTS).await;
                } => {}
            }
            attachments.detach(attachment);
        });
        Ok(attachment)
    }

    /// Hands a request to an attachment's host, after those before it. Does not wait.
    ///
    /// # Errors
    /// [`AppError::AttachmentUnknown`].
    pub fn request(&self, attachment: u32, request: Request) -> Result<(), AppError> {
        self.lock()
            .requests
            .get(&attachment)
            .and_then(|queue| queue.requests.send(request).ok())
            .ok_or(AppError::AttachmentUnknown)
    }

    /// Ends an attachment. One that has ended is no error.
    pub fn detach(&self, attachment: u32) {
        self.lock().requests.remove(&attachment);
    }

    /// Ends all: the page that had them is gone.
    pub fn detach_all(&self) {
        let mut open = self.lock();
        open.page = open.page.wrapping_add(1);
        open.requests.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends the window's requests to the host, until there are no more to come.
async fn pass_on(mut queue: mpsc::UnboundedReceiver<Request>, mut sender: RequestSender) {
    while let Some(request) = queue.recv().await {
        if sender.send(&request).await.is_err() {
            // The receiving half sees the reason.
            std::future::pending::<()>().await;
        }
    }
}

/// Passes the host's frames on until the connection ends, which the window is told. The host
/// collects what a program writes; here nothing waits for more.
async fn relay(mut receiver: FrameReceiver, deliver: Deliver) {
    let mut batch = Vec::new();
    let reason = loop {
        let frame = tokio::select! {
            // What has arrived first: it goes together.
            biased;
            frame = receiver.receive() => frame,
            () = std::future::ready(()), if !batch.is_empty() => {
                if !deliver(std::mem::take(&mut batch)) {
                    return;
                }
                continue;
            }
        };
        match frame {
            Ok(Some(frame)) => {
                let last = frame.kind == REFUSED || frame.kind == ENDED;
                if !last && !Reply::is_for_viewer(frame.kind) {
                    continue;
                }
                frame.write_to(&mut batch);
                let due = last || batch.len() >= TOGETHER_BYTES;
                let taken = !due || deliver(std::mem::take(&mut batch));
                if last || !taken {
                    return;
                }
            }
            Ok(None) => break "the host closed the connection".to_owned(),
            Err(error) => break error.to_string(),
        }
    };
    let payload = json!({ "code": "host_gone", "message": reason });
    let goodbye = Frame {
        kind: REFUSED,
        payload: payload.to_string().into_bytes(),
    };
    goodbye.write_to(&mut batch);
    deliver(batch);
}

#[cfg(test)]
mod tests;
