//! The program in a real pseudo-terminal: started, stepped, recorded, replayed, resized, ended in every way there is.
//! Whatever happens, the terminal is as it was before.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
#![cfg(all(unix, feature = "app"))]

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use asyncline::event::{EventKind, Polled};
use asyncline::recording::{Meta, Session, Store, Writer};
use asyncline::scenario::find;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long a test waits for what has to come. Only a program that is broken makes it wait for so long.
const PATIENCE: Duration = Duration::from_secs(20);

struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    input: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    /// What has come of a frame that is not whole yet.
    partial: Vec<u8>,
    screen: vt100::Parser,
    folder: tempfile::TempDir,
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

impl Terminal {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start_in(folder, arguments)
    }

    fn start_in(folder: tempfile::TempDir, arguments: &[&str]) -> Self {
        let pair = native_pty_system().openpty(size(30, 110)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_asyncline"));
        command.args(arguments);
        command.cwd(folder.path());
        command.env("TERM", "xterm-256color");
        command.env("ASYNCLINE_STATE_DIR", folder.path().join("state"));
        command.env("TMPDIR", folder.path());
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            input: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            output,
            partial: Vec::new(),
            screen: vt100::Parser::new(30, 110, 0),
            folder,
        }
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    fn keys(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    /// Shows the frames that are whole.
    fn take(&mut self, bytes: &[u8]) {
        const END: &[u8] = b"\x1b[?2026l";
        self.partial.extend_from_slice(bytes);
        let ends = self
            .partial
            .windows(END.len())
            .rposition(|window| window == END);
        if let Some(end) = ends {
            let rest = self.partial.split_off(end + END.len());
            self.screen.process(&self.partial);
            self.partial = rest;
        }
    }

    /// Waits until the screen is as wanted.
    #[track_caller]
    fn wait(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if wanted(&text) {
                return text;
            }
            let left = give_up.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(why) => panic!("waited in vain for {what} ({why}); the screen shows:\n{text}"),
            }
        }
    }

    #[track_caller]
    fn wait_for(&mut self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Waits for the program's end: its exit code, and the terminal restored.
    #[track_caller]
    fn end(&mut self) -> u32 {
        while let Ok(bytes) = self.output.recv_timeout(PATIENCE) {
            self.take(&bytes);
        }
        let code = self.child.wait().unwrap().exit_code();
        self.assert_restored();
        code
    }

    /// Everything that has come is shown, and the terminal is as it was before.
    #[track_caller]
    fn assert_restored(&mut self) {
        let partial = std::mem::take(&mut self.partial);
        self.screen.process(&partial);
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "bracketed paste is off");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    }

    /// Waits until the program is stopped, and has given the terminal back.
    #[cfg(target_os = "linux")]
    #[track_caller]
    fn stopped(&mut self) {
        let id = self.child.process_id().unwrap();
        let give_up = Instant::now() + PATIENCE;
        while state(id) != 'T' {
            assert!(Instant::now() < give_up, "it is not stopped");
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(5)) {
                self.take(&bytes);
            }
        }
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(50)) {
            self.take(&bytes);
        }
        self.assert_restored();
        assert!(self.is_canonical(), "lines are edited again");
    }

    /// Whether the terminal hands over lines, and shows what is typed.
    #[cfg(target_os = "linux")]
    fn is_canonical(&self) -> bool {
        const ICANON: u32 = 0o2;
        const ECHO: u32 = 0o10;
        let modes = self.master.get_termios().unwrap().local_flags.bits();
        modes & (ICANON | ECHO) == ICANON | ECHO
    }

    fn signal(&self, signal: &str) {
        let id = self.child.process_id().unwrap().to_string();
        let status = std::process::Command::new("kill")
            .args([signal, &id])
            .status();
        assert!(status.unwrap().success());
    }

    /// The terminal was taken again, and everything is drawn anew.
    #[cfg(target_os = "linux")]
    #[track_caller]
    fn continued(&mut self, text: &str) {
        // Whatever the shell has left there.
        self.screen.process(b"\x1b[2J\x1b[Hjobs");
        self.signal("-CONT");
        let shown = self.wait(text, |screen| {
            screen.contains(text) && !screen.contains("jobs")
        });
        assert!(shown.lines().count() > 20, "{shown}");
        let screen = self.screen.screen();
        assert!(screen.alternate_screen());
        assert_ne!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(!self.is_canonical());
    }

    /// The only recording in the user's store.
    fn recording(folder: &Path) -> Session {
        let sessions: Vec<_> = recordings(&folder.join("state"));
        assert_eq!(sessions.len(), 1);
        Session::open(&sessions[0]).unwrap()
    }
}

