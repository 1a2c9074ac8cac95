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
use place::{Children, Place};

/// How long a poll and the wait that it causes are at least, in nanoseconds: a wait that people notice when things move.
/// A shorter one may as well be the operating system's doing.
const LONG: u64 = 20_000_000;
/// Minimum duration of a poll that has not ended and counts as hanging, in nanoseconds.
const HANGS: u64 = 1_000_000_000;

pub(super) fn find(timeline: &Timeline) -> Vec<Finding> {
    let polls = Polls::of(timeline);
    if polls.0.is_empty() {
        return Vec::new();
    }
    let mut held_up: HashMap<(LaneId, Timestamp), HeldUp> = HashMap::new();
    for lane in scheduled(timeline) {
        for wait in Wait::all(lane, timeline) {
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
        let place = Place::of(poll.lane, &poll.span, &children);
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
struct Poll<'a> {
    lane: &'a Lane,
    span: Span,
    held: Held,
}

impl Poll<'_> {
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
struct Polls<'a>(HashMap<ThreadId, Vec<Poll<'a>>>);

impl<'a> Polls<'a> {
    fn of(timeline: &'a Timeline) -> Self {
        let mut polls: HashMap<ThreadId, Vec<Poll>> = HashMap::new();
        for lane in scheduled(timeline).filter(|lane| lane.longest_poll(timeline.end()) >= LONG) {
            for span in timeline.spans(lane, timeline.end()) {
                if span.state != State::Running || span.end - span.start < LONG {
                    continue;
                }
                let held = Held::of(span.end - span.start, spent(lane, span.start));
                if held.nanos >= LONG {
                    let of_thread = polls.entry(span.thread).or_default();
                    of_thread.push(Poll { lane, span, held });
                }
            }
        }
        for of_thread in polls.values_mut() {
            of_thread.sort_by_key(|poll| (poll.span.start, poll.lane.id));
        }
        Self(polls)
    }

    /// Those that a lane may have waited for.
    fn during(&self, wait: &Wait) -> impl Iterator<Item = &Poll<'a>> {
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
struct Wait {
    span: Span,
    /// The thread that polled it then; none where none has.
    by: Option<ThreadId>,
}

impl Wait {
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
    worst: Poll<'a>,
    place: Place<'a>,
    /// How many tasks the worst of them held up.
    most: usize,
    polls: u64,
    lasted: u64,
    longest: u64,
}

impl<'a> Blamed<'a> {
    fn new(poll: Poll<'a>, place: Place<'a>, held_up: &HeldUp) -> Self {
        Self {
            worst: poll,
            place,
            most: held_up.tasks.len(),
            polls: 1,
            lasted: poll.held.nanos,
            longest: held_up.longest,
        }
    }

    fn add(&mut self, poll: Poll<'a>, place: Place<'a>, held_up: &HeldUp) {
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
            kind: FindingKind::LongPoll,
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
mod tests {
    use super::*;
    use crate::event::{BranchOf, Event, EventKind, Polled, Waker};
    use crate::insight::story::{Story, ms};

    fn found(story: &Story) -> Vec<Finding> {
        find(&story.timeline())
    }

    /// A task that sleeps until `until`, from line 4 on.
    fn sleeper(story: Story, lane: u64, name: &'static str, until: u64) -> Story {
        story
            .spawn(lane, name)
            .poll(lane)
            .enter(
                lane,
                1,
                (4, "sleep(delay)"),
                Some(Awaited::Until(ms(until))),
            )
            .pend(lane)
    }

    /// `parse` holds the thread from 100 to 300 ms; `heart` and `lungs` are woken meanwhile.
    fn held_up() -> Story {
        let story = sleeper(Story::of_main(), 3, "parse", 100);
        let story = sleeper(story, 4, "heart", 150);
        sleeper(story, 5, "lungs", 200)
            .pend(2)
            .at(100)
            .wake(3, Waker::Driver)
            .poll(3)
            .leave(3, 1)
            .at(150)
            .wake(4, Waker::Driver)
            .at(200)
            .wake(5, Waker::Driver)
            .at(300)
            .done(3)
            .poll(4)
            .pend(4)
            .poll(5)
            .pend(5)
    }

    #[test]
    fn a_poll_that_holds_others_up_is_found() {
        let found = found(&held_up());
        let [finding] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(
            finding.text,
            "parse held its thread for 200 ms in one poll, after demo.rs:4, while 2 other tasks were due"
        );
        assert_eq!((finding.lane, finding.at), (LaneId(3), ms(100)));
        assert_eq!(finding.site.as_ref().map(|site| site.line), Some(4));
        assert_eq!(finding.costs_ns, 200_000_000);
        assert_eq!(finding.saves_ns, 150_000_000);
    }

    /// While nobody looks at the clock, nobody is woken: those that sleep are held up all the same.
    #[test]
    fn who_is_asleep_beyond_its_time_is_held_up() {
        let story = sleeper(Story::of_main(), 3, "parse", 100);
        let story = sleeper(story, 4, "heart", 150);
        let story = sleeper(story, 5, "lungs", 320)
            .pend(2)
            .at(100)
            .wake(3, Waker::Driver)
            .poll(3)
            .leave(3, 1)
            .at(300)
            .done(3)
            .wake(4, Waker::Driver)
            .poll(4)
            .pend(4)
            .at(320)
            .wake(5, Waker::Driver)
            .poll(5);
        let found = found(&story);
        let [finding] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert!(
            finding.text.ends_with("while 1 other task was due"),
            "{}",
            finding.text
        );
        assert_eq!(finding.saves_ns, 150_000_000);
    }

    #[test]
    fn the_same_place_is_found_once() {
        let again = held_up()
            .at(400)
            .spawn(6, "parse again")
            .poll(6)
            .enter(6, 1, (4, "sleep(delay)"), None)
            .pend(6)
            .at(500)
            .wake(6, Waker::Driver)
            .poll(6)
            .wake(4, Waker::Driver)
            .at(600)
            .done(6)
            .poll(4);
        let found = found(&again);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].text.ends_with("; 2 such polls took 300 ms"),
            "{}",
            found[0].text
        );
        assert_eq!(found[0].saves_ns, 250_000_000);
    }

    #[test]
    fn a_thread_that_is_held_now_is_found_before_it_is_let_go() {
        let story = sleeper(Story::of_main(), 3, "heart", 100)
            .at(100)
            .wake(3, Waker::Driver)
            .at(400)
            .then(EventKind::ThreadNamed { name: "".into() });
        assert_eq!(
            found(&story)[0].text,
            "main held its thread for 400 ms in one poll so far, after demo.rs:3, while 1 other task was due"
        );
    }

    /// The poll of `parse` tells how its thread spent its time, in milliseconds.
    fn spent(running: u64, stalled: u64) -> Story {
        let mut story = held_up();
        let is_end = |event: &Event| matches!(event.kind, EventKind::PollEnded { lane, result: Polled::Completed } if lane == LaneId(3));
        let end = story.events.iter().position(is_end).expect("it ends");
        let at = story.events[end].at;
        let kind = EventKind::PollSpent {
            lane: LaneId(3),
            since: Some(0),
            running: running * 1_000_000,
            stalled: stalled * 1_000_000,
        };
        let thread = ThreadId(0);
        story.events.insert(end + 1, Event { at, thread, kind });
        story
    }

    #[test]
    fn a_thread_without_a_processor_is_not_held() {
        assert_eq!(found(&spent(15, 185)), []);
        let text = |story: &Story| found(story)[0].text.clone();
        assert_eq!(
            text(&spent(150, 50)),
            "parse held its thread for 150 ms in one poll (on the processor), after demo.rs:4, while 2 other tasks were due"
        );
        assert_eq!(
            text(&spent(3, 50)),
            "parse held its thread for 150 ms in one poll (147 ms blocked, at most 3 ms on the processor), after \
             demo.rs:4, while 2 other tasks were due"
        );
        let found = found(&spent(150, 50));
        assert_eq!(
            (found[0].costs_ns, found[0].saves_ns),
            (150_000_000, 100_000_000)
        );
    }

    /// `main` is polled from 0 to 400 ms, and `heart` should have woken at 100 ms.
    fn placed(poll: impl FnOnce(Story) -> Story) -> (String, Option<u32>) {
        let story = sleeper(Story::of_main(), 3, "heart", 100).pend(2).at(10);
        let story = poll(story.wake(2, Waker::Driver).poll(2)).at(400).pend(2);
        let found = found(&story.wake(3, Waker::Driver).poll(3));
        let [finding] = found.as_slice() else {
            panic!("{found:?}")
        };
        let text = finding.text.split(", ").nth(1).unwrap_or_default();
        (text.into(), finding.site.as_ref().map(|site| site.line))
    }

    #[test]
    fn the_lines_between_which_the_time_went_are_named() {
        let told = |text: &str, line| (text.to_owned(), Some(line));
        let call =
            |story: Story, at, frame, line| story.at(at).enter(2, frame, (line, "call()"), None);
        // The blocking call stands between two awaits.
        let found = placed(|story| {
            let story = call(story, 11, 1, 12).at(12).leave(2, 1);
            call(story, 390, 2, 15)
        });
        assert_eq!(found, told("between demo.rs:12 and line 15", 12));
        // It stands behind the last of them.
        let found = placed(|story| call(story, 11, 1, 12).at(30).leave(2, 1));
        assert_eq!(found, told("after demo.rs:12", 12));
        // It stands within what is awaited.
        let found = placed(|story| call(story, 11, 1, 12).at(390).leave(2, 1));
        assert_eq!(found, told("in the await at demo.rs:12", 12));
        // It stands in a function that was called, after an await there.
        let found = placed(|story| {
            let story = call(story, 11, 1, 12).start(9, 2, Some(1));
            let story = story.enter_in(2, (Some(1), Some(9)), 2, (3, "inner()"), None);
            story.at(20).leave(2, 2).at(390).leave(2, 1)
        });
        assert_eq!(found, told("after demo.rs:3", 3));
        // It stands between a call and where that is awaited.
        let found = placed(|story| call(story.at(12).call(9, "nested", 30), 390, 1, 33));
        assert_eq!(found, told("between demo.rs:30 and line 33", 30));
        // It stands before the first await.
        let found = placed(|story| call(story, 390, 1, 7));
        assert_eq!(found, told("before demo.rs:7", 7));
        let found = placed(|story| story);
        assert_eq!(found, told("after its start (spawned at demo.rs:1)", 1));
        // It stands in a branch.
        let found = placed(|story| {
            let story = call(story, 11, 1, 12);
            let story = story.branch(8, "branch()", BranchOf::Join).poll(8);
            let story = story.enter(8, 1, (44, "call()"), None).at(13).leave(8, 1);
            story.at(395).pend(8)
        });
        assert_eq!(found, told("after demo.rs:44", 44));
    }

    #[test]
    fn a_poll_that_does_not_end_hangs_though_no_other_task_is_due() {
        let until = |at| found(&Story::of_main().at(at).then(EventKind::Alive));
        assert_eq!(until(999), []);
        let found = until(3500);
        let [finding] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(
            finding.text,
            "main held its thread for 3.5 s in one poll so far, after its start (spawned at demo.rs:1)"
        );
        assert_eq!((finding.lane, finding.at), (LaneId(2), ms(0)));
        assert_eq!(finding.costs_ns, 3_500_000_000);
    }

    #[test]
    fn nothing_is_found_where_nobody_was_held_up() {
        let alone = Story::of_main().at(500).done(2);
        assert_eq!(found(&alone), []);
        let short = sleeper(Story::of_main(), 3, "heart", 100)
            .pend(2)
            .at(100)
            .wake(2, Waker::Driver)
            .poll(2)
            .wake(3, Waker::Driver)
            .at(119)
            .polled(2, Polled::Completed)
            .poll(3);
        assert_eq!(found(&short), []);
    }

    #[test]
    fn another_thread_holds_nobody_up_here() {
        let mut story = held_up();
        for event in &mut story.events {
            let is_parse = matches!(event.kind, EventKind::PollStarted { lane } | EventKind::PollEnded { lane, .. } if lane == LaneId(3));
            event.thread = ThreadId(u32::from(is_parse));
        }
        assert_eq!(found(&story), []);
    }

    #[test]
    fn what_may_block_is_not_blamed() {
        let mut story = held_up();
        for event in &mut story.events {
            if let EventKind::Spawned { lane, kind, .. } = &mut event.kind
                && *lane == LaneId(3)
            {
                *kind = TaskKind::Blocking;
            }
        }
        assert_eq!(found(&story), []);
    }
}
