//! The close signal is checked after the read, not before it.
//!
//! **Shows as** lost lines: what was written between the last read and the close never comes out.
//!
//! **Why:** the article's loop is `while not handle.closed: read`. A follower that sleeps when its input is closed
//! wakes up, sees the close, and returns without reading the file again.
//!
//! **Right:** check the signal first, then read, and end if that read finds nothing: then the close came before the
//! read. `merge_core::Input::read_lines` does that for every stage.
//!
//! **Source:** the article's `tail_file`.

use std::time::Duration;

use merge_core::{Found, Input, Chunk, Output, Result, Summary};
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
    // The mistake: a whole interval lies between the read that found nothing and this check.
    while !input.closer().is_closed() {
        match input.read_lines()? {
            Found::Lines(chunk) => write(chunk)?,
            Found::NoNewData => input.wait_closed(interval),
            Found::End => break,
        }
    }
    Ok(())
}
