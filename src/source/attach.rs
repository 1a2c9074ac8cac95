//! A program that runs elsewhere, and tells what it does over a socket: see `live`.
//!
//! What it says are the bytes of a session log. They go into a file, and whoever shows them follows that file.

use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::spool::Spool;
use crate::event::Text;
use crate::event::printable;
use crate::journal::private;
use crate::probe::gate::Pace;
use crate::probe::live::place;
use crate::probe::live::wire::{Ear, Misunderstood, Mouth, ToProgram, ToViewer};
use crate::probe::output;
use crate::recording::converter::{Converter, Failed};
use crate::recording::feed::Feed;
use crate::recording::{self, Batch, plain};

/// A program has so long to say who it is, and to begin.
const PATIENCE: Duration = Duration::from_secs(5);

/// Time limit for programs to identify themselves, when all of them are asked.
const SOON: Duration = Duration::from_millis(300);
/// Interval of the keep-alive that a viewer sends to a program.
const RENEW: Duration = Duration::from_secs(1);

/// The address of a program that can be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// At this socket.
    Socket(PathBuf),
    /// At this address of the network.
    Tcp(SocketAddr),
}

/// A program that is watched.
#[derive(Debug)]
pub struct Attached {
    /// Its description of itself.
    pub program: Program,
    /// The file that what it says goes into.
    spool: Spool,
    /// The events that are in the file, on their way to the screen.
    feed: Feed,
    paces: UnboundedSender<Pace>,
    status: Arc<Mutex<Status>>,
}

/// A program's description of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its process.
    pub process: u32,
    /// Its name.
    pub name: Text,
    /// `true` if it can be paused and stepped.
    pub can_hold: bool,
}

/// The state of a program that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Pace of its gate.
    pub pace: Pace,
    /// State of the connection.
    pub connection: Connection,
}

/// The state of the connection to a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It goes on.
    Runs,
    /// The program has ended, and said all.
    Ended,
    /// It broke off, for this reason: the program was killed, or this side cannot write any more.
    Broken(String),
}

/// Why a program cannot be watched.
#[derive(Debug, Error)]
pub enum Error {
    /// It cannot be reached, or says something else than it should.
    #[error("cannot attach to {at}: {why}")]
    Program {
        /// Its address.
        at: String,
        /// The reason.
        why: String,
    },
    /// Its events cannot be written.
    #[error(transparent)]
    Session(#[from] recording::Error),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Socket(path) => printable::path(path).fmt(f),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

/// A connection that is there.
enum Stream {
    Unix(StdStream),
    Tcp(std::net::TcpStream),
}

impl Attached {
    /// Attaches to a program. What it says goes into this file, or into one that is removed afterwards.
    ///
    /// # Errors
    ///
    /// Where the program cannot be reached, is another user's, or says something else than it should; and where the file
    /// cannot be written.
    pub fn to(address: &Address, record: Option<&Path>) -> Result<Self, Error> {
        let spool = Spool::open(record)?;
        let stream = match address {
            Address::Socket(path) => StdStream::connect(path)
                .map(Stream::Unix)
                .map_err(|error| place::why_unreachable(path, error)),
            Address::Tcp(address) => {
                std::net::TcpStream::connect_timeout(address, PATIENCE).map(Stream::Tcp)
            }
        };
        let at = address.to_string();
        match stream {
            Ok(stream) => Self::over(stream, at, spool),
            Err(error) => Err(Error::Program {
                at,
                why: plain(&error),
            }),
        }
    }

    /// Watches a program that has come by itself. What it says goes into this file.
    ///
    /// # Errors
    ///
    /// Where it says something else than it should.
    pub(super) fn come(stream: StdStream, spool: Spool) -> Result<Self, Error> {
        Self::over(Stream::Unix(stream), "the program".into(), spool)
    }

    fn over(stream: Stream, at: String, spool: Spool) -> Result<Self, Error> {
        let token = output::token();
        let token = token.map_err(|why| Error::Program {
            at: at.clone(),
            why,
        })?;
        let file = spool.file().map_err(|why| Error::Program {
            at: at.clone(),
            why: plain(&why),
        })?;
        let (paces, asked) = unbounded_channel();
        let status = Arc::new(Mutex::new(Status {
            pace: Pace::Playing,
            connection: Connection::Runs,
        }));
        let (ready, begun) = channel();
        let (feed, mut recording) = (Feed::default(), Converter::to(file, spool.path()));
        recording.hand_on_to(feed.clone());
        let listener = Listener {
            recording,
            token,
            status: Arc::clone(&status),
        };
        let thread = thread::Builder::new().name(crate::text::threads::name("attached"));
        let spawned = thread.spawn(move || listener.run(stream, asked, &ready));
        let why = match spawned.map(|_| begun.recv()) {
            Ok(Ok(Ok(program))) => {
                return Ok(Self {
                    program,
                    spool,
                    feed,
                    paces,
                    status,
                });
            }
            Ok(Ok(Err(why))) => why,
            Ok(Err(_)) => "it said nothing".to_owned(),
            Err(error) => plain(&error),
        };
        Err(Error::Program { at, why })
    }

    /// The file that what it says goes into.
    pub fn file(&self) -> &Path {
        self.spool.path()
    }

    /// Takes the events that have come into the file since the last call. The first call says that they are wanted.
    pub(crate) fn events(&self) -> Option<Batch> {
        self.feed.take()
    }

    /// Lets something else through the program's gate.
    pub fn set_pace(&self, pace: Pace) {
        // A program that has ended is not held any more.
        let _ = self.paces.send(pace);
    }

    /// Tells what has become of the connection, for who does not hold this.
    pub(super) fn watch_status(&self) -> impl Fn() -> Connection + Send + 'static {
        let status = Arc::clone(&self.status);
        move || lock(&status).connection.clone()
    }

    /// Returns its state.
    pub fn status(&self) -> Status {
        lock(&self.status).clone()
    }
}

fn lock(status: &Mutex<Status>) -> MutexGuard<'_, Status> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Listens to a program, on a thread of its own.
struct Listener {
    /// What is made of the program's journal.
    recording: Converter,
    /// The token that the program may require.
    token: String,
    status: Arc<Mutex<Status>>,
}

type Ready = Sender<Result<Program, String>>;

impl Listener {
    fn run(mut self, stream: Stream, asked: UnboundedReceiver<Pace>, ready: &Ready) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let listened = match runtime {
            Ok(runtime) => runtime.block_on(self.connect(stream, asked, ready)),
            Err(why) => Err(why.into()),
        };
        let ended = self.recording.finish();
        let listened = listened.and_then(|()| Ok(ended.map(drop).map_err(io::Error::other)?));
        let connection = match listened {
            Ok(()) => Connection::Ended,
            Err(Misunderstood::Closed) => Connection::Broken("it was killed".into()),
            Err(Misunderstood::Io(error)) => Connection::Broken(plain(&error)),
            Err(why) => Connection::Broken(why.to_string()),
        };
        if let Connection::Broken(why) = &connection {
            // Nobody waits any more where it has begun.
            let _ = ready.send(Err(why.clone()));
        }
        lock(&self.status).connection = connection;
    }

