//! The scenarios: small real programs, each of which shows one thing about async.
//!
//! A scenario is a file in `scenario/`: first the program, exactly as the code panel shows it, then its description.
//! Its `main` is an ordinary function that runs on real executors, nearly always tokio, under the probe.

#![allow(
    clippy::unwrap_used,
    reason = "the programs are written as examples are, and a panic in one is an event"
)]

mod await_finished;
mod await_nested;
mod awaitables;
mod blocking;
mod cancel;
mod channel;
mod coroutine_object;
mod create_task;
mod deadlock;
mod executors;
mod function_vs_coroutine;
mod gather;
mod generator;
mod join_set;
mod lesson;
mod lost_waker;
mod mutex;
mod native_coroutine;
mod never_awaited;
mod panic;
mod run;
mod select;
mod semaphore;
mod sequential;
mod stage;
mod tasks;
mod timeout;
mod work_stealing;

pub use lesson::{Chapter, Question, Scenario};
pub(crate) use stage::Stage;

/// All scenarios, chapter by chapter, in the order in which to learn from them.
pub fn all() -> &'static [Scenario] {
    SCENARIOS
}

static SCENARIOS: &[Scenario] = &[
    function_vs_coroutine::SCENARIO,
    generator::SCENARIO,
    native_coroutine::SCENARIO,
    coroutine_object::SCENARIO,
    run::SCENARIO,
    awaitables::SCENARIO,
    never_awaited::SCENARIO,
    await_nested::SCENARIO,
    create_task::SCENARIO,
    sequential::SCENARIO,
    tasks::SCENARIO,
    await_finished::SCENARIO,
    gather::SCENARIO,
    join_set::SCENARIO,
    work_stealing::SCENARIO,
    executors::SCENARIO,
    timeout::SCENARIO,
    cancel::SCENARIO,
    select::SCENARIO,
    channel::SCENARIO,
    mutex::SCENARIO,
    semaphore::SCENARIO,
    blocking::SCENARIO,
    panic::SCENARIO,
    deadlock::SCENARIO,
    lost_waker::SCENARIO,
];

/// The scenario with this name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    all().iter().find(|scenario| scenario.name == name)
}

/// The scenario whose name is nearest to this one, if any is near.
pub fn nearest(name: &str) -> Option<&'static Scenario> {
    let scored = all()
        .iter()
        .map(|scenario| (strsim::damerau_levenshtein(name, scenario.name), scenario));
    let (distance, scenario) = scored.min_by_key(|(distance, _)| *distance)?;
    (distance <= 3.max(name.len() / 3)).then_some(scenario)
}
