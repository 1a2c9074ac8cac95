//! A scenario as a source: its program runs on a thread of its own, under the probe, held by its gate.

use std::io;

use crate::event::Event;
use crate::probe::gate::{Pace, Report};
use crate::scenario::Scenario;

/// A scenario that runs.
#[derive(Debug)]
pub struct Live {}

impl Live {
    /// Starts a scenario at this pace.
    ///
    /// # Errors
    ///
    /// Where no thread can be had.
    pub fn start(_scenario: &'static Scenario, _pace: Pace) -> io::Result<Self> {
        todo!()
    }

    /// Appends the events that have come since the last call. Times do not go back.
    pub fn drain(&mut self, _into: &mut Vec<Event>) {
        todo!()
    }

    /// Chooses what the gate lets through.
    pub fn set_pace(&self, _pace: Pace) {
        todo!()
    }

    /// Plays so many virtual seconds in a second; without effect on a real-time scenario.
    pub fn set_speed(&self, _speed: f64) {
        todo!()
    }

    /// How it stands at its gate.
    pub fn report(&self) -> Report {
        todo!()
    }

    /// Whether its program has ended; the last events may still have to be drained.
    pub fn is_finished(&self) -> bool {
        todo!()
    }

    /// Ends it: its tasks are cancelled, its thread is joined. What is left can be drained then.
    pub fn stop(&mut self) {
        todo!()
    }
}
