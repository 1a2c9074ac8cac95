//! What the screen needs of the world: the terminal, the loop, the threads that read and run programs.

mod background;
pub(crate) mod conversion;
pub(crate) mod driver;
pub(crate) mod highlight;
pub(crate) mod opening;
pub(crate) mod options;
pub(crate) mod reader;
pub(crate) mod recorder;
pub(crate) mod run;
pub mod show;
mod sources;
pub(crate) mod stretch;
pub(crate) mod terminal;
#[cfg(unix)]
pub(crate) mod watching;
