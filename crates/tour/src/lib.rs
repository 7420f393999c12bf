//! The tour: every stage merges the same logs, each output is confirmed, and all stages agree.
//!
//! ```sh
//! cargo run --release -p tour
//! ```
//!
//! # Layout
//!
//! - `stages.rs`: the stages in one table.
//! - `logs.rs`: the logs to merge: simulated writers grow them, or they are a snapshot of real ones.
//! - `run.rs`: runs one stage, measures it and confirms its output.
//! - `threads.rs`: counts its threads.
//! - `timelines.rs`: draws what its threads do.
//! - `report.rs`: the printed report.
//! - `main.rs`: the arguments and the exit code.

mod logs;
mod report;
mod run;
mod stages;
mod threads;
mod timelines;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use merge_core::{Input, MergeError, Output};
use same_file::is_same_file;

pub use logs::Logs;
pub use stages::{STAGES, Stage};
pub use timelines::{Timelines, WATCHED};

/// An error stops the tour: a missing log or a full disk, never a stage that fails. Its text is one line.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The output of a stage, and its path.
pub type OutputFile = (PathBuf, Output);

/// Opens an output for each of `stages`: `NAME.merged` in `folder`, which is created if it is missing. Overwrites files
/// of these names and touches nothing else in the folder.
///
/// # Errors
///
/// If the folder or a file cannot be created, or the file is one of `logs`.
pub fn create_outputs(folder: &Path, stages: &[Stage], logs: &[Input]) -> Result<Vec<OutputFile>> {
    fs::create_dir_all(folder).map_err(about("cannot create folder", folder))?;
    let paths: Vec<_> = stages.iter().map(|stage| folder.join(format!("{}.merged", stage.name))).collect();
    // Checks all before it empties the first.
    for path in paths.iter().filter(|path| path.exists()) {
        for log in logs.iter().map(Input::path) {
            if is_same_file(path, log).map_err(about("cannot write output", path))? {
                return Err(MergeError::SameFile { output: path.clone(), input: log.to_owned() }.into());
            }
        }
    }
    let create = |path| Ok(Output::create(&path, logs).map(|output| (path, output))?);
    paths.into_iter().map(create).collect()
}

/// Takes `logs` through each of `stages`, which writes to its output, and prints a report to `out`. Returns whether all
/// stages agree: every output is a merge of the logs, and all hold the same lines.
///
/// With `timelines` it also draws each stage; the stages should then be [`WATCHED`].
///
/// A stage that fails does not stop the tour. Blocks until the last stage has ended.
///
/// # Errors
///
/// If a log, a picture or `out` fails.
pub fn tour(
    stages: &[Stage],
    logs: &Logs,
    interval: Duration,
    outputs: Vec<OutputFile>,
    mut timelines: Option<Timelines>,
    out: &mut impl Write,
) -> Result<bool> {
    let mut outcomes = Vec::new();
    for (stage, (path, output)) in stages.iter().zip(outputs) {
        report::stage(out, stage)?;
        let outcome = run::run(stage, logs, interval, &path, output)?;
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
