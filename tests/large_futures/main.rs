//! A large future fits on the stack where it does with tokio alone.
//!
//! Each way to run one is tried in processes of their own, on stacks of several sizes: one that is too small ends the
//! process.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::duplicate_mod,
    clippy::large_futures,
    clippy::large_stack_arrays,
    reason = "a test that cannot go on has failed; the ways are meant to be there twice, and to be large"
)]

mod observed;
mod plain;

use std::env;
use std::process::{Command, Stdio};
use std::thread;

use asyncline::Executor;

/// What a process is to do: which library, which way, and the size of the stack in bytes.
const TASK: &str = "ASYNCLINE_TEST_TASK";

/// The size of the futures, in bytes.
const LARGE: usize = 200 << 10;
/// Stacks are measured in parts of it.
const STEP: usize = LARGE / 4;
/// The stack of tokio's worker threads, in steps.
const WORKER: usize = (2 << 20) / STEP;

/// Not a test by itself: a process that runs a large future.
#[test]
#[ignore = "run by the test below, in a process of its own"]
fn runs() {
    let task = env::var(TASK).unwrap();
    let mut words = task.split(' ').map(str::to_owned);
    let mut next = || words.next().unwrap();
    let (library, way, stack) = (next(), next(), next());
    let runs = move || match &*library {
        "tokio" => find(plain::WAYS, &way)(&plain::runtime()),
        "unrecorded" => find(observed::WAYS, &way)(&Executor::builder().build().unwrap()),
        "recorded" => find(observed::WAYS, &way)(&Executor::builder().record().unwrap().0),
        other => panic!("{other}: unknown library"),
    };
    let thread = thread::Builder::new().stack_size(stack.parse().unwrap());
    let length = thread.spawn(runs).unwrap().join().unwrap();
    assert_eq!(length, LARGE);
}

fn find<T: Copy>(ways: &[(&str, T)], name: &str) -> T {
    let way = ways.iter().find(|(way, _)| *way == name);
    way.unwrap().1
}

fn survives(library: &str, way: &str, stack: usize) -> bool {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "runs", "--ignored"])
        .env(TASK, format!("{library} {way} {stack}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().unwrap().success()
}

/// The smallest stack that is enough, in steps.
fn needs(library: &str, way: &str) -> usize {
    let (mut too_small, mut enough) = (0, 160);
    assert!(survives(library, way, enough * STEP), "{library} {way}");
    while enough - too_small > 1 {
        let steps = usize::midpoint(too_small, enough);
        if survives(library, way, steps * STEP) {
            enough = steps;
        } else {
            too_small = steps;
        }
    }
    enough
}

/// In a build without optimisations the macros and `timeout` need room for some more moves, and with optimisations tokio
/// needs room for fewer. What is run fits on the stack of a worker thread all the same.
#[test]
fn large_futures_fit_on_the_stack_where_they_do_with_tokio() {
    for (way, _) in plain::WAYS {
        let tokio = needs("tokio", way);
        let is_macro = way.ends_with('!') || *way == "timeout";
        let is_optimized = !cfg!(debug_assertions);
        let most = if is_macro || is_optimized {
            tokio.max(WORKER)
        } else {
            tokio
        };
        for library in ["unrecorded", "recorded"] {
            let asyncline = needs(library, way);
            assert!(
                asyncline <= most,
                "{way}, {library}: {tokio} -> {asyncline}"
            );
        }
    }
}
