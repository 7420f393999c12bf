//! The `JoinHandle` is dropped.
//!
//! **Shows as** errors that nobody sees: a follower has failed or panicked, and the program goes on for ever without
//! it. When the program ends, tasks that are still at work are cut off.
//!
//! **Why:** dropping the handle detaches the task. Its result is what the handle was for.
//!
//! **Right:** a `JoinSet` that is joined to its end: `stage4::run_tasks`.
//!
//! **Source:** `tokio::task::JoinHandle`.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, Output, Result, Summary};
use stage3::tail_async;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::{block_on, join_all, send, spawn_writer};

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`, but for those of the followers.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks(inputs, interval, output))
}

async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    let (queue, chunks) = mpsc::channel::<Chunk>(16);
    let mut tasks = JoinSet::new();
    spawn_writer(&mut tasks, output, chunks);
    for input in inputs {
        let queue = queue.clone();
        // The mistake: the handle ends with this statement.
        drop(tokio::spawn(tail_async(input, interval, async move |lines| send(&queue, lines).await)));
    }
    drop(queue);
    join_all(tasks, fan_in).await
}
