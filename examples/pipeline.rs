//! A pipeline of three stages, whose last one is too slow.
//!
//! ```sh
//! cargo run --release -- exec -- target/debug/examples/pipeline  # after cargo build --examples
//! ASYNCLINE=file:pipeline.aline cargo run --example pipeline     # or record it,
//! cargo run --release -- replay pipeline.aline                   # and look at it later
//! cargo run --example pipeline -- --stores 4                     # with more of the slow ones
//! ```
//!
//! # What to look for
//!
//! `read` makes lines, `parse` makes numbers of them, `store` writes them away, and takes 5 ms for each. Between them are channels
//! with room for four.
//!
//! - For a moment all three are busy. Then both channels are full, and from there on `read` and `parse` *wait* nearly all the time,
//!   at the line where they send: that is back-pressure. The code panel shows where; so does `enter` on the lane.
//! - The arrows of wakes show who sets the pace: `store` takes a line, and that wakes `parse`; `parse` takes one, and that
//!   wakes `read`. So it goes against the direction of the data.
//! - `store` waits only for its own 5 ms. It is the one to make faster: with `--stores 4` there are four of them, and the whole
//!   takes about a quarter of the time. There, `&` and `store` leave their four lanes alone on the screen.
//!
//! In none of the lanes is anything *ready* or *running* for long, and `--text` finds nothing: nobody is held up by a lack of
//! threads. What limits a pipeline is seen by who waits for what:
//!
//! ```text
//! task      running      ready     waiting  polls  ended
//! read   765.737 µs  623.07 µs  556.661 ms     93  completed
//! parse    1.583 ms    1.21 ms  588.165 ms     97  completed
//! store    4.681 ms  85.838 µs  617.629 ms    101  completed
//! ```

mod arguments;

use std::sync::Arc;
use std::time::{Duration, Instant};

use asyncline::task;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};

const ROOM: usize = 4;
const LINES: u64 = 100;

#[asyncline::trace]
async fn read(lines: Sender<String>) {
    for number in 0..LINES {
        if lines.send(format!("line {number}")).await.is_err() {
            return;
        }
    }
}

#[asyncline::trace]
async fn parse(mut lines: Receiver<String>, numbers: Sender<u64>) {
    while let Some(line) = lines.recv().await {
        let number = line.rsplit(' ').next().and_then(|word| word.parse().ok());
        if numbers.send(number.unwrap_or(0)).await.is_err() {
            return;
        }
    }
}

/// The next number of those that all stores take from.
async fn next(numbers: &Mutex<Receiver<u64>>) -> Option<u64> {
    numbers.lock().await.recv().await
}

#[asyncline::trace]
async fn store(numbers: Arc<Mutex<Receiver<u64>>>) -> u64 {
    let mut sum = 0;
    while let Some(number) = next(&numbers).await {
        tokio::time::sleep(Duration::from_millis(5)).await;
        sum += number;
    }
    sum
}

#[asyncline::main(flavor = "current_thread")]
async fn main() {
    let [stores] = arguments::numbers([("--stores", 1)]);
    let begun = Instant::now();
    let (to_parse, lines) = channel(ROOM);
    let (to_store, numbers) = channel(ROOM);
    let numbers = Arc::new(Mutex::new(numbers));
    let read = task::spawn(read(to_parse));
    let parse = task::spawn(parse(lines, to_store));
    let mut sums = task::JoinSet::new();
    for _ in 0..stores {
        sums.spawn(store(Arc::clone(&numbers)));
    }
    read.await.expect("it does not panic");
    parse.await.expect("it does not panic");
    let sum: u64 = sums.join_all().await.into_iter().sum();
    println!(
        "{LINES} lines make {sum}, in {} ms",
        begun.elapsed().as_millis()
    );
}
