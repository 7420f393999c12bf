//! The writer task is not awaited.
//!
//! **Shows as** an output without its last lines: they had been sent, and were never written.
//!
//! **Why:** the followers end when their last lines are in the queue. The writer is then still at work, and the
//! runtime that is dropped cuts it off at its next `.await`.
//!
//! **Right:** the writer is joined with the followers, and ends last, because it ends when the last sender is gone:
//! `stage4::run_tasks`.
//!
//! **Source:** `tokio::task::JoinHandle`; `tokio::runtime::Runtime` on shutdown.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, MergeError, Output, Result, Summary};
use stage3::tail_async;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};

use crate::support::{block_on, join_all, send};

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
    let (queue, mut chunks) = mpsc::channel::<Chunk>(16);
    // The mistake: this task is in no `JoinSet`.
    tokio::spawn(async move {
        while let Some(lines) = chunks.recv().await {
            let written = spawn_blocking(move || output.write(&lines).map(|()| output)).await;
            output = written.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))??;
        }
        Ok::<(), MergeError>(())
    });
    let mut tasks = JoinSet::new();
    for input in inputs {
        let queue = queue.clone();
        // Copies, as in most programs: the few blocks of the inputs would keep the followers near the writer, and hide it.
        tasks.spawn(tail_async(input, interval, async move |lines: Chunk| send(&queue, lines.to_vec()).await));
    }
    drop(queue);
    join_all(tasks, fan_in).await
}
