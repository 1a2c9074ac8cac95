//! The lanes: who runs, who waits, and who ended, over time.
//!
//! From left to right: the selected row's pointer, the tree with the lanes' names, a column that stays free for arrows,
//! and the bars. From top to bottom: the ruler, and a row for each lane.

mod arrows;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::ruler::Ruler;
use super::text::put_at;
use crate::event::{LaneId, Timestamp};
use crate::text::width::{cut, width};
use crate::timeline::cells::{Cell, Window};
use crate::timeline::glyph::{self, LEGEND, Weight, ascii_tree};
use crate::timeline::labels::{About, Label, is_stuck, labels};
use crate::timeline::rows::Row;
use crate::timeline::{Lane, LaneKind, State, Timeline};
use crate::tui::app::columns::{self, GAP, POINTER};
use crate::tui::app::theme::{Glyph, Role, Theme};
use crate::tui::app::viewport::Viewport;
use crate::tui::app::{Drawn, Playback, Scene, SessionView};

/// The lanes under their ruler.
#[derive(Clone, Copy, Debug)]
pub struct LanesView<'a> {
    /// The timeline until the present.
    pub timeline: &'a Timeline,
    /// The loaded data of the visible part, if the timeline does not hold all of it.
    pub scene: Option<(&'a Playback, &'a Scene)>,
    /// All rows, see [`rows`](crate::timeline::rows::rows).
    pub rows: &'a [Row],
    /// The index of the first row that is seen.
    pub first: usize,
    /// The stretch of time that is seen.
    pub viewport: &'a Viewport,
    /// The selected lane, whose arrows are drawn.
    pub selected: Option<LaneId>,
    /// The cursor: nothing later is drawn.
    pub now: Timestamp,
    /// The theme.
    pub theme: &'a Theme,
    /// The columns of the widest name, if known.
    pub widest: Option<usize>,
    /// Lanes whose names stand out, such as those that were searched for.
    pub highlights: &'a [LaneId],
}

/// A row that is seen.
struct SeenRow<'a> {
    row: &'a Row,
    lane: &'a Lane,
    cells: Vec<Cell>,
    y: u16,
}

