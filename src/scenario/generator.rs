use super::stage::{millis, run, work};
use crate::{mark, spawn, trace};
use std::sync::Arc;
use tokio::sync::mpsc::{Sender, channel};

/// A number, and a token that counts how many of them are alive.
type Number = (u32, Arc<()>);

fn make(number: u32, token: &Arc<()>) -> Number {
    work(millis(200));
    let made = (number, token.clone());
    mark!("made {number}, alive: {}", Arc::strong_count(token) - 1);
    made
}

fn consume((number, _token): Number) {
    work(millis(200));
    mark!("used {number}");
}

#[trace]
async fn generate(token: Arc<()>, output: Sender<Number>) {
    for number in 1..=4 {
        let wanted = output.reserve().await.unwrap();
        wanted.send(make(number, &token));
    }
}

#[trace]
async fn main() {
    let token = Arc::new(());
    let list: Vec<_> = (1..=4).map(|number| make(number, &token)).collect();
    list.into_iter().for_each(consume);

    let (output, mut numbers) = channel(1);
    let generator = spawn(generate(token, output));
    while let Some(number) = numbers.recv().await {
        consume(number);
    }
    generator.await.unwrap();
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "generator",
    title: "a list and a generator",
    chapter: Chapter::Coroutines,
    lesson: "A generator makes each value when it is wanted: one is alive at a time, not all.",
    question: Question {
        text: "Four numbers are made and used: first from a list, then from a generator. How many does the generator \
               keep alive at once?",
        choices: &["One", "Two", "All four"],
        right: 0,
        because: "The list makes all four before the first is used: its count goes up to 4. The generator and main \
                  take turns, one value each time, and the count stays at 1, as with Python's range().",
    },
    file: file!(),
    source: include_str!("generator.rs"),
    main: start,
    elapsed_ms: Some(3_200),
};
