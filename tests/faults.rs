//! What may happen to a recording at any time: its program is killed, its disk is full, its file is cut off or changed.
//! What is left is a session, and what it says is true.

#![cfg(all(feature = "app", target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::collections::{BTreeSet, HashMap, HashSet};
use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use asyncline::event::{Event, EventKind, LaneId, ThreadId, Timestamp};
use asyncline::recording::{Damage, Error, Meta, Session, Writer};
use asyncline::{Collector, Executor, spawn, yield_now};

/// The path of the log, for a process that records.
const FILE: &str = "ASYNCLINE_TEST_FILE";
/// How many threads run tasks, for the same.
const THREADS: &str = "ASYNCLINE_TEST_THREADS";
/// How often events are collected.
const FRAME: Duration = Duration::from_millis(10);
/// What was handed over so long ago is in the file.
const PROMISE: u64 = 100_000_000;

/// This binary, to run one of its ignored tests as a program of its own.
fn program(test: &str, file: &Path, threads: u64) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(FILE, file)
        .env(THREADS, threads.to_string())
        .stdout(Stdio::piped());
    command
}

/// The same command with files that cannot become larger than so many times 512 bytes: to write more fails, as it does
/// on a disk that is full.
fn limited(command: &Command, blocks: u32) -> Command {
    let mut limited = Command::new("sh");
    let script = format!("trap '' XFSZ && ulimit -f {blocks} && exec \"$@\"");
    limited.args(["-c", &script, "sh"]);
    limited.arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        limited.env(key, value.unwrap());
    }
    limited
}

fn asyncline(arguments: &[&str], file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_asyncline"));
    command.args(arguments).arg(file);
    command
}

/// `asyncline session info` says what is in this file.
fn assert_is_told_of(file: &Path) {
    let Output { status, stderr, .. } = asyncline(&["session", "info"], file).output().unwrap();
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{status}: {stderr}");
}

fn is_long() -> bool {
    env::var_os("ASYNCLINE_LONG").is_some()
}

