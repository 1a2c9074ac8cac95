//! Reads how a session stands from the bytes of a part of its index.

use super::{BEGUN, COUNTED, FACTS, FRAME, POLLED, Standing, WAKE, rest_of_time};
use crate::event::fields::{Field, Malformed, take_bytes};
use crate::event::{LaneId, ThreadId, Timestamp};
use crate::session::codec::{Decoder, Texts, unzigzag};
use crate::timeline::polling::Polling;
use crate::timeline::{
    Born, Change, Frame, Host, Label, Lane, Mark, Tasks, Timeline, Totals, Wake, work,
};

/// What a part of the index says: how the session stands at a place, for whoever knows all parts before.
#[derive(Debug)]
pub(in crate::session) struct Part {
    /// As the how-manieth part it was made, from 0.
    pub serial: u64,
    /// The standing, without its lanes.
    pub standing: Standing,
    /// How many lanes the parts before know of.
    pub known: usize,
    /// The lanes that are new, as they began.
    pub begun: Vec<Lane>,
    /// The lanes that have ended since the part before, by their places.
    pub ended: Vec<(usize, Facts)>,
    /// The lanes that have not ended.
    pub alive: Vec<(usize, Facts)>,
}

/// What is known of a lane that its beginning does not say.
#[derive(Debug)]
pub(in crate::session) struct Facts {
    pub near: Near,
    /// The rest, where it was read.
    rest: Option<Rest>,
}

/// What is to be seen of a lane from far off.
#[derive(Debug)]
pub(in crate::session) struct Near {
    pub polls: u64,
    pub gaps: u64,
    pub passed: Totals,
    pub last: Option<Change>,
}

/// A lane, but for how it began; or with that, where it is known otherwise by now.
#[derive(Debug)]
struct Rest {
    lane: Box<Lane>,
    with_origin: bool,
}

impl Facts {
    /// The lane, given how it began.
    pub(in crate::session) fn of(self, begun: &Lane) -> Box<Lane> {
        let (mut lane, with_origin) = match self.rest {
            Some(Rest { lane, with_origin }) => (lane, with_origin),
            None => (Box::new(begun.as_it_began()), true),
        };
        if !with_origin {
            lane.kind = begun.kind;
            lane.name = begun.name.clone();
            lane.parent = begun.parent;
            lane.site.clone_from(&begun.site);
            lane.born_in = begun.born_in;
        }
        lane.id = begun.id;
        lane.start = begun.start;
        lane.polls = self.near.polls;
        lane.gaps = self.near.gaps;
        lane.passed = self.near.passed;
        lane.changes = self.near.last.into_iter().collect();
        lane
    }

    /// Whether it is still known as it was when it began.
    pub(in crate::session) fn is_known(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| !rest.with_origin)
    }
}

/// How much is read of the lanes that have not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::session) enum Depth {
    /// What is to be seen of them from far off.
    Near,
    /// All.
    Whole,
}

/// Reads what [`encode`] wrote. When the lanes that the parts before know of began, `start` says.
pub(in crate::session) fn decode(
    payload: &[u8],
    texts: &mut Texts,
    depth: Depth,
    start: impl Fn(usize) -> Option<Timestamp>,
) -> Result<Part, Malformed> {
    let mut from = Decoder::new(payload, texts)?;
    let from = &mut from;
    let [serial, place, end] = numbers(from)?;
    let [events] = counts(from)?;
    let [lost] = numbers(from)?;
    let end = Timestamp(end);
    let runtimes = [bool::take(from)?, bool::take(from)?];
    let threads = list(from, |from| Field::take(from))?;
    let timeline = Timeline::standing(threads, events, lost, end, runtimes);
    let polled = bool::take(from)?;
    let mut threads = list(from, |from| {
        let thread = ThreadId::take(from)?;
        let lanes = list(from, |from| {
            from.begin(POLLED);
            LaneId::take(from)
        })?;
        Ok((thread, lanes))
    })?;
    // Older files list them in the order in which they started to poll.
    threads.sort_by_key(|(thread, _)| *thread);
    let known = index(from)?;
    let begun = list(from, |from| birth(from, end))?;
    let count = known.checked_add(begun.len()).ok_or(Malformed)?;
    let start = |place: usize| match place.checked_sub(known) {
        Some(new) => begun.get(new).map(|lane: &Lane| lane.start),
        None => start(place),
    };
    let ended = all_facts(from, end, count, Depth::Whole, &start)?;
    let alive = all_facts(from, end, count, depth, &start)?;
    let mut timeline = timeline;
    if !from.bytes.is_empty() {
        timeline.set_counted(list(from, counted)?);
    }
    if !from.bytes.is_empty() {
        return Err(Malformed);
    }
    let polling = Polling { threads, polled };
    Ok(Part {
        serial,
        standing: Standing {
            place,
            timeline,
            polling,
        },
        known,
        begun,
        ended,
        alive,
    })
}

