//! How far a thread is with writing, as it tells the recording thread: in one number, which is stored at once.

/// The number of words, whether the last one is open, and whether the thread is about to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress(u64);

/// Set between reading the clock and having written.
const WRITING: u64 = 1;
/// Set while the last word may still change: see [`pair`](crate::journal::pair).
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

    /// The number of finished words.
    #[inline]
    pub(crate) fn written(self) -> u64 {
        self.0 / WORD - u64::from(self.is_open())
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

    /// The same with all words finished.
    #[inline]
    pub(crate) fn closed(self) -> Self {
        Self(self.0 & !OPEN)
    }

    /// The same with the last word open.
    #[inline]
    pub(crate) fn opened(self) -> Self {
        Self(self.0 | OPEN)
    }

    /// The same after so many more words.
    #[inline]
    pub(crate) fn with(self, words: usize) -> Self {
        Self(self.0 + words as u64 * WORD)
    }
}
