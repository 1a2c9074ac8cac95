//! How a session stands between two of its events, as bytes. The format is documented in `session.rs`.
//!
//! *Architecture invariant:* pure functions; nothing here reads or writes a file, and no bytes make it panic.

#[cfg(feature = "app")]
mod read;

#[cfg(feature = "app")]
pub(super) use read::{Depth, Near, Part, decode};

use super::codec::{Encoder, Item, zigzag};
use crate::event::fields::Field;
use crate::event::{Event, Step, ThreadId, Timestamp};
use crate::timeline::polling::Polling;
use crate::timeline::{Born, Change, Frame, Lane, Timeline, Totals, work};

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
    begun: &[Lane],
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
    put_list(&mut to, begun, |to, lane| put_birth(to, lane, end));
    for lanes in [ended, alive] {
        let mut last = 0;
        put_list(&mut to, lanes, |to, lane| {
            ((lane.place - last) as u64).put(to);
            last = lane.place;
            put_facts(to, lane, end);
        });
    }
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

/// A time as what lies between it and the state's.
fn put_time(to: &mut Encoder, time: Timestamp, end: Timestamp) {
    zigzag(end.0.wrapping_sub(time.0)).put(to);
}

fn put_maybe_time(to: &mut Encoder, time: Option<Timestamp>, end: Timestamp) {
    time.is_some().put(to);
    if let Some(time) = time {
        put_time(to, time, end);
    }
}

fn put_birth(to: &mut Encoder, lane: &Lane, end: Timestamp) {
    to.begin(BEGUN);
    lane.id.put(to);
    put_time(to, lane.start, end);
    put_origin(to, lane);
}

fn put_origin(to: &mut Encoder, lane: &Lane) {
    lane.kind.put(to);
    lane.name.put(to);
    lane.parent.put(to);
    lane.site.put(to);
    lane.born_in.is_some().put(to);
    if let Some(Born {
        lane,
        polls,
        changes,
    }) = lane.born_in
    {
        lane.put(to);
        polls.put(to);
        changes.put(to);
    }
}

fn put_facts(to: &mut Encoder, known: &Known<'_>, end: Timestamp) {
    let lane = known.lane;
    put_near(to, lane, end);
    let before = to.size();
    put_rest(to, lane, known.with_origin, end);
    to.put_size_at(before);
}

/// What is to be seen of a lane from far off.
fn put_near(to: &mut Encoder, lane: &Lane, end: Timestamp) {
    let Totals {
        running,
        ready,
        waiting,
        unknown,
    } = lane.passed;
    for number in [lane.polls, lane.gaps, running, ready, unknown] {
        number.put(to);
    }
    let last = lane.changes.last();
    last.is_some().put(to);
    if let Some(change) = last {
        put_time(to, change.at, end);
        change.state.put(to);
        change.thread.put(to);
    }
    let rest = rest_of_time(&lane.passed, last, lane.start);
    zigzag(waiting.wrapping_sub(rest)).put(to);
}

/// The time since a lane began that was spent neither running nor ready: mostly all that it waited.
fn rest_of_time(passed: &Totals, last: Option<&Change>, start: Timestamp) -> u64 {
    let last = last.map_or(start, |change| change.at);
    let Totals {
        running,
        ready,
        unknown,
        ..
    } = passed;
    let spent = running.wrapping_add(*ready).wrapping_add(*unknown);
    last.0.wrapping_sub(start.0).wrapping_sub(spent)
}

fn put_rest(to: &mut Encoder, lane: &Lane, with_origin: bool, end: Timestamp) {
    with_origin.put(to);
    if with_origin {
        to.begin(BEGUN);
        put_origin(to, lane);
    }
    to.begin(FACTS);
    lane.started.is_some().put(to);
    if let Some(started) = lane.started {
        put_time(to, lane.start, started);
    }
    put_maybe_time(to, lane.end, end);
    lane.longest.put(to);
    lane.forgotten.put(to);
    lane.value.put(to);
    lane.cancel.put(to);
    lane.unwakeable.put(to);
    lane.woken.put(to);
    lane.host.is_some().put(to);
    if let Some(host) = lane.host {
        host.lane.put(to);
        host.frame.put(to);
        host.awaiter.put(to);
        host.at_once.put(to);
        host.poll.put(to);
        host.first.put(to);
        host.end.put(to);
    }
    put_list(to, &lane.wakes, |to, wake| {
        to.begin(WAKE);
        put_time(to, wake.at, end);
        wake.by.put(to);
        wake.thread.put(to);
    });
    put_list(to, &lane.marks, |to, mark| {
        put_time(to, mark.at, end);
        mark.text.put(to);
    });
    put_list(to, &lane.frames, |to, frame| put_frame(to, frame, end));
    let open: Vec<usize> = lane.open.iter().copied().collect();
    put_list(to, &open, |to, &index| (index as u64).put(to));
    lane.position.map(|index| index as u64).put(to);
    // Few lanes have any, and there are many lanes.
    if !lane.labels.is_empty() {
        put_list(to, &lane.labels, |to, label| {
            label.key.put(to);
            label.value.put(to);
        });
    }
}

fn put_frame(to: &mut Encoder, frame: &Frame, end: Timestamp) {
    to.begin(FRAME);
    frame.id.put(to);
    frame.parent.put(to);
    frame.coroutine.put(to);
    frame.site.put(to);
    frame.text.put(to);
    frame.on.put(to);
    put_time(to, frame.start, end);
    put_maybe_time(to, frame.end, end);
}
