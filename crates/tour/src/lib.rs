//! The tour runs every stage on the same logs, confirms each output, and checks that all stages agree.
//!
//! ```sh
//! cargo run --release -p tour
//! ```
//!
//! # Layout
//!
//! - `stages.rs`: the table of stages.
//! - `logs.rs`: the logs to merge, which simulated writers grow, or which are a snapshot of real logs.
//! - `run.rs`: runs one stage and measures it.
//! - `confirm.rs`: confirms its output.
//! - `threads.rs`: counts its threads.
//! - `timelines.rs`: draws what its threads do.
//! - `report.rs`: the printed report.
//! - `main.rs`: the arguments and the exit code.

mod confirm;
mod logs;
mod report;
mod run;
mod stages;
mod threads;
mod timelines;

use std::error::Error;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use merge_core::MergeError;
use same_file::Handle;

pub use logs::{Log, Logs};
pub use report::Skipped;
pub use stages::{STAGES, Stage};
pub use timelines::{Timelines, WATCHED};

/// An error stops the tour: a full disk, never a stage that fails. Its text is one line.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The file that keeps the output of a stage, and its path.
pub type Kept = (PathBuf, BufWriter<File>);

/// Creates a file for the output of each of `stages`: `NAME.merged` in `folder`, which is created if it is missing.
/// Overwrites files of these names and touches nothing else in the folder.
///
/// # Errors
///
/// If the folder or a file cannot be created, the file is one of `logs`, or another tour writes to it.
pub fn create_outputs(folder: &Path, stages: &[Stage], logs: &[Log]) -> Result<Vec<Kept>> {
    fs::create_dir_all(folder).map_err(about("cannot create folder", folder))?;
    let paths: Vec<_> = stages.iter().map(|stage| folder.join(format!("{}.merged", stage.name))).collect();
    // Checks all before it empties the first.
    for path in paths.iter().filter(|path| path.exists()) {
        let file = Handle::from_path(path).map_err(about("cannot write output", path))?;
        if let Some(log) = logs.iter().find(|log| log.file == file) {
            return Err(MergeError::SameFile { output: path.clone(), input: log.path.clone() }.into());
        }
    }
    let create = |path: PathBuf| {
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(about("cannot write output", &path))?;
        // As `Output::create` does, which says why.
        if cfg!(unix) && matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(MergeError::OutputInUse { path }.into());
        }
        file.set_len(0).map_err(about("cannot write output", &path))?;
        Ok((path, BufWriter::new(file)))
    };
    paths.into_iter().map(create).collect()
}

/// Takes `logs` through each of `stages` and prints a report to `out`. Returns whether all stages agree: every output is
/// a merge of the logs. Copies the outputs to `kept`, which is empty or has a file for each stage.
///
/// With `timelines` it also draws each stage; the stages should then be [`WATCHED`].
///
/// A stage that fails does not stop the tour. Blocks until the last stage has ended.
///
/// # Errors
///
/// If a log, an output, a picture or `out` fails.
pub fn tour(
    stages: &[Stage],
    logs: &Logs,
    interval: Duration,
    kept: Vec<Kept>,
    mut timelines: Option<Timelines>,
    out: &mut impl Write,
) -> Result<bool> {
    let mut outcomes = Vec::new();
    let mut kept = kept.into_iter();
    for stage in stages {
        report::stage(out, stage)?;
        let outcome = run::run(stage, logs, interval, kept.next())?;
        if let Some(timelines) = &mut timelines {
            timelines.take(stage);
        }
        report::outcome(out, &outcome)?;
        outcomes.push(outcome);
    }
    report::table(out, &outcomes)?;
    if let Some(timelines) = timelines {
        timelines.draw(out)?;
    }
    Ok(report::agreement(out, &outcomes)?)
}

/// Adds to an I/O error what was tried, and with which file.
fn about(what: &str, path: &Path) -> impl FnOnce(io::Error) -> String {
    move |error| format!("{what} {}: {error}", path.display())
}
