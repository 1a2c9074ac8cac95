//! A program that forks while it is recorded.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::process::Command;

use asyncline::{Executor, Timeline, spawn, yield_now};
use fork::{Fork, fork, waitpid};

async fn tasks() {
    let tasks: Vec<_> = (0..100).map(|_| spawn(yield_now())).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn a_fork_leaves_the_recording_whole() {
    // In a process of its own, with one thread: a fork takes no other along.
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_program_that_forks", "--ignored"])
        .arg("--test-threads=1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "it is run by the test above"]
fn the_program_that_forks() {
    let builder = Executor::builder().timers_only();
    let (executor, mut collector) = builder.record().unwrap();
    executor.block_on(tasks());
    match fork().unwrap() {
        Fork::Child => {
            // It goes on with a copy of all, in which nobody collects until it does so itself.
            executor.block_on(tasks());
            drop(executor);
            let timeline: Timeline = collector.drain().iter().collect();
            std::process::exit(i32::from(!is_whole(&timeline, 2)));
        }
        Fork::Parent(child) => {
            executor.block_on(tasks());
            executor.block_on(tasks());
            let status = waitpid(child).unwrap();
            assert_eq!(status, 0, "the child's recording is whole, too");
            drop(executor);
            let timeline: Timeline = collector.drain().iter().collect();
            assert!(is_whole(&timeline, 3));
        }
    }
}

/// Whether all tasks of so many runs are there, and ended.
fn is_whole(timeline: &Timeline, runs: usize) -> bool {
    let mut tasks = timeline.lanes().filter(|lane| lane.is_task());
    let ended = tasks.clone().filter(|lane| lane.state().is_end()).count();
    timeline.lost() == 0 && ended == 101 * runs && tasks.all(|lane| lane.polls > 0)
}
