//! A `Sender` is kept too long.
//!
//! **Shows as** a run that does not end although every follower has: the writer waits for one more chunk.
//!
//! **Why:** `recv` returns `None` when the last sender has been dropped. The sender that was cloned for every follower
//! still lives, in the function that waits for the writer.
//!
//! **Right:** `drop(queue)` after the loop that clones it: `stage4::run_tasks`. The same holds for the crossbeam
//! channel in `stage1::run_threads`.
//!
//! **Source:** `tokio::sync::mpsc::Receiver::recv`.

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
/// As `stage4::merge`, if it returns.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks(inputs, interval, output))
}

async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    // The mistake: `queue` lives to the end of this function.
    let (queue, chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();
    spawn_writer(&mut tasks, output, chunks);
    for input in inputs {
        let queue = queue.clone();
        tasks.spawn(tail_async(input, interval, async move |chunk| send(&queue, chunk).await));
    }
    join_all(tasks, fan_in).await
}
