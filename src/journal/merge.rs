//! Puts the events of a journal's threads in one order, by their times.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use super::Clock;
use super::pair;
use super::said::{self, Known, Said};
use super::word::{self, First, Tick};
use crate::event::fields::Malformed;
use crate::event::{Event, EventKind, Step, ThreadId, Timestamp, What};

/// Where events are handed on to.
pub(crate) trait Sink {
    /// Takes an event of the kinds that are most of any session.
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step);

    /// Takes any event.
    fn event(&mut self, event: &Event);
}

/// Keeps the events, in the order in which they are handed on.
impl Sink for Vec<Event> {
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        let kind = step.into();
        self.push(Event { at, thread, kind });
    }

    fn event(&mut self, event: &Event) {
        self.push(event.clone());
    }
}

/// The threads of a journal, and what is read of them and not handed on.
#[derive(Debug, Default)]
pub(super) struct Merger {
    threads: Vec<MergedThread>,
    numbers: HashMap<ThreadId, usize>,
    /// The next event of each thread that has one, but for those that have just been read.
    due: BinaryHeap<Reverse<(Tick, usize)>>,
    /// Threads that were read and had nothing that was not handed on.
    fresh: Vec<usize>,
    /// The tick of the last event that was handed on.
    pub(super) latest: Option<Tick>,
    /// How many events were lost, as the words say that were handed on.
    pub(super) lost: u64,
}

#[derive(Debug)]
struct MergedThread {
    id: ThreadId,
    /// How many of its events were read, or are known to be lost.
    read: u64,
    blocks: VecDeque<BlockWords>,
    /// The place of the next event in the first block.
    at: At,
    /// The tick of the last event that was handed on, or of the next one if that is pending.
    tick: Tick,
    is_pending: bool,
}

/// The place of an event in words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct At {
    word: usize,
    /// `true` for the second of two events in the same words.
    is_second: bool,
}

/// The words of a block.
#[derive(Debug)]
struct BlockWords {
    begins: Tick,
    words: Vec<u64>,
    /// Events that are lost before it.
    lost: u64,
}

impl Merger {
    /// Takes in the words of a block. Returns the number of events that are missing before it.
    pub(super) fn push(
        &mut self,
        id: ThreadId,
        begins: Tick,
        words: Vec<u64>,
        [before, count]: [u64; 2],
    ) -> u64 {
        let thread = self.thread(id);
        let lost = before.saturating_sub(thread.read);
        thread.read = thread.read.max(before.saturating_add(count));
        if words.is_empty() && lost == 0 {
            return 0;
        }
        let block = BlockWords {
            begins,
            words,
            lost,
        };
        self.append(id, block);
        lost
    }

    /// Returns the number of a thread's events that were read, or are known to be lost.
    pub(super) fn has_read(&self, thread: ThreadId) -> u64 {
        let index = self.numbers.get(&thread);
        index.map_or(0, |index| self.threads[*index].read)
    }

    /// Takes note that a thread's events are left out, up to the one of this number. Returns the tick of the last one that
    /// was read, and how many are missing.
    pub(super) fn leave_out(&mut self, thread: ThreadId, before: u64) -> (Option<Tick>, u64) {
        let thread = self.thread(thread);
        let until = (thread.read > 0).then(|| thread.last());
        let missing = before.saturating_sub(thread.read);
        thread.read = thread.read.max(before);
        (until, missing)
    }

    /// Takes in words that are counted already.
    pub(super) fn go_on(&mut self, thread: ThreadId, begins: Tick, words: Vec<u64>) {
        if !words.is_empty() {
            let block = BlockWords {
                begins,
                words,
                lost: 0,
            };
            self.append(thread, block);
        }
    }

    fn append(&mut self, id: ThreadId, block: BlockWords) {
        let index = self.index(id);
        let blocks = &mut self.threads[index].blocks;
        if blocks.is_empty() {
            self.fresh.push(index);
        }
        blocks.push_back(block);
    }

    fn thread(&mut self, id: ThreadId) -> &mut MergedThread {
        let index = self.index(id);
        &mut self.threads[index]
    }

