//! Where a recording goes, as the environment says: this binary runs itself as a program that is observed, or not.
//!
//! It has no test harness, since that would keep the first thread to itself.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

mod itself;

use std::cell::RefCell;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Output, exit};
use std::time::{Duration, Instant};

use asyncline::event::{Event, EventKind, Flavor};
use asyncline::insight::{self, FindingKind};
use asyncline::recording::{Damage, Session};
use asyncline::timeline::{LaneKind, State};
use asyncline::{Executor, Timeline, output, spawn_named, task};
use itself::PROGRAM;
use tokio::runtime::Runtime;

/// A path that it is told.
const PATH: &str = "ASYNCLINE_TEST_PATH";

const TESTS: &[(&str, fn())] = &[
    (
        "nothing_is_recorded_unless_asked",
        nothing_is_recorded_unless_asked,
    ),
    (
        "what_is_wrong_is_told_in_one_line",
        what_is_wrong_is_told_in_one_line,
    ),
    #[cfg(unix)]
    (
        "what_is_not_understood_opens_nothing",
        what_is_not_understood_opens_nothing,
    ),
    (
        "a_program_is_recorded_into_a_file",
        a_program_is_recorded_into_a_file,
    ),
    (
        "all_runtimes_are_one_recording",
        all_runtimes_are_one_recording,
    ),
    (
        "what_is_there_is_not_overwritten",
        what_is_there_is_not_overwritten,
    ),
    ("a_process_may_exit_anywhere", a_process_may_exit_anywhere),
    (
        "what_a_threads_variables_hold_is_recorded_to_its_end",
        what_a_threads_variables_hold,
    ),
    ("many_runtimes_are_one_whole_file", many_runtimes),
    ("a_process_may_be_killed", a_process_may_be_killed),
    (
        "time_passes_while_nothing_happens",
        time_passes_while_nothing_happens,
    ),
    ("a_poll_that_never_ends_is_seen", a_poll_that_never_ends),
    #[cfg(unix)]
    ("a_path_need_not_be_text", a_path_need_not_be_text),
    #[cfg(unix)]
    ("a_file_may_be_too_large", a_file_may_be_too_large),
    #[cfg(target_os = "linux")]
    ("there_may_be_no_room_at_all", there_may_be_no_room_at_all),
    #[cfg(unix)]
    ("there_may_be_few_descriptors", there_may_be_few_descriptors),
    ("a_program_says_itself_where", a_program_says_itself_where),
    (
        "a_runtime_that_was_there_is_seen",
        a_runtime_that_was_there_is_seen,
    ),
    ("a_panic_leaves_a_whole_file", a_panic_leaves_a_whole_file),
    #[cfg(unix)]
    (
        "a_socket_takes_the_place_of_nothing_but_a_dead_one",
        a_socket_takes_the_place_of_nothing_but_a_dead_one,
    ),
    #[cfg(unix)]
    (
        "nothing_is_made_in_another_users_runtime_directory",
        nothing_is_made_in_another_users_runtime_directory,
    ),
];

fn main() -> ExitCode {
    itself::main(TESTS, |program| {
        run(program);
        ExitCode::SUCCESS
    })
}

/// The programs.
fn run(program: &str) {
    match program {
        "adds" => println!("{}", adds()),
        "adds locally" => println!("{}", adds_locally()),
        "several" => several(),
        "many" => (0..300).for_each(|_| assert_eq!(adds(), 2)),
        "keeps its runtime" => keeps_its_runtime(),
        "keeps its runtime late" => keeps_its_runtime_late(),
        "keeps local tasks" => keeps_local_tasks(),
        "exits" => exits(),
        "exits in a task" => exits_in_a_task(),
        "waits" => waits(),
        "hangs" => hangs(),
        "is full" => is_full(),
        "says itself where" => says_itself_where(),
        "wraps" => wraps(),
        "panics" => panics(),
        "begins another" => begins_another(),
        "says who listens" => says_who_listens(),
        other => panic!("{other} is no program"),
    }
}

