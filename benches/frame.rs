//! What a frame costs, however long the session is: `cargo bench --bench frame [-- --quick] [-- --events N,N…]`.
//!
//! Sessions of 10,000 tasks are made by running them under the probe. Each is opened in a process of its own, so that
//! memory is that of one session alone. A frame is what the run loop does for one: take in a key and what was read
//! meanwhile, find the lanes, draw them, and turn the changes into bytes for a terminal of 180 × 50. Beside it stands a
//! naive scan: reading all events to draw the same lanes.

#[path = "../examples/generate/workload.rs"]
mod workload;

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use asyncline::Timeline;
use asyncline::recording::{Meta, Session, Writer};
use asyncline::timeline::cells::{Window, cells};
use asyncline::tui::app::action::Action;
use asyncline::tui::show::Show;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use workload::Workload;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZE: Size = Size::new(180, 50);
/// Frames of each kind.
const FRAMES: usize = 200;
/// How long nothing more must come before a view counts as complete.
const QUIET: Duration = Duration::from_millis(800);

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).cloned()
    };
    if let Some(file) = value("--measure") {
        return measure(Path::new(&file));
    }
    if let Some(file) = value("--scan") {
        return scan(Path::new(&file));
    }
    if let Some(file) = value("--follow") {
        return follow(Path::new(&file));
    }
    if let (Some(file), Some(events)) = (value("--make"), value("--events")) {
        return make(Path::new(&file), events.parse()?);
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let sizes = match value("--events") {
        Some(sizes) => sizes
            .split(',')
            .map(str::parse)
            .collect::<Result<Vec<u64>, _>>()?,
        None if quick => vec![1_000_000],
        None => vec![1_000_000, 10_000_000, 100_000_000],
    };
    let directory = tempfile::tempdir()?;
    for events in sizes {
        let file = directory.path().join(format!("{events}.aline"));
        generate(&file, events)?;
        itself("--measure", &file)?;
        // All events of more would not fit into memory.
        if events <= 10_000_000 {
            itself("--scan", &file)?;
        }
        std::fs::remove_file(&file)?;
    }
    let file = directory.path().join("live.aline");
    let mut program = generator(&file, u64::MAX)?.spawn()?;
    let followed = itself("--follow", &file);
    program.kill()?;
    program.wait()?;
    followed
}

/// Returns this program as one that makes a session.
fn generator(file: &Path, events: u64) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--make").arg(file);
    command.args(["--events", &events.to_string()]);
    Ok(command)
}

/// Records a session of 10,000 tasks.
fn make(file: &Path, events: u64) -> Result<(), Failure> {
    let writer = Writer::create(file, &Meta::new("generated", "", SystemTime::now()))?;
    workload::generate(writer, Workload::Service, events, 10_000)?;
    Ok(())
}

fn generate(file: &Path, events: u64) -> Result<(), Failure> {
    println!("\n{events} events of 10000 tasks");
    run(&mut generator(file, events)?)?;
    let mut repair = Command::new(env!("CARGO_BIN_EXE_asyncline"));
    // Where events came too fast, the index was left for later.
    run(repair.arg("repair").arg(file))?;
    let size = std::fs::metadata(file)?.len();
    println!("{:<28}{:>10.1} MB", "file", size as f64 / 1e6);
    Ok(())
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let done = command.output()?;
    if done.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&done.stderr).into_owned().into())
}

/// Runs a part of this in a process of its own.
fn itself(part: &str, file: &Path) -> Result<(), Failure> {
    io::stdout().flush()?;
    let status = Command::new(std::env::current_exe()?)
        .arg(part)
        .arg(file)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("a part failed".into())
    }
}

/// A terminal whose bytes are counted and thrown away.
type Screen = Terminal<CrosstermBackend<io::Sink>>;

fn screen() -> Result<Screen, Failure> {
    let options = ratatui::TerminalOptions {
        viewport: ratatui::Viewport::Fixed(ratatui::layout::Rect::from((
            ratatui::layout::Position::ORIGIN,
            SIZE,
        ))),
    };
    let backend = CrosstermBackend::new(io::sink());
    Ok(Terminal::with_options(backend, options)?)
}

