//! Stage 2 from the command line: it builds the runtime itself and blocks on one future. A task receives signals.

use std::process::ExitCode;

use merge_cli::{Job, Signals, Stop};
use merge_core::{MergeError, Result, Summary};
use stage2::{blocking_threads, run_tasks_mixed};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    merge_cli::run(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), blocking_threads, merge)
}

fn merge(job: Job) -> Result<Summary> {
    // `#[tokio::main]` would do but for one line: its blocking pool has 512 threads, and a follower keeps its own.
    let threads = blocking_threads(job.inputs.len());
    let runtime = Builder::new_multi_thread().max_blocking_threads(threads).enable_all().build();
    runtime.map_err(MergeError::Start)?.block_on(async {
        // First the signals: once the output is emptied, nothing may end the program before the inputs are merged.
        let signals = Signals::listen().map_err(MergeError::Start)?;
        tokio::spawn(pass_on_signals(signals, job.stop.clone()));
        // Blocks, but no worker: the main thread drives this future.
        let output = job.create_output()?;
        run_tasks_mixed(job.inputs, job.interval, output).await
    })
}

/// Passes on every signal. Ends with the runtime.
async fn pass_on_signals(mut signals: Signals, stop: Stop) {
    loop {
        signals.recv().await;
        stop.signal();
    }
}