#[asyncline::main(worker_threads = 2)]
async fn adds() -> u32 {
    let task = spawn_named("adds one", async { 1 });
    task.await.unwrap() + 1
}

#[asyncline::main(flavor = "local")]
async fn adds_locally() -> u32 {
    let one = std::rc::Rc::new(1);
    let task = task::spawn_local(async move { *one });
    task.await.unwrap() + 1
}

fn several() {
    assert_eq!(adds(), 2);
    let first = Executor::builder().observe().unwrap();
    let second = Executor::builder().observe().unwrap();
    first.block_on(async { spawn_named("first", async {}).await.unwrap() });
    second.block_on(async { spawn_named("second", async {}).await.unwrap() });
    drop((first, second));
    assert_eq!(adds_locally(), 2);
}

async fn leaves_a_task() {
    spawn_named("never ends", std::future::pending::<()>());
    task::yield_now().await;
}

fn keeps_its_runtime() {
    thread_local! {
        static RUNTIME: Executor = Executor::builder().observe().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(leaves_a_task()));
}

/// The variable is there before anything is recorded, and is dropped after what that needs.
fn keeps_its_runtime_late() {
    thread_local! {
        static RUNTIME: RefCell<Option<Executor>> = const { RefCell::new(None) };
    }
    RUNTIME.with(|kept| {
        let runtime = Executor::builder().observe().unwrap();
        runtime.block_on(leaves_a_task());
        *kept.borrow_mut() = Some(runtime);
    });
}

fn keeps_local_tasks() {
    thread_local! {
        static TASKS: task::LocalSet = task::LocalSet::new();
    }
    TASKS.with(|tasks| {
        let runtime = Executor::builder().observe().unwrap();
        tasks.spawn_local(std::future::pending::<()>());
        runtime.block_on(tasks.run_until(async {
            task::spawn_local(std::future::pending::<()>());
            task::yield_now().await;
        }));
    });
}

#[asyncline::main(flavor = "current_thread")]
async fn exits() {
    spawn_named("before", async {}).await.unwrap();
    exit(7);
}

#[asyncline::main(worker_threads = 1)]
async fn exits_in_a_task() {
    spawn_named("before", async {}).await.unwrap();
    let never = spawn_named("exits", async { exit(7) });
    never.await.unwrap();
}

#[asyncline::main(flavor = "current_thread")]
async fn waits() {
    spawn_named("before", async {}).await.unwrap();
    std::future::pending::<()>().await;
}

#[asyncline::main(flavor = "current_thread")]
async fn hangs() {
    loop {
        std::thread::park();
    }
}

#[asyncline::main(flavor = "current_thread")]
async fn is_full() {
    for number in 0..20_000 {
        let name = format!("task {number}, whose name takes up room that is not there");
        spawn_named(name, async {}).await.unwrap();
        if number % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    println!("done");
}

fn says_itself_where() {
    let path = env::var_os(PATH).unwrap();
    let executors = [(); 2].map(|()| Executor::builder().record_to(&path).unwrap());
    for executor in &executors {
        executor.block_on(async { spawn_named("task", async {}).await.unwrap() });
    }
}

fn wraps() {
    for runtime in [
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap(),
        Runtime::new().unwrap(),
    ] {
        let executor = Executor::wrap(runtime);
        let slept = executor.block_on(async {
            let sleeps = tokio::time::sleep(Duration::from_millis(1));
            let task = spawn_named("sleeps", sleeps);
            task.await.unwrap();
            3
        });
        println!("{slept}");
    }
}

#[asyncline::main(flavor = "current_thread")]
async fn panics() {
    spawn_named("before", async {}).await.unwrap();
    panic!("on purpose");
}

#[asyncline::main(flavor = "current_thread")]
async fn begins_another() {
    spawn_named("outer", async {}).await.unwrap();
    let mut inner = Command::new(env::current_exe().unwrap());
    let output = inner.env(PROGRAM, "adds").output().unwrap();
    assert!(output.status.success());
}

fn command(program: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(PROGRAM, program).env_remove(output::VARIABLE);
    command
}

/// Runs a program that is recorded into a new file; the file, and what it printed.
fn recorded(program: &str) -> (tempfile::TempDir, PathBuf, Output) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("program.aline");
    let output = command(program)
        .env(output::VARIABLE, format!("file:{}", path.display()))
        .output()
        .unwrap();
    (directory, path, output)
}

