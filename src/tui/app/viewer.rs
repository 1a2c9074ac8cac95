//! A session on the screen: the program that runs, or the recording that is replayed.

use std::time::Duration;

use ratatui::layout::Size;

use super::lanes::Lanes;
use super::msg::{Effect, Grows, Opened, Recording, Tick};
use super::playback::{Arrival, Journey, MOST_KEPT, Playback};
use super::scene::{self, Asked, Drawn, Rows, Scene, Seen, Sight};
use super::watched::{Life, Printed, Watched};
use crate::event::{Awaited, Event, LaneId, Timestamp};
use crate::insight::{self, Finding};
use crate::probe::gate::{FASTEST, Pace, SLOWEST};
use crate::recording::Batch;
use crate::scenario::Scenario;
use crate::timeline::cells::Window;
use crate::timeline::density::Share;
use crate::timeline::{Lane, State, Wake, overview};
use crate::tui::app::code::{Source, Sources};
use crate::tui::app::layout::{self, Areas};

/// A session on the screen.
#[derive(Debug)]
pub struct Viewer {
    /// What the header calls it.
    pub title: String,
    /// The scenario that runs or was recorded.
    pub scenario: Option<&'static Scenario>,
    /// The choice that the person made before, by its index.
    pub guess: Option<usize>,
    /// Whether the answer is shown in place of the events.
    pub answer_open: bool,
    /// Its events, and which of them are shown.
    pub playback: Playback,
    /// Which lanes are seen, and how.
    pub lanes: Lanes,
    /// What was found when that was last looked for.
    pub findings: Vec<Finding>,
    /// The finding that was shown last.
    pub finding: Option<usize>,
    /// What is known of the part of a large session that is looked at.
    pub scene: Scene,
    /// Where a journey through a large session leads that is being read.
    pub(super) journey: Option<Journey>,
    /// Events that could not be appended while the end of the session is being read; none where it is not.
    pub(super) awaited: Option<Batch>,
    /// The program's text.
    pub sources: Sources,
    /// Whether it is recorded.
    pub recording: Recording,
    /// What its program printed, where that is to be seen.
    pub printed: Option<Printed>,
    /// The program, where it is watched from outside of it.
    watched: Option<Watched>,
    pub(super) origin: Origin,
    pub(super) motion: Motion,
    /// Virtual seconds per second.
    pub(super) speed: f64,
}

/// Where the events come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A program that runs, or has run, under our eyes.
    Live {
        /// Whether it has ended.
        finished: bool,
    },
    /// A recording.
    Replay {
        /// What is wrong with its file.
        damage: Option<String>,
        /// Whether more of it arrives.
        grows: Grows,
    },
}

/// How the shown moment moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Not at all.
    Paused,
    /// With the clock.
    Playing,
    /// By one poll.
    Stepping,
    /// On, until a task is woken.
    ToWake,
    /// On, until a task has been polled.
    Until(LaneId),
}

impl From<Pace> for Motion {
    fn from(pace: Pace) -> Self {
        match pace {
            Pace::Open | Pace::Playing => Self::Playing,
            Pace::Paused => Self::Paused,
            Pace::Step => Self::Stepping,
            Pace::ToWake => Self::ToWake,
            Pace::Until(lane) => Self::Until(lane),
        }
    }
}

impl Viewer {
    /// A scenario that is about to run.
    pub(super) fn live(scenario: &'static Scenario, guess: Option<usize>) -> Self {
        let origin = Origin::Live { finished: false };
        let mut viewer = Self::new(scenario.title.to_owned(), Some(scenario), origin);
        viewer.guess = guess;
        viewer.motion = Motion::Playing;
        viewer
    }

    /// A recording, seen whole and from its end.
    pub(super) fn replay(opened: Opened) -> Self {
        let Opened { damage, grows, .. } = opened;
        let origin = Origin::Replay { damage, grows };
        let mut viewer = Self::new(opened.title, opened.scenario, origin);
        viewer.playback = opened.playback;
        viewer.refresh();
        if !viewer.is_following() {
            viewer.lanes.count();
        }
        viewer.lanes.fit(viewer.playback.spans());
        viewer.look_for_findings();
        viewer
    }

