//! One growing log, followed by name.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::mem;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::{memchr_iter, memrchr};
use same_file::Handle;

use crate::chunk::Blocks;
use crate::{Chunk, Closer, MergeError, Notifier, Position, Result};

/// How much an input reads at once, in bytes, while no block is free. It keeps that until the output takes it, so
/// thousands of inputs may have as much each.
const PIECE: usize = 16 * 1024;
/// How many files of one input may be open although all but one have been read.
const MOST_FILES: usize = 4;
/// How long a program that replaces a log may take: to write the last lines to the old file, and to permit reading the new
/// one.
const REST: Duration = Duration::from_secs(1);
/// The greatest length of a line, in bytes, unless the caller sets another.
const MAX_LINE: usize = 64 * 1024 * 1024;

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
    /// The open files, from the oldest to the one that has the name, or had it last. There is more than one after a
    /// replacement, until the older ones are at rest.
    pub(crate) files: Vec<Source>,
    /// What the last look at the name met. It is reported after everything that is still in the open files.
    failure: Option<Box<Failure>>,
    /// Whether the close has been noticed. The files and their lengths then stay as they are, so that a writer that never
    /// stops cannot keep a closed follower alive.
    closed: bool,
    /// Whether an unfinished line stays in the file at the close, for a later run.
    pub(crate) resumable: bool,
    max_line: usize,
    /// Shared by all inputs that were opened together.
    blocks: Arc<Blocks>,
    pub(crate) closer: Closer,
}

/// An error of the name.
#[derive(Debug)]
struct Failure {
    error: MergeError,
    since: Instant,
    /// Whether the error may be over soon: a new log may exist before its readers are permitted to read it.
    may_pass: bool,
}

/// One open file of an input.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) file: Handle,
    /// Its length at the last look, in bytes.
    length: u64,
    /// How far it has been read, in bytes.
    pub(crate) position: u64,
    /// The start of a line whose newline has not been written yet.
    unfinished: Vec<u8>,
    /// Since when looks have found an old file at rest.
    rested: Option<Instant>,
}

impl Source {
    pub(crate) fn new(file: Handle) -> Self {
        Self { file, length: 0, position: 0, unfinished: Vec::new(), rested: None }
    }

    /// Whether all of it has been handed out.
    fn is_done(&self) -> bool {
        self.length == self.position && self.unfinished.is_empty()
    }

    /// Whether a writer that goes on with an old file has had its time by `now`.
    fn has_rested(&self, now: Instant) -> bool {
        self.rested.is_some_and(|since| now.duration_since(since) >= REST)
    }

    fn handed_out(&self) -> u64 {
        self.position.saturating_sub(self.unfinished.len() as u64)
    }