fn assert_says(output: &Output, code: i32, stdout: &str, stderr: &str) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = (text(&output.stdout), text(&output.stderr));
    assert_eq!(said, (stdout.into(), stderr.into()));
    assert_eq!(output.status.code(), Some(code));
}

fn names(session: &Session) -> Vec<String> {
    let timeline: Timeline = session.events.iter().collect();
    let tasks = timeline.lanes().filter(|lane| lane.is_task());
    tasks.map(|lane| lane.name.to_string()).collect()
}

fn opened(path: &Path) -> Session {
    let session = Session::open(path).unwrap();
    assert_eq!(session.damage, [], "{} is whole", path.display());
    session
}

fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn nothing_is_recorded_unless_asked() {
    let directory = tempfile::tempdir().unwrap();
    for value in [None, Some(""), Some("off")] {
        let mut command = command("adds");
        command
            .current_dir(&directory)
            .envs(value.map(|value| (output::VARIABLE, value)));
        assert_says(&command.output().unwrap(), 0, "2\n", "");
    }
    assert_eq!(files(directory.path()), [""; 0]);
}

fn what_is_wrong_is_told_in_one_line() {
    let nowhere = env::current_exe().unwrap().join("below/a/file.aline");
    let nowhere = nowhere.display().to_string();
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().display().to_string();
    for (value, why) in [
        (
            "on",
            "in ASYNCLINE, `on` is neither `off`, `file:PATH`, `live` nor `live:SOCKET`".to_owned(),
        ),
        (
            "file:",
            "in ASYNCLINE, `file:` is not followed by a path".to_owned(),
        ),
        (
            &*format!("file:{nowhere}"),
            format!("cannot write {nowhere}: a part of its path is not a directory"),
        ),
        ("file:/", "in ASYNCLINE, `file:/` names no file".to_owned()),
        (
            "file:..",
            "in ASYNCLINE, `file:..` names no file".to_owned(),
        ),
        (
            &*format!("file:{directory}"),
            format!("cannot write {directory}: it is a directory"),
        ),
    ] {
        let output = command("adds").env(output::VARIABLE, value).output();
        let line = format!("asyncline: nothing is recorded: {why}\n");
        assert_says(&output.unwrap(), 0, "2\n", &line);
    }
}

fn a_program_is_recorded_into_a_file() {
    let (_directory, path, output) = recorded("adds");
    assert_says(&output, 0, "2\n", "");
    let session = opened(&path);
    assert_eq!(names(&session), ["adds", "adds one"]);
    let timeline: Timeline = session.events.iter().collect();
    assert!(timeline.lanes().all(|lane| lane.state() == State::Done));
    let flavors = session.events.iter().find_map(|event| match event.kind {
        EventKind::RuntimeEntered { flavor, .. } => Some(flavor),
        _ => None,
    });
    assert_eq!(flavors, Some(Flavor::MultiThread { workers: 2 }));
    let site = timeline
        .lanes()
        .find(|lane| lane.name == "adds")
        .unwrap()
        .site
        .clone();
    assert!(site.unwrap().file.raw().ends_with("output.rs"));
    assert!(session.meta.title.raw().starts_with("output"));
}