    fn index(&mut self, id: ThreadId) -> usize {
        *self.numbers.entry(id).or_insert_with(|| {
            self.threads.push(MergedThread::new(id));
            self.threads.len() - 1
        })
    }

    /// Hands on the events until this tick, in the order of their ticks.
    pub(super) fn hand_on(
        &mut self,
        safe: Tick,
        clock: &Clock,
        known: &Known,
        sink: &mut impl Sink,
    ) {
        let mut out = HandOn {
            latest: self.latest.unwrap_or_default(),
            lost: &mut self.lost,
            clock,
            known,
            sink,
        };
        for index in self.fresh.drain(..) {
            let next = self.threads[index].hand_on_until(None, &mut out);
            self.due.extend(next.map(|tick| Reverse((tick, index))));
        }
        while let Some(&Reverse((tick, index))) = self.due.peek()
            && tick <= safe
        {
            // The next but one is a child of the first.
            let others = self.due.as_slice().iter().skip(1).take(2);
            let until = others.fold(safe, |until, Reverse((tick, _))| until.min(*tick));
            let next = self.threads[index].hand_on_until(Some(until), &mut out);
            match (self.due.peek_mut(), next) {
                (Some(mut first), Some(tick)) => *first = Reverse((tick, index)),
                (Some(first), None) => drop(PeekMut::pop(first)),
                (None, _) => {}
            }
            self.latest = Some(out.latest);
        }
    }
}

/// Returns how many events were lost, as an event says.
pub(super) fn lost_in(kind: &EventKind) -> u64 {
    match kind {
        EventKind::Lost { count } => *count,
        _ => 0,
    }
}

/// Hands events on, in order, with the losses between them.
struct HandOn<'a, S> {
    /// The tick of the last event that was handed on.
    latest: Tick,
    lost: &'a mut u64,
    clock: &'a Clock,
    known: &'a Known,
    sink: &'a mut S,
}

impl<S: Sink> HandOn<'_, S> {
    #[inline]
    fn step(&mut self, thread: ThreadId, tick: Tick, step: Step) {
        self.latest = self.latest.max(tick);
        let at = self.clock.timestamp(self.latest);
        self.sink.step(at, thread, step);
    }

    /// Hands on an event. A thread may write one that is older than its last: a task that yields is woken as of its last
    /// poll.
    fn hand_on(&mut self, thread: ThreadId, tick: Tick, entry: &Entry<'_>) {
        self.latest = self.latest.max(tick);
        let at = self.clock.timestamp(self.latest);
        match entry.said(self.known) {
            Ok(Said::Step(step)) => self.sink.step(at, thread, step),
            Ok(Said::Event(kind)) => {
                *self.lost = self.lost.saturating_add(lost_in(&kind));
                self.event(at, thread, kind);
            }
            Err(_) => self.event(at, thread, EventKind::Lost { count: 1 }),
        }
    }

    #[inline(never)]
    fn event(&mut self, at: Timestamp, thread: ThreadId, kind: EventKind) {
        self.sink.event(&Event { at, thread, kind });
    }

    #[cold]
    fn lost(&mut self, thread: ThreadId, tick: Tick, count: u64) {
        self.latest = self.latest.max(tick);
        let at = self.clock.timestamp(self.latest);
        self.event(at, thread, EventKind::Lost { count });
    }
}

impl MergedThread {
    fn new(id: ThreadId) -> Self {
        Self {
            id,
            read: 0,
            blocks: VecDeque::new(),
            at: At::default(),
            tick: Tick(0),
            is_pending: false,
        }
    }

    /// Returns the tick of the last event that was read.
    fn last(&self) -> Tick {
        let (mut tick, mut at, mut is_pending) = (self.tick, self.at, self.is_pending);
        for block in &self.blocks {
            if at == At::default() && !is_pending {
                tick = block.begins;
            }
            while let Some(entry) = Entry::at(&block.words, at) {
                match entry.first {
                    First::Nothing => {}
                    First::Time(time) => tick = time,
                    First::Event { since, .. } => {
                        let since = if is_pending { 0 } else { since };
                        is_pending = false;
                        tick = Tick(tick.0.saturating_add(since));
                    }
                }
                at = entry.next(at);
            }
            at = At::default();
        }
        tick
    }

