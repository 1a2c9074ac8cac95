//! The hold on the program, which a viewer has as long as it renews it every second.
//!
//! A viewer that is stopped, or whose network is cut, keeps its connection, and would hold the program forever. So a hold
//! is a lease. Its time is counted in ticks of the program's own thread, so that stopping the whole program does not use it
//! up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::event::EventKind;
use crate::probe::gate::{Gate, Pace};
use crate::probe::record::recorder::Recorder;

/// Interval between calls of [`Hold::tick`].
pub(super) const TICK: Duration = Duration::from_millis(500);
/// A hold lasts this many ticks unless it is renewed: 3 s, and up to one tick more.
const LEASE: u32 = 7;

/// The gate of a program that viewers may hold, and its present holder.
#[derive(Debug)]
pub(crate) struct Hold {
    gate: Arc<Gate>,
    recorder: Recorder,
    holder: Mutex<Option<Holder>>,
}

#[derive(Debug)]
struct Holder {
    viewer: u64,
    /// The viewer's name, for display.
    name: String,
    /// Ticks until it loses its hold.
    left: u32,
}

impl Hold {
    /// Creates the hold of this gate. A lost hold is noted in this recording.
    pub(crate) fn new(gate: Arc<Gate>, recorder: Recorder) -> Self {
        Self {
            gate,
            recorder,
            holder: Mutex::default(),
        }
    }

    fn holder(&self) -> MutexGuard<'_, Option<Holder>> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the gate's current pace.
    pub(super) fn pace(&self) -> Pace {
        self.gate.report().pace
    }

    /// Changes the gate's pace on a viewer's request.
    pub(super) fn set_pace(&self, viewer: u64, name: &str, pace: Pace) {
        // An open gate stays open.
        let pace = if pace == Pace::Open {
            Pace::Playing
        } else {
            pace
        };
        let mut holder = self.holder();
        *holder = (pace != Pace::Playing).then(|| Holder {
            viewer,
            name: name.to_owned(),
            left: LEASE,
        });
        self.gate.set_pace(pace);
    }

    /// Renews the hold of a viewer.
    pub(super) fn renew(&self, viewer: u64) {
        if let Some(holder) = &mut *self.holder()
            && holder.viewer == viewer
        {
            holder.left = LEASE;
        }
    }

    /// A viewer has left: a program that it held continues.
    pub(super) fn let_go(&self, viewer: u64) {
        let mut holder = self.holder();
        if holder.take_if(|holder| holder.viewer == viewer).is_some() {
            self.gate.set_pace(Pace::Playing);
        }
    }

    /// Counts a tick. If the holder has been silent for too long, the program continues, and a mark in the lane that was
    /// held says so.
    pub(super) fn tick(&self) {
        let mut holder = self.holder();
        if let Some(holder) = &mut *holder {
            holder.left -= 1;
        }
        if let Some(lost) = holder.take_if(|holder| holder.left == 0) {
            let text = format!("continues: {} held it and stopped responding", lost.name);
            self.recorder.record(EventKind::Mark {
                lane: self.gate.report().held.map(|(lane, _)| lane),
                text: text.into(),
            });
            self.gate.set_pace(Pace::Playing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{LaneId, Timestamp};
    use crate::recording::collector::Collector;

    fn hold() -> (Hold, Collector) {
        let gate = Arc::new(Gate::real_time(Pace::Playing));
        let (recorder, collector) = Collector::real_time(Some(Arc::clone(&gate)), 4096);
        (Hold::new(gate, recorder), collector)
    }

    fn marks(collector: &mut Collector) -> Vec<(Option<LaneId>, String)> {
        let events = collector.drain();
        let marks = events.iter().filter_map(|event| match &event.kind {
            EventKind::Mark { lane, text } => Some((*lane, text.to_string())),
            _ => None,
        });
        marks.collect()
    }

    #[test]
    fn a_hold_that_is_not_renewed_is_lost_and_one_that_is_stays() {
        let (hold, mut collector) = hold();
        hold.set_pace(1, "process 11", Pace::Paused);
        for _ in 0..100 {
            (1..LEASE).for_each(|_| hold.tick());
            assert_eq!(hold.pace(), Pace::Paused);
            // Other viewers do not keep the program held.
            hold.renew(2);
            hold.renew(1);
        }
        (1..LEASE).for_each(|_| hold.tick());
        assert_eq!(hold.pace(), Pace::Paused);
        assert_eq!(marks(&mut collector), []);
        hold.renew(2);
        hold.tick();
        assert_eq!(hold.pace(), Pace::Playing);
        let text = "continues: process 11 held it and stopped responding".to_owned();
        assert_eq!(marks(&mut collector), [(None, text)]);
        // It returns, and holds the program only if it asks again.
        hold.renew(1);
        (0..LEASE).for_each(|_| hold.tick());
        assert_eq!(hold.pace(), Pace::Playing);
        assert_eq!(marks(&mut collector), []);
    }

    #[test]
    fn whose_hold_is_lost_stands_in_the_lane_that_was_held() {
        let (hold, mut collector) = hold();
        hold.set_pace(1, "process 11", Pace::Step);
        hold.set_pace(2, "127.0.0.1:4711", Pace::Paused);
        hold.let_go(1);
        assert_eq!(hold.pace(), Pace::Paused, "another holds it by now");
        let gate = Arc::clone(&hold.gate);
        let polls = std::thread::spawn(move || gate.pass(LaneId(7), Timestamp(1)));
        while hold.gate.report().held.is_none() {
            std::thread::yield_now();
        }
        (0..LEASE).for_each(|_| hold.tick());
        assert!(polls.join().is_ok());
        let text = "continues: 127.0.0.1:4711 held it and stopped responding".to_owned();
        assert_eq!(marks(&mut collector), [(Some(LaneId(7)), text)]);
    }
}
