//! How many instructions the probe adds to what programs do all the time: `cargo bench --bench instructions`.
//!
//! Noise does not move these counts as it moves times, so that they can have limits. They are counted by callgrind: where
//! valgrind is not installed, nothing is checked. Each count is the difference between twice as many operations and so
//! many, divided by their number: what begins and ends a program is not in it.

use std::future::{poll_fn, ready};
use std::io;
use std::process::{Command, ExitCode};
use std::task::Poll;

use asyncline::{Executor, TaskExt};
use tokio::runtime;

/// An operation, and how many instructions the probe may add to it: recording, and compiled in without.
///
/// They are about a seventh above what was counted when they were last set, with Rust 1.95 on x86-64: another compiler, or
/// another `malloc`, counts a little differently. Most of what a spawn adds with the recording off is `malloc`'s, to which
/// a task of another size is another task: there, the limit is wide.
struct Limit {
    path: Path,
    recording: f64,
    off: f64,
}

const LIMITS: [Limit; 5] = [
    Limit {
        path: Path::Spawn,
        recording: 2330.0,
        off: 500.0,
    },
    Limit {
        path: Path::PollPending,
        recording: 630.0,
        off: 40.0,
    },
    Limit {
        path: Path::Wake,
        recording: 220.0,
        off: 10.0,
    },
    Limit {
        path: Path::Yield,
        recording: 600.0,
        off: 30.0,
    },
    Limit {
        path: Path::PollReady,
        recording: 825.0,
        off: 40.0,
    },
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Path {
    /// To spawn a task, to poll it once, and to join it.
    Spawn,
    /// A poll of a task that wakes itself and is not ready.
    PollPending,
    /// A call of a waker, by the task itself.
    Wake,
    /// A poll of a task that yields: its waker is cloned, and called by the scheduler.
    Yield,
    /// A future with a lane of its own, from its making to its end in its first poll.
    PollReady,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Bare,
    Off,
    Recording,
}

const OPERATIONS: u64 = 10_000;

impl Path {
    fn name(self) -> &'static str {
        match self {
            Self::Spawn => "spawn",
            Self::PollPending => "poll-pending",
            Self::Wake => "wake",
            Self::Yield => "yield",
            Self::PollReady => "poll-ready",
        }
    }
}

impl Mode {
    const ALL: [Self; 3] = [Self::Bare, Self::Off, Self::Recording];

    fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Off => "off",
            Self::Recording => "recording",
        }
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    // `cargo test --all-targets` runs this program too, but only `cargo bench` says so, and only then is it wanted.
    let [_, first, rest @ ..] = &words[..] else {
        println!("cargo bench --bench instructions counts what the probe adds");
        return ExitCode::SUCCESS;
    };
    if let ("--one", [path, mode, operations]) = (first.as_str(), rest) {
        return match one(path, mode, operations) {
            Some(()) => ExitCode::SUCCESS,
            None => ExitCode::from(2),
        };
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions are not counted: valgrind is not installed");
        return ExitCode::SUCCESS;
    }
    match check(words.iter().any(|word| word == "--json")) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Counts all and prints them. False where a limit is passed.
fn check(json: bool) -> io::Result<bool> {
    let mut holds = true;
    if !json {
        println!("instructions       bare    added off (limit)   added recording (limit)");
    }
    for limit in &LIMITS {
        let [bare, off, recording] = Mode::ALL.map(|mode| count(limit.path, mode));
        let (bare, off, recording) = (bare?, off?, recording?);
        let (off, recording) = (off - bare, recording - bare);
        let name = limit.path.name();
        let is_kept = off <= limit.off && recording <= limit.recording;
        holds &= is_kept;
        if json {
            println!(
                "{{\"path\": \"{name}\", \"bare\": {bare:.1}, \"off\": {off:.1}, \"recording\": {recording:.1}, \"limits_hold\": {is_kept}}}"
            );
        } else {
            let verdict = if is_kept { "" } else { "  OVER THE LIMIT" };
            println!(
                "{name:14} {bare:8.1} {off:10.1} ({:5}) {recording:15.1} ({:6}){verdict}",
                limit.off, limit.recording
            );
        }
    }
    Ok(holds)
}

