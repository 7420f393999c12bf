//! The async tail: follows one input in a task, and looks when an event tells it to.

use std::time::Duration;

use merge_core::{Chunk, Found, Input, MergeError, Result};
use tokio::{select, task::spawn_blocking, time::sleep};

/// Follows `input` until it is closed, and hands its lines to `write`; the article's `tail_async`.
///
/// Looks for new data when the input is notified or closed, and once per `interval`. `write` leads to the owner of the
/// output, which this function does not know. Needs a runtime with time, and blocks none of its workers. Not cancel safe:
/// dropped half way, it takes the input with it.
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
        let found;
        // A look is one cheap system call. The read may wait for the disk, so it runs on the blocking pool.
        (found, input) = if input.has_unread()? {
            let read = spawn_blocking(move || (input.read_lines(), input)).await;
            read.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?
        } else {
            (Ok(Found::NoNewData), input)
        };
        match found? {
            Found::Lines(chunk) => write(chunk).await?,
            Found::NoNewData => select! {
                () = sleep(interval) => {}
                () = input.notified() => {}
                () = input.closed() => {}
            },
            Found::End => return Ok(()),
        }
    }
}
