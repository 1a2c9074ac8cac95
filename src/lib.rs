//! See what an async program does, as it does it.
//!
//! A [`probe`], wrapped round a tokio runtime, emits an event whenever a task is spawned, resumed, suspended, woken,
//! cancelled or done; one reducer folds the events into a [`timeline`]; everything else looks at that timeline.
//!
//! ```text
//!  where events are born        the one stream             who looks at it
//!  ┌───────────────────────┐
//!  │ probe   ──► journal   │──┐                        ┌──► tui      lanes on the screen
//!  │ source   (a scenario) │  ├──► event ──► timeline ──┼──► insight  what waits for what, and findings
//!  │ recording (a file)    │──┘       │                └──► export   text, JSON
//!  └───────────────────────┘          └──► recording      the indexed file
//! ```
//!
//! # In a program
//!
//! ```
//! use std::time::Duration;
//!
//! use asyncline::{Executor, Timeline, mark, spawn, trace};
//!
//! #[trace]
//! async fn say_after(millis: u64, what: &str) {
//!     tokio::time::sleep(Duration::from_millis(millis)).await;
//!     mark!("{what}");
//! }
//!
//! #[trace]
//! async fn program() {
//!     let hello = spawn(say_after(1, "hello"));
//!     let world = spawn(say_after(2, "world"));
//!     hello.await.unwrap();
//!     world.await.unwrap();
//! }
//!
//! let (executor, mut events) = Executor::builder().record()?;
//! executor.block_on(program());
//! let timeline: Timeline = events.drain().iter().collect();
//! assert_eq!(timeline.lanes().filter(|lane| lane.is_task()).count(), 3);
//! # std::io::Result::Ok(())
//! ```
//!
//! With `#[asyncline::main]` in the place of `#[tokio::main]`, and [`asyncline::task`] in that of `tokio::task`, a
//! program is as it was, and `ASYNCLINE=file:app.aline` records it: see [`output`]. `asyncline exec` begins it and shows
//! its lanes as it runs; with `ASYNCLINE=live`, `asyncline attach` finds it at any time. The [`guide`] says more.
//!
//! # The map, in the order in which data flows
//!
//! `docs/architecture.md` explains how the parts work together, and how a poll becomes a cell.
//!
//! | module | what it does |
//! |---|---|
//! | [`event`] | the vocabulary: what can happen, as plain data |
//! | [`text`] | numbers with units, the columns that a name takes, errors in words |
//! | `journal` | what a program's threads wrote, in a file or on its way to viewers; its reader merges the threads. See `docs/format.md` |
//! | [`probe`] | what is linked into a program: `record` (clock, words, buffers), `wrap` (lanes, wakers, futures), `executor` (runtimes, spawning), the [gate](probe::gate) that pauses and steps, [`output`] (what `ASYNCLINE` says, and the thread that writes), `live` (the socket that hands the journal to viewers) |
//! | [`timeline`] | the one reducer, [`Timeline::apply`]; lanes, their order, and how they are cut into cells, near or from far off |
//! | [`insight`] | findings, why a lane does what it does, and events in words |
//! | [`recording`] | the indexed recording: checksummed blocks with an index; its writer, readers and store; the [`Collector`] that hands events to the program itself |
//! | `scenario` | the catalogue of scenarios, one file each |
//! | `source` | where the program gets events from: a scenario that runs, a program that is attached to or started, several of them |
//! | `export` | the table of exporters: a session as text, as JSON |
//! | `tui` | the screen: `app` (`App::update`, the one key table), `view`, `shell` (the loop that owns the terminal, and the threads that read long recordings) |
//! | `cli` | the command line |
//!
//! Without default features the library is what a program links in to record itself: events, journal, probe and output.
//! The feature `timeline` adds what reads journals: collectors, timeline, findings and session logs. The feature `app`, which
//! is on by default, adds the rest.
//!
//! # To add something
//!
//! | to add | touch |
//! |---|---|
//! | a scenario | a file in `scenario/`, with the time that it takes, and its line of the catalogue in `scenario.rs` |
//! | a finding | a file in `insight/`, which names its kind, and its line of `FINDERS` in `insight.rs` |
//! | an exporter | a file in `export/`, and its line of `EXPORTERS` in `export.rs`: the command line and the README read that |
//! | a key | its row of `BINDINGS` in `tui/app/keymap.rs`; for a new action also `tui/app/action.rs` and `tui/app/lane_actions.rs`, or the file that moves through time |
//! | an event kind | `event.rs` (the variant, the lane that it is about), `event/fields.rs` (its number and fields), `timeline.rs` (what it changes), `insight/describe.rs` (its words), and the part of `probe/` that records it; `journal/standing.rs` if viewers who come late need it; its row of the format's table in `recording.rs`. The compiler names the tests that list all kinds |
//! | a palette | `tui/app/theme/palette.rs` |
//! | an order of lanes | `timeline/rows.rs` (how lanes compare) and `tui/app/orders.rs` (its label and its sentence) |
//! | a command-line option | the arguments of its command in `cli.rs`, `cli/session.rs` or `cli/watch.rs` |
//! | a wrapper of a tokio type | a file in `probe/executor/` (what spawns) or `probe/wrap/` (what is polled), handed on by `probe/task.rs` |
//! | a picture or list in the README | two comments there, and a test in `tests/readme.rs` that fills what is between them: `ASYNCLINE_BLESS=1 cargo test --test readme` |
//!
//! Whatever changes a list in the README is followed by that command. `tests/house/changes.rs` holds the first five rows.
//!
//! # Invariants
//!
//! 1. [`event`], [`timeline`], [`insight`] and the recording's format know no tokio, no ratatui, no clock and no I/O
//!    (`tests/house.rs`).
//! 2. Live and replayed events go through the same [`Timeline::apply`]: a session recorded live and replayed gives an
//!    equal timeline (`tests/pipeline.rs`, for every scenario).
//! 3. Only the probe reads a clock that stamps events. Only the `shell` of `tui`, [`recording`],
//!    [`output`] and the command line do I/O.
//! 4. `App::update` does no I/O; `view` changes nothing: it takes the app by a shared reference.
//! 5. Keys are declared once: dispatch, footer, help and the README read that table.
//! 6. What a frame costs depends on the cells that are drawn, not on how many events there are: from far off a column is
//!    the difference of two sums (`timeline::overview`), held against a scan of all spans by its tests.
//!    A cell shows what happened, or that this is not loaded yet: nothing is estimated (`tui/tests.rs`, with random keys and
//!    a reader of any delay).
//! 7. An event is never lost in silence: a loss is itself an event, [`event::EventKind::Lost`].
//! 8. The probe never changes what the program does: the same results, the same order on a current-thread runtime, the
//!    same panics (`tests/truth.rs`, with random programs).

