//! The signs that lanes are drawn with, each in a plain ASCII form too. They differ without any colour.

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
    /// It panicked.
    Panicked,
    /// A coroutine was dropped without ever being polled.
    NeverPolled,
    /// Events were lost.
    Unknown,
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
            Self::Panicked => ("!", "‼"),
            Self::NeverPolled => ("0", "∅"),
            Self::Unknown => ("/", "╱"),
            Self::Unwakeable => ("?", "⊘"),
            Self::Now => ("v", "▼"),
            Self::NowLine => (":", "╎"),
            Self::Tick => ("|", "╷"),
            Self::FromAbove => ("`", "╰"),
            Self::FromBelow => (",", "╭"),
            Self::Between => ("|", "├"),
            Self::Stem => ("|", "│"),
            Self::Cross => ("+", "┼"),
            Self::Head => (">", "▸"),
            Self::Pointer => (">", "▸"),
            Self::More => ("~", "…"),
            Self::Play => (">", "▶"),
            Self::Pause => ("=", "⏸"),
            Self::Record => ("*", "●"),
            Self::Here => ("<", "◀"),
        }
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
