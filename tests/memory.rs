//! What the recorder leaves behind: nothing, however many tasks and threads there were.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::fs;
use std::sync::Arc;
use std::thread;

use asyncline::event::EventKind;
use asyncline::{Collector, Executor, spawn};

/// What the process has of the machine's memory, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let kib: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    kib * 1024
}

/// Runs so many short tasks: most of them end, some panic, and some are aborted before their first poll or after it.
fn run(executor: &Executor, collector: &mut Collector, tasks: u64) {
    const AT_ONCE: u64 = 1_000;
    for _ in 0..tasks / AT_ONCE {
        executor.block_on(async {
            let mut running = Vec::new();
            for number in 0..AT_ONCE {
                running.push(spawn(async move {
                    assert!(number % 100 != 0, "on purpose");
                    if number % 10 == 0 {
                        tokio::task::yield_now().await;
                    }
                }));
                if number % 50 == 1 {
                    running.last().unwrap().abort();
                }
            }
            tokio::task::yield_now().await;
            for (number, task) in running.into_iter().enumerate() {
                if number % 70 == 0 {
                    task.abort();
                }
                let _ = task.await;
            }
        });
        collector.drain_each(|event| assert!(!matches!(event.kind, EventKind::Lost { .. })));
    }
}

// One test, so that no other takes memory at the same time.
#[test]
fn tasks_and_threads_leave_nothing_behind() {
    const MOST: u64 = 2 << 20;
    let tasks = if std::env::var_os("ASYNCLINE_LONG").is_some() {
        10_000_000
    } else {
        200_000
    };
    std::panic::set_hook(Box::new(|_| {}));
    let (executor, mut collector) = Executor::builder().record().unwrap();
    run(&executor, &mut collector, 20_000);
    let before = resident();
    run(&executor, &mut collector, tasks);
    let grown = resident().saturating_sub(before);
    assert!(grown < MOST, "{tasks} tasks left {grown} bytes behind");

    let executor = Arc::new(executor);
    let threads = |count, collector: &mut Collector| {
        for _ in 0..count {
            let executor = Arc::clone(&executor);
            let thread = thread::spawn(move || {
                let _entered = executor.enter();
                asyncline::mark!("a thread was here");
            });
            thread.join().unwrap();
            collector.drain_each(|_| {});
        }
    };
    threads(100, &mut collector);
    let before = resident();
    threads(4_000, &mut collector);
    let grown = resident().saturating_sub(before);
    assert!(grown < MOST, "4000 threads left {grown} bytes behind");
}
