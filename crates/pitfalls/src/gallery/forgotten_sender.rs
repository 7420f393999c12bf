//! One `Sender` too many is kept.
//!
//! **Shows as** a run that does not end although every follower has: the writer waits for one more chunk.
//!
//! **Why:** `recv` ends when the last sender is gone. The one that was cloned for every follower is still there, in
//! the function that waits for the writer.
//!
//! **Right:** `drop(queue)` behind the loop that clones it: `stage4::run_tasks`. The same holds for the crossbeam
//! channel in `stage1::run_threads`.
//!
//! **Source:** `tokio::sync::mpsc::Receiver::recv`.

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
/// As `stage4::merge`, when it comes to that.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks(inputs, interval, output))
}

async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    // The mistake: `queue` lives to the end of this function.
    let (queue, chunks) = mpsc::channel::<Chunk>(16);
    let mut tasks = JoinSet::new();
    spawn_writer(&mut tasks, output, chunks);
    for input in inputs {
        let queue = queue.clone();
        tasks.spawn(tail_async(input, interval, async move |lines| send(&queue, lines).await));
    }
    join_all(tasks, fan_in).await
}
