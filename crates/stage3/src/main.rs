//! Stage 3 from the command line: the same `main`. No line of it knows that the tail is async now.

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
    stage3::merge(job.inputs, job.interval, output)
}
