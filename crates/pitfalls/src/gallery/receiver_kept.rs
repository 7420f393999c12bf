//! The queue's receiver outlives the runtime.
//!
//! **Shows as** a program that does not end after its output has failed: the runtime's drop waits for followers, and
//! they wait in `blocking_send` for room in a queue that is never emptied.
//!
//! **Why:** `blocking_send` on a full queue returns when the receiver takes a message, or when it is dropped. Here the
//! writer has returned, and the receiver still lives. Closing the inputs does not help: a follower that waits in
//! `blocking_send` does not look at its input.
//!
//! **Right:** the writer owns the receiver and drops it when it returns: `stage2::run_tasks_mixed`.
//!
//! **Source:** `tokio::sync::mpsc::Sender::blocking_send`, `tokio::runtime::Runtime` on shutdown.

use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, MergeError, Output, Result, Summary};
use stage1::tail_file;
use stage_parts::build;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Stage 2 with this mistake.
///
/// # Errors
///
/// As `stage2::merge`, if it returns.
pub fn merge(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    // The mistake: the receiver is declared before the runtime, so it is dropped after it.
    let (queue, mut chunks) = mpsc::channel::<Chunk>(1);
    let runtime = build(Builder::new_multi_thread().enable_time())?;
    let written = runtime.block_on(async {
        for input in inputs {
            let queue = queue.clone();
            let mut write = move |chunk| queue.blocking_send(chunk).map_err(|_| MergeError::OutputGone);
            spawn_blocking(move || tail_file(input, interval, &mut write));
        }
        drop(queue);
        while let Some(chunk) = chunks.recv().await {
            let written = spawn_blocking(move || output.write(&chunk).map(|()| output)).await;
            output = written.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))??;
        }
        Ok(())
    });
    fan_in.add(written);
    drop(runtime);
    fan_in.finish()
}
