//! The async top over the async tail: a task per input, one writer, and a watch for events.

use std::time::Duration;

use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::{check_threads, tail_async};

/// How many chunks may wait for the writer. When the queue is full, the followers wait.
const QUEUE: usize = 16;

/// Merges `inputs` into `output` until all of them are closed; the article's `run_tasks`.
///
/// Needs a runtime with time, I/O and [`BLOCKING_THREADS`](crate::BLOCKING_THREADS). Blocks no runtime worker. Cancelled
/// half way, it closes all inputs, and the followers end where they stand: what they hold is lost.
///
/// # Errors
///
/// The first error of any input or of the output, or a panic of a follower. By then all followers have ended.
/// [`MergeError::Start`] when the blocking pool has too few threads: then nothing was read or written.
pub async fn run_tasks(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    // The writer keeps a thread of the blocking pool. If that is the only one, no read ever runs.
    check_threads().await?;
    let mut fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();

    // The system notifies the followers.
    let watch = events::watch(&inputs, interval);

    // The one writer. It needs no lock, because it owns the output.
    tasks.spawn_blocking(move || {
        while let Some(chunk) = chunks.blocking_recv() {
            output.write(&chunk)?;
        }
        Ok(())
    });

    // Fan-out: a task per input.
    for input in inputs {
        let queue = queue.clone();
        let write_async = async move |chunk| queue.send(chunk).await.map_err(|_| MergeError::OutputGone);
        tasks.spawn(tail_async(input, interval, write_async));
    }
    // The last follower must hold the last sender, or the writer would wait for ever.
    drop(queue);

    // Fan-in: the first to end is the first to be joined; the writer is the last.
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    watch.stop().await;
    fan_in.finish()
}
