//! The program's side: a thread that sends its session log to whoever attaches.

use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{process, thread};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::hub::{Hub, Next};
use super::place::{self, Socket};
use super::wire::{Ear, Misunderstood, Mouth, ToProgram, ToViewer};
use crate::probe::gate::{Gate, Pace};

/// A viewer has so long to say who it is.
const HELLO: Duration = Duration::from_secs(5);
/// How often viewers are told what the gate lets through.
const PULSE: Duration = Duration::from_millis(30);
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
struct Program {
    name: String,
    token: String,
    hub: Arc<Hub>,
    /// None where they may not hold the program.
    gate: Option<Arc<Gate>>,
    /// The viewer that holds the program.
    holder: Mutex<Option<u64>>,
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
    gate: Option<Arc<Gate>>,
) -> io::Result<Server> {
    let socket = doors.iter().find_map(|door| match door {
        Door::Unix(_, socket) => Some(socket.clone()),
        Door::Tcp(_) | Door::Viewer(_) => None,
    });
    let program = Arc::new(Program {
        name,
        token,
        hub: Arc::clone(hub),
        gate,
        holder: Mutex::new(None),
        viewers: AtomicUsize::new(0),
        next: AtomicU64::new(0),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let thread = thread::Builder::new().name(crate::probe::thread_name("live"));
    thread.spawn(move || {
        runtime.block_on(async {
            let doors = doors
                .into_iter()
                .map(|door| Arc::clone(&program).attend(door));
            let doors: Vec<_> = doors.map(tokio::spawn).collect();
            for door in doors {
                // A door that fails is closed; the others go on.
                let _ = door.await;
            }
            std::future::pending::<()>().await;
        });
    })?;
    Ok(Server {
        hub: Arc::clone(hub),
        socket,
    })
}

impl Program {
    /// Lets viewers in.
    async fn attend(self: Arc<Self>, door: Door) -> io::Result<()> {
        match door {
            Door::Viewer(stream) => self.let_in(UnixStream::from_std(stream)?),
            Door::Unix(listener, _) => {
                let listener = UnixListener::from_std(listener)?;
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => self.let_in(stream),
                        Err(_) => tokio::time::sleep(PULSE).await,
                    }
                }
            }
            Door::Tcp(listener) => {
                let listener = TcpListener::from_std(listener)?;
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => self.greet(stream),
                        Err(_) => tokio::time::sleep(PULSE).await,
                    }
                }
            }
        }
        Ok(())
    }

    /// Lets a viewer in that is this user's.
    fn let_in(self: &Arc<Self>, stream: UnixStream) {
        let theirs = stream.peer_cred().map(|peer| peer.uid());
        if let (Ok(theirs), Ok(ours)) = (theirs, place::user())
            && theirs == ours
        {
            self.greet(stream);
        }
    }

    fn greet(self: &Arc<Self>, stream: impl AsyncRead + AsyncWrite + Send + 'static) {
        if self.viewers.fetch_add(1, Ordering::Relaxed) >= MOST {
            self.viewers.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let program = Arc::clone(self);
        tokio::spawn(async move {
            let (from, to) = tokio::io::split(stream);
            // Whatever ends it, it concerns this viewer alone.
            let _ = program.talk(id, Ear::new(from), Mouth::new(to)).await;
            program.let_go(id);
            program.viewers.fetch_sub(1, Ordering::Relaxed);
        });
    }

    async fn talk<R, W>(
        &self,
        id: u64,
        mut ear: Ear<R>,
        mut mouth: Mouth<W>,
    ) -> Result<(), Misunderstood>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        mouth
            .say(&ToViewer::Hello {
                process: process::id(),
                can_hold: self.gate.is_some(),
                name: self.name.clone(),
            })
            .await?;
        let hello = timeout(HELLO, ear.hear()).await;
        let Ok(ToProgram::Hello { token }) = hello.map_err(|_| Misunderstood::Closed)? else {
            return Err(Misunderstood::Foreign);
        };
        if !is_same(&token, &self.token) {
            return Err(Misunderstood::Foreign);
        }
        let (mut reading, beginning) = self.hub.join();
        mouth.say(&ToViewer::Session(beginning)).await?;
        let mut pulse = interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            tokio::select! {
                biased;
                said = ear.hear() => match said? {
                    ToProgram::Pace(pace) => self.set_pace(id, pace),
                    ToProgram::Hello { .. } => return Err(Misunderstood::Foreign),
                },
                _ = pulse.tick(), if self.gate.is_some() => {
                    let pace = self.gate.as_ref().map(|gate| gate.report().pace);
                    if let Some(pace) = pace.filter(|pace| told != Some(*pace)) {
                        mouth.say(&ToViewer::Pace(pace)).await?;
                        told = Some(pace);
                    }
                }
                next = reading.next() => {
                    let Some(next) = next else {
                        return Ok(mouth.say(&ToViewer::Over).await?);
                    };
                    mouth.say(&session(&next)).await?;
                    reading.sent(&next);
                }
            }
        }
    }

    fn set_pace(&self, viewer: u64, pace: Pace) {
        let Some(gate) = &self.gate else { return };
        // A gate that is open stays so.
        let pace = if pace == Pace::Open {
            Pace::Playing
        } else {
            pace
        };
        let mut holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        *holder = (pace != Pace::Playing).then_some(viewer);
        gate.set_pace(pace);
    }

    /// A viewer has left: what it held goes on.
    fn let_go(&self, viewer: u64) {
        let mut holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = &self.gate
            && *holder == Some(viewer)
        {
            *holder = None;
            gate.set_pace(Pace::Playing);
        }
    }
}

fn session(next: &Next) -> ToViewer {
    let mut bytes = BytesMut::new();
    for block in &next.blocks {
        bytes.extend_from_slice(block);
    }
    ToViewer::Session(bytes.freeze())
}

/// Whether two tokens are the same. How long it takes says nothing about where they differ.
fn is_same(one: &str, other: &str) -> bool {
    let bytes = one.bytes().zip(other.bytes());
    one.len() == other.len() && bytes.fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}
