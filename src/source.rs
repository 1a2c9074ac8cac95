//! Where events come from.

#[cfg(unix)]
pub mod attach;
#[cfg(unix)]
pub mod exec;
#[cfg(unix)]
pub mod joint;
mod scenario;
#[cfg(unix)]
pub(crate) mod spool;

pub use scenario::Live;
