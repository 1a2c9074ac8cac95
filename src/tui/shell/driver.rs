//! Does what the state asks for outside of it: runs scenarios, records them, opens files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::background::in_background;
use super::conversion::{self, Conversion, PartialJournal};
use super::opening::{self, Opening};
use super::options::Watching;
use super::reader::{Request, SessionReader};
use super::recorder::SessionRecorder;
#[cfg(unix)]
use super::sources::Files;
use super::sources::{self, colour};
use crate::event::Event;
use crate::probe::gate::Pace;
use crate::recording::{self, Archive, Progress};
use crate::source::Live;
#[cfg(unix)]
use crate::tui::app::Watched;
use crate::tui::app::code::Source;
use crate::tui::app::{App, ClockTick, Effect, Msg, Opened, ScenarioStart, Sight};

/// Does what the state asks for outside of it. What comes of it goes back as messages.
#[derive(Debug)]
pub(crate) struct Driver {
    live: Option<Live>,
    /// `true` if it is held only while the process is stopped.
    is_held: bool,
    recorder: SessionRecorder,
    last_tick: Option<Instant>,
    messages: UnboundedSender<Msg>,
    /// Requests to the reader of the large session that is shown.
    reader: Option<Sender<Request>>,
    /// Tells when the reader makes no file any more.
    gone: Option<Receiver<()>>,
    /// Tells it that something is more urgent than what it does.
    urgent: Arc<AtomicBool>,
    /// The last request to it.
    asked: Option<Sight>,
    /// `true` if growth of its file is shown.
    follows: bool,
    /// The program that is watched from outside of it.
    pub(crate) watching: Option<Box<Watching>>,
    /// Its last known status.
    #[cfg(unix)]
    watched: Option<Watched>,
    /// The source files that its events spoke of.
    #[cfg(unix)]
    files: Files,
}

impl Driver {
    pub(crate) fn new(recorder: SessionRecorder, messages: UnboundedSender<Msg>) -> Self {
        Self {
            live: None,
            is_held: false,
            recorder,
            last_tick: None,
            messages,
            reader: None,
            gone: None,
            urgent: Arc::default(),
            asked: None,
            follows: false,
            watching: None,
            #[cfg(unix)]
            watched: None,
            #[cfg(unix)]
            files: Files::default(),
        }
    }

    fn send(&self, msg: Msg) {
        // Nobody listens any more once the program is about to end.
        let _ = self.messages.send(msg);
    }

    /// Does what is asked for; false where that is to leave.
    pub(crate) fn perform(&mut self, effect: Effect, app: &App) -> bool {
        match effect {
            Effect::Start(start) => self.start(start),
            Effect::SetPace(pace) => self.set_pace(pace),
            Effect::SetSpeed(speed) => self.live.iter().for_each(|live| live.set_speed(speed)),
            Effect::Stop => self.stop(),
            Effect::Colour(source) => self.colour(vec![source]),
            Effect::Open(path) => self.open(path),
            Effect::Travel(from, journey) => self.ask(Request::Travel(from, journey)),
            Effect::ReadPresent(since) => self.ask(Request::Present(since)),
            Effect::ToggleRecording => self.toggle_recording(app),
            Effect::Quit => return false,
            // The terminal must be given back first: the loop does both.
            Effect::Suspend => {}
        }
        true
    }

    fn set_pace(&mut self, pace: Pace) {
        if let Some(live) = &self.live {
            live.set_pace(pace);
        }
        #[cfg(unix)]
        if let Some(watching) = &self.watching {
            watching.set_pace(pace);
        }
    }

    /// Shows a program that is watched from outside of it.
    #[cfg(unix)]
    pub(crate) fn watch(
        &mut self,
        mut watching: Box<Watching>,
    ) -> Result<Vec<Msg>, recording::Error> {
        let file = watching.file().to_owned();
        // What is handed on from now on follows what is read of the file.
        drop(watching.events());
        let opened = self.try_open(&file, true, |_| {})?;
        self.follows = !watching.hands_on();
        let prints = watching.prints.then(|| Msg::Printed(Vec::new()));
        let state = watching.state();
        self.watched = Some(state.clone());
        self.watching = Some(watching);
        let msgs = [Some(opened), Some(Msg::Watched(state)), prints];
        Ok(msgs.into_iter().flatten().collect())
    }

