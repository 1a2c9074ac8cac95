//! The signs that lanes are drawn with, each in a plain ASCII form too. They differ without any colour.

use crate::timeline::cells::{Cell, Fill};
use crate::timeline::labels::Signs;
use crate::timeline::{LaneKind, State};

/// A sign, one column wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Glyph {
    /// A task is polled.
    Running,
    /// A branch or coroutine is polled.
    RunningThin,
    /// A runtime is open.
    Open,
    /// A task was woken and is not polled yet.
    Ready,
    /// The same, of a branch or coroutine.
    ReadyThin,
    /// A task waits.
    Waiting,
    /// A branch or coroutine waits.
    WaitingThin,
    /// A coroutine is created.
    Created,
    /// It was created before and nothing of it has run.
    CreatedLine,
    /// It completed.
    Done,
    /// It was cancelled.
    Cancelled,
    /// Its branch was left: the future or task that it waited for was not cancelled.
    Left,
    /// It panicked.
    Panicked,
    /// A coroutine was dropped without ever being polled.
    NeverPolled,
    /// Events were lost.
    Unknown,
    /// Not loaded yet.
    NotLoaded,
    /// Nothing can wake it.
    Unwakeable,
    /// The present, on the ruler.
    Now,
    /// The present, across the lanes.
    NowLine,
    /// A tick of the ruler.
    Tick,
    /// An arrow's end at a lane above which it goes on.
    FromAbove,
    /// An arrow's end at a lane below which it goes on.
    FromBelow,
    /// An arrow's end between two others.
    Between,
    /// An arrow passes an empty place.
    Stem,
    /// An arrow passes a lane that waits.
    Cross,
    /// The head of an arrow.
    Head,
    /// The selected row, and a folded one.
    Pointer,
    /// A text goes on.
    More,
    /// An await within another.
    Within,
    /// A session plays.
    Play,
    /// A session is paused.
    Pause,
    /// It is recorded.
    Record,
    /// A task stands at this line of code.
    Here,
}

impl Glyph {
    /// The sign itself.
    pub fn text(self, ascii: bool) -> &'static str {
        let (plain, fine) = self.forms();
        if ascii { plain } else { fine }
    }

    fn forms(self) -> (&'static str, &'static str) {
        match self {
            Self::Running => ("#", "█"),
            Self::RunningThin => ("=", "▄"),
            Self::Open => ("_", "═"),
            Self::Ready => ("%", "▒"),
            Self::ReadyThin => ("~", "░"),
            Self::Waiting => ("-", "─"),
            Self::WaitingThin => ("-", "╌"),
            Self::Created => ("o", "○"),
            Self::CreatedLine => (".", "┈"),
            Self::Done => ("+", "✓"),
            Self::Cancelled => ("x", "✗"),
            Self::Left => ("]", "⊣"),
            Self::Panicked => ("!", "‼"),
            Self::NeverPolled => ("0", "∅"),
            Self::Unknown => ("/", "╱"),
            Self::NotLoaded => ("'", "·"),
            Self::Unwakeable => ("?", "⊘"),
            Self::Now => ("v", "▼"),
            Self::NowLine => (":", "╎"),
            Self::Tick => ("|", "╷"),
            Self::FromAbove => ("`", "╰"),
            Self::FromBelow => (",", "╭"),
            Self::Between => ("|", "├"),
            Self::Stem => ("|", "│"),
            Self::Cross => ("+", "┼"),
            Self::Head | Self::Pointer => (">", "▸"),
            Self::More => ("~", "…"),
            Self::Within => (">", "›"),
            Self::Play => (">", "▶"),
            Self::Pause => ("=", "⏸"),
            Self::Record => ("*", "●"),
            Self::Here => ("<", "◀"),
        }
    }
}

