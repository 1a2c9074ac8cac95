//! Where things stand on the screen. Drawing and the mouse both ask here.

use ratatui::layout::{Constraint, Layout, Rect, Size};

use crate::tui::app::Panels;

/// The size below which there are no panels beside the lanes.
pub const PANELS_FROM: Size = Size::new(60, 15);
/// The size below which there is nothing but a line that says so.
pub const LEAST: Size = Size::new(30, 6);
/// The most lines that panels take beyond half of the screen.
const MOST: u16 = 26;
/// The lines of the ruler above the lanes.
const RULER: u16 = 1;

/// The parts of the lanes screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// The status line.
    pub header: Rect,
    /// The line for the whole session; empty where there is no room.
    pub minimap: Rect,
    /// The ruler and the lanes.
    pub lanes: Rect,
    /// The legend; empty if there is no room.
    pub legend: Rect,
    /// The why line, where the events panel does not hold it.
    pub why: Rect,
    /// The code panel.
    pub code: Option<Rect>,
    /// The events panel.
    pub events: Option<Rect>,
    /// The keys.
    pub footer: Rect,
}

impl Areas {
    /// Returns the number of lanes that fit.
    pub fn lane_rows(&self) -> usize {
        self.lanes.height.saturating_sub(RULER).into()
    }
}

/// Returns `true` if a screen of this size is too small for anything.
pub fn too_small(size: Size) -> bool {
    size.width < LEAST.width || size.height < LEAST.height
}

/// Returns the number of lines of a list on a screen of this size.
pub fn page(size: Size) -> usize {
    size.height.saturating_sub(6).max(1).into()
}

/// The parts of the lanes screen, at this size and with these panels. Where it is known how many `lanes` there will be at
/// most, the panels take the room that these do not need.
pub fn areas(size: Size, panels: Panels, lanes: Option<usize>) -> Areas {
    let screen = Rect::from((ratatui::layout::Position::ORIGIN, size));
    let small = size.width < PANELS_FROM.width || size.height < PANELS_FROM.height;
    let panels = if small { Panels::None } else { panels };
    let roomy = size.height >= 20;
    // The panels take half of what is there, since the code is to be read.
    let (why, below) = match panels {
        Panels::None | Panels::Code => (if size.height >= 10 { 2 } else { 1 }, 0),
        Panels::Both | Panels::Events => (0, 0),
    };
    let half = (size.height / 2).clamp(6, 18);
    // The lanes' own rows, one that stays free, and all lines besides them and the panels.
    let lanes = lanes.map(|lanes| u16::try_from(lanes).unwrap_or(u16::MAX));
    let spare = lanes.map(|lanes| size.height.saturating_sub(lanes.saturating_add(RULER + 5)));
    let panel_rows = match panels {
        Panels::None => below,
        _ => spare.map_or(half, |spare| spare.clamp(half, half.max(MOST))),
    };
    let [header, gap, lanes, legend, why, panel, footer] = screen.layout(&Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(u16::from(roomy)),
        Constraint::Min(2),
        Constraint::Length(u16::from(size.height >= 10)),
        Constraint::Length(why),
        Constraint::Length(panel_rows),
        Constraint::Length(1),
    ]));
    // On a narrow screen the code, which cannot be wrapped, has the larger part.
    let parts = if size.width < 100 { 9 } else { 8 };
    let [left, right] = panel.layout(&Layout::horizontal([
        Constraint::Fill(parts),
        Constraint::Fill(8),
    ]));
    let (code, events) = match panels {
        Panels::Both => (Some(left), Some(right)),
        Panels::Code => (Some(panel), None),
        Panels::Events => (None, Some(panel)),
        Panels::None => (None, None),
    };
    Areas {
        header,
        minimap: gap,
        lanes,
        legend,
        why,
        code,
        events,
        footer,
    }
}

/// A place for something that lies over the screen: so large, and not larger than the screen.
pub fn over(screen: Rect, width: u16, height: u16) -> Rect {
    let [column] = screen
        .layout(&Layout::horizontal([Constraint::Max(width)]).flex(ratatui::layout::Flex::Center));
    let [place] = column
        .layout(&Layout::vertical([Constraint::Max(height)]).flex(ratatui::layout::Flex::Center));
    place
}