fn all_runtimes_are_one_recording() {
    let (directory, path, output) = recorded("several");
    assert_says(&output, 0, "", "");
    let session = opened(&path);
    let names = names(&session);
    for name in ["adds", "first", "second", "adds_locally"] {
        assert!(
            names.iter().any(|known| known == name),
            "{name} of {names:?}"
        );
    }
    let count = |is: fn(&EventKind) -> bool| {
        session
            .events
            .iter()
            .filter(|event| is(&event.kind))
            .count()
    };
    assert_eq!(
        count(|kind| matches!(kind, EventKind::RuntimeEntered { .. })),
        4
    );
    assert_eq!(
        count(|kind| matches!(kind, EventKind::RuntimeLeft { .. })),
        4
    );
    assert!(
        session
            .events
            .windows(2)
            .all(|pair| pair[0].at <= pair[1].at)
    );
    assert_eq!(files(directory.path()), ["program.aline"]);
}

fn what_is_there_is_not_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("program.aline");
    fs::write(&path, "precious").unwrap();
    let mut child = command("begins another");
    child.env(output::VARIABLE, format!("file:{}", path.display()));
    assert!(child.status().unwrap().success());
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    let files = files(directory.path());
    assert_eq!(files.len(), 3, "{files:?}");
    let mut all = Vec::new();
    for file in files.iter().filter(|file| *file != "program.aline") {
        let number = file
            .strip_prefix("program.")
            .and_then(|rest| rest.strip_suffix(".aline"));
        assert!(number.unwrap().parse::<u32>().is_ok(), "{file}");
        all.extend(names(&opened(&directory.path().join(file))));
    }
    all.sort();
    assert_eq!(all, ["adds", "adds one", "begins_another", "outer"]);
}

fn a_process_may_exit_anywhere() {
    let (_directory, path, output) = recorded("exits");
    assert_says(&output, 7, "", "");
    assert_eq!(names(&opened(&path)), ["exits", "before"]);
    let (_directory, path, output) = recorded("exits in a task");
    assert_says(&output, 7, "", "");
    let names = names(&opened(&path));
    assert_eq!(names, ["exits_in_a_task", "before", "exits"]);
}

fn what_a_threads_variables_hold() {
    for (program, runtimes, tasks) in [
        ("keeps its runtime", 1, 2),
        ("keeps its runtime late", 1, 2),
        ("keeps local tasks", 1, 3),
    ] {
        let (_directory, path, output) = recorded(program);
        assert_says(&output, 0, "", "");
        let session = opened(&path);
        let timeline: Timeline = session.events.iter().collect();
        assert_eq!(timeline.lost(), 0, "{program}");
        let of_tasks = timeline.lanes().filter(|lane| lane.is_task());
        assert_eq!(of_tasks.count(), tasks, "{program}");
        let of_runtimes = timeline
            .lanes()
            .filter(|lane| matches!(lane.kind, LaneKind::Runtime(_)));
        assert_eq!(of_runtimes.count(), runtimes, "{program}");
        let open: Vec<_> = timeline.lanes().filter(|lane| lane.end.is_none()).collect();
        assert!(open.is_empty(), "{program}: {open:?}");
    }
}

fn many_runtimes() {
    let (_directory, path, output) = recorded("many");
    assert_says(&output, 0, "", "");
    let session = opened(&path);
    let left = |event: &&Event| matches!(event.kind, EventKind::RuntimeLeft { .. });
    assert_eq!(session.events.iter().filter(left).count(), 300);
    let timeline: Timeline = session.events.iter().collect();
    assert_eq!(timeline.lost(), 0);
    assert!(timeline.lanes().all(|lane| lane.end.is_some()));
}

fn a_process_may_be_killed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("program.aline");
    let session = killed("waits", &path, |session| names(session).len() == 2);
    assert_eq!(names(&session), ["waits", "before"]);
    assert_eq!(session.damage, [Damage::NoEnd]);
}

