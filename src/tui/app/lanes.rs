//! Which lanes are seen, and how.

use std::collections::HashSet;

use super::choice;
use super::orders::LaneOrder;
use crate::event::{LaneId, Timestamp};
use crate::timeline::rows::{Order, Row, are_settled, flat_rows, matches, rows};
use crate::timeline::{Lane, Timeline};
use crate::tui::app::action::Action;
use crate::tui::app::columns::widest;
use crate::tui::app::viewport::Viewport;

/// The list of lanes: its rows, order, selection and time.
#[derive(Debug, Default)]
pub struct LaneList {
    /// All rows that are not folded away.
    pub rows: Vec<Row>,
    /// The index of the first row on the screen.
    pub first: usize,
    /// The row that scrolling keeps on the screen.
    anchor: Anchor,
    /// The selected lane.
    pub selected: Option<LaneId>,
    /// The stretch of time that is seen.
    pub viewport: Viewport,
    /// The lanes that were searched for.
    pub highlights: Vec<LaneId>,
    /// The number of rows at the end, once that is known.
    pub(super) most: Option<usize>,
    /// The panels below.
    pub panels: Panels,
    /// The order in which they stand.
    pub order: &'static LaneOrder,
    /// Only lanes are shown of whose name, or of what they wait for, this is a part.
    pub filter: String,
    /// The treatment of lanes that have ended.
    pub ended: EndedLanes,
    /// `true` if a row is many lanes.
    pub dense: bool,
    folded: HashSet<LaneId>,
    coroutines: bool,
    /// `true` if the whole session stays visible as it grows.
    whole: bool,
    /// The shape of which these are the rows; none if they must be computed again.
    shape: Option<Shape>,
    /// The columns of the widest name.
    pub widest: usize,
}

/// The row that scrolling keeps on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Anchor {
    /// The selected lane is among them.
    #[default]
    Selected,
    /// They are the first ones, whichever lane is selected: who orders lanes wants to see what comes first.
    Top,
}

/// The treatment of lanes that have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndedLanes {
    /// All of them are.
    #[default]
    Shown,
    /// Only those are that ended a short while ago.
    LeftOut,
}

/// The panels below the lanes, if there is room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Panels {
    /// The code and the events.
    #[default]
    Both,
    /// The code alone.
    Code,
    /// The events alone.
    Events,
    /// None: the lanes have all the room.
    None,
}

impl Panels {
    /// Returns the next choice.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Both => Self::Code,
            Self::Code => Self::Events,
            Self::Events => Self::None,
            Self::None => Self::Both,
        }
    }
}

/// All that the rows depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    /// A count of the changes of the tree, or of the key that lanes are ordered by.
    changes: u64,
    lanes: usize,
    /// Lanes that ended before have no row.
    since: Timestamp,
}

impl LaneList {
    pub(super) fn new() -> Self {
        Self {
            whole: true,
            ..Self::default()
        }
    }

    /// Takes note of what the timeline is now.
    pub(super) fn refresh(&mut self, timeline: &Timeline) {
        if self.order.order != Order::Tree || !self.filter.is_empty() {
            self.refresh_flat(timeline);
        } else {
            let shape = self.shape_of(timeline, timeline.shape().0);
            if self.shape != Some(shape) {
                self.rows = rows(timeline, &self.folded, self.coroutines, shape.since);
                self.shape = are_settled(timeline).then_some(shape);
                self.widest = widest(&self.rows, timeline);
            }
        }
        if self.place().is_none() {
            self.selected = self.nearest_shown(timeline);
        }
    }

    /// Computes the rows, side by side, if they have changed.
    fn refresh_flat(&mut self, timeline: &Timeline) {
        // How long something took may change with every event.
        let changes = if self.order.is_by_start {
            timeline.shape().0
        } else {
            timeline.events()
        };
        let shape = self.shape_of(timeline, changes);
        if self.shape != Some(shape) {
            self.rows = flat_rows(timeline, self.order.order, &self.filter, shape.since);
            self.widest = widest(&self.rows, timeline);
            self.shape = Some(shape);
        }
    }

    fn shape_of(&self, timeline: &Timeline, changes: u64) -> Shape {
        Shape {
            changes,
            lanes: timeline.shape().1,
            since: self.since(timeline),
        }
    }

    /// Lanes that ended before this are left out: a while ago is a tenth of what is seen. It moves on in steps, so that
    /// rows are not found anew with every event.
    fn since(&self, timeline: &Timeline) -> Timestamp {
        if self.ended == EndedLanes::Shown {
            return Timestamp::ZERO;
        }
        let step = (self.viewport.span / 40).max(1);
        let past = timeline.end().0.saturating_sub(4 * step);
        Timestamp(past / step * step)
    }

