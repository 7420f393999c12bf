//! A crossbeam `recv` inside a task.
//!
//! **Shows as** timers that stop and tasks that starve: the worker is blocked in `recv`.
//!
//! **Why:** a blocking channel parks the thread. The runtime cannot notice that, and has one worker fewer; a
//! current-thread runtime has none left.
//!
//! **Right:** await the `recv` of tokio's `mpsc`, or receive on a thread of the blocking pool: `stage4::run_tasks`.
//!
//! **Source:** crossbeam-rs/crossbeam issues 896 and 902.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, MergeError, Output, Result, Summary};
use stage3::tail_async;
use tokio::task::JoinSet;
use stage_parts::{QUEUE, join_all};

/// Stage 4's top with this mistake.
///
/// # Errors
///
/// As `stage4::run_tasks`.
pub async fn run_tasks(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    let (queue, chunks) = crossbeam_channel::bounded::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        // The mistake: there is no `.await` in this loop.
        for chunk in chunks {
            output.write(&chunk)?;
        }
        Ok(())
    });
    for input in inputs {
        let queue = queue.clone();
        let write = async move |chunk| queue.send(chunk).map_err(|_| MergeError::OutputGone);
        tasks.spawn(tail_async(input, interval, write));
    }
    drop(queue);
    join_all(tasks, fan_in).await
}
