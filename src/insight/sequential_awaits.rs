//! The finding about awaits that ran one after another and could have run together.
//!
//! What running them together would take is computed, not guessed, under one assumption that the finding names: that
//! none needs what an earlier one returns. Waiting overlaps, running on one thread does not; so together they take as
//! long as the longest of them, and at least as long as all of them run.

use std::collections::HashMap;

use super::words::{SiteKey, count, key, list};
use super::{Finding, FindingKind};
use crate::event::{Awaited, FrameId, LaneId, Site, Timestamp};
use crate::timeline::{Frame, Lane, LaneKind, State, Timeline, Wake};
use crate::units::duration_text;

pub(super) fn find(timeline: &Timeline) -> Vec<Finding> {
    let coroutines = awaited_coroutines(timeline);
    let mut found: Vec<Sequence> = Vec::new();
    let mut index: HashMap<Vec<SiteKey>, usize> = HashMap::new();
    for lane in timeline.lanes() {
        let mut in_lane: Vec<Sequence> = Vec::new();
        for sequence in sequences(lane, &coroutines) {
            Sequence::merge(&mut in_lane, sequence);
        }
        // The same lines in many tasks are one finding: the one that costs its task most.
        for sequence in in_lane.into_iter().filter(|sequence| sequence.saves() > 0) {
            let place = *index.entry(sequence.place()).or_insert(found.len());
            match found.get_mut(place) {
                Some(other) => other.or_worse(sequence),
                None => found.push(sequence),
            }
        }
    }
    found
        .iter()
        .map(|sequence| sequence.finding(timeline))
        .collect()
}

/// Awaits of one lane that ran one after another, added up over all the times it went through them.
struct Sequence<'a> {
    lane: &'a Lane,
    /// The awaits, the first time.
    frames: Vec<&'a Frame>,
    rounds: u64,
    tasks: u64,
    costs: u64,
    together: u64,
}

/// An await of a coroutine, with the time that it took.
struct Step<'a> {
    frame: &'a Frame,
    end: Timestamp,
    running: u64,
}

/// The coroutine that each await awaits directly.
fn awaited_coroutines(timeline: &Timeline) -> HashMap<(LaneId, FrameId), LaneId> {
    let coroutines = timeline.lanes().iter().filter(|lane| {
        // One that was cancelled or panicked says nothing about how long it takes.
        lane.kind == LaneKind::Coroutine && lane.state() == State::Done
    });
    coroutines
        .filter_map(|lane| {
            let host = lane.host?;
            Some(((host.lane, host.frame?), lane.id))
        })
        .collect()
}

/// The stretches of at least two awaits of a lane, each of which began right when the one before it was over.
fn sequences<'a>(
    lane: &'a Lane,
    coroutines: &HashMap<(LaneId, FrameId), LaneId>,
) -> Vec<Sequence<'a>> {
    let mut found = Vec::new();
    for siblings in siblings(lane) {
        let mut steps: Vec<Step> = Vec::new();
        for frame in siblings {
            let step = step(lane, frame, coroutines);
            let goes_on = match (steps.last(), &step) {
                (Some(last), Some(step)) => runs_between(lane, last.end, step.frame.start),
                _ => false,
            };
            if !goes_on {
                found.extend(Sequence::new(lane, &steps));
                steps.clear();
            }
            steps.extend(step);
        }
        found.extend(Sequence::new(lane, &steps));
    }
    found
}

/// A lane's awaits, those together that stand in the same body, each in order.
fn siblings(lane: &Lane) -> Vec<Vec<&Frame>> {
    let mut groups: Vec<Vec<&Frame>> = Vec::new();
    let mut index = HashMap::new();
    for frame in &lane.frames {
        let group = *index
            .entry((frame.parent, frame.coroutine))
            .or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(frame),
            None => groups.push(vec![frame]),
        }
    }
    groups
}

