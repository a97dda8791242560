//! A way to the server on which answers get lost.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What becomes of an answer that is to be lost; the server has done what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The connection breaks.
    Breaks,
    /// It stays, and nothing comes.
    Silence,
}

/// Answers to lose: to this command on this collection, and how many.
#[derive(Debug, Clone)]
pub struct Swallow {
    pub command: &'static str,
    pub collection: &'static str,
    pub times: usize,
    pub loss: Loss,
}

#[derive(Default)]
struct Orders {
    swallow: Option<Swallow>,
    swallowed: usize,
    pretends_to_be_old: bool,
}

pub struct Proxy {
    port: u16,
    orders: Arc<Mutex<Orders>>,
}

impl Proxy {
    /// Listens, and passes everything on to a server of this machine.
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let orders = Arc::<Mutex<Orders>>::default();
        let shared = Arc::clone(&orders);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else {
                    continue;
                };
                connect(client, server, &shared);
            }
        });
        Self { port, orders }
    }

    /// The way to a database through it. The driver must not ask the server for another way.
    pub fn uri(&self, database: &str) -> String {
        let port = self.port;
        format!("mongodb://127.0.0.1:{port}/{database}?directConnection=true")
    }

    /// From now on loses answers. What was lost so far is forgotten.
    pub fn swallow(&self, swallow: Swallow) {
        let mut orders = self.orders.lock().unwrap();
        orders.swallow = Some(swallow);
        orders.swallowed = 0;
    }

    /// How many answers were lost.
    pub fn swallowed(&self) -> usize {
        self.orders.lock().unwrap().swallowed
    }

    /// From now on passes everything on.
    pub fn heal(&self) {
        self.orders.lock().unwrap().swallow = None;
    }

    /// From now on changes the version that the server says it speaks.
    pub fn pretend_to_be_old(&self) {
        self.orders.lock().unwrap().pretends_to_be_old = true;
    }
}

fn connect(client: TcpStream, server: TcpStream, orders: &Arc<Mutex<Orders>>) {
    let asked = Arc::<Mutex<Option<(String, String)>>>::default();
    let (mut from_client, mut to_client) = (client.try_clone().unwrap(), client);
    let (mut from_server, mut to_server) = (server.try_clone().unwrap(), server);
    let last = Arc::clone(&asked);
    std::thread::spawn(move || {
        while let Some(message) = message(&mut from_client) {
            *last.lock().unwrap() = command(&message);
            if to_server.write_all(&message).is_err() {
                break;
            }
        }
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let orders = Arc::clone(orders);
    std::thread::spawn(move || {
        while let Some(mut answer) = message(&mut from_server) {
            let asked = asked.lock().unwrap().clone();
            match loss(&mut orders.lock().unwrap(), asked) {
                Some(Loss::Breaks) => break,
                Some(Loss::Silence) => continue,
                None => {}
            }
            if orders.lock().unwrap().pretends_to_be_old {
                make_old(&mut answer);
            }
            if to_client.write_all(&answer).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
}

fn loss(orders: &mut Orders, asked: Option<(String, String)>) -> Option<Loss> {
    let (command, collection) = asked?;
    let swallow = orders.swallow.as_mut()?;
    if swallow.times == 0 || swallow.command != command || swallow.collection != collection {
        return None;
    }
    swallow.times -= 1;
    orders.swallowed += 1;
    Some(swallow.loss)
}

/// One message of MongoDB's protocol, which begins with its length.
fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; usize::try_from(u32::from_le_bytes(length)).unwrap()];
    message[..4].copy_from_slice(&length);
    stream.read_exact(&mut message[4..]).ok()?;
    Some(message)
}

/// The name of a command and the collection it is on.
fn command(message: &[u8]) -> Option<(String, String)> {
    const OP_MSG: u32 = 2013;
    let operation = u32::from_le_bytes(message.get(12..16)?.try_into().ok()?);
    // Header, flags, and the kind of the first section, whose document follows.
    let document = (operation == OP_MSG && message.get(20) == Some(&0)).then_some(21)?;
    let length = u32::from_le_bytes(message.get(document..document + 4)?.try_into().ok()?);
    let bytes = message.get(document..document + usize::try_from(length).ok()?)?;
    let document = mongodb::bson::RawDocument::from_bytes(bytes).ok()?;
    let (name, value) = document.into_iter().next()?.ok()?;
    Some((name.to_string(), value.as_str()?.to_owned()))
}

/// Lets the server say that it speaks no more than MongoDB 3.6 did.
fn make_old(answer: &mut [u8]) {
    for name in ["\u{10}maxWireVersion\0", "\u{10}minWireVersion\0"] {
        let place = answer
            .windows(name.len())
            .position(|bytes| bytes == name.as_bytes());
        if let Some(place) = place {
            let version = place + name.len();
            let old: i32 = if name.contains("max") { 6 } else { 0 };
            answer[version..version + 4].copy_from_slice(&old.to_le_bytes());
        }
    }
}
