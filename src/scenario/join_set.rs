use super::stage::{run, secs};
use crate::{TaskExt, mark, trace};
use tokio::task::JoinSet;
use tokio::time::sleep;

#[trace]
async fn fetch(page: &'static str, delay: u64) -> &'static str {
    sleep(secs(delay)).await;
    page
}

#[trace]
async fn main() {
    let mut pages = JoinSet::new();
    pages.spawn(fetch("news", 3).lane("news"));
    pages.spawn(fetch("mail", 1).lane("mail"));
    pages.spawn(fetch("maps", 2).lane("maps"));
    while let Some(page) = pages.join_next().await {
        mark!("{} is here", page.unwrap());
    }
    mark!("all are here");
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "join-set",
    title: "a group of tasks",
    chapter: Chapter::Tasks,
    lesson: "A JoinSet keeps tasks together, and gives each result as soon as it is there.",
    question: Question {
        text: "news takes 3 s, mail 1 s and maps 2 s. In which order does the JoinSet give the pages?",
        choices: &["news, mail, maps", "mail, maps, news", "All three at 3 s"],
        right: 1,
        because: "Each page that ends wakes main, at 1 s, 2 s and 3 s. No task outlives the group: Python's TaskGroup \
                  promises that too.",
    },
    file: file!(),
    source: include_str!("join_set.rs"),
    main: start,
    elapsed_ms: Some(3_000),
};
