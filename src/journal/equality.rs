//! What is collected live, read of a journal, and read of a recording that is made of it are the same events.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::blob;
use super::by_hand::{self, Block};
use super::names::{Names, Recent, Table};
use super::tests::{Random, read};
use super::{Reader, block};
use crate::event::Event;
use crate::probe::executor::builder::Target;
use crate::probe::record::taker::Taker;
use crate::recording::Archive;
use crate::scenario;
use crate::source::Live;
use crate::{Executor, spawn, yield_now};

/// Holds a journal against what was collected live, and against the recording that is made of it.
fn assert_says(journal: &[u8], live: &[Event]) {
    let (reader, events) = read(journal);
    assert_eq!(reader.damage(), []);
    assert!(events == live, "the journal says what happened");
    crate::recording::fuzz_journal(journal, &tempfile::tempfile().unwrap());
}

/// Returns a journal of these events, whose threads are to be merged in this order.
fn journal_of(events: &[Event]) -> Vec<u8> {
    let (table, mut recent) = (Table::default(), Recent::default());
    let mut blocks = Vec::new();
    let mut counts = std::collections::HashMap::new();
    for run in events.chunk_by(|one, other| one.thread == other.thread) {
        let (first, thread) = (run[0].at.0, run[0].thread.0);
        let (mut last, mut payload) = (first, Vec::new());
        for event in run {
            let mut bytes = Vec::new();
            let mut names = Names {
                table: &table,
                recent: &mut recent,
            };
            blob::encode(&event.kind, &mut bytes, &mut names);
            payload.extend((1 + (event.at.0 << 5)).to_le_bytes());
            payload.extend(by_hand::blob(0, &bytes));
            last = event.at.0;
        }
        let before = counts.entry(thread).or_insert(0);
        let words = Block {
            kind: 2,
            thread,
            count: run.len() as u32,
            before: *before,
            tick: first,
            ..Block::default()
        };
        *before += run.len() as u64;
        let time = Block {
            kind: 6,
            tick: last,
            ..Block::default()
        };
        blocks.extend([(words, payload), (time, Vec::new())]);
    }
    let texts = Block {
        kind: 3,
        count: table.from(0).len() as u32,
        ..Block::default()
    };
    let mut told = Vec::new();
    for text in table.from(0) {
        block::put_bytes(&mut told, text.as_bytes());
    }
    let description = Block {
        kind: 1,
        ..Block::default()
    };
    let end = Block {
        kind: 7,
        ..Block::default()
    };
    blocks.splice(0..0, [(description, Vec::new()), (texts, told)]);
    blocks.push((end, Vec::new()));
    let mut journal = by_hand::file_header();
    for (number, (block, payload)) in (0..).zip(blocks) {
        journal.extend(Block { number, ..block }.with(&payload));
    }
    journal
}

#[test]
fn every_scenario_is_the_same_live_in_a_journal_and_in_a_recording() {
    for scenario in scenario::all() {
        let live = Live::run_to_end(scenario).unwrap();
        assert!(live.len() > 10, "{}", scenario.name);
        assert_says(&journal_of(&live), &live);
    }
}

/// Who opens a journal has the index that is made of it, without reading it of the recording.
#[test]
fn the_index_that_is_made_of_a_journal_is_that_of_its_recording() {
    let directory = tempfile::tempdir().unwrap();
    for scenario in scenario::all() {
        let mut file = NamedTempFile::new_in(&directory).unwrap();
        let live = Live::run_to_end(scenario).unwrap();
        file.write_all(&journal_of(&live)).unwrap();
        let [mut made, mut read] = [(), ()].map(|()| Archive::open(file.path(), |_| {}).unwrap());
        assert!(made.log.index_size().0 > 0, "{}", scenario.name);
        assert!(made.index.text() == read.index.text(), "{}", scenario.name);
        assert!(made.end().unwrap() == read.end().unwrap());
    }
}

/// Does this and that, on any thread.
fn random(random: Random, depth: usize) -> Job {
    Box::pin(steps(random, depth))
}

async fn steps(mut random: Random, depth: usize) {
    let mut tasks = Vec::new();
    for _ in 0..random.below(6) {
        match random.below(5) {
            0 => yield_now().await,
            1 => crate::mark!("line {}", random.below(9)),
            2 => tokio::task::yield_now().await,
            _ if depth > 0 => {
                let inner = Random(random.below(1 << 30) as u64);
                tasks.push(spawn(self::random(inner, depth - 1)));
            }
            _ => {}
        }
        if random.below(3) == 0
            && let Some(task) = tasks.pop()
        {
            if random.below(4) == 0 {
                task.abort();
            }
            let _ = task.await;
        }
    }
}

type Job = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes what a program of several threads does while it does it: the journal, and what is read of it at once.
fn taken(seed: u64) -> (Vec<u8>, Vec<Event>) {
    let (recorder, mut taker) = Taker::real_time(None, 1 << 20);
    let target = Target {
        recorder,
        stop: None,
    };
    let executor = Executor::builder().worker_threads(3);
    let executor = executor.recording_to(Some(target)).unwrap();
    let (mut journal, mut blocks) = (Vec::new(), Vec::new());
    taker.begin("".into(), &mut blocks);
    let (mut reader, mut live) = (Reader::default(), Vec::new());
    let mut take = |taker: &mut Taker, is_last| {
        // Every silence is a heartbeat.
        taker.take_all(Duration::ZERO, &mut blocks);
        if is_last {
            taker.end(&mut blocks);
        }
        reader.push(&blocks, &mut live).unwrap();
        journal.append(&mut blocks);
    };
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            executor.block_on(random(Random(seed), 4));
            drop(executor);
            is_over.store(true, Ordering::Release);
        });
        while !is_over.load(Ordering::Acquire) {
            take(&mut taker, false);
        }
    });
    take(&mut taker, true);
    reader.end(&mut live);
    (journal, live)
}

#[test]
fn random_programs_on_several_threads_are_the_same_live_in_a_journal_and_in_a_recording() {
    let mut most = 0;
    for seed in 0..60 {
        let (journal, live) = taken(seed);
        assert_says(&journal, &live);
        let threads = live.iter().map(|event| event.thread.0).max();
        most = most.max(threads.map_or(0, |thread| thread as usize + 1));
    }
    assert!(most > 1, "several threads were merged");
}
