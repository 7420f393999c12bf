//! Whole lines, and the few blocks of memory that they come in.

use std::fmt;
use std::mem;
use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How long a block is, in bytes: so long that a hand-over to another thread costs little beside reading it.
const BLOCK: usize = 512 * 1024;
/// How many blocks the inputs of one run share. A few are read and written while they are still in the processor's
/// cache; a thousand, one for each follower, would be cold by the time the output takes them.
const BLOCKS: usize = 4;

/// One or more whole lines, each with its newline: what a follower hands on as one chunk.
///
/// They stand in a block that the inputs of a run share, and that goes back when this is dropped. There are four of
/// them: whoever keeps four chunks and reads on waits for ever. To keep lines for later, copy them (`to_vec`).
pub struct Chunk {
    bytes: Vec<u8>,
    /// Where the block goes back to. A line longer than half a block has memory of its own.
    home: Option<Arc<Blocks>>,
}

impl Chunk {
    /// Keeps what comes before `end` and returns the rest.
    pub(crate) fn cut(&mut self, end: usize) -> Vec<u8> {
        if end == 0 && self.home.is_none() {
            return mem::take(&mut self.bytes);
        }
        let rest = self.bytes[end..].to_vec();
        self.bytes.truncate(end);
        rest
    }

    /// For filling it.
    pub(crate) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

/// Lines in memory of their own.
impl From<Vec<u8>> for Chunk {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, home: None }
    }
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl PartialEq for Chunk {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Chunk {}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(self), f)
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.give_back(mem::take(&mut self.bytes));
        }
    }
}

/// The blocks that the inputs of one run share.
#[derive(Debug)]
pub(crate) struct Blocks {
    /// How long each of them is, in bytes.
    pub(crate) length: usize,
    /// Those that nobody uses. The last one to come back is the first to be used again: it is in the cache.
    free: Mutex<Vec<Vec<u8>>>,
    came_back: Condvar,
}

impl Blocks {
    pub(crate) fn new() -> Arc<Self> {
        Self::of_length(BLOCK)
    }

    pub(crate) fn of_length(length: usize) -> Arc<Self> {
        // None has any memory before its first use.
        Arc::new(Self { length, free: Mutex::new(vec![Vec::new(); BLOCKS]), came_back: Condvar::new() })
    }

    /// An empty block. Blocks until there is one.
    pub(crate) fn take(self: &Arc<Self>) -> Chunk {
        let mut free = self.free();
        let mut bytes = loop {
            match free.pop() {
                Some(bytes) => break bytes,
                None => free = self.came_back.wait(free).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(free);
        bytes.reserve_exact(self.length);
        Chunk { bytes, home: Some(Arc::clone(self)) }
    }

    fn give_back(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        self.free().push(bytes);
        self.came_back.notify_one();
    }

    /// Nothing in here panics with the lock held.
    fn free(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::watchdog::Watchdog;

    #[test]
    fn lines_are_equal_when_their_bytes_are() {
        assert_eq!(Chunk::from(b"a\n".to_vec()), Chunk::from(b"a\n".to_vec()));
        assert_ne!(Chunk::from(b"a\n".to_vec()), Chunk::from(b"b\n".to_vec()));
    }

    #[test]
    fn a_block_comes_back_when_its_lines_are_dropped_and_is_used_again() {
        let blocks = Blocks::new();
        let mut lines = blocks.take();
        lines.bytes_mut().extend_from_slice(b"a\n");
        let place = lines.as_ptr();
        drop(lines);
        let again = blocks.take();
        assert!(again.is_empty());
        assert_eq!(again.as_ptr(), place);
        assert_eq!(again.bytes.capacity(), BLOCK);
    }

    #[test]
    fn who_finds_no_block_waits_for_one() {
        let _watchdog = Watchdog::start();
        let blocks = Blocks::new();
        let mut taken: Vec<_> = (0..BLOCKS).map(|_| blocks.take()).collect();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| blocks.take().len());
            assert!(!waiting.is_finished());
            taken.pop();
            assert_eq!(waiting.join().unwrap(), 0);
        });
        drop(taken);
        assert_eq!(blocks.free().len(), BLOCKS, "all are back");
    }

    #[test]
    fn lines_are_cut_and_the_rest_has_memory_of_its_own() {
        let mut lines = Chunk::from(b"a\nhal".to_vec());
        assert_eq!(lines.cut(2), b"hal");
        assert_eq!(*lines, *b"a\n");
        assert_eq!(format!("{lines:?}"), r#""a\n""#);
    }
}
