//! The lanes as a tree, row by row: a task under the lane that spawned it, a branch under the one that polls it, a
//! coroutine under its host.

use std::collections::HashSet;
use std::ops::Range;

use super::lanes::Kin;
use super::{Frame, Lane, LaneKind, State, Timeline};
use crate::event::{LaneId, Timestamp};

/// A row of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The lane that stands in it.
    pub lane: LaneId,
    /// How many rows it stands under.
    pub depth: u16,
    /// Whether more rows stand beside it further down, and beside those that it stands under: from the lowest bit up.
    more: u16,
    /// Whether the rows under it are hidden.
    pub folded: bool,
    /// Whether there are rows under it.
    pub foldable: bool,
}

impl Row {
    /// The tree's lines before its name: `├ `, `│ └ `. Where it stands deeper than ten rows, they begin with `…`.
    pub fn prefix(&self) -> String {
        let Some(above) = usize::from(self.depth).checked_sub(1) else {
            return String::new();
        };
        let more = |level: usize| self.more >> level & 1 == 1;
        let mut lines = String::from(if above > DEEPEST { "…" } else { "" });
        for level in (1..=above.min(DEEPEST)).rev() {
            lines.push_str(if more(level) { "│ " } else { "  " });
        }
        lines.push_str(if more(0) { "├ " } else { "└ " });
        lines
    }
}

/// In which order lanes stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Under whom they belong to, in the order in which they began.
    #[default]
    Tree,
    /// In the order in which they began, side by side.
    Start,
    /// Those first that began last.
    Newest,
    /// Those first that ran longest.
    Running,
    /// Those first that waited longest.
    Waiting,
    /// Those first of which a poll took longest.
    LongestPoll,
}

/// The rows of all tasks and branches of whose name, or of what they wait for, `filter` is a part, side by side, without
/// those that ended before `since`.
pub fn flat_rows(timeline: &Timeline, order: Order, filter: &str, since: Timestamp) -> Vec<Row> {
    let filter = filter.to_lowercase();
    let now = timeline.end();
    let shown = |lane: &&Lane| {
        matches!(lane.kind, LaneKind::Task(_) | LaneKind::Branch(_))
            && lane.end.is_none_or(|end| end >= since)
            && matches(lane, &filter)
    };
    let mut lanes: Vec<&Lane> = timeline.lanes().filter(shown).collect();
    let most_first = |lanes: &mut Vec<&Lane>, key: &dyn Fn(&Lane) -> u64| {
        lanes.sort_by_cached_key(|lane| std::cmp::Reverse(key(lane)));
    };
    match order {
        Order::Tree | Order::Start => {}
        Order::Newest => lanes.reverse(),
        Order::Running => most_first(&mut lanes, &|lane| lane.totals(now).running),
        Order::Waiting => most_first(&mut lanes, &|lane| lane.totals(now).waiting),
        Order::LongestPoll => most_first(&mut lanes, &|lane| lane.longest_poll(now)),
    }
    let row = |lane: &Lane| Row {
        lane: lane.id,
        depth: 0,
        more: 0,
        folded: false,
        foldable: false,
    };
    lanes.into_iter().map(row).collect()
}

/// Whether a text, in lower case, is a part of a lane's name or of what it awaits.
pub fn matches(lane: &Lane, text: &str) -> bool {
    let has = |part: &str| part.to_lowercase().contains(text);
    let awaits = |frame: &Frame| has(frame.text.raw());
    text.is_empty() || has(lane.name.raw()) || lane.frames.iter().any(awaits)
}

/// Lines of the tree that are drawn before a name; names of deeper rows would not be seen.
const DEEPEST: usize = 10;

