//! The index of a session that is being recorded: made beside the events, as far as there is time for it.

use std::collections::VecDeque;
use std::fs::File;

use super::format::{self, Found};
use super::indexer::Indexer;
use super::piece::{Loaded, Piece, Stored, read_block};
use super::state::Standing;
use crate::event::{Event, Step, ThreadId, Timestamp};

/// The index of a session that is being recorded.
///
/// Events are taken in as they come. Where they come too fast for that, their blocks are read back later.
#[derive(Debug)]
pub(super) struct Indexing {
    indexer: Indexer,
    /// Whether events are taken in as they come, until the block that they are of is written.
    follows: bool,
    /// Blocks that were written and not taken in so far.
    behind: VecDeque<Piece>,
    /// The file, to read them from.
    file: Option<File>,
}

/// As many events are read back at most before a recording ends, which takes about half a second: what is left then is
/// for whoever opens it.
const MOST_AT_END: u64 = 20_000_000;

impl Indexing {
    /// Of a session that stands like this, and is recorded into this file, or into something that cannot be read back.
    pub(super) fn new(file: Option<File>, standing: Standing) -> Self {
        Self {
            indexer: Indexer::begin(standing),
            follows: false,
            behind: VecDeque::new(),
            file,
        }
    }

    /// Begins with the events of a block, which may be in a hurry.
    pub(super) fn begin_block(&mut self, in_a_hurry: bool) {
        self.follows = !in_a_hurry && self.behind.is_empty();
    }

    /// Takes an event in, unless its block is to be read back.
    pub(super) fn take_event(&mut self, event: &Event) {
        if self.follows {
            self.indexer.take_event(event);
        }
    }

    /// The same, of an event that happens at every poll.
    #[inline]
    pub(super) fn take_step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        if self.follows {
            self.indexer.take_step(at, thread, step);
        }
    }

    /// Takes note that the block was written, and takes it in unless that was done, or is in a hurry. False where the
    /// index is lost by that.
    pub(super) fn end_block(&mut self, piece: Piece, payload: Vec<u8>, in_a_hurry: bool) -> bool {
        if std::mem::take(&mut self.follows) {
            self.indexer.end_block();
            return true;
        }
        if !in_a_hurry && self.behind.is_empty() {
            self.indexer.take(&Loaded::of(piece, payload));
            return true;
        }
        self.behind.push_back(piece);
        self.file.is_some()
    }

    /// Reads back a block, where one is left; false where that fails.
    pub(super) fn catch_up(&mut self) -> bool {
        let Some((piece, file)) = self.behind.front().zip(self.file.as_ref()) else {
            return true;
        };
        let stored = piece.stored.as_ref();
        let Some(Ok(Some(payload))) = stored.map(|stored| read_block(file, stored)) else {
            return false;
        };
        self.indexer.take(&Loaded::of(*piece, payload));
        self.behind.pop_front();
        true
    }

    /// How the session stands by now; none where blocks are still to be read back.
    pub(super) fn into_standing(self) -> Option<Standing> {
        self.behind.is_empty().then(|| self.indexer.into_standing())
    }

    /// Returns the indexer, which has taken in no events so far.
    #[cfg(feature = "app")]
    pub(super) fn into_indexer(self) -> Indexer {
        self.indexer
    }

    /// The first part of the index of a session that begins where this one stands; none where blocks are still to be read
    /// back.
    #[cfg(unix)]
    pub(super) fn standing_part(&self) -> Option<Vec<u8>> {
        self.behind
            .is_empty()
            .then(|| Indexer::begin(self.indexer.standing()).part())
    }

    /// The first part of the index of what is the rest of a longer session.
    pub(super) fn first(&mut self) -> Vec<u8> {
        self.indexer.part()
    }

    /// Whether there are blocks to read back.
    pub(super) fn is_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// Whether they are too many to read them back at the end.
    pub(super) fn is_far_behind(&self) -> bool {
        let events = self.behind.iter().map(|piece| piece.count);
        events.sum::<u64>() > MOST_AT_END
    }

    /// The next part of the index, where it is time for one, or `last`.
    pub(super) fn part(&mut self, last: bool) -> Option<Vec<u8>> {
        let wanted = self.indexer.is_due() || (last && self.indexer.has_more());
        wanted.then(|| self.indexer.part())
    }
}

/// A block as it was just written at `offset`.
pub(super) fn piece(block: &[u8], offset: u64) -> Option<Piece> {
    let found: Found = format::parse_header(block)?;
    Some(Piece {
        place: found.header.before,
        count: found.header.events,
        time: found.header.time,
        stored: Some(Stored { offset, found }),
    })
}
