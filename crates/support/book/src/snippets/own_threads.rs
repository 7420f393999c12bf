//! Stage 2 for good: the followers have threads of their own, and not those of the blocking pool.

use std::thread;
use std::time::Duration;

use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};
use stage1::tail_file;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// `stage2::run_tasks_mixed` but for the loop of the fan-out.
async fn run_tasks_mixed(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(16);
    let mut tasks = JoinSet::new();
    tasks.spawn_blocking(move || {
        while let Some(chunk) = chunks.blocking_recv() {
            output.write(&chunk)?;
        }
        Ok(())
    });

    // ANCHOR: own_threads
    // Fan-out: a thread per input, and a task that hears how it ended.
    for input in inputs {
        let queue = queue.clone();
        let mut write = move |chunk| queue.blocking_send(chunk).map_err(|_| MergeError::OutputGone);
        let (ended, has_ended) = oneshot::channel();
        let follow = move || ended.send(tail_file(input, interval, &mut write));
        if let Err(error) = thread::Builder::new().name("follower".into()).spawn(follow) {
            fan_in.add(Err(MergeError::Start(error)));
            break;
        }
        // A thread that panics drops `ended`.
        tasks.spawn(async { has_ended.await.unwrap_or_else(|_| Err(MergeError::ended_early(None))) });
    }
    // ANCHOR_END: own_threads
    drop(queue);
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    fan_in.finish()
}

fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    // The blocking pool keeps its default size: only the writer is in it.
    let runtime = Runtime::new().map_err(MergeError::Start)?;
    runtime.block_on(run_tasks_mixed(inputs, interval, output))
}

equivalence::suite!(merge);
