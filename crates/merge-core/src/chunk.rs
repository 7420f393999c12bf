//! Chunks of whole lines, and the blocks of memory that they are read into.

use std::fmt;
use std::mem;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long a block is, in bytes: long enough that handing it to another thread costs little compared with reading it.
const BLOCK: usize = 512 * 1024;
/// How many blocks one run may have in use. They limit what chunks take, to 64 MiB and a small piece per input.
const BLOCKS: usize = 128;
/// How many unused blocks a run keeps warm. A quiet run needs no more than that.
const WARM: usize = 8;

/// One or more whole lines, each with its newline: what a follower hands on.
///
/// It belongs to the caller, for as long as the caller likes. Mostly it is in a block of the run, which is used again
/// after the chunk is dropped; but no input ever waits for a block.
pub struct Chunk {
    bytes: Vec<u8>,
    position: Position,
    /// Where the block goes back to. `None` for memory of its own.
    home: Option<Arc<Blocks>>,
}

/// How far an input has been handed out: what [`Input::resume`](crate::Input::resume) needs to go on behind a chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Where the chunk ends in its file, in bytes.
    pub end: u64,
    /// The newer files that the input has open, the oldest first; mostly there are none. Of each its number, and how much of
    /// it has been handed out, in bytes. The number is that of its inode, and 0 on systems that have none.
    pub newer: Box<[(u64, u64)]>,
}

impl Chunk {
    /// Where the chunk ends in its input.
    #[must_use]
    pub fn position(&self) -> &Position {
        &self.position
    }

    pub(crate) fn at(mut self, position: Position) -> Self {
        self.position = position;
        self
    }

    /// Keeps the bytes before `end` and returns the rest.
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

/// A chunk in memory of its own.
impl From<Vec<u8>> for Chunk {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, position: Position::default(), home: None }
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

/// The blocks that the inputs of one run share. Fresh memory costs a page fault every 4 KiB, which was the largest cost
/// of a backlog, so blocks are used again and again.
#[derive(Debug)]
pub(crate) struct Blocks {
    /// How long each of them is, in bytes.
    pub(crate) length: usize,
    unused: Mutex<Unused>,
}

#[derive(Debug)]
struct Unused {
    /// How many more may be taken.
    count: usize,
    /// Some of them, with their memory. The last one to come back is the first to be used again: it is still in the
    /// processor's cache.
    warm: Vec<Vec<u8>>,
}

impl Blocks {
    pub(crate) fn new() -> Arc<Self> {
        Self::of_length(BLOCK)
    }

    pub(crate) fn of_length(length: usize) -> Arc<Self> {
        Arc::new(Self { length, unused: Mutex::new(Unused { count: BLOCKS, warm: Vec::new() }) })
    }

    /// An empty block, while there are any. Never waits for one.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Chunk> {
        let mut unused = self.unused();
        unused.count = unused.count.checked_sub(1)?;
        let mut bytes = unused.warm.pop().unwrap_or_default();
        drop(unused);
        bytes.reserve_exact(self.length);
        Some(Chunk { bytes, position: Position::default(), home: Some(Arc::clone(self)) })
    }

    fn give_back(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        let mut unused = self.unused();
        unused.count += 1;
        if unused.warm.len() < WARM {
            unused.warm.push(bytes);
        }
    }

    /// Nothing in here panics with the lock held.
    fn unused(&self) -> MutexGuard<'_, Unused> {
        self.unused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_equal_when_their_bytes_are() {
        assert_eq!(Chunk::from(b"a\n".to_vec()), Chunk::from(b"a\n".to_vec()));
        assert_ne!(Chunk::from(b"a\n".to_vec()), Chunk::from(b"b\n".to_vec()));
    }

    #[test]
    fn a_block_comes_back_when_its_chunk_is_dropped_and_is_used_again() {
        let blocks = Blocks::new();
        let mut chunk = blocks.take().unwrap();
        chunk.bytes_mut().extend_from_slice(b"a\n");
        let place = chunk.as_ptr();
        drop(chunk);
        let again = blocks.take().unwrap();
        assert!(again.is_empty());
        assert_eq!(again.as_ptr(), place);
        assert_eq!(again.bytes.capacity(), BLOCK);
    }

    #[test]
    fn a_run_has_so_many_blocks_and_keeps_few_of_them_warm() {
        let blocks = Blocks::new();
        let mut taken: Vec<_> = (0..BLOCKS).map(|_| blocks.take().unwrap()).collect();
        assert!(blocks.take().is_none());
        taken.pop();
        assert!(blocks.take().is_some());
        drop(taken);
        assert_eq!(blocks.unused().count, BLOCKS, "all are back");
        assert_eq!(blocks.unused().warm.len(), WARM);
    }

    #[test]
    fn a_chunk_is_cut_and_the_rest_has_memory_of_its_own() {
        let mut chunk = Chunk::from(b"a\nhal".to_vec());
        assert_eq!(chunk.cut(2), b"hal");
        assert_eq!(*chunk, *b"a\n");
        assert_eq!(format!("{chunk:?}"), r#""a\n""#);
    }
}
