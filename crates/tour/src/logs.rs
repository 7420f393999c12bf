//! The logs that every stage merges: growing ones, or a snapshot of real ones.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use equivalence::Writers;
use humantime::format_duration;
use merge_cli::{count, printable};
use merge_core::{Closer, Input, MergeError};
use same_file::Handle;

use crate::report::Skipped;
use crate::{Result, about};

/// The greatest length of a line, in bytes: the stages' limit of 64 MiB, less some room for the line's tag.
const MAX_LINE: usize = 64 * 1024 * 1024 - 64;
/// The error if all logs were skipped.
const NONE_LEFT: &str = "no log is left to merge";

/// A real log.
#[derive(Debug)]
pub struct Log {
    pub(crate) path: PathBuf,
    pub(crate) file: Handle,
    /// How long it was when it was opened, in bytes.
    length: u64,
}

impl Log {
    fn open(path: &Path) -> merge_core::Result<Self> {
        let failed = |source| MergeError::Open { path: path.to_owned(), source };
        // Refuses all but regular files: opening a pipe would wait for its writer.
        Input::open(path)?;
        let file = Handle::from_path(path).map_err(failed)?;
        let length = file.as_file().metadata().map_err(failed)?.len();
        Ok(Self { path: path.to_owned(), file, length })
    }

    /// Opens the logs at `paths`. Skips those that cannot be opened, or are given twice, perhaps through a link.
    ///
    /// # Errors
    ///
    /// If it skips all.
    pub fn open_all(paths: &[PathBuf], skipped: &mut Skipped) -> Result<Vec<Self>> {
        let mut logs: Vec<Self> = Vec::new();
        for path in paths {
            let same = |log: &Self| logs.iter().find(|other| other.file == log.file).map(|other| other.path.clone());
            match Self::open(path).map(|log| (same(&log), log)) {
                Ok((None, log)) => logs.push(log),
                Ok((Some(first), log)) => skipped.add(&MergeError::SameInput { first, second: log.path }),
                Err(error) => skipped.add(&error),
            }
        }
        if logs.is_empty() { Err(NONE_LEFT.into()) } else { Ok(logs) }
    }

    /// Copies the log to the file `copy`, each line with `tag` before it. Returns the number of lines and of bytes.
    fn copy(&self, tag: &str, copy: &Path) -> merge_core::Result<(u64, u64)> {
        let cannot_read = |source| MergeError::Input { path: self.path.clone(), source };
        let cannot_write = |source| MergeError::Output { path: copy.to_owned(), source };
        let mut from = BufReader::new(self.file.as_file().take(self.length));
        let mut to = BufWriter::new(File::create(copy).map_err(cannot_write)?);
        let (mut line, mut lines, mut bytes) = (Vec::new(), 0, 0);
        while from.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line).map_err(cannot_read)? > 0 {
            if line.len() > MAX_LINE {
                return Err(MergeError::LineTooLong { path: self.path.clone(), position: bytes, limit: MAX_LINE });
            }
            to.write_all(tag.as_bytes()).and_then(|()| to.write_all(&line)).map_err(cannot_write)?;
            lines += 1;
            bytes += line.len() as u64;
            line.clear();
        }
        to.flush().map_err(cannot_write)?;
        Ok((lines, bytes))
    }
}

/// The files `0`, `1`, … in one folder. Every line names its file in a tag, the number and a `-`, so that a line of the
/// output belongs to one input only, even if several logs have the same line.
#[derive(Debug)]
pub struct Logs {
    folder: PathBuf,
    /// Their names in a report.
    pub(crate) names: Vec<String>,
    /// How many lines there are, or will be.
    pub(crate) lines: u64,
    /// How many bytes the logs of a snapshot have, without tags.
    bytes: u64,
    /// The writers that grow them while a stage follows. A snapshot has none, and is closed before a stage starts.
    writers: Option<Writers>,
}

/// The thread that closes the inputs. It ends after the writers.
type Closing = JoinHandle<io::Result<()>>;

