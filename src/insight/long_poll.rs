//! The finding about polls that held a thread while other tasks were due: ready to run on it, or asleep although their time
//! had come, since nobody looked at the clock meanwhile.
//!
//! A task that was ready was held up by the poll that had the thread on which it was polled next: it may have waited for
//! others before. Time in which the thread itself had no processor does not count: on a busy machine any poll takes long.
//! The work of such a poll is not known, but the lines between which its time went are.
//!
//! A poll that has not ended after a second counts even if no other task was due: the task hangs.

mod held;
mod place;

use std::collections::{HashMap, HashSet};

use super::words::{SiteKey, count, key};
use super::{Finding, FindingKind};
use crate::event::{Awaited, LaneId, TaskKind, ThreadId, Timestamp};
use crate::text::units::rounded_text;
use crate::timeline::{Frame, Lane, LaneKind, Span, Spent, State, Timeline, work};
use held::Held;
use place::{Children, HotPlace};

/// How long a poll and the wait that it causes are at least, in nanoseconds: a wait that people notice when things move.
/// A shorter one may as well be the operating system's doing.
const LONG: u64 = 20_000_000;
/// Minimum duration of a poll that has not ended and counts as hanging, in nanoseconds.
const HANGS: u64 = 1_000_000_000;

impl FindingKind {
    /// A poll held its thread for long, while other tasks were due: ready to run on it, or asleep beyond their time.
    pub const LONG_POLL: Self = Self("long-poll");
}

pub(super) fn find(timeline: &Timeline) -> Vec<Finding> {
    let polls = Polls::of(timeline);
    if polls.0.is_empty() {
        return Vec::new();
    }
    let mut held_up: HashMap<(LaneId, Timestamp), HeldUp> = HashMap::new();
    for lane in scheduled(timeline) {
        for wait in Delay::all(lane, timeline) {
            for poll in polls.during(&wait) {
                let nanos = poll.span.end.min(wait.span.end) - poll.span.start.max(wait.span.start);
                let nanos = nanos.saturating_sub(poll.held.stalled);
                if nanos >= LONG && poll.lane.id != lane.id {
                    let held_up = held_up.entry((poll.lane.id, poll.span.start)).or_default();
                    held_up.tasks.insert(lane.id);
                    held_up.longest = held_up.longest.max(nanos);
                }
            }
        }
    }
    for poll in polls.0.values().flatten() {
        if poll.goes_on() && poll.held.nanos >= HANGS {
            held_up.entry((poll.lane.id, poll.span.start)).or_default();
        }
    }
    if held_up.is_empty() {
        return Vec::new();
    }
    let children = Children::of(timeline);
    let mut found: Vec<Blamed> = Vec::new();
    let mut index: HashMap<Option<SiteKey>, usize> = HashMap::new();
    let long = polls.0.values().flatten();
    let mut long: Vec<_> = long
        .filter_map(|poll| Some((poll, held_up.get(&(poll.lane.id, poll.span.start))?)))
        .collect();
    long.sort_by_key(|(poll, _)| (poll.span.start, poll.lane.id));
    for (poll, held_up) in long {
        // The same line in many tasks is one mistake, not many.
        let place = HotPlace::of(poll.lane, &poll.span, &children);
        let index = *index.entry(place.site().map(key)).or_insert(found.len());
        match found.get_mut(index) {
            Some(blamed) => blamed.add(*poll, place, held_up),
            None => found.push(Blamed::new(*poll, place, held_up)),
        }
    }
    found.iter().map(Blamed::finding).collect()
}

/// The tasks that a scheduler polls.
fn scheduled(timeline: &Timeline) -> impl Iterator<Item = &Lane> {
    timeline.lanes().filter(|lane| {
        lane.is_task() && lane.kind != LaneKind::Task(TaskKind::Blocking) && lane.gaps == 0
    })
}

/// A long poll.
#[derive(Clone, Copy)]
struct PollOf<'a> {
    lane: &'a Lane,
    span: Span,
    held: Held,
}

impl PollOf<'_> {
    /// `true` if it has not ended.
    fn goes_on(&self) -> bool {
        let last = self.lane.changes.last();
        last.is_some_and(|last| last.state == State::Running && last.at == self.span.start)
    }
}

/// Returns the time spent by a poll that started at this time, if known.
fn spent(lane: &Lane, poll: Timestamp) -> Option<&Spent> {
    let index = lane.spent.partition_point(|spent| spent.poll < poll);
    lane.spent.get(index).filter(|spent| spent.poll == poll)
}

/// The long polls of each thread, one after another.
struct Polls<'a>(HashMap<ThreadId, Vec<PollOf<'a>>>);

impl<'a> Polls<'a> {
    fn of(timeline: &'a Timeline) -> Self {
        let mut polls: HashMap<ThreadId, Vec<PollOf>> = HashMap::new();
        for lane in scheduled(timeline).filter(|lane| lane.longest_poll(timeline.end()) >= LONG) {
            for span in timeline.spans(lane, timeline.end()) {
                if span.state != State::Running || span.end - span.start < LONG {
                    continue;
                }
                let held = Held::of(span.end - span.start, spent(lane, span.start));
                if held.nanos >= LONG {
                    let of_thread = polls.entry(span.thread).or_default();
                    of_thread.push(PollOf { lane, span, held });
                }
            }
        }
        for of_thread in polls.values_mut() {
            of_thread.sort_by_key(|poll| (poll.span.start, poll.lane.id));
        }
        Self(polls)
    }

