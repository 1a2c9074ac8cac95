//! Programs that are watched while they run: real processes, real sockets. This binary runs itself as the program.
//!
//! It has no test harness, since that would keep the first thread to itself. What is said on the socket is written here byte
//! by byte, so that the tests know of it from the documentation alone.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    unix::main()
}

#[cfg(unix)]
mod itself;

#[cfg(unix)]
mod unix {
    use std::env;
    use std::fs;
    use std::io::{self, Read, Write};
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::CommandExt;
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, ExitCode, Output, Stdio};
    use std::thread;
    use std::time::{Duration, Instant};

    use asyncline::Timeline;
    use asyncline::event::{EventKind, LaneId};
    use asyncline::recording::{Damage, Session};
    use asyncline::task;

    use super::itself::{self, PROGRAM};

    /// The version of the protocol.
    const VERSION: u16 = 3;
    /// The program ends once there is a file of this name.
    const STOP: &str = "ASYNCLINE_TEST_STOP";

    const TESTS: &[(&str, fn())] = &[
        (
            "exec_shows_all_and_passes_on_the_exit_code",
            exec_shows_all_and_passes_on_the_exit_code,
        ),
        (
            "what_is_no_such_program_runs_all_the_same",
            what_is_no_such_program_runs_all_the_same,
        ),
        (
            "a_program_is_attached_to_and_left_and_attached_to_again",
            attached_to_and_left_and_attached_to_again,
        ),
        (
            "a_viewer_that_is_killed_harms_nobody",
            a_viewer_that_is_killed_harms_nobody,
        ),
        (
            "what_a_killed_program_told_is_kept",
            what_a_killed_program_told_is_kept,
        ),
        ("five_viewers_see_the_same", five_viewers_see_the_same),
        (
            "two_programs_are_seen_on_one_time_axis",
            two_programs_on_one_time_axis,
        ),
        (
            "what_programs_are_called_is_shown_without_what_acts",
            what_programs_are_called,
        ),
        (
            "a_viewer_that_never_reads_is_waited_for_by_nobody",
            a_viewer_that_never_reads,
        ),
        ("nonsense_is_turned_away", nonsense_is_turned_away),
        ("another_version_is_named", another_version_is_named),
        ("another_user_is_turned_away", another_user_is_turned_away),
        (
            "why_there_is_no_program_is_told_in_one_line",
            why_there_is_no_program_is_told_in_one_line,
        ),
        (
            "a_stopped_program_holds_up_no_list",
            a_stopped_program_holds_up_no_list,
        ),
        (
            "a_program_is_held_and_goes_on_when_its_viewer_leaves",
            held_and_let_go,
        ),
        (
            "a_viewer_that_freezes_loses_its_hold",
            a_viewer_that_freezes_loses_its_hold,
        ),
        (
            "silent_connections_keep_nobody_out",
            silent_connections_keep_nobody_out,
        ),
        #[cfg(target_os = "linux")]
        (
            "unfinished_hellos_cost_a_few_bytes",
            unfinished_hellos_cost_a_few_bytes,
        ),
        (
            "a_port_is_for_this_machine_or_for_who_knows_the_token",
            a_port_wants_a_token,
        ),
        (
            "a_socket_that_a_crash_left_is_removed",
            a_socket_that_a_crash_left_is_removed,
        ),
        (
            "only_sockets_of_the_dead_are_removed",
            only_sockets_of_the_dead_are_removed,
        ),
        (
            "at_its_end_a_program_removes_its_own_socket_alone",
            at_its_end_a_program_removes_its_own_socket_alone,
        ),
    ];

    pub(super) fn main() -> ExitCode {
        itself::main(TESTS, run)
    }

    /// The programs.
    fn run(program: &str) -> ExitCode {
        match program {
            "rounds" => rounds(),
            "waits" => waits(),
            "peek" => peek(),
            other => panic!("there is no program {other}"),
        }
    }

    #[asyncline::trace]
    async fn job(number: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(number)).await;
        number
    }

    /// Runs jobs, round by round, until it is told to stop.
    #[asyncline::main(flavor = "current_thread")]
    async fn rounds() -> ExitCode {
        let stop = PathBuf::from(env::var_os(STOP).unwrap());
        let mut rounds = 0;
        while rounds == 0 || !stop.exists() {
            let jobs: Vec<_> = (1..4).map(|number| task::spawn(job(number))).collect();
            let mut sum = 0;
            for job in jobs {
                sum += job.await.unwrap();
            }
            assert_eq!(sum, 6);
            rounds += 1;
        }
        println!("{rounds} rounds");
        ExitCode::from(3)
    }

    /// Does nothing until it is told to stop.
    #[asyncline::main(flavor = "current_thread")]
    async fn waits() -> ExitCode {
        let stop = PathBuf::from(env::var_os(STOP).unwrap());
        let waits = std::thread::spawn(move || until("the end", || stop.exists()));
        let waited = task::spawn_blocking(move || waits.join());
        waited.await.unwrap().unwrap();
        ExitCode::from(3)
    }

    /// Connects to a socket, as another user does, and says what comes of it.
    fn peek() -> ExitCode {
        let mut stream = UnixStream::connect(env::var_os(STOP).unwrap()).unwrap();
        let _ = stream.write_all(&frame(&hello(VERSION)));
        let read = stream.read(&mut [0; 64]).unwrap_or(0);
        println!("{read} bytes");
        ExitCode::SUCCESS
    }

    /// A directory of sockets and files, and the programs that run.
    struct Stage {
        directory: tempfile::TempDir,
        programs: Vec<Child>,
    }

    impl Drop for Stage {
        fn drop(&mut self) {
            for program in &mut self.programs {
                let _ = program.kill();
                let _ = program.wait();
            }
        }
    }

    impl Stage {
        fn new() -> Self {
            Self {
                directory: tempfile::tempdir().unwrap(),
                programs: Vec::new(),
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.directory.path().join(name)
        }

        fn program(&self, name: &str, output: &str) -> Command {
            let mut command = Command::new(env::current_exe().unwrap());
            command
                .env(PROGRAM, name)
                .env(STOP, self.path("stop"))
                .env("ASYNCLINE", output)
                .env_remove("ASYNCLINE_CONTROL")
                .env_remove("ASYNCLINE_TOKEN")
                .env("XDG_RUNTIME_DIR", self.directory.path())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            command
        }

        fn asyncline(&self, arguments: &[impl AsRef<std::ffi::OsStr>]) -> Command {
            let mut command = Command::new(env!("CARGO_BIN_EXE_asyncline"));
            command
                .args(arguments)
                .env("XDG_RUNTIME_DIR", self.directory.path())
                .env(PROGRAM, "rounds")
                .env(STOP, self.path("stop"))
                .env_remove("ASYNCLINE_TOKEN")
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            command
        }

        fn begin(&mut self, mut command: Command) -> usize {
            self.programs.push(command.spawn().unwrap());
            self.programs.len() - 1
        }

        /// Begins a program that can be watched at a socket, and waits until it is there.
        fn watchable(&mut self) -> (usize, PathBuf) {
            self.watchable_by(|_| {})
        }

        fn watchable_by(&mut self, how: impl FnOnce(&mut Command)) -> (usize, PathBuf) {
            let socket = self.path("program.sock");
            let mut command = self.program("rounds", &format!("live:{}", socket.display()));
            how(&mut command);
            let program = self.begin(command);
            until("the program listens", || {
                UnixStream::connect(&socket).is_ok()
            });
            (program, socket)
        }

        /// A viewer that records what it sees.
        fn viewer(&mut self, at: &str, file: &str) -> usize {
            let file = self.path(file);
            let viewer = self.asyncline(&["attach", at, "--record", file.to_str().unwrap()]);
            self.begin(viewer)
        }

        /// Waits until a viewer has seen something.
        fn saw(&self, file: &str) {
            let file = self.path(file);
            until("a viewer sees something", || {
                Session::open(&file).is_ok_and(|session| session.events.len() > 100)
            });
        }

        fn stop(&self) {
            fs::write(self.path("stop"), "").unwrap();
        }

        /// Waits for a program to end by itself.
        fn end(&mut self, program: usize) -> Output {
            let child = &mut self.programs[program];
            until("a program ends", || child.try_wait().unwrap().is_some());
            let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
            child
                .stdout
                .take()
                .unwrap()
                .read_to_end(&mut stdout)
                .unwrap();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_end(&mut stderr)
                .unwrap();
            Output {
                status: child.wait().unwrap(),
                stdout,
                stderr,
            }
        }

        fn session(&self, file: &str) -> Session {
            Session::open(self.path(file)).unwrap()
        }
    }

    /// Waits for something that is bound to happen.
    fn until(what: &str, mut happened: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !happened() {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "not so far: {what}"
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// How many rounds the program says that it made.
    fn rounds_of(output: &Output) -> usize {
        let text = text(&output.stdout);
        let number = text.trim().strip_suffix(" rounds");
        number
            .unwrap_or_else(|| panic!("{output:?}"))
            .parse()
            .unwrap()
    }

    fn jobs(session: &Session) -> usize {
        let timeline: Timeline = session.events.iter().collect();
        let jobs = timeline
            .lanes()
            .filter(|lane| lane.is_task() && lane.name.raw() == "job");
        jobs.count()
    }

    /// That a session is all that a program did which says how many rounds it made.
    fn assert_is_all(session: &Session, program: &Output) {
        assert_eq!(session.damage, []);
        assert_eq!(jobs(session), 3 * rounds_of(program));
        let lost = session
            .events
            .iter()
            .any(|event| matches!(event.kind, EventKind::Lost { .. }));
        assert!(!lost);
        let timeline: Timeline = session.events.iter().collect();
        assert!(
            timeline
                .lanes()
                .all(|lane| lane.end.is_some() || !lane.is_task())
        );
    }

    fn frame(payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap();
        [&length.to_be_bytes(), payload].concat()
    }

    /// What a viewer says first.
    fn hello(version: u16) -> Vec<u8> {
        [&[0], &b"asyncline"[..], &version.to_le_bytes()].concat()
    }

    /// What a viewer says that is still there.
    const RENEW: [u8; 1] = [2];

    fn pace(kind: u8) -> Vec<u8> {
        [&[1, kind][..], &0_u64.to_le_bytes()].concat()
    }

    /// Reads a frame; none where there will be no more.
    fn read_frame(stream: &mut impl Read) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        stream.read_exact(&mut length).ok()?;
        let mut payload = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut payload).ok()?;
        Some(payload)
    }

    fn exec_shows_all_and_passes_on_the_exit_code() {
        let mut stage = Stage::new();
        let file = stage.path("exec.aline");
        let me = env::current_exe().unwrap();
        let arguments = [
            "exec",
            "--record",
            file.to_str().unwrap(),
            "--",
            me.to_str().unwrap(),
        ];
        let exec = stage.asyncline(&arguments);
        let exec = stage.begin(exec);
        stage.saw("exec.aline");
        stage.stop();
        let output = stage.end(exec);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert_is_all(&stage.session("exec.aline"), &output);
        let left = fs::read_dir(stage.path("asyncline")).unwrap();
        assert_eq!(left.count(), 0, "no socket is left");
    }

    fn what_is_no_such_program_runs_all_the_same() {
        let stage = Stage::new();
        let run = |program: &[&str]| {
            let file = stage.path("none.aline");
            let mut arguments = vec!["exec", "--record", file.to_str().unwrap(), "--"];
            arguments.extend(program);
            stage.asyncline(&arguments).output().unwrap()
        };
        let echo = run(&["sh", "-c", "echo hello; exit 5"]);
        assert_eq!(
            (text(&echo.stdout).as_str(), echo.status.code()),
            ("hello\n", Some(5))
        );
        assert!(
            text(&echo.stderr).contains("ended without telling"),
            "{echo:?}"
        );
        let none = run(&["/no/such/program"]);
        assert_eq!(none.status.code(), Some(2));
        assert_eq!(text(&none.stderr).lines().count(), 1, "{none:?}");
    }

    fn attached_to_and_left_and_attached_to_again() {
        let mut stage = Stage::new();
        let command = stage.program("rounds", "live");
        let program = stage.begin(command);
        let process = stage.programs[program].id().to_string();
        let socket = stage.path("asyncline").join(format!("{process}.sock"));
        until("the socket is there", || socket.exists());
        let mode = fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let first = stage.viewer(&process, "first.aline");
        stage.saw("first.aline");
        let viewer = &mut stage.programs[first];
        viewer.kill().unwrap();
        viewer.wait().unwrap();
        let second = stage.viewer(&process, "second.aline");
        stage.saw("second.aline");
        stage.stop();
        let ended = stage.end(program);
        let viewer = stage.end(second);
        assert!(viewer.status.success(), "{viewer:?}");
        let session = stage.session("second.aline");
        assert_is_all(&session, &ended);
        let first = stage.session("first.aline").events;
        assert_eq!(
            session.events[..first.len()],
            first,
            "the past is shown again"
        );
        assert!(!socket.exists());
    }

    fn a_viewer_that_is_killed_harms_nobody() {
        let mut stage = Stage::new();
        let (program, socket) = stage.watchable_by(|command| {
            command.env("ASYNCLINE_CONTROL", "1");
        });
        let viewer = stage.viewer(socket.to_str().unwrap(), "killed.aline");
        stage.saw("killed.aline");
        stage.programs[viewer].kill().unwrap();
        stage.stop();
        let ended = stage.end(program);
        assert_eq!(ended.status.code(), Some(3), "{ended:?}");
        assert_eq!(text(&ended.stderr), "");
        let killed = stage.session("killed.aline");
        assert!(
            killed
                .damage
                .iter()
                .all(|damage| *damage == Damage::NoEnd || matches!(damage, Damage::Torn { .. })),
            "{:?}",
            killed.damage
        );
    }

    fn what_a_killed_program_told_is_kept() {
        let mut stage = Stage::new();
        let (program, socket) = stage.watchable();
        let viewer = stage.viewer(socket.to_str().unwrap(), "kept.aline");
        stage.saw("kept.aline");
        stage.programs[program].kill().unwrap();
        let viewer = stage.end(viewer);
        assert_eq!(viewer.status.code(), Some(1));
        assert!(
            text(&viewer.stderr).contains("the program is gone"),
            "{viewer:?}"
        );
        let session = stage.session("kept.aline");
        assert_eq!(session.damage, []);
        assert!(jobs(&session) > 0);
    }

    fn five_viewers_see_the_same() {
        let mut stage = Stage::new();
        let (program, socket) = stage.watchable();
        let names: Vec<String> = (0..5).map(|number| format!("{number}.aline")).collect();
        let viewers: Vec<usize> = names
            .iter()
            .map(|name| {
                let viewer = stage.viewer(socket.to_str().unwrap(), name);
                stage.saw(name);
                viewer
            })
            .collect();
        stage.stop();
        let ended = stage.end(program);
        for (name, viewer) in names.iter().zip(viewers) {
            assert!(stage.end(viewer).status.success());
            assert_is_all(&stage.session(name), &ended);
        }
    }

    fn two_programs_on_one_time_axis() {
        let mut stage = Stage::new();
        let programs = [0, 1].map(|_| {
            let command = stage.program("rounds", "live");
            stage.begin(command)
        });
        let processes = programs.map(|program| stage.programs[program].id().to_string());
        for process in &processes {
            let socket = stage.path("asyncline").join(format!("{process}.sock"));
            until("the socket is there", || socket.exists());
        }
        let file = stage.path("both.aline");
        let [one, other] = &processes;
        let viewer = stage.asyncline(&["attach", one, other, "--record", file.to_str().unwrap()]);
        let viewer = stage.begin(viewer);
        stage.saw("both.aline");
        stage.stop();
        let rounds = programs.map(|program| rounds_of(&stage.end(program)));
        let viewer = stage.end(viewer);
        assert!(viewer.status.success(), "{viewer:?}");
        let session = stage.session("both.aline");
        assert_eq!(session.damage, []);
        assert!(session.events.is_sorted_by_key(|event| event.at));
        let timeline: Timeline = session.events.iter().collect();
        let roots: Vec<_> = timeline
            .lanes()
            .filter(|lane| lane.name.raw().ends_with(": rounds"))
            .collect();
        assert_eq!(roots.len(), 2);
        let jobs_of = |root: LaneId| {
            let jobs = timeline.lanes().filter(|lane| lane.parent == Some(root));
            jobs.filter(|lane| lane.is_task() && lane.name.raw() == "job")
                .count()
        };
        // Which of them began first is left to chance.
        let (mut jobs, mut made) = (
            [0, 1].map(|root| jobs_of(roots[root].id)),
            rounds.map(|rounds| 3 * rounds),
        );
        jobs.sort_unstable();
        made.sort_unstable();
        assert_eq!(jobs, made);
        // They ran at the same time, and on one axis they do.
        let [one, other] = [roots[0], roots[1]];
        assert!(one.start < other.end.unwrap() && other.start < one.end.unwrap());
    }

    fn what_programs_are_called() {
        let mut stage = Stage::new();
        let programs = [0, 1].map(|_| {
            let mut command = stage.program("rounds", "live");
            command.arg0("evil\u{1b}[31m\u{202e}\n\u{9b}name");
            stage.begin(command)
        });
        for program in programs {
            let process = stage.programs[program].id();
            let socket = stage.path("asyncline").join(format!("{process}.sock"));
            until("the program listens", || {
                UnixStream::connect(&socket).is_ok()
            });
        }
        let file = stage.path("none.aline");
        let mut viewer = stage.asyncline(&["attach", "--record", file.to_str().unwrap()]);
        let told = text(&viewer.output().unwrap().stderr);
        let shown = "evil\\u{1b}[31m\\u{202e}\\n\\u{9b}name";
        assert_eq!(told.matches(shown).count(), 2, "{told:?}");
        assert_eq!(told.matches(char::is_control).count(), 1, "{told:?}");
        stage.stop();
        for program in programs {
            stage.end(program);
        }
    }

    fn a_viewer_that_never_reads() {
        let mut stage = Stage::new();
        let (program, socket) = stage.watchable();
        let mut lazy = UnixStream::connect(&socket).unwrap();
        lazy.write_all(&frame(&hello(VERSION))).unwrap();
        let viewer = stage.viewer(socket.to_str().unwrap(), "busy.aline");
        stage.saw("busy.aline");
        stage.stop();
        let ended = stage.end(program);
        assert_eq!(ended.status.code(), Some(3));
        assert!(stage.end(viewer).status.success());
        assert_is_all(&stage.session("busy.aline"), &ended);
    }

    fn nonsense_is_turned_away() {
        let mut stage = Stage::new();
        let (program, socket) = stage.watchable();
        let length = |length: u32| length.to_be_bytes().to_vec();
        let wrong = [0, b'n', b'o'];
        let said = [
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            length(u32::MAX),
            [length(100), vec![0; 10]].concat(),
            frame(&[]),
            frame(&wrong),
            frame(&[9; 100]),
            [frame(&hello(VERSION)), frame(&[1, 77])].concat(),
            [frame(&hello(VERSION)), frame(&pace(99))].concat(),
            [frame(&hello(VERSION)), frame(&hello(VERSION))].concat(),
        ];
        for said in said {
            let mut stream = UnixStream::connect(&socket).unwrap();
            stream.write_all(&said).unwrap();
            // What is half a frame is given up by this side.
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
        }
        let viewer = stage.viewer(socket.to_str().unwrap(), "after.aline");
        stage.saw("after.aline");
        stage.stop();
        let ended = stage.end(program);
        assert_eq!(
            (ended.status.code(), text(&ended.stderr).as_str()),
            (Some(3), "")
        );
        assert!(stage.end(viewer).status.success());
        assert_is_all(&stage.session("after.aline"), &ended);
    }

    fn another_version_is_named() {
        let mut stage = Stage::new();
        // A viewer of another version gets only the version of this one.
        let (program, socket) = stage.watchable();
        for version in [VERSION - 1, VERSION + 1] {
            let mut other = UnixStream::connect(&socket).unwrap();
            other.write_all(&frame(&hello(version))).unwrap();
            let first = read_frame(&mut other).unwrap();
            assert_eq!(first, [&hello(VERSION)[..], &[0; 5]].concat());
            assert_eq!(read_frame(&mut other), None);
        }
        stage.stop();
        assert_eq!(stage.end(program).status.code(), Some(3));
        // A newer program is named in one line.
        let socket = stage.path("newer.sock");
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let newer = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let hello = [&hello(VERSION + 1)[..], &[0; 5], b"newer"].concat();
            stream.write_all(&frame(&hello)).unwrap();
            let _ = io::copy(&mut stream, &mut io::sink());
        });
        let viewer = stage.viewer(socket.to_str().unwrap(), "none.aline");
        let viewer = stage.end(viewer);
        newer.join().unwrap();
        assert_eq!(viewer.status.code(), Some(2), "{viewer:?}");
        let line = text(&viewer.stderr);
        assert!(
            line.contains("version 4") && line.lines().count() == 1,
            "{line}"
        );
    }

    fn another_user_is_turned_away() {
        const NOBODY: u32 = 65534;
        let mut stage = Stage::new();
        let (program, socket) = stage.watchable();
        // Whoever can come in by the file system is asked for all the same.
        let open = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        open(stage.directory.path(), 0o777);
        open(&socket, 0o666);
        let copy = stage.path("peek");
        fs::copy(env::current_exe().unwrap(), &copy).unwrap();
        open(&copy, 0o755);
        let peek = |user: Option<u32>| {
            let mut peek = Command::new(&copy);
            peek.env(PROGRAM, "peek")
                .env(STOP, &socket)
                .env_remove("ASYNCLINE");
            if let Some(user) = user {
                peek.uid(user).gid(user);
            }
            peek.stdout(Stdio::piped()).spawn()
        };
        match peek(Some(NOBODY)) {
            Ok(nobody) => {
                let output = nobody.wait_with_output().unwrap();
                assert_eq!(text(&output.stdout), "0 bytes\n");
            }
            // Only the administrator can act for others.
            Err(why) => assert_eq!(why.kind(), io::ErrorKind::PermissionDenied),
        }
        let ours = peek(None).unwrap().wait_with_output().unwrap();
        assert!(text(&ours.stdout).ends_with(" bytes\n"), "{ours:?}");
        assert_ne!(text(&ours.stdout), "0 bytes\n");
        stage.stop();
        assert_eq!(stage.end(program).status.code(), Some(3));
    }

    const PAUSED: u8 = 2;

    /// Reads until the program says that nothing passes.
    fn wait_until_held(viewer: &mut impl Read) {
        const PACE: u8 = 2;
        while read_frame(viewer).unwrap()[..2] != [PACE, PAUSED] {}
    }

    fn held_and_let_go() {
        const SESSION: u8 = 1;
        let mut stage = Stage::new();
        let (program, socket) = stage.watchable_by(|command| {
            command.env("ASYNCLINE_CONTROL", "1");
        });
        let mut viewer = UnixStream::connect(&socket).unwrap();
        viewer.write_all(&frame(&hello(VERSION))).unwrap();
        let first = read_frame(&mut viewer).unwrap();
        assert_eq!(first[16], 1, "it can be held");
        let mut renews = viewer.try_clone().unwrap();
        thread::spawn(move || {
            while renews.write_all(&frame(&RENEW)).is_ok() {
                thread::sleep(Duration::from_millis(200));
            }
        });
        viewer.write_all(&frame(&pace(PAUSED))).unwrap();
        wait_until_held(&mut viewer);
        // What had happened by then is said; then nothing comes any more.
        viewer
            .set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        while let Some(frame) = read_frame(&mut viewer) {
            assert_eq!(frame[0], SESSION);
        }
        stage.stop();
        assert!(
            stage.programs[program].try_wait().unwrap().is_none(),
            "it is held"
        );
        // One step is one poll, and some events come.
        viewer.write_all(&frame(&pace(3))).unwrap();
        let kinds: Vec<u8> = std::iter::from_fn(|| Some(read_frame(&mut viewer)?[0])).collect();
        assert!(kinds.contains(&SESSION), "{kinds:?}");
        assert!(
            stage.programs[program].try_wait().unwrap().is_none(),
            "it is held again"
        );
        viewer.shutdown(std::net::Shutdown::Both).unwrap();
        assert_eq!(stage.end(program).status.code(), Some(3));
    }

    fn a_port_wants_a_token() {
        let mut stage = Stage::new();
        let free = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut run = |output: String, token: Option<&str>| {
            let mut command = stage.program("rounds", &output);
            command.envs(token.map(|token| ("ASYNCLINE_TOKEN", token)));
            let program = stage.begin(command);
            (program, std::mem::replace(&mut stage, Stage::new()))
        };
        // For all the world, without a token: it is told so, and runs unwatched.
        let (program, mut open) = run(format!("live:tcp:0.0.0.0:{free}"), None);
        open.stop();
        let ended = open.end(program);
        assert_eq!(ended.status.code(), Some(3));
        let line = text(&ended.stderr);
        assert!(
            line.contains("ASYNCLINE_TOKEN") && line.lines().count() == 1,
            "{line}"
        );
        // With one, who knows it comes in.
        let (program, mut secret) = run(format!("live:tcp:127.0.0.1:{free}"), Some("abc"));
        until("it listens", || {
            std::net::TcpStream::connect(("127.0.0.1", free)).is_ok()
        });
        let attach = |stage: &Stage, file: &str, token: &str| {
            let file = stage.path(file);
            let address = format!("tcp:127.0.0.1:{free}");
            let mut attach =
                stage.asyncline(&["attach", &address, "--record", file.to_str().unwrap()]);
            attach.env("ASYNCLINE_TOKEN", token);
            attach
        };
        let stranger = attach(&secret, "stranger.aline", "abd").output().unwrap();
        assert_eq!(stranger.status.code(), Some(2), "{stranger:?}");
        // An invalid token is refused before the viewer connects.
        for token in [&b"abc\xff"[..], b""] {
            let mut none = attach(&secret, "none.aline", "");
            let token = std::os::unix::ffi::OsStrExt::from_bytes(token);
            let none = none
                .env("ASYNCLINE_TOKEN", std::ffi::OsStr::to_owned(token))
                .output();
            let none = none.unwrap();
            let line = text(&none.stderr);
            assert!(line.contains("in ASYNCLINE_TOKEN"), "{line}");
            assert_eq!((none.status.code(), line.lines().count()), (Some(2), 1));
        }
        // A viewer with a wrong token gets no answer, and however often it tries, it keeps nobody out.
        let said = [hello(VERSION), b"ab\xff".to_vec()].concat();
        let strangers: Vec<_> = (0..200)
            .map(|_| {
                let mut stranger = std::net::TcpStream::connect(("127.0.0.1", free)).unwrap();
                stranger.write_all(&frame(&said)).unwrap();
                stranger
            })
            .collect();
        let friend = attach(&secret, "friend.aline", "abc");
        let friend = secret.begin(friend);
        secret.saw("friend.aline");
        for mut stranger in strangers {
            let mut told = Vec::new();
            let _ = stranger.read_to_end(&mut told);
            assert!(told.is_empty(), "{told:?}");
        }
        secret.stop();
        let ended = secret.end(program);
        assert!(secret.end(friend).status.success());
        assert_is_all(&secret.session("friend.aline"), &ended);
    }

    fn a_socket_that_a_crash_left_is_removed() {
        let mut stage = Stage::new();
        let command = stage.program("rounds", "live");
        let program = stage.begin(command);
        let process = stage.programs[program].id();
        let socket = stage.path("asyncline").join(format!("{process}.sock"));
        until("the socket is there", || socket.exists());
        stage.programs[program].kill().unwrap();
        stage.programs[program].wait().unwrap();
        assert!(socket.exists());
        let attach = || {
            let file = stage.path("none.aline");
            let attach = ["attach", "--record", file.to_str().unwrap()];
            stage.asyncline(&attach).output().unwrap()
        };
        let none = attach();
        assert_eq!(none.status.code(), Some(2));
        assert!(text(&none.stderr).contains("no program runs"), "{none:?}");
        assert!(!socket.exists());
    }

    fn only_sockets_of_the_dead_are_removed() {
        use std::os::unix::net::UnixListener;
        let stage = Stage::new();
        let sockets = stage.path("asyncline");
        fs::create_dir(&sockets).unwrap();
        fs::set_permissions(&sockets, fs::Permissions::from_mode(0o700)).unwrap();
        let files = ["4711.sock", "exec-4711.sock", "exec-4711.txt", "exec-4712"];
        for file in files {
            fs::write(sockets.join(file), "mine").unwrap();
        }
        let used = ["4713.sock", "exec-4713.sock"];
        let _listeners = used.map(|name| UnixListener::bind(sockets.join(name)).unwrap());
        // Nobody has them open any more.
        let dead = ["4714.sock", "exec-4714.sock"];
        for name in dead {
            drop(UnixListener::bind(sockets.join(name)).unwrap());
        }
        let record = stage.path("none.aline");
        let record = record.to_str().unwrap();
        let attach = stage.asyncline(&["attach", "--record", record]).output();
        assert_eq!(attach.unwrap().status.code(), Some(2));
        let exec = ["exec", "--record", record, "--", "true"];
        assert_eq!(
            stage.asyncline(&exec).output().unwrap().status.code(),
            Some(0)
        );
        let mut left: Vec<_> = fs::read_dir(&sockets).unwrap().collect();
        left.sort_by_key(|entry| entry.as_ref().unwrap().file_name());
        let left = left.into_iter().map(|entry| entry.unwrap().file_name());
        let mut expected = [&files[..], &used[..]].concat();
        expected.sort_unstable();
        assert_eq!(left.collect::<Vec<_>>(), expected);
    }

    fn at_its_end_a_program_removes_its_own_socket_alone() {
        let mut stage = Stage::new();
        let (program, socket) = stage.watchable();
        fs::remove_file(&socket).unwrap();
        fs::write(&socket, "mine").unwrap();
        stage.stop();
        assert_eq!(stage.end(program).status.code(), Some(3));
        assert_eq!(fs::read_to_string(&socket).unwrap(), "mine");
    }

    fn a_viewer_that_freezes_loses_its_hold() {
        let mut stage = Stage::new();
        let (program, socket) = stage.watchable_by(|command| {
            command.env("ASYNCLINE_CONTROL", "1");
        });
        let other = stage.viewer(socket.to_str().unwrap(), "other.aline");
        stage.saw("other.aline");
        let mut frozen = UnixStream::connect(&socket).unwrap();
        frozen.write_all(&frame(&hello(VERSION))).unwrap();
        frozen.write_all(&frame(&pace(PAUSED))).unwrap();
        wait_until_held(&mut frozen);
        // From now on it says nothing, nor does it take anything, and its connection stays.
        stage.stop();
        let ended = stage.end(program);
        assert_eq!(ended.status.code(), Some(3));
        assert!(stage.end(other).status.success());
        let session = stage.session("other.aline");
        assert_is_all(&session, &ended);
        let expected = format!(
            "continues: process {} held it and stopped responding",
            std::process::id()
        );
        let is_said = |lane: &Option<LaneId>, text: &str| lane.is_some() && text == expected;
        let said = session.events.iter().filter(
            |event| matches!(&event.kind, EventKind::Mark { lane, text } if is_said(lane, text.raw())),
        );
        assert_eq!(said.count(), 1);
        drop(frozen);
    }

    fn silent_connections_keep_nobody_out() {
        let mut stage = Stage::new();
        let (program, socket) = stage.watchable();
        let connect = || UnixStream::connect(&socket).unwrap();
        let mut silent: Vec<UnixStream> = (0..200).map(|_| connect()).collect();
        // One that has said a part of what it has to is no better.
        silent.extend((0..200).map(|_| {
            let mut half = connect();
            half.write_all(&frame(&hello(VERSION))[..8]).unwrap();
            half
        }));
        let mut viewer = connect();
        viewer.write_all(&frame(&hello(VERSION))).unwrap();
        let first = read_frame(&mut viewer).unwrap();
        assert_eq!(first[..12], hello(VERSION));
        // They are told nothing, and are left.
        for mut stream in silent {
            let mut told = Vec::new();
            let _ = stream.read_to_end(&mut told);
            assert!(told.is_empty(), "{told:?}");
        }
        stage.stop();
        drop(viewer);
        assert_eq!(stage.end(program).status.code(), Some(3));
    }

    /// The most memory that a process ever had, in bytes.
    #[cfg(target_os = "linux")]
    fn peak(process: u32) -> u64 {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
        kib * 1024
    }

    #[cfg(target_os = "linux")]
    fn unfinished_hellos_cost_a_few_bytes() {
        const CONNECTIONS: u64 = 60;
        /// What a viewer says at most: with a token of 1024 bytes.
        const LONGEST: u32 = 1036;
        let mut stage = Stage::new();
        let socket = stage.path("program.sock");
        let command = stage.program("waits", &format!("live:{}", socket.display()));
        let program = stage.begin(command);
        until("the program listens", || {
            UnixStream::connect(&socket).is_ok()
        });
        let process = stage.programs[program].id();
        // All but the last byte of what was announced, or as much of it as is taken.
        let connect = |announced: u32| {
            let mut stream = UnixStream::connect(&socket).unwrap();
            let said = [0].repeat(announced as usize - 1);
            stream.write_all(&announced.to_be_bytes()).unwrap();
            thread::spawn(move || {
                let _ = stream.write_all(&said);
                let mut told = Vec::new();
                let _ = stream.read_to_end(&mut told);
                assert!(told.is_empty(), "{told:?}");
            })
        };
        let round = |announced: u32| {
            let streams = (0..CONNECTIONS).map(|_| connect(announced));
            let streams: Vec<_> = streams.collect();
            for stream in streams {
                stream.join().unwrap();
            }
        };
        // What the first one costs is there once.
        connect(LONGEST).join().unwrap();
        let before = peak(process);
        for announced in [LONGEST, LONGEST + 1, 8 << 20] {
            round(announced);
        }
        let cost = peak(process) - before;
        assert!(cost < CONNECTIONS * 4096, "{cost} bytes");
        stage.stop();
        assert_eq!(stage.end(program).status.code(), Some(3));
    }

    fn why_there_is_no_program_is_told_in_one_line() {
        const NOBODY: u32 = 65534;
        let mut stage = Stage::new();
        let (program, socket) = stage.watchable();
        fs::write(stage.path("file"), "").unwrap();
        std::os::unix::fs::symlink("nowhere", stage.path("dangling")).unwrap();
        let dead = stage.path("dead.sock");
        drop(std::os::unix::net::UnixListener::bind(dead).unwrap());
        let record = stage.path("none.aline");
        let arguments = |at: &Path| {
            let texts = [
                "attach",
                at.to_str().unwrap(),
                "--record",
                record.to_str().unwrap(),
            ];
            texts.map(str::to_owned)
        };
        let says = |command: &mut Command, at: &Path, why: &str| {
            let output = command.output().unwrap();
            let line = format!("asyncline: cannot attach to {}: {why}\n", at.display());
            assert_eq!(text(&output.stderr), line);
            assert_eq!(output.status.code(), Some(2));
        };
        for (name, why) in [
            ("missing", "there is no such file or directory"),
            ("dangling", "it is a broken link"),
            ("file", "it is not a socket"),
            ("dead.sock", "its program has ended"),
        ] {
            let at = stage.path(name);
            says(&mut stage.asyncline(&arguments(&at)), &at, why);
        }
        // Only the administrator can act for others.
        let open = fs::Permissions::from_mode(0o777);
        fs::set_permissions(stage.directory.path(), open.clone()).unwrap();
        let copy = stage.path("asyncline-copy");
        fs::copy(env!("CARGO_BIN_EXE_asyncline"), &copy).unwrap();
        fs::set_permissions(&copy, open).unwrap();
        let mut other = Command::new(&copy);
        other.args(arguments(&socket)).env_remove("XDG_RUNTIME_DIR");
        other.uid(NOBODY).gid(NOBODY);
        if other.output().is_ok() {
            let us = std::os::unix::fs::MetadataExt::uid(&fs::metadata(&socket).unwrap());
            let why = format!("it belongs to another user (uid {us})");
            says(&mut other, &socket, &why);
        }
        stage.stop();
        assert_eq!(stage.end(program).status.code(), Some(3));
    }

    /// Sends a signal to a process.
    fn signal(process: u32, signal: &str) {
        let mut kill = Command::new("kill");
        let sent = kill.args([signal, &process.to_string()]).status();
        assert!(sent.unwrap().success());
    }

    fn a_stopped_program_holds_up_no_list() {
        let mut stage = Stage::new();
        let programs: Vec<usize> = (0..3)
            .map(|_| {
                let command = stage.program("rounds", "live");
                stage.begin(command)
            })
            .collect();
        let process = |program: usize| stage.programs[program].id();
        let processes: Vec<u32> = programs.iter().map(|program| process(*program)).collect();
        for process in &processes {
            let socket = stage.path("asyncline").join(format!("{process}.sock"));
            until("the socket is there", || socket.exists());
        }
        let file = stage.path("none.aline");
        let list = || {
            let list = ["attach", "--record", file.to_str().unwrap()];
            let list = stage.asyncline(&list).output().unwrap();
            assert_eq!(list.status.code(), Some(2), "{list:?}");
            text(&list.stderr)
        };
        let is_listed = |list: &str, number: usize| {
            let name = format!("{} live", processes[number]);
            list.contains(&name)
        };
        // One that is slow today may be missing from a list.
        until("all are listed", || {
            let list = list();
            (0..3).all(|number| is_listed(&list, number))
        });
        signal(processes[1], "-STOP");
        until("the others are listed", || {
            let list = list();
            assert!(!is_listed(&list, 1), "{list}");
            is_listed(&list, 0) && is_listed(&list, 2)
        });
        // Where none answers, that is what is told.
        for process in &processes {
            signal(*process, "-STOP");
        }
        let none = list();
        assert!(none.contains("no program answers"), "{none}");
        for process in processes {
            assert!(none.contains(&process.to_string()), "{none}");
            signal(process, "-CONT");
        }
        stage.stop();
        for program in programs {
            assert_eq!(stage.end(program).status.code(), Some(3));
        }
    }
}
