//! What is merged: logs that grow, or a snapshot of real ones.

use std::borrow::Cow;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use equivalence::{Source, Writers};
use humantime::format_duration;
use merge_core::{Closer, Input};

use crate::report::count;
use crate::{Result, about};

/// What every stage merges.
#[derive(Debug)]
pub enum Logs {
    /// Logs that simulated writers grow while the stage follows them: the same lines again for each stage.
    Growing {
        /// Who writes.
        writers: Writers,
        /// Where. It is emptied before each stage.
        folder: PathBuf,
    },
    /// Logs as they were at one moment. They are closed before a stage begins.
    Snapshot {
        /// The copies.
        paths: Vec<PathBuf>,
        /// What is in them, under the names of the originals.
        sources: Vec<Source>,
    },
}

/// Logs that a stage can be given.
pub(crate) struct Started {
    pub(crate) inputs: Vec<Input>,
    pub(crate) closing: Closing,
}

/// Whoever closes the inputs of a started run. It ends when the writers have ended and the inputs are closed.
pub(crate) struct Closing(Option<JoinHandle<io::Result<Vec<PathBuf>>>>);

impl Logs {
    /// Copies the files `logs` into `folder`, as long as they are now, so that logs which go on growing are the same
    /// for every stage.
    ///
    /// # Errors
    ///
    /// When a log cannot be read or the copy cannot be written.
    pub fn snapshot(logs: &[PathBuf], folder: &Path) -> Result<Self> {
        let mut paths = Vec::new();
        let mut sources = Vec::new();
        for (number, log) in logs.iter().enumerate() {
            let bytes = read_now(log).map_err(about("cannot read input", log))?;
            // By number: two logs in different folders may have the same name.
            let path = folder.join(number.to_string());
            fs::write(&path, &bytes).map_err(about("cannot write", &path))?;
            paths.push(path);
            sources.push(Source { name: printable(log), bytes });
        }
        Ok(Self::Snapshot { paths, sources })
    }

    /// How many logs there are.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Growing { writers, .. } => writers.files,
            Self::Snapshot { paths, .. } => paths.len(),
        }
    }

    /// How many lines there will be.
    pub(crate) fn lines(&self) -> usize {
        match self {
            Self::Growing { writers, .. } => writers.files * writers.lines,
            Self::Snapshot { sources, .. } => sources.iter().map(lines_of).sum(),
        }
    }

    /// Opens the logs for a stage and starts whoever writes to them and closes them.
    pub(crate) fn start(&self) -> Result<Started> {
        match self {
            Self::Growing { writers, folder } => {
                if folder.exists() {
                    fs::remove_dir_all(folder).map_err(about("cannot empty folder", folder))?;
                }
                fs::create_dir(folder).map_err(about("cannot create folder", folder))?;
                let writing = writers.start(folder).map_err(about("cannot start the writers in", folder))?;
                let inputs = Input::open_all(writing.paths())?;
                let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
                // The article's `close_all`: when the writers are done, not after a second.
                let write_and_close = move || {
                    let written = writing.join();
                    closers.iter().for_each(Closer::close);
                    written
                };
                let closing = thread::Builder::new().name("close all".into()).spawn(write_and_close)?;
                Ok(Started { inputs, closing: Closing(Some(closing)) })
            }
            Self::Snapshot { paths, .. } => {
                let inputs = Input::open_all(paths)?;
                // Closed before the run: it merges what is there and returns.
                for input in &inputs {
                    input.closer().close();
                }
                Ok(Started { inputs, closing: Closing(None) })
            }
        }
    }

    /// What has been in the logs by the end of a run, for the oracle.
    pub(crate) fn sources(&self) -> Result<Cow<'_, [Source]>> {
        match self {
            Self::Growing { writers, folder } => {
                let source = |number: usize| {
                    let name = number.to_string();
                    let path = folder.join(&name);
                    let bytes = fs::read(&path).map_err(about("cannot read", &path))?;
                    Ok(Source { name, bytes })
                };
                (0..writers.files).map(source).collect::<Result<_>>().map(Cow::Owned)
            }
            Self::Snapshot { sources, .. } => Ok(Cow::Borrowed(sources)),
        }
    }
}

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Growing { writers: Writers { files, lines, pause, .. }, .. } => {
                writeln!(f, "Every stage follows the same logs while they grow: {}, each of", count(*files, "log"))?;
                write!(f, "{}, with a pause of up to {} before each.", count(*lines, "line"), format_duration(*pause))
            }
            Self::Snapshot { sources, .. } => {
                let bytes = sources.iter().map(|source| source.bytes.len()).sum();
                writeln!(
                    f,
                    "Every stage merges the same snapshot: {}, {}.",
                    count(sources.len(), "log"),
                    count(bytes, "byte")
                )?;
                write!(f, "What the logs have got since then is left out, so that no stage sees more.")
            }
        }
    }
}

impl Closing {
    /// Waits for the writers, however the stage has ended: the next one gets the same folder.
    pub(crate) fn wait(self) -> Result<()> {
        match self.0.map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(written)) => Ok(written.map(|_paths| ())?),
            Some(Err(_panic)) => Err("a writer panicked".into()),
        }
    }
}

/// How many lines the oracle expects of a log: a last one without a newline counts.
pub(crate) fn lines_of(source: &Source) -> usize {
    source.bytes.split_inclusive(|&byte| byte == b'\n').count()
}

/// A file's content, as long as the file is now: one that is being written to would be read for ever.
fn read_now(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A path for a terminal: a name may hold control characters.
fn printable(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "?")
}
