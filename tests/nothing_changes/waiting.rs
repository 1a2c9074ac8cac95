//! Programs that wait: for a clock that stands still but for them, and for each other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, Semaphore, broadcast, watch};
use tokio::time::{self, Instant, MissedTickBehavior, interval, sleep};

use super::{join, spawn, timeout, yield_now};
use crate::log::Log;

const SECOND: Duration = Duration::from_secs(1);

/// Stops the clock; it goes on by itself whenever all wait.
fn stop_clock() -> Instant {
    time::pause();
    Instant::now()
}

pub async fn timeouts_nest(log: Log) {
    let began = stop_clock();
    for inner in [1, 3] {
        for work in [2, 5] {
            let worked = timeout(2 * SECOND, timeout(inner * SECOND, sleep(work * SECOND))).await;
            log.note(format!("{worked:?} after {:?}", began.elapsed()));
        }
    }
}

pub async fn an_interval_catches_up(log: Log) {
    let began = stop_clock();
    for behavior in [
        MissedTickBehavior::Burst,
        MissedTickBehavior::Delay,
        MissedTickBehavior::Skip,
    ] {
        let mut ticks = interval(SECOND);
        ticks.set_missed_tick_behavior(behavior);
        for wait in [0, 0, 2500, 0, 0, 0] {
            ticks.tick().await;
            log.note(format!("{behavior:?} at {:?}", began.elapsed()));
            sleep(Duration::from_millis(wait)).await;
        }
    }
}

pub async fn sleeps_end_in_order(log: Log) {
    let began = stop_clock();
    let mut tasks = Vec::new();
    for millis in [30, 10, 20, 10, 0] {
        let log = log.clone();
        tasks.push(spawn(async move {
            sleep(Duration::from_millis(millis)).await;
            log.note(format!("{millis} after {:?}", began.elapsed()));
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

pub async fn a_mutex_is_fair(log: Log) {
    let shared = Arc::new(Mutex::new(0));
    let mut tasks = Vec::new();
    for name in ["one", "two", "three"] {
        let (log, shared) = (log.clone(), Arc::clone(&shared));
        tasks.push(spawn(async move {
            for _ in 0..3 {
                let mut value = shared.lock().await;
                yield_now().await;
                *value += 1;
                log.note(format!("{name} makes it {value}"));
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

pub async fn a_semaphore_is_fair(log: Log) {
    let permits = Arc::new(Semaphore::new(2));
    let mut tasks = Vec::new();
    for wanted in [1, 2, 1, 1, 2] {
        let (log, permits) = (log.clone(), Arc::clone(&permits));
        tasks.push(spawn(async move {
            let held = permits.acquire_many(wanted).await.unwrap();
            log.note(format!("{wanted} got"));
            yield_now().await;
            drop(held);
            log.note(format!("{wanted} given back"));
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

pub async fn a_notify_wakes_one_after_another(log: Log) {
    let notify = Arc::new(Notify::new());
    let mut tasks = Vec::new();
    for name in ["one", "two", "three", "four"] {
        let (log, notify) = (log.clone(), Arc::clone(&notify));
        tasks.push(spawn(async move {
            notify.notified().await;
            log.note(name);
        }));
    }
    yield_now().await;
    notify.notify_one();
    notify.notify_last();
    log.note("two are notified");
    yield_now().await;
    notify.notify_waiters();
    log.note("all are notified");
    for task in tasks {
        task.await.unwrap();
    }
}

pub async fn a_broadcast_tells_of_what_was_missed(log: Log) {
    let (sender, mut receiver) = broadcast::channel(2);
    let mut other = sender.subscribe();
    let reader = spawn(async move {
        let mut got = Vec::new();
        loop {
            match other.recv().await {
                Err(broadcast::error::RecvError::Closed) => return got,
                other => got.push(format!("{other:?}")),
            }
        }
    });
    yield_now().await;
    for number in 0..4 {
        sender.send(number).unwrap();
    }
    log.note(format!("{:?}", receiver.recv().await));
    yield_now().await;
    drop(sender);
    log.note(format!("{:?}", reader.await.ok()));
}

pub async fn a_watch_gives_the_latest(log: Log) {
    let (sender, mut receiver) = watch::channel(0);
    let reader = async {
        while receiver.changed().await.is_ok() {
            log.note(format!("{}", *receiver.borrow_and_update()));
        }
    };
    let writer = async {
        for number in 1..=6 {
            sender.send(number).unwrap();
            if number % 2 == 0 {
                yield_now().await;
            }
        }
        drop(sender);
    };
    join!(reader, writer);
    log.note("closed");
}