    /// Returns the news of the watched program.
    #[cfg(unix)]
    fn look_at_watched(&mut self) -> Vec<Msg> {
        let Some(watching) = &mut self.watching else {
            return Vec::new();
        };
        let printed = watching.printed();
        // Asked before the events are taken: what has ended by then sends no more.
        let state = watching.state();
        let added = watching.events();
        if let Some(added) = &added {
            let files = self.files.new_in(&added.events);
            sources::show_files(files, &self.messages);
        }
        let is_new = self.watched.as_ref() != Some(&state);
        self.watched = Some(state.clone());
        let printed = (!printed.is_empty()).then_some(Msg::Printed(printed));
        let state = is_new.then_some(Msg::Watched(state));
        let added = added.map(Msg::Appended);
        printed.into_iter().chain(added).chain(state).collect()
    }

    fn start(&mut self, ScenarioStart { scenario, speed }: ScenarioStart) {
        self.stop();
        let recording = self.recorder.begin(scenario);
        self.send(Msg::Recording(recording));
        match Live::start(scenario, Pace::Playing) {
            Ok(live) => {
                live.set_speed(speed);
                self.live = Some(live);
            }
            Err(error) => {
                let text = format!("The scenario could not be started: {error}.");
                self.send(Msg::Failed(text));
            }
        }
        self.colour(vec![Source::scenario(scenario)]);
    }

    /// Ends the program that runs, and its recording with its last events.
    pub(crate) fn stop(&mut self) {
        if let Some(mut live) = self.live.take() {
            live.stop();
            let mut events = Vec::new();
            live.drain(&mut events);
            self.record(&events);
        }
        self.finish_recording();
    }

    fn record(&mut self, events: &[Event]) {
        if let Some(failed) = self.recorder.write(events) {
            self.send(Msg::Recording(failed));
        }
    }

    fn finish_recording(&mut self) {
        if let Some(recording) = self.recorder.finish() {
            self.send(Msg::Recording(recording));
            self.list_recordings();
        }
    }

    /// Time has passed: takes what the running program did meanwhile.
    pub(crate) fn tick(&mut self) -> Vec<Msg> {
        let now = Instant::now();
        if self.follows {
            self.follow();
        }
        let elapsed = self
            .last_tick
            .replace(now)
            .map_or(Duration::ZERO, |last| now - last);
        let mut events = Vec::new();
        let (report, finished) = match &mut self.live {
            None => (None, true),
            Some(live) => {
                // Asked before the events are taken: what has ended by then sends no more.
                let finished = live.is_finished();
                live.drain(&mut events);
                (Some(live.report()), finished)
            }
        };
        self.record(&events);
        if finished {
            self.stop();
        }
        let tick = ClockTick {
            elapsed,
            report,
            finished,
        };
        #[cfg_attr(not(unix), expect(unused_mut, reason = "nothing is watched there"))]
        let mut msgs = vec![Msg::Events(events), Msg::Tick(tick)];
        #[cfg(unix)]
        msgs.extend(self.look_at_watched());
        msgs
    }

    /// Holds the playing scenario, since the process is about to stop: time that passes meanwhile is not played.
    pub(crate) fn hold(&mut self) {
        if let Some(live) = &self.live
            && live.report().pace == Pace::Playing
        {
            live.set_pace(Pace::Paused);
            self.is_held = true;
        }
    }

    /// The process was continued.
    pub(crate) fn go_on(&mut self) {
        if let Some(live) = self.live.as_ref().filter(|_| self.is_held) {
            live.set_pace(Pace::Playing);
        }
        self.is_held = false;
        self.rest();
    }

    /// No time is told for a while: what passes meanwhile counts for nothing.
    pub(crate) fn rest(&mut self) {
        self.last_tick = None;
    }

    /// Opens a recording; a large one takes a while.
    fn open(&mut self, path: PathBuf) {
        let messages = self.messages.clone();
        let requests = self.new_reader(false);
        let urgent = Arc::clone(&self.urgent);
        in_background("reading", move || {
            let progress = |progress: Progress| {
                let text = conversion::progress(&path, progress.percent());
                let _ = messages.send(Msg::Progress(text));
            };
            match opening::open(&path, false, progress) {
                Ok(Opening {
                    opened,
                    archive,
                    journal,
                }) => {
                    show(opened, &messages);
                    read(archive, journal, requests, urgent, messages.clone());
                }
                Err(error) => {
                    let text = format!("Not opened: {}", error.reason_first());
                    let _ = messages.send(Msg::Failed(text));
                }
            }
        });
    }

