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

pub(crate) use stage::Stage;

/// A program that shows one thing about async.
#[derive(Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// The chapter in which the menu lists it.
    pub chapter: Chapter,
    /// What it teaches, in one line.
    pub lesson: &'static str,
    /// What a learner is asked before it runs.
    pub question: Question,
    /// Its source file, as events name it.
    pub file: &'static str,
    /// The whole text of that file.
    pub source: &'static str,
    /// Its program.
    pub main: fn(),
    /// Whether it runs on the real clock and several threads; else its times are virtual and exact.
    pub real_time: bool,
}

/// A chapter of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chapter {
    /// Functions, generators and coroutines.
    Coroutines,
    /// Running and awaiting them.
    Awaiting,
    /// Tasks, and doing things at the same time.
    Tasks,
    /// Ending things early.
    Cancellation,
    /// Tasks that share something.
    Sharing,
    /// What goes wrong.
    Trouble,
}

/// A question with choices.
#[derive(Debug)]
pub struct Question {
    /// The question.
    pub text: &'static str,
    /// The choices, one of which is right.
    pub choices: &'static [&'static str],
    /// The index of the right one.
    pub right: usize,
    /// Why it is right, and where the lanes show it.
    pub because: &'static str,
}

impl Chapter {
    /// All chapters, in the menu's order.
    pub const ALL: [Self; 6] = [
        Self::Coroutines,
        Self::Awaiting,
        Self::Tasks,
        Self::Cancellation,
        Self::Sharing,
        Self::Trouble,
    ];

    /// The heading in the menu.
    pub fn title(self) -> &'static str {
        match self {
            Self::Coroutines => "Coroutines",
            Self::Awaiting => "Running and awaiting",
            Self::Tasks => "Tasks",
            Self::Cancellation => "Ending early",
            Self::Sharing => "Sharing",
            Self::Trouble => "Trouble",
        }
    }
}

impl Scenario {
    /// The lines of its source that are its program, with their numbers in the file: neither its imports nor what
    /// follows the program.
    pub fn program(&self) -> impl Iterator<Item = (u32, &'static str)> {
        let program = self.source.split(END_OF_PROGRAM).next().unwrap_or_default();
        let lines = (1..).zip(program.trim_end().lines());
        let mut imports = false;
        lines.skip_while(move |(_, line)| {
            imports |= line.starts_with("use ");
            let skipped = imports || line.is_empty();
            imports &= !line.ends_with(';');
            skipped
        })
    }
}

/// The line that divides a scenario's program from its description.
const END_OF_PROGRAM: &str = "// The end of the program.";

/// All scenarios, chapter by chapter, in the order in which to learn from them.
pub fn all() -> &'static [Scenario] {
    &SCENARIOS
}

static SCENARIOS: [Scenario; 26] = [
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
