//! A blocking write inside a task.
//!
//! **Shows as** timers that stop while the output is slow. It can happen on a multi-thread runtime too: the blocked
//! worker may be the one that drives the timers.
//!
//! **Why:** `Write::write` returns when the system has taken the bytes. If a pipe's reader has stopped, a network disk
//! is slow or the page cache is full, that takes seconds or longer.
//!
//! **Right:** the writer on a thread of the blocking pool, fed by a queue: `stage4::run_tasks`.
//!
//! **Source:** tokio issues 4730 and 4941.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, Output, Result, Summary};
use stage3::tail_async;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use stage_parts::{QUEUE, join_all, send};

/// Stage 4's top with this mistake.
///
/// # Errors
///
/// As `stage4::run_tasks`.
pub async fn run_tasks(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Some(chunk) = chunks.recv().await {
            // The mistake: this line blocks, and everything around it is async.
            output.write(&chunk)?;
        }
        Ok(())
    });
    for input in inputs {
        let queue = queue.clone();
        tasks.spawn(tail_async(input, interval, async move |chunk| send(&queue, chunk).await));
    }
    drop(queue);
    join_all(tasks, fan_in).await
}
