//! The session log: a session's events in a file, so that it can be replayed.
//!
//! What is promised:
//! - Whatever was handed to a [`Writer`] more than a tenth of a second ago is in the file and can be read, even when
//!   the program is killed, as long as its owner calls [`Writer::tick`] each frame.
//! - [`Session::open`] reads whatever is whole. What is not becomes an [`EventKind::Lost`] with the exact number
//!   wherever that is known, and a line of [`Damage`]. No file makes it panic, or take memory that the file's size
//!   does not justify.
//! - A disk that is full ends the recording with one error and leaves a file that ends with a whole block.
//! - A file is read in pieces, from where they lie: one that becomes shorter while it is read is an error, not a crash.
//! - Files of every released version stay readable; one of each is kept in `tests/fixtures`.
//! - Files and directories are created for their owner alone: modes 0600 and 0700. Those that exist keep their mode.
//!
//! A file's name ends in `.aline`.
//!
//! # The format, version 4
//!
//! A file is a file header followed by blocks; there is nothing between them. Fixed numbers are little-endian.
//! Checksums are CRC32C (Castagnoli), which is what iSCSI and ext4 use. `varint` is an unsigned LEB128 number of at
//! most 64 bits: seven bits a byte, the lowest first, the top bit set in all bytes but the last.
//!
//! ## The file header: 16 bytes
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `89 61 6c 69 6e 65 0d 0a`: `\x89aline\r\n` |
//! | 8 | 2 | the version of the format, 4 |
//! | 10 | 2 | zero; readers ignore it |
//! | 12 | 4 | checksum of bytes 0 to 11 |
//!
//! A reader refuses a version that is higher than its own, and reads all lower ones. Additions that an older reader may
//! skip (kinds of blocks, keys of metadata) leave the version as it is; anything else raises it. An index whose parts a
//! reader does not understand is none: it can be made again from the events.
//!
//! ## A block: 52 bytes of header, then its payload
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | the marker `ff 62 6c 6b`; its first byte occurs in no UTF-8 text |
//! | 4 | 1 | the kind: 1 metadata, 2 events, 3 end, 4 a part of the index, 5 the journal that it was made of |
//! | 5 | 1 | flags, added: 1 for a block of events or of the index whose payload is packed; 2 for a part of the index in the layout of version 4 |
//! | 6 | 2 | zero; readers ignore it |
//! | 8 | 4 | the block's number: one more than that of the block before, mostly from 0; after the highest it goes on from 0 |
//! | 12 | 4 | checksum of the payload |
//! | 16 | 8 | how many events stand in the blocks before this one |
//! | 24 | 8 | how many events this block holds |
//! | 32 | 8 | the time of its first event, in nanoseconds since the session began |
//! | 40 | 8 | the payload's length in bytes |
//! | 48 | 4 | checksum of bytes 0 to 47 |
//!
//! Every block can be read without the others. A reader passes over kinds that it does not know (they hold no
//! events), and treats an events block with flags that it does not know like a damaged one. After damage it looks for
//! the next marker whose checksums fit; the count of events before that block tells how many were lost.
//!
//! ## Kind 1, metadata: the first block
//!
//! Fields up to the payload's end, each a key (one byte), the length of its value (varint) and the value. Keys that a
//! reader does not know are passed over.
//!
//! | key | value |
//! |---|---|
//! | 1 | the session's title, UTF-8 |
//! | 2 | the name of the scenario, UTF-8; empty where the program was none |
//! | 3 | the version of the program that wrote the log, UTF-8 |
//! | 4 | when the session began: nanoseconds since 1970-01-01 00:00 UTC, 8 bytes |
//! | 5 | how many events lie before the first one here, 8 bytes; only where this is the rest of a longer session, or a part of one |
//!
//! Where key 5 is there, the counts of events before a block go on from that number, times still count from when the
//! whole session began, and the second block is a part of the index, which says how everything stood before.
//!
//! ## Kind 2, events
//!
//! Where the block's flags are 1, its payload is packed: it is the length of what follows when unpacked (varint), at
//! most 2²⁰ and at most 32 times the block's payload, and then a Zstandard frame (RFC 8878) that unpacks to exactly so
//! many bytes. Readers treat anything else like damage, so that no file unfolds to more than its size justifies.
//!
//! Unpacked, the payload is first the block's dictionary: how many texts there are (varint), then each text's length in
//! bytes (varint) and its UTF-8. Then the events, as many as the block's header says, each of them:
//!
//! 1. one byte: the number of what happened, from the table below; its top bit is set where the event's thread is not
//!    that of the event before (for the first one: not thread 0);
//! 2. the time since the event before (for the first one: since the time in the block's header), as a zigzag varint:
//!    0, -1, 1, -2 … are written 0, 1, 2, 3 …; it counts modulo 2⁶⁴;
//! 3. where that top bit is set, the thread (varint);
//! 4. the fields below.
//!
//! The payload ends with the last event.
//!
//! | number | what happened | fields |
//! |---|---|---|
//! | 0 | [`ThreadNamed`](EventKind::ThreadNamed) | name |
//! | 1 | [`RuntimeEntered`](EventKind::RuntimeEntered) | runtime, flavor, io |
//! | 2 | [`RuntimeLeft`](EventKind::RuntimeLeft) | runtime |
//! | 3 | [`Spawned`](EventKind::Spawned) | lane, name, parent?, kind, site? |
//! | 4 | [`BranchStarted`](EventKind::BranchStarted) | lane, name, parent, of, site? |
//! | 5 | [`PollStarted`](EventKind::PollStarted) | lane |
//! | 6 | [`PollEnded`](EventKind::PollEnded) | lane, result |
//! | 7 | [`Woken`](EventKind::Woken) | lane, by |
//! | 8 | [`Unwakeable`](EventKind::Unwakeable) | lane |
//! | 9 | [`Cancelled`](EventKind::Cancelled) | lane, why |
//! | 10 | [`CoroutineCreated`](EventKind::CoroutineCreated) | lane, name, parent?, site? |
//! | 11 | [`CoroutineStarted`](EventKind::CoroutineStarted) | lane, host?, frame? |
//! | 12 | [`CoroutineEnded`](EventKind::CoroutineEnded) | lane, end |
//! | 13 | [`AwaitEntered`](EventKind::AwaitEntered) | lane, frame, parent?, coroutine?, site?, text, on? |
//! | 14 | [`AwaitLeft`](EventKind::AwaitLeft) | lane, frame |
//! | 15 | [`Mark`](EventKind::Mark) | lane?, text |
//! | 16 | [`Lost`](EventKind::Lost) | count |
//! | 17 | [`Labelled`](EventKind::Labelled) | lane, key (a text), value (a text) |
//! | 18 | [`TasksCounted`](EventKind::TasksCounted) | runtime, seen, alive |
//! | 19 | [`Alive`](EventKind::Alive) | |
//! | 20 | [`PollSpent`](EventKind::PollSpent) | lane, since? (a varint), running, stalled |
//!
//! Version 1 has no events 17 and 18. Version 2 has no events 19 and 20. Neither has the values 5 (why), 2 and 3 (on), and
//! 9 (state) below. Versions 1 to 3 have no part of the index with flag 2.
//!
//! Event 19 is a heartbeat: it moves the session's end and nothing else. Event 20 holds the time that a long poll spent, if
//! known. Block headers count both like all other events, since their counts are positions. Displayed event counts leave
//! them out, and either may be missing without a loss.
//!
//! A lane is the difference to the lane that stood last in the same place of the block (to 0, where none did), as a
//! zigzag varint that counts modulo 2⁶⁴. Places are the same where three numbers are: the event's thread modulo 8; the
//! number of what happened, with 6 taken for 5 and 14 for 13; and how many lanes stand before it in the event. A frame
//! is such a difference to the frame that stood last in the same place, too. Times (absolute, in nanoseconds) and counts
//! are varints. A text is its index in the dictionary
//! (varint, from 0). A site is file (a text), line and column (varints). A truth is one byte, 0 or 1. A field with `?`
//! is one byte, 0 for none, or 1 and then its value. A choice is one byte and then its fields:
//!
//! | choice | values |
//! |---|---|
//! | flavor | 0 current thread; 1 multi-thread: workers (varint) |
//! | kind | 0 root, 1 task, 2 blocking, 3 local, 4 future |
//! | of | 0 join, 1 select, 2 timeout |
//! | result | 0 pending, 1 completed, 2 panicked |
//! | by | 0 lane: lane; 1 itself, 2 driver, 3 thread |
//! | why | 0 aborted: by? (a lane); 1 dropped, 2 lost select, 3 timed out, 4 shutdown, 5 left |
//! | end | 0 returned: value? (a text); 1 panicked; 2 cancelled: why; 3 never polled |
//! | on | 0 task: lane; 1 until: time; 2 in order, 3 each turn |
//!
//! ## Kind 3, end: the last block
//!
//! Its payload is empty, its time is that of the last event. A file without it was cut off, or is still being written.
//!
//! ## Kind 4, a part of the index
//!
//! A part says how everything stood between two events, so that a reader need not begin with the first one. It can be made
//! from the events, and readers may pass over it; `asyncline repair` writes what is lacking. Parts stand anywhere after the
//! events that they describe: after 16,384 events, or 32 for each open lane, open await, label and thread if that is more, as
//! soon as there is time to make one, and before the end. Sessions of fewer events have none. Parts build on each other; one that
//! does not fit those before it (by its number, or by how many lanes these know of) is passed over.
//!
//! The payload is packed as that of events, but may be 2²⁶ bytes long unpacked. It is a dictionary, as that of events, and
//! then, each a varint where nothing else is said; times are written as what they lie before the part's own time, as a
//! zigzag varint modulo 2⁶⁴:
//!
//! 1. the part's number, from 0; how many events of the session lie before it; its own time (absolute), that of the last
//!    of these; how many events were applied, and how many were lost;
//! 2. two truths: whether a runtime was entered so far, and whether all of them wait for timers only;
//! 3. how many threads have names, and each one's name (a text);
//! 4. a truth: whether a poll has ended since the last step; how many threads poll, and for each its number, how many lanes
//!    it polls, and these, the outermost first;
//! 5. how many lanes the parts before know of;
//! 6. a list of the lanes that are new, as they began, in that order;
//! 7. a list of the lanes that have ended since the part before: by how much its place is higher than that of the one
//!    before (the first: its place; a place is a lane's number among all, in the order in which they began), and its state;
//! 8. the same of the lanes that have not ended;
//! 9. a list of the runtimes whose tasks were counted: lane, seen, alive. It is lacking in version 1.
//!
//! A lane and a frame are differences as in events, with places of their own for each of these lists, for wakes and for
//! frames. A list is its length and then its items. A *mask* says which of the following fields are there; those that are
//! not have their usual values.
//!
//! *A lane as it began*: a mask; when it began, as the time since the lane before in the list began (before the first, and
//! now as a zigzag varint: the part's time); and:
//!
//! | mask | field | usual value |
//! |---|---|---|
//! | 1 | its id, as a zigzag varint of the difference to that of the lane before (0) | one more than that |
//! | 2 | origin: a choice (0 runtime: flavor; 1 task: kind; 2 branch: of; 3 coroutine), name, parent?, site? | that of the lane before |
//! | 4 | the poll in which it was born? (lane, polls of that lane by then, changes of state of that lane by then) | that of the lane before |
//!
//! *State*: a mask; nanoseconds spent running; nanoseconds spent ready; and:
//!
//! | mask | field | usual value |
//! |---|---|---|
//! | 1 | how often it was polled | 1 |
//! | 2 | nanoseconds spent waiting | 0 |
//! | 4 | its last change of state? (state, thread) | as the lane before in the list; for the first, none |
//! | 16 | how often events of it were lost, and nanoseconds unknown | 0 and 0 |
//! | 8 | the time of that change (or of its beginning), as what it lies before the usual one | its beginning and the nanoseconds of all states |
//!
//! then, if it has not ended, the length of the rest in bytes; and the rest: a mask, and:
//!
//! | mask | field | usual value |
//! |---|---|---|
//! | 1 | when it was polled first?, as what that lies before its beginning | its beginning and the nanoseconds ready |
//! | 2 | how long its longest poll took | the nanoseconds running |
//! | 4 | how many of its changes of state were forgotten | twice the polls |
//! | 64 | when it ended? | with its last change, if that is an end; else none |
//! | 128 | host: lane, frame?, awaiting coroutine?, truth: whether it began in the stretch of its caller's life in which it was called, poll, first change, one past the last change? | none |
//! | 256 | its value, a text | none |
//! | 512 | why it was cancelled | none |
//! | 8192 | its origin, and the poll in which it was born?, since these were told of late | as it began |
//! | 8 | a list of its last wake (time, by, thread) | empty |
//! | 2048 | a list of its last mark (time, text) | empty |
//! | 16 | the list of its open awaits, and the one where it stands (frame, parent?, coroutine?, site?, text, on?, time, when it was over?); the list of which of these are open, outermost first; which of them it stands at? | empty; none |
//! | 4096 | a list of its labels (key, value: texts) | empty |
//! | 32 | none: it was woken since its last poll | it was not |
//! | 1024 | none: it is unwakeable | it is not |
//!
//! Fields stand in the order of these tables. Times in the rest are what they lie before the lane's last change (or its
//! beginning), as a zigzag varint. A state is 0 created, 1 ready, 2 running, 3 waiting, 4 done, 5 cancelled, 6 panicked,
//! 7 never polled, 8 unknown, 9 left.
//!
//! Parts without flag 2, from versions 1 to 3, have no masks. *A lane as it began*: lane, time, origin, the poll in which it
//! was born?. *State*: how often it was polled; how often events of it were lost; nanoseconds spent running, ready, and
//! unknown; its last change of state? (time, state, thread); nanoseconds spent waiting, as a zigzag varint of what they
//! differ by from its age at that change without the other three; the length of the rest in bytes; and the rest: a truth,
//! whether its origin follows, and that; when it was polled first? (after its beginning); when it ended?; longest poll;
//! changes forgotten; value?; why cancelled?; truths: unwakeable, woken; host?; wakes; marks; awaits, which are open, where
//! it stands?; labels, which may be lacking.
//!
//! ## Kind 5, the journal that the recording was made of
//!
//! Written before the end of a recording that was made of a journal (see `docs/format.md`). The payload is the version of
//! asyncline that made it (its length as a varint, and its UTF-8); then varints: the version of the journal's format, its
//! length in bytes, and the checksum of its first 2¹⁶ bytes followed by its last 2¹⁶ (of a shorter one: of all, twice). Then,
//! up to the payload's end, what is wrong with the journal. Each damage is a byte and three varints: a place in the journal, a
//! number of bytes and a number of lost events, which are 0 where they say nothing.
//!
//! | byte | damage |
//! |---|---|
//! | 0 | [`FileHeader`](Damage::FileHeader) |
//! | 1 | [`Metadata`](Damage::Metadata) |
//! | 2 | [`Skipped`](Damage::Skipped) |
//! | 3 | [`Missing`](Damage::Missing) |
//! | 4 | [`Torn`](Damage::Torn) |
//! | 5 | [`NoEnd`](Damage::NoEnd) |
//! | 6 | [`Trailing`](Damage::Trailing) |
//!
//! Older readers pass over this block.
//!
//! # The recording that is kept beside a journal
//!
//! A viewer that opens the journal `app.aline` makes a recording of it, `app.aline.index`. The next viewer opens that, if its
//! block of kind 5 describes the journal as it is then and names the viewer's own version; otherwise it makes a new one. It is
//! written as `app.aline.index.part` and renamed once it is complete; where the directory cannot be written, it is a temporary
//! file, which is removed after use.
//!
//! # Files of a recording that is kept to its last part
//!
//! Where a recording has a limit, the file that is written is ended and renamed when it has a fifth of that (a quarter, of
//! a limit in time): `name.aline` becomes `name.1.aline`, that becomes `name.2.aline`, and the fifth is dropped. Each is a
//! session log of its own, which begins with how everything stood (key 5).

