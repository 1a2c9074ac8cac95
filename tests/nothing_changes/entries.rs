//! Functions that an attribute runs.

use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use super::task;
use crate::log::Log;

pub fn all(log: &Log) {
    log.note(format!("{:?}", on_this_thread(1)));
    log.note(format!("{:?}", on_two_threads()));
    log.note(format!("{:?}", on_as_many_as_there_are()));
    log.note(local());
    log.note(format!("{:?}", paused()));
    log.note(format!("{:?}", fails()));
    log.note(format!("{:?}", gives_an_exit_code()));
    nothing();
    log.note("nothing");
}

#[super::run(flavor = "current_thread")]
async fn on_this_thread(number: u32) -> (u32, String) {
    let task = task::spawn(async move { number + 1 });
    (task.await.unwrap(), flavor())
}

fn flavor() -> String {
    let runtime = tokio::runtime::Handle::current();
    let workers = runtime.metrics().num_workers();
    format!(
        "{:?}, {workers}, {:?}",
        runtime.runtime_flavor(),
        runtime.name()
    )
}

#[super::run(worker_threads = 2, name = "two")]
async fn on_two_threads() -> (String, Option<String>) {
    let thread = || thread::current().name().map(str::to_owned);
    let task = task::spawn(async move { thread() });
    (flavor(), task.await.unwrap())
}

#[super::run]
async fn on_as_many_as_there_are() -> String {
    flavor()
}

#[super::run(flavor = "local")]
async fn local() -> String {
    let shared = Rc::new(RefCell::new(Vec::new()));
    let others = Rc::clone(&shared);
    let task = task::spawn_local(async move { others.borrow_mut().push(1) });
    task.await.unwrap();
    format!("{:?} {}", shared.borrow(), flavor())
}

#[super::run(flavor = "current_thread", start_paused = true)]
async fn paused() -> Duration {
    let began = tokio::time::Instant::now();
    tokio::time::sleep(Duration::from_secs(1000)).await;
    began.elapsed()
}

#[super::run(flavor = "current_thread")]
async fn fails() -> Result<u32, std::num::ParseIntError> {
    let number: u32 = "x".parse()?;
    Ok(number)
}

#[super::run(flavor = "current_thread")]
async fn gives_an_exit_code() -> impl std::process::Termination + std::fmt::Debug {
    ExitCode::from(3)
}

#[super::run(flavor = "current_thread")]
async fn nothing() {
    #![allow(unused_variables, reason = "inner attributes are to be left")]
    let unused = 1;
}
