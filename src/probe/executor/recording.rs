//! Recordings without a runtime of tokio's: for futures on any executor.

use std::io;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::probe::output::{self, Running};
use crate::probe::record::off::OFF;
use crate::probe::record::recorder::{DEFAULT_CAPACITY, Recorder};
use crate::probe::wrap::context::{self, RestoreProbe};
use crate::probe::wrap::probe::Probe;

/// A recording of futures that any executor polls: those with a [`lane`](crate::probe::TaskExt::lane).
///
/// ```
/// use asyncline::{Recording, TaskExt, Timeline};
///
/// let (recording, mut events) = Recording::begin();
/// recording.make_default();
/// let executor = async_executor::LocalExecutor::new();
/// let task = executor.spawn(async { 1 + 1 }.lane("adds"));
/// let sum = futures_executor::block_on(executor.run(task));
/// assert_eq!(sum, 2);
/// let timeline: Timeline = events.drain().iter().collect();
/// assert_eq!(timeline.lanes().next().unwrap().name, "adds");
/// ```
///
/// It knows nothing of the executor itself. A wake outside of all lanes is by the thread that it happens on; and where a
/// task that has ended is awaited by none, the next such wake on its thread, before that polls another lane, is taken for
/// one by its end.
#[derive(Debug)]
pub struct Recording {
    /// None where nothing is recorded.
    probe: Option<Arc<Probe>>,
    output: Option<Running>,
}

impl Recording {
    /// Begins a recording into a new file: see [`output`](crate::probe::output). When it is dropped, the file is whole.
    ///
    /// # Errors
    ///
    /// Where the operating system refuses the file, or the thread that writes it.
    pub fn to(path: impl AsRef<Path>) -> io::Result<Self> {
        let output = output::to_file(path.as_ref(), DEFAULT_CAPACITY).map_err(io::Error::other)?;
        Ok(Self::by(output))
    }

    /// Takes part in the recording that the environment asks for: see [`output`](crate::probe::output). Where it asks for none,
    /// nothing is recorded.
    pub fn of_environment() -> Self {
        output::of_environment().map_or(
            Self {
                probe: None,
                output: None,
            },
            Self::by,
        )
    }

    fn by(output: Running) -> Self {
        output.end_with_this_thread();
        Self::new(output.recorder().clone(), Some(output))
    }

    pub(crate) fn new(recorder: Recorder, output: Option<Running>) -> Self {
        let probe = Arc::new(Probe {
            recorder,
            runtime: None,
            id: None,
            closing: AtomicBool::new(false),
            stop: None,
            tasks: None,
            tasks_of_one_thread: None,
            has_unknown_tasks: AtomicBool::new(false),
        });
        Self {
            probe: Some(probe).filter(|_| !OFF),
            output,
        }
    }

    /// Whether anything is recorded.
    pub fn is_on(&self) -> bool {
        self.probe.is_some()
    }

    /// Makes it apply to this thread until the guard is dropped.
    pub fn enter(&self) -> EnteredRecording<'_> {
        let probe = self.probe.as_ref();
        EnteredRecording {
            _probe: probe.map(|probe| context::enter_probe(Some(Arc::clone(probe)))),
            _recording: PhantomData,
        }
    }

    /// Makes it apply to all threads to which no other one does, until it is dropped or another one takes its place.
    pub fn make_default(&self) {
        if let Some(probe) = &self.probe {
            context::set_default(Arc::clone(probe));
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(probe) = &self.probe {
            context::unset_default(probe);
        }
        drop(self.output.take());
    }
}

/// A recording, entered on this thread.
#[derive(Debug)]
#[must_use = "it is left when this is dropped"]
pub struct EnteredRecording<'a> {
    _probe: Option<RestoreProbe>,
    // It is to be dropped on the thread that it was made on.
    _recording: PhantomData<(&'a Recording, *const ())>,
}
