//! The terminal program's screen.

pub mod action;
pub mod app;
pub mod code;
mod highlight;
pub mod keymap;
pub mod layout;
pub mod mouse;
pub mod theme;
pub mod view;
pub mod viewport;
