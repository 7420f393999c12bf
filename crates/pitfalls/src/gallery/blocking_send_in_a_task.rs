//! `blocking_send` inside a task.
//!
//! **Shows as** a panic: "Cannot block the current thread from within a runtime".
//!
//! **Why:** the call would block the worker until the queue has room. Tokio refuses it at once, even when there is
//! room.
//!
//! **Right:** `send(…).await`, as in `stage4::run_tasks`; `blocking_send` is for the threads of the blocking pool.
//!
//! **Source:** `tokio::sync::mpsc::Sender::blocking_send`; tokio issue 2684.

use std::time::Duration;

use merge_core::{Input, MergeError, Output, Result, Summary};
use stage3::tail_async;
use stage_parts::{QUEUE, block_on, run_tasks_with};

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        // The mistake: right on a blocking thread, wrong in a task.
        tail_async(input, interval, async move |chunk| queue.blocking_send(chunk).map_err(|_| MergeError::OutputGone))
    }))
}
