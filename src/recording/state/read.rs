//! Reads how a session stands from the bytes of a part of its index.

mod facts;
mod fields;
mod full;

use std::sync::Arc;

use super::{
    BEGUN, COUNTED, Depth, FACTS, POLLED, Standing, birth, near, rest, usual_end, usual_first_poll,
    usual_forgotten, usual_time,
};
use crate::event::fields::{Field, Malformed, take_bytes};
use crate::event::{LaneId, ThreadId, Timestamp};
use crate::recording::codec::{Decoder, Texts, unzigzag};
use crate::timeline::polling::Polling;
use crate::timeline::{Change, Lane, Tasks, Timeline, Totals};
use facts::Rest;
pub(in crate::recording) use facts::{Facts, Near};
use fields::{
    born, counts, each_place, host, index, labels, list, marks, maybe_time, numbers, take_frames,
    take_origin, time, wakes,
};

/// What a part of the index says: how the session stands at a place, for whoever knows all parts before.
#[derive(Debug)]
pub(in crate::recording) struct Part {
    /// As the how-manieth part it was made, from 0.
    pub serial: u64,
    /// The standing, without its lanes.
    pub standing: Standing,
    /// How many lanes the parts before know of.
    pub known: usize,
    /// The lanes that are new, as they began, and perhaps ended.
    pub begun: Vec<Arc<Lane>>,
    /// The other lanes that have ended since the part before, by their places.
    pub ended: Vec<(usize, Facts)>,
    /// The lanes that have not ended.
    pub alive: Vec<(usize, Facts)>,
}

/// The layout of the lanes in a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::recording) enum Layout {
    /// All fields, as in versions 1 to 3 of the format.
    Full,
    /// Those fields that do not have their usual values.
    Unusual,
}

