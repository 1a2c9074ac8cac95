//! Programs that use everything in the module `task`.

use std::cell::Cell;
use std::future::{poll_fn, ready};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Builder, Handle};

use super::task::{self, AbortHandle, JoinError, JoinHandle, JoinSet, LocalSet, coop};
use crate::log::{Dropped, Log};

/// Yields so many times.
async fn turns(count: u32) -> u32 {
    for _ in 0..count {
        task::yield_now().await;
    }
    count
}

pub async fn a_set_gives_everything_it_has(log: Log) {
    let mut set: JoinSet<u32> = (0..3).map(turns).collect();
    set.extend([turns(1)]);
    log.note(format!("{set:?} {} {}", set.len(), set.is_empty()));
    let by_hand = poll_fn(|cx| set.poll_join_next(cx)).await;
    log.note(format!("{:?}", by_hand.map(Result::ok)));
    while let Some(joined) = set.join_next_with_id().await {
        let (_, count) = joined.unwrap();
        log.note(format!("{count}, {} left", set.len()));
    }
    log.note(format!("{:?} {:?}", set.join_next().await, set));
    let all = (0..3).map(turns).collect::<JoinSet<_>>().join_all().await;
    log.note(format!("{all:?}"));
}

pub async fn a_set_takes_tasks_of_all_kinds(log: Log) {
    let mut set = JoinSet::default();
    let local = LocalSet::new();
    let handle = Handle::current();
    let ids = [
        set.spawn(turns(1)).id(),
        set.spawn_on(turns(2), &handle).id(),
        set.spawn_blocking(|| 3).id(),
        set.spawn_blocking_on(|| 4, &handle).id(),
        set.spawn_local_on(turns(5), &local).id(),
        local
            .run_until(async { set.spawn_local(turns(6)).id() })
            .await,
    ];
    let mut all = Vec::new();
    local
        .run_until(async {
            while let Some(joined) = set.join_next_with_id().await {
                let (id, number) = joined.unwrap();
                all.push((ids.iter().position(|known| *known == id), number));
            }
        })
        .await;
    all.sort_unstable();
    log.note(format!("{all:?}"));
    log.note(format!("{}", set.len()));
}

pub async fn a_set_is_left_alone_or_ended(log: Log) {
    for how in ["detached", "aborted", "shut down", "dropped"] {
        let mut set = JoinSet::new();
        let dropped = Dropped(log.clone(), how);
        let aborts = set.spawn(async move {
            let _dropped = dropped;
            turns(3).await
        });
        turns(1).await;
        match how {
            "detached" => set.detach_all(),
            "aborted" => {
                set.abort_all();
                log.note(format!(
                    "{:?}",
                    set.join_next().await.map(|end| end.map_err(text))
                ));
            }
            "shut down" => set.shutdown().await,
            _ => drop(std::mem::take(&mut set)),
        }
        log.note(format!("{how}: {} {}", set.len(), aborts.is_finished()));
        turns(5).await;
        log.note(format!("{}", aborts.is_finished()));
    }
}

/// An error's text, without the task's number.
#[expect(clippy::needless_pass_by_value, reason = "so that it can be passed on")]
fn text(error: JoinError) -> String {
    format!("{} {}", error.is_cancelled(), error.is_panic())
}

pub async fn a_set_passes_a_panic_on(log: Log) {
    let joins = task::spawn(async {
        let mut set = JoinSet::new();
        set.spawn(async { panic!("on purpose") });
        set.join_all().await
    });
    let panic = joins.await.unwrap_err().into_panic();
    log.note(format!("{:?}", panic.downcast_ref::<&str>()));
    let cancelled = task::spawn(async {
        let mut set = JoinSet::new();
        set.spawn(turns(9)).abort();
        set.join_all().await
    });
    let panic = cancelled.await.unwrap_err().into_panic();
    let text = panic.downcast_ref::<String>().unwrap();
    log.note(text.trim_start_matches(|letter: char| letter != 'w'));
}

