//! The writer task is not awaited.
//!
//! **Shows as** an output without its last lines: they were sent, and never written.
//!
//! **Why:** the followers end when their last chunks are in the queue. The writer is still running then, and dropping
//! the runtime cancels it at its next `.await`.
//!
//! **Right:** join the writer with the followers. It ends last, because it ends when the last sender is gone:
//! `stage4::run_tasks`.
//!
//! **Source:** `tokio::task::JoinHandle`; `tokio::runtime::Runtime` on shutdown.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, MergeError, Output, Result, Summary};
use stage3::tail_async;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};
use stage_parts::{QUEUE, block_on, join_all, send};

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks(inputs, interval, output))
}

async fn run_tasks(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(QUEUE);
    // The mistake: this task is in no `JoinSet`.
    tokio::spawn(async move {
        while let Some(chunk) = chunks.recv().await {
            let written = spawn_blocking(move || output.write(&chunk).map(|()| output)).await;
            output = written.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))??;
        }
        Ok::<(), MergeError>(())
    });
    let mut tasks = JoinSet::new();
    for input in inputs {
        let queue = queue.clone();
        tasks.spawn(tail_async(input, interval, async move |chunk| send(&queue, chunk).await));
    }
    drop(queue);
    join_all(tasks, fan_in).await
}
