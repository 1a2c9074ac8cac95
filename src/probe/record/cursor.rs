//! The fast way into a thread's buffer: where the thread writes next, in variables that are there as long as it.
//!
//! It takes an event that fits into the chunk and is near the one before; for all others, see
//! [`buffer`](super::buffer).
#![allow(
    unsafe_code,
    reason = "a thread's variable that needs no dropping cannot own what it points to otherwise; it is confined to this file"
)]

use std::cell::Cell;
use std::mem::size_of;
use std::ptr::{null, slice_from_raw_parts};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::clock::{self, Tick};
use super::progress::Progress;
use super::shared::Shared;
use crate::journal::pair;
use crate::journal::word::{self, FAR, Words};

/// So many events of a scheduler's in a row may take the time of the one before: see [`When::Between`].
const BORROWED: u8 = 32;

/// The time that an event is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The present.
    Now,
    /// That of the thread's last event, which has already brought this one about.
    AtLast,
    /// It happens between two polls, where nothing but the scheduler runs unless the thread parks.
    ///
    /// What a scheduler does there takes nanoseconds, and so does reading the clock: unless the thread has
    /// [parked](parks) since its last event, this one is given the same time.
    Between,
}

/// Where a thread writes in one session.
#[derive(Debug)]
pub(crate) struct Place {
    /// The session's number, from 1.
    pub(crate) session: u64,
    pub(crate) words: Arc<[AtomicU64]>,
    /// The place of the next word.
    pub(crate) at: usize,
    pub(crate) shared: Arc<Shared>,
    /// All words so far.
    pub(crate) written: u64,
    /// The time of the last event; 0 where the next one has to tell its time by itself.
    pub(crate) last: Tick,
    /// How many events have taken that time from another since it was read; [`BORROWED`] where none may any more.
    pub(crate) borrowed: u8,
}

/// A [`Place`] in pieces. While `session` is not 0, this owns what the pointers are of.
struct Cursor {
    session: Cell<u64>,
    words: Cell<*const AtomicU64>,
    len: Cell<usize>,
    at: Cell<usize>,
    shared: Cell<*const Shared>,
    progress: Cell<Progress>,
    last: Cell<u64>,
    borrowed: Cell<u8>,
}

thread_local! {
    static CURSOR: Cursor = const {
        Cursor {
            session: Cell::new(0),
            words: Cell::new(null()),
            len: Cell::new(0),
            at: Cell::new(0),
            shared: Cell::new(null()),
            progress: Cell::new(Progress::of(0)),
            last: Cell::new(0),
            borrowed: Cell::new(BORROWED),
        }
    };
}

/// Writes an event, if the thread writes to this session and the event can be written here.
#[expect(
    clippy::inline_always,
    reason = "each caller knows what the event is, and so which function writes it"
)]
#[inline(always)]
pub(crate) fn write(session: u64, when: When, words: Words) -> bool {
    // Found here, since that may be a call, and the functions below are to need no frame on the stack.
    let cursor = cursor();
    match when {
        When::Now if words.are_end() => write_end(cursor, session, words),
        When::Now => write_now(cursor, session, words),
        When::AtLast => write_at_last(cursor, session, words),
        When::Between => write_between(cursor, session, words),
    }
}

/// Writes an event of several words, as [`write`] does at [`When::Now`]. `more` are the words after the first.
pub(crate) fn write_long(session: u64, first: u64, more: &[u64]) -> bool {
    let cursor = cursor();
    if !cursor.is_of(session) {
        return false;
    }
    cursor.is_writing();
    let since = cursor.since(clock::ticks());
    cursor.put_long(since, first, more) || cursor.gives_up()
}

// Functions of a few dozen instructions, which call no other.

/// Writes the end of a poll: most follow their start, and need no word of their own.
#[inline(never)]
fn write_end(cursor: &Cursor, session: u64, words: Words) -> bool {
    if !cursor.is_of(session) {
        return false;
    }
    cursor.is_writing();
    let Some(now) = clock::quick_ticks() else {
        return write_by_clock(cursor, words);
    };
    let since = cursor.since(now);
    cursor.join(since, words) || cursor.put(since, words) || cursor.gives_up()
}

#[inline(never)]
fn write_now(cursor: &Cursor, session: u64, words: Words) -> bool {
    if !cursor.is_of(session) {
        return false;
    }
    cursor.is_writing();
    match clock::quick_ticks() {
        Some(now) => cursor.put(cursor.since(now), words) || cursor.gives_up(),
        None => write_by_clock(cursor, words),
    }
}

#[cold]
#[inline(never)]
fn write_by_clock(cursor: &Cursor, words: Words) -> bool {
    let since = cursor.since(clock::ticks());
    cursor.join(since, words) || cursor.put(since, words) || cursor.gives_up()
}

#[inline(never)]
fn write_at_last(cursor: &Cursor, session: u64, words: Words) -> bool {
    cursor.is_of(session) && cursor.put(0, words)
}

#[inline(never)]
fn write_between(cursor: &Cursor, session: u64, words: Words) -> bool {
    let borrowed = cursor.borrowed.get();
    if borrowed >= BORROWED {
        return write_now(cursor, session, words);
    }
    cursor.borrowed.set(borrowed + 1);
    cursor.is_of(session) && cursor.put(0, words)
}

/// The thread's cursor, for as long as a call.
#[inline]
fn cursor<'a>() -> &'a Cursor {
    // SAFETY: it needs no dropping, so that it is there until the thread ends, and nobody keeps what this gives.
    unsafe { &*CURSOR.with(std::ptr::from_ref) }
}

