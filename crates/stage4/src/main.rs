//! Stage 4 from the command line: an async `main`. The attribute builds the runtime; all that is left is to await.

use std::convert::Infallible;
use std::io;
use std::process::ExitCode;

use merge_cli::Stop;
use merge_core::MergeError;
use tokio::select;
use tokio::signal::ctrl_c;

#[tokio::main]
async fn main() -> ExitCode {
    // It opens files, which blocks. No task is running yet that could be held up.
    let job = match merge_cli::start(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")) {
        Ok(job) => job,
        Err(code) => return code,
    };
    let merged = select! {
        biased; // The signals are listened to before the first follower starts.
        Err(error) = pass_on_signals(job.stop) => Err(MergeError::Start(error)),
        merged = stage4::run_tasks(job.inputs, job.interval, job.output) => merged,
    };
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
