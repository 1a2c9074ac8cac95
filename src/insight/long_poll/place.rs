//! The part of a poll in which its time went: between two lines that the program is known to have reached.

use std::collections::HashMap;

use crate::event::{LaneId, Site, Timestamp};
use crate::insight::words::place;
use crate::timeline::{Frame, Lane, LaneKind, Span, State, Timeline};

/// The calls, spawns and branches of each lane, in order.
pub(super) struct Children<'a>(HashMap<LaneId, Vec<&'a Lane>>);

/// The place where the time of a poll went.
#[derive(Clone, Copy)]
pub(super) struct HotPlace<'a> {
    after: Landmark<'a>,
    before: Option<&'a Site>,
}

/// The program's place from some moment of a poll on, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// An await is over.
    After,
    /// A call or a spawn is reached.
    At,
    /// An await is reached or resumed.
    In,
}

#[derive(Clone, Copy)]
enum Landmark<'a> {
    /// No line but its task's spawn site is known.
    Start(Option<&'a Site>),
    /// It has reached this line.
    Site(Kind, &'a Site),
}

struct Point<'a> {
    at: Timestamp,
    what: Landmark<'a>,
    /// Awaits that end at the same moment end from the innermost to the outermost; they start in the opposite order.
    order: (Option<Kind>, u32),
}

impl<'a> Children<'a> {
    pub(super) fn of(timeline: &'a Timeline) -> Self {
        let mut children: HashMap<LaneId, Vec<&Lane>> = HashMap::new();
        for lane in timeline.lanes() {
            if let Some(parent) = lane.parent {
                children.entry(parent).or_default().push(lane);
            }
        }
        Self(children)
    }

    fn of_lane(&self, lane: &Lane) -> &[&'a Lane] {
        self.0.get(&lane.id).map_or(&[], Vec::as_slice)
    }

    /// The branch that was polled for most of this poll.
    fn longest_branch(&self, lane: &Lane, poll: &Span) -> Option<(&'a Lane, Span)> {
        let branches = self.of_lane(lane).iter();
        let branches = branches.filter(|child| matches!(child.kind, LaneKind::Branch(_)));
        let polls = branches.flat_map(|branch| {
            let first = branch
                .changes
                .partition_point(|change| change.at < poll.start);
            let changes = &branch.changes[first..];
            let ends = changes.iter().skip(1).map(|next| next.at.min(poll.end));
            let changes = changes.iter().zip(ends.chain([poll.end]));
            let changes = changes.take_while(|(change, _)| change.at < poll.end);
            let polls = changes.filter(|(change, _)| change.state == State::Running);
            polls.map(|(change, end)| {
                let start = change.at;
                (
                    *branch,
                    Span {
                        start,
                        end,
                        ..*poll
                    },
                )
            })
        });
        let longest = polls.max_by_key(|(_, span)| span.end - span.start)?;
        (2 * (longest.1.end - longest.1.start) > poll.end - poll.start).then_some(longest)
    }
}

impl<'a> HotPlace<'a> {
    /// Finds the longest part of a poll without an event.
    pub(super) fn of(lane: &'a Lane, poll: &Span, children: &Children<'a>) -> Self {
        /// Maximum depth of nested branches that are searched.
        const DEEPEST: usize = 8;
        let (mut lane, mut poll) = (lane, *poll);
        for _ in 0..DEEPEST {
            match children.longest_branch(lane, &poll) {
                Some(branch) => (lane, poll) = branch,
                None => break,
            }
        }
        let points = points(lane, &poll, children);
        let ends = points.iter().skip(1).map(|point| point.at);
        let ends = ends.chain([poll.end]);
        let lengths = points.iter().zip(ends).map(|(point, end)| end - point.at);
        let mut longest = (0, 0);
        for (index, length) in lengths.enumerate() {
            if length > longest.1 {
                longest = (index, length);
            }
        }
        let before = points
            .get(longest.0 + 1)
            .and_then(|point| match point.what {
                Landmark::Site(Kind::At | Kind::In, site) => Some(site),
                _ => None,
            });
        Self {
            after: points[longest.0].what,
            before,
        }
    }