#[cfg(feature = "app")]
mod archive;
mod beginning;
mod codec;
pub mod collector;
#[cfg(feature = "app")]
pub(crate) mod converter;
#[cfg(feature = "app")]
mod edit;
mod error;
#[cfg(feature = "app")]
pub(crate) mod feed;
mod file;
mod format;
#[cfg(all(feature = "app", any(test, fuzzing)))]
mod fuzz;
#[cfg(feature = "app")]
mod index;
#[cfg_attr(
    not(feature = "app"),
    allow(
        dead_code,
        unused_imports,
        reason = "only the program makes recordings of journals"
    )
)]
mod indexer;
#[cfg(all(feature = "app", unix))]
mod joint;
mod journal;
#[cfg_attr(
    not(feature = "app"),
    allow(
        dead_code,
        unused_imports,
        reason = "only the program looks into recordings without reading them"
    )
)]
mod log;
#[cfg(feature = "app")]
mod made;
#[cfg(feature = "app")]
mod measured;
#[cfg_attr(
    not(feature = "app"),
    allow(
        dead_code,
        unused_imports,
        reason = "only the program makes recordings of journals"
    )
)]
mod origin;
mod overwrite;
#[cfg_attr(
    not(feature = "app"),
    allow(
        dead_code,
        unused_imports,
        reason = "only the program makes recordings of journals"
    )
)]
mod piece;
#[cfg(feature = "app")]
mod progress;
mod reader;
mod rotation;
mod state;
#[cfg(feature = "app")]
mod store;
#[cfg(feature = "app")]
pub(crate) mod temporary;
#[cfg(feature = "app")]
mod threaded;
mod whole;
mod writer;
pub(crate) mod writing;

