//! The one reducer: [`Timeline::apply`] folds events into lanes. Everything that is shown is read from here.
//!
//! *Architecture invariants:* this module knows no tokio, no ratatui, no clock and no I/O. Live and replayed events
//! go through the same `apply`, so that a session recorded live and replayed gives an equal timeline. No sequence of
//! events makes it panic: what a damaged log left out stays visible as [`State::Unknown`].

pub mod cells;
#[cfg(feature = "app")]
pub mod density;
#[cfg(feature = "app")]
pub mod glyph;
#[cfg(feature = "app")]
pub mod labels;
mod lane;
pub(crate) mod lanes;
#[cfg(feature = "app")]
pub(crate) mod overview;
pub(crate) mod polling;
pub mod rows;
#[cfg(feature = "app")]
pub(crate) mod ruler;
mod span;
#[cfg(feature = "app")]
pub(crate) mod steps;
#[cfg(test)]
#[cfg_attr(
    not(feature = "app"),
    expect(
        dead_code,
        reason = "some of it is told to the tests of the screen alone"
    )
)]
pub(crate) mod story;
pub(crate) mod work;

pub use lane::{Extra, Frame, Host, Label, Lane, LaneKind, Mark, Spent, Totals, Wake};
pub use span::{Change, Span, State};

pub(crate) use lane::{Aside, Born};
use lanes::Lanes;

use crate::event::{
    Cancel, CoroutineEnd, Event, EventKind, FrameId, LaneId, Polled, Step, Text, ThreadId,
    Timestamp, What,
};

/// What happened so far, as lanes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    pub(crate) lanes: Lanes,
    threads: Vec<Text>,
    notes: Vec<Mark>,
    gaps: Vec<Gap>,
    events: u64,
    lost: u64,
    end: Timestamp,
    has_runtime: bool,
    timers_only: bool,
    /// Of each runtime that goes on, as they were counted last.
    counted: Vec<Tasks>,
    /// Changes whenever the tree of lanes may.
    shape: Aside<u64>,
}

/// A stretch of time in which events were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last event before it.
    pub start: Timestamp,
    /// The first event after it.
    pub end: Timestamp,
    /// How many events were lost.
    pub count: u64,
}

/// How many tasks of a runtime have not ended, and how many of these have lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tasks {
    /// The runtime's lane.
    pub runtime: LaneId,
    /// How many have lanes.
    pub seen: u64,
    /// How many there are.
    pub alive: u64,
}

impl Timeline {
    /// An empty timeline.
    pub fn new() -> Self {
        Self::default()
    }

    /// A timeline without lanes, in the midst of a session.
    #[cfg(feature = "app")]
    pub(crate) fn standing(
        threads: Vec<Text>,
        events: u64,
        lost: u64,
        end: Timestamp,
        [has_runtime, timers_only]: [bool; 2],
    ) -> Self {
        Self {
            threads,
            events,
            lost,
            end,
            has_runtime,
            timers_only,
            ..Self::default()
        }
    }

    #[cfg(feature = "app")]
    /// As long as this and the number of lanes are the same, so is the tree of lanes, but for coroutines of which nothing
    /// has run so far.
    pub(crate) fn shape(&self) -> (u64, usize) {
        (self.shape.0, self.lanes.len())
    }

    /// Whether a runtime was entered at any time.
    pub(crate) fn has_runtime(&self) -> bool {
        self.has_runtime
    }

    /// Forgets the past: what is left says how everything stands.
    pub(crate) fn forget(&mut self) {
        self.lanes.iter_mut().for_each(Lane::forget);
        self.notes.clear();
        self.gaps.clear();
    }

    /// From now on it keeps nothing of the past, or all of it that is to come.
    pub(crate) fn set_brief(&mut self, is_brief: bool) {
        self.lanes.set_brief(is_brief);
    }

    /// All lanes, in the order in which they began.
    pub fn lanes(&self) -> impl DoubleEndedIterator<Item = &Lane> + ExactSizeIterator + Clone {
        self.lanes.iter()
    }

    /// The lane with this id.
    pub fn lane(&self, id: LaneId) -> Option<&Lane> {
        Some(self.lanes.get(self.lanes.place(id)?))
    }

