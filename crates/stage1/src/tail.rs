//! The blocking tail: follows one input on a thread of its own.

use std::time::Duration;

use merge_core::{Chunk, Found, Input, Result};

/// Follows `input` until it is closed, and hands its lines to `write`; the article's `tail_file`.
///
/// Looks for new data once per `interval`, and at once when the input is closed. `write` leads to the owner of the output,
/// which this function does not know. Blocks the thread that it runs on.
///
/// # Errors
///
/// The first error of the input or of `write`.
#[tracing::instrument(skip_all, fields(path = ?input.path()))]
pub fn tail_file(mut input: Input, interval: Duration, write: &mut dyn FnMut(Chunk) -> Result<()>) -> Result<()> {
    loop {
        match input.read_lines()? {
            Found::Lines(chunk) => write(chunk)?,
            Found::NoNewData => input.wait_closed(interval),
            Found::End => return Ok(()),
        }
    }
}
