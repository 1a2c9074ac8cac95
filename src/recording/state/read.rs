//! Reads how a session stands from the bytes of a part of its index.

mod full;

use std::sync::Arc;

use super::{
    BEGUN, COUNTED, Depth, FACTS, FRAME, POLLED, Standing, WAKE, birth, near, rest, usual_end,
    usual_first_poll, usual_forgotten, usual_time,
};
use crate::event::fields::{Field, Malformed, take_bytes};
use crate::event::{LaneId, ThreadId, Timestamp};
use crate::recording::codec::{Decoder, Texts, unzigzag};
use crate::timeline::polling::Polling;
use crate::timeline::{
    Born, Change, Frame, Host, Label, Lane, Mark, Tasks, Timeline, Totals, Wake, work,
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

/// What is known of a lane that its beginning does not say.
#[derive(Debug)]
pub(in crate::recording) struct Facts {
    pub near: Near,
    /// The rest, where it was read.
    rest: Option<Rest>,
}

/// What is to be seen of a lane from far off.
#[derive(Debug)]
pub(in crate::recording) struct Near {
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

impl Near {
    /// Copies this to a lane.
    fn tell(&self, lane: &mut Lane) {
        lane.polls = self.polls;
        lane.gaps = self.gaps;
        lane.passed = self.passed;
        // Exactly as much memory as that needs: there may be millions of lanes.
        lane.changes = self.last.map_or_else(Vec::new, |last| vec![last]);
    }
}

impl Facts {
    /// The lane, given how it began.
    pub(in crate::recording) fn of(self, begun: &Lane) -> Box<Lane> {
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
        self.near.tell(&mut lane);
        lane
    }

    /// Whether it is still known as it was when it began.
    pub(in crate::recording) fn is_known(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| !rest.with_origin)
    }
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
    // Most have a few at most, and no memory to spare.
    let mut items = Vec::with_capacity(count.min(4));
    for _ in 0..count {
        items.push(take(from)?);
    }
    Ok(items)
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

/// Reads a list of lanes by their places, which are less than `count`.
fn each_place(
    from: &mut Decoder<'_>,
    count: usize,
    mut take: impl FnMut(&mut Decoder<'_>, usize) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let lanes = index(from)?;
    // Each takes a byte at least.
    if lanes > from.bytes.len() {
        return Err(Malformed);
    }
    work::done(lanes);
    let mut before = None;
    for _ in 0..lanes {
        let further = index(from)?;
        let place = match before {
            Some(before) if further > 0 => further.checked_add(before).ok_or(Malformed)?,
            Some(_) => return Err(Malformed),
            None => further,
        };
        if place >= count {
            return Err(Malformed);
        }
        take(from, place)?;
        before = Some(place);
    }
    Ok(())
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

fn time(from: &mut Decoder<'_>, base: Timestamp) -> Result<Timestamp, Malformed> {
    Ok(Timestamp(base.0.wrapping_sub(unzigzag(u64::take(from)?))))
}

fn maybe_time(from: &mut Decoder<'_>, base: Timestamp) -> Result<Option<Timestamp>, Malformed> {
    bool::take(from)?.then(|| time(from, base)).transpose()
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

fn take_origin(from: &mut Decoder<'_>, lane: &mut Lane) -> Result<(), Malformed> {
    lane.kind = Field::take(from)?;
    lane.name = Field::take(from)?;
    lane.parent = Field::take(from)?;
    lane.site = Field::take(from)?;
    Ok(())
}

fn born(from: &mut Decoder<'_>) -> Result<Option<Born>, Malformed> {
    if !bool::take(from)? {
        return Ok(None);
    }
    let lane = Field::take(from)?;
    let [polls, changes] = counts(from)?;
    Ok(Some(Born {
        lane,
        polls,
        changes,
    }))
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

fn host(from: &mut Decoder<'_>) -> Result<Host, Malformed> {
    Ok(Host {
        lane: Field::take(from)?,
        frame: Field::take(from)?,
        awaiter: Field::take(from)?,
        at_once: Field::take(from)?,
        poll: Field::take(from)?,
        first: Field::take(from)?,
        end: Field::take(from)?,
    })
}

fn wakes(from: &mut Decoder<'_>, base: Timestamp) -> Result<Vec<Wake>, Malformed> {
    list(from, |from| {
        from.begin(WAKE);
        Ok(Wake {
            at: time(from, base)?,
            by: Field::take(from)?,
            thread: Field::take(from)?,
        })
    })
}

fn marks(from: &mut Decoder<'_>, base: Timestamp) -> Result<Vec<Mark>, Malformed> {
    list(from, |from| {
        Ok(Mark {
            at: time(from, base)?,
            text: Field::take(from)?,
        })
    })
}

/// Reads a lane's awaits, and which of them are open.
fn take_frames(from: &mut Decoder<'_>, lane: &mut Lane, base: Timestamp) -> Result<(), Malformed> {
    lane.frames = list(from, |from| frame(from, base))?;
    let frames = lane.frames.len();
    let known = |index: usize| (index < frames).then_some(index).ok_or(Malformed);
    lane.open = list(from, |from| known(index(from)?))?.into();
    let position: Option<u64> = Field::take(from)?;
    let position = position.map(|index| known(index as usize));
    lane.position = position.transpose()?;
    Ok(())
}

fn frame(from: &mut Decoder<'_>, base: Timestamp) -> Result<Frame, Malformed> {
    from.begin(FRAME);
    Ok(Frame {
        id: Field::take(from)?,
        parent: Field::take(from)?,
        coroutine: Field::take(from)?,
        site: Field::take(from)?,
        text: Field::take(from)?,
        on: Field::take(from)?,
        start: time(from, base)?,
        end: maybe_time(from, base)?,
    })
}

fn labels(from: &mut Decoder<'_>) -> Result<Vec<Label>, Malformed> {
    list(from, |from| {
        Ok(Label {
            key: Field::take(from)?,
            value: Field::take(from)?,
        })
    })
}
