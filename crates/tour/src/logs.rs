//! The logs that every stage merges: growing ones, or a snapshot of real ones.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use equivalence::{Source, Writers};
use humantime::format_duration;
use merge_cli::{count, printable};
use merge_core::{Closer, Input};

use crate::{Result, about};

/// The files `0`, `1`, … in one folder.
#[derive(Debug)]
pub struct Logs {
    folder: PathBuf,
    /// Their names in a report.
    names: Vec<String>,
    /// How many lines there are, or will be.
    pub(crate) lines: usize,
    /// How many bytes a snapshot has.
    bytes: usize,
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
        Self { folder, names, lines: writers.files * writers.lines, bytes: 0, writers: Some(writers) }
    }

    /// Copies the files `logs` into `folder`, as long as they are now, so that a log which goes on growing is the same
    /// for every stage.
    ///
    /// # Errors
    ///
    /// If a log cannot be read or a copy cannot be written.
    pub fn snapshot(logs: &[PathBuf], folder: PathBuf) -> Result<Self> {
        fs::create_dir(&folder).map_err(about("cannot create folder", &folder))?;
        let names = logs.iter().map(|log| printable(&log.display().to_string())).collect();
        let mut snapshot = Self { folder, names, lines: 0, bytes: 0, writers: None };
        for (log, path) in logs.iter().zip(snapshot.paths()) {
            let bytes = read_now(log).map_err(about("cannot read input", log))?;
            fs::write(&path, &bytes).map_err(about("cannot write", &path))?;
            snapshot.lines += lines(&bytes).len();
            snapshot.bytes += bytes.len();
        }
        Ok(snapshot)
    }

    /// By number: two logs in different folders may have the same name.
    fn paths(&self) -> Vec<PathBuf> {
        (0..self.names.len()).map(|number| self.folder.join(number.to_string())).collect()
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

    /// The content of the logs at the end of a run, for the oracle.
    pub(crate) fn sources(&self) -> Result<Vec<Source>> {
        let source = |(name, path): (&String, PathBuf)| {
            let bytes = fs::read(&path).map_err(about("cannot read", &path))?;
            Ok(Source { name: name.clone(), bytes })
        };
        self.names.iter().zip(self.paths()).map(source).collect()
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
        writeln!(f, "Every stage merges the same snapshot: {logs}, {}.", count(self.bytes as u64, "byte"))?;
        write!(f, "Lines that were written since then are left out, so all stages see the same.")
    }
}

/// The content of a file, as long as the file is now: reading to the end of a file that grows might take for ever.
fn read_now(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The lines of a log or an output. A last one without a newline counts.
pub(crate) fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n').collect()
}