    fn new(title: String, scenario: Option<&'static Scenario>, origin: Origin) -> Self {
        Self {
            title,
            scenario,
            guess: None,
            answer_open: false,
            playback: Playback::default(),
            lanes: Lanes::new(),
            findings: Vec::new(),
            finding: None,
            scene: Scene::default(),
            journey: None,
            awaited: None,
            sources: Sources::of(scenario),
            recording: Recording::Off,
            printed: None,
            watched: None,
            origin,
            motion: Motion::Paused,
            speed: 1.0,
        }
    }

    /// How the shown moment moves.
    pub fn motion(&self) -> Motion {
        self.motion
    }

    /// Virtual seconds per second.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Where the events come from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The parts of a screen of this size.
    pub fn areas(&self, size: Size) -> Areas {
        layout::areas(size, self.lanes.panels, self.lanes.most)
    }

    /// Whether it is or was a program that runs under our eyes.
    pub fn is_live(&self) -> bool {
        matches!(self.origin, Origin::Live { .. })
    }

    /// Whether it is a recording that grows before our eyes.
    pub fn is_following(&self) -> bool {
        matches!(self.origin, Origin::Replay { grows, .. } if grows != Grows::Not)
    }

    /// The program, where it is watched from outside of it.
    pub fn watched(&self) -> Option<&Watched> {
        self.watched.as_ref()
    }

    /// Takes note of how the program stands that is watched; what is to be said of that comes back.
    pub(super) fn watch(&mut self, watched: Watched) -> Option<String> {
        let ran = self.watched.as_ref().is_none_or(Watched::runs);
        let notice = match &watched.life {
            Life::Broken(why) if ran => Some(format!(
                "The program is gone: {why}. What came until then stays here."
            )),
            Life::Ended(_) if ran => {
                self.look_for_findings();
                Some("The program has ended. All that it did is here.".to_owned())
            }
            _ => None,
        };
        self.watched = Some(watched);
        if notice.is_some() && self.lanes.sees_whole() {
            // There will be no more.
            self.lanes.fit(self.playback.spans());
        }
        notice
    }

    /// Takes in what the program printed.
    pub(super) fn print(&mut self, lines: Vec<String>) {
        let open = || Printed {
            is_open: true,
            ..Printed::default()
        };
        self.printed.get_or_insert_with(open).extend(lines);
    }

    /// The program that is watched, where its present is seen.
    pub(in crate::tui) fn at_watched(&self) -> Option<&Watched> {
        let watched = self.watched.as_ref().filter(|watched| watched.runs());
        watched.filter(|_| self.playback.at_present())
    }

    /// Whether its program runs and has not ended yet.
    pub fn is_running(&self) -> bool {
        self.origin == Origin::Live { finished: false }
    }

    /// Whether the program runs at its own speed, which cannot be chosen.
    pub fn is_real_time(&self) -> bool {
        self.is_running() && self.scenario.is_some_and(Scenario::is_real_time)
    }

    /// Whether what is shown moves along with the program that runs.
    pub fn follows(&self) -> bool {
        self.is_running() && self.playback.at_present()
    }

    /// What changes on the screen as time passes.
    pub(super) fn shown(&self) -> impl PartialEq + use<> {
        (
            self.playback.cursor(),
            self.playback.now(),
            self.playback.reached(),
            self.motion,
            self.is_running(),
        )
    }

    /// Takes in the running program's next events.
    pub(super) fn take_in(&mut self, events: Vec<Event>) {
        if self.is_live() {
            self.playback.extend(events);
        }
    }

    /// Takes in a source file that was read or coloured.
    pub(super) fn take_source(&mut self, source: Source) {
        self.sources.insert(source);
    }

    pub(super) fn tick(&mut self, tick: Tick) -> Option<Effect> {
        let effect = if self.follows() {
            self.keep_up(tick);
            None
        } else {
            self.reach(tick);
            self.play(tick)
        };
        self.refresh();
        effect
    }

