//! Records the session that runs, where that is wanted.

use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use super::options::Record;
use crate::event::Event;
use crate::recording::{self, Error, KEEP, Keep, Meta, Store, Writer};
use crate::scenario::Scenario;
use crate::tui::app::RecordingStatus;

/// Records the session that runs, where that is wanted.
#[derive(Debug)]
pub(crate) struct SessionRecorder {
    record: Record,
    /// The scenario whose sessions go into the file that was asked for.
    named: Option<&'static str>,
    /// A recording that was begun ahead of its session.
    prepared: Option<OpenRecording>,
    current: Option<OpenRecording>,
}

#[derive(Debug)]
struct OpenRecording {
    writer: Writer,
    path: PathBuf,
}

impl SessionRecorder {
    pub(crate) fn new(record: Record) -> Self {
        Self {
            record,
            named: None,
            prepared: None,
            current: None,
        }
    }

    /// Begins the file that was asked for ahead of the session, so that what is wrong with it shows at once.
    pub(crate) fn prepare(&mut self, scenario: &'static Scenario) -> Result<(), Error> {
        self.named = Some(scenario.name);
        if let Record::To(path, keep) = self.record.clone() {
            self.prepared = Some(create(path, scenario, keep)?);
        }
        Ok(())
    }

    /// Begins to record a scenario that is about to run, unless that is not wanted.
    pub(crate) fn begin(&mut self, scenario: &Scenario) -> RecordingStatus {
        let path = match &self.record {
            Record::Off => return RecordingStatus::Off,
            Record::To(path, _) if self.named == Some(scenario.name) => {
                if let Some(prepared) = self.prepared.take() {
                    return self.record_to(prepared);
                }
                Ok(path.clone())
            }
            Record::To(..) | Record::Auto => new_path(scenario),
        };
        self.begun(path, scenario)
    }

    /// Begins to record a scenario that runs already, from its first event on.
    pub(crate) fn begin_late(&mut self, scenario: &Scenario, so_far: &[Event]) -> RecordingStatus {
        let begun = self.begun(new_path(scenario), scenario);
        self.write(so_far).unwrap_or(begun)
    }

    fn begun(&mut self, path: Result<PathBuf, Error>, scenario: &Scenario) -> RecordingStatus {
        match path.and_then(|path| create(path, scenario, None)) {
            Ok(created) => self.record_to(created),
            Err(error) => RecordingStatus::Failed(error.reason_first()),
        }
    }

    fn record_to(&mut self, current: OpenRecording) -> RecordingStatus {
        let path = current.path.clone();
        self.current = Some(current);
        RecordingStatus::On(path)
    }

    /// Returns `true` while something is recorded.
    pub(crate) fn is_recording(&self) -> bool {
        self.current.is_some()
    }

    /// Takes in events. What goes wrong ends the recording and comes back.
    pub(crate) fn write(&mut self, events: &[Event]) -> Option<RecordingStatus> {
        let current = self.current.as_mut()?;
        let written = current
            .writer
            .write(events)
            .and_then(|()| current.writer.tick(Instant::now()));
        let error = written.err()?;
        self.current = None;
        Some(RecordingStatus::Failed(error.reason_first()))
    }

    /// Ends the recording.
    pub(crate) fn finish(&mut self) -> Option<RecordingStatus> {
        let OpenRecording { writer, path } = self.current.take()?;
        Some(match writer.finish() {
            Ok(()) => RecordingStatus::Saved(path),
            Err(error) => RecordingStatus::Failed(error.reason_first()),
        })
    }
}

fn create(path: PathBuf, scenario: &Scenario, keep: Option<Keep>) -> Result<OpenRecording, Error> {
    let meta = Meta::new(scenario.title, scenario.name, SystemTime::now());
    let writer = recording::create(&path, &meta, keep)?;
    Ok(OpenRecording { writer, path })
}

/// A path for one more recording in the user's store, in which there is room for it then.
fn new_path(scenario: &Scenario) -> Result<PathBuf, Error> {
    let store = Store::find()?;
    store.prune(KEEP - 1);
    Ok(store.new_path(scenario.name, SystemTime::now()))
}
