//! The `JoinHandle` is dropped.
//!
//! **Shows as** errors that are never reported: a follower has failed or panicked, and the program goes on without it.
//! When the program ends, tasks that are still running are cancelled.
//!
//! **Why:** dropping the handle detaches the task, and the handle was the only way to its result.
//!
//! **Right:** a `JoinSet` that is joined to its end: `stage4::run_tasks`.
//!
//! **Source:** `tokio::task::JoinHandle`.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, Output, Result, Summary};
use stage3::tail_async;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use stage_parts::{QUEUE, block_on, join_all, send, spawn_writer};

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`, except those of the followers.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks(inputs, interval, output))
}

async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    let (queue, chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();
    spawn_writer(&mut tasks, output, chunks);
    for input in inputs {
        let queue = queue.clone();
        // The mistake: this drops the handle.
        drop(tokio::spawn(tail_async(input, interval, async move |chunk| send(&queue, chunk).await)));
    }
    drop(queue);
    join_all(tasks, fan_in).await
}
