//! The texts that a program holds for ever, each of them numbered once for a session.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The numbered texts of a session.
#[derive(Debug, Default)]
pub(crate) struct Table(Mutex<Texts>);

#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<Place, u32>,
    texts: Vec<&'static str>,
}

/// Where a text stands in memory, and its length.
type Place = (usize, usize);

/// The texts that a thread has used, by where they stand in memory.
#[derive(Debug)]
pub(crate) struct Recent([Option<(Place, u32)>; RECENT]);

/// Few places of a program make most of its events.
const RECENT: usize = 64;

impl Default for Recent {
    fn default() -> Self {
        Self([None; RECENT])
    }
}

/// A session's texts, as a thread looks them up.
pub(crate) struct Names<'a> {
    pub(crate) table: &'a Table,
    pub(crate) recent: &'a mut Recent,
}

impl Names<'_> {
    /// Returns the number of a text.
    #[inline]
    pub(crate) fn number(&mut self, text: &'static str) -> Option<u32> {
        let place = (text.as_ptr().addr(), text.len());
        // Neighbours in memory differ in their lowest bits, or in their lengths.
        let slot = &mut self.recent.0[(place.0 ^ place.0 >> 6 ^ place.1) % RECENT];
        if let Some((known, number)) = slot
            && *known == place
        {
            return Some(*number);
        }
        let number = self.table.number(place, text)?;
        *slot = Some((place, number));
        Some(number)
    }
}

impl Table {
    #[cold]
    fn number(&self, place: Place, text: &'static str) -> Option<u32> {
        let mut texts = self.all();
        if let Some(number) = texts.numbers.get(&place) {
            return Some(*number);
        }
        let number = u32::try_from(texts.texts.len()).ok()?;
        texts.texts.push(text);
        texts.numbers.insert(place, number);
        Some(number)
    }

    /// Returns the texts from this number on.
    pub(crate) fn from(&self, number: usize) -> Vec<&'static str> {
        self.all().texts.get(number..).unwrap_or_default().to_vec()
    }

    fn all(&self) -> MutexGuard<'_, Texts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
