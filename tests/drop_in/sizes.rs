//! How large futures become by `select!`, `join!` and `timeout`.

use std::future::{pending, ready};
use std::time::Duration;

use tokio::time::sleep;

/// A branch holds a pointer to its lane, and the select one to what is known of the wait: no more, even where the
/// futures themselves are next to nothing.
const POINTER: usize = size_of::<usize>();

/// The sizes of the same future with tokio's macro and with asyncline's.
macro_rules! sizes {
    ($branches:literal, $macro:ident! { $($input:tt)* }) => {{
        let tokio = size_of_val(&async { tokio::$macro! { $($input)* } });
        let asyncline = size_of_val(&async { asyncline::$macro! { $($input)* } });
        let smallest = tokio + POINTER + $branches * 2 * POINTER;
        let most = smallest.max(2 * tokio);
        assert!(asyncline <= most, "{}: {tokio} -> {asyncline}", stringify!($macro! { $($input)* }));
        (tokio, asyncline)
    }};
}

async fn yields() {
    asyncline::yield_now().await;
}

#[test]
fn branches_take_little_room() {
    sizes!(1, join! { ready(1) });
    sizes!(2, join! { ready(1), ready(2) });
    sizes!(3, join! { async {}, async {}, async {} });
    sizes!(2, try_join! { ready(Ok::<_, ()>(1)), ready(Ok(2)) });
    sizes!(
        3,
        select! { _ = async {} => {}, _ = async {} => {}, _ = pending::<()>() => {} }
    );
    for (tokio, asyncline) in [
        sizes!(
            3,
            select! { _ = ready(1) => {}, _ = ready(2) => {}, _ = ready(3) => {} }
        ),
        sizes!(2, join! { yields(), yields() }),
        sizes!(
            3,
            select! { _ = yields() => {}, _ = yields() => {}, _ = yields() => {} }
        ),
        sizes!(
            2,
            select! { _ = yields() => {}, _ = sleep(Duration::ZERO) => {} }
        ),
    ] {
        assert!(asyncline <= 2 * tokio, "{tokio} -> {asyncline}");
    }
}

#[test]
fn what_is_within_a_timeout_is_held_once() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let tokio = size_of_val(&tokio::time::timeout(Duration::ZERO, ready([0_u8; 1000])));
    let asyncline = size_of_val(&asyncline::timeout(Duration::ZERO, ready([0_u8; 1000])));
    assert!(asyncline <= tokio + 2 * POINTER, "{tokio} -> {asyncline}");
}
