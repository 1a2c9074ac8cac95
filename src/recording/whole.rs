//! A session in memory.

use super::format::Meta;
use crate::event::Event;
#[cfg(doc)]
use crate::event::EventKind;
use crate::journal::damage::Damage;

/// A recorded session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// What it says about itself; [`Meta::default`] where that is lost.
    pub meta: Meta,
    /// Its events, in the order in which they were recorded. Where some are lost, an [`EventKind::Lost`] says how many.
    pub events: Vec<Event>,
    /// What is wrong with the file, in the order in which it was found. Empty where all is well.
    pub damage: Vec<Damage>,
}
