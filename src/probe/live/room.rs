//! Connections that have not identified themselves yet.
//!
//! Each costs the program a slot and the few bytes of a hello. Their slots are separate from those of viewers, and the
//! connection that has been silent longest makes room, so silent connections keep nobody out. A connection that sent a
//! wrong token is closed but keeps its slot until its time is up, so attempts per second never exceed the number of slots.
//! Meanwhile, further connections wait in the order in which they arrived.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// Slots for connections that have not identified themselves.
pub(super) const SLOTS: usize = 64;

/// The slots.
#[derive(Debug)]
pub(super) struct Room<T = AbortHandle> {
    /// The connections in slots, the oldest first.
    guests: Mutex<Vec<Guest<T>>>,
    left: Notify,
}

#[derive(Debug)]
struct Guest<T> {
    id: u64,
    /// Ends the connection; none once it has spoken.
    silent: Option<T>,
}

/// A connection's slot.
#[derive(Debug)]
pub(super) struct Slot<T = AbortHandle> {
    room: Arc<Room<T>>,
    id: u64,
}

impl<T> Room<T> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            guests: Mutex::default(),
            left: Notify::new(),
        })
    }

    fn guests(&self) -> MutexGuard<'_, Vec<Guest<T>>> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a slot is free. The returned connection has to make room for the next one.
    pub(super) async fn make_room(&self) -> Option<T> {
        loop {
            match self.try_make_room() {
                Ok(leaves) => return leaves,
                Err(Full) => self.left.notified().await,
            }
        }
    }

    fn try_make_room(&self) -> Result<Option<T>, Full> {
        let mut guests = self.guests();
        if guests.len() < SLOTS {
            return Ok(None);
        }
        let oldest = guests.iter().position(|guest| guest.silent.is_some());
        Ok(guests.remove(oldest.ok_or(Full)?).silent)
    }

    /// Puts a connection into a slot; `silent` ends the connection.
    pub(super) fn enter(&self, id: u64, silent: T) {
        let silent = Some(silent);
        self.guests().push(Guest { id, silent });
    }

    /// A connection's slot, freed when this is dropped.
    pub(super) fn slot(self: &Arc<Self>, id: u64) -> Slot<T> {
        let room = Arc::clone(self);
        Slot { room, id }
    }
}

/// No slot is free, and no connection is silent.
struct Full;

impl<T> Slot<T> {
    /// Records that the connection has spoken: it no longer makes room for others.
    pub(super) fn spoke(&self) {
        let mut guests = self.room.guests();
        if let Some(guest) = guests.iter_mut().find(|guest| guest.id == self.id) {
            guest.silent = None;
        }
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        self.room.guests().retain(|guest| guest.id != self.id);
        self.room.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: u64 = SLOTS as u64;

    fn full() -> (Arc<Room<u64>>, Vec<Slot<u64>>) {
        let room = Room::new();
        let slots = (0..ALL).map(|id| {
            assert!(matches!(room.try_make_room(), Ok(None)));
            room.enter(id, id);
            room.slot(id)
        });
        let slots = slots.collect();
        (room, slots)
    }

    #[test]
    fn the_oldest_silent_one_makes_room() {
        let (room, mut slots) = full();
        slots[0].spoke();
        slots[2].spoke();
        for (next, leaves) in [(ALL, 1), (ALL + 1, 3), (ALL + 2, 4)] {
            assert!(matches!(room.try_make_room(), Ok(Some(id)) if id == leaves));
            room.enter(next, next);
            slots.push(room.slot(next));
        }
        // Its slot is gone already, so its end makes no more room.
        drop(slots.remove(1));
        assert_eq!(room.guests().len(), SLOTS);
        drop(slots);
        assert_eq!(room.guests().len(), 0);
    }

    #[tokio::test]
    async fn where_all_have_spoken_the_next_one_waits() {
        let (room, mut slots) = full();
        slots.iter().for_each(Slot::spoke);
        let waits = {
            let room = Arc::clone(&room);
            tokio::spawn(async move { room.make_room().await })
        };
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        slots.pop();
        assert!(matches!(waits.await, Ok(None)));
        assert_eq!(room.guests().len(), SLOTS - 1);
    }
}
