//! Stage 2 from the command line: a blocking `main` that builds the runtime itself and blocks on one future. A signal
//! is one more thing to await.

use std::convert::Infallible;
use std::io;
use std::process::ExitCode;

use merge_cli::Stop;
use merge_core::MergeError;
use tokio::runtime::Builder;
use tokio::select;
use tokio::signal::ctrl_c;

fn main() -> ExitCode {
    let job = match merge_cli::start(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")) {
        Ok(job) => job,
        Err(code) => return code,
    };
    // `#[tokio::main]` would do but for one line: its blocking pool has 512 threads, and a follower keeps its own.
    let threads = stage2::blocking_threads(job.inputs.len());
    let runtime = match Builder::new_multi_thread().max_blocking_threads(threads).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return job.report.refuse(MergeError::Start(error)),
    };
    let merged = runtime.block_on(async {
        select! {
            biased; // The signals are listened to before the first follower starts.
            Err(error) = pass_on_signals(job.stop) => Err(MergeError::Start(error)),
            merged = stage2::run_tasks_mixed(job.inputs, job.interval, job.output) => merged,
        }
    });
    job.report.finish(merged)
}

/// Passes on every ctrl-c, and SIGTERM where there is one. Ends only when nobody may listen.
async fn pass_on_signals(stop: Stop) -> io::Result<Infallible> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    loop {
        #[cfg(unix)]
        select! { pressed = ctrl_c() => pressed?, _ = terminate.recv() => {} }
        #[cfg(not(unix))]
        ctrl_c().await?;
        stop.signal();
    }
}