    /// The branches that have not ended, in the order in which they began.
    pub(crate) fn open_branches(&self) -> impl DoubleEndedIterator<Item = &Lane> {
        self.lanes.open_branches()
    }

    /// The name of the lane with this id, `?` where its beginning is not known.
    pub fn name(&self, id: LaneId) -> &Text {
        static UNKNOWN: Text = Text::Static("?");
        self.lane(id).map_or(&UNKNOWN, |lane| &lane.name)
    }

    /// The task to which a lane belongs: itself where it is a task.
    pub fn task_of<'a>(&'a self, mut lane: &'a Lane) -> &'a Lane {
        while let Some(owner) = self.owner_of(lane) {
            lane = owner;
        }
        lane
    }

    /// Returns the task of each lane, by the lanes' places: see [`task_of`](Self::task_of). Takes linear time, however
    /// deeply lanes are nested.
    #[cfg(feature = "app")]
    pub(crate) fn tasks(&self) -> Vec<LaneId> {
        let mut tasks: Vec<Option<LaneId>> = vec![None; self.lanes.len()];
        let mut path = Vec::new();
        for place in 0..tasks.len() {
            let mut here = place;
            let task = loop {
                if let Some(task) = tasks[here] {
                    break task;
                }
                path.push(here);
                let lane = self.lanes.get(here);
                let owner = self.owner_of(lane);
                match owner.and_then(|owner| self.lanes.place(owner.id)) {
                    Some(owner) => here = owner,
                    None => break lane.id,
                }
            };
            for lane in path.drain(..) {
                tasks[lane] = Some(task);
            }
        }
        tasks.into_iter().flatten().collect()
    }

    /// Returns the lane that owns another one: none for a task.
    fn owner_of(&self, lane: &Lane) -> Option<&Lane> {
        if lane.is_task() {
            return None;
        }
        let owner = lane.host.map(|host| host.lane).or(lane.parent);
        let owner = owner.and_then(|id| self.lane(id));
        // An owner is older than the lanes it owns; anything else would be a cycle in a damaged log.
        owner.filter(|owner| owner.id < lane.id)
    }

    /// The threads' names by [`ThreadId`], empty where a thread has none.
    pub fn threads(&self) -> &[Text] {
        &self.threads
    }

    /// The lines that were noted outside any lane.
    pub fn notes(&self) -> &[Mark] {
        &self.notes
    }

    /// Where events were lost, in order.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The tasks of the runtimes that go on, as they were counted last. A runtime whose tasks were never counted is not
    /// among them.
    pub fn counted(&self) -> &[Tasks] {
        &self.counted
    }

    #[cfg(feature = "app")]
    pub(crate) fn set_counted(&mut self, counted: Vec<Tasks>) {
        self.counted = counted;
    }

    fn count(&mut self, tasks: Tasks) {
        let mut known = self.counted.iter_mut();
        match known.find(|known| known.runtime == tasks.runtime) {
            Some(known) => *known = tasks,
            None => self.counted.push(tasks),
        }
    }

    /// Returns the number of events that were applied, without heartbeats.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many events were lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Returns the time until which the session is known: that of the last event or heartbeat.
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// Whether a wake by the driver can only be a timer's, since no runtime waits for I/O.
    pub fn timers_only(&self) -> bool {
        self.timers_only
    }