    async fn connect(
        &mut self,
        stream: Stream,
        asked: UnboundedReceiver<Pace>,
        ready: &Ready,
    ) -> Result<(), Misunderstood> {
        match stream {
            Stream::Unix(stream) => {
                stream.set_nonblocking(true)?;
                let stream = UnixStream::from_std(stream)?;
                let theirs = stream.peer_cred()?.uid();
                if theirs != private::user()? {
                    return Err(place::of_another_user(theirs).into());
                }
                self.talk(stream, asked, ready).await
            }
            Stream::Tcp(stream) => {
                stream.set_nonblocking(true)?;
                self.talk(TcpStream::from_std(stream)?, asked, ready).await
            }
        }
    }

    /// Takes in a part of the journal, and lets whoever shows it see it.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Misunderstood> {
        let taken = self.recording.push(bytes);
        taken.map_err(|failed| match failed {
            Failed::Read(why) => io::Error::other(why),
            Failed::Write(why) => io::Error::other(why),
        })?;
        Ok(self.recording.flush().map_err(io::Error::other)?)
    }

    async fn talk(
        &mut self,
        stream: impl AsyncRead + AsyncWrite,
        mut asked: UnboundedReceiver<Pace>,
        ready: &Ready,
    ) -> Result<(), Misunderstood> {
        let (from, to) = tokio::io::split(stream);
        let (mut ear, mut mouth) = (Ear::new(from), Mouth::new(to));
        let token = self.token.clone();
        mouth.say(&ToProgram::Hello { token }).await?;
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "it does not answer");
        let hello = timeout(PATIENCE, ear.hear()).await.map_err(late)?;
        let hello = hello.map_err(|why| match why {
            Misunderstood::Closed => Misunderstood::Refused,
            why => why,
        })?;
        let ToViewer::Hello {
            process,
            can_hold,
            name,
        } = hello
        else {
            return Err(Misunderstood::Foreign);
        };
        // There is nothing to open before the journal says what it is of.
        let begins = async {
            while !self.recording.has_begun() {
                match ear.hear().await? {
                    ToViewer::Session(bytes) => self.take(&bytes)?,
                    ToViewer::Pace(pace) => lock(&self.status).pace = pace,
                    ToViewer::Hello { .. } | ToViewer::Over => return Err(Misunderstood::Foreign),
                }
            }
            Ok(())
        };
        timeout(PATIENCE, begins).await.map_err(late)??;
        let program = Program {
            process,
            name: name.into(),
            can_hold,
        };
        // Whoever asked for it waits for this.
        let _ = ready.send(Ok(program));
        let mut renew = interval(RENEW);
        renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = renew.tick(), if can_hold => mouth.say(&ToProgram::Renew).await?,
                said = ear.hear() => match said? {
                    ToViewer::Session(bytes) => self.take(&bytes)?,
                    ToViewer::Pace(pace) => lock(&self.status).pace = pace,
                    ToViewer::Over => return Ok(()),
                    ToViewer::Hello { .. } => return Err(Misunderstood::Foreign),
                },
                pace = asked.recv() => match pace {
                    Some(pace) => mouth.say(&ToProgram::Pace(pace)).await?,
                    // Nobody watches any more.
                    None => return Ok(()),
                },
            }
        }
    }
}