    /// Shows what the running program does now.
    fn keep_up(&mut self, tick: Tick) {
        if let Some(report) = tick.report {
            self.motion = report.pace.into();
        }
        self.reach(tick);
        self.playback.show_present();
        self.lanes.keep_up(self.playback.now());
        if !self.is_running() {
            self.motion = Motion::Paused;
            self.end();
        }
    }

    /// Takes note of how far the running program has come.
    fn reach(&mut self, tick: Tick) {
        if !self.is_running() {
            return;
        }
        if let Some(report) = tick.report {
            let paused = report.pace != Pace::Playing;
            self.playback.reach(report.position, paused);
        }
        if tick.finished {
            self.origin = Origin::Live { finished: true };
            self.playback.reach_end();
        }
    }

    /// The program has ended, and its last moment is shown.
    fn end(&mut self) {
        self.refresh();
        self.lanes.count();
        self.look_for_findings();
        if self.lanes.sees_whole() {
            self.lanes.fit(self.playback.spans());
        }
        self.answer_open = self
            .scenario
            .is_some_and(|scenario| !scenario.question.choices.is_empty());
    }

    /// Plays what is recorded. Where that is over and the program still runs, it goes on.
    fn play(&mut self, tick: Tick) -> Option<Effect> {
        if self.motion != Motion::Playing {
            return None;
        }
        let at = self.playback.now().after(tick.elapsed.mul_f64(self.speed));
        let effect = self.travel_to(Journey::At(at));
        self.lanes.keep_up(self.playback.now());
        if effect.is_some() || self.journey.is_some() || !self.playback.at_present() {
            return effect;
        }
        if self.is_running() {
            return Some(Effect::SetPace(Pace::Playing));
        }
        self.motion = Motion::Paused;
        None
    }

    pub(super) fn refresh(&mut self) {
        self.scene.keep_up(&self.playback);
        self.lanes.refresh(self.playback.timeline());
    }

    /// Looks for findings in what is shown.
    pub(super) fn look_for_findings(&mut self) {
        let complete =
            !self.is_running() && !self.playback.at_present() && !self.findings.is_empty();
        if !complete {
            self.findings = insight::findings(self.playback.timeline());
        }
    }

    /// Shows a finding on the lanes: its lane, at the moment when all of it has happened.
    pub(super) fn show_finding(&mut self, index: usize) -> Option<Effect> {
        let finding = self.findings.get(index)?;
        let (lane, at, costs) = (finding.lane, finding.at, finding.costs_ns);
        self.finding = Some(index);
        self.answer_open = false;
        let ended = self
            .playback
            .timeline()
            .lane(lane)
            .filter(|lane| !lane.is_task());
        let ended = ended.and_then(|lane| lane.end).unwrap_or(at);
        let effect = self.seek(at.after(Duration::from_nanos(costs)).max(ended));
        self.lanes.select(lane, self.playback.timeline());
        effect
    }

    /// Shows the moment `at`.
    pub(super) fn seek(&mut self, at: Timestamp) -> Option<Effect> {
        let effect = self.pause();
        let further = self.travel_to(Journey::At(at));
        self.moved();
        effect.or(further)
    }

    /// Goes a way through the session. Where it leads further than what is here, that has to be read.
    pub(super) fn travel_to(&mut self, journey: Journey) -> Option<Effect> {
        if self.journey.is_some() || self.playback.go(journey) != Arrival::Beyond {
            return None;
        }
        self.journey = Some(journey);
        Some(Effect::Travel(self.playback.place(), journey))
    }

