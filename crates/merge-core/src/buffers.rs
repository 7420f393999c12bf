//! Blocks that are used again. For a fresh one the kernel clears memory, page by page, which takes as long as to fill
//! it.

use std::sync::{Mutex, PoisonError};

use crate::input::{MAX_BLOCK, MIN_BLOCK};

/// How many blocks are kept for the next read: as many as may be on their way from the readers to the writer. Together
/// they take about 16 MiB at most.
const MOST: usize = 32;

static SPARE: Mutex<Spare> = Mutex::new(Spare(Vec::new()));

/// Blocks that nobody uses.
struct Spare(Vec<Vec<u8>>);

/// An empty buffer with room for `least` bytes. A small one is always new: it may be kept for long, as the start of a
/// line.
pub(crate) fn take(least: usize) -> Vec<u8> {
    if least < MIN_BLOCK {
        return Vec::with_capacity(least);
    }
    SPARE.lock().unwrap_or_else(PoisonError::into_inner).take(least)
}

/// Keeps a block for the next read.
pub(crate) fn give_back(block: Vec<u8>) {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner).keep(block);
}

impl Spare {
    fn take(&mut self, least: usize) -> Vec<u8> {
        let mut block = self.0.pop().unwrap_or_default();
        // In steps, so that a block which is used again is seldom just too short.
        block.reserve_exact(least.next_multiple_of(MIN_BLOCK));
        block
    }

    fn keep(&mut self, mut block: Vec<u8>) {
        // A small one is not worth it, and a larger one has held a line that was longer than a block.
        if self.0.len() < MOST && (MIN_BLOCK..=MAX_BLOCK + MIN_BLOCK).contains(&block.capacity()) {
            block.clear();
            self.0.push(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_was_given_back_is_used_again_and_is_empty() {
        let mut spare = Spare(Vec::new());
        let mut block = spare.take(MAX_BLOCK);
        block.push(b'x');
        let place = block.as_ptr();
        spare.keep(block);
        let again = spare.take(MIN_BLOCK);
        assert_eq!(again.as_ptr(), place);
        assert!(again.is_empty() && again.capacity() >= MAX_BLOCK);
        assert!(spare.0.is_empty());
    }

    #[test]
    fn few_blocks_are_kept_and_none_that_is_small_or_huge() {
        let mut spare = Spare(Vec::new());
        for capacity in [0, MIN_BLOCK - 1, MAX_BLOCK + MIN_BLOCK + 1] {
            spare.keep(Vec::with_capacity(capacity));
            assert_eq!(spare.0.len(), 0, "{capacity} bytes");
        }
        for kept in 1..=MOST {
            spare.keep(Vec::with_capacity(if kept % 2 == 0 { MIN_BLOCK } else { MAX_BLOCK + MIN_BLOCK }));
            assert_eq!(spare.0.len(), kept);
        }
        spare.keep(Vec::with_capacity(MAX_BLOCK));
        assert_eq!(spare.0.len(), MOST);
    }

    #[test]
    fn a_small_buffer_has_the_size_that_is_asked_for() {
        assert_eq!(take(100).capacity(), 100);
        assert_eq!(Spare(Vec::new()).take(MIN_BLOCK + 1).capacity(), 2 * MIN_BLOCK);
    }
}