/// A repeatable number.
fn next(seed: &mut u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Tasks that do nothing but yield until they are told to stop.
async fn yields(stop: Arc<AtomicBool>) {
    let tasks = [(); 8].map(|()| {
        let stop = Arc::clone(&stop);
        spawn(async move {
            while !stop.load(SeqCst) {
                yield_now().await;
            }
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
}

/// Runs [`yields`] under full load while `each_frame` collects, until that says that it is enough.
fn run_while(mut each_frame: impl FnMut(&mut Collector) -> bool) {
    let threads: usize = env::var(THREADS).unwrap().parse().unwrap();
    let mut builder = Executor::builder();
    if threads > 1 {
        builder = builder.worker_threads(threads);
    }
    let (executor, mut collector) = builder.record().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let stops = Arc::clone(&stop);
    let running = thread::spawn(move || executor.block_on(yields(stops)));
    while each_frame(&mut collector) {
        thread::sleep(FRAME);
    }
    stop.store(true, SeqCst);
    running.join().unwrap();
}

/// What a program that is going to be killed tells after a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    /// All events until then were handed to the writer …
    until: u64,
    /// … by this time …
    by: u64,
    /// … and they were so many.
    events: u64,
}

impl Told {
    fn tell(self) {
        let Self { until, by, events } = self;
        let line = format!("told {until} {by} {events}\n");
        io::stdout().write_all(line.as_bytes()).unwrap();
    }

    fn of(line: &str) -> Option<Self> {
        let (_, numbers) = line.split_once("told ")?;
        let mut numbers = numbers.split(' ').map(str::parse);
        let mut number = || numbers.next()?.ok();
        Some(Self {
            until: number()?,
            by: number()?,
            events: number()?,
        })
    }
}

#[test]
#[ignore = "it is run by the test below, and killed"]
fn a_program_that_is_killed() {
    let Some(file) = env::var_os(FILE) else {
        return;
    };
    let mut writer = Writer::create(file, &Meta::default()).unwrap();
    let mut events = 0;
    run_while(|collector| {
        let until = collector.now().0;
        events += collector.drain_to(&mut writer).unwrap().events;
        writer.tick(Instant::now()).unwrap();
        let by = collector.now().0;
        Told { until, by, events }.tell();
        true
    });
}

#[test]
fn whoever_is_killed_loses_no_more_than_the_last_tenth_of_a_second() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("killed.aline");
    let (mut seed, mut worst, mut torn) = (1, 0, 0);
    let kills = if is_long() { 100 } else { 5 };
    for kill in 0..kills {
        // With one thread, there is a processor left for whoever collects. With two, frames come late.
        let mut child = program("a_program_that_is_killed", &file, 1 + kill % 2);
        let told = killed(child.spawn().unwrap(), &mut seed);
        let session = Session::open(&file).unwrap();
        torn += u32::from(is_torn(&session));
        assert_can_have_been(&session.events);
        worst = worst.max(missing(&session, &told));
        assert_is_told_of(&file);
    }
    println!(
        "{kills} kills, {torn} of them within a block; at worst the last {:.1} ms were missing",
        worst as f64 / 1e6
    );
}

#[test]
#[ignore = "it is run by the test below, and killed"]
fn a_program_that_writes_a_journal() {
    let Some(file) = env::var_os(FILE).map(PathBuf::from) else {
        return;
    };
    let threads: usize = env::var(THREADS).unwrap().parse().unwrap();
    let executor = Executor::builder().worker_threads(threads).record_to(&file);
    let never = Arc::new(AtomicBool::new(false));
    executor.unwrap().block_on(async {
        let _marks = spawn(marks(file));
        yields(never).await;
    });
}

/// Numbers marks, and reports each once it is recorded: its number, the journal's length by then, and the time.
async fn marks(file: PathBuf) {
    let mut reports = fs::File::create(reports(&file)).unwrap();
    for number in 0_u64.. {
        asyncline::mark!("{number}");
        let length = fs::metadata(&file).unwrap().len();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let line = format!("{number} {length} {}\n", now.as_nanos());
        reports.write_all(line.as_bytes()).unwrap();
        for _ in 0..50 {
            yield_now().await;
        }
    }
}

/// The file of a program's reports.
fn reports(journal: &Path) -> PathBuf {
    journal.with_extension("reports")
}

/// A mark that was recorded before the journal had this length, and when.
struct Report {
    length: u64,
    at: SystemTime,
}

/// Reads the reports, whose marks are numbered from 0. The last line may be torn.
fn reported(journal: &Path) -> Vec<Report> {
    let text = fs::read_to_string(reports(journal)).unwrap();
    let (whole, _torn) = text.rsplit_once('\n').unwrap();
    let numbers = whole.lines().map(|line| {
        let mut numbers = line.split(' ').map(|number| number.parse::<u64>().unwrap());
        [(); 3].map(|()| numbers.next().unwrap())
    });
    let reports = numbers.enumerate().map(|(number, [said, length, at])| {
        assert_eq!(said, number as u64);
        let at = UNIX_EPOCH + Duration::from_nanos(at);
        Report { length, at }
    });
    reports.collect()
}

/// Returns the places in a journal after its time blocks.
fn time_blocks(journal: &[u8]) -> HashSet<u64> {
    const HEADER: usize = 52;
    const TIME: u8 = 6;
    let (mut at, mut ends) = (16, HashSet::new());
    while let Some(header) = journal.get(at..at + HEADER) {
        assert!(header.starts_with(b"\xffjrn"));
        at += HEADER + u32::from_le_bytes(header[40..44].try_into().unwrap()) as usize;
        if header[4] == TIME {
            ends.insert(at as u64);
        }
    }
    ends
}

/// Returns the lengths that the journal had between the passes of the recording thread, in order, as far as they were seen.
/// A pass ends with a time block. In the midst of one, a file's length is that of whole pages.
fn passes(journal: &[u8], reports: &[Report]) -> Vec<u64> {
    const PAGE: u64 = 4096;
    let time_blocks = time_blocks(journal);
    let lengths = reports.iter().map(|report| report.length);
    let passes: BTreeSet<u64> = lengths
        .chain([journal.len() as u64])
        .filter(|length| time_blocks.contains(length) && !length.is_multiple_of(PAGE))
        .collect();
    passes.into_iter().collect()
}

/// Returns the time of the last mark that is missing, if any. All that were reported before the last pass began are there, or
/// counted as lost.
fn missing_mark(journal: &[u8], session: &Session, reports: &[Report]) -> Option<SystemTime> {
    let (mut marks, mut lost) = (HashSet::<usize>::new(), 0);
    for event in &session.events {
        match &event.kind {
            EventKind::Mark { text, .. } => drop(marks.insert(text.raw().parse().unwrap())),
            EventKind::Lost { count } => lost += count,
            _ => {}
        }
    }
    let passes = passes(journal, reports);
    // A pass that had begun before a mark may end after it. The next one takes it.
    let is_due = |report: &Report| {
        let ended = passes.partition_point(|end| *end <= report.length);
        passes.len() >= ended + 2
    };
    let due = reports.partition_point(is_due);
    assert!(due > 0, "there is something to look for");
    let missing = (0..due).filter(|mark| !marks.contains(mark)).count() as u64;
    assert!(missing <= lost, "{missing} of {due} marks, {lost} lost");
    let mut later = (due..reports.len()).rev();
    let missing = later.find(|mark| !marks.contains(mark));
    missing.map(|mark| reports[mark].at)
}

#[test]
fn a_program_that_is_killed_loses_no_more_than_what_the_last_pass_did_not_take() {
    let directory = tempfile::tempdir().unwrap();
    let (mut seed, mut worst, mut torn) = (1, Duration::ZERO, 0);
    let kills = if is_long() { 100 } else { 5 };
    for kill in 0..kills {
        let file = directory.path().join(format!("{kill}.aline"));
        let mut child = program("a_program_that_writes_a_journal", &file, 1 + kill % 2);
        let mut child = child.spawn().unwrap();
        let least = (1 << 16) + next(&mut seed) % (1 << 21);
        while fs::metadata(&file).map_or(0, |file| file.len()) < least {
            assert_eq!(child.try_wait().unwrap(), None);
            thread::sleep(FRAME.mul_f64((next(&mut seed) % 1000) as f64 / 1000.0));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let session = Session::open(&file).unwrap();
        torn += u32::from(is_torn(&session));
        assert_can_have_been(&session.events);
        let journal = fs::read(&file).unwrap();
        if let Some(at) = missing_mark(&journal, &session, &reported(&file)) {
            let end = session.events.last().unwrap().at.0;
            let end = session.meta.start + Duration::from_nanos(end);
            worst = worst.max(at.duration_since(end).unwrap_or_default());
        }
        fs::remove_file(&file).unwrap();
    }
    println!(
        "{kills} kills, {torn} of them within a block; at worst the last {:.1} ms were missing",
        worst.as_secs_f64() * 1e3
    );
}

/// Kills a program at some moment, and gives all that it told.
fn killed(mut child: Child, seed: &mut u64) -> Vec<Told> {
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut told = output.lines().map_while(Result::ok);
    let mut told = told.by_ref().filter_map(|line| Told::of(&line));
    let moment = 1_000_000 * (20 + next(seed) % 500);
    let mut all = Vec::new();
    for told in told.by_ref() {
        all.push(told);
        if told.by >= moment {
            break;
        }
    }
    // Any moment of a frame will do. Nothing is waited for.
    thread::sleep(FRAME.mul_f64((next(seed) % 1000) as f64 / 1000.0));
    child.kill().unwrap();
    all.extend(told);
    child.wait().unwrap();
    all
}

/// How many nanoseconds are missing of what a killed program told of, which is not too much.
fn missing(session: &Session, told: &[Told]) -> u64 {
    let is_loss = |event: &&Event| matches!(event.kind, EventKind::Lost { .. });
    let losses = session.events.iter().filter(is_loss).count();
    let written = (session.events.len() - losses) as u64;
    let last = told[told.len() - 1];
    let promised = told.iter().rfind(|told| told.by + PROMISE <= last.by);
    let promised = promised.map_or(0, |told| told.events);
    assert!(written >= promised, "{written} events of {promised}");
    if written >= last.events {
        return 0;
    }
    let end = session.events.last().map_or(0, |event| event.at.0);
    let missing = last.until.saturating_sub(end);
    // Where the machine is so busy that frames come late, they are as late as that.
    let frames = told.windows(2).map(|pair| pair[1].until - pair[0].until);
    let late = frames.max().unwrap_or(0).saturating_sub(PROMISE / 2);
    let after = last.until as f64 / 1e6;
    assert!(
        missing <= PROMISE + late,
        "{:.1} ms of {after:.1}",
        missing as f64 / 1e6
    );
    missing
}

/// Returns `true` if a session ends within a block. Nothing else is wrong with it but that it has no end.
fn is_torn(session: &Session) -> bool {
    assert!(
        matches!(session.damage[..], [Damage::NoEnd | Damage::Torn { .. }]),
        "{:?}",
        session.damage
    );
    session.damage != [Damage::NoEnd]
}

/// Times never go back, no lane is polled twice at once, and no thread polls two lanes at once.
fn assert_can_have_been(events: &[Event]) {
    assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let mut polled: HashMap<LaneId, ThreadId> = HashMap::new();
    let mut polls: HashMap<ThreadId, LaneId> = HashMap::new();
    for event in events {
        match event.kind {
            EventKind::PollStarted { lane } => {
                assert_eq!(polled.insert(lane, event.thread), None, "{event:?}");
                assert_eq!(polls.insert(event.thread, lane), None, "{event:?}");
            }
            EventKind::PollEnded { lane, .. } => {
                // Its beginning may be lost, and then there is neither.
                let (thread, of) = (polled.remove(&lane), polls.remove(&event.thread));
                assert!(
                    thread.is_none_or(|thread| thread == event.thread),
                    "{event:?}"
                );
                assert!(of.is_none_or(|of| of == lane), "{event:?}");
            }
            EventKind::Lost { .. } => {
                polled.clear();
                polls.clear();
            }
            _ => {}
        }
    }
}

/// The bytes that the recording of [`a_program_that_fills_the_disk`] may have, in units of 512.
const ROOM: u32 = 600;

#[test]
#[ignore = "it is run by the test below, with little room for files"]
fn a_program_that_fills_the_disk() {
    let Some(file) = env::var_os(FILE) else {
        return;
    };
    let mut writer = Writer::create(file, &Meta::default()).unwrap();
    let mut errors = Vec::new();
    let mut frames_after = 0;
    run_while(|collector| {
        let drained = collector.drain_to(&mut writer);
        let happened = drained.as_ref().is_ok_and(|drained| drained.events > 0);
        errors.extend(drained.err());
        errors.extend(writer.tick(Instant::now()).err());
        assert_eq!(writer.is_recording(), errors.is_empty());
        frames_after += u32::from(happened && !errors.is_empty());
        // The program goes on for a while, and its events are taken as before.
        frames_after < 20
    });
    errors.extend(writer.flush().err());
    errors.extend(writer.finish().err());
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(matches!(errors[0], Error::Write { .. }));
    println!("the error: {}", errors[0]);
}

#[test]
fn a_full_disk_ends_a_recording_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("full.aline");
    let child = program("a_program_that_fills_the_disk", &file, 2);
    let Output {
        status,
        stdout,
        stderr,
    } = limited(&child, ROOM).output().unwrap();
    let text = String::from_utf8_lossy(&stdout);
    let errors = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{text}{errors}");
    let error = format!(
        "the error: cannot write {}: files may not become so large\n",
        file.display()
    );
    assert!(text.contains(&error), "{text}");

    let length = fs::metadata(&file).unwrap().len();
    assert!(length > 0 && length <= u64::from(ROOM) * 512);
    let session = Session::open(&file).unwrap();
    assert_eq!(session.damage, [Damage::NoEnd], "its blocks are whole");
    assert_can_have_been(&session.events);
    assert_is_told_of(&file);
}

#[test]
fn a_run_that_cannot_be_recorded_says_so_in_a_line_and_fails() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("run.aline");
    let why = "files may not become so large";
    let line = format!("asyncline: cannot write {}: {why}\n", file.display());
    let fails = |scenario, blocks| {
        let run = asyncline(&["run", scenario, "--text", "--record"], &file);
        let Output { status, stderr, .. } = limited(&run, blocks).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&stderr), line);
        assert_eq!(status.code(), Some(1), "it is what the README says");
    };
    // Not even the file's beginning can be written, and no empty file is left behind.
    fails("tasks", 0);
    assert!(!file.exists());

    // This one takes more than 512 bytes.
    fails("deadlock", 1);
    let session = Session::open(&file).unwrap();
    assert_eq!(session.damage, [Damage::NoEnd]);
    assert_eq!(session.meta.scenario, "deadlock");
    assert_is_told_of(&file);
}

