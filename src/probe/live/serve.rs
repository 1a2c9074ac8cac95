//! The program's side: a thread that sends its session log to whoever attaches.

use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use std::{process, thread};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at};

use super::hold::{Hold, TICK};
use super::hub::{Hub, Next};
use super::place::{self, Socket};
use super::room::{Room, Slot};
use super::wire::{Ear, Misunderstood, Mouth, ToProgram, ToViewer};
use crate::journal::private;

/// Time limit for a connection to identify itself.
const HELLO: Duration = Duration::from_secs(1);
/// Time limit for the viewer that started this program.
const PARENT: Duration = Duration::from_secs(60);
/// How often viewers are told what the gate lets through.
const PULSE: Duration = Duration::from_millis(30);
/// The most bytes of a journal in a frame.
const PART: usize = 1 << 20;
/// No more viewers are attended to at a time.
const MOST: usize = 64;

/// Where viewers come from.
#[derive(Debug)]
pub(crate) enum Door {
    /// They connect to this socket.
    Unix(StdListener, Socket),
    /// They connect to this port.
    Tcp(StdTcpListener),
    /// One is there, which has begun this program.
    Viewer(StdStream),
}

impl Door {
    /// Opens a socket for this user's viewers; without a path, the one at which they look for it.
    pub(crate) fn unix(path: Option<&Path>) -> io::Result<Self> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => place::of_process(process::id())?,
        };
        let (listener, socket) = Socket::listen(path)?;
        Ok(Self::Unix(listener, socket))
    }

    /// Opens a port. Without a token, which viewers have to know, only for this machine.
    pub(crate) fn tcp(at: SocketAddr, token: &str) -> io::Result<Self> {
        if token.is_empty() && !at.ip().is_loopback() {
            let why = "a port that other machines can reach needs a token: set ASYNCLINE_TOKEN";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        let listener = StdTcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        Ok(Self::Tcp(listener))
    }

    /// Goes to the viewer that has begun this program. It is there before anything happens, and misses nothing, however soon
    /// the program ends.
    pub(crate) fn viewer(at: &Path) -> io::Result<Self> {
        let stream = StdStream::connect(at)?;
        stream.set_nonblocking(true)?;
        Ok(Self::Viewer(stream))
    }
}

/// A program that can be watched.
#[derive(Debug)]
pub(crate) struct Server {
    hub: Arc<Hub>,
    socket: Option<Socket>,
}

impl Server {
    /// Nothing more comes: waits until the viewers have all, unless they take nothing for so long.
    pub(crate) fn end(&self, patience: Duration) {
        self.hub.end();
        self.hub.wait_until_sent(patience);
        self.socket.iter().for_each(Socket::remove);
    }

    /// Whether anybody watches.
    pub(crate) fn has_viewers(&self) -> bool {
        self.hub.has_viewers()
    }

    /// Waits until the viewers have what there is so far, unless they take nothing for so long.
    pub(crate) fn catch_up(&self, patience: Duration) {
        self.hub.wait_until_sent(patience);
    }
}

/// What viewers are told, and may do.
#[derive(Debug)]
struct ServedProgram {
    name: String,
    token: String,
    hub: Arc<Hub>,
    /// None if viewers may not hold the program.
    hold: Option<Hold>,
    /// Connections that have not identified themselves.
    room: Arc<Room>,
    viewers: AtomicUsize,
    next: AtomicU64,
}

