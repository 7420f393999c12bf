//! The blocking facade that hides the async tail from blocking callers.

use std::time::Duration;

use merge_core::{Chunk, Input, Result};
use tokio::runtime::Runtime;

use crate::tail_async;

/// [`tail_async`] behind the signature of `stage1::tail_file`: blocks the thread it runs on until the follower has
/// ended (the article's `run_until_complete`).
///
/// # Errors
///
/// As [`tail_async`].
///
/// # Panics
///
/// On a thread that already drives a runtime.
// ANCHOR: facade
pub fn tail_file(
    runtime: &Runtime,
    input: Input,
    interval: Duration,
    write: &mut dyn FnMut(Chunk) -> Result<()>,
) -> Result<()> {
    runtime.block_on(tail_async(input, interval, async |chunk| write(chunk)))
}
// ANCHOR_END: facade