/// Instructions for an operation.
fn count(path: Path, mode: Mode) -> io::Result<f64> {
    // A waker is called in a poll, which is not to be counted.
    let without = match path {
        Path::Wake => in_all(Path::PollPending, mode, OPERATIONS)?,
        _ => in_all(path, mode, OPERATIONS)?,
    };
    let with = match path {
        Path::Wake => in_all(path, mode, OPERATIONS)?,
        _ => in_all(path, mode, 2 * OPERATIONS)?,
    };
    Ok((with - without) / OPERATIONS as f64)
}

/// Instructions for so many operations, in a process of its own.
fn in_all(path: Path, mode: Mode, operations: u64) -> io::Result<f64> {
    // A program's own path is in its memory, and with its length the work of `malloc` changes by hundreds of instructions.
    let program = std::env::current_exe()?;
    let (directory, name) = program
        .parent()
        .zip(program.file_name())
        .ok_or_else(|| io::Error::other("this program has no path"))?;
    let output = Command::new("valgrind")
        .current_dir(directory)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(["--collect-atstart=no", "--toggle-collect=*measured*"])
        .arg(std::path::Path::new(".").join(name))
        .args(["--one", path.name(), mode.name(), &operations.to_string()])
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    collected
        .filter(|_| output.status.success())
        .ok_or_else(|| io::Error::other(format!("valgrind said:\n{text}")))
}

/// Does so many operations here; none where the words are not known.
fn one(path: &str, mode: &str, operations: &str) -> Option<()> {
    let path = LIMITS.iter().find(|limit| limit.path.name() == path)?.path;
    let mode = Mode::ALL.into_iter().find(|known| known.name() == mode)?;
    let operations: u64 = operations.parse().ok()?;
    match mode {
        Mode::Bare => {
            let runtime = runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .ok()?;
            measured(|| runtime.block_on(bare(path, operations)));
        }
        Mode::Off => {
            let executor = Executor::builder().build().ok()?;
            measured(|| executor.block_on(observed(path, operations)));
        }
        Mode::Recording => {
            let (executor, _collector) = Executor::builder().record().ok()?;
            measured(|| executor.block_on(observed(path, operations)));
        }
    }
    Some(())
}

/// What runs within is counted.
#[inline(never)]
fn measured(run: impl FnOnce()) {
    run();
}

async fn bare(path: Path, operations: u64) {
    match path {
        Path::Spawn => {
            for _ in 0..operations {
                tokio::spawn(async {}).await.expect("it ends");
            }
        }
        Path::PollPending => tokio::spawn(polled(operations, 1)).await.expect("it ends"),
        Path::Wake => tokio::spawn(polled(operations, 2)).await.expect("it ends"),
        Path::Yield => tokio::spawn(yields(operations)).await.expect("it ends"),
        Path::PollReady => {
            for _ in 0..operations {
                ready(()).await;
            }
        }
    }
}

async fn observed(path: Path, operations: u64) {
    match path {
        Path::Spawn => {
            for _ in 0..operations {
                asyncline::spawn(async {}).await.expect("it ends");
            }
        }
        Path::PollPending => asyncline::spawn(polled(operations, 1))
            .await
            .expect("it ends"),
        Path::Wake => asyncline::spawn(polled(operations, 2))
            .await
            .expect("it ends"),
        Path::Yield => asyncline::spawn(yields(operations)).await.expect("it ends"),
        Path::PollReady => {
            for _ in 0..operations {
                ready(()).lane("ready").await;
            }
        }
    }
}

async fn yields(times: u64) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

/// Is polled so often, and wakes itself so many times in each poll.
async fn polled(mut polls: u64, wakes: u64) {
    poll_fn(|cx| {
        if polls == 0 {
            return Poll::Ready(());
        }
        polls -= 1;
        for _ in 0..wakes {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await;
}
