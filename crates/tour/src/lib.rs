//! The tour: every stage merges the same logs, each is confirmed, and all agree.
//!
//! ```sh
//! cargo run --release -p tour
//! ```
//!
//! # Layout
//!
//! - `stages.rs`: the stages in one table, and what each is.
//! - `logs.rs`: what is merged: logs that simulated writers grow, or a snapshot of real ones.
//! - `run.rs`: one stage at work: its entry point, its threads, its time, and whether its output is confirmed.
//! - `threads.rs`: how many threads it used.
//! - `timelines.rs`: pictures of what its threads did.
//! - `report.rs`: what is printed.
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
pub use stages::{STAGES, Stage, Tail, Top};
pub use timelines::{Timelines, WATCHED};

/// What stops a tour: its surroundings (a missing log, a full disk), never a stage. Its text is one line.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Where each stage writes to: a file per stage in one folder, opened before the tour begins.
#[derive(Debug)]
pub struct Outputs(Vec<(PathBuf, Output)>);

impl Outputs {
    /// Creates `folder` where it is missing, and in it `NAME.merged` for each of `stages`. Files of these names are
    /// overwritten; nothing else in the folder is touched.
    ///
    /// # Errors
    ///
    /// When the folder or a file cannot be created, or the file is one of `logs`.
    pub fn create(folder: &Path, stages: &[Stage], logs: &[Input]) -> Result<Self> {
        fs::create_dir_all(folder).map_err(about("cannot create folder", folder))?;
        let paths = stages.iter().map(|stage| folder.join(format!("{}.merged", stage.name)));
        let paths: Vec<_> = paths.collect();
        // All are checked before the first is emptied.
        for path in paths.iter().filter(|path| path.exists()) {
            for log in logs.iter().map(Input::path) {
                if is_same_file(path, log).map_err(about("cannot write output", path))? {
                    return Err(MergeError::SameFile { output: path.clone(), input: log.to_owned() }.into());
                }
            }
        }
        let create = |path| Output::create(&path, logs).map(|output| (path, output));
        Ok(Self(paths.into_iter().map(create).collect::<merge_core::Result<_>>()?))
    }
}

/// Takes `logs` through each of `stages`, reports to `out`, and says whether all stages agree: every output is a
/// merge of the logs, and all hold the same lines.
///
/// With `timelines` each stage that was given is drawn as well: give [`WATCHED`] ones.
///
/// A stage that fails does not stop the tour. Blocks until the last stage has ended.
///
/// # Errors
///
/// When the logs cannot be read or written, or `out` or a picture cannot.
pub fn tour(
    stages: &[Stage],
    logs: &Logs,
    interval: Duration,
    outputs: Outputs,
    mut timelines: Option<Timelines>,
    out: &mut impl Write,
) -> Result<bool> {
    raise_file_limit(logs.count());
    let mut outcomes: Vec<_> = Vec::new();
    for (stage, (path, output)) in stages.iter().zip(outputs.0) {
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

/// Lets this process open `inputs` files at once, as far as the system allows. Where it does not, opening the first
/// file too many says so.
pub fn raise_file_limit(inputs: usize) {
    /// Outputs, standard streams, and what runtimes open for themselves.
    const OTHERS: usize = 100;
    #[cfg(unix)]
    let _ = rlimit::increase_nofile_limit((inputs + OTHERS) as u64);
    #[cfg(not(unix))]
    let _ = inputs + OTHERS;
}

/// Says of an I/O error what was tried, and with which file.
fn about(what: &str, path: &Path) -> impl FnOnce(io::Error) -> String {
    move |error| format!("{what} {}: {error}", path.display())
}
