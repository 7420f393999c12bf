//! Stage 5 from the command line: the attribute builds the runtime; all that is left is to await. A task receives
//! signals.

use std::process::ExitCode;

use merge_cli::{Job, Signals, Stop};
use merge_core::{MergeError, Result, Summary};
use stage5::{BLOCKING_THREADS, run_tasks};

fn main() -> ExitCode {
    merge_cli::run_with_events(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), |_inputs| BLOCKING_THREADS, merge)
}

#[tokio::main]
async fn merge(job: Job) -> Result<Summary> {
    // First the signals: once the output is emptied, nothing may end the program before the inputs are merged.
    let signals = Signals::listen().map_err(MergeError::Start)?;
    tokio::spawn(pass_on_signals(signals, job.stop.clone()));
    // Blocks, but no worker: the main thread drives this future.
    let output = job.create_output()?;
    run_tasks(job.inputs, job.interval, output).await
}

/// Passes on every signal. Ends with the runtime.
async fn pass_on_signals(mut signals: Signals, stop: Stop) {
    loop {
        signals.recv().await;
        stop.signal();
    }
}
