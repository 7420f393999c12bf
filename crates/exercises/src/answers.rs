//! The answer of `top_down2`, which `top_down3` is given.

use std::time::Duration;

use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::stage1::tail_file;
use crate::stage4::QUEUE;

/// Stage 2's top: a thread of the blocking pool for each input, and one for the writer. A test of the crate `classroom`
/// compares it with the stage's own.
///
/// # Errors
///
/// The first error of any input or of the output, or a panic of a follower.
pub async fn run_tasks_mixed(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();

    // The one writer. It needs no lock, because it owns the output.
    tasks.spawn_blocking(move || {
        while let Some(chunk) = chunks.blocking_recv() {
            output.write(&chunk)?;
        }
        Ok(())
    });

    // Fan-out: the blocking tail on a thread of the pool per input.
    for input in inputs {
        let queue = queue.clone();
        let write_async = async move |chunk| queue.send(chunk).await.map_err(|_| MergeError::OutputGone);
        let runtime = Handle::current();
        let mut write = move |chunk| runtime.block_on(write_async(chunk));
        tasks.spawn_blocking(move || tail_file(input, interval, &mut write));
    }
    // The last follower must hold the last sender, or the writer would wait for ever.
    drop(queue);

    // Fan-in: the first to end is the first to be joined; the writer is the last.
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    fan_in.finish()
}