fn measure(file: &Path) -> Result<(), Failure> {
    let start = Instant::now();
    let mut screen = screen()?;
    let mut show = Show::open(file, false, SIZE)?;
    show.take();
    show.draw(&mut screen)?;
    line(
        "first frame",
        start.elapsed(),
        "≤ 300 ms to 10 M, ≤ 1 s to 100 M",
    );
    show.settle(QUIET);
    line("all of it exact", start.elapsed().saturating_sub(QUIET), "");
    show.draw(&mut screen)?;
    frames("whole session", &mut show, &mut screen, |show, _| {
        show.press(Action::Down);
    })?;
    frames("panning", &mut show, &mut screen, |show, frame| {
        show.press(if frame % 64 < 32 {
            Action::PanRight
        } else {
            Action::PanLeft
        });
    })?;
    frames("zooming", &mut show, &mut screen, |show, frame| {
        show.press(if frame % 32 < 16 {
            Action::ZoomIn
        } else {
            Action::ZoomOut
        });
    })?;
    for (name, zooms) in [("1 % of it", 11), ("0.01 % of it", 23)] {
        show.press(Action::Fit);
        go_to(&mut show, "40%");
        (0..zooms).for_each(|_| show.press(Action::ZoomIn));
        show.settle(QUIET);
        frames(name, &mut show, &mut screen, |show, _| {
            show.press(Action::Down);
        })?;
    }
    frames("stepping", &mut show, &mut screen, |show, _| {
        show.press(Action::Step);
    })?;
    let mut seeks: Vec<Duration> = (0..40)
        .map(|seek| {
            let start = Instant::now();
            go_to(&mut show, &format!("{}%", (seek * 37 + 11) % 100));
            start.elapsed()
        })
        .collect();
    seeks.sort_unstable();
    line("seek, median", seeks[seeks.len() / 2], "a frame or two");
    line("seek, longest", seeks[seeks.len() - 1], "");
    println!(
        "{:<28}{:>10.0} MB   target ≤ 600 MB",
        "memory",
        memory()? as f64 / 1e6
    );
    Ok(())
}

/// Goes to a part of the session, and waits until it is there.
fn go_to(show: &mut Show, part: &str) {
    show.press(Action::GoTo);
    show.type_text(part);
    let before = show.place();
    show.press(Action::Confirm);
    let begun = Instant::now();
    while show.place() == before && begun.elapsed() < Duration::from_secs(5) {
        show.take();
        std::thread::sleep(Duration::from_micros(300));
    }
}

fn frames(
    name: &str,
    show: &mut Show,
    screen: &mut Screen,
    mut act: impl FnMut(&mut Show, usize),
) -> Result<(), Failure> {
    let mut times = Vec::new();
    for frame in 0..FRAMES {
        let start = Instant::now();
        act(show, frame);
        show.take();
        show.draw(screen)?;
        times.push(start.elapsed());
        // As often as a person presses a key that is held down.
        std::thread::sleep(Duration::from_millis(5));
    }
    times.sort_unstable();
    let at = |part: usize| millis(times[(times.len() - 1) * part / 100]);
    let target = "target ≤ 4 ms to 10 M, ≤ 8 ms to 100 M";
    println!(
        "{name:<28}{:>10.2} ms   p99 {:.2} ms   {target}",
        at(50),
        at(99)
    );
    Ok(())
}

/// Draws the lanes of a screen by reading all events, as whoever has no index must.
fn scan(file: &Path) -> Result<(), Failure> {
    let start = Instant::now();
    let session = Session::open(file)?;
    let timeline: Timeline = session.events.iter().collect();
    let window = Window {
        start: asyncline::event::Timestamp::ZERO,
        span: timeline.end().0.max(1),
        width: SIZE.width,
        now: timeline.end(),
    };
    let drawn = timeline.lanes().take(SIZE.height.into());
    let cells: usize = drawn
        .map(|lane| cells(&timeline, lane, &window).len())
        .sum();
    line(&format!("naive scan, {cells} cells"), start.elapsed(), "");
    println!("{:<28}{:>10.0} MB", "its memory", memory()? as f64 / 1e6);
    Ok(())
}

fn follow(file: &Path) -> Result<(), Failure> {
    println!("\nfollowing a program that writes as fast as it can");
    let mut screen = screen()?;
    let mut show = opened_late(file)?;
    let (begun, first) = (Instant::now(), show.place());
    frames("following", &mut show, &mut screen, |show, _| show.tick())?;
    let rate = (show.place() - first) as f64 / begun.elapsed().as_secs_f64();
    println!("{:<28}{:>10.2} M events/s", "events came at", rate / 1e6);
    Ok(())
}

/// Waits until there is something to follow.
fn opened_late(file: &Path) -> Result<Show, Failure> {
    let begun = Instant::now();
    loop {
        match Show::open(file, true, SIZE) {
            Ok(show) if show.place() > 100_000 => return Ok(show),
            Err(error) if begun.elapsed() > Duration::from_secs(20) => return Err(error.into()),
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn line(name: &str, time: Duration, target: &str) {
    let target = if target.is_empty() {
        String::new()
    } else {
        format!("   target {target}")
    };
    println!("{name:<28}{:>10.2} ms{target}", millis(time));
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// What the process holds in memory at most, in bytes.
fn memory() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Ok(kib.unwrap_or(0) * 1024)
}