fn recordings(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                recordings(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "aline")
        })
        .collect()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// The state of a process: `T` for one that is stopped.
#[cfg(target_os = "linux")]
fn state(process: u32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, rest) = stat.rsplit_once(") ").unwrap();
    rest.chars().next().unwrap()
}

const RIGHT: &str = "\x1b[C";
const LEFT: &str = "\x1b[D";

/// Runs a scenario to its end, fast.
fn ended(arguments: &[&str]) -> Terminal {
    let mut terminal = Terminal::start(arguments);
    terminal.wait_for("before it runs");
    terminal.keys("\r");
    terminal.wait_for("▶ 1×");
    terminal.keys("]]]]]]");
    terminal.wait_for(" ended ");
    terminal
}

#[test]
fn from_the_menu_through_a_question_to_the_lanes_and_back() {
    let mut terminal = Terminal::start(&[]);
    terminal.wait_for("▸ function-vs-coroutine");
    terminal.keys(&"j".repeat(10));
    terminal.wait_for("▸ tasks");
    terminal.keys("\r");
    terminal.wait_for("How long does main take?");
    terminal.keys("\x7f");
    terminal.wait_for("▸ tasks");
    terminal.keys("\r");
    terminal.wait_for("How long does main take?");
    // A number answers at once; enter would then open a detail.
    terminal.keys("2");
    terminal.wait_for("└ task2");
    terminal.keys("?");
    terminal.wait_for("run until the selected task has been polled");
    terminal.keys("?");
    terminal.wait_for("└ task2");
    terminal.keys("\x1b");
    terminal.wait_for("▸ tasks");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// The screen without its first line, which counts the steps, and without the marks of what is selected.
fn moment(screen: &str) -> String {
    screen.lines().skip(1).collect::<Vec<_>>().join("\n")
}

#[test]
fn stepping_forth_and_back_shows_the_same_moments() {
    let mut terminal = ended(&["run", "tasks"]);
    terminal.keys("g");
    let beginning = terminal.wait_for("steps back)");
    let count: usize = steps_back(&beginning);
    assert!(count >= 7, "seven polls and the wakes between them");
    // Once to the present: the lanes take the room that the fullest moment needs, and keep it.
    for left in (1..count).rev() {
        terminal.keys(RIGHT);
        terminal.wait("a step", |screen| steps_back(screen) == left);
    }
    terminal.keys("g");
    let beginning = terminal.wait("the beginning", |screen| steps_back(screen) == count);
    let mut forth = vec![moment(&beginning)];
    for left in (1..count).rev() {
        terminal.keys(RIGHT);
        let screen = terminal.wait("a step", |screen| steps_back(screen) == left);
        forth.push(moment(&screen));
    }
    assert_eq!(
        forth.iter().collect::<std::collections::HashSet<_>>().len(),
        forth.len()
    );
    forth.pop();
    for left in 2..=count {
        terminal.keys(LEFT);
        let screen = terminal.wait("a step back", |screen| steps_back(screen) == left);
        assert_eq!(Some(moment(&screen)), forth.pop(), "{left} steps back");
    }
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// The number in `(3 steps back)`, 0 in the present.
fn steps_back(screen: &str) -> usize {
    let before = screen.split_once(" step").map_or("", |(before, _)| before);
    let number = before.rsplit('(').next().unwrap_or_default();
    number.parse().unwrap_or_default()
}

#[test]
fn speed_and_recording_are_switched_while_it_runs() {
    let mut terminal = Terminal::start(&["run", "tasks", "--no-record"]);
    terminal.wait_for("before it runs");
    terminal.keys("\r");
    terminal.wait_for("▶ 1×");
    terminal.keys("[[");
    terminal.wait_for("▶ 1/4×");
    terminal.keys(" ");
    terminal.wait_for("⏸");
    assert_eq!(recordings(terminal.folder.path()).len(), 0);
    terminal.keys("R");
    terminal.wait_for("● rec");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    let session = Terminal::recording(terminal.folder.path());
    assert_eq!(session.damage, []);
    assert_eq!(
        session.events.first().map(|event| event.at.0),
        Some(0),
        "from the beginning on"
    );
    let last = session.events.last().map(|event| &event.kind);
    assert!(
        matches!(last, Some(EventKind::RuntimeLeft { .. })),
        "to the end"
    );
}

#[test]
fn what_was_recorded_is_replayed_with_the_same_lanes() {
    let mut terminal = ended(&["run", "tasks", "--record", "kept.aline"]);
    let live = terminal.wait_for(" recorded ");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    let folder = std::mem::replace(&mut terminal.folder, tempfile::tempdir().unwrap());
    let lanes = |screen: &str| -> Vec<String> {
        let lines = screen
            .lines()
            .filter(|line| line.contains("task") && line.contains('█'));
        lines.map(|line| line.trim_end().to_owned()).collect()
    };
    let mut terminal = Terminal::start_in(folder, &["replay", "kept.aline"]);
    let replayed = terminal.wait("the lanes", |screen| lanes(screen).len() == 3);
    assert!(replayed.contains("replay"));
    assert_eq!(lanes(&replayed), lanes(&live));
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_panic_in_a_scenario_leaves_the_screen_alone() {
    let mut terminal = Terminal::start(&["run", "panic"]);
    terminal.wait_for("before it runs");
    terminal.keys("\r]]]]]]");
    terminal.wait_for("ended");
    assert!(terminal.screen.screen().alternate_screen());
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn signals_end_the_program_properly() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let mut terminal = Terminal::start(&["run", "deadlock"]);
        terminal.wait_for("before it runs");
        terminal.keys("\r");
        terminal.wait_for("├ alice");
        terminal.signal(signal);
        assert_eq!(terminal.end(), code);
        let session = Terminal::recording(terminal.folder.path());
        assert_eq!(session.damage, [], "the log has its end");

        let mut terminal = Terminal::start(&["run", "deadlock"]);
        terminal.wait_for("before it runs");
        terminal.signal(signal);
        assert_eq!(terminal.end(), code, "before anything runs");
    }
}

#[test]
fn after_a_kill_the_recording_is_there() {
    let mut terminal = Terminal::start(&["run", "tasks"]);
    terminal.wait_for("before it runs");
    terminal.keys("\r");
    // A second, and the tenth of one that may be lost.
    terminal.wait("1.1 s", |screen| {
        let header = screen.lines().next().unwrap_or_default();
        let time = header.split_once("1×").map_or("", |(_, time)| time);
        let mut words = time.split_whitespace();
        let number = words.next().and_then(|number| number.parse().ok());
        words.next() == Some("s") && number.is_some_and(|seconds: f64| seconds > 1.15)
    });
    terminal.signal("-KILL");
    let _ = terminal.child.wait();
    let session = Terminal::recording(terminal.folder.path());
    let result = Polled::Completed;
    let mut kinds = session.events.iter().map(|event| &event.kind);
    let completed = kinds
        .any(|kind| matches!(kind, EventKind::PollEnded { result: end, .. } if *end == result));
    assert!(
        completed,
        "what happened in the first second is in the file"
    );
    assert_eq!(
        session.damage.len(),
        1,
        "only the end is missing: {:?}",
        session.damage
    );
}

#[test]
fn the_newest_fifty_recordings_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path().join("state/sessions"));
    for second in 0..55 {
        let begun = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let meta = Meta::new(format!("number {second}"), "", begun);
        let path = store.new_path("old", begun);
        Writer::create(path, &meta).unwrap().finish().unwrap();
    }
    let mut terminal = Terminal::start_in(folder, &["run", "deadlock"]);
    terminal.wait_for("before it runs");
    terminal.keys("\r");
    terminal.wait_for("├ alice");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    let kept = store.list();
    assert_eq!(kept.len(), 50);
    assert_eq!(kept[0].title, find("deadlock").unwrap().title);
    assert_eq!(kept[49].title, "number 6");
}

