//! What a program's threads write, and how it is taken from them: clock, words, buffers.

pub(crate) mod apart;
pub(crate) mod bounded;
pub(crate) mod buffer;
pub(crate) mod clock;
pub(crate) mod counts;
pub(crate) mod cursor;
pub(crate) mod off;
pub(crate) mod progress;
#[cfg_attr(
    not(feature = "timeline"),
    allow(
        dead_code,
        reason = "what collects events in virtual time is not compiled"
    )
)]
pub(crate) mod recorder;
pub(crate) mod shared;
pub(crate) mod site;
pub(crate) mod taker;
pub(crate) mod tasks;
pub(crate) mod template;
