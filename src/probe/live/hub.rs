//! What a program's viewers are sent: the last part of its journal, in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::watch;

use crate::journal::standing::Standing;

/// As many bytes of the journal are kept for who attaches late or reads slowly.
const KEPT: usize = if cfg!(test) { 4096 } else { 32 << 20 };

/// The last part of a journal, and the viewers that are sent it.
#[derive(Debug)]
pub(crate) struct Hub {
    state: Mutex<HubState>,
    /// How many pieces there were; whoever waits for the next one watches it.
    count: watch::Sender<u64>,
    /// A viewer has been sent something.
    sent: Condvar,
}

#[derive(Debug, Default)]
struct HubState {
    /// How the journal begins: its description.
    beginning: Vec<u8>,
    /// What is left of the pieces that were dropped.
    standing: Standing,
    /// The blocks of each pass.
    pieces: VecDeque<Bytes>,
    /// How many pieces lie before the first one that is kept.
    first: u64,
    /// The bytes of all pieces that are kept.
    size: usize,
    viewers: Vec<Viewer>,
    next: u64,
    is_over: bool,
}

#[derive(Debug)]
struct Viewer {
    id: u64,
    /// How many pieces it has been sent, those that it lost included.
    at: u64,
}

impl Hub {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            count: watch::Sender::new(0),
            sent: Condvar::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, HubState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in how the journal begins.
    pub(crate) fn begin(&self, beginning: &[u8]) {
        self.state().beginning.extend_from_slice(beginning);
        self.count.send_modify(|_| {});
    }

    /// Waits until it is known how the journal begins: without that, nobody can read what follows.
    pub(super) async fn begun(&self) {
        let mut count = self.count.subscribe();
        while !self.has_begun() && count.changed().await.is_ok() {}
    }

    fn has_begun(&self) -> bool {
        let state = self.state();
        !state.beginning.is_empty() || state.is_over
    }

    /// Takes in the blocks of a pass.
    pub(crate) fn push(&self, blocks: &[u8]) {
        let piece = Bytes::copy_from_slice(blocks);
        let mut state = self.state();
        state.size += piece.len();
        state.pieces.push_back(piece);
        state.drop_old();
        let count = state.count();
        drop(state);
        self.count.send_replace(count);
    }

    /// No more will come.
    pub(crate) fn end(&self) {
        self.state().is_over = true;
        self.count.send_modify(|_| {});
    }

    /// Whether anybody reads along.
    pub(crate) fn has_viewers(&self) -> bool {
        !self.state().viewers.is_empty()
    }

    /// Returns `true` if every viewer has been sent all there is.
    #[cfg(test)]
    pub(super) fn is_sent(&self) -> bool {
        let state = self.state();
        let count = state.count();
        state.viewers.iter().all(|viewer| viewer.at == count)
    }

    /// Starts to read. Returns how the journal begins.
    pub(crate) fn join(self: &Arc<Self>) -> (Reading, Bytes) {
        let mut state = self.state();
        let beginning = Bytes::copy_from_slice(&state.beginning);
        let id = state.next;
        state.next += 1;
        state.viewers.push(Viewer { id, at: 0 });
        drop(state);
        let reading = Reading {
            hub: Arc::clone(self),
            id,
            count: self.count.subscribe(),
        };
        (reading, beginning)
    }

