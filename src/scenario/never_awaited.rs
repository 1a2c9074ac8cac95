use super::stage::{run, secs};
use crate::{mark, trace};
use tokio::time::sleep;

#[trace]
async fn nested() -> u32 {
    mark!("nested runs");
    42
}

#[trace]
#[expect(unused_must_use, reason = "the compiler sees it too")]
async fn main() {
    nested();
    sleep(secs(1)).await;
    mark!("main is done");
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "never-awaited",
    title: "a forgotten await",
    chapter: Chapter::Awaiting,
    lesson: "A coroutine that nobody awaits never runs, and nothing fails: it is silently dropped.",
    question: Question {
        text: "main calls nested() without .await. What does the program say?",
        choices: &[
            "\"nested runs\", then \"main is done\"",
            "Only \"main is done\"",
            "Nothing: it panics",
        ],
        right: 1,
        because: "nested has a lane with a mark where it was created, and no bar: it was never polled. The finding \
                  names the line of the call.",
    },
    file: file!(),
    source: include_str!("never_awaited.rs"),
    main: start,
    elapsed_ms: Some(1_000),
};
