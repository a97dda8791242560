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
        cells: false,
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
