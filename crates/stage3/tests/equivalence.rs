//! Stage 3 keeps the contract, on both kinds of runtime.

use std::time::Duration;

use merge_core::{Input, Output, Result, Summary};
use stage_parts::{QUEUE, run_tasks_with, send};
use stage3::tail_async;
use tokio::runtime::Builder;

equivalence::suite!(stage3::merge);
equivalence::suite!(current_thread: |inputs, interval, output| {
    stage3::merge_on(Builder::new_current_thread(), inputs, interval, output)
});

/// Its tail in tasks, to see what it does on a runtime worker.
async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_async(input, interval, async move |chunk| send(&queue, chunk).await)
    })
    .await
}
equivalence::heartbeat!(run_tasks);
