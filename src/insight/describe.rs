//! Events as lines that a person reads.
//!
//! One poll makes up to a dozen events. What reads well of them is what changes hands: who woke whom, who goes on,
//! what it says, and what it waits for then. An await is told by the line that suspends at it, a branch's polls by
//! those of its task.

use super::words::{cancelled, count, left, line, open_branches, value, waker};
use crate::event::{
    Awaited, BranchOf, Cancel, CoroutineEnd, Event, EventKind, Flavor, LaneId, Polled, Site,
    TaskKind, Timestamp,
};
use crate::text::units::{BELIEVED, time_text};
use crate::timeline::{Lane, LaneKind, State, Timeline};

/// An event as a line of a list: when, who, what, and what more there is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Time of the event.
    pub at: Timestamp,
    /// Lane that it is about.
    pub lane: Option<LaneId>,
    /// Verb: `resumes`, `prints`.
    pub verb: &'static str,
    /// Place, cause or text; may be empty.
    pub detail: String,
    /// Tone, for its colour.
    pub tone: Tone,
}

/// The subject of a line, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Something runs.
    Running,
    /// Something may run.
    Ready,
    /// Something waits.
    Waiting,
    /// Something has completed.
    Done,
    /// Something was cancelled.
    Cancelled,
    /// Something panicked.
    Panicked,
    /// The program says something, or its set-up changes.
    Note,
    /// Something went wrong.
    Error,
}

