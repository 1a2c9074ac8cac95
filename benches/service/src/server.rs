//! A server that runs, as one of the kinds that are compared, and what it did.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use asyncline::event::EventKind;
use asyncline::recording::Session;

use crate::load::{Answered, Load};
use crate::source::Servers;

/// Who does not begin or end for so long is broken.
const PATIENCE: Duration = Duration::from_secs(20);
/// So long what is left to do after the last reply is waited for, before CPU time is read and another server's turn comes.
const REST: Duration = Duration::from_millis(60);

/// How the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As it was published.
    Bare,
    /// With asyncline, and nothing recorded.
    Off,
    /// With everything recorded into a file.
    File,
    /// With a viewer that keeps all.
    Live,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Bare, Self::Off, Self::File, Self::Live];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "as published",
            Self::Off => "asyncline, not recording",
            Self::File => "`ASYNCLINE=file:PATH`",
            Self::Live => "`ASYNCLINE=live`, one viewer",
        }
    }
}

/// One slice of one kind.
pub struct Slice {
    pub requests: u64,
    pub time: Duration,
    /// Seconds of CPU time that the server's process took for a request, where the system tells.
    pub cpu: Option<f64>,
    pub digest: u64,
}

impl Slice {
    /// Requests per second.
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.time.as_secs_f64()
    }
}

/// What a recording holds.
#[derive(Clone, Copy, Default)]
pub struct Recorded {
    pub events: u64,
    pub lost: u64,
    pub bytes: u64,
}

impl Recorded {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            events: self.events + other.events,
            lost: self.lost + other.lost,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// What it takes to run servers.
pub struct Stage<'a> {
    pub servers: &'a Servers,
    pub viewer: &'a Path,
    /// Where recordings and sockets are.
    pub folder: &'a Path,
}

impl Stage<'_> {
    /// Begins a server, and connects to it.
    pub fn open(&self, kind: Kind, depth: usize) -> io::Result<Serving> {
        let recording = self.recording(kind);
        if recording.exists() {
            fs::remove_file(&recording)?;
        }
        let address = free_address()?;
        let socket = recording.with_extension("sock");
        let server = Ended(self.begin(kind, address, &recording, &socket)?);
        await_that(|| TcpStream::connect(address).is_ok())?;
        let viewer = match kind {
            Kind::Live => Some(Ended(self.watch(&socket, &recording)?)),
            _ => None,
        };
        if viewer.is_some() {
            // It has the session's beginning, and follows.
            await_that(|| recording.metadata().is_ok_and(|file| file.len() > 0))?;
        }
        Ok(Serving {
            kind,
            server,
            viewer,
            load: Load::connect(address, depth)?,
            recording,
        })
    }

    /// Where a server of this kind records, or its viewer.
    pub fn recording(&self, kind: Kind) -> PathBuf {
        self.folder.join(format!("{kind:?}.aline"))
    }

    fn begin(
        &self,
        kind: Kind,
        address: SocketAddr,
        recording: &Path,
        socket: &Path,
    ) -> io::Result<Child> {
        let program = match kind {
            Kind::Bare => &self.servers.bare,
            _ => &self.servers.changed,
        };
        let mut command = Command::new(program);
        command.args(["--port", &address.port().to_string()]);
        command.env_remove("RUST_LOG").env_remove("ASYNCLINE");
        match kind {
            Kind::Bare | Kind::Off => {}
            Kind::File => {
                command.env("ASYNCLINE", format!("file:{}", recording.display()));
            }
            Kind::Live => {
                command.env("ASYNCLINE", format!("live:{}", socket.display()));
            }
        }
        command.stdout(Stdio::null()).spawn()
    }

    fn watch(&self, socket: &Path, recording: &Path) -> io::Result<Child> {
        let mut command = Command::new(self.viewer);
        command.arg("attach").arg(socket);
        command.arg("--record").arg(recording);
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()
    }
}

/// A server that runs.
pub struct Serving {
    pub kind: Kind,
    server: Ended,
    viewer: Option<Ended>,
    load: Load,
    recording: PathBuf,
}

impl Serving {
    /// Measures one slice, before which so many requests more are sent: what is still to be recorded of those when the
    /// slice begins is as much as what is still to be recorded of the slice when it ends.
    pub fn slice(&mut self, before: u64, requests: u64) -> io::Result<Slice> {
        let process = self.server.0.id();
        let cpu_before = cpu_time(process);
        let sent_before = self.load.send(before)?.requests;
        let Answered {
            requests,
            time,
            digest,
        } = self.load.send(requests)?;
        thread::sleep(REST);
        // Over all that was sent, since what is recorded of it cannot be told apart.
        let cpu = cpu_time(process).zip(cpu_before);
        let cpu = cpu.map(|(after, before)| after.saturating_sub(before).as_secs_f64());
        Ok(Slice {
            requests,
            time,
            cpu: cpu.map(|seconds| seconds / (sent_before + requests) as f64),
            digest,
        })
    }

    /// Ends the server, and looks at what was recorded.
    pub fn end(mut self) -> io::Result<Option<Recorded>> {
        drop(self.load);
        self.server.interrupt()?;
        if let Some(viewer) = &mut self.viewer {
            viewer.wait()?;
        }
        match self.kind {
            Kind::Bare | Kind::Off => Ok(None),
            Kind::File | Kind::Live => read(&self.recording).map(Some),
        }
    }
}

/// A process that does not outlive this.
struct Ended(Child);

impl Ended {
    /// Asks the server to end as a user would, with ctrl-c, and waits until it has.
    fn interrupt(&mut self) -> io::Result<()> {
        let asked = Command::new("kill")
            .args(["-INT", &self.0.id().to_string()])
            .status()?;
        if !asked.success() {
            return Err(io::Error::other("the server cannot be interrupted"));
        }
        self.wait()
    }

    fn wait(&mut self) -> io::Result<()> {
        let mut status: Option<ExitStatus> = None;
        let began = Instant::now();
        while status.is_none() {
            if began.elapsed() > PATIENCE {
                return Err(io::Error::other("a process does not end"));
            }
            thread::sleep(Duration::from_millis(5));
            status = self.0.try_wait()?;
        }
        match status {
            Some(status) if !status.success() => {
                Err(io::Error::other(format!("a process ended with {status}")))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        // Nothing happens where it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn await_that(is_so: impl Fn() -> bool) -> io::Result<()> {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > PATIENCE {
            return Err(io::Error::other("a process does not begin"));
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// The CPU time of all threads of a process, to the nanosecond; its threads live as long as it does here.
fn cpu_time(process: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let of_thread = |thread: PathBuf| -> Option<u64> {
        let text = fs::read_to_string(thread.join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    let times = threads.map(|thread| of_thread(thread.ok()?.path()));
    Some(Duration::from_nanos(times.sum::<Option<u64>>()?))
}

fn read(path: &Path) -> io::Result<Recorded> {
    let bytes = path.metadata()?.len();
    let session = Session::open(path).map_err(io::Error::other)?;
    let mut recorded = Recorded {
        bytes,
        ..Recorded::default()
    };
    for event in &session.events {
        match event.kind {
            EventKind::Lost { count } => recorded.lost += count,
            _ => recorded.events += 1,
        }
    }
    Ok(recorded)
}
