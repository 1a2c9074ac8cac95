//! The moments at which lanes are cut.

use crate::event::Timestamp;
use crate::timeline::Lane;
use crate::timeline::cells::Window;
use crate::tui::app::Playback;

/// A column, from its left edge to its right one.
pub type ColumnEdges = (Timestamp, Timestamp);

/// Returns the moments at which a coroutine's host must be cut: when the coroutine started, and right after it ended.
pub(in crate::tui::app) fn runs(lane: &Lane) -> [Timestamp; 2] {
    let started = lane.started.unwrap_or(lane.start);
    [started, after(lane.end.unwrap_or(started))]
}

/// Returns the columns of a window, cut off at the present.
pub(super) fn columns(window: &Window) -> impl Iterator<Item = ColumnEdges> {
    let edge = |column| window.time_at(column).min(after(window.now));
    (0..window.width).map(move |column| (window.time_at(column), edge(column + 1)))
}

/// Returns `true` if the stretch holds all events from a moment on.
pub(super) fn is_told(playback: &Playback, at: Timestamp) -> bool {
    playback.begins().is_none_or(|begins| at > begins)
}

/// Returns the moment right after another.
pub(super) fn after(at: Timestamp) -> Timestamp {
    Timestamp(at.0.saturating_add(1))
}

/// Returns the first moment at which a lane can be cut by its changes.
pub(super) fn told_from(lane: &Lane) -> Timestamp {
    match lane.changes.first() {
        Some(first) if lane.forgotten > 0 => after(first.at),
        _ => Timestamp::ZERO,
    }
}
