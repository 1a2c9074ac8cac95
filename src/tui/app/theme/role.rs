//! What drawn things mean.

/// The meaning of something drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A lane that is polled.
    Running,
    /// A lane that was woken and is not polled yet.
    Ready,
    /// A lane that waits.
    Waiting,
    /// A coroutine of which nothing has run.
    Created,
    /// A lane that completed.
    Done,
    /// A lane that was cancelled.
    Cancelled,
    /// A lane that panicked.
    Panicked,
    /// Lost events.
    Unknown,
    /// Ordinary text.
    Text,
    /// Text that matters less.
    Dim,
    /// Something that stands out.
    Accent,
    /// The selected row's ground.
    Selected,
    /// Lines round things.
    Border,
    /// The title line's ground.
    Title,
    /// A key to press.
    Key,
    /// A mistake or a failure.
    Error,
    /// The sign of a session that is recorded.
    Record,
    /// The present.
    Cursor,
    /// A keyword in code.
    Keyword,
    /// A number or string in code.
    Literal,
    /// A comment in code.
    Comment,
    /// A function in code.
    Function,
    /// A type in code.
    TypeName,
}
