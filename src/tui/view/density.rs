//! The lanes from so far that a row is many of them, and the whole session in a line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::ruler::Ruler;
use super::text::{put, put_line, span};
use crate::event::{Text, Timestamp};
use crate::text::width::cut;
use crate::timeline::density::Share;
use crate::timeline::glyph::Glyph;
use crate::tui::app::SessionView;
use crate::tui::app::columns::bars;
use crate::tui::app::theme::{Role, Theme};

/// Signs for how many of a row's lanes are polled, from few to all.
const RUNNING: [&str; 4] = ["▂", "▄", "▆", "█"];
const RUNNING_ASCII: [&str; 4] = [".", "o", "O", "#"];
/// Signs for how many of them are ready, where those are more.
const READY: [&str; 3] = ["░", "▒", "▓"];
const READY_ASCII: [&str; 3] = [",", ";", "%"];
/// Signs for how many events there were in a column of the whole session.
const HEIGHTS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const HEIGHTS_ASCII: [&str; 8] = [".", ".", ":", ":", "|", "|", "#", "#"];

/// Draws rows of many lanes each. Returns `true` if all visible cells are loaded.
pub fn draw(viewer: &SessionView, theme: Theme, area: Rect, buf: &mut Buffer) -> bool {
    let bars = bars(viewer.lanes.widest, area);
    if bars.width == 0 {
        return true;
    }
    let window = viewer
        .lanes
        .viewport
        .window(bars.width, viewer.playback.now());
    let ruler = Ruler {
        window,
        theme: &theme,
    };
    let above = Rect {
        y: area.y,
        height: 1,
        ..bars
    };
    ruler.render(above, buf);
    let per = viewer.lanes.per_row(bars.height.into());
    let rows = &viewer.lanes.rows;
    let shares = viewer.shares(&window, per);
    let selected = viewer.lanes.place().map(|place| place / per);
    for ((index, group), y) in rows.chunks(per).enumerate().zip(bars.y..bars.bottom()) {
        let names = Rect {
            y,
            height: 1,
            width: bars.x - area.x,
            ..area
        };
        let name = viewer.playback.timeline().name(group[0].lane);
        draw_name(
            name,
            group.len(),
            selected == Some(index),
            theme,
            names,
            buf,
        );
        let line = Rect {
            y,
            height: 1,
            ..bars
        };
        let shares = shares.get(index).map_or(&[][..], Vec::as_slice);
        draw_shares(shares, theme, line, buf);
    }
    shares.iter().flatten().all(|share| share.not_loaded == 0)
}

fn draw_shares(shares: &[Share], theme: Theme, line: Rect, buf: &mut Buffer) {
    for (cell, share) in line.positions().zip(shares) {
        let (symbol, role) = sign(share, theme);
        buf[cell].set_symbol(symbol).set_style(theme.style(role));
    }
}

fn draw_name(
    name: &Text,
    lanes: usize,
    selected: bool,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let more = if lanes > 1 {
        format!(" +{}", lanes - 1)
    } else {
        String::new()
    };
    let pointer = if selected {
        theme.glyph(Glyph::Pointer)
    } else {
        " "
    };
    let room = usize::from(area.width).saturating_sub(more.len() + 3);
    let name = cut(name.raw(), room, theme.glyph(Glyph::More));
    let role = if selected { Role::Accent } else { Role::Text };
    let line = Line::from(vec![
        span(theme, Role::Accent, pointer),
        span(theme, role, name.into_owned()),
        span(theme, Role::Dim, more),
    ]);
    put_line(theme, buf, area, &line);
}

