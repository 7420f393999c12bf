//! One growing log, followed by name.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use memchr::memrchr;
use same_file::Handle;

use crate::chunk::Blocks;
use crate::{Chunk, Closer, MergeError, Result};

/// How much an input reads at once, in bytes, while no block is free. It keeps that until the output takes it, so
/// thousands of inputs may have as much each.
const PIECE: usize = 16 * 1024;

/// An open log file, followed by its *name*: truncated, it is read from the start again; replaced, the old file is
/// read to its end and then the new one.
///
/// It belongs to its one follower; everyone else holds a [`Closer`]. It keeps an open file and the start of a line that
/// has no end yet. An idle input holds no buffer.
///
/// # What polling cannot see
///
/// A follower looks at the file's length and at where its name leads, once per interval. Two things that happen
/// between two looks leave no trace: a file that is truncated and grows again past the point read so far, and a name
/// that is given to two new files, one after the other. Only a notification by the system (inotify, kqueue), or writers
/// that wait, can show these.
#[derive(Debug)]
pub struct Input {
    path: PathBuf,
    /// The open file, which may no longer be the one that the name leads to.
    file: Handle,
    /// How far `file` has been read, in bytes.
    position: u64,
    /// The start of a line whose newline has not been written yet.
    unfinished: Vec<u8>,
    /// Once the close was noticed: how many bytes are still to be read. It was fixed then, so that a writer that
    /// never stops cannot keep a closed follower alive.
    left: Option<u64>,
    /// Shared by all inputs that were opened together.
    blocks: Arc<Blocks>,
    closer: Closer,
}

/// What [`Input::read_lines`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// One or more whole lines, each with its newline. They belong to the caller now.
    Lines(Chunk),
    /// No whole line has come since the last read (the article's `NoNewData`). Wait, then look again.
    NoNewData,
    /// The input is closed and all that was in it has been handed out.
    End,
}

/// What one look at the open file and at its name showed.
struct Look {
    /// The length of the open file.
    end: u64,
    /// The length of the file that has taken over the name; 0 if there is none, or while it is empty. A writer that has
    /// not begun the new file may still write to the old one.
    successor: u64,
}

