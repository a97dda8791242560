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

/// What has arrived is passed on together, up to about this many bytes.
const TOGETHER_BYTES: usize = 128 * 1024;
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
mod tests {
    use std::path::PathBuf;

    use reprise_core::session::lock::{HostAddress, HostLock};
    use reprise_core::session::protocol::{FrameReader, HELLO_LEN, VERSION, ViewerSize, hello};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{UnixListener, UnixStream};

    use super::*;

    /// The host's end of a terminal, held by the test.
    struct HostEnd {
        _dir: tempfile::TempDir,
        _lock: HostLock,
        lock_path: PathBuf,
        listener: UnixListener,
    }

    impl HostEnd {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let lock_path = dir.path().join("claude.lock");
            let socket = dir.path().join("s");
            let mut lock = HostLock::acquire(&lock_path).unwrap().unwrap();
            let listener = UnixListener::bind(&socket).unwrap();
            let address = HostAddress {
                socket,
                pid: std::process::id(),
                build: "test".into(),
            };
            lock.publish(&address).unwrap();
            Self {
                _dir: dir,
                _lock: lock,
                lock_path,
                listener,
            }
        }

        async fn accept(&self) -> (UnixStream, FrameReader) {
            let (mut stream, _) = self.listener.accept().await.unwrap();
            let mut greeting = [0; HELLO_LEN];
            stream.read_exact(&mut greeting).await.unwrap();
            stream.write_all(&hello(VERSION)).await.unwrap();
            (stream, FrameReader::default())
        }
    }

    async fn next_request(stream: &mut UnixStream, reader: &mut FrameReader) -> Option<Request> {
        loop {
            if let Some(frame) = reader.next_frame().unwrap() {
                return Some(Request::read(frame).unwrap());
            }
            let mut bytes = [0; 4096];
            match stream.read(&mut bytes).await.unwrap() {
                0 => return None,
                n => reader.push(&bytes[..n]),
            }
        }
    }

    fn attach() -> Attach {
        Attach {
            size: ViewerSize {
                cols: 80,
                rows: 24,
                visible: true,
            },
            name: "test".into(),
            palette: None,
            repaints: true,
        }
    }

    fn into_channel() -> (Deliver, mpsc::UnboundedReceiver<Vec<u8>>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Box::new(move |bytes| sender.send(bytes).is_ok()), receiver)
    }

    #[tokio::test]
    async fn frames_arrive_whole_and_in_order_and_a_lost_host_is_told() {
        let host = HostEnd::new();
        let attachments = Arc::new(Attachments::default());
        let (deliver, mut delivered) = into_channel();
        let (attached, (mut stream, mut reader)) = tokio::join!(
            attachments.attach(&host.lock_path, attach(), deliver),
            host.accept()
        );
        let attachment = attached.unwrap();
        let first = next_request(&mut stream, &mut reader).await;
        assert_eq!(first, Some(Request::Attach(attach())));

        let mut sent = Vec::new();
        for offset in 0..2_000_u64 {
            let bytes = vec![(offset % 251) as u8; (offset % 700) as usize];
            Reply::Output { offset, bytes }.write_to(&mut sent);
        }
        // In pieces that respect no frame.
        for piece in sent.chunks(1_777) {
            stream.write_all(piece).await.unwrap();
        }
        let mut received = Vec::new();
        while received.len() < sent.len() {
            let message = delivered.recv().await.unwrap();
            let mut whole = FrameReader::default();
            whole.push(&message);
            let mut length = 0;
            while let Some(frame) = whole.next_frame().unwrap() {
                length += 5 + frame.payload.len();
            }
            assert_eq!(length, message.len(), "a message ended inside a frame");
            received.extend(message);
        }
        assert!(received == sent);

        drop(stream);
        let mut last = FrameReader::default();
        last.push(&delivered.recv().await.unwrap());
        let frame = last.next_frame().unwrap().unwrap();
        assert_eq!(frame.kind, REFUSED);
        assert!(
            String::from_utf8(frame.payload)
                .unwrap()
                .contains("host_gone")
        );
        assert_eq!(delivered.recv().await, None);
        assert!(attachments.request(attachment, Request::Kill).is_err());
    }

    #[tokio::test]
    async fn requests_reach_the_host_in_their_order_until_the_viewer_detaches() {
        let host = HostEnd::new();
        let attachments = Arc::new(Attachments::default());
        let (deliver, _delivered) = into_channel();
        let (attached, (mut stream, mut reader)) = tokio::join!(
            attachments.attach(&host.lock_path, attach(), deliver),
            host.accept()
        );
        let attachment = attached.unwrap();
        for number in 0..1_000_u32 {
            let bytes = number.to_be_bytes().to_vec();
            attachments
                .request(attachment, Request::Input(bytes))
                .unwrap();
        }
        next_request(&mut stream, &mut reader).await;
        for number in 0..1_000_u32 {
            let expected = Request::Input(number.to_be_bytes().to_vec());
            assert_eq!(next_request(&mut stream, &mut reader).await, Some(expected));
        }
        attachments.detach_all();
        assert_eq!(next_request(&mut stream, &mut reader).await, None);
    }

    #[tokio::test]
    async fn a_viewer_detaches_although_what_was_typed_is_not_read() {
        let host = HostEnd::new();
        let attachments = Arc::new(Attachments::default());
        let (deliver, mut delivered) = into_channel();
        let (attached, (stream, _)) = tokio::join!(
            attachments.attach(&host.lock_path, attach(), deliver),
            host.accept()
        );
        let attachment = attached.unwrap();
        // More than a socket holds, and nobody reads it.
        let pasted = Request::Input(vec![b'x'; 8 * 1024 * 1024]);
        attachments.request(attachment, pasted).unwrap();
        attachments.detach(attachment);
        let patience = Duration::from_secs(30);
        let end = tokio::time::timeout(patience, delivered.recv()).await;
        assert_eq!(end, Ok(None), "it is still attached");
        drop(stream);
    }

    #[tokio::test]
    async fn a_page_that_is_gone_before_the_host_answers_leaves_no_viewer_behind() {
        let host = HostEnd::new();
        let attachments = Arc::new(Attachments::default());
        let (deliver, _delivered) = into_channel();
        let (attached, mut stream) = tokio::join!(
            attachments.attach(&host.lock_path, attach(), deliver),
            async {
                let (mut stream, _) = host.listener.accept().await.unwrap();
                attachments.detach_all();
                stream.write_all(&hello(VERSION)).await.unwrap();
                stream
            }
        );
        assert!(attached.is_err());
        // The host sees the connection end.
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
    }

    #[tokio::test]
    async fn what_arrived_goes_together_and_what_comes_alone_goes_at_once() {
        let host = HostEnd::new();
        let attachments = Arc::new(Attachments::default());
        let (deliver, mut delivered) = into_channel();
        let (attached, (mut stream, _)) = tokio::join!(
            attachments.attach(&host.lock_path, attach(), deliver),
            host.accept()
        );
        attached.unwrap();
        let frame = |offset| {
            let mut bytes = Vec::new();
            let reply = Reply::Output {
                offset,
                bytes: b"echo".to_vec(),
            };
            reply.write_to(&mut bytes);
            bytes
        };
        stream.write_all(&frame(0)).await.unwrap();
        assert_eq!(delivered.recv().await, Some(frame(0)));
        let several: Vec<u8> = (1..5).flat_map(frame).collect();
        stream.write_all(&several).await.unwrap();
        assert_eq!(delivered.recv().await, Some(several));
    }
}
