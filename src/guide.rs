//! A guide: how to put the probe into a program of your own, and how to read what it shows.
//!
//! 1. [Getting started](#getting-started)
//! 2. [Reading the lanes](#reading-the-lanes)
//! 3. [What is seen, and what is not](#what-is-seen-and-what-is-not)
//! 4. [What it costs](#what-it-costs)
//! 5. [Who can see it](#who-can-see-it)
//! 6. [When something is not as it should be](#when-something-is-not-as-it-should-be)
//!
//! # Getting started
//!
//! A service needs the library without the terminal program:
//!
//! ```toml
//! [dependencies]
//! asyncline = { version = "0.1", default-features = false }
//! ```
//!
//! Two lines change. `#[asyncline::main]` takes the place of `#[tokio::main]`, with the same arguments, and
//! `use asyncline::task` that of `use tokio::task`:
//!
//! ```
//! use asyncline::task;
//!
//! #[asyncline::main(flavor = "current_thread")]
//! async fn main() {
//!     let job = task::spawn(async { 6 * 7 });
//!     assert_eq!(job.await.unwrap(), 42);
//! }
//! ```
//!
//! Started as ever, such a program is what it was: its runtime is tokio's, and all that is left of asyncline is a look at an
//! environment variable. What else it does is decided when it is started:
//!
//! | how it is started | what happens |
//! |---|---|
//! | `asyncline exec -- PROGRAM` | it runs with the screen on it: lanes as they come, its output in a panel (`o`), its exit code passed on |
//! | `ASYNCLINE=live PROGRAM` | it can be watched at any time: `asyncline attach` |
//! | `ASYNCLINE=file:app.aline PROGRAM` | it is recorded: `asyncline replay app.aline` |
//!
//! [`output`](crate::output) has the rest of what `ASYNCLINE` can say. In code,
//! [`Builder::record_to`](crate::probe::Builder::record_to) and [`Builder::observe_as`](crate::probe::Builder::observe_as) do the same, and
//! [`Executor::wrap`](crate::Executor::wrap) takes a runtime that is there already.
//!
//! To see more of it:
//!
//! - [`#[asyncline::trace]`](macro@crate::trace) on an async function shows each of its awaits, with its line, and calls of it that were never
//!   awaited;
//! - [`join!`](crate::join), [`try_join!`](crate::try_join), [`select!`](crate::select) and [`timeout`](crate::timeout)
//!   give their branches lanes of their own;
//! - [`task::Builder`](crate::task::Builder) names a task and gives it labels, and [`TaskExt::lane`](crate::TaskExt::lane) does so with any future;
//! - [`mark!`](crate::mark) notes a line;
//! - with the feature `tracing`, spans and events of the crate of that name appear in the lanes.
//!
//! ```
//! use asyncline::{TaskExt, mark, task};
//!
//! #[asyncline::trace]
//! async fn handle(user: u64) -> u64 {
//!     task::yield_now().await;
//!     mark!("served {user}");
//!     user
//! }
//!
//! # #[asyncline::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let request = task::Builder::new().name("request").label("user", 7);
//! let request = request.spawn(handle(7))?;
//! let other = handle(8).lane("request").label("user", 8);
//! assert_eq!(request.await.unwrap() + other.await, 15);
//! # Ok(())
//! # }
//! ```
//!
//! # Reading the lanes
//!
//! Time runs from left to right; a lane is the life of a task. It stands under whoever spawned it.
//!
//! - *Created* (`○`): an async function was called, and nothing of it has run yet.
//! - *Running* (`█`): it is being polled, and has its thread for itself. Polls should be short. A long one is worth a look, and
//!   the finding *long-poll* names those that held others up, and the lines between which their time went. On Linux it says whether
//!   the thread worked or was blocked, and leaves out the time in which it had no processor.
//! - *Ready* (`▒`): somebody woke it, and it was not polled yet. Much of this means that there is more to do than threads to do it, or
//!   that one task holds a thread.
//! - *Waiting* (`─`): it is suspended, at the await that stands in the lane. That costs nothing. But waits that stand end to end, of
//!   which none needs the one before, could run at the same time: the finding *sequential-awaits* says what that would save.
//! - Its end: done, cancelled (by whom or what is said), panicked, or left (`⊣`): a branch of a `select!` or timeout that lost, but
//!   had only borrowed its future (`&mut future`, a `JoinHandle`), which was not cancelled.
//! - Hatched (`╱`): events were lost here. Nothing is guessed.
//! - Dotted (`·`): not loaded yet. Long sessions load where you look at them, which takes a moment.
//!
//! The arrows say who woke whom. A wake by *the timer or I/O* came from the runtime's driver. The sentence under the events says what
//! the selected lane waits for, through all tasks in between, and `enter` opens all that is known of it. `t`, `e`, `p`, `b` go
//! to a time, an event, a poll, a wake; `s` puts those lanes first that began last, or ran, waited, or polled longest; `&` shows
//! some only, and `x` leaves out those that ended a while ago: where a service has thousands of them, what is alive is left.
//!
//! For a program that stalls: look for a long *running* while nothing else stirs. For one that is slow while the machine is idle: look
//! for lanes that *wait* for one that waits, down to the one that is the reason. For one that never ends: what waits and can be woken
//! by nothing any more is marked as such.
//!
//! # What is seen, and what is not
//!
//! - Tasks that are spawned through [`task`](crate::task), or through this crate's `spawn` and its siblings, and everything within them.
//! - Tasks that a library spawns past the probe run unseen. The first line then says how many of the tasks that are alive are seen.
//!   Whom such a task wakes while it is polled was woken by "the thread" that polled it; who awaits its end seems to have been woken
//!   by the timer or I/O.
//!   A future within them that has a [`lane`](crate::TaskExt::lane) is seen; so a middleware that gives each request one shows all requests. Where the
//!   program is built with `--cfg tokio_unstable`, such tasks have lanes by themselves, though less is known of them.
//! - Other executors: a [`Recording`](crate::Recording) records lanes on any.
//! - Work on blocking threads is a lane that runs; what it does is not seen.
//! - A poll shows how long it took, not what it did: for that, a profiler is the right tool.
//! - Times are those of the processor's counter, to some ten nanoseconds; between threads they agree to two microseconds.
//!
//! # What it costs
//!
//! Not recorded: 2 ns for a poll and some 20 ns for a spawn at one thread. Recorded: some 40 to 60 ns for a poll, 200 ns for a spawn, and 0.4 to 4
//! bytes per event on disk. A server that others wrote answered about 1 % fewer requests under load while all of it was recorded. The README has
//! the figures, measured beside other tools, and says how far to trust them. The feature `off` compiles the recording
//! out.
//!
//! While it runs, the program never waits for whoever reads: what cannot be taken in time is lost, counted, and shown as a gap. Between the program and
//! its collector, 16 MiB may wait; for viewers that attach late or read slowly, 32 MiB of the journal are kept.
//! When it ends, it gives viewers what is left, and leaves one that takes nothing for half a second.
//!
//! # Who can see it
//!
//! A recording holds the names of tasks, files and lines, labels, marks, and what traced functions return. Treat it as you treat logs.
//!
//! - Nothing listens unless `ASYNCLINE=live` (or code) says so. The Unix socket is in the user's runtime directory (`$XDG_RUNTIME_DIR/asyncline`, or
//!   a directory under the temporary one), which nobody else can enter; its mode is 0600, and the user at the other end is asked
//!   for from the system, on both sides.
//! - TCP has to be asked for. On loopback it is open to whoever uses the machine; elsewhere it is refused unless `ASYNCLINE_TOKEN` is set, and then
//!   viewers have to know that. What is sent is not encrypted.
//! - A connection receives nothing, not even the program's name, before it has sent the token. It has a second for that, and
//!   costs the program a few kilobytes at most. At most 64 tokens a second can be tried. Silent connections keep nobody out.
//! - Viewers can watch. They can hold the program only with `ASYNCLINE_CONTROL=1`, which `asyncline exec` sets unless you set
//!   it. If the viewer that holds the program leaves, crashes, or is stopped for three seconds, the program continues; in the
//!   last case, a mark in the lane that was held says so.
//! - An invalid variable opens nothing: one line names it, and the program runs unwatched, or cannot be held.
//! - Nothing is created in another user's runtime directory, which `sudo` may leave in `$XDG_RUNTIME_DIR`.
//! - To make room for a new socket, only one that a killed process of the same user left is removed.
//! - What comes over the socket is read with limits on its sizes, and what makes no sense closes the connection.
//!
//! # When something is not as it should be
//!
//! - *Nothing is recorded.* One line on standard error says why, if `ASYNCLINE` is set and it cannot be done. Without a line, the program has no
//!   runtime that asyncline knows: `#[asyncline::main]`, [`Executor`](crate::Executor), or a [`Recording`](crate::Recording).
//! - *The file has another name.* One that is there is never overwritten: the process's number comes before the extension.
//! - *The file has no end.* The process was killed. All but the last tenth of a second is there; `asyncline repair` writes its index and its end.
//! - *Tasks are missing.* See above: they were spawned past the probe.
//! - *Events are lost.* More happened than could be taken in; [`Builder::capacity`](crate::probe::Builder::capacity) lets more wait.