/// An await as a step of a sequence: where it is over, awaits a coroutine, and waited for nobody but itself.
fn step<'a>(
    lane: &Lane,
    frame: &'a Frame,
    coroutines: &HashMap<(LaneId, FrameId), LaneId>,
) -> Option<Step<'a>> {
    let end = frame.end?;
    let coroutine = *coroutines.get(&(lane.id, frame.id))?;
    let is_task = matches!(frame.on, Some(Awaited::Task(_)));
    if is_task || waited_for_others(lane, coroutine, frame.start, end) {
        return None;
    }
    let (running, waiting) = time_in(lane, frame.start, end);
    (waiting > 0).then_some(Step {
        frame,
        end,
        running,
    })
}

/// Whether a wait between these moments was ended by somebody who was there before the coroutine. Such a wait is as
/// long as the other takes, whoever else is awaited meanwhile.
fn waited_for_others(lane: &Lane, coroutine: LaneId, start: Timestamp, end: Timestamp) -> bool {
    let first = lane.wakes.partition_point(|wake| wake.at <= start);
    let wakes = lane.wakes.iter().skip(first);
    wakes
        .take_while(|wake| wake.at <= end)
        .filter_map(Wake::lane)
        .any(|by| by < coroutine && by != lane.id)
}

/// How long a lane ran and how long it waited between these moments, in nanoseconds.
fn time_in(lane: &Lane, start: Timestamp, end: Timestamp) -> (u64, u64) {
    let (mut running, mut waiting) = (0, 0);
    let first = lane.changes.partition_point(|change| change.at < start);
    let within = lane
        .changes
        .iter()
        .enumerate()
        .skip(first.saturating_sub(1));
    for (index, change) in within.take_while(|(_, change)| change.at < end) {
        let until = lane.changes.get(index + 1).map_or(end, |next| next.at);
        let time = until.min(end) - change.at.max(start);
        match change.state {
            State::Running => running += time,
            State::Waiting => waiting += time,
            _ => {}
        }
    }
    (running, waiting)
}

/// Whether a lane did nothing but run from one moment to the other.
fn runs_between(lane: &Lane, from: Timestamp, to: Timestamp) -> bool {
    let (running, _) = time_in(lane, from, to);
    running == to - from
}

impl<'a> Sequence<'a> {
    fn new(lane: &'a Lane, steps: &[Step<'a>]) -> Option<Self> {
        if steps.len() < 2 {
            return None;
        }
        let times = || steps.iter().map(|step| step.end - step.frame.start);
        let running: u64 = steps.iter().map(|step| step.running).sum();
        Some(Self {
            lane,
            frames: steps.iter().map(|step| step.frame).collect(),
            rounds: 1,
            tasks: 1,
            costs: times().sum(),
            together: times().max().unwrap_or(0).max(running),
        })
    }

    /// Adds a sequence to those of its lane: to the one on the same lines, where the lane has been there before.
    fn merge(found: &mut Vec<Self>, sequence: Self) {
        let place = sequence.place();
        match found.iter_mut().find(|other| other.place() == place) {
            Some(other) => {
                other.rounds += 1;
                other.costs = other.costs.saturating_add(sequence.costs);
                other.together = other.together.saturating_add(sequence.together);
            }
            None => found.push(sequence),
        }
    }

    /// Keeps the sequence that would save more.
    fn or_worse(&mut self, other: Self) {
        let tasks = self.tasks + 1;
        if other.saves() > self.saves() {
            *self = other;
        }
        self.tasks = tasks;
    }

    fn saves(&self) -> u64 {
        self.costs.saturating_sub(self.together)
    }

    /// The lines it goes through, each once.
    fn sites(&self) -> Vec<&'a Site> {
        let mut sites = Vec::new();
        for site in self.frames.iter().filter_map(|frame| frame.site.as_ref()) {
            if !sites.contains(&site) {
                sites.push(site);
            }
        }
        sites
    }

    fn place(&self) -> Vec<SiteKey<'a>> {
        self.sites().into_iter().map(key).collect()
    }

    fn finding(&self, timeline: &Timeline) -> Finding {
        let first = self.frames[0];
        Finding {
            kind: FindingKind::SequentialAwaits,
            lane: self.lane.id,
            site: self.sites().first().map(|site| (*site).clone()),
            at: first.start,
            costs_ns: self.costs,
            saves_ns: self.saves(),
            text: self.text(timeline),
            advice: self.advice(),
        }
    }

    fn text(&self, timeline: &Timeline) -> String {
        let who = first_coroutine(self.frames[0], self.lane, timeline);
        let what = self.what();
        let times = match self.rounds {
            1 => String::new(),
            rounds => format!(", {rounds} times"),
        };
        let tasks = match self.tasks {
            1 => String::new(),
            tasks => format!(" (in {tasks} tasks; this one takes longest)"),
        };
        let needs = match self.frames.len() {
            2 => "the second does not need the first's result",
            _ => "none needs an earlier one's result",
        };
        let costs = duration_text(self.costs);
        let together = duration_text(self.together);
        format!("{who} awaits {what}{times}{tasks}: {costs}; together {together}, if {needs}")
    }

    fn what(&self) -> String {
        let sites = self.sites();
        let mut lines: Vec<_> = sites.iter().map(|site| site.line.to_string()).collect();
        lines.dedup();
        let number = self.frames.len() as u64;
        let on = match lines.as_slice() {
            [] => String::new(),
            [line] => format!(" on line {line}"),
            [first, .., last] if lines.len() > 4 => format!(" on lines {first} to {last}"),
            lines => format!(" on lines {}", list(lines)),
        };
        format!("{} one after another{on}", count(number, "call", "calls"))
    }

    fn advice(&self) -> String {
        const MOST: usize = 3;
        let texts: Vec<_> = self.frames.iter().map(|frame| &*frame.text).collect();
        let are_known = texts.iter().all(|text| !text.is_empty());
        if texts.len() <= MOST && self.sites().len() == texts.len() && are_known {
            let texts = texts.join(", ");
            return format!("Try gather!({texts}), or spawn each and await the handles.");
        }
        "Try to await them together, with gather! or a JoinSet, or spawn each first and await the handles then.".into()
    }
}

