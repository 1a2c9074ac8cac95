//! What few lanes have.

use std::collections::VecDeque;

use super::parts::{Frame, Host, Label, Mark, Spent};
use crate::event::{Cancel, Text};

/// What few lanes have: where there are millions of tasks, most of them are short.
///
/// A [`Lane`](crate::timeline::Lane) dereferences to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extra {
    /// Its awaits, in the order in which they were entered.
    pub frames: Vec<Frame>,
    /// The indices of the awaits that are not over, outermost first.
    pub(crate) open: VecDeque<usize>,
    /// The index of the await where its program stands.
    pub(crate) position: Option<usize>,
    /// The lines it noted.
    pub marks: Vec<Mark>,
    /// The time spent by its long polls, if known, in order.
    pub spent: Vec<Spent>,
    /// What it is labelled with, in the order of the first label of each key.
    pub labels: Vec<Label>,
    /// What it returned, as text.
    pub value: Option<Text>,
    /// Why it was cancelled.
    pub cancel: Option<Cancel>,
    /// The lane that runs this coroutine.
    pub host: Option<Host>,
}

/// In memory only where a lane has any of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct MaybeExtra(Option<Box<Extra>>);

static NOTHING: Extra = Extra {
    frames: Vec::new(),
    open: VecDeque::new(),
    position: None,
    marks: Vec::new(),
    spent: Vec::new(),
    labels: Vec::new(),
    value: None,
    cancel: None,
    host: None,
};

impl MaybeExtra {
    /// Returns `true` if none of it is in memory.
    #[inline]
    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    #[inline]
    pub(super) fn get(&self) -> &Extra {
        self.0.as_deref().unwrap_or(&NOTHING)
    }

    /// Takes memory for it if the lane had none of it.
    pub(super) fn get_mut(&mut self) -> &mut Extra {
        self.0.get_or_insert_default()
    }
}

impl PartialEq for MaybeExtra {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for MaybeExtra {}