    fn unread(&self) -> u64 {
        self.length.saturating_sub(self.position)
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

/// Where the name leads.
enum Name {
    /// To the newest open file, which has this length.
    Newest(u64),
    /// To another regular file.
    Another,
    /// Nowhere: deleted, or between the two steps of a rotation. The name may come back.
    Nowhere,
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
    /// The first error of [`Input::open`]; [`MergeError::SameInput`] when two paths lead to one file: all its lines would
    /// come twice.
    pub fn open_all(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Result<Vec<Self>> {
        let blocks = Blocks::new();
        let open = |path: &Path| Self::open_with(path, Arc::clone(&blocks));
        let inputs: Vec<_> = paths.into_iter().map(|path| open(path.as_ref())).collect::<Result<_>>()?;
        let mut seen = HashMap::with_capacity(inputs.len());
        for input in &inputs {
            if let Some(first) = seen.insert(&input.files[0].file, input.path()) {
                return Err(MergeError::SameInput { first: first.to_owned(), second: input.path().to_owned() });
            }
        }
        Ok(inputs)
    }

    fn open_with(path: &Path, blocks: Arc<Blocks>) -> Result<Self> {
        Ok(Self {
            files: vec![Source::new(open_regular(path)?)],
            failure: None,
            closed: false,
            resumable: false,
            max_line: MAX_LINE,
            blocks,
            closer: Closer::new(path.to_owned()),
        })
    }

    /// Sets the greatest length of a line, in bytes, its newline included. A longer one is an error of this input. It is
    /// 64 MiB at first.
    pub fn set_max_line(&mut self, bytes: usize) {
        self.max_line = bytes;
    }

    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.closer.path()
    }

    /// The handle that closes this input.
    #[must_use]
    pub fn closer(&self) -> Closer {
        self.closer.clone()
    }

    /// The handle that tells the follower of this input to look now. Where nothing calls it, the follower polls.
    #[must_use]
    pub fn notifier(&self) -> Notifier {
        self.closer.notifier()
    }

    /// Waits until the input is closed or notified, at most for `timeout`. Blocks the thread.
    #[tracing::instrument(skip_all)]
    pub fn wait_closed(&self, timeout: Duration) {
        self.closer.wait(timeout);
    }

    /// Completes when the input is closed. Cancel safe; works on any runtime.
    pub async fn closed(&self) {
        self.closer.closed().await;
    }

    /// Completes when [`Notifier::notify`] was called since the last wait: it is never lost between a look and a wait.
    /// Cancel safe; works on any runtime.
    pub async fn notified(&self) {
        self.closer.notified().await;
    }

    /// Whether [`read_lines`](Input::read_lines) would have something to do: new data, a new file, or the end. It takes one
    /// cheap system call, and one for each file but the newest, that never wait for the disk's data, so a task may call it
    /// in place.
    ///
    /// # Errors
    ///
    /// [`MergeError::Input`] when an open file cannot be looked at.
    pub fn has_unread(&self) -> Result<bool> {
        let mut old = self.files[..self.old_files()].iter();
        let is_due = old.any(|source| source.rested.is_none() || source.has_rested(Instant::now()));
        if is_due || self.failure.is_some() || self.closer.is_closed() {
            return Ok(true);
        }
        let newest = match self.look_at_name() {
            Ok(Name::Newest(length)) => Some(length),
            Ok(Name::Nowhere) => None,
            // The read meets the error again, after it has read what is still there.
            Ok(Name::Another) | Err(_) => return Ok(true),
        };
        for index in 0..self.files.len() {
            if self.length_of(index, newest)? != self.files[index].position {
                return Ok(true);
            }
        }
        Ok(false)
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
    /// its name cannot be opened (when it may not be read: for a second), [`MergeError::NotRegular`] when the name leads to
    /// something that is not a file, [`MergeError::LineTooLong`]. An error of the name comes after all that is still in the
    /// open files.
    #[tracing::instrument(skip_all, fields(path = ?self.path()))]
    pub fn read_lines(&mut self) -> Result<Found> {
        // First the signal and the time, then the files: the look then sees everything that was written before them.
        let closed = self.closer.is_closed();
        let now = Instant::now();
        if !self.closed {
            self.look()?;
            self.closed = closed;
        }
        for index in 0..self.files.len() {
            if let Some(chunk) = self.read_file(index)? {
                return Ok(Found::Lines(chunk.at(self.position_in(index))));
            }
        }
        if let Some(failure) = self.failure.take_if(|failure| !failure.may_pass) {
            return Err(failure.error);
        }
        if closed {
            return Ok(Found::End);
        }
        Ok(self.let_go_of_old_files(now).map_or(Found::NoNewData, Found::Lines))
    }

    /// The next whole lines of one of the files.
    fn read_file(&mut self, index: usize) -> Result<Option<Chunk>> {
        if self.files[index].length < self.files[index].position {
            self.files[index].position = 0;
            if let Some(line) = self.files[index].end_unfinished() {
                return Ok(Some(line));
            }
        }
        while self.files[index].unread() > 0 {
            self.files[index].rested = None;
            match self.read_chunk(index)? {
                (_, Some(chunk)) => return Ok(Some(chunk)),
                // There is less in the file than its length says.
                (0, None) => break,
                // A long line goes on.
                (_, None) => {}
            }
        }
        // What an old file has left unfinished comes before the first line of the next one.
        let next_begins = self.files[index + 1..].iter().any(|next| next.unread() > 0 && next.position == 0);
        let failed = self.failure.as_ref().is_some_and(|failure| !failure.may_pass);
        // No later run looks for what an old file is left with.
        let is_kept = self.resumable && index >= self.old_files();
        let ends = next_begins || (!is_kept && (self.closed || failed));
        Ok(if ends { self.files[index].end_unfinished() } else { None })
    }

    /// How far the input has been handed out, when the last chunk was of this file.
    fn position_in(&self, index: usize) -> Position {
        let newer = self.files[index + 1..].iter().map(|newer| (number_of(&newer.file), newer.handed_out()));
        Position { end: self.files[index].handed_out(), newer: newer.collect() }
    }

    /// Whether this is the open file behind `other`.
    pub(crate) fn is_file(&self, other: &Handle) -> bool {
        self.files.iter().any(|source| source.file == *other)
    }

    /// Looks at the name first and then at the open files: once the name leads elsewhere, its writer is done with the old
    /// file. A new file is opened when it is first seen, also while it is empty, so that a second replacement cannot take
    /// it away unread.
    fn look(&mut self) -> Result<()> {
        let named = match self.look_at_name() {
            Ok(Name::Another) => self.open_another().map(|()| None),
            Ok(Name::Newest(length)) => Ok(Some(length)),
            Ok(Name::Nowhere) => Ok(None),
            Err(error) => Err(error),
        };
        let last = self.failure.take().filter(|failure| is_denied(&failure.error));
        let since = last.map_or_else(Instant::now, |failure| failure.since);
        let newest = named.unwrap_or_else(|error| {
            let may_pass = is_denied(&error) && since.elapsed() < REST && !self.closer.is_closed();
            self.failure = Some(Box::new(Failure { error, since, may_pass }));
            None
        });
        for index in 0..self.files.len() {
            self.files[index].length = self.length_of(index, newest)?;
        }
        // A busy input gives its old files no rest, and empty ones do not count as old. So some are closed by number.
        while self.files.len() > MOST_FILES
            && let Some(index) = self.oldest_done()
        {
            self.files.remove(index);
        }
        Ok(())
    }

    /// The oldest file that has been read to its end. The newest goes on, and so does the last before it with anything in it.
    fn oldest_done(&self) -> Option<usize> {
        let older = &self.files[..self.files.len() - 1];
        let written = older.iter().rposition(|source| source.length > 0);
        (0..older.len()).find(|&index| Some(index) != written && older[index].is_done())
    }

    /// The length of one of the files. Where the look at the name has shown that of the newest file, it is not asked again.
    fn length_of(&self, index: usize, newest: Option<u64>) -> Result<u64> {
        if let Some(length) = newest
            && index + 1 == self.files.len()
        {
            return Ok(length);
        }
        let metadata = self.files[index].file.as_file().metadata();
        Ok(metadata.map_err(|source| MergeError::Input { path: self.path().to_owned(), source })?.len())
    }

    fn look_at_name(&self) -> Result<Name> {
        let newest = &self.files[self.files.len() - 1].file;
        match Named::find(self.path()) {
            Ok(named) if named.is(newest) => Ok(Name::Newest(named.length())),
            Ok(named) if named.is_file() => Ok(Name::Another),
            Ok(_) => Err(MergeError::NotRegular { path: self.path().to_owned() }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Name::Nowhere),
            Err(source) => Err(MergeError::Input { path: self.path().to_owned(), source }),
        }
    }

    /// Opens the file that has taken the name, unless it is gone again since the look.
    fn open_another(&mut self) -> Result<()> {
        let file = match open_regular(self.path()) {
            Ok(file) => file,
            Err(MergeError::Open { source, .. }) if source.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        match self.files.iter().position(|source| source.file == file) {
            // A file that gets its name back goes on where it was.
            Some(index) => {
                self.files[index].rested = None;
                self.files[index..].rotate_left(1);
            }
            None => self.files.push(Source::new(file)),
        }
        Ok(())
    }

    /// How many files are older than one that has been written to.
    fn old_files(&self) -> usize {
        self.files.iter().rposition(|source| source.length > 0).unwrap_or(0)
    }

    /// Closes old files that had rested before the look, which was `now`: a writer may go on with one for a while. The
    /// first that has an unfinished line left hands it out.
    fn let_go_of_old_files(&mut self, now: Instant) -> Option<Chunk> {
        let mut index = 0;
        while index < self.old_files() {
            let source = &mut self.files[index];
            if !source.has_rested(now) {
                source.rested.get_or_insert_with(Instant::now);
                index += 1;
            } else if let Some(line) = source.end_unfinished() {
                let position = self.position_in(index);
                self.files.remove(index);
                return Some(line.at(position));
            } else {
                self.files.remove(index);
            }
        }
        None
    }

    /// Reads at most as far as the last look has seen, behind the unfinished line. Returns how many bytes came, and the
    /// lines that are whole now, if there are any.
    fn read_chunk(&mut self, index: usize) -> Result<(usize, Option<Chunk>)> {
        let source = &mut self.files[index];
        let path = || self.closer.path().to_owned();
        let failed = |source| MergeError::Input { path: path(), source };
        let start = source.unfinished.len();
        // A long line grows in memory of its own: in a block it would be copied at each read.
        let block = if start > self.blocks.length / 2 { None } else { self.blocks.take() };
        let (mut chunk, room) = match block {
            Some(mut block) => {
                block.bytes_mut().append(&mut source.unfinished);
                (block, self.blocks.length - start)
            }
            None => (Chunk::from(mem::take(&mut source.unfinished)), PIECE.max(start).min(self.blocks.length)),
        };
        let wanted = usize::try_from(source.unread()).unwrap_or(usize::MAX).min(room);
        chunk.bytes_mut().try_reserve(wanted).map_err(|error| failed(error.into()))?;
        let mut file = source.file.as_file();
        let read = file.seek(SeekFrom::Start(source.position)).and_then(|_| read_some(file, wanted, chunk.bytes_mut()));

        // Cut after the last newline. What comes after it stays, also when the read has failed. What was there before
        // the read has no newline.
        let mut end = memrchr(b'\n', &chunk[start..]).map_or(0, |newline| start + newline + 1);
        let mut came = *read.as_ref().unwrap_or(&0);
        if let Some(long) = long_line(&chunk, self.max_line) {
            if long == 0 {
                let position = source.position - start as u64;
                return Err(MergeError::LineTooLong { path: path(), position, limit: self.max_line });
            }
            // The lines before it are good. The next read begins with the long one.
            end = long;
            came = long - start;
            chunk.bytes_mut().truncate(long);
        }
        source.unfinished = chunk.cut(end);
        read.map_err(failed)?;
        source.position += came as u64;
        self.closer.add_bytes_read(came as u64);
        Ok((came, (end > 0).then_some(chunk)))
    }
}

fn is_denied(error: &MergeError) -> bool {
    matches!(
        error,
        MergeError::Open { source, .. } | MergeError::Input { source, .. }
            if source.kind() == ErrorKind::PermissionDenied
    )
}

/// Where the first line begins that is longer than `limit`, its newline included.
fn long_line(bytes: &[u8], limit: usize) -> Option<usize> {
    if bytes.len() <= limit {
        return None;
    }
    let ends = memchr_iter(b'\n', bytes).map(|newline| newline + 1).chain([bytes.len()]);
    let starts = [0].into_iter().chain(memchr_iter(b'\n', bytes).map(|newline| newline + 1));
    starts.zip(ends).find(|(start, end)| end - start > limit).map(|(start, _)| start)
}

/// Tells a file from others, as long as it exists.
#[cfg(unix)]
pub(crate) fn number_of(file: &Handle) -> u64 {
    file.ino()
}

#[cfg(not(unix))]
pub(crate) fn number_of(_: &Handle) -> u64 {
    0
}

/// What a name leads to, found in one step: asked twice, a name may lead to two files.
#[cfg(unix)]
struct Named(fs::Metadata);

#[cfg(unix)]
impl Named {
    fn find(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(Self)
    }

    fn is(&self, file: &Handle) -> bool {
        use std::os::unix::fs::MetadataExt;
        // An inode cannot be given to another file while this one is open.
        (self.0.dev(), self.0.ino()) == (file.dev(), file.ino())
    }

    fn is_file(&self) -> bool {
        self.0.is_file()
    }

    fn length(&self) -> u64 {
        self.0.len()
    }
}

/// What a name leads to, found in one step: the identity of a file is known only from an open one.
#[cfg(not(unix))]
struct Named(Handle, fs::Metadata);

#[cfg(not(unix))]
impl Named {
    fn find(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok(Self(Handle::from_file(file)?, metadata))
    }

    fn is(&self, file: &Handle) -> bool {
        self.0 == *file
    }

    fn is_file(&self) -> bool {
        self.1.is_file()
    }

    fn length(&self) -> u64 {
        self.1.len()
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
pub(crate) fn open_regular(path: &Path) -> Result<Handle> {
    let failed = |source| MergeError::Open { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(MergeError::NotRegular { path: path.to_owned() });
    }
    File::open(path).and_then(Handle::from_file).map_err(failed)
}

#[cfg(test)]
#[path = "input_tests.rs"]
mod tests;