type Phrase = (&'static str, String, Tone);

/// The line for an event; none where it only serves the machine, or where another line says the same.
///
/// The timeline is as of the event: it was applied, and nothing after it.
pub fn describe(event: &Event, timeline: &Timeline) -> Option<Line> {
    let (lane, words) = match &event.kind {
        EventKind::Mark { lane, text } => {
            (*lane, Some(("prints", format!("\"{text}\""), Tone::Note)))
        }
        EventKind::Lost { count: lost } => {
            let lost = match *lost {
                0..=BELIEVED => count(*lost, "event", "events"),
                _ => "an unknown number of events".to_owned(),
            };
            (None, Some(("lost", lost, Tone::Error)))
        }
        kind => {
            let id = kind.lane()?;
            (Some(id), words(event, timeline.lane(id)?, timeline))
        }
    };
    let (verb, detail, tone) = words?;
    Some(Line {
        at: event.at,
        lane,
        verb,
        detail,
        tone,
    })
}

fn words(event: &Event, lane: &Lane, timeline: &Timeline) -> Option<Phrase> {
    let is_branch = matches!(lane.kind, LaneKind::Branch(_));
    match &event.kind {
        EventKind::RuntimeEntered { flavor, .. } => Some(opens(*flavor)),
        EventKind::RuntimeLeft { .. } => Some(("closes", String::new(), Tone::Note)),
        EventKind::Spawned { kind, .. } => spawned(*kind, lane, timeline),
        EventKind::BranchStarted { of, parent, .. } => Some(branches(*of, *parent, timeline)),
        EventKind::PollStarted { .. } => (!is_branch).then(|| resumes(lane)),
        EventKind::PollEnded { result, .. } => match result {
            Polled::Pending => (!is_branch).then(|| suspends(lane, timeline)),
            Polled::Completed => Some(completes("completes", lane)),
            Polled::Panicked => Some(("panics", at_line(lane), Tone::Panicked)),
        },
        EventKind::Woken { by, .. } => {
            let by = waker(*by, event.thread, timeline);
            let matters = !is_branch && lane.end.is_none();
            matters.then(|| ("woken", format!("by {by}"), Tone::Ready))
        }
        EventKind::Unwakeable { .. } => {
            let why = "nothing can ever wake it: its last waker was dropped";
            Some(("stuck", why.into(), Tone::Error))
        }
        EventKind::Labelled { key, value, .. } => {
            Some(("label", format!("{key}={value}"), Tone::Note))
        }
        EventKind::TasksCounted { seen, alive, .. } => {
            let counted = format!("{seen} of {} seen", count(*alive, "task", "tasks"));
            (seen < alive).then_some(("runs", counted, Tone::Note))
        }
        EventKind::Cancelled {
            why: Cancel::Left, ..
        } => Some(("left", left(lane), Tone::Waiting)),
        EventKind::Cancelled { why, .. } => Some((
            "cancelled",
            cancelled(Some(*why), timeline),
            Tone::Cancelled,
        )),
        EventKind::CoroutineCreated { parent, site, .. } => {
            if is_own_body(lane, parent.and_then(|parent| timeline.lane(parent))) {
                return None;
            }
            let on = on_line(site.as_ref(), lane);
            Some(("called", format!("{on}not running yet"), Tone::Note))
        }
        EventKind::CoroutineStarted { host, frame, .. } => {
            let host = frame.and(*host)?;
            let by = timeline.name(host);
            // Only a coroutine that had a host before has waited before.
            let verb = match lane.state() {
                State::Waiting => "continues",
                _ => "starts",
            };
            Some((verb, format!("awaited by {by}"), Tone::Running))
        }
        EventKind::CoroutineEnded { end, .. } => coroutine_ends(end, lane, timeline),
        EventKind::AwaitEntered {
            on: Some(Awaited::Task(task)),
            ..
        } => {
            let task = timeline.lane(*task).filter(|task| task.end.is_some())?;
            let detail = format!("{}, which has ended: no wait", task.name);
            Some(("awaits", detail, Tone::Running))
        }
        _ => None,
    }
}

/// Returns `true` if a runtime was entered with this coroutine. The lines of the root task tell of it.
fn is_own_body(lane: &Lane, parent: Option<&Lane>) -> bool {
    parent.is_some_and(|parent| {
        parent.kind == LaneKind::Task(TaskKind::Root)
            && parent.name == lane.name
            && parent.frames.is_empty()
    })
}

fn opens(flavor: Flavor) -> Phrase {
    let on = match flavor {
        Flavor::CurrentThread => "on this thread alone".into(),
        Flavor::MultiThread { workers } => {
            format!("with {}", count(workers.into(), "worker", "workers"))
        }
    };
    ("opens", on, Tone::Note)
}

fn spawned(kind: TaskKind, lane: &Lane, timeline: &Timeline) -> Option<Phrase> {
    if kind == TaskKind::Root {
        return None; // That it starts says it.
    }
    let parent = lane.parent.map_or_else(String::new, |parent| {
        format!("by {}", timeline.name(parent))
    });
    let site = lane.site.as_ref().map(|site| line(site, lane));
    let mut parts = vec![parent, site.unwrap_or_default()];
    if kind == TaskKind::Blocking {
        parts.push("on a thread where it may block".into());
    }
    parts.retain(|part| !part.is_empty());
    Some(("spawned", parts.join(", "), Tone::Ready))
}

fn branches(of: BranchOf, parent: LaneId, timeline: &Timeline) -> Phrase {
    let of = match of {
        BranchOf::Join => "join",
        BranchOf::Select => "select",
        BranchOf::Timeout => "timeout",
    };
    let parent = timeline.name(parent);
    ("begins", format!("in {parent}'s {of}"), Tone::Ready)
}

fn resumes(lane: &Lane) -> Phrase {
    let verb = if lane.polls <= 1 { "starts" } else { "resumes" };
    (verb, at_line(lane), Tone::Running)
}

fn suspends(lane: &Lane, timeline: &Timeline) -> Phrase {
    let mut parts = vec![at_line(lane)];
    let branches = open_branches(lane, timeline).count() as u64;
    if lane.state() == State::Ready {
        parts.push("and is ready again".into());
    } else if branches > 0 {
        parts.push(format!("on {}", count(branches, "branch", "branches")));
    } else if let Some(frame) = lane.innermost() {
        parts.push(match frame.on {
            Some(Awaited::Task(task)) => format!("on {}", timeline.name(task)),
            Some(Awaited::Until(until)) => format!("until {}", time_text(until)),
            _ => format!("on {}", frame.text),
        });
    }
    parts.retain(|part| !part.is_empty());
    ("suspends", parts.join(", "), Tone::Waiting)
}

fn completes(verb: &'static str, lane: &Lane) -> Phrase {
    let value = value(lane).map_or_else(String::new, |value| format!("→ {value}"));
    (verb, value, Tone::Done)
}

fn coroutine_ends(end: &CoroutineEnd, lane: &Lane, timeline: &Timeline) -> Option<Phrase> {
    if *end == CoroutineEnd::NeverPolled {
        let on = on_line(lane.site.as_ref(), lane);
        return Some(("never awaited", format!("{on}it never ran"), Tone::Error));
    }
    // The end of a task's own coroutine is the task's end, which has a line of its own.
    let host = lane.host.filter(|host| host.frame.is_some())?;
    let host_goes_on = timeline.lane(host.lane)?.end.is_none();
    match end {
        CoroutineEnd::Returned { .. } => Some(completes("returns", lane)),
        CoroutineEnd::Cancelled { why } if host_goes_on => Some((
            "cancelled",
            cancelled(Some(*why), timeline),
            Tone::Cancelled,
        )),
        _ => None,
    }
}

fn at_line(lane: &Lane) -> String {
    lane.line()
        .map_or_else(String::new, |site| line(site, lane))
}

fn on_line(site: Option<&Site>, lane: &Lane) -> String {
    site.map_or_else(String::new, |site| format!("{}, ", line(site, lane)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ThreadId, Waker};
    use crate::insight::story::{Story, ms};

    /// What a reader sees of a story, each event described as soon as it is applied.
    fn read(story: &Story) -> Vec<String> {
        let mut timeline = Timeline::new();
        let mut lines = Vec::new();
        for event in &story.events {
            timeline.apply(event);
            if let Some(line) = describe(event, &timeline) {
                let who = line.lane.map_or("-", |lane| timeline.name(lane).raw());
                let text = format!("{who} {} {}", line.verb, line.detail);
                lines.push(text.trim_end().to_owned());
            }
        }
        lines
    }

    #[test]
    fn a_task_reads_like_a_story() {
        let story = Story::of_main()
            .spawn(9, "task1")
            .enter(2, 1, (12, "task1"), Some(Awaited::Task(LaneId(9))))
            .pend(2)
            .poll(9)
            .start(20, 9, None)
            .enter(9, 1, (4, "sleep(delay)"), Some(Awaited::Until(ms(1000))))
            .pend(9)
            .at(1000)
            .wake(9, Waker::Driver)
            .poll(9)
            .leave(9, 1)
            .then(EventKind::Mark {
                lane: Some(LaneId(9)),
                text: "안녕".into(),
            })
            .returns(20, "42")
            .done(9)
            .wake(2, Waker::Lane(LaneId(9)))
            .poll(2)
            .leave(2, 1)
            .enter(2, 2, (13, "task1"), Some(Awaited::Task(LaneId(9))))
            .leave(2, 2)
            .done(2)
            .close();
        assert_eq!(
            read(&story),
            [
                "runtime opens on this thread alone",
                "main starts",
                "task1 spawned by main, line 9",
                "main suspends line 12, on task1",
                "task1 starts",
                "task1 suspends line 4, until 1.000 s",
                "task1 woken by the timer",
                "task1 resumes line 4",
                "task1 prints \"안녕\"",
                "task1 completes → 42",
                "main woken by task1",
                "main resumes line 12",
                "main awaits task1, which has ended: no wait",
                "main completes",
                "runtime closes",
            ]
        );
    }

    #[test]
    fn branches_are_told_by_their_ends() {
        let story = Story::of_main()
            .branch(3, "a()", BranchOf::Select)
            .poll(3)
            .pend(3)
            .branch(4, "b()", BranchOf::Select)
            .poll(4)
            .pend(4)
            .pend(2)
            .wake(3, Waker::Driver)
            .wake(2, Waker::Driver)
            .poll(2)
            .poll(3)
            .done(3)
            .cancel(4, Cancel::LostSelect)
            .done(2);
        assert_eq!(
            read(&story)[2..],
            [
                "a() begins in main's select",
                "b() begins in main's select",
                "main suspends on 2 branches",
                "main woken by the timer",
                "main resumes",
                "a() completes",
                "b() cancelled dropped: another branch was ready first",
                "main completes",
            ]
        );
    }

    #[test]
    fn calls_are_told_until_they_run() {
        let story = Story::of_main()
            .call(3, "nested", 9)
            .enter(2, 1, (9, "nested()"), None)
            .start(3, 2, Some(1))
            .returns(3, "42")
            .leave(2, 1)
            .call(4, "nested", 10)
            .end(4, CoroutineEnd::NeverPolled)
            .done(2);
        assert_eq!(
            read(&story)[2..],
            [
                "nested called line 9, not running yet",
                "nested starts awaited by main",
                "nested returns → 42",
                "nested called line 10, not running yet",
                "nested never awaited line 10, it never ran",
                "main completes",
            ]
        );
    }

    #[test]
    fn yields_losses_and_threads() {
        let story = Story::of_main()
            .wake(2, Waker::Itself)
            .pend(2)
            .then(EventKind::ThreadNamed { name: "w".into() })
            .then(EventKind::Lost { count: 3 })
            .wake(2, Waker::Thread);
        assert_eq!(
            read(&story)[2..],
            [
                "main woken by itself",
                "main suspends and is ready again",
                "- lost 3 events",
                "main woken by the thread w",
            ]
        );
        assert_eq!(story.events[0].thread, ThreadId(0));
    }
}
