//! What a value tells of itself where its type allows it, found out at compile time without specialisation.
//!
//! `(&Tag(&value)).reveal()` picks the method that needs the fewest references: that of `Tag<&Known>` before that of
//! `&Tag<&T>`. The macros write such calls; the traits only carry the methods.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "called by expanded macros only"
)]

use std::fmt::Debug;
use std::pin::Pin;

use super::awaiting::Reveals;
use crate::event::Text;
use crate::probe::record::bounded;
use crate::probe::wrap::join::JoinHandle;

pub struct Tag<T>(pub T);

pub trait RevealSleep {
    fn reveal(&self) -> Reveals;
}

impl RevealSleep for Tag<&tokio::time::Sleep> {
    fn reveal(&self) -> Reveals {
        Reveals::Deadline(self.0.deadline())
    }
}

impl RevealSleep for Tag<&Pin<&mut tokio::time::Sleep>> {
    fn reveal(&self) -> Reveals {
        Reveals::Deadline(self.0.deadline())
    }
}

pub trait RevealTask {
    fn reveal(&self) -> Reveals;
}

impl<T> RevealTask for Tag<&JoinHandle<T>> {
    fn reveal(&self) -> Reveals {
        Reveals::Task(self.0.lane_id())
    }
}

impl<T> RevealTask for Tag<&&mut JoinHandle<T>> {
    fn reveal(&self) -> Reveals {
        Reveals::Task(self.0.lane_id())
    }
}

pub trait RevealNothing {
    fn reveal(&self) -> Reveals;
}

impl<T> RevealNothing for &Tag<&T> {
    fn reveal(&self) -> Reveals {
        Reveals::Nothing
    }
}

pub trait TextOfDebug {
    fn text(&self) -> Option<Text>;
}

impl<T: Debug> TextOfDebug for Tag<&T> {
    fn text(&self) -> Option<Text> {
        let text = bounded::text(format_args!("{:?}", self.0), bounded::VALUE);
        (text != "()").then(|| text.into())
    }
}

pub trait TextOfNothing {
    fn text(&self) -> Option<Text>;
}

impl<T> TextOfNothing for &Tag<&T> {
    fn text(&self) -> Option<Text> {
        None
    }
}
