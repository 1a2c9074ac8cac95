//! The probe changes nothing: the same small programs do the same, in the same order, with it and without.
//!
//! Each is written once and compiled twice: against tokio as it is, and against asyncline's counterparts.

#![cfg(feature = "virtual-time")]
#![allow(
    clippy::unwrap_used,
    clippy::duplicate_mod,
    reason = "a test that cannot go on has failed; the programs are meant to be there twice"
)]

mod log;
mod observed;
mod plain;

use asyncline::Executor;
use asyncline::event::EventKind;
use log::Log;
use tokio::runtime::Builder;

/// Runs a program three times: on tokio, on an executor that records nothing, and on one that records.
macro_rules! same {
    ($($name:ident in $file:ident),* $(,)?) => {$(
        #[test]
        fn $name() {
            let plain = Log::of(|log| {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(plain::$file::$name(log));
            });
            assert!(plain.len() > 1, "it does something: {plain:?}");
            let off = Log::of(|log| {
                let executor = Executor::builder().build().unwrap();
                executor.block_on(observed::$file::$name(log));
            });
            assert_eq!(off, plain, "switched off");
            let recorded = Log::of(|log| {
                let (executor, mut events) = Executor::builder().record().unwrap();
                executor.block_on(observed::$file::$name(log));
                drop(executor);
                let polled = |event: &asyncline::event::Event| {
                    matches!(event.kind, EventKind::PollStarted { .. })
                };
                assert!(events.drain().iter().any(polled), "it was recorded");
            });
            assert_eq!(recorded, plain, "recording");
        }
    )*};
}

same! {
    a_biased_select_polls_in_order in programs,
    a_select_takes_what_is_ready in programs,
    a_budget_is_shared_fairly in programs,
    an_unconstrained_task_takes_all in programs,
    a_join_polls_its_branches_in_turn in programs,
    a_join_set_gives_what_ends_first in programs,
    a_join_set_ends_its_tasks in programs,
    an_aborted_task_is_cancelled in programs,
    a_task_that_ended_is_not_aborted in programs,
    a_panic_comes_out_of_the_handle in programs,
    local_tasks_share_what_is_not_send in programs,
    blocking_work_gives_its_value in programs,
    a_task_has_one_waker_for_all_its_polls in programs,
    a_future_that_moves_to_another_task_wakes_that_one in programs,
    a_waker_outlives_its_task in programs,
    a_waker_is_called_on_another_thread in programs,
    what_waits_is_dropped_in_order in programs,
    a_set_gives_everything_it_has in tasks,
    a_set_takes_tasks_of_all_kinds in tasks,
    a_set_is_left_alone_or_ended in tasks,
    a_set_passes_a_panic_on in tasks,
    a_set_is_asked_without_waiting in tasks,
    local_tasks_run_where_they_are_put in tasks,
    handles_are_what_they_were in tasks,
    tasks_know_themselves in tasks,
    a_task_yields_where_it_is_told_to in tasks,
    timeouts_nest in waiting,
    an_interval_catches_up in waiting,
    sleeps_end_in_order in waiting,
    a_mutex_is_fair in waiting,
    a_semaphore_is_fair in waiting,
    a_notify_wakes_one_after_another in waiting,
    a_broadcast_tells_of_what_was_missed in waiting,
    a_watch_gives_the_latest in waiting,
}

/// What a function does that is run by an attribute: tokio's, and asyncline's.
#[test]
fn attributes_run_what_they_stand_at() {
    let plain = Log::of(|log| plain::entries::all(&log));
    assert!(plain.len() > 4, "it does something: {plain:?}");
    assert_eq!(Log::of(|log| observed::entries::all(&log)), plain);
}

/// What runs on several threads has no order; it has results.
macro_rules! same_results {
    ($($name:ident),* $(,)?) => {$(
        #[test]
        fn $name() {
            let plain = Log::of(|log| {
                let mut runtime = Builder::new_multi_thread();
                let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
                runtime.block_on(plain::programs::$name(log));
            });
            assert!(plain.len() > 1, "it does something: {plain:?}");
            let recorded = Log::of(|log| {
                let builder = Executor::builder().worker_threads(2);
                let (executor, events) = builder.record().unwrap();
                executor.block_on(observed::programs::$name(log));
                drop((executor, events));
            });
            assert_eq!(recorded, plain);
        }
    )*};
}

same_results! {
    a_worker_may_block_in_place,
    tasks_on_two_threads_add_up,
}
