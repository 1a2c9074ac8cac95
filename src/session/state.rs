//! How a session stands between two of its events, as bytes. The format is documented in `session.rs`.
//!
//! *Architecture invariant:* pure functions; nothing here reads or writes a file, and no bytes make it panic.

use super::codec::{self, Decoder, Encoder, Field, Malformed, Texts, unzigzag, zigzag};
use crate::event::{LaneId, ThreadId, Timestamp};
use crate::timeline::steps::Polling;
use crate::timeline::{Born, Change, Frame, Host, Lane, Mark, Timeline, Totals, Wake};

/// How a session stands before one of its events: what happened until there, without its past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many events of the session lie before it.
    pub(crate) place: u64,
    pub(crate) timeline: Timeline,
    pub(crate) polling: Polling,
}

/// What a part of the index says: how the session stands at a place, for whoever knows all parts before.
#[derive(Debug)]
pub(super) struct Part {
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
pub(super) struct Facts {
    pub near: Near,
    /// The rest, where it was read.
    rest: Option<Rest>,
}

/// What is to be seen of a lane from far off.
#[derive(Debug)]
pub(super) struct Near {
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
    pub(super) fn of(self, begun: &Lane) -> Lane {
        let Near {
            polls,
            gaps,
            passed,
            last,
        } = self.near;
        let (mut lane, with_origin) = match self.rest {
            Some(Rest { lane, with_origin }) => (*lane, with_origin),
            None => (begun.as_it_began(), true),
        };
        if !with_origin {
            lane.kind = begun.kind;
            lane.name = begun.name.clone();
            lane.parent = begun.parent;
            lane.site = begun.site.clone();
            lane.born_in = begun.born_in;
        }
        Lane {
            id: begun.id,
            start: begun.start,
            polls,
            gaps,
            passed,
            changes: last.into_iter().collect(),
            ..lane
        }
    }

    /// Whether it is still known as it was when it began.
    pub(super) fn is_known(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| !rest.with_origin)
    }
}

/// Places of lanes in what stands in a part many times.
const POLLED: u8 = 20;
const BEGUN: u8 = 21;
const FACTS: u8 = 22;
const FRAME: u8 = 23;
const WAKE: u8 = 24;

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
    (items.len() as u64).put(to);
    for item in items {
        put(to, item);
    }
}

/// A time as what lies between it and the state's.
fn put_time(to: &mut Encoder, time: Timestamp, end: Timestamp) {
    zigzag(end.0.wrapping_sub(time.0)).put(to);
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
    lane.end.is_some().put(to);
    if let Some(over) = lane.end {
        put_time(to, over, end);
    }
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
    put_list(to, &lane.open, |to, &index| (index as u64).put(to));
    lane.position.map(|index| index as u64).put(to);
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
    frame.end.is_some().put(to);
    if let Some(over) = frame.end {
        put_time(to, over, end);
    }
}

/// How much is read of the lanes that have not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// What is to be seen of them from far off.
    Near,
    /// All.
    Whole,
}

/// Reads what [`encode`] wrote. When the lanes that the parts before know of began, `start` says.
pub(super) fn decode(
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
    let threads = list(from, Field::take)?;
    let timeline = Timeline::standing(threads, events, lost, end, runtimes);
    let polled = bool::take(from)?;
    let threads = list(from, |from| {
        let thread = ThreadId::take(from)?;
        let lanes = list(from, |from| {
            from.begin(POLLED);
            LaneId::take(from)
        })?;
        Ok((thread, lanes))
    })?;
    let known = index(from)?;
    let begun = list(from, |from| birth(from, end))?;
    let count = known.checked_add(begun.len()).ok_or(Malformed)?;
    let start = |place: usize| match place.checked_sub(known) {
        Some(new) => begun.get(new).map(|lane: &Lane| lane.start),
        None => start(place),
    };
    let ended = all_facts(from, end, count, Depth::Whole, &start)?;
    let alive = all_facts(from, end, count, depth, &start)?;
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
    let mut bytes = codec::take_bytes(&mut from.bytes, size)?;
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
    lane.open = list(from, |from| known(index(from)?))?;
    let position: Option<u64> = Field::take(from)?;
    let position = position.map(|index| known(index as usize));
    lane.position = position.transpose()?;
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
