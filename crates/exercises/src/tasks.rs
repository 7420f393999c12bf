//! Stage 4's top, with the tail as an argument, as it is one of stage 1's top.

use std::time::Duration;

use merge_core::{FanIn, Input, Lines, MergeError, Output, Result, Summary};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How many chunks may wait for the writer before the followers have to.
const QUEUE: usize = 16;

/// A follower's way to the one writer.
#[derive(Clone, Debug)]
pub struct Queue(mpsc::Sender<Lines>);

impl Queue {
    /// Hands over `lines`. Waits while the queue is full. Cancel safe in so far as the lines are then not handed over.
    ///
    /// # Errors
    ///
    /// [`MergeError::OutputGone`] when the writer has ended.
    pub async fn write(&self, lines: Lines) -> Result<()> {
        self.0.send(lines).await.map_err(|_| MergeError::OutputGone)
    }
}

/// Merges `inputs` into `output` until all of them are closed, with a task per input that runs `tail`.
///
/// Needs a runtime with time. Blocks no runtime worker.
///
/// # Errors
///
/// The first error of any input or of the output, or a panic of a follower. By then all followers have ended.
pub async fn run_tasks<F>(
    inputs: Vec<Input>,
    interval: Duration,
    mut output: Output,
    tail: impl Fn(Input, Duration, Queue) -> F,
) -> Result<Summary>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Lines>(QUEUE);
    let mut tasks = JoinSet::new();

    // The one writer. No lock is needed: the output is its own.
    tasks.spawn_blocking(move || {
        while let Some(lines) = chunks.blocking_recv() {
            output.write(&lines)?;
        }
        Ok(())
    });

    // Fan-out: a task per input.
    for input in inputs {
        tasks.spawn(tail(input, interval, Queue(queue.clone())));
    }
    // The last sender must go with the last follower, or the writer would wait for ever.
    drop(queue);

    // Fan-in: whoever ends first is heard first, the writer last.
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    fan_in.finish()
}
