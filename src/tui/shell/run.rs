//! The run loop, which alone owns the terminal.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use thiserror::Error;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::{Instant, sleep_until};

use super::driver::Driver;
use super::options::{Options, Start, Watching};
use super::recorder::SessionRecorder;
use super::terminal::{self, TerminalScreen};
use crate::recording::{self, Progress};
use crate::scenario::{self};
use crate::tui::app::{App, Effect, Msg, keymap, mouse};
use crate::tui::view;

/// Maximum number of messages taken in before the screen is drawn again.
const BATCH: usize = 256;

/// The end of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreenEnd {
    /// The person left.
    Left,
    /// A signal with this number ended it.
    Signal(u8),
}

/// The reason why the screen could not be shown.
#[derive(Debug, Error)]
pub enum Error {
    /// The terminal failed.
    #[error("cannot use this terminal: {0}")]
    Terminal(#[from] io::Error),
    /// A session could not be read or written.
    #[error(transparent)]
    Session(#[from] recording::Error),
}

/// Shows the screen until the person leaves or a signal ends it.
///
/// # Errors
///
/// Where the terminal fails, where the recording to begin with cannot be read, or where the file to record to cannot
/// be written. The terminal is given back before this returns.
pub fn run(options: Options) -> Result<ScreenEnd, Error> {
    run_watching(options).map(|(ended, _)| ended)
}

/// As [`run`]; the program that was watched comes back.
///
/// # Errors
///
/// As [`run`].
pub fn run_watching(options: Options) -> Result<(ScreenEnd, Option<Box<Watching>>), Error> {
    let (sender, messages) = mpsc::unbounded_channel();
    let mut app = App::new(scenario::all(), options.theme, ratatui::layout::Size::ZERO);
    let mut recorder = SessionRecorder::new(options.record);
    if let Start::Scenario(scenario) = options.start {
        recorder.prepare(scenario)?;
    }
    let mut driver = Driver::new(recorder, sender);
    open(options.start, options.progress, &mut driver, &mut app)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // Before the terminal is taken: from then on a signal must give it back.
        let signals = Signals::new()?;
        let mut screen = TerminalScreen::take()?;
        let ended = Loop {
            app,
            driver: &mut driver,
            messages,
            signals,
            resized: false,
            suspends: false,
        }
        .run(&mut screen)
        .await;
        drop(screen);
        // Ends the program that runs and its recording, whatever ended the loop.
        driver.stop();
        Ok((ended?, driver.watching.take()))
    })
}

/// Opens what the screen begins with.
fn open(
    start: Start,
    progress: fn(Progress),
    driver: &mut Driver,
    app: &mut App,
) -> Result<(), Error> {
    match start {
        Start::Menu => {}
        Start::Scenario(scenario) => {
            if let Some(effect) = app.update(Msg::Ask(scenario)) {
                driver.perform(effect, app);
            }
        }
        Start::Replay { file, follow } => {
            app.update(driver.try_open(&file, follow, progress)?);
        }
        #[cfg(unix)]
        Start::Watch(watching) => {
            for msg in driver.watch(watching)? {
                app.update(msg);
            }
        }
    }
    Ok(())
}

struct Loop<'a> {
    app: App,
    driver: &'a mut Driver,
    messages: UnboundedReceiver<Msg>,
    signals: Signals,
    /// `true` if the terminal may have lost what was drawn.
    resized: bool,
    /// `true` if the process should stop, until the shell continues it.
    suspends: bool,
}

/// An event that wakes the loop.
enum Happened {
    Terminal(Option<io::Result<Event>>),
    Message(Option<Msg>),
    Time,
    Signal(Signal),
}

/// A received signal.
enum Signal {
    /// A signal of this number, which ends the program.
    End(u8),
    /// A request to stop the process.
    #[cfg(unix)]
    Stop,
    /// The process was continued.
    #[cfg(unix)]
    Continued,
}

