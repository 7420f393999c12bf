//! `block_on` inside a task.
//!
//! **Shows as** a panic: "Cannot start a runtime from within a runtime".
//!
//! **Why:** `block_on` would block the worker until its future is done, and the future may need that worker.
//!
//! **Right:** `.await`, as in `stage4::run_tasks`. `Handle::block_on` belongs on threads that drive no runtime, such as
//! those of the blocking pool in stage 2.
//!
//! **Source:** `tokio::runtime::Handle::block_on`; tokio issue 5273.

use std::time::Duration;

use merge_core::{Input, Output, Result, Summary};
use stage3::tail_async;
use tokio::runtime::Handle;
use stage_parts::{QUEUE, block_on, run_tasks_with, send};

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        // The mistake: stage 2's bridge, kept although its thread has become a task.
        tail_async(input, interval, async move |chunk| Handle::current().block_on(send(&queue, chunk)))
    }))
}
