//! How far a thread is with writing, as it tells the recording thread: in one number, which is stored at once.

/// The number of finished words, whether another one is open, and whether the thread is about to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress(u64);

/// Set between reading the clock and having written.
const WRITING: u64 = 1;
/// Set while there is one more word, which may still change: see [`pair`](crate::journal::pair).
const OPEN: u64 = 1 << 1;
/// One word.
const WORD: u64 = 1 << 2;

impl Progress {
    /// So many finished words.
    pub(crate) const fn of(written: u64) -> Self {
        Self(written * WORD)
    }

    #[inline]
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    #[inline]
    pub(crate) fn written(self) -> u64 {
        self.0 / WORD
    }

    #[inline]
    pub(crate) fn is_open(self) -> bool {
        self.0 & OPEN != 0
    }

    #[inline]
    pub(crate) fn is_writing(self) -> bool {
        self.0 & WRITING != 0
    }

    /// The same while the thread is about to write.
    #[inline]
    pub(crate) fn writing(self) -> Self {
        Self(self.0 | WRITING)
    }

    /// The same with its open word finished.
    #[inline]
    pub(crate) fn closed(self) -> Self {
        // Two of what tells of an open word make one of a finished word.
        Self(self.0 + (self.0 & OPEN))
    }

    /// The same after so many more words, of which the last one may be open. No word is open so far.
    #[inline]
    pub(crate) fn with(self, words: usize, is_open: bool) -> Self {
        Self(self.0 + words as u64 * WORD - u64::from(is_open) * (WORD - OPEN))
    }
}

const _: () = assert!(OPEN + OPEN == WORD);