impl Loop<'_> {
    async fn run(mut self, screen: &mut TerminalScreen) -> io::Result<ScreenEnd> {
        self.app.update(Msg::Resize(screen.size()?));
        screen.draw(&self.app, false)?;
        self.app.take_changed();
        self.driver.look(self.app.sight());
        self.driver.list_recordings();
        let mut events = EventStream::new();
        let mut next_tick: Option<Instant> = None;
        loop {
            let pulse = self.app.pulse();
            if pulse.is_none() {
                self.driver.rest();
            }
            next_tick = pulse.map(|pulse| next(next_tick, pulse));
            let happened = tokio::select! {
                biased;
                signal = self.signals.next() => Happened::Signal(signal),
                event = events.next() => Happened::Terminal(event),
                msg = self.messages.recv() => Happened::Message(msg),
                () = at(next_tick) => Happened::Time,
            };
            match happened {
                Happened::Signal(Signal::End(signal)) => return Ok(ScreenEnd::Signal(signal)),
                #[cfg(unix)]
                Happened::Signal(Signal::Stop) => self.suspends = true,
                #[cfg(unix)]
                Happened::Signal(Signal::Continued) => {
                    terminal::take_again()?;
                    self.driver.go_on();
                    let size = screen.size()?;
                    self.update(Msg::Resize(size));
                }
                Happened::Time => {
                    next_tick = None;
                    for msg in self.driver.tick() {
                        self.update(msg);
                    }
                }
                Happened::Message(msg) => {
                    let more = std::iter::from_fn(|| self.messages.try_recv().ok());
                    let batch: Vec<_> = msg.into_iter().chain(more.take(BATCH)).collect();
                    for msg in batch {
                        self.update(msg);
                    }
                }
                Happened::Terminal(event) => {
                    if !self.take_in(event, &mut events).await? {
                        return Ok(ScreenEnd::Left);
                    }
                }
            }
            if std::mem::take(&mut self.suspends) {
                self.suspend();
            }
            self.driver.look(self.app.sight());
            let resized = std::mem::take(&mut self.resized);
            if self.app.take_changed() || resized {
                screen.draw(&self.app, resized)?;
            }
        }
    }

    /// Takes in an event of the terminal and those that have come with it; false where they ask to leave.
    async fn take_in(
        &mut self,
        event: Option<io::Result<Event>>,
        events: &mut EventStream,
    ) -> io::Result<bool> {
        let mut next = event;
        for _ in 0..BATCH {
            // Without its end of the terminal, nobody is there any more.
            let Some(event) = next else { return Ok(false) };
            let msg = message(&self.app, &event?);
            if msg.is_some_and(|msg| !self.update(msg)) {
                return Ok(false);
            }
            match poll_fn(|context| Poll::Ready(events.poll_next_unpin(context))).await {
                Poll::Ready(another) => next = another,
                Poll::Pending => break,
            }
        }
        Ok(true)
    }

    /// Stops this process's job until it is continued. Programs that were started here belong to it, too.
    #[cfg(unix)]
    fn suspend(&mut self) {
        use rustix::process::{Signal, kill_current_process_group};
        terminal::give_back();
        self.driver.hold();
        // Not SIGTSTP, which this process catches. If the stop is refused, the terminal is taken again at once.
        let _ = kill_current_process_group(Signal::STOP);
        // This process alone may have been continued. The signal arrives here, too, and takes the terminal again.
        let _ = kill_current_process_group(Signal::CONT);
    }

    #[cfg(not(unix))]
    fn suspend(&mut self) {}

    /// Takes in a message; false where it asks to leave.
    fn update(&mut self, msg: Msg) -> bool {
        self.resized |= matches!(msg, Msg::Resize(_));
        let effect = self.app.update(msg);
        self.suspends |= effect == Some(Effect::Suspend);
        effect.is_none_or(|effect| self.driver.perform(effect, &self.app))
    }
}

/// Returns the time of the next tick: as planned, or earlier if the pulse has become faster.
fn next(planned: Option<Instant>, pulse: Duration) -> Instant {
    let due = Instant::now() + pulse;
    planned.map_or(due, |planned| planned.min(due))
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// The signals that end, stop and continue the program.
#[cfg(unix)]
struct Signals {
    end: [tokio::signal::unix::Signal; 3],
    stop: tokio::signal::unix::Signal,
    continued: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    const NUMBERS: [u8; 3] = [1, 2, 15];

    fn new() -> io::Result<Self> {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        let signal = |number| signal(SignalKind::from_raw(number));
        let [hangup, interrupt, terminate] = Self::NUMBERS.map(|number| signal(number.into()));
        Ok(Self {
            end: [hangup?, interrupt?, terminate?],
            stop: signal(Signal::TSTP.as_raw())?,
            continued: signal(Signal::CONT.as_raw())?,
        })
    }

    async fn next(&mut self) -> Signal {
        let [hangup, interrupt, terminate] = &mut self.end;
        tokio::select! {
            biased;
            _ = hangup.recv() => Signal::End(Self::NUMBERS[0]),
            _ = interrupt.recv() => Signal::End(Self::NUMBERS[1]),
            _ = terminate.recv() => Signal::End(Self::NUMBERS[2]),
            _ = self.continued.recv() => Signal::Continued,
            _ = self.stop.recv() => Signal::Stop,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::End(2),
            Err(_) => std::future::pending().await,
        }
    }
}

/// Returns the message for an event of the terminal, if it means something.
fn message(app: &App, event: &Event) -> Option<Msg> {
    let Event::Mouse(event) = event else {
        return keymap::message(app.mode(), event);
    };
    let (gesture, at) = mouse::gesture(*event)?;
    Some(Msg::Mouse(gesture, at, view::hit::target(app, at)))
}
