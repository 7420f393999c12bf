//! Stage 1 from the command line: it blocks until the merge has ended. A thread of its own receives signals.

use std::process::ExitCode;

use merge_cli::Job;
use merge_core::{MergeError, Result, Summary};

fn main() -> ExitCode {
    // A thread per input.
    merge_cli::run(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), |inputs| inputs, merge)
}

fn merge(job: Job) -> Result<Summary> {
    // First the signals: once the output is emptied, nothing may end the program before the inputs are merged.
    job.stop.on_signals().map_err(MergeError::Start)?;
    let output = job.create_output()?;
    stage1::merge(job.inputs, job.interval, output)
}