    /// Leaves out lanes that ended a while ago, or shows them; which, in words.
    pub(super) fn toggle_ended(&mut self, timeline: &Timeline) -> &'static str {
        let (ended, told) = match self.ended {
            EndedLanes::Shown => (
                EndedLanes::LeftOut,
                "Lanes that ended a while ago are left out; x shows them again.",
            ),
            EndedLanes::LeftOut => (EndedLanes::Shown, "Lanes that have ended are shown, too."),
        };
        self.ended = ended;
        self.refresh(timeline);
        told
    }

    /// Orders the lanes in the next way. Returns what is said about it.
    pub(super) fn reorder(&mut self, timeline: &Timeline) -> &'static str {
        self.order = self.order.next();
        self.anchor = if self.order.shows_first {
            Anchor::Top
        } else {
            Anchor::Selected
        };
        self.forget_rows();
        self.refresh(timeline);
        self.order.sentence
    }

    /// Shows only the lanes that a text is a part of, by name or by what they wait for.
    pub(super) fn show_only(&mut self, text: &str, timeline: &Timeline) {
        text.trim().clone_into(&mut self.filter);
        self.forget_rows();
        self.refresh(timeline);
    }

    /// Returns the order and the filters in a few words; empty for all lanes in their tree.
    pub fn ordered(&self) -> String {
        let filter = match self.filter.as_str() {
            "" => String::new(),
            filter => format!("{}×{filter}", self.rows.len()),
        };
        let ended = match self.ended {
            EndedLanes::Shown => "",
            EndedLanes::LeftOut => "alive",
        };
        let mut told = String::new();
        for part in [ended, &filter, self.order.label] {
            if !part.is_empty() {
                told.push(' ');
                told.push_str(part);
            }
        }
        told
    }

    /// Returns the number of lanes per row if all lanes are to fit into `height` rows.
    pub fn per_row(&self, height: usize) -> usize {
        self.rows.len().div_ceil(height.max(1)).max(1)
    }

    /// The rows are of another timeline now, or others of them are asked for.
    pub(super) fn forget_rows(&mut self) {
        self.shape = None;
    }

    /// There will hardly be more rows than now, unless more are asked for.
    pub(super) fn count(&mut self) {
        self.most = Some(self.rows.len());
    }

    /// The lane to select where the selected one has no row: whoever it stands under, or the first task.
    fn nearest_shown(&self, timeline: &Timeline) -> Option<LaneId> {
        let selected = self.selected.and_then(|id| timeline.lane(id));
        let above = selected.into_iter().flat_map(|lane| owners(timeline, lane));
        let rows: HashSet<LaneId> = self.rows.iter().map(|row| row.lane).collect();
        let shown = |id: &LaneId| rows.contains(id);
        let is_task = |row: &&Row| timeline.lane(row.lane).is_some_and(Lane::is_task);
        let first = || self.rows.iter().find(is_task).or(self.rows.first());
        let mut above = above.map(|lane| lane.id);
        above.find(shown).or_else(|| first().map(|row| row.lane))
    }

    /// Returns the rows on a screen of a height, and some more around them.
    pub fn rows_near(&self, height: usize) -> &[Row] {
        let first = self.first.saturating_sub(4 * height).min(self.rows.len());
        let last = (self.first + 5 * height).min(self.rows.len());
        &self.rows[first..last]
    }

    /// Returns the selected row's index.
    pub fn place(&self) -> Option<usize> {
        let selected = self.selected?;
        self.rows.iter().position(|row| row.lane == selected)
    }

    /// Scrolls so that the selected row is among the `height` rows on the screen, or the first one.
    pub(super) fn settle(&mut self, height: usize) {
        if self.anchor == Anchor::Top {
            self.first = 0;
            return;
        }
        let place = self.place().unwrap_or(0);
        let lowest = place.saturating_sub(height.saturating_sub(1));
        let last = self.rows.len().saturating_sub(height);
        self.first = self
            .first
            .clamp(lowest, place.max(lowest))
            .min(last.max(lowest));
    }

    /// Selects another row.
    pub(super) fn act(&mut self, action: Action, page: usize) {
        let per = if self.dense { self.per_row(page) } else { 1 };
        let place = self.place().unwrap_or(0) / per;
        if std::mem::take(&mut self.anchor) == Anchor::Top && place >= page {
            self.selected = self.rows.first().map(|row| row.lane);
            return;
        }
        let rows = self.rows.len().div_ceil(per);
        let place = choice::moved(place, action, rows, page) * per;
        self.selected = self.rows.get(place).map(|row| row.lane);
    }

    /// Selects a lane, and unfolds what it stands under.
    pub(super) fn select(&mut self, id: LaneId, timeline: &Timeline) {
        self.selected = Some(id);
        self.anchor = Anchor::Selected;
        for owner in timeline
            .lane(id)
            .into_iter()
            .flat_map(|lane| owners(timeline, lane))
        {
            if self.folded.remove(&owner.id) {
                self.shape = None;
            }
        }
        self.refresh(timeline);
        if self.place().is_none() {
            self.selected = self.nearest_shown(timeline);
        }
    }

    pub(super) fn fold(&mut self, timeline: &Timeline) {
        if let Some(id) = self.selected
            && !self.folded.remove(&id)
        {
            self.folded.insert(id);
        }
        self.forget_rows();
        self.refresh(timeline);
    }

    pub(super) fn toggle_coroutines(&mut self, timeline: &Timeline) -> &'static str {
        self.coroutines = !self.coroutines;
        self.forget_rows();
        self.refresh(timeline);
        self.most = self.most.map(|most| most.max(self.rows.len()));
        if self.coroutines {
            "Coroutines have lanes of their own now."
        } else {
            "Coroutines are drawn within the tasks that run them."
        }
    }

    /// Highlights the lanes whose name contains a text, then those that wait for something that does; selects the
    /// first of them.
    pub(super) fn find(&mut self, text: &str, timeline: &Timeline) {
        self.highlights.clear();
        let text = text.to_lowercase();
        if text.is_empty() {
            return;
        }
        let by_name = |lane: &&Lane| lane.name.raw().to_lowercase().contains(&text);
        let by_wait = |lane: &&Lane| matches(lane, &text);
        let lanes = timeline.lanes();
        let others = lanes.clone().filter(|lane| !by_name(lane)).filter(by_wait);
        let found = lanes.filter(by_name).chain(others);
        self.highlights.extend(found.map(|lane| lane.id));
        if let Some(first) = self.highlights.first() {
            self.select(*first, timeline);
        }
    }

    /// Selects the next of the lanes that were searched for.
    pub(super) fn next_highlight(&mut self, timeline: &Timeline) {
        let place = |id: &LaneId| Some(*id) == self.selected;
        let next = self
            .highlights
            .iter()
            .position(place)
            .map_or(0, |at| at + 1);
        let next = self.highlights.get(next).or(self.highlights.first());
        if let Some(next) = next.copied() {
            self.select(next, timeline);
        }
    }

    /// Sees the whole session, and more as it comes.
    pub(super) fn fit(&mut self, (start, end): (Timestamp, Timestamp)) {
        self.whole = true;
        self.viewport.fit_between(start, end);
    }

    /// Moves on with a program that runs: by showing more, or by moving along.
    pub(super) fn keep_up(&mut self, now: Timestamp) {
        if self.whole {
            self.viewport.widen(now);
        } else {
            self.viewport.follow(now);
        }
    }

    /// Moves on in larger steps, so that the part loaded for one step stays in view for a while.
    pub(super) fn keep_up_in_steps(&mut self, now: Timestamp) {
        if self.whole {
            self.viewport.widen(now);
        } else {
            self.viewport.follow_in_steps(now);
        }
    }

    /// Returns `true` if the whole session stays visible as it grows.
    pub(super) fn sees_whole(&self) -> bool {
        self.whole
    }

    /// Sees this moment.
    pub(super) fn reveal(&mut self, time: Timestamp) {
        self.viewport.reveal(time);
    }

    pub(super) fn zoom(&mut self, factor: f64, around: Timestamp) {
        self.whole = false;
        self.viewport.follow = true;
        self.viewport.zoom(factor, around);
    }

    pub(super) fn pan(&mut self, columns: i32, width: u16) {
        self.whole = false;
        self.viewport.pan(columns, width);
    }
}

/// The lanes that a lane stands under, from the nearest on. Whoever is above is older; a damaged log's circles end here.
fn owners<'a>(timeline: &'a Timeline, lane: &'a Lane) -> impl Iterator<Item = &'a Lane> {
    let above = |lane: &&Lane| {
        let owner = lane.host.map(|host| host.lane).or(lane.parent);
        let owner = owner.and_then(|id| timeline.lane(id));
        owner.filter(|owner| owner.id < lane.id)
    };
    std::iter::successors(above(&lane), above)
}
