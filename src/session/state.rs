//! How a session stands between two of its events, as bytes. The format is documented in `session.rs`.
//!
//! *Architecture invariant:* pure functions; nothing here reads or writes a file, and no bytes make it panic.

use super::codec::{Decoder, Encoder, Field, Malformed, Texts, unzigzag, zigzag};
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
pub(super) struct Facts(Lane, bool);

impl Facts {
    /// The lane, given how it began.
    pub(super) fn of(self, begun: &Lane) -> Lane {
        let Self(lane, is_whole) = self;
        if is_whole {
            return Lane {
                id: begun.id,
                start: begun.start,
                ..lane
            };
        }
        Lane {
            id: begun.id,
            kind: begun.kind,
            name: begun.name.clone(),
            parent: begun.parent,
            site: begun.site.clone(),
            start: begun.start,
            born_in: begun.born_in,
            ..lane
        }
    }

    /// Whether it is still known as it was when it began.
    pub(super) fn is_known(&self) -> bool {
        !self.1
    }

    /// The same, where how it began is of no interest.
    pub(super) fn lane(&self) -> &Lane {
        &self.0
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
            put_facts(to, lane.lane, lane.with_origin, end);
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

fn put_facts(to: &mut Encoder, lane: &Lane, with_origin: bool, end: Timestamp) {
    let Totals {
        running,
        ready,
        waiting,
        unknown,
    } = lane.passed;
    with_origin.put(to);
    if with_origin {
        to.begin(BEGUN);
        put_origin(to, lane);
    }
    to.begin(FACTS);
    for time in [lane.started, lane.end] {
        time.is_some().put(to);
        if let Some(time) = time {
            put_time(to, time, end);
        }
    }
    for number in [lane.polls, lane.longest, lane.gaps, lane.forgotten] {
        number.put(to);
    }
    for nanos in [running, ready, waiting, unknown] {
        nanos.put(to);
    }
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
    put_list(to, &lane.changes, |to, change| {
        put_time(to, change.at, end);
        change.state.put(to);
        change.thread.put(to);
    });
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

/// Reads what [`encode`] wrote.
pub(super) fn decode(payload: &[u8], texts: &mut Texts) -> Result<Part, Malformed> {
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
    let ended = all_facts(from, end, count)?;
    let alive = all_facts(from, end, count)?;
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
        Ok((place, facts(from, end)?))
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

fn facts(from: &mut Decoder<'_>, end: Timestamp) -> Result<Facts, Malformed> {
    let mut lane = Lane::unknown(LaneId(0), end);
    let with_origin = bool::take(from)?;
    if with_origin {
        from.begin(BEGUN);
        take_origin(from, &mut lane)?;
    }
    from.begin(FACTS);
    lane.started = maybe_time(from, end)?;
    lane.end = maybe_time(from, end)?;
    [lane.polls] = counts(from)?;
    [lane.longest] = numbers(from)?;
    [lane.gaps, lane.forgotten] = counts(from)?;
    let [running, ready, waiting, unknown] = numbers(from)?;
    lane.passed = Totals {
        running,
        ready,
        waiting,
        unknown,
    };
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
    lane.changes = list(from, |from| {
        Ok(Change {
            at: time(from, end)?,
            state: Field::take(from)?,
            thread: Field::take(from)?,
        })
    })?;
    // Its end was a change, too.
    if lane.end.is_some() && lane.changes.is_empty() {
        return Err(Malformed);
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
    Ok(Facts(lane, with_origin))
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
