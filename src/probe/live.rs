//! Hands the journal of a running program to the viewers that attach to it, over a socket.
//!
//! The program's side is here, and what both sides say to each other; a viewer's side is `source::attach`. What a viewer
//! gets are the bytes of a journal, so that it reads what comes live as it reads a file.
//!
//! # Who waits for whom
//!
//! The program waits for no viewer. Its journal goes to a [hub](hub), which keeps the last 32 MiB of it; a thread of
//! asyncline's own sends that to each viewer. Late viewers get what is kept, and before it how the program stands after
//! the blocks that were dropped: the lanes that go on, their names, awaits and states. A slow viewer gets the same for the
//! blocks that it missed; it sees a gap, and how many events are lost in it. Only when the program ends, viewers that still take something are given it; one that takes nothing for half a second is
//! left.
//!
//! # Who may attach
//!
//! The socket is a Unix socket in a directory of the user's own, and can be used by nobody else: its mode is 0600, and
//! the user at the other end is asked for from the system, and turned away where it is another one than this process's. There
//! is TCP only where it is asked for; without a token, which a viewer then has to know, only on loopback.
//!
//! A connection has a second and about a kilobyte to identify itself, and receives nothing before that. [`room`] limits the
//! number of these connections and of token attempts.
//!
//! # Who may hold the program
//!
//! Viewers of a program that allows it, while they send a keep-alive every second: see [`hold`].
//!
//! # What is said
//!
//! Each side sends frames: the payload's length in 4 bytes (big-endian; at most [8 MiB](wire::LONGEST) from a program, and
//! a kilobyte from a viewer), a byte for the kind, and the payload. Numbers are little-endian. The viewer starts with a
//! hello, which has its protocol version; the program answers with its own once it has identified the viewer. [`wire`]
//! describes all other frames.

mod hold;
pub(crate) mod hub;
pub(crate) mod place;
mod room;
mod serve;
#[cfg(all(test, feature = "timeline"))]
mod tests;
pub(crate) mod wire;

pub(crate) use hold::Hold;
pub(crate) use hub::Hub;
pub(crate) use serve::{Door, Server, serve};
