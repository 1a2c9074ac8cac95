//! Spans: stretches of a lane's life that are told of from outside, as awaits are.

use super::awaiting;
use super::context;
use crate::event::Text;

/// Where a span was entered: its frame in each lane.
#[derive(Debug, Default)]
pub(crate) struct Entered(Vec<awaiting::Entered>);

/// Whether a probe applies here.
pub(crate) fn are_seen() -> bool {
    context::probe().is_some()
}

/// Whether a lane is being polled.
pub(crate) fn are_in_lane() -> bool {
    context::is_in_lane()
}

impl Entered {
    /// Whether it was entered in the lane that is being polled.
    pub(crate) fn is_here(&self) -> bool {
        self.0.iter().any(awaiting::Entered::is_here)
    }

    /// Enters it in the lane that is being polled.
    pub(crate) fn enter(&mut self, text: Text) {
        self.0.extend(awaiting::Entered::new(text, None, |_| None));
    }

    /// Leaves it in all lanes.
    pub(crate) fn leave(self) {
        for entered in self.0.into_iter().filter(|entered| !entered.is_over()) {
            entered.leave();
        }
    }
}