/// The rows of a timeline, in the order in which the lanes began, each followed by those under it.
///
/// The lanes in `folded` hide what is under them. Runtimes have rows where there are several. Coroutines have one where
/// it tells more than their host's: nothing of them has run, it began to run later than they were called, or they ended
/// early while their host went on; with `open_coroutines` all of them do. What ended before `since` has none, and what
/// stands under it moves up.
#[expect(clippy::implicit_hasher, reason = "the set is the application's own")]
pub fn rows(
    timeline: &Timeline,
    folded: &HashSet<LaneId>,
    open_coroutines: bool,
    since: Timestamp,
) -> Vec<Row> {
    let Columns {
        ids,
        visible,
        above,
    } = Columns::of(timeline, open_coroutines, since);
    let owners = owners(&above, &visible);
    let mut walk = Walk::new(&ids, &visible, &owners, folded);
    for (index, &is_visible) in visible.iter().enumerate() {
        if is_visible && owners[index].is_none() {
            walk.add_tree(index);
        }
    }
    // Only what a damaged log puts in a circle is left.
    for (index, &is_visible) in visible.iter().enumerate() {
        if is_visible && !walk.seen[index] {
            walk.add_tree(index);
        }
    }
    walk.rows
}

/// Whether no lane will get a row by time alone: a coroutine that nothing has run of does, some time after it was called.
#[cfg(feature = "app")]
pub(crate) fn are_settled(timeline: &Timeline) -> bool {
    let has_run = |lane: &Lane| lane.started.is_some() || lane.end.is_some();
    let mut lanes = timeline.lanes.own();
    lanes.all(|lane| lane.kind != LaneKind::Coroutine || has_run(lane))
}

/// All that the tree is made of, side by side: the lanes of a long session lie all over the memory, and are looked at
/// once.
struct Columns {
    ids: Vec<LaneId>,
    visible: Vec<bool>,
    /// The index of the lane that each belongs to.
    above: Vec<Option<u32>>,
}

impl Columns {
    fn of(timeline: &Timeline, open_coroutines: bool, since: Timestamp) -> Self {
        let count = timeline.lanes.len();
        let mut columns = Self {
            ids: Vec::with_capacity(count),
            visible: Vec::with_capacity(count),
            above: Vec::with_capacity(count),
        };
        let mut runtimes = Vec::new();
        let full = |index| timeline.lanes.get(index);
        for index in 0..count {
            let Kin {
                id,
                kind,
                owner,
                end,
            } = timeline.lanes.kin(index);
            columns.ids.push(id);
            columns.visible.push(match kind {
                _ if end < since => false,
                LaneKind::Runtime(_) => {
                    runtimes.push(index);
                    false
                }
                LaneKind::Coroutine => {
                    let lane = full(index);
                    tells_more(timeline, lane) || (open_coroutines && !is_its_task(timeline, lane))
                }
                LaneKind::Task(_) | LaneKind::Branch(_) => true,
            });
            let owner = owner.and_then(|owner| timeline.lanes.place(owner));
            columns
                .above
                .push(owner.and_then(|place| u32::try_from(place).ok()));
        }
        if runtimes.len() > 1 {
            for index in runtimes {
                columns.visible[index] = true;
            }
        }
        columns
    }
}

/// Whether a coroutine is all that a task of the same name does.
fn is_its_task(timeline: &Timeline, lane: &Lane) -> bool {
    let host = lane.host.filter(|host| host.frame.is_none());
    let task = host.and_then(|host| timeline.lane(host.lane));
    task.is_some_and(|task| task.name == lane.name)
}

/// Whether a coroutine's row would say anything that its host's does not.
fn tells_more(timeline: &Timeline, lane: &Lane) -> bool {
    let Some(host) = lane.host else {
        let ran = lane.started.is_some();
        return ran || lane.end.is_some() || was_left_alone(timeline, lane);
    };
    let of = timeline.lane(host.lane);
    if lane.end.is_none() && timeline.left_alone(lane).is_some() {
        return true;
    }
    if host.frame.is_none() {
        // It is all that its host does: only what was before its host began is not in the host's row.
        return of.is_some_and(|of| of.start > lane.start && !host.at_once);
    }
    let later = lane
        .started
        .is_some_and(|started| started > lane.start && !host.at_once);
    let called = lane.born_in.map(|born| (born.lane, born.polls));
    let other_poll = called.is_some_and(|called| called != (host.lane, host.poll));
    let early = matches!(lane.state(), State::Cancelled | State::Panicked);
    let with_host = of.is_some_and(|of| of.end == lane.end && of.state() == lane.state());
    later || other_poll || (lane.end.is_some() && early && !with_host)
}