/// A recorded session in a file: of many blocks, with an index.
struct Recorded {
    bytes: Vec<u8>,
    meta: Meta,
    blocks: Vec<Block>,
}

/// A block as the description of the format has it.
struct Block {
    kind: u8,
    place: Range<usize>,
    time: Timestamp,
    events: Vec<Event>,
}

impl Recorded {
    fn new(file: &Path) -> Self {
        let (executor, mut collector) = Executor::builder().record().unwrap();
        executor.block_on(async {
            let tasks = [(); 20].map(|()| {
                spawn(async {
                    for _ in 0..300 {
                        yield_now().await;
                    }
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
        drop(executor);
        let meta = Meta::new("to be damaged", "", std::time::UNIX_EPOCH);
        let mut writer = Writer::create(file, &meta).unwrap();
        for events in collector.drain().chunks(1024) {
            writer.write(events).unwrap();
            writer.flush().unwrap();
        }
        writer.finish().unwrap();
        let session = Session::open(file).unwrap();
        assert_eq!(session.damage, []);
        let bytes = fs::read(file).unwrap();
        let blocks = blocks(&bytes, session.events);
        let kind = |kind| {
            blocks
                .iter()
                .filter(move |block| block.kind == kind)
                .count()
        };
        assert!(
            kind(2) >= 16 && kind(4) > 0,
            "blocks of events, and an index"
        );
        Self {
            bytes,
            meta,
            blocks,
        }
    }

    /// What is to be read where some blocks are gone.
    fn without(&self, is_gone: impl Fn(&Block) -> bool) -> Vec<Event> {
        let mut left = Vec::new();
        let mut lost = 0;
        let mut end = Timestamp::ZERO;
        for block in &self.blocks {
            end = block.time;
            if is_gone(block) {
                lost += block.events.len() as u64;
                continue;
            }
            // What is lost is over when the next event happens that is there: an index has none.
            if !block.events.is_empty() {
                left.extend(loss(lost, block.time));
                left.extend_from_slice(&block.events);
                lost = 0;
            }
        }
        left.extend(loss(lost, end));
        left
    }
}

/// The event that tells of a loss, if there is one. No thread is known of it.
fn loss(count: u64, at: Timestamp) -> Option<Event> {
    let (thread, kind) = (ThreadId::default(), EventKind::Lost { count });
    (count > 0).then_some(Event { at, thread, kind })
}

/// Goes through a file whose blocks are all whole.
fn blocks(bytes: &[u8], events: Vec<Event>) -> Vec<Block> {
    let number = |at: usize| u64::from_le_bytes(*bytes[at..].first_chunk().unwrap());
    let mut events = events.into_iter();
    let (mut blocks, mut at) = (Vec::new(), 16);
    while at < bytes.len() {
        assert_eq!(bytes[at..at + 4], *b"\xffblk");
        let end = at + 52 + number(at + 40) as usize;
        blocks.push(Block {
            kind: bytes[at + 4],
            place: at..end,
            time: Timestamp(number(at + 32)),
            events: events.by_ref().take(number(at + 24) as usize).collect(),
        });
        at = end;
    }
    blocks
}

/// Reads a file from these bytes.
fn read(bytes: &[u8], file: &Path) -> Session {
    fs::write(file, bytes).unwrap();
    Session::open(file).unwrap()
}

#[test]
fn a_session_that_is_cut_off_has_all_that_was_before() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cut.aline");
    let recorded = Recorded::new(&file);
    let all = recorded.bytes.len();
    let mut seed = 2;
    let borders = recorded.blocks.iter().map(|block| block.place.start);
    let anywhere = (0..200).map(|_| 16 + next(&mut seed) as usize % (all - 16));
    let lengths: Vec<usize> = borders.chain(anywhere).collect();
    for (number, length) in lengths.into_iter().enumerate() {
        let session = read(&recorded.bytes[..length], &file);
        let mut blocks = recorded.blocks.iter();
        let torn = blocks.find(|block| block.place.end > length).unwrap();
        let is_known = length - torn.place.start >= 52;
        let lost = if is_known { torn.events.len() } else { 0 };
        let mut expected = recorded.without(|block| block.place.end > length);
        if let Some(EventKind::Lost { .. }) = expected.last().map(|event| &event.kind) {
            expected.pop();
        }
        expected.extend(loss(lost as u64, torn.time));
        assert!(session.events == expected, "cut at {length}");
        let (bytes, events) = ((length - torn.place.start) as u64, lost as u64);
        let end = match bytes {
            0 => Damage::NoEnd,
            bytes => Damage::Torn { bytes, events },
        };
        let metadata = (torn.kind == 1).then_some(Damage::Metadata);
        let damage: Vec<_> = metadata.into_iter().chain([end]).collect();
        assert_eq!(session.damage, damage, "cut at {length}");
        // A process for each would take long.
        if number % 20 == 0 {
            assert_is_told_of(&file);
        }
    }
}

#[test]
fn a_flipped_bit_of_a_session_with_an_index_takes_its_own_block_and_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("flipped.aline");
    let recorded = Recorded::new(&file);
    let mut seed = 3;
    for number in 0..200 {
        let offset = next(&mut seed) as usize % recorded.bytes.len();
        let mut bytes = recorded.bytes.clone();
        bytes[offset] ^= 1 << (next(&mut seed) % 8);
        let session = read(&bytes, &file);
        let hit = |block: &Block| block.place.contains(&offset);
        assert!(
            session.events == recorded.without(hit),
            "byte {offset} of {}",
            bytes.len()
        );
        let damage = match recorded.blocks.iter().find(|block| hit(block)) {
            None => vec![Damage::FileHeader],
            Some(block) => damage(block),
        };
        let lost_title = damage.contains(&Damage::Metadata);
        assert_eq!(session.damage, damage, "byte {offset}");
        assert_eq!(session.meta == recorded.meta, !lost_title);
        if number % 20 == 0 {
            assert_is_told_of(&file);
        }
    }
}

/// What is wrong with a file in which a block is damaged.
fn damage(block: &Block) -> Vec<Damage> {
    let (offset, bytes) = (block.place.start as u64, block.place.len() as u64);
    let events = block.events.len() as u64;
    let skipped = Damage::Skipped {
        offset,
        bytes,
        events,
    };
    match block.kind {
        1 => vec![skipped, Damage::Metadata],
        3 => vec![Damage::Torn { bytes, events }],
        _ => vec![skipped],
    }
}