#[test]
fn what_cannot_be_recorded_runs_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("state"), "no directory").unwrap();
    let mut terminal = Terminal::start_in(folder, &["run", "tasks"]);
    terminal.wait_for("before it runs");
    terminal.keys("\r");
    terminal.wait_for("Not recorded: a part of its path is not a directory");
    terminal.keys("]]]]]]");
    terminal.wait_for(" ended ");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn any_size_is_drawn() {
    let mut terminal = Terminal::start(&["run", "gather"]);
    terminal.wait_for("before it runs");
    terminal.keys("\r");
    terminal.wait_for("say_after");
    for (rows, cols) in [(24, 80), (10, 40), (3, 20), (1, 1), (50, 200), (30, 110)] {
        terminal.master.resize(size(rows, cols)).unwrap();
        terminal.screen.screen_mut().set_size(rows, cols);
        terminal.keys("j");
    }
    terminal.wait_for("say_after");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// An example, which cargo builds before the tests and puts beside them.
fn example(name: &str) -> String {
    let here = std::env::current_exe().unwrap();
    let built = here.parent().and_then(Path::parent).unwrap();
    built.join("examples").join(name).display().to_string()
}

#[test]
fn a_program_that_is_begun_is_seen_held_stepped_and_ended() {
    let echo = example("echo");
    let arguments = [
        "exec",
        "--",
        &echo,
        "--clients",
        "3",
        "--rounds",
        "10000000",
    ];
    let mut terminal = Terminal::start(&arguments);
    terminal.wait("its lanes", |screen| {
        screen.contains("live") && screen.contains("connection")
    });
    terminal.keys(" ");
    let held = terminal.wait_for("held");
    assert!(held.contains("output"), "{held}");
    terminal.keys("o");
    terminal.wait_for("events ─");
    terminal.keys(".");
    terminal.wait_for("held");
    terminal.keys(" ");
    terminal.wait_for("live");
    terminal.keys("q");
    assert_eq!(terminal.end(), 128 + 15, "it is asked to end");
}

#[test]
fn a_program_that_ends_is_looked_at_in_peace() {
    let stall = example("stall");
    let mut terminal = Terminal::start(&["exec", "--", &stall]);
    let ended = terminal.wait("its end", |screen| {
        screen.contains("ended") && screen.contains("The program has ended")
    });
    assert!(
        ended.contains("1 finding") && ended.contains("ms late"),
        "{ended}"
    );
    terminal.keys("F");
    terminal.wait_for("login held its thread");
    terminal.keys("qq");
    assert_eq!(terminal.end(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_is_stopped_gives_the_terminal_back_and_comes_back_redrawn() {
    let mut terminal = Terminal::start(&["run", "deadlock"]);
    terminal.wait_for("before it runs");
    terminal.signal("-TSTP");
    terminal.stopped();
    terminal.continued("before it runs");
    terminal.keys("\r");
    terminal.wait_for("├ alice");
    for _ in 0..3 {
        terminal.keys("\x1a");
        terminal.stopped();
        // It was in the background when the window got another size.
        terminal.master.resize(size(30, 100)).unwrap();
        terminal.screen.screen_mut().set_size(30, 100);
        terminal.continued("├ alice");
    }
    // Whoever stops it in a way that it does not see may have left anything on the screen.
    terminal.signal("-STOP");
    terminal.continued("├ alice");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// The programs that a process has begun.
#[cfg(target_os = "linux")]
fn children(process: u32) -> Vec<u32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let numbers = std::fs::read_to_string(path).unwrap();
    let numbers = numbers.split_whitespace();
    numbers.map(|number| number.parse().unwrap()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_was_begun_is_stopped_and_continued_with_its_viewer() {
    let echo = example("echo");
    let arguments = ["exec", "--", &echo, "--rounds", "10000000"];
    let mut terminal = Terminal::start(&arguments);
    terminal.wait_for("connection");
    terminal.keys(" ");
    terminal.wait_for("held");
    let program = children(terminal.child.process_id().unwrap());
    assert_eq!(program.len(), 1);
    terminal.keys("\x1a");
    terminal.stopped();
    let give_up = Instant::now() + PATIENCE;
    while state(program[0]) != 'T' {
        assert!(Instant::now() < give_up, "the program is not stopped");
        std::thread::sleep(Duration::from_millis(5));
    }
    // The viewer alone is continued, and sees to its program; what it held, it holds.
    terminal.continued("held");
    terminal.keys(" ");
    terminal.wait_for("live");
    terminal.keys("q");
    assert_eq!(terminal.end(), 128 + 15);
}

/// The temporary files of viewers.
fn spools(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_recording = |name: &String| {
        Path::new(name)
            .extension()
            .is_some_and(|end| end == "aline")
    };
    names.filter(is_recording).collect()
}

#[test]
fn what_a_killed_viewer_left_is_removed_by_the_next_one() {
    let echo = example("echo");
    let arguments = ["exec", "--", &echo, "--rounds", "10000000"];
    let mut terminal = Terminal::start(&arguments);
    terminal.wait_for("connection");
    let left = spools(terminal.folder.path());
    assert_eq!(left.len(), 1);
    terminal.signal("-KILL");
    terminal.child.wait().unwrap();
    let folder = std::mem::replace(&mut terminal.folder, tempfile::tempdir().unwrap());
    assert_eq!(spools(folder.path()), left);
    let mut terminal = Terminal::start_in(folder, &arguments);
    terminal.wait_for("connection");
    let used = spools(terminal.folder.path());
    assert_eq!(used.len(), 1);
    assert_ne!(used, left);
    terminal.keys("q");
    assert_eq!(terminal.end(), 128 + 15);
    assert!(spools(terminal.folder.path()).is_empty());
}
