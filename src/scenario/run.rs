use super::stage::{run, secs};
use crate::{mark, trace};
use std::panic::catch_unwind;
use tokio::time::sleep;

#[trace]
async fn greet(name: &str) {
    sleep(secs(1)).await;
    mark!("hello, {name}");
}

#[trace]
async fn nest() {
    sleep(secs(1)).await;
    if let Err(refusal) = catch_unwind(|| run(greet("nobody"))) {
        let text = refusal.downcast_ref::<&str>().unwrap();
        let (reason, _) = text.split_once('.').unwrap();
        mark!("refused: {reason}");
    }
}

#[trace]
async fn main() {
    greet("world").await;
}

fn start() {
    run(main());
    run(nest());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "run",
    title: "opening and closing a runtime",
    chapter: Chapter::Awaiting,
    lesson: "run opens a runtime, runs one coroutine to its result, and closes the runtime again.",
    question: Question {
        text: "run works as Python's asyncio.run(). What happens when it is called within a coroutine that runs?",
        choices: &[
            "The inner coroutine runs, then the outer one goes on",
            "Both run concurrently",
            "It is refused: a runtime already runs on this thread",
        ],
        right: 2,
        because: "Each of the two runtimes has a lane that opens and closes. At 2 s the call within nest is refused: \
                  no third runtime appears, and its coroutine is never polled.",
    },
    file: file!(),
    source: include_str!("run.rs"),
    main: start,
    elapsed_ms: Some(2_000),
};