impl LanesView<'_> {
    /// Returns the lanes of a session as its viewer shows them.
    pub fn of<'a>(viewer: &'a SessionView, theme: &'a Theme) -> LanesView<'a> {
        let SessionView {
            playback,
            lanes,
            scene,
            ..
        } = viewer;
        LanesView {
            timeline: playback.timeline(),
            scene: Some((playback, scene)),
            rows: &lanes.rows,
            first: lanes.first,
            viewport: &lanes.viewport,
            selected: lanes.selected,
            now: playback.now(),
            theme,
            widest: Some(lanes.widest),
            highlights: &lanes.highlights,
        }
    }

    /// Returns the part of the area where the bars are.
    pub fn bars(&self, area: Rect) -> Rect {
        let widest = self.widest;
        let widest = widest.unwrap_or_else(|| columns::widest(self.rows, self.timeline));
        columns::bars(widest, area)
    }

    fn drawn(&self, window: &Window) -> Drawn<'_> {
        match self.scene {
            Some((playback, scene)) => scene.drawn(playback, window),
            None => Drawn::Whole(self.timeline),
        }
    }

    fn seen<'b>(&'b self, drawn: &Drawn<'b>, bars: Rect, window: &Window) -> Vec<SeenRow<'b>> {
        let rows = self.rows.iter().skip(self.first).zip(bars.y..bars.bottom());
        let detail = drawn.timeline();
        let seen = rows.filter_map(|(row, y)| {
            let lane = detail.lane(row.lane);
            let lane = lane.or_else(|| self.timeline.lane(row.lane))?;
            let cells = drawn.cells(lane, window);
            Some(SeenRow {
                row,
                lane,
                cells,
                y,
            })
        });
        seen.collect()
    }

    fn is_selected(&self, seen: &SeenRow<'_>) -> bool {
        self.selected == Some(seen.lane.id)
    }

    fn draw_name(&self, seen: &SeenRow<'_>, area: Rect, names: u16, buf: &mut Buffer) {
        let dim = self.theme.style(Role::Dim);
        if self.is_selected(seen) {
            let style = self.theme.style(Role::Accent);
            let pointer = self.theme.glyph(Glyph::Pointer);
            put_at(buf, (area.x, seen.y), pointer, names.into(), style);
        }
        let room = usize::from(names.saturating_sub(POINTER + GAP));
        let tree = self.tree(seen.row);
        let begin = area.x + POINTER.min(names);
        let x = put_at(buf, (begin, seen.y), &tree, room, dim);
        let room = room.saturating_sub(usize::from(x - begin));
        let name = cut(seen.lane.name.raw(), room, self.theme.glyph(Glyph::More));
        put_at(buf, (x, seen.y), &name, room, self.name_style(seen));
    }

    /// The tree's lines before a name, and the sign of a folded row.
    fn tree(&self, row: &Row) -> String {
        let lines = if self.theme.ascii {
            ascii_tree(&row.prefix())
        } else {
            row.prefix()
        };
        if row.folded {
            format!("{lines}{} ", self.theme.glyph(Glyph::Pointer))
        } else {
            lines
        }
    }

    fn name_style(&self, seen: &SeenRow<'_>) -> Style {
        let thin = Weight::from(seen.lane.kind) != Weight::Broad;
        let style = self.theme.style(if thin { Role::Dim } else { Role::Text });
        if self.highlights.contains(&seen.lane.id) {
            let accent = self.theme.style(Role::Accent);
            return style.patch(accent).add_modifier(Modifier::UNDERLINED);
        }
        match self.theme.style(Role::Selected) {
            _ if !self.is_selected(seen) => style,
            ground if ground.bg.is_none() => style.patch(ground),
            _ => style.add_modifier(Modifier::BOLD),
        }
    }

    fn draw_cells(&self, seen: &SeenRow<'_>, bars: Rect, buf: &mut Buffer) {
        let weight = Weight::from(seen.lane.kind);
        for (x, &cell) in (bars.x..).zip(&seen.cells) {
            let Some(sign) = glyph::of_cell(cell, weight) else {
                continue;
            };
            let partial = match cell {
                Cell::Running(fill) => glyph::partial(fill, weight, self.theme.ascii),
                _ => None,
            };
            let (symbol, reversed) = partial.unwrap_or((self.theme.glyph(sign), false));
            let mut style = self.theme.style(cell_role(cell, weight));
            if reversed {
                style = style.add_modifier(Modifier::REVERSED);
            }
            buf[(x, seen.y)].set_symbol(symbol).set_style(style);
        }
    }

    /// Draws the present across the rows, behind all that is not just a wait.
    fn draw_now(&self, seen: &[SeenRow<'_>], bars: Rect, window: &Window, buf: &mut Buffer) {
        let Some(column) = window.column_of(self.now) else {
            return;
        };
        let style = self.theme.style(Role::Cursor);
        for y in bars.y..bars.bottom() {
            let row = seen.get(usize::from(y - bars.y));
            let cell = row.map_or(Cell::Empty, |row| row.cells[usize::from(column)]);
            if matches!(
                cell,
                Cell::Empty | Cell::Waiting | Cell::Idle | Cell::NotLoaded
            ) {
                let symbol = self.theme.glyph(Glyph::NowLine);
                buf[(bars.x + column, y)]
                    .set_symbol(symbol)
                    .set_style(style);
            }
        }
    }

    fn draw_labels(
        &self,
        timeline: &Timeline,
        seen: &SeenRow<'_>,
        bars: Rect,
        window: &Window,
        buf: &mut Buffer,
    ) {
        let signs = glyph::signs(self.theme.ascii);
        // The detail may hold later events.
        let lane = self.timeline.lane(seen.row.lane).unwrap_or(seen.lane);
        let is_stuck = is_stuck(lane, self.now);
        for label in labels(timeline, seen.lane, is_stuck, &seen.cells, window, signs) {
            self.draw_label(&label, seen.y, bars, buf);
        }
        if is_stuck && let Some(column) = window.column_of(self.now) {
            let x = bars.x + (column + 1).min(bars.width - 1);
            let style = self.theme.style(Role::Error);
            buf[(x, seen.y)]
                .set_symbol(self.theme.glyph(Glyph::Unwakeable))
                .set_style(style);
        }
    }

    fn draw_label(&self, label: &Label, y: u16, bars: Rect, buf: &mut Buffer) {
        let Some(room) = bars.width.checked_sub(label.column) else {
            return;
        };
        let role = match label.about {
            About::Wait | About::Mark | About::End(State::Done) => Role::Dim,
            About::End(state) => cell_role(Cell::End(state), Weight::Broad),
            About::Stuck => Role::Error,
        };
        let style = self.theme.style(role);
        let place = (bars.x + label.column, y);
        put_at(buf, place, &label.text, room.into(), style);
    }

    /// Lays the selection's ground under a row. What has the terminal's own colour takes the selection's with it.
    fn draw_ground(&self, y: u16, area: Rect, buf: &mut Buffer) {
        let ground = self.theme.style(Role::Selected);
        let (Some(fg), Some(bg)) = (ground.fg, ground.bg) else {
            return;
        };
        for x in area.x..area.right() {
            let cell = &mut buf[(x, y)];
            cell.bg = bg;
            if cell.fg == Color::Reset {
                cell.fg = fg;
            }
        }
    }
}

