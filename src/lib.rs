//! asyncline: see what an async program does, as it does it.
pub mod event;
pub mod probe;
#[cfg(feature = "app")]
pub mod scenario;
pub mod session;
#[cfg(feature = "app")]
pub mod source;
pub mod timeline;
