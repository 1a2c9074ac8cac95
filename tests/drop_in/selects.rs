//! What `select!` takes.

use std::cell::Cell;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};

use asyncline::{Executor, select, task, test};

async fn question_mark() -> Result<u8, u8> {
    let value = select! {
        biased;
        value = async { Err::<u8, u8>(3) } => value?,
        else => 9,
    };
    Ok(value)
}

#[test]
async fn a_handler_may_leave_the_function() {
    assert_eq!(question_mark().await, Err(3));
}

#[test]
async fn a_handler_may_leave_a_loop() {
    let number = loop {
        select! {
            a = ready(1) => break a,
            b = ready(2), if false => { if b == 2 { continue } }
        }
    };
    assert_eq!(number, 1);
}

#[std::prelude::v1::test]
fn without_a_branch_to_poll_it_panics() {
    let selects = async {
        select! { _ = ready(1), if false => {} }
    };
    let executor = Executor::builder().build().unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| executor.block_on(selects))).unwrap_err();
    let text = panic.downcast_ref::<&str>().unwrap();
    assert!(text.contains("all branches are disabled"), "{text}");
}

#[test]
async fn patterns_bind_as_they_say() {
    select! { mut v = ready(vec![1]) => { v.push(2); assert_eq!(v.len(), 2) } }
    select! { ref v = ready(String::from("a")) => assert_eq!(v, "a") }
    select! { Ok(n) | Err(n) = ready(Ok::<u8, u8>(1)) => assert_eq!(n, 1) }
    select! { | Ok(n) | Err(n) = ready(Err::<u8, u8>(2)) => assert_eq!(n, 2) }
    select! { (1 | 2, n) = ready((2, 3)) => assert_eq!(n, 3), else => panic!() }
    select! { n @ (1 | 2) = ready(2) => assert_eq!(n, 2), else => panic!() }
    select! { 1..=3 = ready(2) => {} else => panic!() }
    select! { [first, .., last] = ready([1, 2, 3]) => assert_eq!((first, last), (1, 3)) }
    select! { &n = ready(&1) => assert_eq!(n, 1) }
    select! { () = ready(()) => {} }
}

#[test]
async fn a_value_that_does_not_match_ends_its_branch() {
    let number = select! {
        biased;
        Some(n) = ready(None) => n,
        Ok(n) | Err(n) = ready(Ok::<u8, u8>(1)) => n,
    };
    assert_eq!(number, 1);
    let text = select! {
        Some(()) = ready(None) => "matched",
        else => "nothing",
    };
    assert_eq!(text, "nothing");
}

#[test]
async fn temporaries_live_as_long_as_the_select() {
    select! { n = &mut Box::pin(async { 1 }) => assert_eq!(n, 1) }
    select! { () = &mut ready(()) => {} }
    select! {
        n = &mut ready(1) => assert_eq!(n, 1),
        n = &mut std::pin::pin!(async { task::yield_now().await; 2 }) => assert_eq!(n, 2),
    }
}

#[test]
async fn handlers_are_expressions_of_all_kinds() {
    let x = select! {
        v = ready(1) => match v { 1 => "one", _ => "other" },
        _ = pending::<()>() => if true { "a" } else { "b" },
    };
    assert_eq!(x, "one");
    let y = select! { v = ready(1) => 'a: { break 'a v }, };
    assert_eq!(y, 1);
    let z = select! { v = ready(1) => { v } };
    assert_eq!(z, 1);
    let (a, b) = select! { v = ready(1) => (v, v + 1) };
    assert_eq!((a, b), (1, 2));
    let array = select! { v = ready(1) => [v; 2], };
    assert_eq!(array, [1, 1]);
    let called =
        select! { v = ready(1) => std::convert::identity::<i32>(v), _ = pending::<()>() => 0 };
    assert_eq!(called, 1);
    let waited = select! { v = ready(1) => async { v + 1 }.await, };
    assert_eq!(waited, 2);
    let closure = select! { v = ready(1) => move || v };
    assert_eq!(closure(), 1);
    let set;
    select! { v = ready(1) => set = v };
    assert_eq!(set, 1);
}

#[test]
async fn braces_and_parentheses_are_nobodys_business() {
    let n = select! { n = { ready(1) } => { n } };
    let m = select! { m = (ready(2)), if (n == 1) => (m), };
    let l = select! { l = async { 3 }, if { n == 1 } => { l } };
    let k = select! { k = { let k = 4; async move { k } } => k, else => { 0 } };
    assert_eq!((n, m, l, k), (1, 2, 3, 4));
}

#[test]
async fn branches_borrow_as_they_did() {
    let mut n = 0;
    select! {
        _ = async { n += 1; pending::<()>().await } => {}
        _ = task::yield_now() => {}
    }
    assert!(n <= 1);
    let mut text = String::new();
    // A branch that is over leaves what it borrowed to the handlers.
    select! {
        () = async { text.push('a'); pending().await } => text.push('b'),
        () = async { task::yield_now().await; task::yield_now().await } => text.push('c'),
    }
    assert_eq!(text, "ac");
}

#[test]
async fn conditions_come_before_futures() {
    let order = Cell::new(0);
    let next = || {
        order.set(order.get() + 1);
        order.get()
    };
    select! {
        at = ready(next()), if next() == 1 => assert_eq!(at, 3),
        at = ready(next()), if next() > 2 => assert_eq!(at, 4),
    }
    assert_eq!(order.get(), 4);
}

#[test]
async fn only_an_else_is_enough() {
    assert_eq!(select! { else => 1 }, 1);
    assert_eq!(select! { biased; else => 2, }, 2);
}

#[test]
async fn what_can_be_a_future_is_one() {
    struct Later;
    impl IntoFuture for Later {
        type Output = u8;
        type IntoFuture = std::future::Ready<u8>;
        fn into_future(self) -> Self::IntoFuture {
            ready(1)
        }
    }
    let (a, b) = (select! { n = Later => n }, asyncline::join!(Later).0);
    assert_eq!((a, b), (1, 1));
}

macro_rules! first {
    ($($pattern:pat = $future:expr $(, if $condition:expr)? => $handler:expr),+) => {
        select! { $($pattern = $future $(, if $condition)? => $handler),+ }
    };
    ($($pattern:pat = $future:expr => $handler:block)+) => {
        select! { $($pattern = $future => $handler)+ }
    };
}

#[test]
async fn macros_write_it_too() {
    let n = first!(Ok(n) | Err(n) = ready(Ok::<u8, u8>(1)) => n, n = pending(), if false => n);
    let m = first!(m = ready(2) => { m } m = pending() => { m });
    assert_eq!((n, m), (1, 2));
}

#[test]
async fn names_of_the_macro_are_not_the_programs() {
    let (waits, __asyncline_waits, _waits) = (1, 2, 3);
    let sum = select! { n = ready(waits) => n + waits + __asyncline_waits + _waits };
    let (joined,) = asyncline::join!(async { waits + _waits });
    assert_eq!((sum, joined), (7, 4));
}

#[rustfmt::skip]
#[test]
async fn there_may_be_64_branches() {
    macro_rules! branches {
        ($($number:literal)*) => { select! { biased; $(n = ready($number), if $number == 63 => n,)* } };
    }
    let n: u32 = branches! {
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    };
    assert_eq!(n, 63);
}
