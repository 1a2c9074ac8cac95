//! Journals on the command line: the recording that is kept beside one, repair, and damage. The journals are written by hand,
//! after `docs/format.md`.

#![cfg(feature = "app")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use asyncline::event::{Event, EventKind};
use asyncline::recording::{self, Session, Store};
use asyncline::tui::show::Show;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;

const WORDS: u8 = 2;
const TIME: u8 = 6;
const END: u8 = 7;

/// Polls in a block of words.
const POLLS: u64 = 1000;

/// A journal that grows block by block.
struct Journal {
    bytes: Vec<u8>,
    blocks: u64,
    /// Where each block begins.
    places: Vec<usize>,
    events: u64,
    tick: u64,
}

/// What a block's header says besides its number and its payload.
#[derive(Default)]
struct Of {
    kind: u8,
    count: u32,
    before: u64,
    tick: u64,
}

impl Journal {
    /// One with a task, which is polled so often.
    fn of(polls: u64) -> Self {
        Self::titled(*b"hand", polls)
    }

    fn titled(title: [u8; 4], polls: u64) -> Self {
        let mut bytes = b"\x89ajln\r\n\x1a\x01\0\0\0".to_vec();
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        let mut journal = Self {
            bytes,
            blocks: 0,
            places: Vec::new(),
            events: 0,
            tick: 0,
        };
        journal.block(
            &Of {
                kind: 1,
                ..Of::default()
            },
            &[b"\x01\x04", &title[..], b"\x03\x011"].concat(),
        );
        let template = b"\x04task\x01\0\0\0";
        journal.block(
            &Of {
                kind: 4,
                count: 1,
                ..Of::default()
            },
            template,
        );
        journal.words(&[0x11 | 1 << 32, 0], 1);
        journal.polls(polls);
        journal
    }

    fn block(&mut self, of: &Of, payload: &[u8]) {
        self.places.push(self.bytes.len());
        let mut header = b"\xffjrn".to_vec();
        header.extend([of.kind, 0, 0, 0]);
        header.extend(self.blocks.to_le_bytes());
        header.extend(0_u32.to_le_bytes());
        header.extend(of.count.to_le_bytes());
        header.extend(of.before.to_le_bytes());
        header.extend(of.tick.to_le_bytes());
        header.extend((payload.len() as u32).to_le_bytes());
        header.extend(crc32c::crc32c(payload).to_le_bytes());
        header.extend(crc32c::crc32c(&header).to_le_bytes());
        self.bytes.extend(header);
        self.bytes.extend(payload);
        self.blocks += 1;
    }

    fn words(&mut self, words: &[u64], count: u32) {
        let payload: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let (before, tick) = (self.events, self.tick);
        self.block(
            &Of {
                kind: WORDS,
                count,
                before,
                tick,
            },
            &payload,
        );
        self.events += u64::from(count);
    }

    /// Polls the task, a microsecond each.
    fn polls(&mut self, polls: u64) {
        for from in (0..polls).step_by(POLLS as usize) {
            let polls = POLLS.min(polls - from);
            let poll = [3 | 500 << 5 | 1 << 32, 4 | 500 << 5 | 1 << 32];
            let words = poll.repeat(polls as usize);
            self.words(&words, 2 * polls as u32);
            self.tick += 1000 * polls;
            let tick = self.tick + 1;
            self.block(
                &Of {
                    kind: TIME,
                    tick,
                    ..Of::default()
                },
                &[],
            );
        }
    }

