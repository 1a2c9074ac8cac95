//! `#[trace]` and what runs an async function, above or below it.

use asyncline::trace;

#[trace]
async fn twice(number: u8) -> u8 {
    asyncline::yield_now().await;
    2 * number
}

#[asyncline::main(flavor = "current_thread")]
#[trace]
async fn traced_below() -> u8 {
    twice(1).await
}

#[trace]
#[asyncline::main(flavor = "current_thread")]
async fn traced_above() -> u8 {
    twice(2).await
}

#[trace]
#[tokio::main(flavor = "current_thread")]
async fn traced_above_tokio() -> u8 {
    twice(3).await
}

#[asyncline::main(flavor = "local")]
#[asyncline::trace]
async fn with_arguments(number: u8, text: &str) -> Result<u8, String> {
    let number = twice(number).await;
    if text.is_empty() {
        Err(text.to_owned())?
    }
    Ok(number)
}

#[asyncline::main]
#[trace]
async fn gives_nothing() {
    twice(4).await;
}

#[trace]
#[asyncline::test]
async fn a_test_is_traced_above() {
    assert_eq!(twice(1).await, 2);
}

#[asyncline::test]
#[trace]
async fn a_test_is_traced_below() {
    assert_eq!(twice(1).await, 2);
}

#[test]
fn both_orders_run() {
    assert_eq!(
        (traced_below(), traced_above(), traced_above_tokio()),
        (2, 4, 6)
    );
    assert_eq!(with_arguments(4, "a"), Ok(8));
    assert_eq!(with_arguments(4, ""), Err(String::new()));
    gives_nothing();
}
