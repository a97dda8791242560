//! Reaching a host: from its lock file to a greeted connection.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::find::{FindAnswer, FindQuery};
use super::lock::{self, HostAddress};
use super::protocol::{
    self, Frame, FrameError, FrameReader, HELLO_LEN, HostStatus, RefusedCode, Reply, Request,
    TextEnd,
};
use super::queue::{QueueAnswer, QueueRequest};

/// A host whose socket vanished binds a new one within this time.
const REBIND_PATIENCE: Duration = Duration::from_secs(5);
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
/// A host answers within this time, or something is wrong with it.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);
/// A search ends by itself within half of this time.
const FIND_PATIENCE: Duration = Duration::from_secs(10);
const READ_BYTES: usize = 64 * 1024;

/// Why a host could not be reached or talked to.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No host holds the lock: the terminal is not running.
    #[error("no host runs for {}", lock.display())]
    NotRunning {
        /// The lock's file.
        lock: PathBuf,
    },
    /// A host holds the lock and cannot be reached.
    #[error("the host of {} does not answer: {source}", lock.display())]
    Unreachable {
        /// The lock's file.
        lock: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The connection broke, or was closed before the answer.
    #[error("the connection to the host broke: {0}")]
    Broken(#[from] io::Error),
    /// The host sent something that is no frame of the protocol.
    #[error("the host sent something unreadable: {0}")]
    Unreadable(#[from] FrameError),
    /// The host refused the request.
    #[error("the host refused: {0}")]
    Refused(String),
    /// The host, of an earlier version, does not know the request.
    #[error("the terminal was started by an earlier version, which cannot do this; start it again")]
    NotKnown,
}

/// Connects to the host that holds `lock`, blocking. While a host lives but its socket does
/// not answer (the runtime folder was deleted), waits until it has bound a new one.
///
/// # Errors
/// [`ClientError::NotRunning`] or [`ClientError::Unreachable`].
fn connect_socket(lock: &Path) -> Result<(UnixStream, HostAddress), ClientError> {
    let until = Instant::now() + REBIND_PATIENCE;
    loop {
        let failure = match lock::read_address(lock) {
            Some(address) => match connect_now(&address.socket) {
                Ok(stream) => return Ok((stream, address)),
                Err(error) => error,
            },
            None => io::Error::new(io::ErrorKind::NotFound, "it has named no socket yet"),
        };
        let held = lock::is_held(lock).map_err(|source| ClientError::Unreachable {
            lock: lock.to_owned(),
            source,
        })?;
        if !held {
            return Err(ClientError::NotRunning {
                lock: lock.to_owned(),
            });
        }
        if Instant::now() >= until {
            return Err(ClientError::Unreachable {
                lock: lock.to_owned(),
                source: failure,
            });
        }
        thread::sleep(BETWEEN_TRIES);
    }
}

/// Connects, or fails at once. A host that hangs is given a limited number of connections by
/// the system; the standard library's connect would then wait for it without an end.
///
/// # Errors
/// What the system says.
pub fn connect_now(socket: &Path) -> io::Result<UnixStream> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let fd = net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    net::connect(&fd, &SocketAddrUnix::new(socket)?)?;
    let stream = UnixStream::from(fd);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// A blocking connection, for a question and its answer.
#[derive(Debug)]
pub struct BlockingConnection {
    stream: UnixStream,
    reader: FrameReader,
    address: HostAddress,
}

impl BlockingConnection {
    /// Connects to the host that holds `lock` and greets it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn open(lock: &Path) -> Result<Self, ClientError> {
        let (mut stream, address) = connect_socket(lock)?;
        stream.set_read_timeout(Some(ANSWER_PATIENCE))?;
        stream.set_write_timeout(Some(ANSWER_PATIENCE))?;
        stream.write_all(&protocol::hello(protocol::VERSION))?;
        let mut hello = [0; HELLO_LEN];
        stream.read_exact(&mut hello)?;
        protocol::read_hello(hello)?;
        Ok(Self {
            stream,
            reader: FrameReader::default(),
            address,
        })
    }

    /// What the host's lock file said of it.
    pub fn address(&self) -> &HostAddress {
        &self.address
    }

    /// Sends a request.
    ///
    /// # Errors
    /// [`ClientError::Broken`].
    pub fn send(&mut self, request: &Request) -> Result<(), ClientError> {
        let mut bytes = Vec::new();
        request.write_to(&mut bytes);
        Ok(self.stream.write_all(&bytes)?)
    }

    /// Waits for the next reply that this version knows; at most 5 s.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the host ends the connection with a reason.
    pub fn receive(&mut self) -> Result<Reply, ClientError> {
        let mut bytes = [0; READ_BYTES];
        loop {
            if let Some(frame) = self.reader.next_frame()? {
                match Reply::read(frame)? {
                    Some(Reply::Refused(refused)) if refused.code == RefusedCode::BadFrame => {
                        return Err(ClientError::NotKnown);
                    }
                    Some(Reply::Refused(refused)) => {
                        return Err(ClientError::Refused(refused.message));
                    }
                    Some(reply) => return Ok(reply),
                    None => continue,
                }
            }
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(n) => self.reader.push(&bytes[..n]),
                // A signal came.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Asks for the terminal's status.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn status(&mut self) -> Result<HostStatus, ClientError> {
        self.send(&Request::Watch)?;
        loop {
            if let Reply::Status(status) = self.receive()? {
                return Ok(*status);
            }
        }
    }
}

impl BlockingConnection {
    /// Waits this long for the next reply that this version knows; none when there was none.
    ///
    /// # Errors
    /// As [`BlockingConnection::receive`].
    pub fn receive_within(&mut self, patience: Duration) -> Result<Option<Reply>, ClientError> {
        self.stream.set_read_timeout(Some(patience))?;
        let received = self.receive();
        self.stream.set_read_timeout(Some(ANSWER_PATIENCE))?;
        match received {
            Ok(reply) => Ok(Some(reply)),
            Err(ClientError::Broken(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Changes the queue of commands.
    ///
    /// # Errors
    /// [`ClientError`]; a refusal of the request itself is in the answer.
    pub fn queue(&mut self, request: &QueueRequest) -> Result<QueueAnswer, ClientError> {
        self.send(&Request::Queue(request.clone()))?;
        loop {
            if let Reply::QueueAnswer(answer) = self.receive()? {
                return Ok(answer);
            }
        }
    }
}

impl BlockingConnection {
    /// Searches the terminal's lines; at most 10 s.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::NotKnown`] from an earlier host.
    pub fn find(&mut self, query: &FindQuery) -> Result<FindAnswer, ClientError> {
        self.send(&Request::Find(query.clone()))?;
        self.stream.set_read_timeout(Some(FIND_PATIENCE))?;
        loop {
            if let Reply::Found(answer) = self.receive()? {
                return Ok(answer);
            }
        }
    }

    /// Asks for all lines as text and hands each part to `take`.
    ///
    /// # Errors
    /// [`ClientError`]; what `take` fails with is [`ClientError::Broken`].
    pub fn text(
        &mut self,
        coloured: bool,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<TextEnd, ClientError> {
        self.send(&Request::Text { coloured })?;
        loop {
            match self.receive()? {
                Reply::TextBytes(bytes) => take(&bytes)?,
                Reply::TextEnd(end) => return Ok(end),
                _ => {}
            }
        }
    }
}

/// Asks the host to end its program and waits until the host itself is gone.
///
/// # Errors
/// [`ClientError`]; a host that is gone already is no error.
pub fn end_and_wait(lock: &Path, patience: Duration) -> Result<(), ClientError> {
    let mut connection = match BlockingConnection::open(lock) {
        Ok(connection) => connection,
        Err(ClientError::NotRunning { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    connection.send(&Request::Kill)?;
    connection.stream.set_read_timeout(Some(BETWEEN_TRIES))?;
    let until = Instant::now() + patience;
    while lock::is_held(lock)? {
        if let Err(refused @ ClientError::Refused(_)) = connection.receive() {
            return Err(refused);
        }
        if Instant::now() >= until {
            return Err(ClientError::Unreachable {
                lock: lock.to_owned(),
                source: io::ErrorKind::TimedOut.into(),
            });
        }
        thread::sleep(BETWEEN_TRIES);
    }
    Ok(())
}

/// The receiving half of an asynchronous connection.
#[derive(Debug)]
pub struct FrameReceiver {
    stream: OwnedReadHalf,
    reader: FrameReader,
}

/// The sending half of an asynchronous connection.
#[derive(Debug)]
pub struct RequestSender {
    stream: OwnedWriteHalf,
}

/// Connects to the host that holds `lock` and greets it, without blocking the runtime.
///
/// # Errors
/// [`ClientError`].
pub async fn open(lock: &Path) -> Result<(RequestSender, FrameReceiver), ClientError> {
    let path = lock.to_owned();
    let (stream, _) = tokio::task::spawn_blocking(move || connect_socket(&path))
        .await
        .map_err(io::Error::other)??;
    stream.set_nonblocking(true)?;
    let (mut read, mut write) = tokio::net::UnixStream::from_std(stream)?.into_split();
    write.write_all(&protocol::hello(protocol::VERSION)).await?;
    let mut hello = [0; HELLO_LEN];
    tokio::time::timeout(ANSWER_PATIENCE, read.read_exact(&mut hello))
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    protocol::read_hello(hello)?;
    Ok((
        RequestSender { stream: write },
        FrameReceiver {
            stream: read,
            reader: FrameReader::default(),
        },
    ))
}

impl RequestSender {
    /// Sends a request.
    ///
    /// # Errors
    /// [`ClientError::Broken`].
    pub async fn send(&mut self, request: &Request) -> Result<(), ClientError> {
        let mut bytes = Vec::new();
        request.write_to(&mut bytes);
        Ok(self.stream.write_all(&bytes).await?)
    }
}

impl FrameReceiver {
    /// The next frame as it stands on the wire; none when the host closed the connection.
    /// Safe to cancel.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn receive(&mut self) -> Result<Option<Frame>, ClientError> {
        let mut bytes = vec![0; READ_BYTES];
        loop {
            if let Some(frame) = self.reader.next_frame()? {
                return Ok(Some(frame));
            }
            match self.stream.read(&mut bytes).await? {
                0 => return Ok(None),
                n => self.reader.push(&bytes[..n]),
            }
        }
    }
}
