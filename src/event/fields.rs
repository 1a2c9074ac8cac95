//! Events as bytes: which fields each kind has, in which order, and the numbers of all choices.
//!
//! The journal and the recording write numbers, texts, lanes and frames in ways of their own; the fields are the same.
//! The tables are documented in `docs/format.md`.
//!
//! *Architecture invariant:* pure functions, and no bytes make them panic.

use super::{
    Awaited, BranchOf, Cancel, CoroutineEnd, EventKind, Flavor, FrameId, LaneId, Polled, Site,
    TaskKind, Text, ThreadId, Timestamp, Waker,
};

/// Bytes that are not what the format says.
#[derive(Debug)]
pub(crate) struct Malformed;

/// A target that fields are written to.
pub(crate) trait Put {
    fn byte(&mut self, byte: u8);
    fn varint(&mut self, value: u64);
    fn lane(&mut self, lane: LaneId);
    fn frame(&mut self, frame: FrameId);
    fn text(&mut self, text: &Text);
}

/// A source that fields are read from.
pub(crate) trait Take {
    fn byte(&mut self) -> Result<u8, Malformed>;
    fn varint(&mut self) -> Result<u64, Malformed>;
    fn lane(&mut self) -> Result<LaneId, Malformed>;
    fn frame(&mut self) -> Result<FrameId, Malformed>;
    fn text(&mut self) -> Result<Text, Malformed>;
}

/// Appends a number in LEB128.
pub(crate) fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// Takes a number in LEB128 off the front.
#[inline]
pub(crate) fn take_varint(from: &mut &[u8]) -> Result<u64, Malformed> {
    match **from {
        [low @ 0..0x80, ref rest @ ..] => {
            *from = rest;
            Ok(low.into())
        }
        [low, high @ 0..0x80, ref rest @ ..] => {
            *from = rest;
            Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
        }
        _ => take_long_varint(from),
    }
}

fn take_long_varint(from: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0;
    for (index, &byte) in from.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        let shift = 7 * index;
        if shift == 63 && bits > 1 {
            break;
        }
        value |= bits << shift;
        if byte < 0x80 {
            *from = &from[index + 1..];
            return Ok(value);
        }
    }
    Err(Malformed)
}

/// Takes this number of bytes off the front.
pub(crate) fn take_bytes<'a>(from: &mut &'a [u8], length: u64) -> Result<&'a [u8], Malformed> {
    let length = usize::try_from(length).map_err(|_| Malformed)?;
    let (taken, rest) = from.split_at_checked(length).ok_or(Malformed)?;
    *from = rest;
    Ok(taken)
}

/// A field of an event, or of the state of a lane.
pub(crate) trait Field: Sized {
    fn put(&self, to: &mut impl Put);
    fn take(from: &mut impl Take) -> Result<Self, Malformed>;
    /// Hands on each lane in it. Most fields have none.
    #[cfg_attr(
        not(feature = "app"),
        allow(dead_code, reason = "only merged recordings get new numbers of lanes")
    )]
    fn each_lane(&mut self, _: &mut impl FnMut(&mut LaneId)) {}
}

impl Field for u64 {
    fn put(&self, to: &mut impl Put) {
        to.varint(*self);
    }

    fn take(from: &mut impl Take) -> Result<Self, Malformed> {
        from.varint()
    }
}

impl Field for u32 {
    fn put(&self, to: &mut impl Put) {
        to.varint(u64::from(*self));
    }

    fn take(from: &mut impl Take) -> Result<Self, Malformed> {
        from.varint()?.try_into().map_err(|_| Malformed)
    }
}

impl Field for bool {
    fn put(&self, to: &mut impl Put) {
        to.byte(u8::from(*self));
    }

    fn take(from: &mut impl Take) -> Result<Self, Malformed> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, to: &mut impl Put) {
        to.byte(u8::from(self.is_some()));
        if let Some(value) = self {
            value.put(to);
        }
    }

    fn take(from: &mut impl Take) -> Result<Self, Malformed> {
        bool::take(from)?.then(|| T::take(from)).transpose()
    }

    fn each_lane(&mut self, hand_on: &mut impl FnMut(&mut LaneId)) {
        if let Some(value) = self {
            value.each_lane(hand_on);
        }
    }
}

impl Field for Text {
    fn put(&self, to: &mut impl Put) {
        to.text(self);
    }

    fn take(from: &mut impl Take) -> Result<Self, Malformed> {
        from.text()
    }
}

impl Field for FrameId {
    fn put(&self, to: &mut impl Put) {
        to.frame(*self);
    }

    fn take(from: &mut impl Take) -> Result<Self, Malformed> {
        from.frame()
    }
}

impl Field for LaneId {
    fn put(&self, to: &mut impl Put) {
        to.lane(*self);
    }

    fn take(from: &mut impl Take) -> Result<Self, Malformed> {
        from.lane()
    }

    fn each_lane(&mut self, hand_on: &mut impl FnMut(&mut LaneId)) {
        hand_on(self);
    }
}

/// Fields that stand one after the other.
macro_rules! fields {
    ($($type:ident { $($field:tt),* })*) => {$(
        impl Field for $type {
            fn put(&self, to: &mut impl Put) {
                $(self.$field.put(to);)*
            }

            fn take(from: &mut impl Take) -> Result<Self, Malformed> {
                Ok(Self { $($field: Field::take(from)?),* })
            }
        }
    )*};
}

fields! {
    ThreadId { 0 }
    Timestamp { 0 }
    Site { file, line, column }
}