    /// Waits until every viewer has been sent all, and at the end until it has been told so; or until nobody has taken anything for so long.
    pub(crate) fn wait_until_sent(&self, patience: Duration) {
        let mut state = self.state();
        let mut before = (0, Instant::now());
        loop {
            let count = state.count();
            let missing: u64 = state.viewers.iter().map(|viewer| count - viewer.at).sum();
            let left = state.is_over && !state.viewers.is_empty();
            if missing == 0 && !left {
                return;
            }
            if missing != before.0 {
                before = (missing, Instant::now());
            }
            let Some(left) = patience.checked_sub(before.1.elapsed()) else {
                return;
            };
            let waited = self.sent.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl HubState {
    /// How many pieces there were.
    fn count(&self) -> u64 {
        self.first + self.pieces.len() as u64
    }

    /// Drops what is too much.
    fn drop_old(&mut self) {
        while self.size > KEPT
            && let Some(piece) = self.pieces.pop_front()
        {
            self.size -= piece.len();
            self.first += 1;
            self.standing.fold(&piece);
        }
    }

    /// The next blocks for a viewer. For those that are gone by now it gets what is left of them.
    fn after(&self, id: u64) -> Next {
        /// So many bytes are sent at a time.
        const MOST: usize = 256 << 10;
        let viewer = self.viewers.iter().find(|viewer| viewer.id == id);
        let at = viewer.map_or(u64::MAX, |viewer| viewer.at);
        let standing = (at < self.first).then(|| self.standing());
        let at = at.max(self.first);
        let skip = usize::try_from(at - self.first).unwrap_or(usize::MAX);
        let mut size = 0;
        let blocks = self.pieces.iter().skip(skip);
        let fitting = blocks.take_while(|block| {
            let fits = size < MOST;
            size += block.len();
            fits
        });
        let blocks: Vec<Bytes> = fitting.cloned().collect();
        let end = at.saturating_add(blocks.len() as u64);
        let blocks = standing.into_iter().chain(blocks).collect();
        Next { blocks, end }
    }

    /// Returns the blocks that stand for all that are gone.
    fn standing(&self) -> Bytes {
        let mut blocks = Vec::new();
        self.standing.write(&mut blocks);
        blocks.into()
    }
}

/// A viewer that reads.
#[derive(Debug)]
pub(crate) struct Reading {
    hub: Arc<Hub>,
    id: u64,
    count: watch::Receiver<u64>,
}

impl Reading {
    /// The next blocks, as many as make a frame, once there are any; none once there will be no more. It can be given up
    /// at any time, and be asked for again.
    pub(super) async fn next(&mut self) -> Option<Next> {
        loop {
            self.count.borrow_and_update();
            let (next, is_over) = {
                let state = self.hub.state();
                (state.after(self.id), state.is_over)
            };
            if !next.blocks.is_empty() {
                return Some(next);
            }
            if is_over {
                return None;
            }
            self.count.changed().await.ok()?;
        }
    }

    /// Takes note that these were sent.
    pub(super) fn sent(&self, next: &Next) {
        let mut state = self.hub.state();
        let mut viewers = state.viewers.iter_mut();
        if let Some(viewer) = viewers.find(|viewer| viewer.id == self.id) {
            viewer.at = next.end;
        }
        drop(state);
        self.hub.sent.notify_all();
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        state.viewers.retain(|viewer| viewer.id != self.id);
        drop(state);
        self.hub.sent.notify_all();
    }
}

/// Blocks that a viewer is sent.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) blocks: Vec<Bytes>,
    /// How many blocks there are until the last of them.
    end: u64,
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use super::*;
    use crate::journal::block;

    fn block(number: u64) -> Vec<u8> {
        let mut block = number.to_le_bytes().to_vec();
        block.resize(256, 0);
        block
    }

    fn number(block: &Bytes) -> u64 {
        let mut number = [0; 8];
        number.copy_from_slice(&block[..8]);
        u64::from_le_bytes(number)
    }

    fn hub() -> Arc<Hub> {
        let hub = Hub::new();
        hub.begin(b"beginning");
        hub
    }

    async fn read(reading: &mut Reading) -> Vec<u64> {
        let next = reading.next().await;
        next.map_or_else(Vec::new, |next| {
            reading.sent(&next);
            let is_whole = |blocks: &&Bytes| block::header(blocks).is_none();
            next.blocks.iter().filter(is_whole).map(number).collect()
        })
    }

    #[tokio::test]
    async fn viewers_are_sent_all_that_comes() {
        let hub = hub();
        hub.push(&block(0));
        let (mut one, beginning) = hub.join();
        assert_eq!(beginning, "beginning");
        assert_eq!(read(&mut one).await, [0]);
        hub.push(&block(1));
        hub.push(&block(2));
        let (mut other, _) = hub.join();
        assert_eq!(read(&mut one).await, [1, 2]);
        assert_eq!(read(&mut other).await, [0, 1, 2]);
        hub.end();
        assert!(read(&mut one).await.is_empty());
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_who_is_slow_lacks_the_rest() {
        let hub = hub();
        let (mut slow, _) = hub.join();
        for number in 0..100 {
            hub.push(&block(number));
        }
        assert!(hub.state().size <= KEPT);
        let kept = (KEPT / 256) as u64;
        assert_eq!(read(&mut slow).await.first(), Some(&(100 - kept)));
        let (mut late, beginning) = hub.join();
        assert_eq!(beginning, "beginning");
        assert_eq!(read(&mut late).await.first(), Some(&(100 - kept)));
    }

    #[tokio::test]
    async fn nobody_is_waited_for_who_does_not_read() {
        let hub = hub();
        let (mut reading, _) = hub.join();
        hub.push(&block(0));
        hub.wait_until_sent(Duration::from_millis(20));
        assert_eq!(read(&mut reading).await, [0]);
        hub.wait_until_sent(Duration::MAX);
        hub.push(&block(1));
        drop(reading);
        hub.wait_until_sent(Duration::MAX);
    }
}