fn counted(from: &mut Decoder<'_>) -> Result<Tasks, Malformed> {
    from.begin(COUNTED);
    Ok(Tasks {
        runtime: LaneId::take(from)?,
        seen: u64::take(from)?,
        alive: u64::take(from)?,
    })
}

fn numbers<const N: usize>(from: &mut Decoder<'_>) -> Result<[u64; N], Malformed> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = u64::take(from)?;
    }
    Ok(numbers)
}

/// Numbers of things that happened.
fn counts<const N: usize>(from: &mut Decoder<'_>) -> Result<[u64; N], Malformed> {
    /// So many happen in no session, and those that follow can be counted on top of it.
    const MOST: u64 = 1 << 56;
    let counts = numbers(from)?;
    let are_possible = counts.iter().all(|count| *count <= MOST);
    are_possible.then_some(counts).ok_or(Malformed)
}

fn index(from: &mut Decoder<'_>) -> Result<usize, Malformed> {
    usize::try_from(u64::take(from)?).map_err(|_| Malformed)
}

fn list<T>(
    from: &mut Decoder<'_>,
    mut take: impl FnMut(&mut Decoder<'_>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let count = index(from)?;
    // Whatever stands in a list takes a byte at least.
    if count > from.bytes.len() {
        return Err(Malformed);
    }
    work::done(count);
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(take(from)?);
    }
    Ok(items)
}

fn all_facts(
    from: &mut Decoder<'_>,
    end: Timestamp,
    count: usize,
    depth: Depth,
    start: &impl Fn(usize) -> Option<Timestamp>,
) -> Result<Vec<(usize, Facts)>, Malformed> {
    let mut place = 0_usize;
    let mut is_first = true;
    list(from, |from| {
        let further = index(from)?;
        if further == 0 && !is_first {
            return Err(Malformed);
        }
        is_first = false;
        place = place.checked_add(further).ok_or(Malformed)?;
        if place >= count {
            return Err(Malformed);
        }
        let start = start(place).ok_or(Malformed)?;
        Ok((place, facts(from, end, start, depth)?))
    })
}

fn time(from: &mut Decoder<'_>, end: Timestamp) -> Result<Timestamp, Malformed> {
    Ok(Timestamp(end.0.wrapping_sub(unzigzag(u64::take(from)?))))
}

fn maybe_time(from: &mut Decoder<'_>, end: Timestamp) -> Result<Option<Timestamp>, Malformed> {
    bool::take(from)?.then(|| time(from, end)).transpose()
}

fn birth(from: &mut Decoder<'_>, end: Timestamp) -> Result<Lane, Malformed> {
    from.begin(BEGUN);
    let id = LaneId::take(from)?;
    let start = time(from, end)?;
    let mut lane = Lane::unknown(id, start);
    take_origin(from, &mut lane)?;
    Ok(lane)
}

fn take_origin(from: &mut Decoder<'_>, lane: &mut Lane) -> Result<(), Malformed> {
    lane.kind = Field::take(from)?;
    lane.name = Field::take(from)?;
    lane.parent = Field::take(from)?;
    lane.site = Field::take(from)?;
    lane.born_in = if bool::take(from)? {
        let lane = Field::take(from)?;
        let [polls, changes] = counts(from)?;
        Some(Born {
            lane,
            polls,
            changes,
        })
    } else {
        None
    };
    Ok(())
}