/// Whether a poll has passed since a coroutine was called, of which nothing has run so far.
fn was_left_alone(timeline: &Timeline, lane: &Lane) -> bool {
    let called_in = lane
        .born_in
        .and_then(|born| Some((timeline.lane(born.lane)?, born.polls)));
    let polled_since =
        called_in.is_some_and(|(by, polls)| by.polls > polls || by.state() != State::Running);
    polled_since || (called_in.is_none() && timeline.end() > lane.start)
}

/// For every lane the index of the nearest visible one that it belongs to.
fn owners(above: &[Option<u32>], visible: &[bool]) -> Vec<Option<usize>> {
    let mut owners = vec![None; above.len()];
    let mut known = vec![false; above.len()];
    let mut path = Vec::new();
    for lane in 0..above.len() {
        if let Some(direct) = above[lane].map(|above| above as usize)
            && visible[direct]
            && direct != lane
        {
            owners[lane] = Some(direct);
            known[lane] = true;
            continue;
        }
        let mut at = Some(lane);
        // Up through what is hidden, to a visible lane or one whose owner is known. A circle ends there too.
        while let Some(here) = at.filter(|&here| !known[here]) {
            known[here] = true;
            path.push(here);
            at = above[here].map(|above| above as usize);
            if at.is_some_and(|above| visible[above]) {
                break;
            }
        }
        let owner = match at {
            Some(found) if visible[found] && found != lane => Some(found),
            Some(found) => owners[found],
            None => None,
        };
        for hidden in path.drain(..) {
            owners[hidden] = owner;
        }
    }
    owners
}

/// The lanes that stand under each lane, by their indices: those under the first, those under the second, and so on.
struct Under {
    /// Where those under each lane begin, and where those under the last one end.
    begins: Vec<u32>,
    lanes: Vec<u32>,
}

impl Under {
    fn of(visible: &[bool], owners: &[Option<usize>]) -> Self {
        let shown = || {
            let owners = owners.iter().enumerate();
            let shown = owners.filter(|(index, _)| visible[*index]);
            shown.filter_map(|(index, owner)| Some((index, (*owner)?)))
        };
        let mut begins = vec![0; visible.len() + 1];
        shown().for_each(|(_, owner)| begins[owner + 1] += 1);
        for index in 1..begins.len() {
            begins[index] += begins[index - 1];
        }
        let mut next = begins.clone();
        let mut lanes = vec![0; begins[visible.len()] as usize];
        for (index, owner) in shown() {
            lanes[next[owner] as usize] = u32::try_from(index).unwrap_or(u32::MAX);
            next[owner] += 1;
        }
        Self { begins, lanes }
    }

    /// Where those under a lane stand.
    fn places(&self, index: usize) -> Range<usize> {
        self.begins[index] as usize..self.begins[index + 1] as usize
    }

    fn of_lane(&self, index: usize) -> &[u32] {
        &self.lanes[self.places(index)]
    }
}

/// A walk through the tree, which writes its rows. It keeps its own stack, so that no depth overflows the thread's.
struct Walk<'a> {
    ids: &'a [LaneId],
    folded: &'a HashSet<LaneId>,
    under: Under,
    seen: Vec<bool>,
    rows: Vec<Row>,
    /// For every level that the walk is in, whether there are more rows to come.
    more: Vec<bool>,
}

impl<'a> Walk<'a> {
    fn new(
        ids: &'a [LaneId],
        visible: &[bool],
        owners: &[Option<usize>],
        folded: &'a HashSet<LaneId>,
    ) -> Self {
        Self {
            ids,
            folded,
            under: Under::of(visible, owners),
            seen: vec![false; visible.len()],
            rows: Vec::with_capacity(visible.len()),
            more: Vec::new(),
        }
    }

    fn add_tree(&mut self, root: usize) {
        let mut levels = Vec::new();
        if self.add_row(root, 0, false) {
            levels.push(self.under.places(root));
        }
        while let Some(level) = levels.last_mut() {
            let Some(place) = level.next() else {
                levels.pop();
                continue;
            };
            let more = level.start < level.end;
            let index = self.under.lanes[place] as usize;
            if self.add_row(index, levels.len(), more) {
                levels.push(self.under.places(index));
            }
        }
    }

