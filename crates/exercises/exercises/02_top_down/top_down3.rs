//! # Follow the 512th log
//!
//! Goal: build the runtime that stage 2 needs. Its blocking pool has a thread for every call that does not end.
//!
//! Minutes: 10
//!
//! Chapter: docs/src/stage-2.md, up to "The code"
//!
//! When it works: all tests pass. Six hundred logs are followed at once; before, the program followed 511 of them, and
//! there was no error about the others.

use std::time::Duration;

use exercises::answers::run_tasks_mixed;
use merge_core::{Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;

/// Merges `inputs` into `output` on a runtime of its own. Blocks until all of them are closed.
///
/// All inputs are followed at the same time, however many they are.
fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    // TODO: the blocking pool of this runtime is the default one. `run_tasks_mixed` is the answer of `top_down2`: count
    // the blocking calls in it that run at the same time, and give each of them a thread.
    let runtime = Builder::new_multi_thread().build().map_err(MergeError::Start)?;
    runtime.block_on(run_tasks_mixed(inputs, interval, output))
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    crate::merge;
    #[test]
    one_input_is_copied
    #[test]
    no_inputs_make_an_empty_output
    #[test]
    closed_before_the_run_it_merges_what_is_there_and_returns
    #[test]
    six_hundred_inputs_are_all_followed_at_once
}

#[test]
fn fifteen_hundred_inputs_are_followed() {
    ::exercises::again!();
    ::exercises::bridge::fifteen_hundred_inputs_are_followed(merge);
}