/// Attends to viewers, on a thread of its own, as long as the process lives.
///
/// # Errors
///
/// Where the system refuses the thread or what it needs.
pub(crate) fn serve(
    doors: Vec<Door>,
    name: String,
    token: String,
    hub: &Arc<Hub>,
    hold: Option<Hold>,
) -> io::Result<Server> {
    let socket = doors.iter().find_map(|door| match door {
        Door::Unix(_, socket) => Some(socket.clone()),
        Door::Tcp(_) | Door::Viewer(_) => None,
    });
    let program = Arc::new(ServedProgram {
        name,
        token,
        hub: Arc::clone(hub),
        hold,
        room: Room::new(),
        viewers: AtomicUsize::new(0),
        next: AtomicU64::new(0),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let thread = thread::Builder::new().name(crate::text::threads::name("live"));
    thread.spawn(move || {
        runtime.block_on(async {
            for door in doors {
                // A door that fails is closed; the others go on.
                tokio::spawn(Arc::clone(&program).attend(door));
            }
            program.count_time().await;
        });
    })?;
    Ok(Server {
        hub: Arc::clone(hub),
        socket,
    })
}

impl ServedProgram {
    /// Lets viewers in.
    async fn attend(self: Arc<Self>, door: Door) -> io::Result<()> {
        match door {
            Door::Viewer(stream) => {
                let stream = UnixStream::from_std(stream)?;
                if let Some(name) = name_of_ours(&stream) {
                    let id = self.next.fetch_add(1, Ordering::Relaxed);
                    self.greet(id, stream, name, None).await;
                }
            }
            Door::Unix(listener, _) => {
                let listener = UnixListener::from_std(listener)?;
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => {
                            if let Some(name) = name_of_ours(&stream) {
                                self.let_in(stream, name).await;
                            }
                        }
                        Err(_) => tokio::time::sleep(PULSE).await,
                    }
                }
            }
            Door::Tcp(listener) => {
                let listener = TcpListener::from_std(listener)?;
                loop {
                    match listener.accept().await {
                        Ok((stream, from)) => self.let_in(stream, from.to_string()).await,
                        Err(_) => tokio::time::sleep(PULSE).await,
                    }
                }
            }
        }
        Ok(())
    }

    /// Accepts a connection, once a slot is free.
    async fn let_in<S>(self: &Arc<Self>, stream: S, name: String)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        if let Some(silent) = self.room.make_room().await {
            silent.abort();
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (program, slot) = (Arc::clone(self), self.room.slot(id));
        let greeted =
            tokio::spawn(async move { program.greet(id, stream, name, Some(slot)).await });
        self.room.enter(id, greeted.abort_handle());
        // Data that it has already sent is read before it may have to make room for the next one.
        tokio::task::yield_now().await;
    }

    /// Identifies a connection, and serves it if it is a viewer. An error that ends it concerns this viewer alone.
    async fn greet<S>(&self, id: u64, stream: S, name: String, slot: Option<Slot>)
    where
        S: AsyncRead + AsyncWrite,
    {
        let (from, to) = tokio::io::split(stream);
        let (mut ear, mut mouth) = (Ear::new(from), Mouth::new(to));
        // The viewer that started this program is known, and may be slow.
        let patience = if slot.is_some() { HELLO } else { PARENT };
        let late = Instant::now() + patience;
        match timeout_at(late, ear.hear()).await {
            Ok(Ok(ToProgram::Hello { token })) if is_same(&token, &self.token) => {
                drop(slot);
                // Only viewers need this much room.
                Box::pin(self.admit(id, &name, ear, mouth)).await;
            }
            Ok(Ok(ToProgram::Hello { .. })) => {
                drop((ear, mouth));
                slot.iter().for_each(Slot::spoke);
                sleep_until(late).await;
            }
            Ok(Err(Misunderstood::Version(_))) => {
                // It reads no further than the version.
                let _ = timeout_at(late, mouth.say(&hello(0, false, ""))).await;
            }
            _ => {}
        }
    }

    /// Serves a viewer, unless there are too many.
    async fn admit<R, W>(&self, id: u64, name: &str, ear: Ear<R>, mouth: Mouth<W>)
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        if self.viewers.fetch_add(1, Ordering::Relaxed) < MOST {
            // Its requests are read even while it takes no data.
            let _ = tokio::select! {
                heard = self.hear(id, name, ear) => heard,
                told = self.tell(mouth) => told,
            };
            self.hold.iter().for_each(|hold| hold.let_go(id));
        }
        self.viewers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Handles a viewer's requests.
    async fn hear<R>(&self, id: u64, name: &str, mut ear: Ear<R>) -> Result<(), Misunderstood>
    where
        R: AsyncRead + Unpin,
    {
        loop {
            let said = ear.hear().await?;
            match (said, &self.hold) {
                (ToProgram::Hello { .. }, _) => return Err(Misunderstood::Foreign),
                (ToProgram::Pace(pace), Some(hold)) => hold.set_pace(id, name, pace),
                (ToProgram::Renew, Some(hold)) => hold.renew(id),
                (ToProgram::Pace(_) | ToProgram::Renew, None) => {}
            }
        }
    }

    /// Sends a viewer everything that happens, until the program ends.
    async fn tell<W: AsyncWrite + Unpin>(&self, mut mouth: Mouth<W>) -> Result<(), Misunderstood> {
        let hello = hello(process::id(), self.hold.is_some(), &self.name);
        mouth.say(&hello).await?;
        self.hub.begun().await;
        let (mut reading, beginning) = self.hub.join();
        mouth.say(&ToViewer::Session(beginning)).await?;
        let mut pulse = interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            tokio::select! {
                biased;
                _ = pulse.tick(), if self.hold.is_some() => {
                    let pace = self.hold.as_ref().map(Hold::pace);
                    if let Some(pace) = pace.filter(|pace| told != Some(*pace)) {
                        mouth.say(&ToViewer::Pace(pace)).await?;
                        told = Some(pace);
                    }
                }
                next = reading.next() => {
                    let Some(next) = next else {
                        return Ok(mouth.say(&ToViewer::Over).await?);
                    };
                    for part in parts(&next) {
                        mouth.say(&ToViewer::Session(part)).await?;
                    }
                    reading.sent(&next);
                }
            }
        }
    }

    /// Counts the time of holds, forever.
    async fn count_time(&self) {
        let mut ticks = interval(TICK);
        // Time in which the program was stopped does not count.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.hold.iter().for_each(Hold::tick);
        }
    }
}

