use super::stage::{run, secs};
use crate::{mark, select, trace};
use tokio::time::sleep;

#[trace]
async fn ask(server: &'static str, delay: u64) -> &'static str {
    sleep(secs(delay)).await;
    server
}

#[trace]
async fn main() {
    let winner = select! {
        biased;
        server = ask("far", 2) => server,
        server = ask("near", 1) => server,
    };
    mark!("{winner} was first");
    sleep(secs(2)).await;
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "select",
    title: "the first one wins",
    chapter: Chapter::Cancellation,
    lesson: "select! waits for whichever is ready first, and drops all the others.",
    question: Question {
        text: "far would answer after 2 s, near answers after 1 s. What becomes of far?",
        choices: &[
            "It goes on, and its answer is ignored",
            "It is cancelled at 1 s",
            "select! waits for it, too",
        ],
        right: 1,
        because: "Both branches start at 0 s. At 1 s near is done, and far's lane ends at the same moment: it lost \
                  the select!. Nothing happens at 2 s.",
    },
    file: file!(),
    source: include_str!("select.rs"),
    main: start,
    elapsed_ms: Some(3_000),
};
