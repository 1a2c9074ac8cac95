use super::stage::{millis, run, secs, work};
use crate::{mark, spawn, trace};
use tokio::time::sleep;

#[trace]
async fn parse() {
    sleep(secs(1)).await;
    work(secs(1));
    mark!("parsed");
}

#[trace]
async fn beat() {
    for beat in 1..=8 {
        sleep(millis(250)).await;
        mark!("beat {beat}");
    }
}

#[trace]
async fn main() {
    let parser = spawn(parse());
    let heart = spawn(beat());
    parser.await.unwrap();
    heart.await.unwrap();
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "blocking",
    title: "one task blocks all",
    chapter: Chapter::Trouble,
    lesson: "Work without an await holds the thread: every other task must wait until it is over.",
    question: Question {
        text: "The heart beats every 0.25 s. At 1 s the parser works for 1 s without awaiting anything. What does the \
               heart do meanwhile?",
        choices: &[
            "It beats on",
            "It stops until 2 s, then beats on",
            "It beats four times at 2 s",
        ],
        right: 1,
        because: "The heart is woken at 1 s, but the parser holds the thread: the heart is ready, and not polled, for \
                  a whole second. Such work belongs on a thread of its own: spawn_blocking.",
    },
    file: file!(),
    source: include_str!("blocking.rs"),
    main: start,
    elapsed_ms: Some(3_000),
};
