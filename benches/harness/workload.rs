//! The workloads: small programs that do little but what is to be measured.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::tool::Spawn;

/// A small program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// Tasks that yield; an operation is a poll.
    Yield,
    /// Two tasks that send each other messages; an operation is a message.
    PingPong,
    /// Tasks that do nothing; an operation is to spawn and join one.
    Spawn,
    /// A TCP server that sends back what it gets; an operation is a message and its echo.
    Echo,
}

/// A workload on so many threads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub workload: Workload,
    pub threads: usize,
}

impl Case {
    /// What is measured.
    pub fn all() -> impl Iterator<Item = Self> {
        let cases = |workload| [1, 2].map(|threads| Self { workload, threads });
        Workload::ALL.into_iter().flat_map(cases)
    }
}

const YIELDING: u64 = 64;
const SPAWNED_AT_ONCE: u64 = 64;
const CONNECTIONS: u64 = 8;
const MESSAGE: usize = 16;

impl Workload {
    const ALL: [Self; 4] = [Self::Yield, Self::PingPong, Self::Spawn, Self::Echo];

    pub fn name(self) -> &'static str {
        match self {
            Self::Yield => "yield",
            Self::PingPong => "pingpong",
            Self::Spawn => "spawn",
            Self::Echo => "echo",
        }
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|workload| workload.name() == name)
    }

    /// The number of operations that is done where so many are asked for.
    pub fn rounded(self, operations: u64) -> u64 {
        let unit = match self {
            Self::Yield => YIELDING,
            Self::PingPong => 2,
            Self::Spawn => SPAWNED_AT_ONCE,
            Self::Echo => CONNECTIONS,
        };
        operations.div_ceil(unit).max(1) * unit
    }

    /// Does so many operations, a number that [`rounded`](Self::rounded) gave.
    pub async fn run<S: Spawn>(self, spawn: S, operations: u64) -> io::Result<()> {
        match self {
            Self::Yield => yielding(spawn, operations / YIELDING).await,
            Self::PingPong => ping_pong(spawn, operations / 2).await,
            Self::Spawn => spawning(spawn, operations / SPAWNED_AT_ONCE).await,
            Self::Echo => echo(spawn, operations / CONNECTIONS).await,
        }
    }
}

async fn yielding<S: Spawn>(spawn: S, polls: u64) -> io::Result<()> {
    let task = || {
        spawn.spawn(async move {
            // The last poll is the one that ends.
            for _ in 1..polls {
                tokio::task::yield_now().await;
            }
        })
    };
    let tasks: Vec<_> = (0..YIELDING).map(|_| task()).collect();
    for task in tasks {
        task.await?;
    }
    Ok(())
}

async fn ping_pong<S: Spawn>(spawn: S, rounds: u64) -> io::Result<()> {
    let (there, mut arrivals) = mpsc::channel(1);
    let (back, mut returned) = mpsc::channel(1);
    let first = spawn.spawn(async move {
        for round in 0..rounds {
            there.send(round).await.ok()?;
            returned.recv().await?;
        }
        Some(())
    });
    let second = spawn.spawn(async move {
        while let Some(round) = arrivals.recv().await {
            back.send(round).await.ok()?;
        }
        Some(())
    });
    let both = [first.await?, second.await?];
    both.into_iter()
        .collect::<Option<()>>()
        .ok_or_else(|| io::Error::other("a channel was closed too early"))
}

async fn spawning<S: Spawn>(spawn: S, rounds: u64) -> io::Result<()> {
    let mut tasks = Vec::with_capacity(SPAWNED_AT_ONCE as usize);
    for _ in 0..rounds {
        tasks.extend((0..SPAWNED_AT_ONCE).map(|_| spawn.spawn(async {})));
        for task in tasks.drain(..) {
            task.await?;
        }
    }
    Ok(())
}

async fn echo<S: Spawn>(spawn: S, messages: u64) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = {
        let spawn_more = spawn.clone();
        spawn.spawn(async move {
            for _ in 0..CONNECTIONS {
                let (stream, _) = listener.accept().await?;
                drop(spawn_more.spawn(serve(stream)));
            }
            io::Result::Ok(())
        })
    };
    let client = || {
        spawn.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut message = [0; MESSAGE];
            for _ in 0..messages {
                stream.write_all(&message).await?;
                stream.read_exact(&mut message).await?;
            }
            io::Result::Ok(())
        })
    };
    let clients: Vec<_> = (0..CONNECTIONS).map(|_| client()).collect();
    for client in clients {
        client.await??;
    }
    server.await?
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut message = [0; MESSAGE];
    loop {
        let length = stream.read(&mut message).await?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&message[..length]).await?;
    }
}
