use super::stage::{millis, run, secs, work};
use crate::{mark, trace};
use tokio::time::sleep;

#[trace]
async fn price_of(item: &str) -> u32 {
    mark!("looking up {item}");
    sleep(secs(1)).await;
    42
}

#[trace]
async fn main() {
    work(millis(300));
    let price = price_of("tea").await;
    mark!("it costs {price}");
    work(millis(300));
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "native-coroutine",
    title: "suspend and resume",
    chapter: Chapter::Coroutines,
    lesson: "At an await a coroutine is suspended; with the value it goes on from the same line.",
    question: Question {
        text: "main awaits price_of(\"tea\"), which sleeps for 1 s. What does main's thread do in that second?",
        choices: &[
            "It works on price_of the whole time",
            "Nothing: it is free for others",
            "It asks again and again whether the price is there",
        ],
        right: 1,
        because: "From 0.3 s to 1.3 s main has no bar, only a line: it waits at its await, and nobody holds the \
                  thread. The timer wakes it, and it goes on from that same line with 42.",
    },
    file: file!(),
    source: include_str!("native_coroutine.rs"),
    main: start,
    elapsed_ms: Some(1_600),
};