/// The function in whose body an await stands.
fn first_coroutine(frame: &Frame, lane: &Lane, timeline: &Timeline) -> String {
    match frame.coroutine.and_then(|id| timeline.lane(id)) {
        Some(coroutine) if coroutine.name != lane.name => super::words::name(coroutine),
        _ => lane.name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{TaskKind, Waker};
    use crate::insight::story::{Story, ms, site};

    const SECOND: u64 = 1_000_000_000;

    fn only(story: &Story) -> Finding {
        let mut found = find(&story.timeline());
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn two_awaits_end_to_end_would_take_as_long_as_the_longer() {
        let story = Story::of_main()
            .await_call(1, 9, "say_after(1)", 1000)
            .await_call(2, 10, "say_after(2)", 3000)
            .done(2)
            .close();
        let found = only(&story);
        assert_eq!(found.kind, FindingKind::SequentialAwaits);
        assert_eq!((found.costs_ns, found.saves_ns), (3 * SECOND, SECOND));
        assert_eq!((found.lane, found.at), (LaneId(2), Timestamp::ZERO));
        assert_eq!(found.site, Some(site(9)));
        let end = "together 2 s, if the second does not need the first's result";
        assert!(found.text.ends_with(end), "{}", found.text);
        assert!(
            found.advice.contains("gather!(say_after(1), say_after(2))"),
            "{}",
            found.advice
        );
    }

    #[test]
    fn one_await_alone_is_no_finding() {
        let story = Story::of_main()
            .await_call(1, 9, "say_after(1)", 1000)
            .done(2);
        assert!(find(&story.timeline()).is_empty());
    }

    #[test]
    fn another_wait_between_them_parts_them() {
        let story = Story::of_main()
            .await_call(1, 9, "say_after(1)", 1000)
            .enter(2, 7, (10, "rx.recv()"), None)
            .sleep(1500)
            .leave(2, 7)
            .await_call(2, 11, "say_after(2)", 3000)
            .done(2);
        assert!(find(&story.timeline()).is_empty());
        // A wait that no await tells of parts them too.
        let story = Story::of_main()
            .await_call(1, 9, "say_after(1)", 1000)
            .sleep(1500)
            .await_call(2, 11, "say_after(2)", 3000)
            .done(2);
        assert!(find(&story.timeline()).is_empty());
    }

    #[test]
    fn waits_for_tasks_are_concurrent_already() {
        let on = |task| Some(Awaited::Task(LaneId(task)));
        let story = Story::of_main()
            .spawn(3, "task1")
            .spawn(4, "task2")
            .enter(2, 1, (9, "task1"), on(3))
            .pend(2)
            .at(1000)
            .wake(2, Waker::Lane(LaneId(3)))
            .poll(2)
            .leave(2, 1)
            .enter(2, 2, (10, "task2"), on(4))
            .pend(2)
            .at(2000)
            .wake(2, Waker::Lane(LaneId(4)))
            .poll(2)
            .leave(2, 2)
            .done(2);
        assert!(find(&story.timeline()).is_empty());
    }

    /// `main` awaits a call that is woken by an older task.
    fn receive(story: Story, frame: u32, until: u64) -> Story {
        let coroutine = 20 + u64::from(frame);
        story
            .call(coroutine, "receive", 9)
            .enter(2, frame, (9, "receive()"), None)
            .start(coroutine, 2, Some(frame))
            .pend(2)
            .at(until)
            .wake(2, Waker::Lane(LaneId(3)))
            .poll(2)
            .returns(coroutine, "1")
            .leave(2, frame)
    }

    #[test]
    fn waits_that_another_task_ends_are_not_added_up() {
        let story = receive(Story::of_main().spawn(3, "producer"), 1, 1000);
        let story = receive(story, 2, 2000).done(2);
        assert!(find(&story.timeline()).is_empty());
    }

    #[test]
    fn a_loop_is_one_finding() {
        let mut story = Story::of_main();
        for frame in 1..=5 {
            story = story.await_call(frame, 9, "say_after(n)", u64::from(frame) * 1000);
        }
        let found = only(&story.done(2));
        assert_eq!((found.costs_ns, found.saves_ns), (5 * SECOND, 4 * SECOND));
        assert!(
            found.text.contains("5 calls one after another on line 9"),
            "{}",
            found.text
        );
        assert!(
            found
                .text
                .ends_with("if none needs an earlier one's result"),
            "{}",
            found.text
        );
    }

    #[test]
    fn a_pair_gone_through_three_times_is_one_finding() {
        let mut story = Story::of_main();
        for round in 0..3 {
            let start = u64::from(round) * 3500;
            story = story
                .await_call(round * 2 + 1, 9, "say_after(1)", start + 1000)
                .await_call(round * 2 + 2, 10, "say_after(2)", start + 3000)
                .sleep(start + 3500);
        }
        let found = only(&story.done(2));
        assert_eq!((found.costs_ns, found.saves_ns), (9 * SECOND, 3 * SECOND));
        assert!(found.text.contains(", 3 times"), "{}", found.text);
    }

    #[test]
    fn running_does_not_overlap() {
        // Each call waits 100 ms and runs 900 ms: together they still run 1.8 s.
        let mut story = Story::of_main();
        for (frame, start) in [(1, 0), (2, 1000)] {
            let coroutine = 10 + u64::from(frame);
            story = story
                .call(coroutine, "work", 9)
                .enter(2, frame, (8 + frame, "work()"), None)
                .start(coroutine, 2, Some(frame))
                .sleep(start + 100)
                .at(start + 1000)
                .returns(coroutine, "()")
                .leave(2, frame);
        }
        let found = only(&story.done(2));
        assert_eq!((found.costs_ns, found.saves_ns), (2 * SECOND, SECOND / 5));
    }

    #[test]
    fn time_is_split_by_state_at_the_edges_too() {
        let timeline = Story::of_main().sleep(100).at(150).pend(2).timeline();
        let lane = timeline.lane(LaneId(2)).expect("main is there");
        assert_eq!(lane.kind, LaneKind::Task(TaskKind::Root));
        assert_eq!(time_in(lane, ms(40), ms(120)), (20_000_000, 60_000_000));
        assert_eq!(time_in(lane, ms(100), ms(100)), (0, 0));
        assert!(runs_between(lane, ms(100), ms(150)));
        assert!(!runs_between(lane, ms(99), ms(150)));
    }
}
