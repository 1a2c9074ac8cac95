//! The load: connections over which requests are sent, so many at a time, and every reply of which is checked.
//!
//! It is one thread with blocking sockets, which does little else than to send and to receive: on a machine with few
//! cores, what the client takes is taken from the server.

use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// So many connections there are.
pub const CONNECTIONS: usize = 50;
/// So many bytes a value has.
pub const VALUE: usize = 64;
/// Of so many requests one is a SET, the others are GETs.
pub const SETS: u64 = 4;
/// So many keys each connection has.
const KEYS: u64 = 100;
/// Who does not answer for so long is broken.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections to a server.
pub struct Load {
    connections: Vec<Connection>,
    depth: usize,
}

/// What a slice of requests took.
pub struct Answered {
    pub requests: u64,
    pub time: Duration,
    /// Of all replies, byte for byte.
    pub digest: u64,
}

struct Connection {
    stream: TcpStream,
    number: usize,
    /// So many requests were made.
    made: u64,
    /// The request that last set a key, for each key.
    set_by: Vec<Option<u64>>,
    request: Vec<u8>,
    expected: Vec<u8>,
    reply: Vec<u8>,
}

impl Load {
    /// Connects; `depth` requests are sent at a time over each connection.
    pub fn connect(address: SocketAddr, depth: usize) -> io::Result<Self> {
        let connections = (0..CONNECTIONS).map(|number| Connection::open(address, number));
        Ok(Self {
            connections: connections.collect::<io::Result<_>>()?,
            depth,
        })
    }

    /// Sends so many requests, or a few more, and checks the replies.
    pub fn send(&mut self, requests: u64) -> io::Result<Answered> {
        let rounds = requests.div_ceil((CONNECTIONS * self.depth) as u64);
        let mut digest = DefaultHasher::new();
        let began = Instant::now();
        for _ in 0..rounds {
            for connection in &mut self.connections {
                connection.ask(self.depth)?;
            }
            for connection in &mut self.connections {
                connection.hear(&mut digest)?;
            }
        }
        Ok(Answered {
            requests: rounds * (CONNECTIONS * self.depth) as u64,
            time: began.elapsed(),
            digest: digest.finish(),
        })
    }
}

impl Connection {
    fn open(address: SocketAddr, number: usize) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            number,
            made: 0,
            set_by: vec![None; KEYS as usize],
            request: Vec::new(),
            expected: Vec::new(),
            reply: Vec::new(),
        })
    }

    fn ask(&mut self, depth: usize) -> io::Result<()> {
        self.request.clear();
        self.expected.clear();
        for _ in 0..depth {
            self.add_request();
        }
        self.stream.write_all(&self.request)
    }

    /// Adds the next request, and what has to be answered.
    fn add_request(&mut self) {
        let made = self.made;
        self.made += 1;
        // A factor that has nothing in common with the number of keys, so that all of them are used.
        let index = made * 7 % KEYS;
        let key = format!("key:{}:{index}", self.number);
        let (request, expected) = (&mut self.request, &mut self.expected);
        if made.is_multiple_of(SETS) {
            self.set_by[index as usize] = Some(made);
            request.extend_from_slice(b"*3\r\n");
            bulk(request, b"SET");
            bulk(request, key.as_bytes());
            bulk(request, &value(self.number, made));
            expected.extend_from_slice(b"+OK\r\n");
            return;
        }
        request.extend_from_slice(b"*2\r\n");
        bulk(request, b"GET");
        bulk(request, key.as_bytes());
        match self.set_by[index as usize] {
            Some(by) => bulk(expected, &value(self.number, by)),
            None => expected.extend_from_slice(b"$-1\r\n"),
        }
    }

    /// Receives what has to come, and checks it.
    fn hear(&mut self, digest: &mut DefaultHasher) -> io::Result<()> {
        // The server leaves its sockets as they are by default: what it sends waits until what it sent before is
        // acknowledged, for which a client has 40 ms. Most of the time would be that wait, and hide what is measured.
        #[cfg(target_os = "linux")]
        rustix::net::sockopt::set_tcp_quickack(&self.stream, true)?;
        self.reply.resize(self.expected.len(), 0);
        self.stream.read_exact(&mut self.reply)?;
        digest.write(&self.reply);
        if self.reply == self.expected {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "connection {} got {:?} instead of {:?}",
            self.number,
            String::from_utf8_lossy(&self.reply),
            String::from_utf8_lossy(&self.expected)
        )))
    }
}

fn bulk(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(format!("${}\r\n", bytes.len()).as_bytes());
    to.extend_from_slice(bytes);
    to.extend_from_slice(b"\r\n");
}

/// The value that a request sets: no two are the same.
fn value(connection: usize, request: u64) -> Vec<u8> {
    let mut value = format!("{connection}:{request}:").into_bytes();
    value.resize(VALUE, b'.');
    value
}