/// Returns the name of the process at the other end, if it belongs to this user.
fn name_of_ours(stream: &UnixStream) -> Option<String> {
    let peer = stream.peer_cred().ok()?;
    let is_ours = private::user().is_ok_and(|ours| ours == peer.uid());
    let process = peer.pid().map(|process| format!("process {process}"));
    is_ours.then(|| process.unwrap_or_else(|| "a viewer".to_owned()))
}

fn hello(process: u32, can_hold: bool, name: &str) -> ToViewer {
    ToViewer::Hello {
        process,
        can_hold,
        name: name.to_owned(),
    }
}

/// Returns blocks of a journal as frames, each of which is short enough.
fn parts(next: &Next) -> Vec<Bytes> {
    let mut bytes = BytesMut::new();
    for block in &next.blocks {
        bytes.extend_from_slice(block);
    }
    let mut parts = Vec::new();
    while bytes.len() > PART {
        parts.push(bytes.split_to(PART).freeze());
    }
    parts.push(bytes.freeze());
    parts
}

/// Whether two tokens are the same. How long it takes says nothing about where they differ.
fn is_same(one: &str, other: &str) -> bool {
    let bytes = one.bytes().zip(other.bytes());
    one.len() == other.len() && bytes.fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_viewer_that_comes_before_the_journal_is_sent_how_it_begins() {
        let hub = Hub::new();
        let program = ServedProgram {
            name: "program".to_owned(),
            token: String::new(),
            hub: Arc::clone(&hub),
            hold: None,
            room: Room::new(),
            viewers: AtomicUsize::new(0),
            next: AtomicU64::new(0),
        };
        let (ours, theirs) = tokio::io::duplex(1 << 10);
        let watch = async {
            let (from, to) = tokio::io::split(theirs);
            let (mut ear, mut mouth) = (Ear::new(from), Mouth::new(to));
            let token = String::new();
            mouth.say(&ToProgram::Hello { token }).await.unwrap();
            let hello = ear.hear::<ToViewer>().await.unwrap();
            assert!(matches!(hello, ToViewer::Hello { .. }));
            // Only now, after the viewer was let in.
            hub.begin(b"beginning");
            hub.push(b"blocks");
            hub.end();
            for expected in ["beginning", "blocks"] {
                let said = ear.hear::<ToViewer>().await.unwrap();
                assert_eq!(
                    said,
                    ToViewer::Session(Bytes::from_static(expected.as_bytes()))
                );
            }
            assert_eq!(ear.hear::<ToViewer>().await.unwrap(), ToViewer::Over);
        };
        let greet = program.greet(0, ours, "viewer".to_owned(), None);
        tokio::join!(greet, watch);
    }
}