impl Input {
    /// Opens the log at `path`, to be read from its start. Blocking.
    ///
    /// # Errors
    ///
    /// [`MergeError::Open`] when it is missing or may not be read, [`MergeError::NotRegular`] when it is not a file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path.as_ref(), Blocks::new())
    }

    /// Opens the logs of one run. They share the blocks that they read into. Blocking.
    ///
    /// # Errors
    ///
    /// The first error of [`Input::open`].
    pub fn open_all(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Result<Vec<Self>> {
        let blocks = Blocks::new();
        paths.into_iter().map(|path| Self::open_with(path.as_ref(), Arc::clone(&blocks))).collect()
    }

    fn open_with(path: &Path, blocks: Arc<Blocks>) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            file: open_regular(path)?,
            position: 0,
            unfinished: Vec::new(),
            left: None,
            blocks,
            closer: Closer::new(),
        })
    }

    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The handle that closes this input.
    #[must_use]
    pub fn closer(&self) -> Closer {
        self.closer.clone()
    }

    /// Waits until the input is closed, at most for `timeout`. Blocks the thread.
    #[tracing::instrument(skip_all)]
    pub fn wait_closed(&self, timeout: Duration) {
        self.closer.wait(timeout);
    }

    /// Completes when the input is closed. Cancel safe; works on any runtime.
    pub async fn closed(&self) {
        self.closer.closed().await;
    }

    /// Whether [`read_lines`](Input::read_lines) would have something to do: new data, or the end. It takes one or two
    /// cheap system calls that never wait for the disk's data, so a task may call it in place.
    ///
    /// # Errors
    ///
    /// As [`read_lines`](Input::read_lines).
    pub fn has_unread(&self) -> Result<bool> {
        if self.closer.is_closed() {
            return Ok(true);
        }
        let look = self.look()?;
        Ok(look.end != self.position || look.successor > 0)
    }

    /// The next whole lines, as one chunk; the article's `readline`, many lines at a time. Blocks for as long as the disk
    /// does, and for nothing else.
    ///
    /// An unfinished line stays in the input until its newline comes. Where it can no longer come (the input is
    /// closed, the file was truncated or replaced) the line is handed out with a newline added.
    ///
    /// # Errors
    ///
    /// [`MergeError::Input`] when the file cannot be looked at or read, [`MergeError::Open`] when the file that took
    /// its name cannot be opened, [`MergeError::NotRegular`] when the name leads to something that is not a file.
    #[tracing::instrument(skip_all, fields(path = ?self.path))]
    pub fn read_lines(&mut self) -> Result<Found> {
        loop {
            // First the signal, then the file: whatever was written before the close is then seen by the look.
            let closed = self.closer.is_closed();
            let look = self.look()?;

            if look.end < self.position {
                self.position = 0;
                if let Some(line) = self.end_unfinished() {
                    return Ok(Found::Lines(line));
                }
            }

            let unread = look.end - self.position;
            if closed && self.left.is_none() {
                self.left = Some(unread + look.successor);
            }
            let left = self.left.unwrap_or(u64::MAX);

            let (came, chunk) = self.read_chunk(unread.min(left))?;
            if let Some(chunk) = chunk {
                return Ok(Found::Lines(chunk));
            }
            if came > 0 {
                // A long line goes on.
                continue;
            }
            if look.successor.min(left) > 0 {
                if self.switch()?
                    && let Some(line) = self.end_unfinished()
                {
                    return Ok(Found::Lines(line));
                }
            } else if closed {
                return Ok(self.end_unfinished().map_or(Found::End, Found::Lines));
            } else {
                return Ok(Found::NoNewData);
            }
        }
    }

    /// Whether this is the open file behind `other`.
    pub(crate) fn is_file(&self, other: &Handle) -> bool {
        self.file == *other
    }

    /// Looks at the name first and then at the open file: once the name leads elsewhere, its writer is done with the open
    /// file, and the length of that file is final.
    fn look(&self) -> Result<Look> {
        let failed = |source| MergeError::Input { path: self.path.clone(), source };
        let successor = match fs::metadata(&self.path) {
            Ok(named) if self.leads_to_open_file(&named) => return Ok(Look { end: named.len(), successor: 0 }),
            Ok(named) if !named.is_file() => return Err(MergeError::NotRegular { path: self.path.clone() }),
            Ok(named) => named.len(),
            // Deleted, or between the two steps of a rotation: the name may come back.
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(failed(error)),
        };
        let end = self.file.as_file().metadata().map_err(failed)?.len();
        Ok(Look { end, successor })
    }

    #[cfg_attr(not(unix), allow(unused_variables))]
    fn leads_to_open_file(&self, named: &Metadata) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            // An inode cannot be given to another file while this one is open.
            (named.dev(), named.ino()) == (self.file.dev(), self.file.ino())
        }
        #[cfg(not(unix))]
        Handle::from_path(&self.path).is_ok_and(|handle| handle.eq(&self.file))
    }

    /// Goes over to the file that has taken the name. False when it is gone again since the look.
    fn switch(&mut self) -> Result<bool> {
        match open_regular(&self.path) {
            Ok(file) => {
                self.file = file;
                self.position = 0;
                Ok(true)
            }
            Err(MergeError::Open { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads at most `available` bytes behind the unfinished line. Returns how many came, and the lines that are whole
    /// now, if there are any.
    fn read_chunk(&mut self, available: u64) -> Result<(usize, Option<Chunk>)> {
        if available == 0 {
            return Ok((0, None));
        }
        let start = self.unfinished.len();
        // A long line grows in memory of its own, in ever larger steps: in a block it would be copied at each read.
        let block = if start > self.blocks.length / 2 { None } else { self.blocks.take() };
        let (mut chunk, room) = match block {
            Some(mut block) => {
                block.bytes_mut().append(&mut self.unfinished);
                (block, self.blocks.length - start)
            }
            None => (Chunk::from(mem::take(&mut self.unfinished)), PIECE.max(start)),
        };
        let wanted = usize::try_from(available).unwrap_or(usize::MAX).min(room);
        chunk.bytes_mut().reserve(wanted);
        let mut file = self.file.as_file();
        let read = file
            .seek(SeekFrom::Start(self.position))
            .and_then(|_| read_some(file, wanted, chunk.bytes_mut()))
            .map_err(|source| MergeError::Input { path: self.path.clone(), source });

        // Cut after the last newline. What comes after it stays, also when the read has failed. What was there before
        // the read has no newline.
        let end = memrchr(b'\n', &chunk[start..]).map_or(0, |newline| start + newline + 1);
        self.unfinished = chunk.cut(end);
        let came = read?;
        self.position += came as u64;
        self.closer.add_bytes_read(came as u64);
        if let Some(left) = &mut self.left {
            *left -= came as u64;
        }
        Ok((came, (end > 0).then_some(chunk)))
    }

    /// The unfinished line, if there is one, with the newline that will not come any more.
    fn end_unfinished(&mut self) -> Option<Chunk> {
        let mut line = mem::take(&mut self.unfinished);
        (!line.is_empty()).then(|| {
            line.push(b'\n');
            line.into()
        })
    }
}

/// Reads at most `wanted` bytes to the end of `buffer`, and says how many came. What came before a failure counts: the
/// next read meets the failure again.
fn read_some(file: impl Read, wanted: usize, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let before = buffer.len();
    let read = file.take(wanted as u64).read_to_end(buffer);
    match buffer.len() - before {
        0 => read,
        came => Ok(came),
    }
}

/// Opens a regular file. Looks before it opens it: opening a pipe would wait for its writer.
fn open_regular(path: &Path) -> Result<Handle> {
    let failed = |source| MergeError::Open { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(MergeError::NotRegular { path: path.to_owned() });
    }
    File::open(path).and_then(Handle::from_file).map_err(failed)
}

#[cfg(test)]
#[path = "input_tests.rs"]
mod tests;
