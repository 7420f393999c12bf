//! `abort()` to end a blocking task.
//!
//! **Shows as** a program that does not end: the top has returned the error, and the runtime's drop waits for the
//! followers.
//!
//! **Why:** a task can be aborted at an `.await`. A blocking task has none: once it has started, `abort` has no effect,
//! and a runtime that is dropped waits for it.
//!
//! **Right:** a close signal that the blocking code checks. Every `Input` has one, so no stage needs `abort`. If you
//! cannot change the code, `Runtime::shutdown_timeout` stops waiting after a while.
//!
//! **Source:** `tokio::task::JoinHandle::abort`; tokio issues 4853, 5338, 1923.

use std::time::Duration;

use merge_core::{Input, Chunk, MergeError, Output, Result, Summary};
use stage1::tail_file;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use stage_parts::{QUEUE, block_on, spawn_writer};

/// Stage 2 with this mistake.
///
/// # Errors
///
/// As `stage2::merge`, if it returns.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_mixed(inputs, interval, output))
}

async fn run_tasks_mixed(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let mut summary = Summary { inputs: inputs.len(), lines: 0, bytes: 0 };
    let progress = output.progress();
    let (queue, chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();
    spawn_writer(&mut tasks, output, chunks);
    for input in inputs {
        let queue = queue.clone();
        let mut write = move |chunk| queue.blocking_send(chunk).map_err(|_| MergeError::OutputGone);
        tasks.spawn_blocking(move || tail_file(input, interval, &mut write));
    }
    drop(queue);
    while let Some(ended) = tasks.join_next().await {
        if let Ok(Err(error)) = ended {
            // The mistake: `abort` does not reach a follower that blocks.
            tasks.abort_all();
            return Err(error);
        }
    }
    (summary.lines, summary.bytes) = (progress.lines(), progress.bytes());
    Ok(summary)
}
