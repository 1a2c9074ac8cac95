//! The texts on a lane: what it waits for, and how it ended, where there is room for them.

use super::cells::{Cell, Window};
use super::{Frame, Lane, LaneKind, State, Timeline};
use crate::event::{Awaited, Cancel, FrameId, Timestamp};
use crate::units::duration_text;
use crate::width::{clean, cut, width};

/// A text on a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The column in which it begins.
    pub column: u16,
    /// The text, which ends within the window.
    pub text: String,
    /// What it speaks of.
    pub about: About,
}

/// What a label speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// What the lane waits for.
    Wait,
    /// How it ended this way.
    End(State),
    /// That nothing can wake it.
    Stuck,
}

/// Columns of the wait's own line that stay before its text, with a blank, and after it.
const BEFORE: usize = 3;
const AFTER: usize = 2;
/// A text is left out rather than cut to less than this.
const LEAST: usize = 8;

/// The labels of a lane whose cells these are. `more` stands for what was cut off.
pub fn labels(
    timeline: &Timeline,
    lane: &Lane,
    cells: &[Cell],
    window: &Window,
    more: &str,
) -> Vec<Label> {
    let mut labels = Vec::new();
    let mut column = 0;
    for run in cells.chunk_by(|a, b| a == b) {
        let begin = column;
        column += run.len();
        let label = match run[0] {
            Cell::Waiting => wait_label(timeline, lane, window, begin..column, more),
            Cell::End(state) => end_label(timeline, lane, state, column, cells.len(), more),
            _ => None,
        };
        labels.extend(label);
    }
    labels
}

/// Whether a lane waits at the present, and nothing can ever wake it.
pub fn is_stuck(lane: &Lane, now: Timestamp) -> bool {
    let last = lane.changes.last();
    lane.unwakeable && last.is_some_and(|last| last.state == State::Waiting && last.at <= now)
}

/// What an await waits for, in a few words.
pub fn awaited_text(timeline: &Timeline, frame: &Frame) -> String {
    match frame.on {
        Some(Awaited::Until(until)) => format!("sleep({})", duration_text(until - frame.start)),
        Some(Awaited::Task(task)) => clean(timeline.name(task)).into_owned(),
        None => clean(&frame.text).into_owned(),
    }
}

/// The innermost await that a lane is in at a time.
pub fn innermost_at(lane: &Lane, time: Timestamp) -> Option<&Frame> {
    /// Awaits that are looked at where they do not nest, as those of futures that are joined by hand.
    const MOST: usize = 32;
    let is_open = |frame: &Frame| frame.end.is_none_or(|end| end > time);
    let entered = &lane.frames[..lane.frames.partition_point(|frame| frame.start <= time)];
    let mut index = entered.len().checked_sub(1);
    while let Some(here) = index {
        if is_open(&entered[here]) {
            return Some(&entered[here]);
        }
        let above = entered[here]
            .parent
            .and_then(|parent| index_of(entered, parent));
        index = above.filter(|&above| above < here);
    }
    entered.iter().rev().take(MOST).find(|frame| is_open(frame))
}

fn index_of(frames: &[Frame], id: FrameId) -> Option<usize> {
    frames.binary_search_by_key(&id, |frame| frame.id).ok()
}

fn wait_label(
    timeline: &Timeline,
    lane: &Lane,
    window: &Window,
    run: std::ops::Range<usize>,
    more: &str,
) -> Option<Label> {
    let last = u16::try_from(run.end - 1).ok()?;
    let time = window.time_at(last).min(window.now);
    let host = lane.host.and_then(|host| timeline.lane(host.lane));
    let frame = innermost_at(host.unwrap_or(lane), time);
    let awaited = frame.map(|frame| awaited_text(timeline, frame));
    let room = run.len().checked_sub(BEFORE + AFTER)?;
    let lasts = lane.changes.last().is_some_and(|last| last.at <= time);
    let (text, about) = if lasts && is_stuck(lane, window.now) {
        let text = awaited.map(|awaited| format!("{awaited}: nothing can wake it"));
        (
            text.unwrap_or_else(|| "nothing can wake it".to_owned()),
            About::Stuck,
        )
    } else {
        (awaited?, About::Wait)
    };
    let fits = !text.is_empty() && (width(&text) <= room || room >= LEAST);
    fits.then(|| Label {
        column: u16::try_from(run.start + BEFORE - 1).unwrap_or(u16::MAX),
        text: format!(" {} ", cut(&text, room, more)),
        about,
    })
}

fn end_label(
    timeline: &Timeline,
    lane: &Lane,
    state: State,
    after: usize,
    columns: usize,
    more: &str,
) -> Option<Label> {
    let text = end_text(timeline, lane, state)?;
    let column = after + 1;
    let room = columns.checked_sub(column)?;
    (width(&text) <= room || room >= LEAST).then(|| Label {
        column: u16::try_from(column).unwrap_or(u16::MAX),
        text: cut(&text, room, more).into_owned(),
        about: About::End(state),
    })
}

/// How a lane ended, in a few words; none where its sign says all there is to say.
fn end_text(timeline: &Timeline, lane: &Lane, state: State) -> Option<String> {
    Some(match state {
        State::Done if matches!(lane.kind, LaneKind::Runtime(_)) => "closed".to_owned(),
        State::Done => {
            let value = lane.value.as_deref().filter(|value| *value != "()")?;
            clean(value).into_owned()
        }
        State::Panicked => "panicked".to_owned(),
        State::NeverPolled => "never awaited".to_owned(),
        _ => cancel_text(timeline, lane.cancel?),
    })
}

/// Why something was cancelled, in a few words.
pub fn cancel_text(timeline: &Timeline, why: Cancel) -> String {
    match why {
        Cancel::Aborted { by: Some(by) } => format!("aborted by {}", clean(timeline.name(by))),
        Cancel::Aborted { by: None } => "aborted".to_owned(),
        Cancel::Dropped => "dropped".to_owned(),
        Cancel::LostSelect => "lost the select".to_owned(),
        Cancel::TimedOut => "timed out".to_owned(),
        Cancel::Shutdown => "its runtime shut down".to_owned(),
    }
}
