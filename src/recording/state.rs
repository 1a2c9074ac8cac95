//! How a session stands between two of its events, as bytes. The format is documented in `session.rs`.
//!
//! *Architecture invariant:* pure functions; nothing here reads or writes a file, and no bytes make it panic.

#[cfg(feature = "app")]
mod read;

#[cfg(feature = "app")]
pub(super) use read::{Layout, Near, Part, decode};

use super::codec::{Encoder, Item, zigzag};
use crate::event::fields::Field;
use crate::event::{Event, LaneId, Step, Text, ThreadId, Timestamp};
use crate::timeline::polling::Polling;
use crate::timeline::{Born, Change, Frame, Host, Lane, Timeline, Totals, work};

/// How a session stands before one of its events: what happened until there, without its past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many events of the session lie before it.
    pub(crate) place: u64,
    pub(crate) timeline: Timeline,
    pub(crate) polling: Polling,
}

impl Standing {
    /// Goes on by an event.
    pub(super) fn apply(&mut self, item: &Item, count: u64) {
        self.place = self.place.saturating_add(count);
        match item {
            Item::Step(at, thread, step) => self.step(*at, *thread, *step),
            Item::Rare(event) => self.event(event),
        }
    }

    /// Returns the number of things that describe it, even if nothing happens to them.
    pub(super) fn told(&self) -> usize {
        let of = |lane: &Lane| 1 + lane.frames.len() + lane.labels.len();
        let lanes: usize = self.timeline.lanes().map(of).sum();
        lanes + self.timeline.threads().len() + self.polling.threads.len()
    }

    fn event(&mut self, event: &Event) {
        self.polling.feed(event);
        self.timeline.apply(event);
    }

    #[inline]
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        self.polling.feed_step(thread, step);
        self.timeline.apply_step(at, thread, step);
    }
}

/// Applies events to a standing, some of them at a time.
///
/// The lanes of thousands of tasks do not fit into the nearest caches. Those of the next events are looked at all at once
/// before the first of these is applied, so that the processor fetches them side by side rather than one after the other.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    steps: Vec<(Timestamp, ThreadId, Step)>,
}

/// Fewer lanes are near by in any case.
const FEW: usize = 512;
/// As many events are looked at ahead.
const AHEAD: usize = 24;

impl Ahead {
    /// Takes an event in, to apply it soon.
    #[inline]
    pub(super) fn push(&mut self, standing: &mut Standing, item: &Item, count: u64) {
        match item {
            Item::Step(at, thread, step) => self.push_step(standing, *at, *thread, *step),
            Item::Rare(_) => {
                self.flush(standing);
                standing.apply(item, count);
            }
        }
    }

    /// The same, of an event of the kinds that are most of any session.
    #[inline]
    pub(super) fn push_step(
        &mut self,
        standing: &mut Standing,
        at: Timestamp,
        thread: ThreadId,
        step: Step,
    ) {
        if self.steps.is_empty() && standing.timeline.lanes.len() < FEW {
            standing.place = standing.place.saturating_add(1);
            standing.step(at, thread, step);
            return;
        }
        self.steps.push((at, thread, step));
        if self.steps.len() >= AHEAD {
            self.flush(standing);
        }
    }

    /// The same, of an event that is somebody else's.
    pub(super) fn push_event(&mut self, standing: &mut Standing, event: &Event) {
        if let Some(step) = event.kind.step() {
            self.push_step(standing, event.at, event.thread, step);
        } else {
            self.flush(standing);
            standing.place = standing.place.saturating_add(1);
            standing.event(event);
        }
    }

    /// Applies what was taken in.
    pub(super) fn flush(&mut self, standing: &mut Standing) {
        let lanes = self.steps.iter().map(|(_, _, step)| step.lane);
        standing.timeline.lanes.touch(lanes);
        standing.place = standing.place.saturating_add(self.steps.len() as u64);
        for (at, thread, step) in self.steps.drain(..) {
            standing.step(at, thread, step);
        }
    }
}

/// How much of a lane is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::recording) enum Depth {
    /// What is seen of it from far off.
    Near,
    /// All.
    Whole,
}

/// Places of lanes in what stands in a part many times.
const POLLED: u8 = 20;
const BEGUN: u8 = 21;
const FACTS: u8 = 22;
const FRAME: u8 = 23;
const WAKE: u8 = 24;
const COUNTED: u8 = 25;