    /// Those that a lane may have waited for.
    fn during(&self, wait: &Delay) -> impl Iterator<Item = &PollOf<'a>> {
        let threads = self.0.iter();
        let (start, end) = (wait.span.start, wait.span.end);
        let by = wait.by;
        threads
            .filter(move |(thread, _)| by.is_none_or(|by| by == **thread))
            .flat_map(move |(_, polls)| {
                // Polls of one thread do not overlap.
                let first = polls.partition_point(|poll| poll.span.end <= start);
                let polls = polls[first..].iter();
                polls.take_while(move |poll| poll.span.start < end)
            })
    }
}

/// A stretch of time in which a lane was due: ready, or asleep beyond its time.
struct Delay {
    span: Span,
    /// The thread that polled it then; none where none has.
    by: Option<ThreadId>,
}

impl Delay {
    fn all(lane: &Lane, timeline: &Timeline) -> Vec<Self> {
        let mut waits = Vec::new();
        let mut since = None;
        let mut sleeps = Sleeps::of(lane);
        for span in timeline.spans(lane, timeline.end()) {
            match span.state {
                State::Waiting => since = sleeps.overdue(&span),
                State::Ready => since = since.or(Some(span.start)),
                State::Running => {
                    let due = since.take().map(|start| Span {
                        start,
                        end: span.start,
                        ..span
                    });
                    let by = Some(span.thread);
                    waits.extend(due.map(|span| Self { span, by }));
                }
                _ => since = None,
            }
        }
        let goes_on = since.map(|start| Span {
            start,
            end: timeline.end(),
            state: State::Ready,
            thread: ThreadId::default(),
        });
        waits.extend(goes_on.map(|span| Self { span, by: None }));
        waits.retain(|wait| wait.span.end - wait.span.start >= LONG);
        waits
    }
}

/// The sleeps of a lane, looked at wait by wait.
struct Sleeps<'a> {
    /// Sleeps that it has not reached.
    ahead: &'a [Frame],
    /// Open sleeps, with their ends.
    open: Vec<(&'a Frame, Timestamp)>,
}

impl<'a> Sleeps<'a> {
    fn of(lane: &'a Lane) -> Self {
        Self {
            ahead: &lane.frames,
            open: Vec::new(),
        }
    }

    /// Returns the time at which a lane that waits in this span was due, as it slept until then. Spans arrive in order.
    fn overdue(&mut self, span: &Span) -> Option<Timestamp> {
        while let [next, rest @ ..] = self.ahead
            && next.start <= span.start
        {
            self.ahead = rest;
            work::done(1);
            if let Some(Awaited::Until(until)) = next.on {
                self.open.push((next, until));
            }
        }
        work::done(self.open.len());
        // It waits for the awaits that were open all the time; the last one was reached last.
        self.open
            .retain(|(frame, _)| frame.end.is_none_or(|end| end >= span.end));
        let mut open = self.open.iter().rev().map(|(_, until)| *until);
        open.find(|until| span.start < *until && *until < span.end)
    }
}

/// Whom a poll held up.
#[derive(Default)]
struct HeldUp {
    tasks: HashSet<LaneId>,
    /// How long it held up one of them at most.
    longest: u64,
}

/// All polls that held up others at one place.
struct Blamed<'a> {
    worst: PollOf<'a>,
    place: HotPlace<'a>,
    /// How many tasks the worst of them held up.
    most: usize,
    polls: u64,
    lasted: u64,
    longest: u64,
}

impl<'a> Blamed<'a> {
    fn new(poll: PollOf<'a>, place: HotPlace<'a>, held_up: &HeldUp) -> Self {
        Self {
            worst: poll,
            place,
            most: held_up.tasks.len(),
            polls: 1,
            lasted: poll.held.nanos,
            longest: held_up.longest,
        }
    }

    fn add(&mut self, poll: PollOf<'a>, place: HotPlace<'a>, held_up: &HeldUp) {
        let most = held_up.tasks.len();
        if (most, poll.held.nanos) > (self.most, self.worst.held.nanos) {
            (self.worst, self.place, self.most) = (poll, place, most);
        }
        self.polls += 1;
        self.lasted = self.lasted.saturating_add(poll.held.nanos);
        self.longest = self.longest.saturating_add(held_up.longest);
    }

    fn finding(&self) -> Finding {
        let Self {
            worst, place, most, ..
        } = self;
        let (how, place_text) = (worst.held.how(), place.text());
        let lasted = rounded_text(worst.held.nanos);
        let so_far = if worst.goes_on() { " so far" } else { "" };
        let others = match *most as u64 {
            0 => String::new(),
            most => {
                let others = count(most, "other task was", "other tasks were");
                format!(", while {others} due")
            }
        };
        let all = match self.polls {
            1 => String::new(),
            polls => format!("; {polls} such polls took {}", rounded_text(self.lasted)),
        };
        Finding {
            kind: FindingKind::LONG_POLL,
            lane: worst.lane.id,
            site: place.site().cloned(),
            at: worst.span.start,
            costs_ns: self.lasted,
            saves_ns: self.longest,
            text: format!(
                "{} held its thread for {lasted} in one poll{so_far}{how}{place_text}{others}{all}",
                worst.lane.name
            ),
            advice: "Let what takes so long run on a thread where it may block: spawn_blocking(...).await; or await \
                     something in between, such as yield_now()."
                .into(),
        }
    }
}

#[cfg(test)]
mod tests;