/// The sign for what the lanes of a row do in a column.
fn sign(share: &Share, theme: Theme) -> (&'static str, Role) {
    let Share {
        there,
        running,
        ready,
        lost,
        not_loaded,
    } = *share;
    let level = |of: u32, levels: usize| {
        let level = (u64::from(of) * levels as u64).div_ceil(u64::from(there.max(1)));
        (level as usize).clamp(1, levels) - 1
    };
    let (runs, waits) = if theme.ascii {
        (RUNNING_ASCII, READY_ASCII)
    } else {
        (RUNNING, READY)
    };
    match (there, running, ready) {
        (0, ..) => (" ", Role::Text),
        _ if not_loaded > 0 => (theme.glyph(Glyph::NotLoaded), Role::Dim),
        _ if lost * 2 > there => (theme.glyph(Glyph::Unknown), Role::Unknown),
        _ if ready > running => (waits[level(ready, 3)], Role::Ready),
        (_, 1.., _) => (runs[level(running, 4)], Role::Running),
        _ => (theme.glyph(Glyph::Waiting), Role::Waiting),
    }
}

/// Draws the legend.
pub fn legend(theme: Theme, is_loaded: bool, area: Rect, buf: &mut Buffer) {
    let (runs, waits) = if theme.ascii {
        (RUNNING_ASCII.concat(), READY_ASCII.concat())
    } else {
        (RUNNING.concat(), READY.concat())
    };
    let mut line = Line::from(vec![
        span(theme, Role::Running, format!(" {runs}")),
        span(theme, Role::Dim, " few to all run  "),
        span(theme, Role::Ready, waits),
        span(theme, Role::Dim, " few to all are ready  "),
        span(theme, Role::Waiting, theme.glyph(Glyph::Waiting)),
        span(theme, Role::Dim, " all wait"),
    ]);
    if !is_loaded {
        let sign = theme.glyph(Glyph::NotLoaded);
        line.push_span(span(theme, Role::Dim, format!("  {sign} not loaded")));
    }
    put_line(theme, buf, area, &line);
}

/// Draws the whole session in a line: how much happened when, and which part of it is seen.
pub fn minimap(viewer: &SessionView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let playback = &viewer.playback;
    let viewport = &viewer.lanes.viewport;
    let (begin, end) = playback.spans();
    if area.width < 8 || end <= begin || viewport.sees(begin, end) {
        return;
    }
    let width = u64::from(area.width);
    let at = |column: u64| {
        let offset = u128::from(end - begin) * u128::from(column) / u128::from(width);
        Timestamp(begin.0 + u64::try_from(offset).unwrap_or(u64::MAX))
    };
    let places: Vec<u64> = (0..=width)
        .map(|column| playback.place_about(at(column)))
        .collect();
    let counts = places
        .windows(2)
        .map(|places| places[1].saturating_sub(places[0]));
    let counts: Vec<u64> = counts.collect();
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let heights = if theme.ascii { HEIGHTS_ASCII } else { HEIGHTS };
    for (column, count) in (0..width).zip(counts) {
        let x = area.x + column as u16;
        let seen = at(column) < viewport.end() && at(column + 1) > viewport.start;
        let level = (count * 8).div_ceil(most).clamp(1, 8) as usize - 1;
        let role = if seen { Role::Accent } else { Role::Dim };
        let symbol = if count == 0 && !seen {
            " "
        } else {
            heights[level]
        };
        buf[(x, area.y)]
            .set_symbol(symbol)
            .set_style(theme.style(role));
    }
}

/// Says how the lanes are ordered, and which are shown, in the free place beside the ruler.
pub fn ordered(viewer: &SessionView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let names = bars(viewer.lanes.widest, area).x - area.x;
    let place = Rect {
        width: names.saturating_sub(1),
        height: area.height.min(1),
        ..area
    };
    let text = viewer.lanes.ordered();
    put(theme, buf, place, &text, theme.style(Role::Accent));
    if viewer.lanes.rows.is_empty() && !viewer.lanes.filter.is_empty() && area.height > 1 {
        let text = format!(
            " No lane has “{}” in its name or its awaits.",
            viewer.lanes.filter
        );
        let text = if theme.ascii {
            text.replace(['“', '”'], "\"")
        } else {
            text
        };
        let line = Rect {
            y: area.y + 1,
            height: 1,
            ..area
        };
        put(theme, buf, line, &text, theme.style(Role::Dim));
    }
}
