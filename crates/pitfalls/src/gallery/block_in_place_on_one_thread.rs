//! `block_in_place` on a current-thread runtime.
//!
//! **Shows as** a panic: "can call blocking only when running on the multi-threaded runtime". Often a test shows it
//! first, because `#[tokio::test]` runs on a current-thread runtime.
//!
//! **Why:** `block_in_place` hands the worker's other tasks to another worker. A current-thread runtime has no other.
//!
//! **Right:** `spawn_blocking`, which works on both kinds of runtime: `stage4::run_tasks`.
//!
//! **Source:** `tokio::task::block_in_place`.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, Output, Result, Summary};
use stage3::tail_async;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, block_in_place};
use stage_parts::{QUEUE, build, join_all, send};

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let runtime = build(Builder::new_current_thread().enable_time())?;
    runtime.block_on(run_tasks(inputs, interval, output))
}

async fn run_tasks(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Some(chunk) = chunks.recv().await {
            // The mistake: whether this works depends on the runtime that the caller has chosen.
            block_in_place(|| output.write(&chunk))?;
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
