//! # The facade
//!
//! Goal: put the async tail under stage 1's top, which stays as it is: threads that call a blocking `tail_file`. Build
//! one runtime for all followers, and make `tail_file` drive `tail_async` on it.
//!
//! You will need: the last argument of `run_threads` may be a closure, `|input, interval, write| …`, which may borrow
//! the runtime.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/stage-3.md, up to "The facade"
//!
//! When it works: all tests pass. Lines come out while the inputs are open, and an error of the tail is an error
//! of the run.

use std::time::Duration;

use exercises::bottom_up::tail_async;
use exercises::stage1::run_threads;
use merge_core::{Chunk, Input, Output, Result, Summary};

/// Merges `inputs` into `output` until all of them are closed. Blocks until then.
fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    // TODO: build one runtime for all followers, and pass it to `tail_file`. If that fails, return `MergeError::Start`.
    run_threads(inputs, interval, output, tail_file)
}

/// Stage 1's `tail_file`; you may give it one more argument. It blocks until `input` is closed, and hands its lines to
/// `write`.
fn tail_file(input: Input, interval: Duration, write: &mut dyn FnMut(Chunk) -> Result<()>) -> Result<()> {
    // TODO: drive the async tail on this thread until it has ended.
    let _followed = tail_async(input, interval, async |chunk| write(chunk));
    Ok(())
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    crate::merge;
    #[test]
    one_input_is_copied
    #[test]
    appends_in_lockstep_come_out_in_the_order_of_the_script
    #[test]
    a_close_wakes_a_follower_at_once
    #[test]
    an_input_that_fails_ends_the_run_and_the_others_are_merged
    #[test]
    an_output_that_fails_ends_idle_followers
}

#[test]
fn one_runtime_serves_all_followers() {
    ::exercises::again!();
    ::exercises::bottom_up::one_runtime_serves_all_followers(merge);
}
