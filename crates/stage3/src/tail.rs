//! The async tail: follows one input in a task, and the blocking facade that hides it.

use std::time::Duration;

use merge_core::{Chunk, Found, Input, MergeError, Result};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::{select, time::sleep};

/// Lets a few followers read at once. Each read has a thread of the pool to itself; more of them than the cores and
/// the disk can serve cost threads and save no time.
static READERS: Semaphore = Semaphore::const_new(4);

/// Follows `input` until it is closed, and hands its lines to `write`; the article's `tail_async`.
///
/// Needs a runtime with time. It looks for new data once per `interval`, and at once when the input is closed.
/// Whoever owns the output stands behind `write`: this function never knows.
///
/// Blocks no runtime worker. Not cancel safe: dropped half way, it takes the input with it.
///
/// # Errors
///
/// The first error of the input or of `write`.
#[tracing::instrument(skip_all, fields(path = ?input.path()))]
pub async fn tail_async(
    mut input: Input,
    interval: Duration,
    mut write: impl AsyncFnMut(Chunk) -> Result<()>,
) -> Result<()> {
    loop {
        // A look is one cheap system call: an idle input never leaves the task.
        while !input.has_unread()? {
            select! {
                () = sleep(interval) => {}
                () = input.closed() => {}
            }
        }

        // The read may wait for the disk: the one call that goes to the blocking pool.
        let permit = READERS.acquire().await;
        let found;
        (input, found) = spawn_blocking(move || {
            let found = input.read_lines();
            (input, found)
        })
        .await
        .map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?;
        drop(permit);

        match found? {
            Found::Lines(lines) => write(lines).await?,
            Found::NoNewData => {}
            Found::End => return Ok(()),
        }
    }
}

/// [`tail_async`] behind the signature of `stage1::tail_file`: blocks the thread it runs on until the follower has
/// ended (the article's `run_until_complete`).
///
/// # Errors
///
/// As [`tail_async`].
///
/// # Panics
///
/// When it is called on a thread that drives a runtime already.
pub fn tail_file(
    runtime: &Runtime,
    input: Input,
    interval: Duration,
    write: &mut dyn FnMut(Chunk) -> Result<()>,
) -> Result<()> {
    runtime.block_on(tail_async(input, interval, async |lines| write(lines)))
}