pub use crate::journal::damage::Damage;
#[cfg(feature = "app")]
pub(crate) use crate::journal::damage::told;
pub use crate::journal::unreadable::Unreadable;
#[cfg(feature = "app")]
pub(crate) use crate::text::plain::plain;
#[cfg(feature = "app")]
pub(crate) use archive::{Archive, Stretch};
#[cfg(feature = "app")]
pub(crate) use edit::{cut, merge};
pub use error::Error;
#[cfg(feature = "app")]
pub use feed::Batch;
pub use format::Meta;
#[cfg(all(feature = "app", fuzzing))]
pub use fuzz::fuzz;
#[cfg(all(feature = "app", any(test, fuzzing)))]
pub use fuzz::fuzz_journal;
#[cfg(all(feature = "app", unix))]
pub(crate) use joint::Joint;
#[cfg(feature = "app")]
pub(crate) use made::{Goal, Making, is_journal, is_kept, is_written, replace_journal};
#[doc(hidden)]
#[cfg(feature = "app")]
pub use measured::{journal_counts, journal_started, opened};
#[cfg(feature = "app")]
pub(crate) use overwrite::{is_log, open_log, remove_empty};
#[cfg(feature = "app")]
pub use progress::Progress;
pub use rotation::Keep;
#[cfg(feature = "app")]
pub(crate) use store::date_text;
#[cfg(feature = "app")]
pub use store::{Entry, KEEP, Store};
pub use whole::Session;
pub use writer::Writer;
#[cfg(feature = "app")]
pub(crate) use writer::create_keeping as create;

#[cfg(doc)]
use crate::event::EventKind;