/// Takes note that the calling thread parks: its last event will be long ago when it goes on.
pub(crate) fn parks() {
    cursor().borrowed.set(BORROWED);
}

/// The time of the thread's last event, where it is recorded in real time.
#[inline]
pub(crate) fn last() -> u64 {
    cursor().last.get()
}

/// Lets the thread write here. Whoever calls this takes the place back before the thread ends.
pub(crate) fn set(place: Place) {
    drop(take());
    let cursor = cursor();
    cursor.session.set(place.session);
    cursor.len.set(place.words.len());
    cursor.words.set(Arc::into_raw(place.words).cast());
    cursor.at.set(place.at);
    cursor.shared.set(Arc::into_raw(place.shared));
    cursor.progress.set(Progress::of(place.written));
    cursor.last.set(place.last.0);
    cursor.borrowed.set(place.borrowed);
}

/// Takes back where the thread writes.
pub(crate) fn take() -> Option<Place> {
    let cursor = cursor();
    let session = cursor.session.replace(0);
    if session == 0 {
        return None;
    }
    let words = slice_from_raw_parts(cursor.words.get(), cursor.len.get());
    // SAFETY: both were made of an `Arc` by `set`, and are given back once: the session is 0 from here on.
    let (words, shared) = unsafe { (Arc::from_raw(words), Arc::from_raw(cursor.shared.get())) };
    Some(Place {
        session,
        words,
        at: cursor.at.get(),
        shared,
        written: cursor.progress.get().closed().written(),
        last: Tick(cursor.last.get()),
        borrowed: cursor.borrowed.get(),
    })
}

impl Cursor {
    #[inline]
    fn is_of(&self, session: u64) -> bool {
        self.session.get() == session
    }

    /// From here on the collector knows that an event may come that is older than now.
    #[inline]
    fn is_writing(&self) {
        // SAFETY: the session is not 0.
        let shared = unsafe { &*self.shared.get() };
        shared.tell(self.progress.get().writing());
        self.borrowed.set(0);
    }

    /// The ticks since the last event.
    #[inline]
    fn since(&self, now: u64) -> u64 {
        now.saturating_sub(self.last.get())
    }

    /// Takes back that an event may come: whoever writes it elsewhere reads the clock anew. Returns `false`.
    #[cold]
    fn gives_up(&self) -> bool {
        // SAFETY: the session is not 0.
        let shared = unsafe { &*self.shared.get() };
        shared.tell(self.progress.get());
        false
    }

    /// Makes the word of a start that of a whole poll, if this is its end and fits into it.
    #[expect(
        clippy::inline_always,
        reason = "each event passes it, and a call takes as long as it does"
    )]
    #[inline(always)]
    fn join(&self, since: u64, words: Words) -> bool {
        let progress = self.progress.get();
        if !progress.is_open() {
            return false;
        }
        // SAFETY: the session is not 0, and the last word is open, so that it is in this chunk.
        let (shared, word) = unsafe {
            let word = self.words.get().add(self.at.get() - 1);
            (&*self.shared.get(), &*word)
        };
        let Some(whole) = pair::whole(word.load(Ordering::Relaxed), words.first(), since) else {
            return false;
        };
        word.store(whole, Ordering::Relaxed);
        self.last.set(self.last.get() + since);
        self.progress.set(progress.closed());
        shared.tell(progress.closed());
        true
    }

    /// Writes an event so many ticks after the last one. Where that cannot be told, or the chunk has no room for it, nothing
    /// is written.
    #[expect(
        clippy::inline_always,
        reason = "each event passes it, and a call takes as long as it does"
    )]
    #[inline(always)]
    fn put(&self, since: u64, words: Words) -> bool {
        let (at, last) = (self.at.get(), self.last.get());
        if since >= FAR || last == 0 || at + 2 > self.len.get() {
            return false;
        }
        let (word, more, count) = words.after(since);
        // SAFETY: the session is not 0, and both places are within the chunk.
        let (shared, first, second) = unsafe {
            let first = self.words.get().add(at);
            (&*self.shared.get(), &*first, &*first.add(1))
        };
        first.store(word, Ordering::Relaxed);
        // Where the event has one word only, the next one takes the place of this.
        second.store(more, Ordering::Relaxed);
        let mut progress = self.progress.get().closed().with(count);
        if pair::is_start(word) {
            progress = progress.opened();
        }
        self.at.set(at + count);
        self.last.set(last + since);
        self.progress.set(progress);
        shared.tell(progress);
        true
    }

    /// Appends an event of several words, so many ticks after the last one.
    fn put_long(&self, since: u64, first: u64, more: &[u64]) -> bool {
        let (at, last) = (self.at.get(), self.last.get());
        let count = 1 + more.len();
        if since >= FAR || last == 0 || at + count > self.len.get() {
            return false;
        }
        // SAFETY: the session is not 0, and all places are within the chunk.
        let (shared, words) = unsafe {
            let words = std::slice::from_raw_parts(self.words.get().add(at), count);
            (&*self.shared.get(), words)
        };
        words[0].store(word::since(first, since), Ordering::Relaxed);
        for (place, word) in words[1..].iter().zip(more) {
            place.store(*word, Ordering::Relaxed);
        }
        let progress = self.progress.get().closed().with(count);
        self.at.set(at + count);
        self.progress.set(progress);
        self.last.set(last + since);
        shared.tell(progress);
        true
    }
}

const _: () = assert!(size_of::<Cursor>() <= 64, "it is one line of the cache");