/// The state of these lanes of a standing, in which nothing of the past is left.
pub(super) fn encode(
    serial: u64,
    standing: &Standing,
    known: usize,
    begun: &[&Lane],
    ended: &[Known<'_>],
    alive: &[Known<'_>],
) -> Vec<u8> {
    let mut to = Encoder::default();
    let timeline = &standing.timeline;
    let end = timeline.end();
    for number in [
        serial,
        standing.place,
        end.0,
        timeline.events(),
        timeline.lost(),
    ] {
        number.put(&mut to);
    }
    timeline.has_runtime().put(&mut to);
    timeline.timers_only().put(&mut to);
    put_list(&mut to, timeline.threads(), |to, name| name.put(to));
    standing.polling.polled.put(&mut to);
    put_list(&mut to, &standing.polling.threads, |to, (thread, lanes)| {
        thread.put(to);
        put_list(to, lanes, |to, lane| {
            to.begin(POLLED);
            lane.put(to);
        });
    });
    (known as u64).put(&mut to);
    let nobody = Lane::unknown(LaneId(0), end);
    let mut before = &nobody;
    put_list(&mut to, begun, |to, &lane| {
        put_birth(to, lane, before);
        before = lane;
    });
    put_all_facts(&mut to, ended, Depth::Whole);
    put_all_facts(&mut to, alive, Depth::Near);
    put_list(&mut to, timeline.counted(), |to, tasks| {
        to.begin(COUNTED);
        tasks.runtime.put(to);
        tasks.seen.put(to);
        tasks.alive.put(to);
    });
    to.take()
}

/// A lane whose beginning is known.
pub(super) struct Known<'a> {
    pub lane: &'a Lane,
    /// As the how-manieth it began.
    pub place: usize,
    /// Whether how it began has to be told anew.
    pub with_origin: bool,
}

/// Whether a lane is still known as it was when it began. It is unless a damaged log told of it late.
pub(super) fn began_as(lane: &Lane, begun: &Lane) -> bool {
    (lane.kind, lane.parent, lane.born_in) == (begun.kind, begun.parent, begun.born_in)
        && lane.name == begun.name
        && lane.site == begun.site
}

fn put_list<T>(to: &mut Encoder, items: &[T], mut put: impl FnMut(&mut Encoder, &T)) {
    work::done(items.len());
    (items.len() as u64).put(to);
    for item in items {
        put(to, item);
    }
}

/// A time as what lies between it and another one.
fn put_time(to: &mut Encoder, time: Timestamp, base: Timestamp) {
    zigzag(base.0.wrapping_sub(time.0)).put(to);
}

fn put_maybe_time(to: &mut Encoder, time: Option<Timestamp>, base: Timestamp) {
    time.is_some().put(to);
    if let Some(time) = time {
        put_time(to, time, base);
    }
}

/// Bits of the mask of a lane as it began: the fields that follow.
mod birth {
    /// The id, unless it is one more than that of the lane before.
    pub(super) const ID: u64 = 1;
    /// Kind, name, parent and site, unless the lane before has the same.
    pub(super) const ORIGIN: u64 = 1 << 1;
    /// The poll in which it was born, unless the lane before was born in it, too.
    pub(super) const BORN: u64 = 1 << 2;
}

/// Bits of the mask of a lane as it is seen from far off.
mod near {
    /// Polls, unless there was one.
    pub(super) const POLLS: u64 = 1;
    /// Time spent waiting, unless none.
    pub(super) const WAITED: u64 = 1 << 1;
    /// State and thread of the last change, unless the lane before has the same.
    pub(super) const LAST: u64 = 1 << 2;
    /// Time of the last change, unless [`usual_time`].
    pub(super) const AT: u64 = 1 << 3;
    /// Gaps and unknown time, unless none.
    pub(super) const LOST: u64 = 1 << 4;
}

/// Bits of the mask of the rest of a lane.
mod rest {
    /// Time of the first poll, unless [`usual_first_poll`].
    pub(super) const STARTED: u64 = 1;
    /// Longest poll, unless that is all that it ran.
    pub(super) const LONGEST: u64 = 1 << 1;
    /// Number of forgotten changes, unless [`usual_forgotten`].
    pub(super) const FORGOTTEN: u64 = 1 << 2;
    pub(super) const WAKES: u64 = 1 << 3;
    pub(super) const FRAMES: u64 = 1 << 4;
    pub(super) const WOKEN: u64 = 1 << 5;
    /// End, unless [`usual_end`].
    pub(super) const END: u64 = 1 << 6;
    pub(super) const HOST: u64 = 1 << 7;
    pub(super) const VALUE: u64 = 1 << 8;
    pub(super) const CANCEL: u64 = 1 << 9;
    pub(super) const UNWAKEABLE: u64 = 1 << 10;
    pub(super) const MARKS: u64 = 1 << 11;
    pub(super) const LABELS: u64 = 1 << 12;
    /// Origin, if it was learnt after the lane began.
    pub(super) const ORIGIN: u64 = 1 << 13;
}

/// Returns a mask with those of its bits set that are `true`.
fn mask<const N: usize>(bits: [(u64, bool); N]) -> u64 {
    let set = bits.into_iter().filter(|(_, is_set)| *is_set);
    set.fold(0, |mask, (bit, _)| mask | bit)
}

fn put_birth(to: &mut Encoder, lane: &Lane, before: &Lane) {
    let origin = |lane: &Lane| (lane.kind, lane.parent);
    let is_same = origin(lane) == origin(before)
        && is_same_text(&lane.name, &before.name)
        && lane.site == before.site;
    let unusual = mask([
        (birth::ID, lane.id.0 != before.id.0.wrapping_add(1)),
        (birth::ORIGIN, !is_same),
        (birth::BORN, lane.born_in != before.born_in),
    ]);
    unusual.put(to);
    put_time(to, before.start, lane.start);
    to.begin(BEGUN);
    if unusual & birth::ID != 0 {
        zigzag(lane.id.0.wrapping_sub(before.id.0)).put(to);
    }
    if unusual & birth::ORIGIN != 0 {
        put_origin(to, lane);
    }
    if unusual & birth::BORN != 0 {
        put_born(to, lane.born_in);
    }
}

fn put_origin(to: &mut Encoder, lane: &Lane) {
    lane.kind.put(to);
    lane.name.put(to);
    lane.parent.put(to);
    lane.site.put(to);
}

fn put_born(to: &mut Encoder, born: Option<Born>) {
    born.is_some().put(to);
    if let Some(born) = born {
        born.lane.put(to);
        born.polls.put(to);
        born.changes.put(to);
    }
}

/// Writes the states of lanes in the order of their places. If a reader may want them as seen from far off only, the size
/// of the rest precedes it.
fn put_all_facts(to: &mut Encoder, lanes: &[Known<'_>], depth: Depth) {
    let mut place = 0;
    let mut before = None;
    put_list(to, lanes, |to, known| {
        ((known.place - place) as u64).put(to);
        place = known.place;
        put_near(to, known.lane, before);
        before = known.lane.changes.last();
        let start = to.size();
        put_rest(to, known.lane, known.with_origin);
        if depth == Depth::Near {
            to.put_size_at(start);
        }
    });
}

/// What is to be seen of a lane from far off.
fn put_near(to: &mut Encoder, lane: &Lane, before: Option<&Change>) {
    let Totals {
        running,
        ready,
        waiting,
        unknown,
    } = lane.passed;
    let what = |change: &Change| (change.state, change.thread);
    let last = lane.changes.last();
    let at = last.map_or(lane.start, |last| last.at);
    let usual = usual_time(lane.start, &lane.passed);
    let unusual = mask([
        (near::POLLS, lane.polls != 1),
        (near::WAITED, waiting != 0),
        (near::LAST, last.map(what) != before.map(what)),
        (near::AT, at != usual),
        (near::LOST, lane.gaps != 0 || unknown != 0),
    ]);
    for number in [unusual, running, ready] {
        number.put(to);
    }
    if unusual & near::POLLS != 0 {
        lane.polls.put(to);
    }
    if unusual & near::WAITED != 0 {
        waiting.put(to);
    }
    if unusual & near::LAST != 0 {
        last.is_some().put(to);
        if let Some(last) = last {
            last.state.put(to);
            last.thread.put(to);
        }
    }
    if unusual & near::LOST != 0 {
        lane.gaps.put(to);
        unknown.put(to);
    }
    if unusual & near::AT != 0 {
        put_time(to, at, usual);
    }
}

/// Returns the time of a lane's last change as its totals tell it.
fn usual_time(start: Timestamp, passed: &Totals) -> Timestamp {
    let Totals {
        running,
        ready,
        waiting,
        unknown,
    } = passed;
    let spent = running.wrapping_add(*ready).wrapping_add(*waiting);
    Timestamp(start.0.wrapping_add(spent).wrapping_add(*unknown))
}

/// Returns the time of the first poll of a lane that was ready only before that.
fn usual_first_poll(lane: &Lane) -> Timestamp {
    Timestamp(lane.start.0.wrapping_add(lane.passed.ready))
}

/// Returns the time of the last change if that is an end.
fn usual_end(lane: &Lane) -> Option<Timestamp> {
    let last = lane.changes.last()?;
    last.state.is_end().then_some(last.at)
}

/// Returns the number of changes but the last of a task that never waited.
fn usual_forgotten(lane: &Lane) -> u64 {
    lane.polls.wrapping_mul(2)
}

/// Writes everything that is not seen from far off, with times relative to the last change.
fn put_rest(to: &mut Encoder, lane: &Lane, with_origin: bool) {
    let base = lane.since();
    let unusual = mask([
        (rest::STARTED, lane.started != Some(usual_first_poll(lane))),
        (rest::LONGEST, lane.longest != lane.passed.running),
        (rest::FORGOTTEN, lane.forgotten != usual_forgotten(lane)),
        (rest::END, lane.end != usual_end(lane)),
        (rest::WAKES, !lane.wakes.is_empty()),
        (rest::FRAMES, !lane.frames.is_empty()),
        (rest::WOKEN, lane.woken),
        (rest::HOST, lane.host.is_some()),
        (rest::VALUE, lane.value.is_some()),
        (rest::CANCEL, lane.cancel.is_some()),
        (rest::UNWAKEABLE, lane.unwakeable),
        (rest::MARKS, !lane.marks.is_empty()),
        (rest::LABELS, !lane.labels.is_empty()),
        (rest::ORIGIN, with_origin),
    ]);
    unusual.put(to);
    to.begin(FACTS);
    if unusual & rest::STARTED != 0 {
        put_maybe_time(to, lane.started, lane.start);
    }
    if unusual & rest::LONGEST != 0 {
        lane.longest.put(to);
    }
    if unusual & rest::FORGOTTEN != 0 {
        lane.forgotten.put(to);
    }
    if unusual & rest::END != 0 {
        put_maybe_time(to, lane.end, base);
    }
    if let Some(host) = &lane.host {
        put_host(to, host);
    }
    if let Some(value) = &lane.value {
        value.put(to);
    }
    if let Some(cancel) = lane.cancel {
        cancel.put(to);
    }
    if with_origin {
        to.begin(BEGUN);
        put_origin(to, lane);
        put_born(to, lane.born_in);
    }
    put_lists(to, lane, base);
}

fn put_host(to: &mut Encoder, host: &Host) {
    host.lane.put(to);
    host.frame.put(to);
    host.awaiter.put(to);
    host.at_once.put(to);
    host.poll.put(to);
    host.first.put(to);
    host.end.put(to);
}

/// Writes the lists that are not empty.
fn put_lists(to: &mut Encoder, lane: &Lane, base: Timestamp) {
    if !lane.wakes.is_empty() {
        put_list(to, &lane.wakes, |to, wake| {
            to.begin(WAKE);
            put_time(to, wake.at, base);
            wake.by.put(to);
            wake.thread.put(to);
        });
    }
    if !lane.marks.is_empty() {
        put_list(to, &lane.marks, |to, mark| {
            put_time(to, mark.at, base);
            mark.text.put(to);
        });
    }
    if !lane.frames.is_empty() {
        put_list(to, &lane.frames, |to, frame| put_frame(to, frame, base));
        let open: Vec<usize> = lane.open.iter().copied().collect();
        put_list(to, &open, |to, &index| (index as u64).put(to));
        lane.position.map(|index| index as u64).put(to);
    }
    if !lane.labels.is_empty() {
        put_list(to, &lane.labels, |to, label| {
            label.key.put(to);
            label.value.put(to);
        });
    }
}

fn put_frame(to: &mut Encoder, frame: &Frame, base: Timestamp) {
    to.begin(FRAME);
    frame.id.put(to);
    frame.parent.put(to);
    frame.coroutine.put(to);
    frame.site.put(to);
    frame.text.put(to);
    frame.on.put(to);
    put_time(to, frame.start, base);
    put_maybe_time(to, frame.end, base);
}

/// Returns `true` if two texts are equal. Most equal ones have the same address.
fn is_same_text(one: &Text, other: &Text) -> bool {
    std::ptr::eq(one.raw(), other.raw()) || one == other
}