    /// Comes to where a journey led; what it was to find and did not comes back in words.
    pub(super) fn arrive(&mut self, playback: Playback, arrival: Arrival) -> Option<&'static str> {
        let journey = self.journey.take()?;
        if !journey.leads_nowhere(arrival) {
            self.replace_playback(playback);
            self.moved();
        }
        (arrival == Arrival::Present).then(|| nothing_found(journey))?
    }

    /// Stays where it is, since where a journey was to lead cannot be read.
    pub(super) fn stay(&mut self) {
        self.journey = None;
        self.motion = Motion::Paused;
    }

    /// Takes in events that were added to the session, and follows it where its end is shown. Where events are missing,
    /// or too many are here, the end has to be read.
    pub(super) fn append(&mut self, batch: Batch) -> Option<Effect> {
        if !self.is_following() {
            return None;
        }
        let (follows, end) = (self.playback.at_present(), self.playback.end());
        let left = self.playback.append(batch).err();
        if follows {
            self.playback.show_present();
            self.keep_up_in_steps();
        }
        match &mut self.awaited {
            Some(awaited) => {
                if let Some(left) = left {
                    awaited.add(left, MOST_KEPT);
                }
                None
            }
            None if left.is_some() || self.playback.is_long() => {
                self.awaited = Some(left.unwrap_or_default());
                Some(Effect::ReadPresent(end))
            }
            None => None,
        }
    }

    /// Takes in the end of a session that has grown, and follows it where its end is shown.
    pub(super) fn grow(&mut self, mut playback: Playback) {
        let (_, read) = playback.reaches();
        let later = [self.playback.events_since(read), self.awaited.take()];
        for batch in later.into_iter().flatten() {
            if playback.append(batch).is_ok() {
                playback.show_present();
            }
        }
        if self.playback.at_present() {
            self.replace_playback(playback);
            self.keep_up_in_steps();
        } else {
            self.playback.grow(&playback);
            playback.leave();
        }
    }

    fn keep_up_in_steps(&mut self) {
        self.refresh();
        self.lanes.keep_up_in_steps(self.playback.now());
    }

    /// Takes note that a session was read to its end, and what is wrong with it.
    pub(super) fn complete(&mut self, damage: Option<String>) {
        let grows = Grows::Not;
        self.origin = Origin::Replay { damage, grows };
        self.lanes.count();
        self.look_for_findings();
        if self.lanes.sees_whole() {
            self.lanes.fit(self.playback.spans());
        }
    }

    /// Shows another session from its end; it is written to the file that held this one.
    pub(super) fn begin_anew(&mut self, playback: Playback) {
        std::mem::replace(&mut self.playback, playback).leave();
        self.awaited = None;
        self.scene = Scene::default();
        self.lanes.forget_rows();
        self.refresh();
        self.lanes.fit(self.playback.spans());
    }

    /// Continues with another stretch of the session.
    fn replace_playback(&mut self, playback: Playback) {
        let before = std::mem::replace(&mut self.playback, playback);
        let start = self.lanes.viewport.start;
        self.scene.inherit(before, &self.playback, start);
        self.lanes.forget_rows();
    }

    /// Takes in an answer of the reader.
    pub(super) fn see(&mut self, seen: Seen, areas: &Areas) {
        self.scene.take(seen);
        self.scene.keep_up(&self.playback);
        let window = self.window(areas);
        let lanes = self.lanes_looked_at(areas);
        let moments = self.moments(&window, areas);
        self.scene.forget_cuts_but(&lanes, &moments);
        self.scene.forget_columns_but(&window);
    }

    /// The visible window.
    fn window(&self, areas: &Areas) -> Window {
        let columns = self.bars(areas);
        self.lanes.viewport.window(columns, self.playback.now())
    }

    /// The lanes of all rows, `per` in each.
    fn rows(&self, per: usize) -> Rows {
        let lanes = self.lanes.rows.iter().map(|row| row.lane).collect();
        Rows { per, lanes }
    }

    /// What the lanes of each row do, where a row is so many of them.
    pub(in crate::tui) fn shares(&self, window: &Window, per: usize) -> Vec<Vec<Share>> {
        let drawn = self.scene.drawn(&self.playback, window);
        drawn.shares(&self.rows(per), window)
    }

    /// What is looked at, where more has to be known of it than is here.
    pub(super) fn sight(&self, areas: &Areas) -> Option<Sight> {
        let window = self.window(areas);
        let begins = self.playback.begins()?;
        let is_whole = matches!(self.scene.drawn(&self.playback, &window), Drawn::Whole(_));
        if window.start > begins || (is_whole && !self.scene.is_long()) {
            return None;
        }
        let (lanes, of) = if self.lanes.dense {
            let rows = self.rows(self.lanes.per_row(areas.lane_rows()));
            let columns = self.scene.missing_columns(&self.playback, &rows, &window);
            (rows.lanes, Asked::Shares(rows.per, columns))
        } else {
            let lanes = self.lanes_looked_at(areas);
            let moments = self.moments(&window, areas);
            let missing = self.scene.missing(&self.playback, &lanes, &moments);
            (lanes, Asked::Cuts(missing))
        };
        let until = window.time_at(window.width).min(window.now);
        let is_within = until == window.now && self.playback.is_within_moment();
        Some(Sight {
            from: window.start,
            until,
            most: is_within.then(|| self.playback.place()),
            lanes,
            of,
        })
    }

    /// The lanes that are visible or close to it, sorted by id; for a coroutine, the lane that runs it.
    fn lanes_looked_at(&self, areas: &Areas) -> Vec<LaneId> {
        // What is just above and below is likely to be looked at next.
        let of = |lane: &Lane| lane.host.map_or(lane.id, |host| host.lane);
        let lanes = self.rows_looked_at(areas).map(of);
        let mut lanes: Vec<LaneId> = lanes.collect();
        lanes.sort_unstable();
        lanes.dedup();
        lanes
    }

    fn rows_looked_at(&self, areas: &Areas) -> impl Iterator<Item = &Lane> {
        let height = areas.lane_rows();
        let first = self.lanes.first.saturating_sub(height);
        let rows = self.lanes.rows.iter().skip(first).take(3 * height);
        rows.filter_map(|row| self.playback.timeline().lane(row.lane))
    }

    /// Returns the moments at which lanes must be cut to draw them from far off, in order.
    fn moments(&self, window: &Window, areas: &Areas) -> Vec<Timestamp> {
        let hosted = self
            .rows_looked_at(areas)
            .filter(|lane| lane.host.is_some());
        let hosted = hosted.flat_map(scene::runs);
        let mut moments: Vec<Timestamp> =
            overview::edges(window).into_iter().chain(hosted).collect();
        let (begins, _) = self.playback.spans();
        moments.retain(|at| (begins..=window.now).contains(at));
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    /// What is shown was moved by hand.
    pub(super) fn moved(&mut self) {
        self.refresh();
        self.lanes.reveal(self.playback.now());
    }

    pub(super) fn pause(&mut self) -> Option<Effect> {
        let moves = std::mem::replace(&mut self.motion, Motion::Paused) != Motion::Paused;
        // In the past, the program is held already.
        (moves && self.follows()).then_some(Effect::SetPace(Pace::Paused))
    }

    pub(super) fn set_speed(&mut self, factor: f64) -> Option<Effect> {
        self.speed = (self.speed * factor).clamp(SLOWEST, FASTEST);
        self.is_running().then_some(Effect::SetSpeed(self.speed))
    }

    pub(super) fn find(&mut self, text: &str) {
        self.lanes.find(text, self.playback.timeline());
    }

    pub(super) fn show_only(&mut self, text: &str) {
        self.lanes.show_only(text, self.playback.timeline());
    }

    pub(super) fn next_found(&mut self) {
        self.lanes.next_highlight(self.playback.timeline());
    }

    /// Selects the lane for which the selected one waits, or by which it was woken last.
    pub(super) fn follow_wait(&mut self) {
        let timeline = self.playback.timeline();
        let Some(lane) = self.lanes.selected.and_then(|id| timeline.lane(id)) else {
            return;
        };
        let awaited = lane.innermost().and_then(|frame| frame.on);
        let next = match awaited {
            Some(Awaited::Task(task)) if lane.state() == State::Waiting => Some(task),
            _ => lane.wakes.iter().rev().find_map(Wake::lane),
        };
        if let Some(next) = next.filter(|next| timeline.lane(*next).is_some()) {
            self.lanes.select(next, timeline);
        }
    }
}

/// What was looked for and is not there, in words.
pub(super) fn nothing_found(journey: Journey) -> Option<&'static str> {
    Some(match journey {
        Journey::NextWake => "No task is woken after this.",
        Journey::UntilPolled(_) => "The selected task is not polled after this.",
        Journey::NextOf(..) => "Nothing happens to the selected lane after this.",
        Journey::PreviousOf(..) => "Nothing happened to the selected lane before this.",
        _ => return None,
    })
}