/// The programs of this user that can be watched.
#[derive(Debug, Default)]
pub struct Programs {
    /// Those that answer, and their sockets.
    pub answering: Vec<(Program, PathBuf)>,
    /// The sockets of those that do not: they are stopped, or want another token.
    pub silent: Vec<PathBuf>,
}

/// Asks all watchable programs of this user at once to identify themselves. Removes the sockets of those that crashed.
///
/// # Errors
///
/// Returns a message if the directory of sockets cannot be read, or the token is invalid.
pub fn programs() -> Result<Programs, String> {
    let token = output::token()?;
    let sockets = place::programs().map_err(|why| plain(&why))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| plain(&why))?;
    let asked = sockets.iter().map(|socket| ask(socket, &token));
    let answers = runtime.block_on(join_all(asked));
    let mut programs = Programs::default();
    for (socket, answer) in sockets.into_iter().zip(answers) {
        match answer {
            Some(program) => programs.answering.push((program, socket)),
            // A crashed program's socket, or any other file, is not a program.
            None if place::clear(&socket).is_err_and(|why| is_in_use(&why)) => {
                programs.silent.push(socket);
            }
            None => {}
        }
    }
    Ok(programs)
}

fn is_in_use(why: &io::Error) -> bool {
    why.kind() == io::ErrorKind::AddrInUse
}

/// Asks a program to identify itself; none if it does not answer soon.
async fn ask(socket: &Path, token: &str) -> Option<Program> {
    let talk = async {
        let (from, to) = UnixStream::connect(socket).await.ok()?.into_split();
        let token = token.to_owned();
        let mut mouth = Mouth::new(to);
        mouth.say(&ToProgram::Hello { token }).await.ok()?;
        match Ear::new(from).hear().await.ok()? {
            ToViewer::Hello {
                process,
                can_hold,
                name,
            } => Some(Program {
                process,
                name: name.into(),
                can_hold,
            }),
            _ => None,
        }
    };
    timeout(SOON, talk).await.ok()?
}

/// Returns the socket of a process that can be watched.
///
/// # Errors
///
/// If it cannot have one.
pub fn socket_of(process: u32) -> io::Result<PathBuf> {
    place::of_process(process)
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use super::*;
    use crate::journal::block::{self, Header, kind};
    use crate::recording::Session;

    /// Lets the other side read all that it was sent.
    async fn wait() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_recording_is_opened_once_the_journal_says_what_it_is_of() {
        let spool = Spool::open(None).unwrap();
        let mut listener = Listener {
            recording: Converter::to(spool.file().unwrap(), spool.path()),
            token: String::new(),
            status: Arc::new(Mutex::new(Status {
                pace: Pace::Playing,
                connection: Connection::Runs,
            })),
        };
        let (ours, theirs) = tokio::io::duplex(1 << 10);
        let (_paces, asked) = unbounded_channel();
        let (ready, begun) = channel();
        let talk = listener.talk(ours, asked, &ready);
        let program = async {
            let (from, to) = tokio::io::split(theirs);
            let (mut ear, mut mouth) = (Ear::new(from), Mouth::new(to));
            ear.hear::<ToProgram>().await.unwrap();
            let hello = ToViewer::Hello {
                process: 7,
                can_hold: false,
                name: "program".to_owned(),
            };
            mouth.say(&hello).await.unwrap();
            let header = block::file_header().to_vec();
            mouth.say(&ToViewer::Session(header.into())).await.unwrap();
            wait().await;
            assert!(begun.try_recv().is_err(), "there is nothing to open yet");
            let mut description = Vec::new();
            let header = Header {
                kind: kind::DESCRIPTION,
                ..Header::default()
            };
            block::put(&mut description, &header, |to| to.extend(b"\x01\x05title"));
            let description = ToViewer::Session(description.into());
            mouth.say(&description).await.unwrap();
            wait().await;
            assert_eq!(begun.try_recv().unwrap().unwrap().process, 7);
            assert_eq!(Session::open(spool.path()).unwrap().meta.title, "title");
            mouth.say(&ToViewer::Over).await.unwrap();
        };
        let (talked, ()) = tokio::join!(talk, program);
        talked.unwrap();
    }
}