/// Records a program, kills it once its recording is as it is to be, and reads what is left.
fn killed(program: &str, path: &Path, is_due: impl Fn(&Session) -> bool) -> Session {
    let mut command = command(program);
    command.env(output::VARIABLE, format!("file:{}", path.display()));
    let mut child: Child = command.spawn().unwrap();
    let begun = Instant::now();
    while !Session::open(path).is_ok_and(|session| is_due(&session)) {
        let is_late = begun.elapsed() > Duration::from_secs(30);
        if is_late {
            child.kill().unwrap();
        }
        assert!(!is_late, "{program} is not as it should be");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    Session::open(path).unwrap()
}

const SECOND: u64 = 1_000_000_000;

fn time_passes_while_nothing_happens() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("program.aline");
    let is_due = |session: &Session| {
        let timeline: Timeline = session.events.iter().collect();
        timeline.end().0 >= SECOND
    };
    let session = killed("waits", &path, is_due);
    let beats = session.events.iter();
    let beats = beats.filter(|event| event.kind == EventKind::Alive);
    assert!(beats.clone().count() >= 9, "one every 100 ms");
    let timeline: Timeline = session.events.iter().collect();
    assert_eq!(
        timeline.events() as usize,
        session.events.len() - beats.count()
    );
    let root = timeline
        .lanes()
        .find(|lane| lane.name.raw() == "waits")
        .unwrap();
    let totals = root.totals(timeline.end());
    // It has waited all the time, but for its beginning.
    assert!(totals.waiting > SECOND / 2, "{totals:?}");
    assert_eq!(
        root.start.0 + totals.waiting + totals.running + totals.ready,
        timeline.end().0
    );
    assert_eq!(insight::findings(&timeline), []);
}

fn a_poll_that_never_ends() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("program.aline");
    let longest = |timeline: &Timeline| {
        let tasks = timeline.lanes().filter(|lane| lane.is_task());
        let polls = tasks.map(|lane| lane.longest_poll(timeline.end()));
        polls.max().unwrap_or(0)
    };
    let session = killed("hangs", &path, |session| {
        longest(&session.events.iter().collect()) >= SECOND
    });
    let timeline: Timeline = session.events.iter().collect();
    let [finding] = &insight::findings(&timeline)[..] else {
        panic!("one finding");
    };
    assert_eq!(finding.kind, FindingKind::LONG_POLL);
    assert_eq!(finding.costs_ns, longest(&timeline));
    let site = finding.site.as_ref().unwrap();
    assert!(site.file.raw().ends_with("output.rs"));
    let mut source = include_str!("output.rs").lines();
    // The line after the attribute, where the root task begins.
    let at = source.nth(site.line as usize).unwrap();
    assert_eq!(at, "async fn hangs() {");
}

/// A path may be any bytes but zero.
#[cfg(unix)]
fn a_path_need_not_be_text() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(OsStr::from_bytes(b"\xff.aline"));
    let mut value = OsString::from("file:");
    value.push(&path);
    let output = command("adds").env(output::VARIABLE, value).output();
    assert_says(&output.unwrap(), 0, "2\n", "");
    assert_eq!(names(&opened(&path)), ["adds", "adds one"]);
}

/// The recording ends where its file would become too large, whether the program ignores the signal that tells of that
/// or not.
#[cfg(unix)]
fn a_file_may_be_too_large() {
    let is_known = cfg!(target_os = "linux");
    for begins in ["trap '' XFSZ &&", ""] {
        if is_known || !begins.is_empty() {
            records_within_8_kib(begins);
        }
    }
}

#[cfg(unix)]
fn records_within_8_kib(begins: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("program.aline");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{begins} ulimit -f 16 && exec \"$0\"")]);
    let output = shell
        .arg(env::current_exe().unwrap())
        .env(PROGRAM, "is full")
        .env(output::VARIABLE, format!("file:{}", path.display()))
        .output()
        .unwrap();
    let line = format!(
        "asyncline: the recording ends here: cannot write {}: files may not become so large\n",
        path.display()
    );
    assert_says(&output, 0, "done\n", &line);
    assert_eq!(Session::open(&path).unwrap().damage, [Damage::NoEnd]);
}

