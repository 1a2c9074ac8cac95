//! What one would write first: a future that sends the time and what happened over an unbounded channel, and a thread
//! that writes what comes. Wakes are not seen.

use std::future::Future;
use std::io::{self, BufWriter, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::Instant;

use pin_project_lite::pin_project;
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;

use crate::harness::tool::{Kept, Spawn, Tool, runtime};

#[derive(Clone, Copy)]
enum What {
    Spawned,
    PollStarted,
    PollEnded,
    Completed,
}

struct Event {
    at: Instant,
    task: u64,
    what: What,
}

pub struct Naive {
    runtime: Runtime,
    sender: UnboundedSender<Event>,
    writer: thread::JoinHandle<io::Result<u64>>,
    file: NamedTempFile,
}

impl Naive {
    pub fn new(threads: usize) -> io::Result<Self> {
        let file = NamedTempFile::new()?;
        let output = BufWriter::new(file.reopen()?);
        let (sender, receiver) = mpsc::unbounded_channel();
        Ok(Self {
            runtime: runtime(threads).build()?,
            sender,
            writer: thread::spawn(move || write(receiver, output)),
            file,
        })
    }
}

fn write(mut receiver: UnboundedReceiver<Event>, mut output: impl Write) -> io::Result<u64> {
    let began = Instant::now();
    let mut events = 0;
    while let Some(event) = receiver.blocking_recv() {
        let at = event.at.saturating_duration_since(began).as_nanos() as u64;
        output.write_all(&at.to_le_bytes())?;
        output.write_all(&event.task.to_le_bytes())?;
        output.write_all(&[event.what as u8])?;
        events += 1;
    }
    output.flush()?;
    Ok(events)
}

pin_project! {
    pub struct Observed<F> {
        #[pin]
        future: F,
        task: u64,
        sender: UnboundedSender<Event>,
    }
}

fn send(sender: &UnboundedSender<Event>, task: u64, what: What) {
    let at = Instant::now();
    let _ = sender.send(Event { at, task, what });
}

impl<F: Future> Future for Observed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        send(this.sender, *this.task, What::PollStarted);
        let polled = this.future.poll(cx);
        let ended = match polled {
            Poll::Pending => What::PollEnded,
            Poll::Ready(_) => What::Completed,
        };
        send(this.sender, *this.task, ended);
        polled
    }
}

#[derive(Clone)]
pub struct Sending(UnboundedSender<Event>);

impl Spawn for Sending {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        static TASKS: AtomicU64 = AtomicU64::new(0);
        let task = TASKS.fetch_add(1, Ordering::Relaxed);
        send(&self.0, task, What::Spawned);
        tokio::spawn(Observed {
            future,
            task,
            sender: self.0.clone(),
        })
    }
}

impl Tool for Naive {
    type Spawn = Sending;

    fn spawner(&self) -> Sending {
        Sending(self.sender.clone())
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    fn finish(self) -> io::Result<Kept> {
        drop(self.runtime);
        drop(self.sender);
        let events = self.writer.join();
        let events = events.map_err(|_| io::Error::other("the writer panicked"))??;
        Ok(Kept {
            bytes: Some(self.file.path().metadata()?.len()),
            events: Some(events),
            // The channel has no bound: it takes memory instead of losing anything.
            lost: Some(0),
        })
    }
}
