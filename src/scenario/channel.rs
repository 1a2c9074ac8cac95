use super::stage::{millis, run};
use crate::{mark, spawn, trace};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::sleep;

#[trace]
async fn take_orders(counter: Sender<u32>) {
    for order in 1..=6 {
        sleep(millis(100)).await;
        counter.send(order).await.unwrap();
        mark!("order {order} is on the counter");
    }
}

#[trace]
async fn cook(mut counter: Receiver<u32>) {
    while let Some(order) = counter.recv().await {
        sleep(millis(500)).await;
        mark!("order {order} is served");
    }
}

#[trace]
async fn main() {
    let (sender, receiver) = channel(2);
    let waiter = spawn(take_orders(sender));
    let kitchen = spawn(cook(receiver));
    waiter.await.unwrap();
    kitchen.await.unwrap();
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "channel",
    title: "a channel pushes back",
    chapter: Chapter::Sharing,
    lesson: "A bounded channel holds its sender back when the receiver cannot keep up.",
    question: Question {
        text: "The waiter brings an order every 0.1 s, the kitchen needs 0.5 s for each, and the counter holds two. \
               Who waits?",
        choices: &[
            "Only the kitchen, for orders",
            "The waiter, as soon as the counter is full",
            "Nobody: orders pile up on the counter",
        ],
        right: 1,
        because: "The waiter's first three orders go through. From the fourth on its send waits until the kitchen \
                  takes one, every 0.5 s: each time the arrow leads from the kitchen to the waiter.",
    },
    file: file!(),
    source: include_str!("channel.rs"),
    main: start,
    elapsed_ms: Some(3_100),
};
