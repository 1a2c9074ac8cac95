//! The finding about polls that held a thread while other tasks were due: ready to run on it, or asleep although their time
//! had come, since nobody looked at the clock meanwhile.
//!
//! A task that was ready was held up by the poll that had the thread on which it was polled next: it may have waited for
//! others before. What such a poll did is not known; where it began is.
//!
//! A poll that has not ended after a second counts even if no other task was due: the task hangs.

use std::collections::{HashMap, HashSet};

use super::words::{SiteKey, count, key, place};
use super::{Finding, FindingKind};
use crate::event::{Awaited, LaneId, Site, TaskKind, ThreadId, Timestamp};
use crate::timeline::{Lane, LaneKind, Span, State, Timeline};
use crate::units::rounded_text;

/// How long a poll and the wait that it causes are at least, in nanoseconds: a wait that people notice when things move.
/// A shorter one may as well be the operating system's doing.
const LONG: u64 = 20_000_000;
/// The shortest poll that hangs if it has not ended, in nanoseconds.
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
                if nanos >= LONG && poll.lane.id != lane.id {
                    let held_up = held_up.entry((poll.lane.id, poll.span.start)).or_default();
                    held_up.tasks.insert(lane.id);
                    held_up.longest = held_up.longest.max(nanos);
                }
            }
        }
    }
    for poll in polls.0.values().flatten() {
        if poll.goes_on() && poll.lasted() >= HANGS {
            held_up.entry((poll.lane.id, poll.span.start)).or_default();
        }
    }
    let mut found: Vec<Place> = Vec::new();
    let mut index: HashMap<Option<SiteKey>, usize> = HashMap::new();
    let long = polls.0.values().flatten();
    let mut long: Vec<_> = long
        .filter_map(|poll| Some((poll, held_up.get(&(poll.lane.id, poll.span.start))?)))
        .collect();
    long.sort_by_key(|(poll, _)| (poll.span.start, poll.lane.id));
    for (poll, held_up) in long {
        // The same line in many tasks is one mistake, not many.
        let place = poll.site().map(key);
        let place = *index.entry(place).or_insert(found.len());
        match found.get_mut(place) {
            Some(place) => place.add(*poll, held_up),
            None => found.push(Place::new(*poll, held_up)),
        }
    }
    found.iter().map(Place::finding).collect()
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
}

impl<'a> Poll<'a> {
    /// Where the program went on: the await that was over, or where the task was spawned.
    fn site(&self) -> Option<&'a Site> {
        let start = self.span.start;
        let went_on = self.lane.frames.iter().rev().find(|frame| {
            let is_over_later = frame.end.is_none_or(|end| end >= start);
            frame.start < start && is_over_later
        });
        let site = went_on.and_then(|frame| frame.site.as_ref());
        site.or(self.lane.site.as_ref())
    }

    fn lasted(&self) -> u64 {
        self.span.end - self.span.start
    }

    /// `true` if it has not ended.
    fn goes_on(&self) -> bool {
        let last = self.lane.changes.last();
        last.is_some_and(|last| last.state == State::Running && last.at == self.span.start)
    }
}

/// The long polls of each thread, one after another.
struct Polls<'a>(HashMap<ThreadId, Vec<Poll<'a>>>);

impl<'a> Polls<'a> {
    fn of(timeline: &'a Timeline) -> Self {
        let mut polls: HashMap<ThreadId, Vec<Poll>> = HashMap::new();
        for lane in scheduled(timeline).filter(|lane| lane.longest_poll(timeline.end()) >= LONG) {
            for span in timeline.spans(lane, timeline.end()) {
                if span.state == State::Running && span.end - span.start >= LONG {
                    let of_thread = polls.entry(span.thread).or_default();
                    of_thread.push(Poll { lane, span });
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
        for span in timeline.spans(lane, timeline.end()) {
            match span.state {
                State::Waiting => since = overdue(lane, &span),
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

/// Since when a lane that waits in this span should have gone on, as it slept until then.
fn overdue(lane: &Lane, span: &Span) -> Option<Timestamp> {
    // It waits for the awaits that it was in all the time, of which the last one was reached last.
    let mut frames = lane.frames.iter().rev();
    frames.find_map(|frame| {
        let is_over_later = frame.end.is_none_or(|end| end >= span.end);
        match frame.on {
            Some(Awaited::Until(until)) if is_over_later && frame.start <= span.start => {
                (span.start < until && until < span.end).then_some(until)
            }
            _ => None,
        }
    })
}

/// Whom a poll held up.
#[derive(Default)]
struct HeldUp {
    tasks: HashSet<LaneId>,
    /// How long it held up one of them at most.
    longest: u64,
}

/// All polls that went on at one place and held others up.
struct Place<'a> {
    worst: Poll<'a>,
    /// How many tasks the worst of them held up.
    most: usize,
    polls: u64,
    lasted: u64,
    longest: u64,
}

impl<'a> Place<'a> {
    fn new(poll: Poll<'a>, held_up: &HeldUp) -> Self {
        Self {
            worst: poll,
            most: held_up.tasks.len(),
            polls: 1,
            lasted: poll.lasted(),
            longest: held_up.longest,
        }
    }

    fn add(&mut self, poll: Poll<'a>, held_up: &HeldUp) {
        let most = held_up.tasks.len();
        if (most, poll.lasted()) > (self.most, self.worst.lasted()) {
            (self.worst, self.most) = (poll, most);
        }
        self.polls += 1;
        self.lasted = self.lasted.saturating_add(poll.lasted());
        self.longest = self.longest.saturating_add(held_up.longest);
    }

    fn finding(&self) -> Finding {
        let Self { worst, most, .. } = self;
        let site = worst.site();
        let from = site.map_or_else(String::new, |site| format!(", on from {}", place(site)));
        let lasted = rounded_text(worst.lasted());
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
            site: site.cloned(),
            at: worst.span.start,
            costs_ns: self.lasted,
            saves_ns: self.longest,
            text: format!(
                "{} held its thread for {lasted} in one poll{so_far}{from}{others}{all}",
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
    use crate::event::{EventKind, Polled, Waker};
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
            "parse held its thread for 200 ms in one poll, on from demo.rs:4, while 2 other tasks were due"
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
            "main held its thread for 400 ms in one poll so far, on from demo.rs:1, while 1 other task was due"
        );
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
            "main held its thread for 3.5 s in one poll so far, on from demo.rs:1"
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
