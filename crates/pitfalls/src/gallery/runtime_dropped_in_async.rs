//! A runtime is dropped inside async code.
//!
//! **Shows as** a panic: "Cannot drop a runtime in a context where blocking is not allowed".
//!
//! **Why:** dropping a runtime waits for its blocking tasks. It happens unnoticed at the end of a scope, for example in
//! a library that has a runtime of its own and is called from async code.
//!
//! **Right:** one runtime, built at the top and dropped there, as in every `merge_on` of this workspace; if you need a
//! second one, `Runtime::shutdown_background`.
//!
//! **Source:** `tokio::runtime::Runtime` on shutdown.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, MergeError, Output, Result, Summary};
use stage3::tail_async;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use stage_parts::{QUEUE, block_on, join_all, send, spawn_writer};

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks(inputs, interval, output))
}

async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    let (queue, chunks) = mpsc::channel::<Chunk>(QUEUE);
    // The mistake: a second runtime, for the followers, which ends with this scope.
    let followers = Builder::new_multi_thread().enable_time().build().map_err(MergeError::Start)?;
    let mut tasks = JoinSet::new();
    spawn_writer(&mut tasks, output, chunks);
    for input in inputs {
        let queue = queue.clone();
        tasks.spawn_on(tail_async(input, interval, async move |chunk| send(&queue, chunk).await), followers.handle());
    }
    drop(queue);
    join_all(tasks, fan_in).await
}
