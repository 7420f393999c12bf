//! Chunks of whole lines, and the warm memory that they are read into.

use std::fmt;
use std::mem;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The longest chunk that is read at once, in bytes: long enough that handing it to another thread costs little
/// compared with reading it.
const LONGEST: usize = 512 * 1024;
/// The shortest, however many inputs there are.
const SHORTEST: usize = 16 * 1024;
/// What the chunks of a run may take in all, in bytes, while each of its inputs has one. With so many inputs that not
/// even the shortest chunks fit in, it is those that count.
const BUDGET: usize = 64 * 1024 * 1024;
/// How much unused memory a run keeps warm, in chunks.
const KEPT: usize = 4;

/// One or more whole lines, each with its newline: what a follower hands on.
///
/// It belongs to the caller, for as long as the caller likes: no input waits for its memory. When it is dropped, its
/// memory is used for a later chunk of the same run.
pub struct Chunk {
    bytes: Vec<u8>,
    /// Where the memory goes back to.
    home: Option<Arc<Memory>>,
}

impl Chunk {
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

/// Where the inputs of one run take the memory of their chunks from. Fresh memory costs a page fault every 4 KiB, which
/// was the largest cost of a backlog, so a little of it is used again and again.
#[derive(Debug)]
pub(crate) struct Memory {
    /// How much is read at once, in bytes.
    pub(crate) chunk: usize,
    /// The last one to come back is the first to be used again: it is still in the processor's cache.
    free: Mutex<Vec<Vec<u8>>>,
}

impl Memory {
    /// For a run of so many inputs: the more there are, the shorter are their chunks.
    pub(crate) fn for_inputs(inputs: usize) -> Arc<Self> {
        Self::of_chunks((BUDGET / inputs.max(1)).clamp(SHORTEST, LONGEST))
    }

    pub(crate) fn of_chunks(chunk: usize) -> Arc<Self> {
        Arc::new(Self { chunk, free: Mutex::default() })
    }

    /// An empty chunk with room for a whole read. Never waits: where nothing is free, the memory is fresh.
    pub(crate) fn take(self: &Arc<Self>) -> Chunk {
        let mut bytes = self.free().pop().unwrap_or_default();
        bytes.reserve_exact(self.chunk);
        Chunk { bytes, home: Some(Arc::clone(self)) }
    }

    fn give_back(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        let mut free = self.free();
        if free.len() < KEPT {
            free.push(bytes);
        }
    }

    /// Nothing in here panics with the lock held.
    fn free(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn the_memory_of_a_dropped_chunk_is_used_again() {
        let memory = Memory::for_inputs(1);
        let mut chunk = memory.take();
        chunk.bytes_mut().extend_from_slice(b"a\n");
        let place = chunk.as_ptr();
        drop(chunk);
        let again = memory.take();
        assert!(again.is_empty());
        assert_eq!(again.as_ptr(), place);
        assert_eq!(again.bytes.capacity(), LONGEST);
    }

    #[test]
    fn a_run_keeps_little_of_the_memory_that_it_has_needed() {
        let memory = Memory::for_inputs(1);
        let taken: Vec<_> = (0..10 * KEPT).map(|_| memory.take()).collect();
        assert_eq!(memory.free().len(), 0);
        drop(taken);
        assert_eq!(memory.free().len(), KEPT);
    }

    #[test]
    fn more_inputs_read_shorter_chunks() {
        let chunk = |inputs| Memory::for_inputs(inputs).chunk;
        assert_eq!(chunk(0), LONGEST);
        assert_eq!(chunk(BUDGET / LONGEST), LONGEST);
        assert_eq!(chunk(1024), BUDGET / 1024);
        assert_eq!(chunk(1_000_000), SHORTEST);
    }

    #[test]
    fn a_chunk_is_cut_and_the_rest_has_memory_of_its_own() {
        let mut chunk = Chunk::from(b"a\nhal".to_vec());
        assert_eq!(chunk.cut(2), b"hal");
        assert_eq!(*chunk, *b"a\n");
        assert_eq!(format!("{chunk:?}"), r#""a\n""#);
    }
}