impl Logs {
    /// Logs in `folder`, which simulated writers grow: the same lines again for each stage. The folder is emptied
    /// before each stage.
    #[must_use]
    pub fn growing(writers: Writers, folder: PathBuf) -> Self {
        let names = (0..writers.files).map(|number| number.to_string()).collect();
        let lines = (writers.files * writers.lines) as u64;
        Self { folder, names, lines, bytes: 0, writers: Some(writers) }
    }

    /// Copies `logs` into `folder`, as long as they were when they were opened, so that a log which goes on growing is
    /// the same for every stage. Skips those that cannot be read.
    ///
    /// # Errors
    ///
    /// If a copy cannot be written, or it skips all.
    pub fn snapshot(logs: Vec<Log>, folder: PathBuf, mut skipped: Skipped) -> Result<Self> {
        fs::create_dir(&folder).map_err(about("cannot create folder", &folder))?;
        let mut snapshot = Self { folder, names: Vec::new(), lines: 0, bytes: 0, writers: None };
        for log in logs {
            // By number: two logs in different folders may have the same name.
            let number = snapshot.names.len();
            match log.copy(&format!("{number}-"), &snapshot.path(number)) {
                Ok((lines, bytes)) => {
                    snapshot.names.push(printable(&log.path.display().to_string()));
                    snapshot.lines += lines;
                    snapshot.bytes += bytes;
                }
                Err(error @ MergeError::Output { .. }) => return Err(error.into()),
                Err(error) => skipped.add(&error),
            }
        }
        if snapshot.names.is_empty() { Err(NONE_LEFT.into()) } else { Ok(snapshot) }
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.join(number.to_string())
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        (0..self.names.len()).map(|number| self.path(number))
    }

    /// Where a stage writes: beside the folder.
    pub(crate) fn output(&self, stage: &str) -> PathBuf {
        self.folder.with_extension(stage)
    }

    /// Reads the tag of a line. Returns the number of its log, and the line as it was in the log. A simulated writer
    /// puts the path of its file before each line, so such a line has its tag already.
    pub(crate) fn origin<'a>(&self, line: &'a [u8]) -> Option<(usize, &'a [u8])> {
        let folder = self.writers.map_or(String::new(), |_| self.folder.join("").display().to_string());
        let tagged = line.strip_prefix(folder.as_bytes())?;
        let end = tagged.iter().position(|&byte| byte == b'-')?;
        let number = str::from_utf8(&tagged[..end]).ok()?.parse().ok().filter(|&number| number < self.names.len())?;
        Some((number, if self.writers.is_some() { line } else { &tagged[end + 1..] }))
    }

    /// A line of the output as it was in its log.
    pub(crate) fn text<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        self.origin(line).map_or(line, |(_, text)| text)
    }

    /// Opens the logs for a stage and starts the writers. When they have ended, a thread closes the inputs.
    pub(crate) fn start(&self) -> Result<(Vec<Input>, Option<Closing>)> {
        let Some(writers) = self.writers else {
            let inputs = Input::open_all(self.paths())?;
            inputs.iter().map(Input::closer).for_each(|closer| closer.close());
            return Ok((inputs, None));
        };
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(about("cannot empty folder", &self.folder))?;
        }
        fs::create_dir(&self.folder).map_err(about("cannot create folder", &self.folder))?;
        let writing = writers.start(&self.folder).map_err(about("cannot start the writers in", &self.folder))?;
        let inputs = Input::open_all(writing.paths())?;
        let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
        // The article's `close_all`, but when the writers have ended instead of after a second.
        let write_and_close = move || {
            let written = writing.join();
            closers.iter().for_each(Closer::close);
            written.map(drop)
        };
        Ok((inputs, Some(thread::Builder::new().name("close all".into()).spawn(write_and_close)?)))
    }
}

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let logs = count(self.names.len() as u64, "log");
        if let Some(Writers { lines, pause, .. }) = self.writers {
            writeln!(f, "Every stage follows the same logs while they grow: {logs}, each of")?;
            let (lines, pause) = (count(lines as u64, "line"), format_duration(pause));
            return write!(f, "{lines}, with a pause of up to {pause} before each.");
        }
        writeln!(f, "Every stage merges the same snapshot: {logs}, {}.", count(self.bytes, "byte"))?;
        write!(f, "Lines that were written since then are left out, so all stages see the same.")
    }
}