    fn end(mut self) -> Self {
        self.block(
            &Of {
                kind: END,
                ..Of::default()
            },
            &[],
        );
        self
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn journal(&self, journal: &Journal) -> PathBuf {
        let path = self.0.path().join("app.aline");
        fs::write(&path, &journal.bytes).unwrap();
        path
    }

    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

fn asyncline(arguments: &[&str], file: &Path) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("asyncline"));
    command.args(arguments).arg(file).stdin(Stdio::null());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn info(file: &Path) -> String {
    let output = asyncline(&["session", "info"], file);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    text(&output.stdout).to_owned()
}

fn has_line(text: &str, label: &str, value: &str) -> bool {
    let mut lines = text.lines();
    lines.any(|line| line.starts_with(label) && line.contains(value))
}

fn beside(journal: &Path) -> PathBuf {
    journal.with_file_name("app.aline.index")
}

#[test]
fn a_journals_recording_is_kept_beside_it() {
    let folder = Folder::new();
    let path = folder.journal(&Journal::of(30_000).end());
    let first = info(&path);
    assert!(has_line(&first, "events", "60001, 8."), "{first}");
    assert!(has_line(&first, "journal", "format 1"), "{first}");
    assert!(has_line(&first, "state", "complete"), "{first}");
    assert_eq!(folder.files(), ["app.aline", "app.aline.index"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(beside(&path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let kept = fs::read(beside(&path)).unwrap();
    let made = fs::metadata(beside(&path)).unwrap().modified().unwrap();
    assert_eq!(info(&path), first);
    let text = asyncline(&["replay", "--text"], &path);
    assert_eq!(text.status.code(), Some(0), "{text:?}");
    let after = fs::metadata(beside(&path)).unwrap().modified().unwrap();
    assert_eq!(
        (fs::read(beside(&path)).unwrap(), after),
        (kept, made),
        "it is not made twice"
    );
    let [journal, recording] =
        [path.clone(), beside(&path)].map(|path| Session::open(path).unwrap());
    assert_eq!(journal, recording);
}

#[test]
fn a_journal_that_has_changed_is_read_anew() {
    let folder = Folder::new();
    let mut journal = Journal::of(10);
    let path = folder.journal(&journal);
    assert!(has_line(&info(&path), "events", "21,"));
    journal.polls(10);
    folder.journal(&journal);
    assert!(has_line(&info(&path), "events", "41,"), "it has grown");
    let last = journal.places.len() - 2;
    let one_longer = journal.places[last] + 52 + 8;
    journal.bytes[one_longer] ^= 1;
    folder.journal(&journal);
    let other = info(&path);
    assert!(has_line(&other, "lost", "20"), "{other}");
    fs::write(beside(&path), "no recording").unwrap();
    assert_eq!(info(&path), other);
    let copy = fs::read(beside(&path)).unwrap();
    fs::write(beside(&path), &copy[..copy.len() - 52]).unwrap();
    assert_eq!(info(&path), other, "half a recording is none");
    assert_eq!(fs::read(beside(&path)).unwrap(), copy);
}

#[test]
fn what_a_killed_viewer_left_is_replaced() {
    let folder = Folder::new();
    let path = folder.journal(&Journal::of(10).end());
    fs::write(folder.0.path().join("app.aline.index.part"), "half").unwrap();
    info(&path);
    assert_eq!(folder.files(), ["app.aline", "app.aline.index"]);
}

/// Here a directory is in the way; it may also be that the journal's cannot be written.
#[test]
fn where_nothing_can_be_kept_a_temporary_file_is_used() {
    let (folder, temporary) = (Folder::new(), Folder::new());
    let path = folder.journal(&Journal::of(10).end());
    fs::create_dir(folder.0.path().join("app.aline.index.part")).unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("asyncline"));
    command.args(["session", "info"]).arg(&path);
    let output = command.env("TMPDIR", temporary.0.path()).output().unwrap();
    assert!(
        has_line(text(&output.stdout), "events", "21,"),
        "{output:?}"
    );
    assert_eq!(folder.files(), ["app.aline", "app.aline.index.part"]);
    assert_eq!(temporary.files(), [""; 0]);
}

#[test]
fn what_is_kept_beside_a_journal_is_no_session_of_its_own() {
    let folder = Folder::new();
    let path = folder.journal(&Journal::of(10).end());
    info(&path);
    let listed = Store::at(folder.0.path()).list();
    let listed: Vec<_> = listed.into_iter().map(|it| (it.path, it.title)).collect();
    assert_eq!(listed, [(path, "hand".into())]);
}

#[test]
fn a_journal_that_a_program_writes_is_not_replaced() {
    let folder = Folder::new();
    let mut journal = Journal::of(10);
    let path = folder.journal(&journal);
    let (done, stop) = std::sync::mpsc::channel();
    let written = path.clone();
    let program = std::thread::spawn(move || {
        let mut file = fs::File::options().append(true).open(written).unwrap();
        while stop.recv_timeout(Duration::from_millis(10)).is_err() {
            let before = journal.bytes.len();
            journal.polls(1);
            file.write_all(&journal.bytes[before..]).unwrap();
        }
    });
    let output = asyncline(&["repair"], &path);
    done.send(()).unwrap();
    program.join().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        text(&output.stderr).contains("a program still writes"),
        "{output:?}"
    );
    assert_eq!(folder.files(), ["app.aline"]);
}

#[test]
fn a_journals_damage_is_shown_each_time() {
    let folder = Folder::new();
    let mut journal = Journal::of(3000);
    // The second block of polls, and what comes after the third.
    let second = journal.places[5];
    assert_eq!(journal.bytes[second + 4], WORDS);
    journal.bytes[second + 60] ^= 1;
    journal.bytes.extend(b"\xffjrn is torn");
    let path = folder.journal(&journal);
    let first = info(&path);
    let size = 52 + 16 * POLLS;
    let skipped = format!("{size} bytes from byte {second} on cannot be read: 2000 events lost");
    assert!(has_line(&first, "state", &skipped), "{first}");
    assert!(
        has_line(&first, "state", "its last 12 bytes cannot be read"),
        "{first}"
    );
    assert!(has_line(&first, "lost", "2000"), "{first}");
    assert_eq!(first.matches("state").count(), 2, "{first}");
    assert_eq!(info(&path), first);
    let replayed = asyncline(&["replay", "--text"], &path);
    assert_eq!(text(&replayed.stderr).lines().count(), 2, "{replayed:?}");
}

#[test]
fn a_journal_becomes_a_recording() {
    let folder = Folder::new();
    let path = folder.journal(&Journal::of(30_000).end());
    let before = Session::open(&path).unwrap();
    info(&path);
    let repaired = asyncline(&["repair"], &path);
    assert_eq!(repaired.status.code(), Some(0), "{repaired:?}");
    assert_eq!(text(&repaired.stderr), "");
    let line = text(&repaired.stdout);
    assert!(line.contains("it holds 60001 events, "), "{line}");
    assert!(line.ends_with(" bytes each instead of 8.06\n"), "{line}");
    assert_eq!(folder.files(), ["app.aline"]);
    assert_eq!(Session::open(&path).unwrap(), before);
    let info = info(&path);
    assert!(!info.contains("journal"), "{info}");
    assert!(has_line(&info, "state", "complete"), "{info}");
    let again = asyncline(&["repair"], &path);
    assert!(
        text(&again.stdout).contains("nothing to repair"),
        "{again:?}"
    );
}

#[test]
fn a_repaired_journal_has_an_end_and_its_damage() {
    let folder = Folder::new();
    let mut journal = Journal::of(2000);
    let first = journal.places[3];
    journal.bytes[first + 60] ^= 1;
    let path = folder.journal(&journal);
    let repaired = asyncline(&["repair"], &path);
    assert_eq!(repaired.status.code(), Some(0), "{repaired:?}");
    assert_eq!(text(&repaired.stderr).lines().count(), 1, "{repaired:?}");
    let info = info(&path);
    assert!(has_line(&info, "state", "2000 events lost"), "{info}");
    assert!(!info.contains("no end"), "{info}");
}

#[test]
fn no_journal_at_all_is_told_in_one_line() {
    let folder = Folder::new();
    let whole = Journal::of(10).end();
    let mut newer = whole.bytes[..12].to_vec();
    newer[8] = 9;
    newer.extend(crc32c::crc32c(&newer).to_le_bytes());
    newer.extend(&whole.bytes[16..]);
    let headless = [&whole.bytes[..8], &[0; 80]].concat();
    for (bytes, why) in [
        (
            newer,
            "its format is version 9, this program reads version 1",
        ),
        (headless, "nothing in it is readable"),
        (whole.bytes[..15].to_vec(), "nothing in it is readable"),
    ] {
        let path = folder.journal(&Journal {
            bytes,
            ..Journal::of(0)
        });
        for command in [&["session", "info"][..], &["replay", "--text"], &["repair"]] {
            let output = asyncline(command, &path);
            assert_eq!(output.status.code(), Some(2), "{output:?}");
            let line = text(&output.stderr);
            assert!(line.contains(why) && line.lines().count() == 1, "{line}");
        }
        assert!(Session::open(&path).is_err());
        assert_eq!(folder.files(), ["app.aline"]);
    }
}

/// Cuts and merges are made of journals as of recordings.
#[test]
fn journals_are_cut_and_merged() {
    let folder = Folder::new();
    let path = folder.journal(&Journal::of(1000).end());
    let into = folder.0.path().join("part.aline");
    let cut = Command::new(assert_cmd::cargo::cargo_bin!("asyncline"))
        .args(["session", "cut", "--from", "50%"])
        .args([&path, &into])
        .output()
        .unwrap();
    assert_eq!(cut.status.code(), Some(0), "{cut:?}");
    let polled = |event: &&Event| matches!(event.kind, EventKind::PollStarted { .. });
    let part = Session::open(&into).unwrap();
    assert_eq!(part.events.iter().filter(polled).count(), 500);
    let merged = Command::new(assert_cmd::cargo::cargo_bin!("asyncline"))
        .args(["session", "merge"])
        .args([&path, &path])
        .arg("--into")
        .arg(&into)
        .output()
        .unwrap();
    assert_eq!(merged.status.code(), Some(0), "{merged:?}");
    assert_eq!(Session::open(&into).unwrap().events.len(), 2 * 2001);
}

/// Takes in what is read until so many events are shown.
fn wait_for(show: &mut Show, events: u64) {
    while show.place() != events {
        show.tick();
        show.take();
        std::thread::yield_now();
    }
}

const SIZE: Size = Size {
    width: 100,
    height: 30,
};

#[test]
fn a_large_journal_is_shown_while_it_is_read() {
    let folder = Folder::new();
    let journal = Journal::of(150_000).end();
    let path = folder.journal(&journal);
    let mut show = Show::open(&path, false, SIZE).unwrap();
    let first = show.place();
    assert!(first > 0 && first < journal.events, "a first part: {first}");
    assert_eq!(folder.files(), ["app.aline", "app.aline.index.part"]);
    wait_for(&mut show, journal.events);
    while folder.files() != ["app.aline", "app.aline.index"] {
        std::thread::yield_now();
    }
    let [journal, recording] =
        [path.clone(), beside(&path)].map(|path| Session::open(path).unwrap());
    assert_eq!(journal, recording);
}

#[test]
fn who_leaves_while_a_journal_is_read_leaves_nothing() {
    let folder = Folder::new();
    let path = folder.journal(&Journal::of(150_000).end());
    let show = Show::open(&path, false, SIZE).unwrap();
    assert_eq!(folder.files(), ["app.aline", "app.aline.index.part"]);
    drop(show);
    let files = folder.files();
    assert!(
        !files.contains(&"app.aline.index.part".to_owned()),
        "{files:?}"
    );
}

#[test]
fn a_journal_is_followed_while_it_grows() {
    let folder = Folder::new();
    let mut journal = Journal::of(10);
    let path = folder.journal(&journal);
    let mut show = Show::open(&path, true, SIZE).unwrap();
    for _ in 0..3 {
        wait_for(&mut show, journal.events);
        let before = journal.bytes.len();
        journal.polls(10);
        let mut file = fs::File::options().append(true).open(&path).unwrap();
        file.write_all(&journal.bytes[before..]).unwrap();
    }
    wait_for(&mut show, journal.events);
    assert_eq!(
        folder.files(),
        ["app.aline"],
        "its recording is never complete"
    );
}

/// Takes in what is read until the screen shows this.
fn wait_for_text(show: &mut Show, text: &str) {
    let mut terminal = Terminal::new(TestBackend::new(SIZE.width, SIZE.height)).unwrap();
    loop {
        show.tick();
        show.take();
        show.draw(&mut terminal).unwrap();
        if terminal.backend().to_string().contains(text) {
            return;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_journal_that_is_replaced_while_it_is_followed_is_shown_from_its_beginning() {
    let folder = Folder::new();
    let path = folder.journal(&Journal::of(10));
    let mut show = Show::open(&path, true, SIZE).unwrap();
    wait_for(&mut show, 21);
    // Its file is cut off and written again: less than before, then more.
    folder.journal(&Journal::of(5));
    wait_for(&mut show, 11);
    wait_for_text(&mut show, "The journal was replaced. This is the new one.");
    folder.journal(&Journal::titled(*b"next", 30));
    wait_for(&mut show, 61);
    // Another file gets its name, and grows.
    let mut last = Journal::of(40);
    let other = folder.0.path().join("other");
    fs::write(&other, &last.bytes).unwrap();
    fs::rename(&other, &path).unwrap();
    wait_for(&mut show, 81);
    let before = last.bytes.len();
    last.polls(10);
    let mut file = fs::File::options().append(true).open(&path).unwrap();
    file.write_all(&last.bytes[before..]).unwrap();
    wait_for(&mut show, 101);
    fs::remove_file(&path).unwrap();
    folder.journal(&Journal::of(1));
    wait_for(&mut show, 3);
    assert_eq!(folder.files(), ["app.aline"]);
    fs::write(&path, "no journal any more").unwrap();
    wait_for_text(&mut show, "another file has its name now");
}

/// Whatever is wrong with a journal, its recording holds the same events and tells the same damage.
#[test]
fn a_damaged_journals_recording_tells_the_same() {
    let folder = Folder::new();
    let whole = Journal::of(2500).end().bytes;
    let cut = (0..whole.len())
        .step_by(487)
        .map(|length| whole[..length].to_vec());
    let flipped = (0..whole.len()).step_by(491).map(|place| {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        bytes
    });
    for bytes in cut.chain(flipped) {
        let path = folder.0.path().join("app.aline");
        fs::write(&path, &bytes).unwrap();
        let read = Session::open(&path);
        let opened = recording::opened(&path);
        let Ok(read) = read else {
            assert!(opened.is_err());
            continue;
        };
        let (events, _) = opened.unwrap();
        let recorded = Session::open(beside(&path)).unwrap();
        assert_eq!(recorded, read);
        assert_eq!(events, read.events.len() as u64);
        assert_eq!(recording::opened(&path).unwrap().0, events);
    }
}
