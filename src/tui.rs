//! The terminal program's screen.
//!
//! Events of the terminal, of the running program and of time become messages; [`App::update`](app::App::update) folds
//! them into the state; [`view`](view::view) draws it; the shell performs what has an effect outside. The app knows neither
//! view nor shell, and the view no shell (`tests/house.rs`).
//!
//! | to add | touch |
//! |---|---|
//! | a key | `app/action.rs` (the command), `app/keymap.rs` (its row), and the file that acts: `app/lane_actions.rs` on the lanes, `app/control.rs` in the menu, `app/overlays.rs` over them |
//! | an order of lanes | `app/orders.rs` (its row) and `timeline/rows.rs` (how it sorts) |
//! | a palette | `app/theme/palette.rs` (a row for each role) |
//! | a message | `app/msg.rs` and `app/handle.rs` |

pub mod app;
pub(crate) mod shell;
#[cfg(test)]
mod tests;
pub mod view;

pub use shell::options::{Options, Record, Start, Watching};
pub use shell::run::{Error, ScreenEnd, run, run_watching};
#[doc(hidden)]
pub use shell::show;
