//! The texts on a lane: what it waits for, and how it ended, where there is room for them.

use std::ops::Range;

use super::cells::{Cell, Window};
use super::span::Change;
use super::{Frame, Lane, LaneKind, Mark, State, Timeline};
use crate::event::{Awaited, Cancel, FrameId, Timestamp};
use crate::text::units::rounded_text;
use crate::text::width::{cut, width};

/// The signs that texts on lanes are made with, each one column wide.
#[derive(Clone, Copy, Debug)]
pub struct Signs {
    /// Stands for what was cut off.
    pub more: &'static str,
    /// Stands between an await and the one within it.
    pub within: &'static str,
}

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
    /// What it noted in the poll before.
    Mark,
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
/// As many awaits within each other are looked at.
const NESTED: usize = 16;

/// A mark is cut to so many columns.
const MARK: usize = 24;

/// A lane's activity at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The open awaits, the outermost first; for a coroutine only its own.
    awaits: Vec<Frame>,
    /// The last mark in the poll before the wait.
    mark: Option<Mark>,
}

impl Moment {
    /// Returns a lane's activity at a time. `known` is the mark before the present wait, if it started before the
    /// timeline's past.
    pub(crate) fn at(
        timeline: &Timeline,
        lane: &Lane,
        time: Timestamp,
        known: Option<&Mark>,
    ) -> Self {
        let awaits = awaits_at(timeline, lane, time).into_iter().cloned();
        Self {
            awaits: awaits.collect(),
            mark: mark_before(lane, time, known).cloned(),
        }
    }

    pub(crate) fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }
}

/// Returns the labels of a lane with these cells, which is [stuck](is_stuck) or not. The timeline may hold more than the
/// window shows.
pub fn labels(
    timeline: &Timeline,
    lane: &Lane,
    is_stuck: bool,
    cells: &[Cell],
    window: &Window,
    signs: Signs,
) -> Vec<Label> {
    let moment = |time| Moment::at(timeline, lane, time, None);
    labels_of(
        timeline,
        lane,
        is_stuck,
        cells,
        window,
        signs,
        last_mark(lane),
        &moment,
    )
}