fn facts(
    from: &mut Decoder<'_>,
    end: Timestamp,
    start: Timestamp,
    depth: Depth,
) -> Result<Facts, Malformed> {
    let near = near(from, start, end)?;
    let size = u64::take(from)?;
    let mut bytes = take_bytes(&mut from.bytes, size)?;
    if depth == Depth::Near {
        return Ok(Facts { near, rest: None });
    }
    std::mem::swap(&mut from.bytes, &mut bytes);
    let mut lane = Box::new(Lane::unknown(LaneId(0), start));
    let with_origin = take_rest(from, &mut lane, end)?;
    std::mem::swap(&mut from.bytes, &mut bytes);
    // Its end was a change, too.
    let ended = lane.end.is_some() && near.last.is_none();
    if !bytes.is_empty() || ended {
        return Err(Malformed);
    }
    let rest = Some(Rest { lane, with_origin });
    Ok(Facts { near, rest })
}

fn near(from: &mut Decoder<'_>, start: Timestamp, end: Timestamp) -> Result<Near, Malformed> {
    let [polls, gaps] = counts(from)?;
    let [running, ready, unknown] = numbers(from)?;
    let last = if bool::take(from)? {
        Some(Change {
            at: time(from, end)?,
            state: Field::take(from)?,
            thread: Field::take(from)?,
        })
    } else {
        None
    };
    let mut passed = Totals {
        running,
        ready,
        waiting: 0,
        unknown,
    };
    let more = unzigzag(u64::take(from)?);
    passed.waiting = rest_of_time(&passed, last.as_ref(), start).wrapping_add(more);
    Ok(Near {
        polls,
        gaps,
        passed,
        last,
    })
}

/// Reads the rest; whether that says how the lane began.
fn take_rest(from: &mut Decoder<'_>, lane: &mut Lane, end: Timestamp) -> Result<bool, Malformed> {
    let with_origin = bool::take(from)?;
    if with_origin {
        from.begin(BEGUN);
        take_origin(from, lane)?;
    }
    from.begin(FACTS);
    if bool::take(from)? {
        let since = unzigzag(u64::take(from)?);
        lane.started = Some(Timestamp(lane.start.0.wrapping_add(since)));
    }
    lane.end = maybe_time(from, end)?;
    [lane.longest] = numbers(from)?;
    [lane.forgotten] = counts(from)?;
    lane.value = Field::take(from)?;
    lane.cancel = Field::take(from)?;
    lane.unwakeable = Field::take(from)?;
    lane.woken = Field::take(from)?;
    if bool::take(from)? {
        lane.host = Some(Host {
            lane: Field::take(from)?,
            frame: Field::take(from)?,
            awaiter: Field::take(from)?,
            at_once: Field::take(from)?,
            poll: Field::take(from)?,
            first: Field::take(from)?,
            end: Field::take(from)?,
        });
    }
    lane.wakes = list(from, |from| {
        from.begin(WAKE);
        Ok(Wake {
            at: time(from, end)?,
            by: Field::take(from)?,
            thread: Field::take(from)?,
        })
    })?;
    lane.marks = list(from, |from| {
        Ok(Mark {
            at: time(from, end)?,
            text: Field::take(from)?,
        })
    })?;
    lane.frames = list(from, |from| frame(from, end))?;
    let frames = lane.frames.len();
    let known = |index: usize| (index < frames).then_some(index).ok_or(Malformed);
    lane.open = list(from, |from| known(index(from)?))?.into();
    let position: Option<u64> = Field::take(from)?;
    let position = position.map(|index| known(index as usize));
    lane.position = position.transpose()?;
    if !from.bytes.is_empty() {
        lane.labels = list(from, |from| {
            Ok(Label {
                key: Field::take(from)?,
                value: Field::take(from)?,
            })
        })?;
    }
    Ok(with_origin)
}

fn frame(from: &mut Decoder<'_>, end: Timestamp) -> Result<Frame, Malformed> {
    from.begin(FRAME);
    Ok(Frame {
        id: Field::take(from)?,
        parent: Field::take(from)?,
        coroutine: Field::take(from)?,
        site: Field::take(from)?,
        text: Field::take(from)?,
        on: Field::take(from)?,
        start: time(from, end)?,
        end: maybe_time(from, end)?,
    })
}
