//! An unbounded queue to the writer.
//!
//! **Shows as** memory that grows as long as the output is slower than the inputs.
//!
//! **Why:** nothing holds the followers back. Each of them reads as fast as it can, and all that was read waits in
//! the queue.
//!
//! **Right:** a bounded channel, whose `send` waits for room: `stage4::run_tasks`.
//!
//! **Source:** `tokio::sync::mpsc::unbounded_channel`.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, MergeError, Output, Result, Summary};
use stage3::tail_async;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::{block_on, join_all};

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
    // The mistake: one word. What waits in the queue are copies, as in most programs: `Chunk`s themselves would stop at
    // the few blocks that there are for them, and hide it.
    let (queue, mut chunks) = mpsc::unbounded_channel::<Vec<u8>>();
    let mut tasks = JoinSet::new();
    tasks.spawn_blocking(move || {
        while let Some(lines) = chunks.blocking_recv() {
            output.write(&lines)?;
        }
        Ok(())
    });
    for input in inputs {
        let queue = queue.clone();
        let write_async = async move |lines: Chunk| queue.send(lines.to_vec()).map_err(|_| MergeError::OutputGone);
        tasks.spawn(tail_async(input, interval, write_async));
    }
    drop(queue);
    join_all(tasks, fan_in).await
}