    /// Opens a recording before there is a screen.
    pub(crate) fn try_open(
        &mut self,
        path: &Path,
        follow: bool,
        progress: impl FnMut(Progress),
    ) -> Result<Msg, recording::Error> {
        let Opening {
            opened,
            archive,
            journal,
        } = opening::open(path, follow, progress)?;
        self.colour(sources::sources(&opened));
        let (messages, requests) = (self.messages.clone(), self.new_reader(follow));
        let urgent = Arc::clone(&self.urgent);
        in_background("reading", move || {
            read(archive, journal, requests, urgent, messages);
        });
        Ok(Msg::Opened(Box::new(opened)))
    }

    /// Returns a reader that a test drives, turn by turn.
    #[cfg(test)]
    pub(crate) fn reader_by_hand(
        &mut self,
        mut archive: Archive,
        path: PathBuf,
        follow: bool,
    ) -> SessionReader {
        let asked = self.new_reader(follow);
        archive.urgent = Arc::clone(&self.urgent);
        let messages = self.messages.clone();
        SessionReader::new(archive, path, asked.grows, asked.queue, messages)
    }

    /// Makes the reader give up its work, as before an urgent request.
    #[cfg(test)]
    pub(crate) fn hurry(&self) {
        self.urgent.store(true, Ordering::Relaxed);
    }

    /// Asks the reader to look for growth.
    pub(crate) fn follow(&self) {
        self.ask(Request::Follow);
    }

    /// Returns the requests to the next reader. The one before ends.
    fn new_reader(&mut self, follow: bool) -> Requests {
        let (sender, queue) = mpsc::channel();
        let (alive, gone) = mpsc::channel();
        self.reader = Some(sender);
        self.gone = Some(gone);
        self.asked = None;
        self.urgent = Arc::default();
        self.follows = follow;
        Requests {
            queue,
            alive,
            grows: follow,
        }
    }

    fn ask(&self, request: Request) {
        if let Request::Travel(..) = request {
            self.urgent.store(true, Ordering::Relaxed);
        }
        if let Some(reader) = &self.reader {
            // A session that is here as a whole has no reader.
            let _ = reader.send(request);
        }
    }

    /// Has read what is looked at, where more has to be known of it.
    pub(crate) fn look(&mut self, sight: Option<Sight>) {
        if self.asked != sight {
            self.asked.clone_from(&sight);
            if let Some(sight) = sight {
                self.ask(Request::Look(sight));
            }
        }
    }

    fn toggle_recording(&mut self, app: &App) {
        let viewer = app.viewer();
        let Some((scenario, viewer)) = viewer.and_then(|viewer| Some((viewer.scenario?, viewer)))
        else {
            return;
        };
        if self.recorder.is_recording() {
            self.finish_recording();
            return;
        }
        let so_far = viewer.playback.events();
        let recording = self.recorder.begin_late(scenario, so_far);
        self.send(Msg::Recording(recording));
        if self.live.is_none() {
            self.finish_recording();
        }
    }

    fn colour(&self, sources: Vec<Source>) {
        colour(sources, &self.messages);
    }

    /// Reads the list of recordings.
    pub(crate) fn list_recordings(&self) {
        let messages = self.messages.clone();
        in_background("recordings", move || {
            let _ = messages.send(Msg::Recents(opening::recents()));
        });
    }
}

impl Drop for Driver {
    /// A reader that makes a file removes it before the process ends, if that takes no more than a moment.
    fn drop(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        self.reader = None;
        self.urgent.store(true, Ordering::Relaxed);
        if let Some(gone) = self.gone.take() {
            let _ = gone.recv_timeout(PATIENCE);
        }
    }
}

/// The requests to a reader.
struct Requests {
    queue: Receiver<Request>,
    /// Dropped once the reader makes no file.
    alive: Sender<()>,
    /// `true` if its file may grow.
    grows: bool,
}

/// Reads more of a large session where that is asked for.
fn read(
    archive: Option<(Archive, PathBuf)>,
    journal: Option<PartialJournal>,
    asked: Requests,
    urgent: Arc<AtomicBool>,
    messages: UnboundedSender<Msg>,
) {
    let conversion = journal.map(|begun| Conversion::start(begun, asked.alive, messages.clone()));
    if let Some((mut archive, path)) = archive {
        archive.urgent = urgent;
        let mut reader = SessionReader::new(archive, path, asked.grows, asked.queue, messages);
        reader.conversion = conversion;
        reader.run();
    }
}

/// Shows a recording and its source files.
fn show(opened: Opened, messages: &UnboundedSender<Msg>) {
    let sources = sources::sources(&opened);
    let _ = messages.send(Msg::Opened(Box::new(opened)));
    sources::send_coloured(sources, messages);
}