    /// A lane's spans up to `now`, in order; the last one is open. A coroutine's are those of the lane that runs it.
    pub fn spans<'a>(
        &'a self,
        lane: &'a Lane,
        now: Timestamp,
    ) -> Box<dyn DoubleEndedIterator<Item = Span> + 'a> {
        let hosted = lane
            .host
            .and_then(|host| Some((host, self.lane(host.lane)?)));
        let Some((host, of)) = hosted else {
            return Box::new(Change::spans(&lane.changes, now));
        };
        let ended = usize::from(lane.end.is_some());
        let (before, end) = lane.changes.split_at(lane.changes.len() - ended);
        let (from, until) = (lane.started.unwrap_or(now), lane.end.unwrap_or(now));
        let within = of.changes.get(host.changes(of)).unwrap_or_default();
        let within = Change::spans(within, until).filter(|span| !span.state.is_end());
        // What its host did before is not the coroutine's.
        let within = within.map(move |span| Span {
            start: span.start.max(from),
            ..span
        });
        let left = self.left_alone(lane).filter(|left| left.at < until);
        let left = left.map(|left| Span {
            state: left.state,
            start: left.at,
            end: until,
            thread: left.thread,
        });
        Box::new(
            Change::spans(before, from)
                .chain(within)
                .chain(left)
                .chain(Change::spans(end, now)),
        )
    }

    /// Returns the wait of a coroutine since the branch that polled it was left; nothing has polled it since then.
    pub(crate) fn left_alone(&self, lane: &Lane) -> Option<Change> {
        let host = self.lane(lane.host?.lane)?;
        let left = host.changes.last()?;
        (left.state == State::Left).then_some(Change {
            state: State::Waiting,
            ..*left
        })
    }

    /// Takes in one event. Times must not go back; one that does counts as simultaneous with the last.
    ///
    /// What is told of a lane that has ended, other than who woke it and what it noted, changes nothing: no program does so.
    pub fn apply(&mut self, event: &Event) {
        match event.kind.step() {
            Some(step) => self.apply_step(event.at, event.thread, step),
            None => self.apply_rare(event),
        }
    }

    #[expect(clippy::too_many_lines, reason = "an arm for each kind of event")]
    fn apply_rare(&mut self, event: &Event) {
        self.shape.0 += u64::from(event.kind.changes_tree());
        let at = event.at.max(self.end);
        let before = std::mem::replace(&mut self.end, at);
        self.events += u64::from(event.kind.is_counted());
        let thread = event.thread;
        match &event.kind {
            EventKind::ThreadNamed { name } => self.name_thread(thread, name),
            EventKind::RuntimeEntered {
                runtime,
                flavor,
                io,
            } => {
                self.timers_only = !io && (self.timers_only || !self.has_runtime);
                self.has_runtime = true;
                let begun = self.begin(*runtime, LaneKind::Runtime(*flavor), None, at);
                if let Some(lane) = begun {
                    lane.name = "runtime".into();
                    lane.enter(State::Running, at, thread);
                }
            }
            EventKind::RuntimeLeft { runtime } => {
                self.counted.retain(|tasks| tasks.runtime != *runtime);
                self.change(*runtime, at, |lane| lane.finish(State::Done, at, thread));
            }
            EventKind::Spawned {
                lane,
                name,
                parent,
                kind,
                site,
            } => {
                if let Some(lane) = self.begin(*lane, LaneKind::Task(*kind), *parent, at) {
                    lane.describe(name, site.as_ref());
                    lane.enter(State::Ready, at, thread);
                }
            }
            EventKind::BranchStarted {
                lane,
                name,
                parent,
                of,
                site,
            } => {
                if let Some(lane) = self.begin(*lane, LaneKind::Branch(*of), Some(*parent), at) {
                    lane.describe(name, site.as_ref());
                    lane.enter(State::Ready, at, thread);
                }
            }
            EventKind::PollStarted { .. }
            | EventKind::PollEnded { .. }
            | EventKind::Woken { .. } => unreachable!("these are steps"),
            EventKind::Unwakeable { lane } => {
                self.change(*lane, at, |lane| lane.unwakeable = true);
            }
            EventKind::Cancelled { lane, why } => self.change(*lane, at, |lane| {
                lane.cancel = Some(*why);
                let end = match why {
                    Cancel::Left => State::Left,
                    _ => State::Cancelled,
                };
                lane.finish(end, at, thread);
            }),
            EventKind::CoroutineCreated {
                lane,
                name,
                parent,
                site,
            } => {
                if let Some(lane) = self.begin(*lane, LaneKind::Coroutine, *parent, at) {
                    lane.describe(name, site.as_ref());
                    lane.enter(State::Created, at, thread);
                }
            }
            EventKind::CoroutineStarted { lane, host, frame } => {
                self.coroutine_started(*lane, *host, *frame, at, thread);
            }
            EventKind::CoroutineEnded { lane, end } => self.coroutine_ended(*lane, end, at, thread),
            EventKind::AwaitEntered {
                lane,
                frame,
                parent,
                coroutine,
                site,
                text,
                on,
            } => self.change(*lane, at, |lane| {
                lane.await_entered(Frame {
                    id: *frame,
                    parent: *parent,
                    coroutine: *coroutine,
                    site: site.clone(),
                    text: text.clone(),
                    on: *on,
                    start: at,
                    end: None,
                });
            }),
            EventKind::AwaitLeft { lane, frame } => {
                self.change(*lane, at, |lane| lane.await_left(*frame, at));
            }
            EventKind::Mark { lane, text } => {
                let mark = Mark {
                    at,
                    text: text.clone(),
                };
                match lane {
                    Some(lane) => self.at(*lane, at).marks.push(mark),
                    None => self.notes.push(mark),
                }
            }
            EventKind::PollSpent {
                lane,
                since,
                running,
                stalled,
            } => self.at(*lane, at).poll_spent(*since, *running, *stalled),
            EventKind::Lost { count } => self.lose(*count, before, at, thread),
            EventKind::Labelled { lane, key, value } => {
                self.change(*lane, at, |lane| lane.label(key, value));
            }
            EventKind::TasksCounted {
                runtime,
                seen,
                alive,
            } => self.count(Tasks {
                runtime: *runtime,
                seen: *seen,
                alive: *alive,
            }),
            EventKind::Alive => {}
        }
    }

    /// Takes in an event of the kinds that are most of any session.
    #[inline]
    pub(crate) fn apply_step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        let at = at.max(self.end);
        self.end = at;
        self.events += 1;
        let lane = self.at(step.lane, at);
        match step.what {
            What::Woken(by) => return lane.woken(by, at, thread),
            _ if lane.end.is_some() => return,
            What::Started => lane.poll_started(at, thread),
            What::Ended(result) => lane.poll_ended(result, at, thread),
        }
        let is_back = lane.becomes_active();
        let ends = matches!(step.what, What::Ended(result) if result != Polled::Pending);
        self.shape.0 += u64::from(ends);
        if is_back {
            self.lanes.note_active(step.lane);
        }
    }

    /// Where the lane stands that is polled where this one runs, itself or a coroutine's host.
    fn poll_of(&self, lane: Option<LaneId>) -> Option<Born> {
        let goes_on = |lane: &&Lane| lane.end.is_none();
        let lane = self.lane(lane?).filter(goes_on)?;
        let host = lane.host.and_then(|host| self.lane(host.lane));
        let host = host.filter(goes_on);
        let polled = host.unwrap_or(lane);
        Some(Born {
            lane: polled.id,
            polls: polled.polls,
            changes: polled.changed(),
        })
    }

    /// Adds a lane, or gives what is known of it to one that was seen before its beginning. None where it has ended.
    fn begin(
        &mut self,
        id: LaneId,
        kind: LaneKind,
        parent: Option<LaneId>,
        at: Timestamp,
    ) -> Option<&mut Lane> {
        let born_in = self.poll_of(parent);
        if let LaneKind::Branch(_) = kind {
            self.lanes.note_branch(id);
        }
        let lane = self.at(id, at);
        if lane.end.is_some() {
            return None;
        }
        lane.kind = kind;
        lane.parent = parent.filter(|parent| *parent != id);
        lane.born_in = born_in;
        if lane.becomes_active() {
            self.lanes.note_active(id);
        }
        Some(self.at(id, at))
    }

    /// The lane with this id; a new one of unknown origin where a damaged log left out its beginning.
    #[inline]
    fn at(&mut self, id: LaneId, at: Timestamp) -> &mut Lane {
        self.lanes.at(id, at)
    }

    fn has_ended(&self, id: LaneId) -> bool {
        let ended = self.lane(id).map(|lane| lane.end.is_some());
        ended.unwrap_or_else(|| self.lanes.is_gone(id))
    }

    /// Changes a lane, unless it has ended.
    fn change(&mut self, id: LaneId, at: Timestamp, change: impl FnOnce(&mut Lane)) {
        let lane = self.at(id, at);
        if lane.end.is_none() {
            change(lane);
        }
    }

    fn name_thread(&mut self, thread: ThreadId, name: &Text) {
        /// More threads than any program has; a damaged log may name a thread with any number.
        const MOST: usize = 1 << 16;
        let index = thread.0 as usize;
        if index >= MOST {
            return;
        }
        if self.threads.len() <= index {
            self.threads.resize(index + 1, Text::Static(""));
        }
        self.threads[index] = name.clone();
    }

    fn coroutine_started(
        &mut self,
        id: LaneId,
        host: Option<LaneId>,
        frame: Option<FrameId>,
        at: Timestamp,
        thread: ThreadId,
    ) {
        if self.at(id, at).end.is_some() {
            return;
        }
        let host = host.filter(|host| *host != id && !self.has_ended(*host));
        let host = host.map(|host| self.host_of(id, host, frame, at));
        let lane = self.at(id, at);
        // Its time with an earlier host is recorded with that host alone.
        if let Some(before) = lane.started.replace(at)
            && lane.state() == State::Created
        {
            lane.enter(State::Waiting, before.max(lane.since()), thread);
        }
        lane.host = host;
        if host.is_none() {
            lane.enter(State::Running, at, thread);
            if lane.becomes_active() {
                self.lanes.note_active(id);
            }
        }
    }

    /// How `lane` runs in a lane whose future it is, or whose await `frame` polls it.
    fn host_of(
        &mut self,
        lane: LaneId,
        host: LaneId,
        frame: Option<FrameId>,
        at: Timestamp,
    ) -> Host {
        let of = self.at(host, at);
        let awaits = |frame| of.frames.binary_search_by_key(&frame, |frame| frame.id);
        let awaits = frame.and_then(|frame| awaits(frame).ok());
        let awaiter = awaits.and_then(|index| of.frames[index].coroutine);
        let (poll, first) = (of.polls, of.changed().saturating_sub(1));
        let hosted_since = of.born_in;
        let called = self.lane(lane).and_then(|lane| lane.born_in);
        // What is all that its host does begins with its host, whenever that is polled first.
        let began = match frame {
            Some(_) => called.and_then(|called| self.poll_of(Some(called.lane))),
            None => hosted_since,
        };
        Host {
            lane: host,
            frame,
            awaiter,
            at_once: called.is_some() && began.map(Born::stretch) == called.map(Born::stretch),
            poll,
            first,
            end: None,
        }
    }

    fn coroutine_ended(&mut self, id: LaneId, end: &CoroutineEnd, at: Timestamp, thread: ThreadId) {
        if self.at(id, at).end.is_some() {
            return;
        }
        let host = self.lane(id).and_then(|lane| lane.host);
        let goes_on = host.filter(|host| !self.has_ended(host.lane));
        let changes = goes_on.map(|host| self.at(host.lane, at).changed());
        let lane = self.at(id, at);
        if let (Some(host), Some(changes)) = (host, changes) {
            let end = Some(changes);
            lane.host = Some(Host { end, ..host });
        }
        let state = match end {
            CoroutineEnd::Returned { value } => {
                lane.returned(value.as_ref());
                State::Done
            }
            CoroutineEnd::Panicked => State::Panicked,
            CoroutineEnd::Cancelled { why } => {
                lane.cancel = Some(*why);
                State::Cancelled
            }
            CoroutineEnd::NeverPolled => State::NeverPolled,
        };
        lane.finish(state, at, thread);
        if let (CoroutineEnd::Returned { value }, Some(host)) = (end, host)
            && host.frame.is_none()
        {
            self.change(host.lane, at, |host| host.returned(value.as_ref()));
        }
    }

    fn lose(&mut self, count: u64, start: Timestamp, end: Timestamp, thread: ThreadId) {
        self.lost = self.lost.saturating_add(count);
        self.gaps.push(Gap { start, end, count });
        self.lanes.lose(|lane| {
            lane.gaps += 1;
            lane.enter(State::Unknown, start, thread);
        });
    }
}

impl<'a> Extend<&'a Event> for Timeline {
    fn extend<I: IntoIterator<Item = &'a Event>>(&mut self, events: I) {
        for event in events {
            self.apply(event);
        }
    }
}

impl<'a> FromIterator<&'a Event> for Timeline {
    fn from_iter<I: IntoIterator<Item = &'a Event>>(events: I) -> Self {
        let mut timeline = Self::new();
        timeline.extend(events);
        timeline
    }
}

#[cfg(test)]
mod tests;
