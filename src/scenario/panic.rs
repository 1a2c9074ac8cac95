use super::stage::{run, secs};
use crate::{mark, spawn, trace};
use tokio::time::sleep;

#[trace]
async fn share(cake: u32, guests: u32) -> u32 {
    sleep(secs(1)).await;
    cake / guests
}

#[trace]
async fn main() {
    let party = spawn(share(12, 4));
    let nobody = spawn(share(12, 0));
    for task in [nobody, party] {
        match task.await {
            Ok(pieces) => mark!("{pieces} pieces each"),
            Err(error) => mark!("panicked: {}", error.is_panic()),
        }
    }
    sleep(secs(1)).await;
    mark!("main goes on");
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "panic",
    title: "a task that panics",
    chapter: Chapter::Trouble,
    lesson: "A panic ends the task it happens in, and nothing else; whoever awaits it gets an error.",
    question: Question {
        text: "One of two tasks divides by zero at 1 s. What ends there?",
        choices: &["That task", "That task and main", "The whole program"],
        right: 0,
        because: "The lane of nobody ends in a panic at 1 s. party ends well at the same moment, and main gets an \
                  Err from its await and goes on to 2 s.",
    },
    file: file!(),
    source: include_str!("panic.rs"),
    main: start,
    elapsed_ms: Some(2_000),
};