#[cfg(target_os = "linux")]
fn there_may_be_no_room_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("program.aline");
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -f 0 && exec \"$0\""]);
    let output = shell
        .arg(env::current_exe().unwrap())
        .env(PROGRAM, "adds")
        .env(output::VARIABLE, format!("file:{}", path.display()))
        .output()
        .unwrap();
    let line = format!(
        "asyncline: nothing is recorded: cannot write {}: files may not become so large\n",
        path.display()
    );
    assert_says(&output, 0, "2\n", &line);
    assert_eq!(files(directory.path()), [""; 0]);
}

/// However few files a program may have open, it runs if it runs unrecorded, and nothing but one line is told of that.
#[cfg(unix)]
fn there_may_be_few_descriptors() {
    let run = |program: &str, most: u32, value: &str, directory: &Path| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -n {most} && exec \"$0\"")]);
        shell
            .arg(env::current_exe().unwrap())
            .env(PROGRAM, program)
            .env("XDG_RUNTIME_DIR", directory)
            .env(output::VARIABLE, value)
            .output()
            .unwrap()
    };
    let (mut refused, mut recorded) = (0, 0);
    for program in ["adds", "adds locally"] {
        for most in [5, 8, 10, 12, 14, 16, 20, 30, 40, 60] {
            let directory = tempfile::tempdir().unwrap();
            let plain = run(program, most, "off", directory.path());
            if !plain.status.success() {
                continue;
            }
            let path = directory.path().join("program.aline");
            for value in [format!("file:{}", path.display()), "live".to_owned()] {
                let observed = run(program, most, &value, directory.path());
                let told = String::from_utf8_lossy(&observed.stderr).into_owned();
                assert_says(&observed, 0, "2\n", &told);
                assert!(
                    told.lines().count() <= 1,
                    "{program} of {most} as {value}: {told}"
                );
                assert!(told.is_empty() || told.starts_with("asyncline: "), "{told}");
                refused += usize::from(!told.is_empty());
                recorded += usize::from(told.is_empty());
            }
        }
    }
    assert!(refused > 0 && recorded > 0, "{refused}, {recorded}");
}

fn a_program_says_itself_where() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.aline");
    let output = command("says itself where").env(PATH, &path).output();
    assert_says(&output.unwrap(), 0, "", "");
    let tasks = names(&opened(&path));
    assert_eq!(tasks.iter().filter(|name| *name == "task").count(), 2);
    assert_eq!(files(directory.path()), ["mine.aline"]);
}

fn a_runtime_that_was_there_is_seen() {
    let (_directory, path, output) = recorded("wraps");
    assert_says(&output, 0, "3\n3\n", "");
    let session = opened(&path);
    let timeline: Timeline = session.events.iter().collect();
    let tasks: Vec<_> = timeline
        .lanes()
        .filter(|lane| lane.name == "sleeps")
        .collect();
    assert_eq!(tasks.len(), 2);
    for task in tasks {
        let causes: Vec<_> = task.wakes.iter().map(|wake| wake.by).collect();
        assert_eq!(causes, [asyncline::event::Waker::Driver]);
        assert_eq!((task.polls, task.state()), (2, State::Done));
    }
}

fn a_panic_leaves_a_whole_file() {
    let (_directory, path, output) = recorded("panics");
    assert_eq!(output.status.code(), Some(101));
    let timeline: Timeline = opened(&path).events.iter().collect();
    let root = timeline.lanes().find(|lane| lane.name == "panics").unwrap();
    assert_eq!(root.state(), State::Panicked);
}

