//! The terminal program's screen.
//!
//! Events of the terminal, of the running program and of time become messages; [`App::update`](app::App::update) folds
//! them into the state; [`view`](view::view) draws it; the shell performs what has an effect outside.

pub mod app;
pub(crate) mod shell;
#[cfg(test)]
mod tests;
pub mod view;

pub use shell::options::{Options, Record, Start, Watching};
pub use shell::run::{Error, ScreenEnd, run, run_watching};
#[doc(hidden)]
pub use shell::show;
