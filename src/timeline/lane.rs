//! A lane: the life of one task, branch, coroutine or runtime.

mod extra;
mod parts;

use std::ops::{Deref, DerefMut, Range};

pub use extra::Extra;
pub(crate) use parts::Born;
pub use parts::{Frame, Host, Label, Mark, Spent, Totals, Wake};

use extra::MaybeExtra;

use super::span::{Change, State};
use super::work;
use crate::event::{
    BranchOf, Flavor, FrameId, LaneId, Polled, Site, TaskKind, Text, ThreadId, Timestamp, Waker,
};

/// What a lane is the life of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// A runtime.
    Runtime(Flavor),
    /// A task.
    Task(TaskKind),
    /// A branch of its parent.
    Branch(BranchOf),
    /// A coroutine; its life is a part of its host's.
    Coroutine,
}

/// The life of one task, branch, coroutine or runtime.
///
/// What polls and wakes change comes first, so that it lies together in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Lane {
    /// Its states, in order. A coroutine that was polled has only its last one here: see `host`.
    pub changes: Vec<Change>,
    /// Who called its waker, and when; also wakes that made no difference.
    pub wakes: Vec<Wake>,
    /// Time spent in each state that has passed.
    pub(crate) passed: Totals,
    /// How often it was polled.
    pub polls: u64,
    /// How long its longest poll took, in nanoseconds.
    pub longest: u64,
    /// How many of its changes were forgotten: the index in its life of the first one in `changes`.
    pub(crate) forgotten: u64,
    /// The time of its first poll; for a coroutine, by its present host.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub end: Option<Timestamp>,
    /// Whether its waker was called since its last poll began.
    pub(crate) woken: bool,
    /// Whether it waits, and no waker of it exists any more.
    pub unwakeable: bool,
    /// Whether it keeps nothing of its past.
    pub(crate) is_brief: Aside<bool>,
    /// `true` if it is listed among the lanes that were active since the last loss.
    pub(super) is_active: Aside<bool>,
    /// Its name in the events.
    pub id: LaneId,
    /// What it is.
    pub kind: LaneKind,
    /// What people call it.
    pub name: Text,
    /// Who spawned, branched or called it.
    pub parent: Option<LaneId>,
    /// Where that stands in the program.
    pub site: Option<Site>,
    /// When it began to exist.
    pub start: Timestamp,
    /// Number of times that its state became unknown because events were lost.
    pub gaps: u64,
    /// In which poll it was called or spawned.
    pub(crate) born_in: Option<Born>,
    /// What few lanes have.
    pub(crate) extra: MaybeExtra,
}

/// Something besides what happened: two that differ in nothing else are equal.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Aside<T>(pub(super) T);

impl<T> PartialEq for Aside<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Aside<T> {}

impl Deref for Lane {
    type Target = Extra;

    #[inline]
    fn deref(&self) -> &Extra {
        self.extra.get()
    }
}

/// Takes memory for it where the lane had none of it.
impl DerefMut for Lane {
    fn deref_mut(&mut self) -> &mut Extra {
        self.extra.get_mut()
    }
}

impl Host {
    /// Which of the changes that are left of the host's are the coroutine's.
    pub(super) fn changes(&self, host: &Lane) -> Range<usize> {
        let index = |place: u64| place.saturating_sub(host.forgotten) as usize;
        let end = self.end.map_or(host.changes.len(), index);
        index(self.first).min(end)..end.min(host.changes.len())
    }
}

impl Lane {
    /// A lane of which nothing is known.
    pub(crate) fn unknown(id: LaneId, at: Timestamp) -> Self {
        Self::new(id, LaneKind::Task(TaskKind::Task), at)
    }

    /// What was known of it when it began.
    pub(crate) fn as_it_began(&self) -> Self {
        Self {
            kind: self.kind,
            name: self.name.clone(),
            parent: self.parent,
            site: self.site.clone(),
            born_in: self.born_in,
            ..Self::unknown(self.id, self.start)
        }
    }

    pub(super) fn new(id: LaneId, kind: LaneKind, at: Timestamp) -> Self {
        Self {
            id,
            kind,
            name: Text::Static("?"),
            parent: None,
            site: None,
            start: at,
            started: None,
            end: None,
            changes: Vec::new(),
            wakes: Vec::new(),
            polls: 0,
            longest: 0,
            gaps: 0,
            unwakeable: false,
            born_in: None,
            forgotten: 0,
            passed: Totals::default(),
            woken: false,
            is_brief: Aside::default(),
            is_active: Aside::default(),
            extra: MaybeExtra::default(),
        }
    }

