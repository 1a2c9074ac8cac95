//! A service that stalls: one of its tasks blocks the thread, and all others wait.
//!
//! ```sh
//! cargo run --release -- exec -- target/debug/examples/stall     # after cargo build --examples
//! ASYNCLINE=file:stall.aline cargo run --example stall           # or record it,
//! cargo run --release -- replay stall.aline                      # and look at it later
//! cargo run --example stall -- --fix                             # the same without the fault
//! ```
//!
//! # What to look for
//!
//! Four `heartbeat`s want to tick every 10 ms. A fifth task, `login`, hashes a password now and then, and does so where it
//! stands: in an `async fn`, without an `.await` for 80 ms.
//!
//! - The lane `login` is *running* (█) for 80 ms at a time, and nothing stirs in the others meanwhile: the heartbeats go on *waiting*
//!   although their time has come, since the thread that would look at the clock is held. That is what a stall looks like.
//! - `F` lists it as a finding: after which line the time went, whether the thread worked or was blocked (on Linux), and how
//!   many tasks were due meanwhile: `login held its thread for 80.3 ms in one poll (79.9 ms blocked, at most 379 µs on the
//!   processor), after stall.rs:…, while 4 other tasks were due`.
//! - `s`, four times, puts the lane with the longest poll on top. Select it, with `k` or a click: `enter` says how long
//!   that poll was.
//! - At the end the program prints how late the latest tick was: some 75 ms.
//!
//! `cargo run --release -- replay stall.aline --text` shows the same without a screen, as of the five lanes these two:
//!
//! ```text
//! ├ heartbeat  ▎▕▕▎▎─────▕▕▎▎▎──────▎▎▎▕▎─────▕▕▕▕▎▎─────▕▎▎▎▎▕▕▎▎▎▕▕▎
//! └ login      ▎───▐█████▋────██████▍───▕██████────▐█████▋✓ "hashed to 13"
//!
//!   1. login held its thread for 80.3 ms in one poll (79.9 ms blocked, at most 379 µs on the processor), after stall.rs:…, while …
//!      Let what takes so long run on a thread where it may block: spawn_blocking(...).await; or await something in between, …
//! ```
//!
//! With `--fix` the hash is worked out by `spawn_blocking`, on a thread of its own: `login` only *waits* for it, a lane
//! `hash` under it runs each time instead, the heartbeats go on, and the finding is gone:
//!
//! ```text
//! └ login      ▎─────▕────────▎──────▎───────▕──────▕────────▎──────▎─
//!   ├ hash           ▕████████▌✓
//!   ├ hash                           █████████✓
//! ```
//!
//! The latest tick is then a few milliseconds late.

use std::time::{Duration, Instant};

use asyncline::{mark, task};

const BEAT: Duration = Duration::from_millis(10);
const HASH: Duration = Duration::from_millis(80);

/// Ticks so often; by how much the latest tick was late.
#[asyncline::trace]
async fn heartbeat(ticks: u32) -> Duration {
    let mut latest = Duration::ZERO;
    for _ in 0..ticks {
        let due = Instant::now() + BEAT;
        tokio::time::sleep(BEAT).await;
        latest = latest.max(due.elapsed());
    }
    latest
}

/// Stands for work that takes the processor, or for a call that blocks.
fn hash_password(password: &str) -> usize {
    std::thread::sleep(HASH);
    password.len()
}

#[asyncline::trace]
async fn login(times: u32, fix: bool) {
    for _ in 0..times {
        tokio::time::sleep(Duration::from_millis(60)).await;
        let hash = if fix {
            let hashing = task::Builder::new().name("hash");
            let hashing = hashing.spawn_blocking(|| hash_password("correct horse"));
            let hashing = hashing.expect("it never fails");
            hashing.await.expect("it does not panic")
        } else {
            hash_password("correct horse")
        };
        mark!("hashed to {hash}");
    }
}

#[asyncline::main(flavor = "current_thread")]
async fn main() {
    let fix = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--fix") => true,
        Some(other) => {
            eprintln!("`{other}` is not understood; what there is: --fix");
            std::process::exit(2);
        }
    };
    let heartbeats: Vec<_> = (0..4).map(|_| task::spawn(heartbeat(60))).collect();
    let login = task::spawn(login(4, fix));
    let mut latest = Duration::ZERO;
    for heartbeat in heartbeats {
        latest = latest.max(heartbeat.await.expect("it does not panic"));
    }
    login.await.expect("it does not panic");
    println!("the latest tick was {} ms late", latest.as_millis());
}
