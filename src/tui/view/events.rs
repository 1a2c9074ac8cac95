//! The events panel: what happened last, and why the selected lane stands where it stands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::text::{framed, padded, put_line, put_text, span, wrapped};
use crate::insight::{self, Tone};
use crate::text::units::time_text;
use crate::text::width::width;
use crate::tui::app::SessionView;
use crate::tui::app::theme::{Role, Theme};

/// The widest that a lane's name gets here.
const NAME: usize = 14;
/// Columns of the panel below which its lines are not in columns.
const NARROW: u16 = 46;

/// Draws the panel.
pub fn draw(viewer: &SessionView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let inner = framed(theme, area, "events", buf);
    let text_width = usize::from(inner.width.saturating_sub(2));
    let why = why(viewer);
    let lines = wrapped(&why, text_width)
        .len()
        .min(usize::from(inner.height / 2));
    let below = (lines as u16 + 1).min(inner.height);
    let list = Rect {
        height: inner.height - below,
        ..inner
    };
    draw_list(viewer, theme, list, buf);
    let below = Rect {
        y: list.bottom() + 1,
        height: below.saturating_sub(1),
        ..inner
    };
    put_text(theme, buf, below, &why, theme.style(Role::Dim));
}

fn draw_list(viewer: &SessionView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let recent = viewer.playback.recent();
    let first = recent.len().saturating_sub(area.height.into());
    let shown: Vec<_> = recent.iter().skip(first).collect();
    let timeline = viewer.playback.timeline();
    let name = |line: &insight::Line| match line.lane {
        Some(lane) => timeline.name(lane).to_string(),
        None => String::new(),
    };
    let widest =
        |of: &dyn Fn(&insight::Line) -> usize| shown.iter().map(|line| of(line)).max().unwrap_or(0);
    let time_width = widest(&|line| width(&time_text(line.at)));
    let most = NAME.min(usize::from(area.width / 4));
    let name_width = widest(&|line| width(&name(line))).min(most);
    // Where there is little room, the lines read on as sentences rather than in columns.
    let (gap, verb_width) = if area.width < NARROW {
        (" ", 0)
    } else {
        ("  ", widest(&|line| width(line.verb)))
    };
    for (row, line) in area.rows().zip(&shown) {
        let time = time_text(line.at);
        let blanks = " ".repeat(time_width.saturating_sub(width(&time)));
        let mut drawn = Line::from(vec![
            span(theme, Role::Dim, format!(" {blanks}{time}{gap}")),
            span(theme, Role::Text, padded(&name(line), name_width, theme)),
            span(theme, Role::Text, gap),
            span(
                theme,
                role(line.tone),
                padded(line.verb, verb_width.max(width(line.verb)), theme),
            ),
        ]);
        if !line.detail.is_empty() {
            let detail = format!("{gap}{}", line.detail);
            drawn.push_span(span(theme, Role::Dim, detail));
        }
        put_line(theme, buf, row, &drawn);
    }
    if let Some(current) = shown.len().checked_sub(1)
        && let Some(row) = area.rows().nth(current)
    {
        buf.set_style(row, ground(theme));
    }
}

/// The ground of what is selected, without its colour of text.
pub(super) fn ground(theme: Theme) -> ratatui::style::Style {
    let mut style = theme.style(Role::Selected);
    style.fg = None;
    style
}

/// The role that colours a tone.
pub fn role(tone: Tone) -> Role {
    match tone {
        Tone::Running => Role::Running,
        Tone::Ready => Role::Ready,
        Tone::Waiting => Role::Waiting,
        Tone::Done => Role::Done,
        Tone::Cancelled => Role::Cancelled,
        Tone::Panicked => Role::Panicked,
        Tone::Note => Role::Text,
        Tone::Error => Role::Error,
    }
}

/// Returns why the selected lane is in its state, in a sentence.
pub fn why(viewer: &SessionView) -> String {
    let playback = &viewer.playback;
    let why = |lane| insight::why(playback.timeline(), lane, playback.now());
    viewer.lanes.selected.map(why).unwrap_or_default()
}