    /// Labels it; a label of the same key is replaced.
    pub(super) fn label(&mut self, key: &Text, value: &Text) {
        let known = self.labels.iter_mut().find(|label| {
            work::done(1);
            label.key == *key
        });
        match known {
            Some(label) => label.value = value.clone(),
            None => self.labels.push(Label {
                key: key.clone(),
                value: value.clone(),
            }),
        }
    }

    /// The state it is in now. For a coroutine that runs, ask its host.
    pub fn state(&self) -> State {
        self.changes
            .last()
            .map_or(State::Unknown, |change| change.state)
    }

    /// Returns the time at which it entered its present state.
    pub(crate) fn since(&self) -> Timestamp {
        self.changes.last().map_or(self.start, |change| change.at)
    }

    /// Lists it among the active lanes. Returns `false` if it is listed already.
    #[inline]
    pub(super) fn becomes_active(&mut self) -> bool {
        !std::mem::replace(&mut self.is_active, Aside(true)).0
    }

    /// Returns `true` if events were lost, and it has been idle since.
    pub(super) fn is_lost(&self) -> bool {
        let last = self.changes.last();
        last.is_some_and(|last| last.state == State::Unknown)
    }

    /// Time spent in each state up to `now`.
    pub fn totals(&self, now: Timestamp) -> Totals {
        let mut totals = self.passed;
        if let Some(last) = self.changes.last() {
            totals.add(last.state, now - last.at);
        }
        totals
    }

    /// How long its longest poll took up to `now`, in nanoseconds.
    pub fn longest_poll(&self, now: Timestamp) -> u64 {
        let last = self.changes.last();
        let goes_on = last.filter(|last| last.state == State::Running);
        self.longest.max(goes_on.map_or(0, |last| now - last.at))
    }

    /// The awaits that are not over, outermost first.
    pub fn open_frames(&self) -> impl DoubleEndedIterator<Item = &Frame> {
        self.open.iter().map(|&index| &self.frames[index])
    }

    /// The line at which the lane is suspended, or from which it went on: that of the innermost open await, or of the
    /// last one that was left.
    pub fn line(&self) -> Option<&Site> {
        let frame = self.frames.get(self.position?)?;
        frame.site.as_ref()
    }

    /// The innermost await that is not over.
    pub fn innermost(&self) -> Option<&Frame> {
        self.open_frames().next_back()
    }

    /// Whether it is a task, of any kind.
    pub fn is_task(&self) -> bool {
        matches!(self.kind, LaneKind::Task(_))
    }

    pub(super) fn describe(&mut self, name: &Text, site: Option<&Site>) {
        self.name = name.clone();
        self.site = site.cloned();
    }

    #[inline]
    pub(super) fn enter(&mut self, state: State, at: Timestamp, thread: ThreadId) {
        self.leave(at);
        let change = Change { at, state, thread };
        if !self.is_brief.0 {
            self.changes.push(change);
        } else if let Some(last) = self.changes.first_mut() {
            *last = change;
            self.forgotten += 1;
        } else {
            self.changes = vec![change];
        }
    }

    /// Adds the time spent in the present state to the totals.
    #[inline]
    fn leave(&mut self, at: Timestamp) {
        if let Some(last) = self.changes.last() {
            let nanos = at - last.at;
            self.passed.add(last.state, nanos);
            if last.state == State::Running {
                self.longest = self.longest.max(nanos);
            }
        }
    }

    /// Something that lies where a poll and a wake of it are noted.
    #[inline]
    pub(super) fn near(&self) -> u64 {
        let change = self.changes.last().map_or(0, |last| last.at.0);
        let wake = self.wakes.last().map_or(0, |last| last.at.0);
        change ^ wake ^ self.polls ^ u64::from(self.woken)
    }

    /// How many changes of state it went through.
    pub(super) fn changed(&self) -> u64 {
        self.forgotten + self.changes.len() as u64
    }

    /// Forgets its past: what is left says how it stands.
    pub(crate) fn forget(&mut self) {
        work::done(1 + self.frames.len());
        self.forgotten += self.changes.len().saturating_sub(1) as u64;
        keep_last(&mut self.changes);
        if self.end.is_some() {
            // Late wakes do not belong to its life.
            self.wakes = Vec::new();
        }
        keep_last(&mut self.wakes);
        if !self.extra.is_none() {
            let end = self.end;
            Extra::forget(self, end);
        }
    }
}

impl Extra {
    /// Forgets the past of a lane, which may have ended.
    fn forget(&mut self, end: Option<Timestamp>) {
        // Late lines do not belong to its life.
        self.marks
            .retain(|mark| end.is_none_or(|end| mark.at <= end));
        keep_last(&mut self.marks);
        self.spent = Vec::new();
        self.forget_frames();
    }

