//! What `join!` and `try_join!` take.

use std::future::{pending, ready};

use asyncline::{join, task, test, try_join};

#[test]
async fn a_join_has_any_number_of_branches() {
    let (a, b, c) = join!(biased; ready(1), async { task::yield_now().await; 2 }, ready(3),);
    assert_eq!(a + b + c, 6);
    let () = join!();
    let () = join!(biased;);
    let (x,) = join!(ready(1));
    let (y,) = join!({ ready(2) },);
    let (z,) = join!((ready(3)));
    assert_eq!((x, y, z), (1, 2, 3));
}

#[test]
async fn a_try_join_ends_at_the_first_error() {
    let both = try_join!(ready(Ok::<_, u8>(1)), async { Ok(2) });
    assert_eq!(both, Ok((1, 2)));
    let failed = try_join!(biased; pending::<Result<(), u8>>(), async { Err::<(), _>(3) },);
    assert_eq!(failed, Err(3));
    let none: Result<(), u8> = try_join!();
    assert_eq!(none, Ok(()));
    async fn passes_on() -> Result<u8, u8> {
        let (n, _) = try_join!(ready(Ok(1)), ready(Err::<u8, u8>(2)))?;
        Ok(n)
    }
    assert_eq!(passes_on().await, Err(2));
}

#[rustfmt::skip]
#[test]
async fn there_may_be_64_branches() {
    macro_rules! sum {
        ($($name:ident)*) => {{ let ($($name,)*) = join!($(async { stringify!($name).len() }),*); 0 $(+ $name)* }};
    }
    let sum = sum! {
        aa ab ac ad ae af ag ah ba bb bc bd be bf bg bh ca cb cc cd ce cf cg ch da db dc dd de df dg dh
        ea eb ec ed ee ef eg eh fa fb fc fd fe ff fg fh ga gb gc gd ge gf gg gh ha hb hc hd he hf hg hh
    };
    assert_eq!(sum, 128);
}
