//! A scenario as a source: its program runs on a thread of its own, under the probe, held by its gate.

use std::io;
use std::panic;
use std::sync::{Arc, Once};
use std::thread;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::event::{Event, Timestamp};
use crate::probe::gate::{Gate, Pace, Report};
use crate::recording::collector::Collector;
use crate::scenario::{Scenario, Stage};

/// Maximum silence of a scenario in real time before a heartbeat: with the time of a frame, at most 100 ms.
const SILENCE: Duration = Duration::from_millis(80);

/// A scenario that runs.
#[derive(Debug)]
pub struct Live {
    collector: Collector,
    gate: Arc<Gate>,
    stop: CancellationToken,
    /// Taken when it is joined.
    thread: Option<thread::JoinHandle<()>>,
    real_time: bool,
    drained: Timestamp,
}

impl Live {
    /// Starts a scenario at this pace.
    ///
    /// # Errors
    ///
    /// Where no thread can be had.
    pub fn start(scenario: &'static Scenario, pace: Pace) -> io::Result<Self> {
        note_panics();
        let real_time = scenario.is_real_time();
        let gate = Arc::new(if real_time {
            Gate::real_time(pace)
        } else {
            Gate::new(pace)
        });
        let stop = CancellationToken::new();
        let (stage, collector) = Stage::new(Arc::clone(&gate), stop.clone(), real_time);
        let thread = thread::Builder::new()
            .name(crate::text::threads::name("scenario"))
            .spawn(|| stage.play(scenario.main))?;
        Ok(Self {
            collector,
            gate,
            stop,
            thread: Some(thread),
            real_time,
            drained: Timestamp::ZERO,
        })
    }

    /// Runs a scenario to its end, as fast as the machine allows, and gives all its events.
    ///
    /// # Errors
    ///
    /// Where no thread can be had.
    pub fn run_to_end(scenario: &'static Scenario) -> io::Result<Vec<Event>> {
        let mut live = Self::start(scenario, Pace::Open)?;
        live.join();
        let mut events = Vec::new();
        live.drain(&mut events);
        Ok(events)
    }

    /// Appends the events since the last call, and in real time a heartbeat at least every 100 ms. Times never go back.
    pub fn drain(&mut self, into: &mut Vec<Event>) {
        let before = into.len();
        into.extend(self.collector.drain());
        if !self.is_finished() {
            into.extend(self.collector.heartbeat(SILENCE));
        }
        if let Some(last) = into[before..].last() {
            self.drained = last.at;
        }
    }

    /// Chooses what the gate lets through.
    pub fn set_pace(&self, pace: Pace) {
        self.gate.set_pace(pace);
    }

    /// Plays so many virtual seconds in a second; without effect on a real-time scenario.
    pub fn set_speed(&self, speed: f64) {
        self.gate.set_speed(speed);
    }

    /// Returns its state at its gate.
    pub fn report(&self) -> Report {
        let mut report = self.gate.report();
        if self.real_time {
            let moves = report.pace != Pace::Paused && !self.is_finished();
            report.position = if moves {
                self.collector.now()
            } else {
                self.drained
            };
        }
        report
    }

    /// Returns `true` if its program has ended; the last events may still have to be drained.
    pub fn is_finished(&self) -> bool {
        self.thread
            .as_ref()
            .is_none_or(thread::JoinHandle::is_finished)
    }

    /// Ends it: its tasks are cancelled, its thread is joined. What is left can be drained then.
    pub fn stop(&mut self) {
        self.stop.cancel();
        self.gate.set_pace(Pace::Open);
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // Its program's panics are caught and recorded; there is nothing to learn from another one.
            let _ = thread.join();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Makes a panic in a scenario a line in its lane, instead of one on the terminal: scenarios panic on purpose.
fn note_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if crate::text::threads::is_own() {
                let payload = panic.payload();
                let text = payload.downcast_ref::<&str>().copied();
                let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
                let message = text.unwrap_or("for a reason that is no text");
                crate::mark!("panics: {message}");
            } else {
                others(panic);
            }
        }));
    });
}