    fn forget_frames(&mut self) {
        if self.frames.is_empty() {
            return;
        }
        let (open, position) = (&self.open, self.position);
        let mut kept: Vec<usize> = open.iter().copied().chain(position).collect();
        kept.sort_unstable();
        kept.dedup();
        if kept.len() < self.frames.len() {
            let place = |index: usize| kept.binary_search(&index).unwrap_or(0);
            self.open.iter_mut().for_each(|open| *open = place(*open));
            self.position = self.position.map(place);
            self.frames = kept
                .iter()
                .map(|&index| self.frames[index].clone())
                .collect();
        }
    }
}

impl Lane {
    pub(super) fn finish(&mut self, state: State, at: Timestamp, thread: ThreadId) {
        self.end = Some(at);
        self.unwakeable = false;
        self.enter(state, at, thread);
    }

    /// Notes what it returned.
    pub(super) fn returned(&mut self, value: Option<&Text>) {
        if value != self.value.as_ref() {
            self.value = value.cloned();
        }
    }

    pub(super) fn await_entered(&mut self, frame: Frame) {
        /// Closed awaits are forgotten when there are this many more of them than open ones.
        const OVER: usize = 16;
        if self.is_brief.0 && self.frames.len() > 2 * self.open.len() + OVER {
            self.forget();
        }
        let extra: &mut Extra = self;
        extra.position = Some(extra.frames.len());
        extra.open.push_back(extra.frames.len());
        extra.frames.push(frame);
    }

    pub(super) fn await_left(&mut self, id: FrameId, at: Timestamp) {
        let Some(place) = self.open_place(id) else {
            return;
        };
        let extra: &mut Extra = self;
        if let Some(index) = extra.open.remove(place) {
            extra.frames[index].end = Some(at);
            extra.position = Some(index);
        }
    }

    /// Returns the place of an await in `open`. Awaits that run side by side are left in any order, so a scan from the
    /// innermost one could take quadratic time.
    fn open_place(&self, id: FrameId) -> Option<usize> {
        let is_last = self
            .open
            .back()
            .is_some_and(|&last| self.frames[last].id == id);
        if is_last {
            return Some(self.open.len() - 1);
        }
        // They are ordered by id, except in a damaged log.
        let id_of = |&index: &usize| {
            work::done(1);
            self.frames[index].id
        };
        self.open.binary_search_by_key(&id, id_of).ok()
    }

    #[inline]
    pub(super) fn poll_started(&mut self, at: Timestamp, thread: ThreadId) {
        self.polls += 1;
        self.woken = false;
        self.unwakeable = false;
        self.started.get_or_insert(at);
        self.enter(State::Running, at, thread);
    }

    #[inline]
    pub(super) fn poll_ended(&mut self, result: Polled, at: Timestamp, thread: ThreadId) {
        match result {
            Polled::Completed => self.finish(State::Done, at, thread),
            Polled::Panicked => self.finish(State::Panicked, at, thread),
            Polled::Pending if self.woken => self.enter(State::Ready, at, thread),
            Polled::Pending => self.enter(State::Waiting, at, thread),
        }
    }

    /// Records the time that its last poll, which is over, spent.
    pub(super) fn poll_spent(&mut self, since: Option<u64>, running: u64, stalled: u64) {
        let mut changes = self.changes.iter().rev();
        let poll = changes.find(|change| change.state == State::Running);
        let poll = poll.map(|poll| poll.at);
        if let Some(poll) = poll.filter(|_| !self.is_brief.0) {
            self.spent.push(Spent {
                poll,
                since,
                running,
                stalled,
            });
        }
    }

    #[inline]
    pub(super) fn woken(&mut self, by: Waker, at: Timestamp, thread: ThreadId) {
        let wake = Wake { at, by, thread };
        if !self.is_brief.0 {
            self.wakes.push(wake);
        } else if let Some(last) = self.wakes.first_mut() {
            *last = wake;
        } else {
            self.wakes = vec![wake];
        }
        if self.end.is_some() {
            return;
        }
        self.woken = true;
        self.unwakeable = false;
        if self.state() == State::Waiting {
            self.enter(State::Ready, at, thread);
        }
    }
}

fn keep_last<T>(history: &mut Vec<T>) {
    let before = history.len().saturating_sub(1);
    if before > 0 {
        history.drain(..before);
        history.shrink_to_fit();
    }
}

impl Wake {
    /// The lane that called the waker, where it was one.
    pub fn lane(&self) -> Option<LaneId> {
        match self.by {
            Waker::Lane(lane) => Some(lane),
            _ => None,
        }
    }
}