/// A choice: a byte that names the variant, then its fields.
pub(crate) trait Choice: Sized {
    fn tag(&self) -> u8;
    fn put_fields(&self, to: &mut impl Put);
    fn take_fields(tag: u8, from: &mut impl Take) -> Result<Self, Malformed>;
    #[cfg_attr(
        not(feature = "app"),
        allow(dead_code, reason = "only merged recordings get new numbers of lanes")
    )]
    fn each_lane_of_fields(&mut self, hand_on: &mut impl FnMut(&mut LaneId));
}

impl<T: Choice> Field for T {
    fn put(&self, to: &mut impl Put) {
        to.byte(self.tag());
        self.put_fields(to);
    }

    fn take(from: &mut impl Take) -> Result<Self, Malformed> {
        let tag = from.byte()?;
        Self::take_fields(tag, from)
    }

    fn each_lane(&mut self, hand_on: &mut impl FnMut(&mut LaneId)) {
        self.each_lane_of_fields(hand_on);
    }
}

/// One table for writing, reading and visiting fields, so that they cannot differ.
macro_rules! choices {
    ($($type:ident {
        $($tag:literal = $variant:ident $({ $($field:ident),* })? $(($value:ident))?,)*
    })*) => {$(
        #[allow(unused_variables, reason = "some choices have no fields at all")]
        impl $crate::event::fields::Choice for $type {
            fn tag(&self) -> u8 {
                match self {
                    $(Self::$variant { .. } => $tag,)*
                }
            }

            fn put_fields(&self, to: &mut impl $crate::event::fields::Put) {
                match self {
                    $(Self::$variant $({ $($field),* })? $(($value))? => {
                        $($($crate::event::fields::Field::put($field, to);)*)?
                        $($crate::event::fields::Field::put($value, to);)?
                    })*
                }
            }

            fn take_fields(tag: u8, from: &mut impl $crate::event::fields::Take) -> Result<Self, $crate::event::fields::Malformed> {
                Ok(match tag {
                    $($tag => {
                        $(let $value = $crate::event::fields::Field::take(from)?;)?
                        Self::$variant $({ $($field: $crate::event::fields::Field::take(from)?),* })? $(($value))?
                    })*
                    _ => return Err($crate::event::fields::Malformed),
                })
            }

            fn each_lane_of_fields(&mut self, hand_on: &mut impl FnMut(&mut $crate::event::LaneId)) {
                match self {
                    $(Self::$variant $({ $($field),* })? $(($value))? => {
                        $($($crate::event::fields::Field::each_lane($field, hand_on);)*)?
                        $($crate::event::fields::Field::each_lane($value, hand_on);)?
                    })*
                }
            }
        }
    )*};
}

choices! {
    EventKind {
        0 = ThreadNamed { name },
        1 = RuntimeEntered { runtime, flavor, io },
        2 = RuntimeLeft { runtime },
        3 = Spawned { lane, name, parent, kind, site },
        4 = BranchStarted { lane, name, parent, of, site },
        5 = PollStarted { lane },
        6 = PollEnded { lane, result },
        7 = Woken { lane, by },
        8 = Unwakeable { lane },
        9 = Cancelled { lane, why },
        10 = CoroutineCreated { lane, name, parent, site },
        11 = CoroutineStarted { lane, host, frame },
        12 = CoroutineEnded { lane, end },
        13 = AwaitEntered { lane, frame, parent, coroutine, site, text, on },
        14 = AwaitLeft { lane, frame },
        15 = Mark { lane, text },
        16 = Lost { count },
        17 = Labelled { lane, key, value },
        18 = TasksCounted { runtime, seen, alive },
        19 = Alive,
        20 = PollSpent { lane, since, running, stalled },
    }
    Flavor { 0 = CurrentThread, 1 = MultiThread { workers }, }
    TaskKind { 0 = Root, 1 = Task, 2 = Blocking, 3 = Local, 4 = Future, }
    BranchOf { 0 = Join, 1 = Select, 2 = Timeout, }
    Polled { 0 = Pending, 1 = Completed, 2 = Panicked, }
    Waker { 0 = Lane(lane), 1 = Itself, 2 = Driver, 3 = Thread, }
    Cancel { 0 = Aborted { by }, 1 = Dropped, 2 = LostSelect, 3 = TimedOut, 4 = Shutdown, 5 = Left, }
    CoroutineEnd { 0 = Returned { value }, 1 = Panicked, 2 = Cancelled { why }, 3 = NeverPolled, }
    Awaited { 0 = Task(lane), 1 = Until(time), 2 = InOrder, 3 = EachTurn, }
}

#[cfg(feature = "timeline")]
pub(crate) use choices;

#[cfg(feature = "app")]
impl EventKind {
    /// Replaces every lane in it: the one that it is about and those that it mentions.
    pub(crate) fn map_lanes(&mut self, map: impl Fn(LaneId) -> LaneId) {
        self.each_lane(&mut |lane| *lane = map(*lane));
    }
}

#[cfg(all(test, feature = "app"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::arbitrary;

    proptest! {
        /// What `Debug` prints is the oracle: it shows every lane that an event holds.
        #[test]
        fn every_lane_of_an_event_is_mapped_and_nothing_else(kind in arbitrary::event()) {
            let mut mapped = kind.clone();
            mapped.map_lanes(|lane| LaneId(lane.0 + 1_000));
            let mut expected = format!("{kind:?}");
            for lane in 0..6 {
                expected = expected.replace(&format!("LaneId({lane})"), &format!("LaneId({})", 1_000 + lane));
            }
            prop_assert_eq!(format!("{mapped:?}"), expected);
        }

        #[test]
        fn an_event_is_about_its_first_lane(kind in arbitrary::event()) {
            let printed = format!("{kind:?}");
            let first = printed.split_once("LaneId(").and_then(|(_, rest)| rest.split(')').next());
            prop_assert_eq!(kind.lane().map(|lane| lane.0.to_string()), first.map(str::to_owned));
        }
    }
}
