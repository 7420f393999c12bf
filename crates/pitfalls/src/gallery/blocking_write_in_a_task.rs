//! A blocking write inside a task.
//!
//! **Shows as** timers that stop while the output is slow, on a multi-thread runtime too: the worker that is blocked
//! may be the one that drives the timers.
//!
//! **Why:** `Write::write` returns when the system is ready, not when it would be polite. A pipe that nobody reads, a
//! network disk, a full page cache: seconds.
//!
//! **Right:** the writer on a thread of the blocking pool, fed by a queue: `stage4::run_tasks`.
//!
//! **Source:** tokio issues 4730 and 4941.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, Output, Result, Summary};
use stage3::tail_async;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::{join_all, send};

/// Stage 4's top with this mistake.
///
/// # Errors
///
/// As `stage4::run_tasks`.
pub async fn run_tasks(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(16);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Some(lines) = chunks.recv().await {
            // The mistake: everything round this line is async.
            output.write(&lines)?;
        }
        Ok(())
    });
    for input in inputs {
        let queue = queue.clone();
        tasks.spawn(tail_async(input, interval, async move |lines| send(&queue, lines).await));
    }
    drop(queue);
    join_all(tasks, fan_in).await
}