/// The states' signs and what they mean, the most usual first.
pub const LEGEND: [(Glyph, &str); 12] = [
    (Glyph::Running, "running"),
    (Glyph::Ready, "ready, not polled yet"),
    (Glyph::Waiting, "waiting"),
    (Glyph::Done, "done"),
    (Glyph::Cancelled, "cancelled"),
    (Glyph::Left, "left, not cancelled"),
    (Glyph::Panicked, "panicked"),
    (Glyph::Created, "created, nothing run"),
    (Glyph::NeverPolled, "never awaited"),
    (Glyph::Unwakeable, "nothing can wake it"),
    (Glyph::Unknown, "events lost"),
    (Glyph::NotLoaded, "not loaded"),
];

/// The signs within the texts on lanes.
pub fn signs(ascii: bool) -> Signs {
    Signs {
        more: Glyph::More.text(ascii),
        within: Glyph::Within.text(ascii),
    }
}

/// How broad a lane is drawn: tasks broader than what is a part of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// A task.
    Broad,
    /// A branch or coroutine.
    Thin,
    /// A runtime.
    Line,
}

impl From<LaneKind> for Weight {
    fn from(kind: LaneKind) -> Self {
        match kind {
            LaneKind::Task(_) => Self::Broad,
            LaneKind::Branch(_) | LaneKind::Coroutine => Self::Thin,
            LaneKind::Runtime(_) => Self::Line,
        }
    }
}

/// The sign for a cell; none where nothing is to be drawn.
pub fn of_cell(cell: Cell, weight: Weight) -> Option<Glyph> {
    let thin = weight != Weight::Broad;
    Some(match cell {
        Cell::Empty => return None,
        Cell::Running(_) if weight == Weight::Line => Glyph::Open,
        Cell::Running(_) if thin => Glyph::RunningThin,
        Cell::Running(_) => Glyph::Running,
        Cell::Ready if thin => Glyph::ReadyThin,
        Cell::Ready => Glyph::Ready,
        Cell::Waiting if thin => Glyph::WaitingThin,
        Cell::Waiting => Glyph::Waiting,
        Cell::Created => Glyph::Created,
        Cell::Idle => Glyph::CreatedLine,
        Cell::Unknown => Glyph::Unknown,
        Cell::NotLoaded => Glyph::NotLoaded,
        Cell::End(State::Cancelled) => Glyph::Cancelled,
        Cell::End(State::Left) => Glyph::Left,
        Cell::End(State::Panicked) => Glyph::Panicked,
        Cell::End(State::NeverPolled) => Glyph::NeverPolled,
        Cell::End(_) => Glyph::Done,
    })
}

/// A bar's partial cell, and whether ground and sign change places: only eighths at the left have signs of their own.
pub fn partial(fill: Fill, weight: Weight, ascii: bool) -> Option<(&'static str, bool)> {
    /// A bar's left end, from one to seven eighths of a column.
    const LEFT: [&str; 7] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let (eighths, right) = match fill {
        Fill::Full => return None,
        Fill::Left(eighths) => (eighths.clamp(1, 7), false),
        Fill::Right(eighths) => (eighths.clamp(1, 7), true),
    };
    Some(match weight {
        Weight::Line => return None,
        _ if ascii && eighths < 4 => ("*", false),
        _ if ascii => return None,
        Weight::Thin if eighths > 5 => return None,
        Weight::Thin => (if right { "▗" } else { "▖" }, false),
        Weight::Broad if right => (LEFT[usize::from(7 - eighths)], true),
        Weight::Broad => (LEFT[usize::from(eighths - 1)], false),
    })
}

/// The same where nothing can change places, as in plain text: the nearest sign there is.
pub fn plain_partial(fill: Fill, weight: Weight, ascii: bool) -> Option<&'static str> {
    match (partial(fill, weight, ascii)?, fill) {
        ((_, true), Fill::Right(..=2)) => Some("▕"),
        ((_, true), Fill::Right(3..=5)) => Some("▐"),
        ((_, true), _) => None,
        ((sign, false), _) => Some(sign),
    }
}

/// A tree's lines in ASCII.
pub fn ascii_tree(lines: &str) -> String {
    let plain = |line| match line {
        '├' | '│' => '|',
        '└' => '`',
        '…' => '~',
        other => other,
    };
    lines.chars().map(plain).collect()
}
