//! Recording that is compiled out: `cargo test --no-default-features --features off --test off`.

#![cfg(feature = "off")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::time::Duration;

use asyncline::task::{LocalSet, spawn_local};
use asyncline::{
    Executor, Handle, TaskExt, gather, join, probe, select, spawn, spawn_blocking, try_join,
};

#[asyncline::trace]
async fn twice(number: u32) -> u32 {
    probe::yield_now().await;
    2 * number
}

#[test]
fn all_works_and_nothing_is_recorded() {
    let (executor, mut collector) = Executor::builder().record().unwrap();
    let results = executor.block_on(async {
        let task = spawn(twice(1));
        let lane = task.lane_id();
        let blocking = spawn_blocking(|| 3);
        let both = gather!(twice(4), twice(5));
        let (joined,) = join!(twice(6));
        let tried = try_join!(async { Ok::<_, ()>(twice(10).await) });
        let local = LocalSet::new()
            .run_until(async { spawn_local(twice(11)).await })
            .await;
        let by_handle = Handle::current().spawn(twice(12)).await;
        let selected = select! { number = twice(7) => number };
        let timed = probe::timeout(Duration::from_secs(60), twice(8)).await;
        asyncline::mark!("a line");
        let ended = task.await.unwrap();
        let blocking = blocking.await.unwrap();
        let named = twice(9).lane("named").await;
        assert_eq!((lane, joined, selected), (None, 12, 14));
        assert_eq!(both.0 + both.1, 18);
        assert_eq!(
            (tried, local.unwrap(), by_handle.unwrap()),
            (Ok((20,)), 22, 24)
        );
        (ended, blocking, timed.unwrap(), named)
    });
    assert_eq!(results, (2, 3, 16, 18));
    drop(executor);
    assert_eq!(collector.drain(), []);
}