/// Reads what [`encode`] wrote. When the lanes that the parts before know of began, `start` says.
pub(in crate::recording) fn decode(
    payload: &[u8],
    texts: &mut Texts,
    layout: Layout,
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
    let mut begun = match layout {
        Layout::Full => list(from, |from| full::birth(from, end).map(Arc::new))?,
        Layout::Unusual => births(from, end)?,
    };
    let count = known.checked_add(begun.len()).ok_or(Malformed)?;
    let ended = match layout {
        Layout::Full => {
            let start = |place| start_of(place, known, &begun, &start);
            full::all_facts(from, end, count, Depth::Whole, start)?
        }
        Layout::Unusual => all_ended(from, known, &mut begun, &start)?,
    };
    let start = |place| start_of(place, known, &begun, &start);
    let alive = match layout {
        Layout::Full => full::all_facts(from, end, count, depth, start)?,
        Layout::Unusual => all_alive(from, count, depth, start)?,
    };
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

/// Returns the time at which a lane began.
fn start_of(
    place: usize,
    known: usize,
    begun: &[Arc<Lane>],
    start: impl Fn(usize) -> Option<Timestamp>,
) -> Result<Timestamp, Malformed> {
    let start = match place.checked_sub(known) {
        Some(new) => begun.get(new).map(|lane| lane.start),
        None => start(place),
    };
    start.ok_or(Malformed)
}

/// Reads the lanes that have ended: what is new of them into `begun`, and the others.
fn all_ended(
    from: &mut Decoder<'_>,
    known: usize,
    begun: &mut [Arc<Lane>],
    start: impl Fn(usize) -> Option<Timestamp>,
) -> Result<Vec<(usize, Facts)>, Malformed> {
    let (mut before, mut ended) = (None, Vec::new());
    each_place(from, known + begun.len(), |from, place| {
        let new = place.checked_sub(known);
        if let Some(lane) = new.and_then(|new| Arc::get_mut(&mut begun[new])) {
            let near = near(from, lane.start, before)?;
            before = near.last;
            take_rest(from, lane, &near)?;
        } else {
            let start = start(place).ok_or(Malformed)?;
            let near = near(from, start, before)?;
            before = near.last;
            ended.push((place, rest(from, start, near)?));
        }
        Ok(())
    })?;
    Ok(ended)
}

/// Reads the lanes that have not ended.
fn all_alive(
    from: &mut Decoder<'_>,
    count: usize,
    depth: Depth,
    start: impl Fn(usize) -> Result<Timestamp, Malformed>,
) -> Result<Vec<(usize, Facts)>, Malformed> {
    let (mut before, mut alive) = (None, Vec::new());
    each_place(from, count, |from, place| {
        let start = start(place)?;
        let near = near(from, start, before)?;
        before = near.last;
        alive.push((place, sized_rest(from, start, near, depth)?));
        Ok(())
    })?;
    Ok(alive)
}

fn births(from: &mut Decoder<'_>, end: Timestamp) -> Result<Vec<Arc<Lane>>, Malformed> {
    let mut before = Lane::unknown(LaneId(0), end);
    list(from, |from| {
        let [unusual] = numbers(from)?;
        // The time since the lane before.
        let since = unzigzag(u64::take(from)?);
        let start = Timestamp(before.start.0.wrapping_add(since));
        let further = match unusual & birth::ID {
            0 => 1,
            _ => unzigzag(u64::take(from)?),
        };
        before.id = LaneId(before.id.0.wrapping_add(further));
        before.start = start;
        from.begin(BEGUN);
        if unusual & birth::ORIGIN != 0 {
            take_origin(from, &mut before)?;
        }
        if unusual & birth::BORN != 0 {
            before.born_in = born(from)?;
        }
        Ok(Arc::new(before.as_it_began()))
    })
}

/// Reads the rest of a lane, which its size precedes.
fn sized_rest(
    from: &mut Decoder<'_>,
    start: Timestamp,
    near: Near,
    depth: Depth,
) -> Result<Facts, Malformed> {
    let size = u64::take(from)?;
    let bytes = take_bytes(&mut from.bytes, size)?;
    if depth == Depth::Near {
        return Ok(Facts { near, rest: None });
    }
    let after = std::mem::replace(&mut from.bytes, bytes);
    let facts = rest(from, start, near)?;
    let left = std::mem::replace(&mut from.bytes, after);
    left.is_empty().then_some(facts).ok_or(Malformed)
}

fn near(
    from: &mut Decoder<'_>,
    start: Timestamp,
    before: Option<Change>,
) -> Result<Near, Malformed> {
    let [unusual, running, ready] = numbers(from)?;
    let has = |bit| unusual & bit != 0;
    let [polls] = if has(near::POLLS) { counts(from)? } else { [1] };
    let [waiting] = if has(near::WAITED) {
        numbers(from)?
    } else {
        [0]
    };
    let last = match before {
        _ if has(near::LAST) => bool::take(from)?
            .then(|| {
                Ok(Change {
                    at: start,
                    state: Field::take(from)?,
                    thread: Field::take(from)?,
                })
            })
            .transpose()?,
        before => before,
    };
    let (mut gaps, mut unknown) = (0, 0);
    if has(near::LOST) {
        [gaps] = counts(from)?;
        [unknown] = numbers(from)?;
    }
    let passed = Totals {
        running,
        ready,
        waiting,
        unknown,
    };
    let usual = usual_time(start, &passed);
    let at = if has(near::AT) {
        time(from, usual)?
    } else {
        usual
    };
    Ok(Near {
        polls,
        gaps,
        passed,
        last: last.map(|last| Change { at, ..last }),
    })
}

/// Reads the rest of a lane.
fn rest(from: &mut Decoder<'_>, start: Timestamp, near: Near) -> Result<Facts, Malformed> {
    let mut lane = Box::new(Lane::unknown(LaneId(0), start));
    let with_origin = take_rest(from, &mut lane, &near)?;
    let rest = Some(Rest { lane, with_origin });
    Ok(Facts { near, rest })
}

/// Reads the rest into a lane, with what is seen of it from far off; whether the rest says how the lane began.
fn take_rest(from: &mut Decoder<'_>, lane: &mut Lane, near: &Near) -> Result<bool, Malformed> {
    near.tell(lane);
    let base = lane.since();
    let [unusual] = numbers(from)?;
    let has = |bit| unusual & bit != 0;
    from.begin(FACTS);
    lane.started = if has(rest::STARTED) {
        maybe_time(from, lane.start)?
    } else {
        Some(usual_first_poll(lane))
    };
    lane.longest = lane.passed.running;
    if has(rest::LONGEST) {
        [lane.longest] = numbers(from)?;
    }
    lane.forgotten = usual_forgotten(lane);
    if has(rest::FORGOTTEN) {
        [lane.forgotten] = counts(from)?;
    }
    lane.end = if has(rest::END) {
        maybe_time(from, base)?
    } else {
        usual_end(lane)
    };
    // Its end was a change, too.
    if lane.end.is_some() && near.last.is_none() {
        return Err(Malformed);
    }
    lane.woken = has(rest::WOKEN);
    lane.unwakeable = has(rest::UNWAKEABLE);
    if has(rest::HOST) {
        lane.host = Some(host(from)?);
    }
    if has(rest::VALUE) {
        lane.value = Some(Field::take(from)?);
    }
    if has(rest::CANCEL) {
        lane.cancel = Some(Field::take(from)?);
    }
    if has(rest::ORIGIN) {
        from.begin(BEGUN);
        take_origin(from, lane)?;
        lane.born_in = born(from)?;
    }
    if has(rest::WAKES) {
        lane.wakes = wakes(from, base)?;
    }
    if has(rest::MARKS) {
        lane.marks = marks(from, base)?;
    }
    if has(rest::FRAMES) {
        take_frames(from, lane, base)?;
    }
    if has(rest::LABELS) {
        lane.labels = labels(from)?;
    }
    Ok(has(rest::ORIGIN))
}
