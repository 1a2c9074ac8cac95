//! What is in the file while the recording goes on, and when it cannot.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use asyncline::event::{Event, EventKind, Timestamp};
use asyncline::recording::{Damage, Error, Session, Writer};

use crate::mark;
use crate::sample::{Output, Sample, meta};

const FRAME: Duration = Duration::from_millis(16);
const PROMISE: Duration = Duration::from_millis(100);

#[test]
fn what_was_handed_over_a_tenth_of_a_second_ago_is_written() {
    let output = Output::default();
    let mut writer = Writer::new(output.clone(), &meta()).unwrap();
    let mut handed_over = Vec::new();
    let start = Instant::now();
    for frame in 0..100 {
        let now = start + FRAME * frame;
        let count = u64::from(frame * 7 % 5);
        for _ in 0..count {
            handed_over.push(now);
        }
        let events = vec![mark("again"); count as usize];
        writer.write(&events).unwrap();
        writer.tick(now).unwrap();
        let written = Session::read(&output.bytes()).unwrap().events.len();
        let due = handed_over
            .iter()
            .filter(|at| now - **at >= PROMISE)
            .count();
        assert!(written >= due, "{written} of {due} at frame {frame}");
    }
    // A block a frame would be mostly headers.
    let bytes = output.bytes();
    let blocks = bytes
        .windows(4)
        .filter(|bytes| *bytes == b"\xffblk")
        .count();
    assert!((15..40).contains(&blocks), "{blocks} blocks");
}

#[test]
fn a_tick_that_comes_late_writes_at_once() {
    let output = Output::default();
    let mut writer = Writer::new(output.clone(), &meta()).unwrap();
    let start = Instant::now();
    writer.tick(start).unwrap();
    writer.write(&[mark("hello")]).unwrap();
    writer.tick(start + PROMISE).unwrap();
    let session = Session::read(&output.bytes()).unwrap();
    assert_eq!(session.events, [mark("hello")]);
}

#[test]
fn a_writer_that_is_dropped_writes_what_is_left() {
    let output = Output::default();
    let mut writer = Writer::new(output.clone(), &meta()).unwrap();
    writer.write(&[mark("hello")]).unwrap();
    drop(writer);
    let session = Session::read(&output.bytes()).unwrap();
    assert_eq!(session.events, [mark("hello")]);
    assert_eq!(session.damage, [Damage::NoEnd]);
}

/// Set for the process that records until it is killed: the path of its log.
const VICTIM: &str = "ASYNCLINE_TEST_VICTIM";

/// Not a test by itself: what the killed process does. Each frame it hands over some events, and prints the time of
/// its clock, in milliseconds, and how many events it has handed over.
#[test]
fn victim() {
    let Some(path) = env::var_os(VICTIM) else {
        return;
    };
    let mut writer = Writer::create(path, &meta()).unwrap();
    let start = Instant::now();
    let mut handed_over = 0;
    for frame in 0.. {
        let events: Vec<_> = (0..u64::from(frame % 4))
            .map(|index| noted(handed_over + index))
            .collect();
        writer.write(&events).unwrap();
        handed_over += events.len() as u64;
        let elapsed = FRAME * frame;
        writer.tick(start + elapsed).unwrap();
        let line = format!("victim {} {handed_over}\n", elapsed.as_millis());
        io::stdout().write_all(line.as_bytes()).unwrap();
    }
}

#[test]
fn after_kill_9_all_but_the_last_tenth_of_a_second_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("killed.aline");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "recording::victim", "--nocapture"])
        .env(VICTIM, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let mut said: Vec<_> = lines
        .by_ref()
        .filter_map(|line| report(&line))
        .take(500)
        .collect();
    child.kill().unwrap();
    said.extend(lines.filter_map(|line| report(&line)));
    child.wait().unwrap();

    let mut session = Session::open(&path).unwrap();
    session
        .events
        .retain(|event| !matches!(event.kind, EventKind::Lost { .. }));
    let (last, _) = *said.last().unwrap();
    let promised = said.iter().rfind(|(at, _)| last - at >= 100).unwrap().1;
    let written = session.events.len() as u64;
    assert!(written >= promised, "{written} events of {promised}");
    let expected: Vec<_> = (0..written).map(noted).collect();
    assert!(session.events == expected, "they are not those handed over");
    assert!(
        matches!(session.damage[..], [Damage::NoEnd | Damage::Torn { .. }]),
        "{:?}",
        session.damage
    );
}

/// A line of the victim's: its clock, and the events handed over.
fn report(line: &str) -> Option<(u64, u64)> {
    let (_, report) = line.split_once("victim ")?;
    let (at, count) = report.split_once(' ')?;
    Some((at.parse().ok()?, count.parse().ok()?))
}

/// The event with this number.
fn noted(number: u64) -> Event {
    Event {
        at: Timestamp(number * 1000),
        ..mark("a line")
    }
}

/// A disk on which so many bytes are free.
struct Disk {
    output: Output,
    free: usize,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fitting = bytes.len().min(self.free);
        if fitting == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.free -= fitting;
        self.output.write(&bytes[..fitting])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_the_recording_with_one_error() {
    let sample = Sample::new(3, 4);
    let beginning = sample.blocks[0].end;
    for free in 0..sample.bytes.len() {
        let output = Output::default();
        let disk = Disk {
            output: output.clone(),
            free,
        };
        let mut errors = Vec::new();
        match Writer::new(disk, &sample.meta) {
            Err(error) => {
                assert!(free < beginning, "{error}");
                continue;
            }
            Ok(mut writer) => {
                for events in &sample.events {
                    errors.extend(writer.write(events).err());
                    errors.extend(writer.flush().err());
                    assert_eq!(writer.is_recording(), errors.is_empty());
                }
                errors.extend(writer.finish().err());
            }
        }
        assert_eq!(errors.len(), 1, "with {free} bytes free");
        assert_eq!(
            errors[0].to_string(),
            "cannot write the session log: the disk is full"
        );
        assert_eq!(output.bytes(), sample.bytes[..free]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_from_the_start_is_told() {
    let error = Writer::create("/dev/full", &meta()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot write /dev/full: the disk is full"
    );
}

#[test]
fn a_recording_makes_its_directories_and_overwrites_only_sessions() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/c.aline");
    for text in ["first", "second"] {
        let mut writer = Writer::create(&path, &meta()).unwrap();
        writer.write(&[mark(text)]).unwrap();
        writer.finish().unwrap();
        assert_eq!(Session::open(&path).unwrap().events, [mark(text)]);
    }

    let program = directory.path().join("main.rs");
    fs::write(&program, "fn main() {}").unwrap();
    let error = Writer::create(&program, &meta()).unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
    assert_eq!(fs::read_to_string(&program).unwrap(), "fn main() {}");

    let error = Writer::create(program.join("c.aline"), &meta()).unwrap_err();
    let line = error.to_string();
    let why = "a part of its path is not a directory";
    assert!(line.ends_with(why), "{line}");
}
