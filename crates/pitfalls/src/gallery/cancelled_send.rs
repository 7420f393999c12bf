//! A `send` that is cancelled by a timeout.
//!
//! **Shows as** lost lines, and only while the output is slow.
//!
//! **Why:** `send` owns its message. If the future is dropped before the queue has room, the message is dropped too.
//!
//! **Right:** reserve room first and keep the message: `Sender::reserve` is cancel safe, and a permit's `send` does not
//! wait. Or do not cancel: `stage4::run_tasks` awaits every `send` to its end.
//!
//! **Source:** `tokio::sync::mpsc::Sender::send` on cancel safety.

use std::time::Duration;

use merge_core::{Input, Output, Result, Summary};
use stage3::tail_async;
use tokio::time::timeout;
use stage_parts::{block_on, run_tasks_with, send};

/// How long a follower waits for the writer.
const PATIENCE: Duration = Duration::from_millis(5);

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, 1, |input, interval, queue| {
        tail_async(input, interval, async move |chunk| {
            // The mistake: the timeout drops the `send`, and with it the chunk.
            timeout(PATIENCE, send(&queue, chunk)).await.unwrap_or(Ok(()))
        })
    }))
}
