//! A `send` that is cancelled by a timeout.
//!
//! **Shows as** lost lines, and only while the output is slow.
//!
//! **Why:** `send` owns its message. When the future is dropped before there was room, the message goes with it.
//!
//! **Right:** wait for the room and not with the message: `Sender::reserve` is cancel safe, and a permit's `send`
//! cannot wait. Or do not cancel: `stage4::run_tasks` awaits every `send` to its end.
//!
//! **Source:** `tokio::sync::mpsc::Sender::send` on cancel safety.

use std::time::Duration;

use merge_core::{Input, Output, Result, Summary};
use stage3::tail_async;
use tokio::time::timeout;

use crate::support::{block_on, run_tasks_with, send};

/// How long a follower is willing to wait for the writer.
const POLITE: Duration = Duration::from_millis(5);

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, 1, |input, interval, queue| {
        tail_async(input, interval, async move |lines| {
            // The mistake: when the time is over, the lines are dropped with the future that held them.
            timeout(POLITE, send(&queue, lines)).await.unwrap_or(Ok(()))
        })
    }))
}
