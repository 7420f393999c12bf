//! `Handle::block_on` on a current-thread runtime that no thread drives.
//!
//! **Shows as** lines that never come: each follower reads once, sleeps, and never wakes up.
//!
//! **Why:** the timers of a current-thread runtime run only while some thread is inside `Runtime::block_on`.
//! `Handle::block_on` polls only its own future.
//!
//! **Right:** `Runtime::block_on`, as in `stage3::tail_file`, or a multi-thread runtime, whose workers drive it.
//!
//! **Source:** `tokio::runtime::Handle::block_on`; tokio issues 3569, 7441.

use std::time::Duration;

use merge_core::{Input, Output, Result, Summary};
use stage1::run_threads;
use stage3::tail_async;
use stage_parts::build;
use tokio::runtime::Builder;

/// Stage 3 with this mistake.
///
/// # Errors
///
/// As `stage3::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let runtime = build(Builder::new_current_thread().enable_time())?;
    run_threads(inputs, interval, output, |input, interval, write| {
        // The mistake: without `.handle()` it would be right.
        runtime.handle().block_on(tail_async(input, interval, async |chunk| write(chunk)))
    })
}