/// Returns the labels of a lane of which only the state, the last mark in its last poll, and its activity at some moments
/// are known.
#[expect(clippy::too_many_arguments, reason = "all that a page is made from")]
pub(crate) fn labels_of(
    timeline: &Timeline,
    lane: &Lane,
    is_stuck: bool,
    cells: &[Cell],
    window: &Window,
    signs: Signs,
    last_mark: Option<&Mark>,
    moment: &dyn Fn(Timestamp) -> Moment,
) -> Vec<Label> {
    let page = Page {
        timeline,
        lane,
        is_stuck,
        window,
        signs,
        last_mark,
        moment,
    };
    let mut labels = Vec::new();
    let mut column = 0;
    for run in cells.chunk_by(|a, b| a == b) {
        let begin = column;
        column += run.len();
        match run[0] {
            Cell::Waiting => labels.extend(page.wait_labels(begin..column)),
            Cell::End(state) => labels.extend(page.end_label(state, column)),
            _ => {}
        }
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
        Some(Awaited::Until(until)) => format!("sleep({})", rounded_text(until - frame.start)),
        Some(Awaited::Task(task)) => timeline.name(task).to_string(),
        _ => frame.text.to_string(),
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

/// Returns the awaits that are open in a lane at a time, the outermost first; for a coroutine only its own.
fn awaits_at<'a>(timeline: &'a Timeline, lane: &'a Lane, time: Timestamp) -> Vec<&'a Frame> {
    let host = lane.host.and_then(|host| timeline.lane(host.lane));
    let (of, own) = match host {
        Some(host) => (host, lane.host.and_then(|host| host.frame)),
        None => (lane, None),
    };
    let mut frames: Vec<&Frame> = Vec::new();
    let mut next = innermost_at(of, time);
    while let Some(frame) = next.filter(|frame| Some(frame.id) != own && frames.len() < NESTED) {
        frames.push(frame);
        let parent = frame.parent.filter(|parent| *parent < frame.id);
        next = parent.and_then(|parent| Some(&of.frames[index_of(&of.frames, parent)?]));
    }
    frames.reverse();
    frames
}

/// Returns the last mark in a lane's poll before the wait at a time; `known` if that wait started before the part of
/// the lane's past that is kept.
fn mark_before<'a>(lane: &'a Lane, time: Timestamp, known: Option<&'a Mark>) -> Option<&'a Mark> {
    let changes = &lane.changes;
    let seen = &changes[..changes.partition_point(|change| change.at <= time)];
    let wait = seen
        .iter()
        .rposition(|change| change.state == State::Waiting);
    let Some(wait) = wait.filter(|wait| *wait > 0) else {
        return known;
    };
    let poll = seen[wait - 1];
    let noted = lane.marks.partition_point(|mark| mark.at <= seen[wait].at);
    let mark = lane.marks[..noted].last();
    mark.filter(|mark| mark.at >= poll.at)
}

/// Returns the last mark in a lane's last poll.
pub(crate) fn last_mark(lane: &Lane) -> Option<&Mark> {
    let polls = |change: &&Change| change.state == State::Running;
    let last = lane.changes.iter().rev().find(polls)?;
    lane.marks.last().filter(|mark| mark.at >= last.at)
}

/// What the labels of a lane are made from.
struct Page<'a> {
    timeline: &'a Timeline,
    lane: &'a Lane,
    is_stuck: bool,
    window: &'a Window,
    signs: Signs,
    last_mark: Option<&'a Mark>,
    moment: &'a dyn Fn(Timestamp) -> Moment,
}

impl<'a> Page<'a> {
    /// What a lane noted before a wait, and what it waits for, on the columns of the wait.
    fn wait_labels(&self, run: Range<usize>) -> Vec<Label> {
        let last = u16::try_from(run.end - 1).unwrap_or(u16::MAX);
        let time = self.window.time_at(last).min(self.window.now);
        let Moment { awaits, mark } = (self.moment)(time);
        let room = self.room(&run, time, awaits.last());
        let stuck = self.is_stuck && self.lasts(self.lane, time);
        let waits_for = |room| match self.awaited(&awaits, room) {
            Some(awaited) if stuck => Some(format!("{awaited}: nothing can wake it")),
            None if stuck => Some("nothing can wake it".to_owned()),
            awaited => awaited,
        };
        let mark = mark.map(|mark| self.quoted(&mark));
        let besides = mark.as_ref().map(|mark| width(mark) + 2);
        // What it waits for comes first: a mark is left out rather than that.
        let innermost = waits_for(0).map_or(0, |text| width(&text) + BEFORE + AFTER);
        let besides = besides.filter(|besides| besides + innermost <= room);
        let mut labels = Vec::new();
        let mut start = run.start;
        if let (Some(mark), Some(columns)) = (mark, besides) {
            labels.extend(self.label(format!(" {mark} "), About::Mark, start, run.end));
            start += columns;
        }
        let room = room - besides.unwrap_or(0);
        if let Some(text) = waits_for(room.saturating_sub(BEFORE + AFTER)) {
            let about = if stuck { About::Stuck } else { About::Wait };
            let end = run.end.saturating_sub(AFTER - 1);
            labels.extend(self.label(format!(" {text} "), about, start + BEFORE - 1, end));
        }
        labels
    }

    /// A label between two columns, as much of it as fits, if that is enough to be read.
    fn label(&self, text: String, about: About, start: usize, end: usize) -> Option<Label> {
        let room = end.checked_sub(start)?;
        if width(&text) > room && room < LEAST + 2 || text.trim().is_empty() {
            return None;
        }
        let text = if width(&text) > room {
            format!("{} ", cut(text.trim_end(), room - 1, self.signs.more))
        } else {
            text
        };
        Some(Label {
            column: u16::try_from(start).unwrap_or(u16::MAX),
            text,
            about,
        })
    }

    /// How many columns a wait has, or will have where it lasts: what is drawn there is not to move as it grows.
    fn room(&self, run: &Range<usize>, time: Timestamp, frame: Option<&Frame>) -> usize {
        if !self.lasts(self.host().unwrap_or(self.lane), time) {
            return run.len();
        }
        let until = match frame.and_then(|frame| frame.on) {
            Some(Awaited::Until(until)) if until > time => self.window.column_of(until),
            _ => None,
        };
        let end = until.unwrap_or(self.window.width);
        usize::from(end).max(run.end) - run.start
    }

    /// Returns `true` if a lane's state at a time lasts until the present.
    fn lasts(&self, lane: &Lane, time: Timestamp) -> bool {
        let until = |time| lane.changes.partition_point(|change| change.at <= time);
        let seen = until(time);
        seen > 0 && seen == until(self.window.now)
    }

    fn host(&self) -> Option<&'a Lane> {
        self.timeline.lane(self.lane.host?.lane)
    }

    /// What is awaited, in as many of its calls as fit into `room` columns: at least the innermost.
    fn awaited(&self, frames: &[Frame], room: usize) -> Option<String> {
        let (innermost, outer) = frames.split_last()?;
        let mut text = awaited_text(self.timeline, innermost);
        for frame in outer.iter().rev() {
            let longer = format!("{} {} {text}", frame.text, self.signs.within);
            if width(&longer) > room {
                break;
            }
            text = longer;
        }
        (!text.is_empty()).then_some(text)
    }

    fn quoted(&self, mark: &Mark) -> String {
        format!("\"{}\"", cut(mark.text.raw(), MARK, self.signs.more))
    }

    fn end_label(&self, state: State, after: usize) -> Option<Label> {
        let text = self.end_text(state)?;
        let column = after + 1;
        let room = usize::from(self.window.width).checked_sub(column)?;
        (width(&text) <= room || room >= LEAST).then(|| Label {
            column: u16::try_from(column).unwrap_or(u16::MAX),
            text: cut(&text, room, self.signs.more).into_owned(),
            about: About::End(state),
        })
    }

    /// How a lane ended, in a few words; none where its sign says all there is to say.
    fn end_text(&self, state: State) -> Option<String> {
        let lane = self.lane;
        Some(match state {
            State::Done if matches!(lane.kind, LaneKind::Runtime(_)) => "closed".to_owned(),
            State::Done => {
                let value = lane.value.as_ref().filter(|value| **value != "()");
                let value = value.map(ToString::to_string);
                return value.or_else(|| Some(self.quoted(self.last_mark?)));
            }
            State::Panicked => "panicked".to_owned(),
            State::NeverPolled => "never awaited".to_owned(),
            _ => cancel_text(self.timeline, lane.cancel?),
        })
    }
}

/// Why something was cancelled, in a few words.
pub fn cancel_text(timeline: &Timeline, why: Cancel) -> String {
    match why {
        Cancel::Aborted { by: Some(by) } => format!("aborted by {}", timeline.name(by)),
        Cancel::Aborted { by: None } => "aborted".to_owned(),
        Cancel::Dropped => "dropped".to_owned(),
        Cancel::LostSelect => "lost the select".to_owned(),
        Cancel::TimedOut => "timed out".to_owned(),
        Cancel::Shutdown => "its runtime shut down".to_owned(),
        Cancel::Left => "left, not cancelled".to_owned(),
    }
}