pub async fn a_set_is_asked_without_waiting(log: Log) {
    let mut set = JoinSet::new();
    log.note(format!("{:?}", set.try_join_next()));
    let first = set.spawn(turns(0)).id();
    set.spawn(turns(2));
    log.note(format!("{:?}", set.try_join_next()));
    turns(1).await;
    let (id, count) = set.try_join_next_with_id().unwrap().unwrap();
    log.note(format!("{} {count}", id == first));
    log.note(format!("{:?}", set.try_join_next_with_id()));
    turns(4).await;
    log.note(format!("{:?}", set.try_join_next()));
}

pub async fn local_tasks_run_where_they_are_put(log: Log) {
    let count = Rc::new(Cell::new(0));
    let counts = |by| {
        let count = Rc::clone(&count);
        async move {
            turns(2).await;
            count.set(count.get() + by);
        }
    };
    let mut local = LocalSet::default();
    local.spawn_local(counts(1));
    {
        let _entered = local.enter();
        task::spawn_local(counts(2));
    }
    let within = local.run_until(async { task::spawn_local(counts(4)).await });
    log.note(format!("{:?} {}", within.await, count.get()));
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        pin!(&mut local).poll(cx)
    })
    .await;
    log.note(format!("{} {}", count.get(), polls > 0));
    let dropped = Dropped(log.clone(), "a local task");
    let handle = local.spawn_local(async move {
        turns(1).await;
        drop(dropped);
    });
    drop(local);
    log.note(format!("{:?}", handle.await.map_err(text)));
    let number = std::thread::spawn(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        LocalSet::new().block_on(&runtime, async { turns(1).await })
    });
    log.note(format!("{:?}", number.join().unwrap()));
}

/// What tokio promises of its handles.
fn is_as_promised<T: UnwindSafe + RefUnwindSafe + Unpin + Send + Sync + std::fmt::Debug>(_: &T) {}

pub async fn handles_are_what_they_were(log: Log) {
    let mut handle: JoinHandle<u32> = task::spawn(turns(1));
    let aborts: AbortHandle = handle.abort_handle();
    is_as_promised(&handle);
    is_as_promised(&aborts);
    let same = aborts.clone();
    log.note(format!("{}", handle.id() == same.id()));
    log.note(format!(
        "{}",
        format!("{handle:?}").starts_with("JoinHandle { id: Id(")
    ));
    log.note(format!(
        "{}",
        format!("{aborts:?}").starts_with("AbortHandle { id: Id(")
    ));
    let polled = pin!(&mut handle).poll(&mut Context::from_waker(Waker::noop()));
    log.note(format!("{}", matches!(polled, Poll::Pending)));
    log.note(format!(
        "{} {:?}",
        handle.is_finished(),
        (&mut handle).await
    ));
    log.note(format!("{}", same.is_finished()));
    let blocking = task::spawn_blocking(|| 7);
    blocking.abort();
    log.note(format!("{:?}", blocking.await.is_ok() || cfg!(unix)));
}

tokio::task_local! {
    static NUMBER: u32;
}

pub async fn tasks_know_themselves(log: Log) {
    log.note(format!("{:?}", task::try_id()));
    let handle = task::spawn(async { (task::id(), task::try_id()) });
    let id = handle.id();
    let (own, tried) = handle.await.unwrap();
    log.note(format!("{} {}", own == id, tried == Some(id)));
    let number: &task::LocalKey<u32> = &NUMBER;
    let scoped: task::futures::TaskLocalFuture<u32, _> =
        number.scope(5, async { NUMBER.with(|number| *number) });
    log.note(format!("{}", task::spawn(scoped).await.unwrap()));
    let id: task::Id = id;
    log.note(format!("{}", id.to_string().is_empty()));
}

pub async fn a_task_yields_where_it_is_told_to(log: Log) {
    let other = task::spawn({
        let log = log.clone();
        async move { log.note("the other") }
    });
    coop::unconstrained(async {
        for _ in 0..500 {
            coop::consume_budget().await;
        }
    })
    .await;
    log.note(format!("{}", coop::has_budget_remaining()));
    coop::cooperative(ready(())).await;
    other.await.unwrap();
}