    /// Hands on the events until this tick; without one, none. Returns the tick of the next event.
    fn hand_on_until<S: Sink>(
        &mut self,
        until: Option<Tick>,
        out: &mut HandOn<'_, S>,
    ) -> Option<Tick> {
        while let Some(block) = self.blocks.front_mut() {
            if self.at == At::default() && !self.is_pending {
                self.tick = block.begins;
            }
            if block.lost > 0 {
                if until.is_none_or(|until| self.tick > until) {
                    return Some(self.tick);
                }
                out.lost(self.id, self.tick, std::mem::take(&mut block.lost));
            }
            loop {
                if let Some(until) = until.filter(|_| !self.is_pending && !self.at.is_second) {
                    let place = (self.id, &mut self.at.word, &mut self.tick);
                    hand_on_steps(&block.words, place, until, out);
                }
                let Some(entry) = Entry::at(&block.words, self.at) else {
                    break;
                };
                match entry.first {
                    First::Nothing => {}
                    First::Time(tick) => self.tick = tick,
                    First::Event { since, .. } => {
                        if !std::mem::take(&mut self.is_pending) {
                            self.tick = Tick(self.tick.0.saturating_add(since));
                        }
                        if until.is_none_or(|until| self.tick > until) {
                            self.is_pending = true;
                            return Some(self.tick);
                        }
                        out.hand_on(self.id, self.tick, &entry);
                    }
                }
                self.at = entry.next(self.at);
            }
            self.blocks.pop_front();
            self.at = At::default();
        }
        None
    }
}

/// Hands on the polls and wakes of one word each that come next in a thread's words and happen until this tick: most of any
/// journal.
fn hand_on_steps<S: Sink>(
    words: &[u64],
    (id, place, last): (ThreadId, &mut usize, &mut Tick),
    until: Tick,
    out: &mut HandOn<'_, S>,
) {
    let (mut at, mut tick) = (*place, *last);
    while let Some(&word) = words.get(at) {
        if let Some(poll) = pair::poll(word) {
            let start = Tick(tick.0.saturating_add(poll.since));
            let end = Tick(start.0.saturating_add(poll.length));
            if end > until {
                break;
            }
            let (lane, what) = (poll.lane, What::Started);
            out.step(id, start, Step { lane, what });
            let what = What::Ended(poll.result);
            out.step(id, end, Step { lane, what });
            tick = end;
        } else {
            let Some((since, step)) = word::short(word) else {
                break;
            };
            let next = Tick(tick.0.saturating_add(since));
            if next > until {
                break;
            }
            out.step(id, next, step);
            tick = next;
        }
        at += 1;
    }
    (*place, *last) = (at, tick);
}

/// An event in words, or a word that is none.
struct Entry<'a> {
    /// The first word, as that of one event.
    word: u64,
    first: First,
    /// The words after it that belong to it.
    more: &'a [u64],
    /// `true` if the words hold two events.
    is_pair: bool,
    is_second: bool,
}

impl<'a> Entry<'a> {
    #[inline]
    fn at(words: &'a [u64], At { word, is_second }: At) -> Option<Self> {
        let (&word, rest) = words.get(word..)?.split_first()?;
        let (word, is_pair) = pair::plain(word, !rest.is_empty(), is_second);
        let first = First::of(word);
        let more = match first {
            First::Event { more, .. } => rest.get(..more).unwrap_or_default(),
            First::Nothing | First::Time(_) => &[],
        };
        Some(Self {
            word,
            first,
            more,
            is_pair,
            is_second,
        })
    }

    /// Returns the place of the next one.
    #[inline]
    fn next(&self, At { word, .. }: At) -> At {
        if self.is_pair && !self.is_second {
            return At {
                word,
                is_second: true,
            };
        }
        let more = match self.first {
            First::Event { more, .. } => more,
            First::Nothing | First::Time(_) => 0,
        };
        At {
            word: word.saturating_add(1).saturating_add(more),
            is_second: false,
        }
    }

    #[inline]
    fn said(&self, known: &Known) -> Result<Said, Malformed> {
        match self.more {
            [second] if self.is_second => {
                said::read(self.word, &[pair::second_of_end(*second)], known)
            }
            more => said::read(self.word, more, known),
        }
    }
}
