//! A look that says "there is more" is taken for a promise that the next read finds something.
//!
//! **Shows as** a core that is always busy, although nothing is written. Every line comes out.
//!
//! **Why:** the look compares the file's length with the bytes read so far, and a length can be wrong. A file of sysfs
//! has a length of 4,096 bytes, whatever is in it. The read finds nothing, and the next look says "there is more"
//! again.
//!
//! **Right:** wait whenever a read has found nothing, as `stage1::tail_file` does. `stage3::tail_async` looks first, so
//! that it need not call the blocking pool for nothing, and still has an arm for a read that finds nothing.
//!
//! **Source:** `sysfs` in the kernel's documentation, on the size of attributes.

use std::time::Duration;

use merge_core::{Chunk, Found, Input, Output, Result, Summary};
use stage1::run_threads;

/// Stage 1 with this mistake.
///
/// # Errors
///
/// As `stage1::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, tail_file)
}

fn tail_file(mut input: Input, interval: Duration, write: &mut dyn FnMut(Chunk) -> Result<()>) -> Result<()> {
    loop {
        while !input.has_unread()? {
            input.wait_closed(interval);
        }
        match input.read_lines()? {
            Found::Lines(chunk) => write(chunk)?,
            // The mistake: the look has promised something, so it looks again at once.
            Found::NoNewData => {}
            Found::End => return Ok(()),
        }
    }
}
