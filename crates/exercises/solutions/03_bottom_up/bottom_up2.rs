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
//!
//! # Why
//!
//! `Runtime::block_on` drives a future on the thread that calls it, and with it the runtime's timers, until the future
//! is done. It returns the future's result, so the error passes through. A blocking `write` inside it is right: it
//! blocks this thread, which is the follower's own, and no worker.
//!
//! Usual wrong answers: to call `tail_async` and never poll the future, which then does nothing; `Handle::block_on` on
//! a current-thread runtime, whose timers no thread drives; a runtime without `enable_time`; to ignore the result of
//! `block_on`.

use std::time::Duration;

use exercises::bottom_up::tail_async;
use exercises::stage1::run_threads;
use merge_core::{Chunk, Input, MergeError, Output, Result, Summary};
use tokio::runtime::{Builder, Runtime};

/// Merges `inputs` into `output` until all of them are closed. Blocks until then.
fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let runtime = Builder::new_current_thread().enable_time().build().map_err(MergeError::Start)?;
    run_threads(inputs, interval, output, |input, interval, write| tail_file(&runtime, input, interval, write))
}

/// Stage 1's `tail_file`, with one more argument. It blocks until `input` is closed, and hands its lines to `write`.
fn tail_file(
    runtime: &Runtime,
    input: Input,
    interval: Duration,
    write: &mut dyn FnMut(Chunk) -> Result<()>,
) -> Result<()> {
    runtime.block_on(tail_async(input, interval, async |chunk| write(chunk)))
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
