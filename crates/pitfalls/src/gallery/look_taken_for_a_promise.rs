//! A look that says "there is more" is taken for a promise that the read will return something.
//!
//! **Shows as** a core that is busy for ever, while nothing is written. Every line comes out.
//!
//! **Why:** the look compares the file's length with the bytes read so far, and a length can be wrong. A file of sysfs
//! has a length of 4,096 bytes, whatever is in it. The read finds nothing, and the next look says "there is more" again.
//!
//! **Right:** let the read decide, and wait when it has found nothing: the three arms of `stage3::tail_async`.
//!
//! **Source:** `stat(2)`, on the size of files in `/proc` and `/sys`.

use std::time::Duration;

use merge_core::{Chunk, Found, Input, MergeError, Output, Result, Summary};
use stage_parts::{QUEUE, block_on, run_tasks_with, send};
use tokio::select;
use tokio::sync::mpsc::Sender;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, QUEUE, tail_trusting))
}

async fn tail_trusting(mut input: Input, interval: Duration, queue: Sender<Chunk>) -> Result<()> {
    loop {
        while !input.has_unread()? {
            select! {
                () = sleep(interval) => {}
                () = input.closed() => {}
            }
        }
        let found;
        (found, input) = spawn_blocking(move || (input.read_lines(), input))
            .await
            .map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?;
        match found? {
            Found::Lines(chunk) => send(&queue, chunk).await?,
            // The mistake: nothing came, and it looks again at once.
            Found::NoNewData => {}
            Found::End => return Ok(()),
        }
    }
}
