//! Programs of tasks: how they are polled, joined, cancelled and woken.

use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::task::{Poll, Waker};
use std::thread;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::task::{JoinSet, LocalSet, coop};
use super::{AbortHandle, JoinHandle, join, select, spawn, spawn_blocking, spawn_local, yield_now};
use crate::log::{Dropped, Log};

/// Is polled so many times before it is ready, and notes each poll.
async fn steps(log: Log, name: &'static str, count: u32) -> &'static str {
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        log.note(format!("{name}: poll {polls}"));
        if polls > count {
            return Poll::Ready(name);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

pub async fn a_biased_select_polls_in_order(log: Log) {
    for _ in 0..3 {
        let first = select! {
            biased;
            name = steps(log.clone(), "one", 2) => name,
            name = steps(log.clone(), "two", 1) => name,
            name = steps(log.clone(), "three", 1) => name,
        };
        log.note(first);
    }
}

pub async fn a_select_takes_what_is_ready(log: Log) {
    let (sender, mut receiver) = mpsc::channel(4);
    for number in 0..4 {
        sender.send(number).await.unwrap();
        let got = select! {
            () = pending() => None,
            number = receiver.recv() => number,
        };
        log.note(format!("{got:?}"));
    }
}

async fn read_all(log: Log, mut receiver: mpsc::UnboundedReceiver<u32>) {
    while let Some(number) = receiver.recv().await {
        if number % 50 == 0 {
            log.note(format!("read {number}"));
        }
    }
}

async fn count_turns(log: Log) {
    for turn in 0..8 {
        log.note(format!("turn {turn}"));
        yield_now().await;
    }
}

fn messages() -> mpsc::UnboundedReceiver<u32> {
    let (sender, receiver) = mpsc::unbounded_channel();
    for number in 0..1000 {
        sender.send(number).unwrap();
    }
    receiver
}

pub async fn a_budget_is_shared_fairly(log: Log) {
    let reader = spawn(read_all(log.clone(), messages()));
    let turns = spawn(count_turns(log.clone()));
    let work = spawn(async {
        for _ in 0..500 {
            coop::consume_budget().await;
        }
    });
    reader.await.unwrap();
    work.await.unwrap();
    log.note("all is read and done");
    turns.await.unwrap();
}

pub async fn an_unconstrained_task_takes_all(log: Log) {
    let reader = spawn(coop::unconstrained(read_all(log.clone(), messages())));
    let turns = spawn(count_turns(log.clone()));
    reader.await.unwrap();
    log.note("all is read");
    turns.await.unwrap();
}

pub async fn a_join_polls_its_branches_in_turn(log: Log) {
    let inner = async {
        join!(
            steps(log.clone(), "inner one", 2),
            steps(log.clone(), "inner two", 1)
        )
    };
    let all = join!(
        steps(log.clone(), "one", 3),
        inner,
        steps(log.clone(), "two", 0)
    );
    log.note(format!("{all:?}"));
}

pub async fn a_join_set_gives_what_ends_first(log: Log) {
    let mut set = JoinSet::new();
    for (name, count) in [("slow", 3), ("quick", 0), ("medium", 1)] {
        let log = log.clone();
        set.spawn(async move { spawn(steps(log, name, count)).await.unwrap() });
    }
    while let Some(name) = set.join_next().await {
        log.note(name.unwrap());
    }
}

pub async fn a_join_set_ends_its_tasks(log: Log) {
    let mut set = JoinSet::new();
    for name in ["first", "second"] {
        let kept = Dropped(log.clone(), name);
        set.spawn(async move {
            let _kept = kept;
            spawn(pending::<()>()).await.unwrap();
        });
    }
    yield_now().await;
    set.abort_all();
    while let Some(ended) = set.join_next().await {
        log.note(format!("cancelled: {}", ended.unwrap_err().is_cancelled()));
    }
}

pub async fn an_aborted_task_is_cancelled(log: Log) {
    let unpolled = Dropped(log.clone(), "unpolled");
    let never = spawn(async move { drop(unpolled) });
    never.abort();
    let waiting = Dropped(log.clone(), "waiting");
    let waits: JoinHandle<()> = spawn(async move {
        let _kept = waiting;
        pending::<()>().await;
    });
    let handle: AbortHandle = waits.abort_handle();
    yield_now().await;
    log.note(format!("ended: {}", handle.is_finished()));
    handle.abort();
    for task in [never, waits] {
        let error = task.await.unwrap_err();
        log.note(format!("{} {}", error.is_cancelled(), error.is_panic()));
    }
    log.note(format!("ended: {}", handle.is_finished()));
}

pub async fn a_task_that_ended_is_not_aborted(log: Log) {
    let task = spawn(async { 7 });
    yield_now().await;
    task.abort();
    log.note(format!("ended: {}", task.is_finished()));
    log.note(format!("{:?}", task.await.ok()));
}

pub async fn a_panic_comes_out_of_the_handle(log: Log) {
    let at_once = spawn(async { panic!("at once") });
    let kept = Dropped(log.clone(), "kept");
    let later: JoinHandle<()> = spawn(async move {
        let _kept = kept;
        yield_now().await;
        panic!("after {} polls", 1)
    });
    for task in [at_once, later] {
        let error = task.await.unwrap_err();
        let panic = error.into_panic();
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        log.note(format!("{text:?}"));
    }
    log.note("and goes on");
}

pub async fn local_tasks_share_what_is_not_send(log: Log) {
    let shared = Rc::new(std::cell::Cell::new(0));
    let set = LocalSet::new();
    let mut tasks = Vec::new();
    set.run_until(async {
        for number in 1..=3 {
            let (log, shared) = (log.clone(), Rc::clone(&shared));
            tasks.push(spawn_local(async move {
                for _ in 0..number {
                    shared.set(shared.get() + number);
                    log.note(format!("{number} makes it {}", shared.get()));
                    yield_now().await;
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    })
    .await;
    log.note(format!("{}", shared.get()));
}

pub async fn blocking_work_gives_its_value(log: Log) {
    let value = spawn_blocking(|| 6 * 7).await;
    log.note(format!("{value:?}"));
    let error = spawn_blocking(|| panic!("blocked")).await.unwrap_err();
    log.note(format!("{}", error.is_panic()));
}

pub async fn a_task_has_one_waker_for_all_its_polls(log: Log) {
    let mut known: Option<Waker> = None;
    let mut polls = 0;
    let task = spawn(poll_fn(move |cx| {
        let is_known = known.as_ref().map(|waker| {
            (
                waker.will_wake(cx.waker()),
                waker.clone().will_wake(cx.waker()),
            )
        });
        log.note(format!("{is_known:?}"));
        known = Some(cx.waker().clone());
        polls += 1;
        if polls > 4 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    task.await.unwrap();
}

pub async fn a_future_that_moves_to_another_task_wakes_that_one(log: Log) {
    let (sender, receiver) = oneshot::channel();
    let receiver = Arc::new(Mutex::new(receiver));
    let polled = |name: &'static str, goes_on: bool| {
        let (log, receiver) = (log.clone(), Arc::clone(&receiver));
        spawn(poll_fn(move |cx| {
            let mut receiver = receiver.try_lock().unwrap();
            let result = Pin::new(&mut *receiver).poll(cx);
            log.note(format!("{name} sees {result:?}"));
            if goes_on {
                result.map(|_| ())
            } else {
                Poll::Ready(())
            }
        }))
    };
    polled("the first", false).await.unwrap();
    let second = polled("the second", true);
    yield_now().await;
    sender.send(5).unwrap();
    log.note("sent");
    second.await.unwrap();
}

pub async fn a_waker_outlives_its_task(log: Log) {
    let kept: Arc<std::sync::Mutex<Vec<Waker>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let task = spawn(poll_fn(move |cx| {
        keep.lock().unwrap().push(cx.waker().clone());
        Poll::Ready(1)
    }));
    log.note(format!("{:?}", task.await.ok()));
    let wakers = std::mem::take(&mut *kept.lock().unwrap());
    for waker in wakers {
        let more = waker.clone();
        waker.wake_by_ref();
        waker.wake();
        drop(more);
    }
    yield_now().await;
    log.note("nothing came of it");
}

pub async fn a_waker_is_called_on_another_thread(log: Log) {
    let is_set = Arc::new(AtomicBool::new(false));
    let task = spawn(poll_fn(move |cx| {
        if is_set.load(SeqCst) {
            return Poll::Ready(());
        }
        let (is_set, waker) = (Arc::clone(&is_set), cx.waker().clone());
        thread::spawn(move || {
            is_set.store(true, SeqCst);
            waker.wake();
        });
        Poll::Pending
    }));
    log.note("waits");
    task.await.unwrap();
    log.note("woken");
}

pub async fn what_waits_is_dropped_in_order(log: Log) {
    let (outer, inner) = (Dropped(log.clone(), "outer"), Dropped(log.clone(), "inner"));
    let task: JoinHandle<()> = spawn(async move {
        let _outer = outer;
        let waits = async move {
            let _inner = inner;
            pending::<()>().await;
        };
        join!(waits, pending::<()>());
    });
    yield_now().await;
    drop(task);
    log.note("the root ends");
}

pub async fn a_worker_may_block_in_place(log: Log) {
    let mut tasks = Vec::new();
    for number in 0..8_u64 {
        tasks.push(spawn(async move {
            yield_now().await;
            let sum = tokio::task::block_in_place(|| (0..=number).sum::<u64>());
            yield_now().await;
            sum
        }));
    }
    for task in tasks {
        log.note(format!("{:?}", task.await.ok()));
    }
}

pub async fn tasks_on_two_threads_add_up(log: Log) {
    let sum = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for number in 0..50 {
        let (sender, mut receiver) = mpsc::channel(1);
        let sum = Arc::clone(&sum);
        tasks.push(spawn(async move {
            while let Some(number) = receiver.recv().await {
                sum.fetch_add(number, SeqCst);
            }
            None
        }));
        tasks.push(spawn(async move {
            for more in 0..20 {
                sender.send(number + more).await.unwrap();
                yield_now().await;
            }
            Some(number)
        }));
    }
    for task in tasks {
        log.note(format!("{:?}", task.await.ok()));
    }
    log.note(format!("{}", sum.load(SeqCst)));
}
