//! Workloads that make large recordings.

use std::error::Error;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use asyncline::recording::{self, Writer};
use asyncline::{Collector, Executor, JoinHandle as Task, spawn, spawn_named};
use clap::ValueEnum;
use tokio::sync::{Mutex, mpsc};
use tokio::time::sleep;

/// How often events are collected.
const TICK: Duration = Duration::from_millis(5);

/// A program that makes events.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Workload {
    /// Tasks that serve requests: they receive, lock, sleep, spawn and answer
    Service,
    /// Tasks that yield
    Yield,
    /// Pairs of tasks that send each other messages
    PingPong,
    /// A task that spawns short ones and joins them
    Spawn,
}

/// How far it has come.
#[derive(Debug, Default)]
struct Stop(AtomicBool);

impl Stop {
    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Records a workload of `tasks` tasks until it has `events` events. Returns the number of events written, and that of events
/// lost.
///
/// # Errors
///
/// If the runtime cannot be made, or the events cannot be written.
pub fn generate(
    writer: Writer,
    workload: Workload,
    events: u64,
    tasks: usize,
) -> Result<(u64, u64), Box<dyn Error>> {
    let (executor, collector) = Executor::builder().record()?;
    let stop = Arc::new(Stop::default());
    let collecting = collect(collector, writer, Arc::clone(&stop), events)?;
    executor.block_on(run(workload, tasks, stop));
    drop(executor);
    let done = collecting
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    Ok(done?)
}

/// Writes events until there are enough and the program has ended.
fn collect(
    mut collector: Collector,
    writer: Writer,
    stop: Arc<Stop>,
    enough: u64,
) -> io::Result<JoinHandle<Result<(u64, u64), recording::Error>>> {
    thread::Builder::new()
        .name("collector".into())
        .spawn(move || {
            let done = write_all(&mut collector, writer, &stop, enough);
            // What cannot be written any more need not be made.
            stop.0.store(true, Ordering::Relaxed);
            done
        })
}

/// As many events as were written, and as were lost.
fn write_all(
    collector: &mut Collector,
    mut writer: Writer,
    stop: &Arc<Stop>,
    enough: u64,
) -> Result<(u64, u64), recording::Error> {
    let (mut written, mut lost) = (0, 0);
    loop {
        // Asked before events are taken: what has ended by then makes no more.
        let ended = Arc::strong_count(stop) == 1;
        let drained = collector.drain_to(&mut writer)?;
        writer.tick(Instant::now())?;
        written += drained.events;
        lost += drained.lost;
        if written >= enough {
            stop.0.store(true, Ordering::Relaxed);
        }
        if ended {
            writer.finish()?;
            return Ok((written, lost));
        }
        thread::sleep(TICK);
    }
}

async fn run(workload: Workload, tasks: usize, stop: Arc<Stop>) {
    let started: Vec<Task<()>> = match workload {
        Workload::Service => service(tasks, &stop),
        Workload::Yield => several("yields", tasks, |_| yields(Arc::clone(&stop))),
        Workload::PingPong => (0..tasks.div_ceil(2)).flat_map(|_| pair(&stop)).collect(),
        Workload::Spawn => several("spawns", 1, |_| spawns(tasks, Arc::clone(&stop))),
    };
    for task in started {
        // A task that fails would show in the session.
        let _ = task.await;
    }
}

fn several<F: Future<Output = ()> + Send + 'static>(
    name: &'static str,
    tasks: usize,
    future: impl Fn(usize) -> F,
) -> Vec<Task<()>> {
    let start = |task| spawn_named(format!("{name} {task}"), future(task));
    (0..tasks).map(start).collect()
}

async fn yields(stop: Arc<Stop>) {
    while !stop.is_set() {
        asyncline::yield_now().await;
    }
}

fn pair(stop: &Arc<Stop>) -> [Task<()>; 2] {
    let (there, mut arrivals) = mpsc::channel(1);
    let (back, mut returned) = mpsc::channel(1);
    let stop = Arc::clone(stop);
    let first = spawn_named("ping", async move {
        while !stop.is_set() && there.send(()).await.is_ok() {
            returned.recv().await;
        }
    });
    let second = spawn_named("pong", async move {
        while arrivals.recv().await.is_some() && back.send(()).await.is_ok() {}
    });
    [first, second]
}

async fn spawns(at_once: usize, stop: Arc<Stop>) {
    while !stop.is_set() {
        let tasks: Vec<_> = (0..at_once).map(|_| spawn(async {})).collect();
        for task in tasks {
            let _ = task.await;
        }
    }
}

/// What the connections of a service share.
#[derive(Debug, Default)]
struct Shared {
    served: Mutex<u64>,
}

fn service(tasks: usize, stop: &Arc<Stop>) -> Vec<Task<()>> {
    let shared = Arc::new(Shared::default());
    several("connection", tasks, |number| {
        serve(number as u64, Arc::clone(&shared), Arc::clone(stop))
    })
}

/// Serves requests, each of which takes its time.
async fn serve(number: u64, shared: Arc<Shared>, stop: Arc<Stop>) {
    let mut random = number;
    while !stop.is_set() {
        // Numerical Recipes' generator: what it gives has only to differ.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) % (1 << 32);
        sleep(Duration::from_millis(1 + random % 16)).await;
        let query = async {
            for _ in 0..random % 5 {
                asyncline::yield_now().await;
            }
            *shared.served.lock().await += 1;
        };
        match random % 64 {
            0 => {
                let query = spawn_named("query", sleep(Duration::from_millis(random % 7)));
                let _ = query.await;
            }
            1 => drop(
                asyncline::timeout(
                    Duration::from_millis(2),
                    sleep(Duration::from_millis(random % 5)),
                )
                .await,
            ),
            _ => query.await,
        }
    }
}
