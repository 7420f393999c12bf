//! One limit on reads for the whole process.
//!
//! **Shows as** a merge that writes nothing, although its files grow and its output is free. Another merge of the same
//! process waits for its own output.
//!
//! **Why:** the limit is a `static`, so all runs share its permits. A follower holds its permit until it has handed its
//! chunk over. If the output of one run stands still, the followers of that run wait in `send` and keep all permits.
//!
//! **Right:** one limit per run, here the bounded queue that the run owns: `stage4::run_tasks`. If a limit must be
//! shared, release the permit before the next `.await`.
//!
//! **Source:** `tokio::sync::Semaphore`, on permits that are held across an `.await`.

use std::time::Duration;

use merge_core::{Chunk, Found, Input, MergeError, Output, Result, Summary};
use stage_parts::{QUEUE, block_on, run_tasks_with, send};
use tokio::select;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Sender;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How many followers may read at the same time. The mistake: all runs of the process share it.
static READERS: Semaphore = Semaphore::const_new(4);

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, QUEUE, tail_limited))
}

async fn tail_limited(mut input: Input, interval: Duration, queue: Sender<Chunk>) -> Result<()> {
    loop {
        // It is never closed, so this is always a permit.
        let permit = READERS.acquire().await;
        let found;
        (found, input) = spawn_blocking(move || (input.read_lines(), input))
            .await
            .map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?;
        match found? {
            // The mistake becomes visible here: the permit is held while the queue is full.
            Found::Lines(chunk) => send(&queue, chunk).await?,
            Found::NoNewData => {
                drop(permit);
                select! {
                    () = sleep(interval) => {}
                    () = input.closed() => {}
                }
            }
            Found::End => return Ok(()),
        }
    }
}
