//! The ways to run a large future. Each is made in a function of its own, so that no frame has to hold several.

use std::future::pending;
use std::hint::black_box;
use std::pin::Pin;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};

use super::task::{self, JoinSet, LocalSet};
use super::{Runtime, join, run_main, select, timeout};
use crate::LARGE;

/// Holds what is large over an await.
async fn large() -> usize {
    let held = [1_u8; LARGE];
    tokio::task::yield_now().await;
    black_box(&held).len()
}

/// A closure that holds what is large.
fn work() -> impl FnOnce() -> usize + Send {
    let held = [1_u8; LARGE];
    move || black_box(&held).len()
}

/// A name, and what runs a large future and returns its size.
type Way = (&'static str, fn(&Runtime) -> usize);

pub const WAYS: &[Way] = &[
    ("block_on", block_on),
    ("main", |_| main()),
    ("spawn", spawn),
    ("runtime.spawn", runtime_spawn),
    ("spawn_blocking", spawn_blocking),
    ("spawn_local", spawn_local),
    ("JoinSet::spawn", set_spawn),
    ("JoinSet::spawn_on", set_spawn_on),
    ("JoinSet::spawn_local", set_spawn_local),
    ("JoinSet::spawn_blocking", set_spawn_blocking),
    ("LocalSet::spawn_local", local_set_spawn),
    ("LocalSet::run_until", local_set_run_until),
    ("LocalSet::block_on", local_set_block_on),
    ("timeout", times_out),
    ("join!", joins),
    ("select!", selects),
];

fn block_on(runtime: &Runtime) -> usize {
    runtime.block_on(large())
}

#[run_main(flavor = "current_thread")]
async fn main() -> usize {
    let held = [1_u8; LARGE];
    tokio::task::yield_now().await;
    black_box(&held).len()
}

type Body = Pin<Box<dyn Future<Output = usize>>>;

/// Runs a future that is large itself, without a copy of it on the stack.
fn run(runtime: &Runtime, body: fn() -> Body) -> usize {
    runtime.block_on(body())
}

fn spawn(runtime: &Runtime) -> usize {
    runtime.block_on(async { task::spawn(large()).await.unwrap() })
}

fn runtime_spawn(runtime: &Runtime) -> usize {
    let task = runtime.spawn(large());
    runtime.block_on(task).unwrap()
}

fn spawn_blocking(runtime: &Runtime) -> usize {
    runtime.block_on(async { task::spawn_blocking(work()).await.unwrap() })
}

fn spawn_local(runtime: &Runtime) -> usize {
    let spawns = async { task::spawn_local(large()).await.unwrap() };
    runtime.block_on(async { LocalSet::new().run_until(spawns).await })
}

/// The value of a set's only task.
async fn joined(mut set: JoinSet<usize>) -> usize {
    set.join_next().await.unwrap().unwrap()
}

fn set_spawn(runtime: &Runtime) -> usize {
    runtime.block_on(async {
        let mut set = JoinSet::new();
        set.spawn(large());
        joined(set).await
    })
}

fn set_spawn_on(runtime: &Runtime) -> usize {
    runtime.block_on(async {
        let mut set = JoinSet::new();
        set.spawn_on(large(), &Handle::current());
        joined(set).await
    })
}

fn set_spawn_local(runtime: &Runtime) -> usize {
    let spawns = async {
        let mut set = JoinSet::new();
        set.spawn_local(large());
        joined(set).await
    };
    runtime.block_on(async { LocalSet::new().run_until(spawns).await })
}

fn set_spawn_blocking(runtime: &Runtime) -> usize {
    runtime.block_on(async {
        let mut set = JoinSet::new();
        set.spawn_blocking(work());
        joined(set).await
    })
}

fn local_set_spawn(runtime: &Runtime) -> usize {
    runtime.block_on(async {
        let set = LocalSet::new();
        let task = set.spawn_local(large());
        set.run_until(task).await.unwrap()
    })
}

fn local_set_run_until(runtime: &Runtime) -> usize {
    run(runtime, || {
        Box::pin(async { LocalSet::new().run_until(large()).await })
    })
}

fn local_set_block_on(_: &Runtime) -> usize {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, large())
}

fn times_out(runtime: &Runtime) -> usize {
    run(runtime, || {
        Box::pin(async { timeout(Duration::MAX, large()).await.unwrap() })
    })
}

fn joins(runtime: &Runtime) -> usize {
    run(runtime, || Box::pin(async { join!(large(), async {}).0 }))
}

fn selects(runtime: &Runtime) -> usize {
    run(runtime, || {
        Box::pin(async {
            select! {
                length = large() => length,
                length = pending() => length,
            }
        })
    })
}