    /// Adds a lane's row, unless it has one. Whether the rows under it follow.
    fn add_row(&mut self, index: usize, depth: usize, more: bool) -> bool {
        if std::mem::replace(&mut self.seen[index], true) {
            return false;
        }
        self.more.truncate(depth);
        self.more.push(more);
        let id = self.ids[index];
        let foldable = !self.under.of_lane(index).is_empty();
        let folded = foldable && self.folded.contains(&id);
        self.rows.push(Row {
            lane: id,
            depth: u16::try_from(depth).unwrap_or(u16::MAX),
            more: self.lines(),
            folded,
            foldable,
        });
        if folded {
            self.hide_under(index);
        }
        foldable && !folded
    }

    fn hide_under(&mut self, index: usize) {
        let mut stack = self.under.of_lane(index).to_vec();
        while let Some(index) = stack.pop() {
            let index = index as usize;
            if !std::mem::replace(&mut self.seen[index], true) {
                stack.extend(self.under.of_lane(index));
            }
        }
    }

    /// The tree's lines before the row that the walk is at.
    fn lines(&self) -> u16 {
        let levels = self.more[1..].iter().rev().take(DEEPEST + 1);
        levels
            .enumerate()
            .fold(0, |lines, (level, &more)| lines | u16::from(more) << level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Cancel, CoroutineEnd, Waker};
    use crate::timeline::story::{self, Story, until};
    use proptest::prelude::*;

    fn tree_with(story: &Story, folded: &[u64], open_coroutines: bool) -> String {
        let timeline = story.timeline();
        let folded = folded.iter().copied().map(LaneId).collect();
        let rows = rows(&timeline, &folded, open_coroutines, Timestamp::ZERO);
        let line = |row: &Row| {
            let fold = if row.folded { " +" } else { "" };
            format!("{}{}{fold}", row.prefix(), timeline.name(row.lane))
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn tree(story: &Story) -> String {
        tree_with(story, &[], false)
    }

    #[test]
    fn what_ended_before_has_no_row_and_what_stood_under_it_moves_up() {
        let story = Story::of_main().poll(1).spawn(3, "parent", Some(1));
        let story = story.waits(1).poll(3).spawn(4, "child", Some(3));
        let story = story.at(10).done(3).poll(4).at(20).waits(4);
        let timeline = story.timeline();
        let since = |nanos: u64| {
            let rows = rows(&timeline, &HashSet::new(), false, Timestamp(nanos));
            let line = |row: &Row| format!("{}{}", row.prefix(), timeline.name(row.lane));
            rows.iter().map(line).collect::<Vec<_>>()
        };
        let ended = 10_000_000;
        assert_eq!(since(ended), ["main", "└ parent", "  └ child"]);
        assert_eq!(since(ended + 1), ["main", "└ child"]);
        let flat = |order, nanos| {
            let rows = flat_rows(&timeline, order, "", Timestamp(nanos));
            let names = rows.iter().map(|row| timeline.name(row.lane).to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(flat(Order::Start, ended + 1), ["main", "child"]);
        assert_eq!(flat(Order::Newest, 0), ["child", "parent", "main"]);
    }

    #[test]
    fn tasks_stand_under_who_spawned_them() {
        insta::assert_snapshot!(tree(&story::two_tasks()), @r#"
        main
        ├ task1
        └ task2
        "#);
        let nested = Story::of_main()
            .spawn(2, "a", Some(1))
            .spawn(3, "b", Some(1))
            .spawn(4, "a1", Some(2))
            .spawn(5, "a2", Some(2))
            .spawn(6, "a11", Some(4))
            .spawn(7, "b1", Some(3));
        insta::assert_snapshot!(tree(&nested), @r#"
        main
        ├ a
        │ ├ a1
        │ │ └ a11
        │ └ a2
        └ b
          └ b1
        "#);
        insta::assert_snapshot!(tree_with(&nested, &[2, 7], false), @r#"
        main
        ├ a +
        └ b
          └ b1
        "#);
    }

    #[test]
    fn a_coroutine_has_a_row_where_it_tells_something() {
        insta::assert_snapshot!(tree_with(&story::two_tasks(), &[], true), @r#"
        main
        ├ task1
        │ └ say_after
        └ task2
          └ say_after
        "#);
        insta::assert_snapshot!(tree(&story::endings()), @r#"
        main
        ├ nested
        ├ slow
        ├ broken
        ├ forgotten
        └ job()
        "#);
    }

    #[test]
    fn calling_an_async_function_runs_nothing() {
        let called = Story::of_main().poll(1).call(2, "nested", 1);
        assert_eq!(tree(&called), "main");
        let left_alone = called.clone().waits(1);
        assert_eq!(tree(&left_alone), "main\n└ nested");
        let awaited_at_once = called.begin(2, 1, Some(1));
        assert_eq!(tree(&awaited_at_once.waits(1).at(5).poll(1)), "main");
        let awaited_in_a_later_poll =
            left_alone
                .wake(1, Waker::Itself)
                .poll(1)
                .begin(2, 1, Some(1));
        assert_eq!(tree(&awaited_in_a_later_poll), "main\n└ nested");
    }

    #[test]
    fn what_a_coroutine_spawns_stands_under_its_host() {
        let story = Story::of_main()
            .poll(1)
            .call(2, "f", 1)
            .begin(2, 1, Some(1))
            .call(3, "g", 2);
        let story = story.begin(3, 1, Some(2)).spawn(4, "task", Some(3));
        assert_eq!(tree(&story), "main\n└ task");
    }

    #[test]
    fn a_coroutine_that_ends_before_its_host_has_a_row() {
        let story = Story::of_main()
            .poll(1)
            .call(2, "f", 1)
            .begin(2, 1, Some(1));
        let story = story.enter(1, 1, "sleep", until(9)).waits(1).at(3);
        let cancelled = CoroutineEnd::Cancelled {
            why: Cancel::Dropped,
        };
        let dropped = story.clone().poll(1).end(2, cancelled.clone());
        assert_eq!(tree(&dropped), "main\n└ f");
        let with_its_host = story.end(2, cancelled).cancel(1, Cancel::Shutdown);
        assert_eq!(tree(&with_its_host), "main");
    }

    #[test]
    fn several_runtimes_have_rows() {
        let one = Story::default().runtime(1).spawn(2, "main", Some(1));
        assert_eq!(tree(&one), "main");
        let two = one.runtime(3).spawn(4, "other", Some(3));
        assert_eq!(tree(&two), "runtime\n└ main\nruntime\n└ other");
    }

    #[test]
    fn depth_and_circles_do_no_harm() {
        let mut deep = Story::of_main();
        for lane in 2..20_000 {
            deep = deep.spawn(lane, "t", Some(lane - 1));
        }
        let rows = rows(&deep.timeline(), &HashSet::new(), false, Timestamp::ZERO);
        assert_eq!(rows.len(), 19_999);
        assert!(
            rows.iter()
                .all(|row| row.prefix().chars().count() <= 2 * DEEPEST + 3)
        );
        let circle = Story::default()
            .spawn(1, "a", Some(2))
            .spawn(2, "b", Some(1))
            .spawn(3, "c", Some(2));
        assert_eq!(tree(&circle), "a\n└ b\n  └ c");
    }

    proptest! {
        #[test]
        fn every_task_has_one_row(
            parents in proptest::collection::vec((0_u64..24, proptest::bool::ANY), 0..20), folded: [u64; 3],
        ) {
            let mut story = Story::default();
            for (lane, &(parent, coroutine)) in (1..).zip(&parents) {
                story = if coroutine {
                    story.call(lane, "c", parent).begin(lane, parent / 2, Some(1))
                } else {
                    story.spawn(lane, "t", Some(parent))
                };
            }
            let timeline = story.timeline();
            let all = rows(&timeline, &HashSet::new(), true, Timestamp::ZERO);
            let ids: HashSet<LaneId> = all.iter().map(|row| row.lane).collect();
            prop_assert_eq!(ids.len(), all.len());
            prop_assert_eq!(ids.len(), timeline.lanes().len());
            let folded: HashSet<LaneId> = folded.map(|id| LaneId(id % 20)).into();
            let few = rows(&timeline, &folded, true, Timestamp::ZERO);
            prop_assert!(few.len() <= all.len());
        }
    }
}
