//! What drawn things mean.

/// What something drawn means.
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
    /// What the eye is to be drawn to.
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
    /// That a session is recorded.
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
