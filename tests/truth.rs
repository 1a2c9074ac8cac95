//! The probe tells the truth: random programs keep a plain log of their own, and what was recorded agrees with it.
//!
//! The log is written by [`Spy`](programs::spy::Spy), a future round every task's and branch's body that knows nothing
//! of the probe: it notes each poll, each call of the waker it hands out, and being dropped, in order and with tokio's
//! virtual time. Why a task is woken it knows from what the program was waiting for.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
#![cfg(feature = "virtual-time")]

mod programs;

use std::collections::HashMap;

use asyncline::event::{Cancel, Event, EventKind, LaneId, Polled, Waker};
use asyncline::timeline::State;
use asyncline::{Executor, Timeline};
use programs::spy::{Cause, Entry, Log, What, Why};
use programs::{Program, program};
use proptest::prelude::*;

/// Runs a program under the probe; gives its own log and the recorded events.
fn run(program: &Program) -> (Vec<Entry>, Vec<Event>) {
    programs::quiet_panics();
    let log = Log::default();
    let (executor, mut events) = Executor::builder().virtual_time().record().unwrap();
    executor.block_on(programs::root(program.clone(), log.clone()));
    drop(executor);
    (log.entries(), events.drain())
}

/// The names that the log uses: a task's own, and `parent/n` for the n-th branch of a parent.
#[derive(Default)]
struct Names {
    of: HashMap<LaneId, String>,
    branches: HashMap<LaneId, usize>,
}

impl Names {
    fn learn(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Spawned { lane, name, .. } => {
                self.of.insert(*lane, name.to_string());
            }
            EventKind::BranchStarted { lane, parent, .. } => {
                let count = self.branches.entry(*parent).or_default();
                *count += 1;
                self.of
                    .insert(*lane, format!("{}/{count}", self.of[parent]));
            }
            _ => {}
        }
    }

    fn what(&self, kind: &EventKind) -> Option<(LaneId, What)> {
        Some(match kind {
            EventKind::PollStarted { lane } => (*lane, What::Resumed),
            EventKind::PollEnded { lane, result } => (
                *lane,
                match result {
                    Polled::Pending => What::Suspended,
                    Polled::Completed => What::Completed,
                    Polled::Panicked => What::Panicked,
                },
            ),
            EventKind::Woken { lane, by } => (
                *lane,
                What::Woken(match by {
                    Waker::Lane(by) => Cause::Lane(self.of[by].clone()),
                    Waker::Itself => Cause::Itself,
                    Waker::Driver => Cause::Timer,
                    Waker::Thread => panic!("there is no other thread"),
                }),
            ),
            EventKind::Cancelled { lane, why } => (
                *lane,
                What::Dropped(match why {
                    Cancel::Aborted { by } => Why::Aborted(by.map(|by| self.of[&by].clone())),
                    Cancel::Dropped => Why::Dropped,
                    Cancel::LostSelect => Why::LostSelect,
                    Cancel::TimedOut => Why::TimedOut,
                    Cancel::Shutdown => Why::Shutdown,
                    Cancel::Left => panic!("no branch borrows its future"),
                }),
            ),
            _ => return None,
        })
    }
}

/// The recorded events in the log's words. The root is the harness's own and not in the log.
fn as_entries(events: &[Event]) -> Vec<Entry> {
    let mut names = Names::default();
    let mut entries = Vec::new();
    for event in events {
        names.learn(&event.kind);
        if let Some((lane, what)) = names.what(&event.kind) {
            let name = names.of[&lane].clone();
            entries.push(Entry {
                at: event.at.0,
                name,
                what,
            });
        }
    }
    entries.retain(|entry| entry.name != "root");
    entries
}

fn check(program: &Program) -> Result<(), TestCaseError> {
    let (log, events) = run(program);
    same(&as_entries(&events), &log)?;
    counts_agree(&log, &events.iter().collect())
}

/// Fails with a few entries round the first difference, if there is one.
fn same(left: &[Entry], right: &[Entry]) -> Result<(), TestCaseError> {
    let different = left.iter().zip(right).position(|(a, b)| a != b);
    let from = different.unwrap_or(left.len().min(right.len()));
    let from = from.saturating_sub(6);
    prop_assert_eq!(
        left.iter().skip(from).take(12).collect::<Vec<_>>(),
        right.iter().skip(from).take(12).collect::<Vec<_>>(),
        "different behind entry {}",
        from
    );
    Ok(())
}

/// The timeline's counts, times and ends are those of the log.
fn counts_agree(log: &[Entry], timeline: &Timeline) -> Result<(), TestCaseError> {
    for lane in timeline
        .lanes()
        .filter(|lane| lane.is_task() && lane.name != "root")
    {
        let own: Vec<_> = log
            .iter()
            .filter(|entry| lane.name == *entry.name)
            .collect();
        let count = |what: fn(&What) -> bool| own.iter().filter(|entry| what(&entry.what)).count();
        prop_assert_eq!(lane.polls as usize, count(|what| *what == What::Resumed));
        prop_assert_eq!(
            lane.wakes.len(),
            count(|what| matches!(what, What::Woken(_)))
        );
        let totals = lane.totals(timeline.end());
        let end = lane.end.expect("every task has ended with its runtime");
        prop_assert_eq!(
            totals.running + totals.ready + totals.waiting,
            end - lane.start
        );
        let state = match own.last().map(|entry| &entry.what) {
            Some(What::Completed) => State::Done,
            Some(What::Panicked) => State::Panicked,
            _ => State::Cancelled,
        };
        prop_assert_eq!(lane.state(), state);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_recorded_is_what_happened(program in program()) {
        check(&program)?;
    }

    #[test]
    fn the_probe_changes_nothing(program in program()) {
        programs::quiet_panics();
        let bare = Log::default();
        let executor = Executor::builder().virtual_time().build().unwrap();
        executor.block_on(programs::root(program.clone(), bare.clone()));
        drop(executor);
        let recorded = run(&program).0;
        let (bare, end) = (bare.entries(), bare.end());
        same(&bare[..end], &recorded[..end.min(recorded.len())])?;
    }
}