impl LanesView<'_> {
    /// Draws the lanes. Returns `true` if all visible cells are loaded.
    pub fn draw(&self, area: Rect, buf: &mut Buffer) -> bool {
        let area = area.intersection(buf.area);
        let bars = self.bars(area);
        if area.is_empty() || bars.width == 0 {
            return true;
        }
        let window = self.viewport.window(bars.width, self.now);
        let ruler = Rect {
            y: area.y,
            height: 1,
            ..bars
        };
        Ruler {
            window,
            theme: self.theme,
        }
        .render(ruler, buf);
        let drawn = self.drawn(&window);
        let seen = self.seen(&drawn, bars, &window);
        for seen in &seen {
            self.draw_name(seen, area, bars.x - area.x, buf);
            self.draw_cells(seen, bars, buf);
        }
        self.draw_now(&seen, bars, &window, buf);
        self.draw_arrows(&seen, bars, &window, buf);
        for seen in &seen {
            self.draw_labels(drawn.timeline(), seen, bars, &window, buf);
            if self.is_selected(seen) {
                self.draw_ground(seen.y, area, buf);
            }
        }
        seen.iter()
            .all(|seen| !seen.cells.contains(&Cell::NotLoaded))
    }
}

impl Widget for &LanesView<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        self.draw(area, buf);
    }
}

/// The signs of the usual states and of the others that occur, and what they mean: as many as fit into `room` columns,
/// in fewer words where not all of them do.
pub fn legend(
    theme: &Theme,
    rows: &[Row],
    timeline: &Timeline,
    is_loaded: bool,
    room: usize,
) -> Line<'static> {
    let occur = |entry: &(Glyph, &str)| match entry.0 {
        Glyph::NotLoaded => !is_loaded,
        glyph => occurs(glyph, rows, timeline),
    };
    let mut entries: Vec<_> = LEGEND.into_iter().filter(occur).collect();
    let columns = |meaning: &str| width(meaning) + 4;
    let needed: usize = entries.iter().map(|entry| columns(entry.1)).sum();
    if needed > room + 1 {
        for (_, meaning) in &mut entries {
            *meaning = meaning.split_once(',').map_or(*meaning, |(word, _)| word);
        }
    }
    let mut spans = Vec::new();
    let mut used = 0;
    for (glyph, meaning) in entries {
        let gap = if used == 0 { " " } else { "  " };
        let columns = gap.len() + 2 + width(meaning);
        if used + columns > room {
            continue;
        }
        used += columns;
        spans.push(Span::raw(gap));
        spans.push(Span::styled(
            theme.glyph(glyph),
            theme.style(glyph_role(glyph)),
        ));
        spans.push(Span::styled(format!(" {meaning}"), theme.style(Role::Dim)));
    }
    Line::from(spans)
}

/// Returns `true` if a sign is on some lane, or is always explained.
fn occurs(glyph: Glyph, rows: &[Row], timeline: &Timeline) -> bool {
    let lanes = || rows.iter().filter_map(|row| timeline.lane(row.lane));
    let any = |is: &dyn Fn(&Lane) -> bool| lanes().any(is);
    match glyph {
        Glyph::Cancelled => any(&|lane| lane.state() == State::Cancelled),
        Glyph::Left => any(&|lane| lane.state() == State::Left),
        Glyph::Panicked => any(&|lane| lane.state() == State::Panicked),
        Glyph::NeverPolled => any(&|lane| lane.state() == State::NeverPolled),
        Glyph::Created => any(&|lane| {
            lane.kind == LaneKind::Coroutine
                && lane.started.is_none_or(|started| started > lane.start)
        }),
        Glyph::Unwakeable => any(&|lane| lane.unwakeable),
        Glyph::Unknown => timeline.lost() > 0,
        _ => true,
    }
}

fn cell_role(cell: Cell, weight: Weight) -> Role {
    glyph::of_cell(cell, weight).map_or(Role::Text, glyph_role)
}

fn glyph_role(glyph: Glyph) -> Role {
    match glyph {
        Glyph::Running | Glyph::RunningThin => Role::Running,
        Glyph::Ready | Glyph::ReadyThin => Role::Ready,
        Glyph::Waiting | Glyph::WaitingThin | Glyph::Left => Role::Waiting,
        Glyph::Created | Glyph::CreatedLine => Role::Created,
        Glyph::Done => Role::Done,
        Glyph::Cancelled | Glyph::NeverPolled => Role::Cancelled,
        Glyph::Panicked => Role::Panicked,
        Glyph::Unwakeable => Role::Error,
        Glyph::Unknown => Role::Unknown,
        Glyph::NotLoaded => Role::Dim,
        Glyph::Open => Role::Border,
        _ => Role::Text,
    }
}

#[cfg(test)]
mod tests;
