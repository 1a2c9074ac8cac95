use super::stage::{run, secs};
use crate::{mark, spawn_named, trace};
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::time::sleep;

#[trace]
async fn deposit(account: Arc<Mutex<u32>>, amount: u32) {
    let mut balance = account.lock().await;
    let before = *balance;
    sleep(secs(1)).await;
    *balance = before + amount;
}

#[trace]
async fn main() {
    let account = Arc::new(Mutex::new(0));
    let mut clerks = Vec::new();
    for number in 1..=3 {
        let deposit = deposit(account.clone(), 10);
        clerks.push(spawn_named(format!("clerk {number}"), deposit));
    }
    for clerk in clerks {
        clerk.await.unwrap();
    }
    mark!("the balance is {}", account.lock().await);
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "mutex",
    title: "a lock that is held while waiting",
    chapter: Chapter::Sharing,
    lesson: "A lock that is held across an await makes the others wait for that await, too.",
    question: Question {
        text: "Three tasks lock the account, and each sleeps for 1 s with the lock in hand. How long do all three \
               take?",
        choices: &["1 s", "2 s", "3 s"],
        right: 2,
        because: "Only one lane at a time is in its sleep; the others wait at lock(). Each clerk that is done hands \
                  the lock on and wakes the next: the balance is right, but nothing was concurrent.",
    },
    file: file!(),
    source: include_str!("mutex.rs"),
    main: start,
    elapsed_ms: Some(3_000),
};
