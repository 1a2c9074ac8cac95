//! The collector: takes events off the channel and hands them on in batches, in the order of their times.

use std::sync::mpsc::Receiver;

use crate::event::{Event, Timestamp};
use crate::probe::recorder::Recorder;

/// The receiving end of a recording.
#[derive(Debug)]
pub struct Collector {
    receiver: Receiver<Event>,
    recorder: Recorder,
}

impl Collector {
    pub(crate) fn new(receiver: Receiver<Event>, recorder: Recorder) -> Self {
        Self { receiver, recorder }
    }

    /// The events that have come since the last call.
    pub fn drain(&mut self) -> Vec<Event> {
        let mut batch = Vec::new();
        self.drain_into(&mut batch);
        batch
    }

    /// The present, on the clock of the events.
    pub fn now(&self) -> Timestamp {
        self.recorder.clock().now()
    }

    /// Appends the events that have come since the last call.
    pub fn drain_into(&mut self, batch: &mut Vec<Event>) {
        let before = batch.len();
        batch.extend(self.receiver.try_iter());
        let taken = batch.len() - before;
        if let Some(lost) = self.recorder.taken(taken) {
            // What was sent between the two looks at the channel is older than the loss.
            let between = batch.len();
            batch.extend(
                self.receiver
                    .try_iter()
                    .take_while(|event| event.at <= lost.at),
            );
            let _ = self.recorder.taken(batch.len() - between);
            batch.push(lost);
        }
    }
}