// The macros name this crate as their users do, and the scenarios use the macros.
extern crate self as asyncline;

#[cfg_attr(
    not(feature = "timeline"),
    allow(dead_code, reason = "what reads events is not compiled")
)]
pub mod event;
#[cfg_attr(
    not(feature = "timeline"),
    allow(dead_code, reason = "what reads events is not compiled")
)]
mod journal;
pub mod probe;
pub mod text;

#[cfg(feature = "timeline")]
pub mod insight;
#[cfg(feature = "timeline")]
pub mod recording;
#[cfg(feature = "timeline")]
pub mod timeline;

#[cfg(feature = "app")]
pub mod cli;
#[cfg(feature = "app")]
pub mod export;
#[cfg(feature = "app")]
pub mod scenario;
#[cfg(feature = "app")]
pub mod source;
#[cfg(feature = "app")]
pub mod tui;

#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

/// ```
/// #[asyncline::main(flavor = "current_thread")]
/// async fn main() {
///     let task = asyncline::spawn(async { 1 + 1 });
///     assert_eq!(task.await.unwrap(), 2);
/// }
/// ```
pub use asyncline_macros::main;
pub use asyncline_macros::{gather, join, select, test, trace, try_join};
#[doc(inline)]
pub use probe::output;
#[doc(inline)]
pub use probe::task;
#[cfg(feature = "tracing")]
#[doc(inline)]
pub use probe::tracing;
pub use probe::{
    Executor, Handle, JoinHandle, Recording, TaskExt, label, spawn, spawn_blocking, spawn_local,
    spawn_named, timeout, yield_now,
};
#[cfg(feature = "timeline")]
pub use recording::collector::{Collector, Drained};
#[cfg(feature = "timeline")]
pub use timeline::Timeline;

/// The README's program is compiled and run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
