//! The terminal program's screen.

pub mod theme;
pub mod view;
pub mod viewport;