    /// Returns the nearest line.
    pub(super) fn site(&self) -> Option<&'a Site> {
        match self.after {
            Landmark::Start(spawned) => self.before.or(spawned),
            Landmark::Site(_, site) => Some(site),
        }
    }

    /// Returns the place, as part of a sentence.
    pub(super) fn text(&self) -> String {
        match (self.after, self.before) {
            (Landmark::Start(_), Some(site)) => format!(", before {}", place(site)),
            (Landmark::Start(Some(site)), None) => {
                format!(", after its start (spawned at {})", place(site))
            }
            (Landmark::Start(None), None) => String::new(),
            (Landmark::Site(Kind::In, site), _) => format!(", in the await at {}", place(site)),
            (Landmark::Site(_, site), Some(next)) if next.file != site.file => {
                format!(", between {} and {}", place(site), place(next))
            }
            (Landmark::Site(_, site), Some(next)) if next.line != site.line => {
                format!(", between {} and line {}", place(site), next.line)
            }
            (Landmark::Site(_, site), _) => format!(", after {}", place(site)),
        }
    }
}

/// Returns the known points of a poll, in order; the first one is its start.
fn points<'a>(lane: &'a Lane, poll: &Span, children: &Children<'a>) -> Vec<Point<'a>> {
    let within = |at: Timestamp| poll.start <= at && at <= poll.end;
    let open = open_at(lane, poll.start);
    let first = open.iter().find_map(|frame| frame.site.as_ref());
    let mut points = vec![Point {
        at: poll.start,
        what: first.map_or(Landmark::Start(lane.site.as_ref()), |site| {
            Landmark::Site(Kind::In, site)
        }),
        order: (None, 0),
    }];
    let mut add = |at: Timestamp, kind: Kind, site: &'a Site, order: u32| {
        points.push(Point {
            at,
            what: Landmark::Site(kind, site),
            order: (Some(kind), order),
        });
    };
    let from = lane
        .frames
        .partition_point(|frame| frame.start < poll.start);
    let entered = lane.frames[from..].iter();
    let entered = entered.take_while(|frame| frame.start <= poll.end);
    for frame in open.into_iter().chain(entered) {
        let Some(site) = &frame.site else { continue };
        if within(frame.start) && frame.end != Some(frame.start) {
            add(frame.start, Kind::In, site, frame.id.0);
        }
        if let Some(end) = frame.end.filter(|end| within(*end)) {
            add(end, Kind::After, site, u32::MAX - frame.id.0);
        }
    }
    let children = children.of_lane(lane);
    let from = children.partition_point(|child| child.start < poll.start);
    for child in children[from..]
        .iter()
        .take_while(|child| within(child.start))
    {
        if let Some(site) = &child.site {
            add(child.start, Kind::At, site, 0);
        }
    }
    points.sort_by_key(|point| (point.at, point.order));
    points
}

/// Returns the awaits that a lane was in when a poll started, the innermost first.
fn open_at(lane: &Lane, start: Timestamp) -> Vec<&Frame> {
    /// Maximum depth of nested awaits that are searched.
    const DEEPEST: usize = 64;
    let entered = lane.frames.partition_point(|frame| frame.start < start);
    let entered = &lane.frames[..entered];
    let parent = |frame: &&Frame| {
        let parent = frame.parent.filter(|parent| *parent < frame.id)?;
        let index = entered.binary_search_by_key(&parent, |frame| frame.id);
        index.ok().map(|index| &entered[index])
    };
    let chain = std::iter::successors(entered.last(), parent).take(DEEPEST);
    chain
        .filter(|frame| frame.end.is_none_or(|end| end >= start))
        .collect()
}
