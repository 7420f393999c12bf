//! Stage 4's top, whole and in parts: an exercise can bring its own follower.

use std::time::Duration;

use merge_core::{Input, Output, Result, Summary};
pub use stage_parts::{QUEUE, block_on, block_on_one_thread, join_all, run_tasks_with, send};

use crate::stage3::tail_async;

/// Merges `inputs` into `output` until all of them are closed; stage 4's top.
///
/// # Errors
///
/// As [`run_tasks_with`].
pub async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_async(input, interval, async move |chunk| send(&queue, chunk).await)
    })
    .await
}
