//! Where a program's recording goes, which is decided outside of it: by the environment variable `ASYNCLINE`.
//!
//! | `ASYNCLINE` | what happens |
//! |---|---|
//! | not set, empty, or `off` | nothing is recorded; the runtime is tokio's as it is |
//! | `file:PATH` | everything is recorded into a journal at PATH, which `asyncline replay` opens |
//! | `live` | viewers can attach: `asyncline attach`. The socket is in the user's runtime directory |
//! | `live:SOCKET` | as `live`, with the socket at this path |
//! | `live:tcp:ADDRESS` | as `live`, at an address such as `127.0.0.1:7000`; `ASYNCLINE_TOKEN` says what viewers must know |
//! | `to:SOCKET` | as `live`, and a viewer waits at this socket: what `asyncline exec` sets |
//!
//! With `ASYNCLINE_CONTROL=1`, viewers may pause and step the program; with `0`, or without it, they may not.
//! With `ASYNCLINE_TOKEN`, viewers must send it, on Unix sockets as well.
//!
//! An invalid variable opens nothing, and one line says so: with another value of `ASYNCLINE_CONTROL`, nobody can hold the
//! program; with a token that is empty, longer than 1024 bytes or not UTF-8, nobody can watch it.
//!
//! It is read once, by the first runtime that is begun with `#[asyncline::main]`, `#[asyncline::test]`,
//! [`Builder::observe`](crate::probe::Builder::observe) or [`Executor::wrap`](crate::Executor::wrap). All of a process's
//! runtimes are one recording. What is wrong with the variable or with the file is told in one line on standard error,
//! and the program runs on, unrecorded.
//!
//! A file that is there is not overwritten: then the process's number comes before the extension, `app.aline` becoming
//! `app.4711.aline`. So do the recordings of processes that this one begins, which inherit the variable.
//!
//! A thread of asyncline's own collects and writes the events about every 20 ms. Dropping a runtime waits for nothing: that
//! thread ends the file after the last runtime is dropped, and continues it if another one starts. The file is complete if
//! the process ends normally:
//!
//! - `main` returns, on a thread that created or ran a runtime;
//! - another thread that created or ran one ends, while no other thread records;
//! - [`std::process::exit`] is called on such a thread, or on a thread of a runtime that asyncline built.
//!
//! If the process ends in any other way, such as by a signal or by `exit` on a thread that asyncline does not know, the
//! file has no end and lacks the events since the last write: at most a tenth of a second, or half a second after one of
//! these threads has ended.
//!
//! While a runtime exists, the program records a heartbeat at least every 100 ms: open polls and waits are known to last
//! until then. It records none while it is stopped by a signal, or held by a viewer.

mod notice;
mod process;
mod running;
mod variable;
#[cfg(unix)]
mod watched;

pub(crate) use process::{of_environment, of_process, to_file};
pub(crate) use running::{Running, prepare_thread};
#[cfg(all(unix, feature = "app"))]
pub(crate) use variable::token;
pub use variable::{CONTROL, Live, Malformed, Output, TOKEN, VARIABLE};