/// What a path leads to: the thing itself, and its bytes.
#[cfg(unix)]
fn fingerprint(path: &Path) -> (u64, u32, Option<PathBuf>, Vec<u8>) {
    use std::os::unix::fs::MetadataExt;
    let found = fs::symlink_metadata(path).unwrap();
    let bytes = found.is_file().then(|| fs::read(path).unwrap());
    let leads = fs::read_link(path).ok();
    (found.ino(), found.mode(), leads, bytes.unwrap_or_default())
}

#[cfg(unix)]
fn a_socket_takes_the_place_of_nothing_but_a_dead_one() {
    use std::os::unix::net::{UnixDatagram, UnixListener};
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let made = |tool: &str, arguments: &[&str]| {
        let mut command = Command::new(tool);
        command.current_dir(&directory).args(arguments).status()
    };
    let run = |path: &Path| {
        command("adds")
            .env(output::VARIABLE, format!("live:{}", path.display()))
            .env("XDG_RUNTIME_DIR", directory.path())
            .output()
            .unwrap()
    };
    let (_folder, recording, _) = recorded("adds");
    fs::copy(recording, at("app.aline")).unwrap();
    fs::write(at("empty"), "").unwrap();
    fs::create_dir(at("directory")).unwrap();
    std::os::unix::fs::symlink("app.aline", at("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
    drop(UnixListener::bind(at("dead.sock")).unwrap());
    std::os::unix::fs::symlink("dead.sock", at("link.sock")).unwrap();
    assert!(made("mkfifo", &["pipe"]).unwrap().success());
    let mut things = vec![
        "app.aline",
        "empty",
        "directory",
        "link",
        "dangling",
        "link.sock",
        "pipe",
    ];
    // Only the administrator can make a device.
    if made("mknod", &["device", "c", "1", "3"]).is_ok_and(|made| made.success()) {
        things.push("device");
    }
    for thing in things {
        let before = fingerprint(&at(thing));
        let line = format!(
            "asyncline: nothing is recorded: no socket at {}: it exists and is not a socket\n",
            at(thing).display()
        );
        assert_says(&run(&at(thing)), 0, "2\n", &line);
        assert_eq!(fingerprint(&at(thing)), before, "{thing}");
    }
    // A socket that is in use, of whatever type, stays, and the program is found by its number.
    let _listener = UnixListener::bind(at("used.sock")).unwrap();
    let _other = UnixDatagram::bind(at("other.sock")).unwrap();
    for used in ["used.sock", "other.sock"] {
        let before = fingerprint(&at(used));
        assert_says(&run(&at(used)), 0, "2\n", "");
        assert_eq!(fingerprint(&at(used)), before, "{used}");
    }
    // What another user's program left is that user's; only the administrator could remove it at all.
    drop(UnixListener::bind(at("others.sock")).unwrap());
    if std::os::unix::fs::chown(at("others.sock"), Some(65534), None).is_ok() {
        let before = fingerprint(&at("others.sock"));
        let line = format!(
            "asyncline: nothing is recorded: no socket at {}: it belongs to another user (uid 65534)\n",
            at("others.sock").display()
        );
        assert_says(&run(&at("others.sock")), 0, "2\n", &line);
        assert_eq!(fingerprint(&at("others.sock")), before);
    }
    // What a killed program left is taken, and gone at the end.
    assert_says(&run(&at("dead.sock")), 0, "2\n", "");
    assert!(!at("dead.sock").exists());
}

#[cfg(unix)]
fn what_is_not_understood_opens_nothing() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("program.sock");
    let live = format!("live:{}", socket.display());
    let bytes = |text: &[u8]| OsStr::from_bytes(text).to_owned();
    let run = |variables: &[(&str, OsString)]| {
        let mut command = command("says who listens");
        command
            .current_dir(&directory)
            .env(PATH, &socket)
            .env("XDG_RUNTIME_DIR", directory.path())
            .env_remove(output::TOKEN)
            .env_remove(output::CONTROL)
            .envs(variables.iter().cloned());
        command.output().unwrap()
    };
    let says = |variables: &[(&str, OsString)], listens: bool, line: &str| {
        assert_says(&run(variables), 0, &format!("{listens}\n"), line);
        assert_eq!(files(directory.path()), [""; 0], "{line}");
    };
    let asyncline = |value: &[u8]| vec![(output::VARIABLE, bytes(value))];
    for (value, why) in [
        (&b"\xff"[..], "it is not UTF-8"),
        (b"live:\xff", "it is not UTF-8"),
        (b"files:\xff.aline", "it is not UTF-8"),
        (b"live:tcp:127.0.0.1:\xff", "it is not UTF-8"),
        (b"live:", "`live:` is not followed by a path"),
        (b"to:", "`to:` is not followed by a path"),
        (
            b"live:tcp:7000",
            "`tcp:7000` is no address such as 127.0.0.1:7000",
        ),
        (
            b"LIVE",
            "`LIVE` is neither `off`, `file:PATH`, `live` nor `live:SOCKET`",
        ),
        (
            b" live",
            "` live` is neither `off`, `file:PATH`, `live` nor `live:SOCKET`",
        ),
    ] {
        let told = format!("asyncline: nothing is recorded: in ASYNCLINE, {why}\n");
        says(&asyncline(value), false, &told);
    }
    let with =
        |name, value: &[u8]| [asyncline(live.as_bytes()), vec![(name, bytes(value))]].concat();
    for (token, why) in [
        (&b"\xff"[..], "it is not UTF-8"),
        (b"secret\xff", "it is not UTF-8"),
        (b"", "it is empty: set a token, or unset it"),
        (&[b'a'; 1025], "it is longer than 1024 bytes"),
    ] {
        let told = format!("asyncline: nothing is recorded: in ASYNCLINE_TOKEN, {why}\n");
        says(&with(output::TOKEN, token), false, &told);
    }
    says(&with(output::TOKEN, &[b'a'; 1024]), true, "");
    // Where nobody can listen, no token is asked for.
    let off = [
        (output::VARIABLE, "off".into()),
        (output::TOKEN, bytes(b"\xff")),
    ];
    says(&off, false, "");
    for (control, is_understood) in [
        (&b"yes"[..], false),
        (b"false", false),
        (b"no", false),
        (b"01", false),
        (b"\xff", false),
        (b"", true),
        (b"0", true),
        (b"1", true),
    ] {
        let value = String::from_utf8_lossy(control);
        let told = format!(
            "asyncline: nobody can hold this program: in ASYNCLINE_CONTROL, `{value}` is neither `1` nor `0`\n"
        );
        let told = if is_understood { "" } else { &told };
        says(&with(output::CONTROL, control), true, told);
    }
}

/// Prints whether there is a socket at the path that it is told.
#[asyncline::main(flavor = "current_thread")]
async fn says_who_listens() {
    println!("{}", Path::new(&env::var_os(PATH).unwrap()).exists());
}

#[cfg(unix)]
fn nothing_is_made_in_another_users_runtime_directory() {
    use std::os::unix::fs::{MetadataExt, chown};
    const NOBODY: u32 = 65534;
    let directory = tempfile::tempdir().unwrap();
    // Only the administrator can give a directory away; what belongs to the administrator is another's for everybody else.
    let (runtime, owner) = match chown(&directory, Some(NOBODY), None) {
        Ok(()) => (directory.path(), NOBODY),
        Err(_) => (Path::new("/"), 0),
    };
    let output = command("adds")
        .env(output::VARIABLE, "live")
        .env("XDG_RUNTIME_DIR", runtime)
        .output();
    let line = format!(
        "asyncline: nothing is recorded: no socket for viewers: XDG_RUNTIME_DIR is {}, which belongs to another user (uid {owner}): set it to one of your own, or unset it\n",
        runtime.display()
    );
    assert_says(&output.unwrap(), 0, "2\n", &line);
    assert!(!runtime.join("asyncline").exists());
    assert_eq!(fs::metadata(runtime).unwrap().uid(), owner);
}
