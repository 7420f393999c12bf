//! An unbounded queue to the writer.
//!
//! **Shows as** memory that grows while the output is slower than the inputs.
//!
//! **Why:** nothing holds the followers back. Each of them reads as fast as it can, and the chunks wait in the queue.
//!
//! **Right:** a bounded channel, whose `send` waits for room: `stage4::run_tasks`.
//!
//! **Source:** `tokio::sync::mpsc::unbounded_channel`.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, MergeError, Output, Result, Summary};
use stage3::tail_async;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use stage_parts::{block_on, join_all};

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
    // The mistake: one word.
    let (queue, mut chunks) = mpsc::unbounded_channel::<Chunk>();
    let mut tasks = JoinSet::new();
    tasks.spawn_blocking(move || {
        while let Some(chunk) = chunks.blocking_recv() {
            output.write(&chunk)?;
        }
        Ok(())
    });
    for input in inputs {
        let queue = queue.clone();
        let write_async = async move |chunk| queue.send(chunk).map_err(|_| MergeError::OutputGone);
        tasks.spawn(tail_async(input, interval, write_async));
    }
    drop(queue);
    join_all(tasks, fan_in).await
}
