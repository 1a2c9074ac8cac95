//! Programs that tokio's macros and tasks take: asyncline's take them too, without a warning.

#![deny(warnings)]
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    reason = "the programs are written as their authors would write them"
)]

mod entries;
#[cfg(not(feature = "off"))]
mod handles;
mod joins;
mod selects;
mod sizes;
