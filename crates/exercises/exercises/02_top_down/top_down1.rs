//! # Run the blocking tail
//!
//! Goal: the top is an `async fn` now, and the tail still blocks. Run every tail on a thread of the runtime's blocking
//! pool, all at the same time, and collect the result of each.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/stage-2.md, up to "The code"
//!
//! When it works: all tests pass, on a runtime that has one thread. All inputs are followed at once, and a task
//! beside the merge goes on while the output is slow.

use std::time::Duration;

use exercises::bridge::shared;
use exercises::stage1::tail_file;
use merge_core::{FanIn, Input, Output, Result, Summary};

/// Merges `inputs` into `output` until all of them are closed. Blocks no runtime worker.
///
/// The first error of any follower, or a panic of one, closes all inputs. The run returns it when all have ended.
async fn run_tasks_mixed(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    // Collects the result of each follower. The first error that is added closes all inputs.
    let mut fan_in = FanIn::new(&inputs, &output);
    // Stage 1's mutex. Each follower writes with a clone of this.
    let write = shared(output);

    for input in inputs {
        let mut write = write.clone();
        // TODO: this follows the first input until it is closed, and blocks the runtime's only thread meanwhile. (A
        // task that panics returns a `JoinError`, and `merge_core::MergeError::ended_early(error.try_into_panic().ok())`
        // turns that into an error of the run.)
        fan_in.add(tail_file(input, interval, &mut write));
    }
    fan_in.finish()
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| {
        ::exercises::bridge::block_on(crate::run_tasks_mixed(inputs, interval, output))
    };
    #[test]
    one_input_is_copied
    #[test]
    a_close_wakes_a_follower_at_once
    #[test]
    an_input_that_fails_ends_the_run_and_the_others_are_merged
    #[test]
    an_output_that_fails_ends_idle_followers
    #[test]
    a_panic_is_an_error
}

#[test]
fn after_an_error_the_run_returns_only_when_all_have_ended() {
    ::exercises::again!();
    ::exercises::watchdog::an_error_waits_for_the_writer(crate::run_tasks_mixed);
}

#[test]
fn a_slow_output_blocks_no_runtime_worker() {
    ::exercises::again!();
    let settings = ::equivalence::Settings::default();
    ::equivalence::heartbeat::check(::equivalence::beating!(crate::run_tasks_mixed), &settings)
        .unwrap_or_else(|violation| panic!("{violation}"));
}
