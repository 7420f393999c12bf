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
//!
//! # Why
//!
//! The tail keeps its thread until its input is closed. On a runtime worker it would stop every other task, so it goes
//! to the blocking pool. `JoinSet::spawn_blocking` starts it and keeps its handle; nothing waits in the loop, so all
//! tails run at the same time. `join_next` replaces stage 1's channel of results: the first to end is the first to be
//! heard.
//!
//! The output is still behind stage 1's mutex. One step at a time.
//!
//! Usual wrong answers: `tail_file` inside `tasks.spawn(async …)`, which looks async and blocks the worker;
//! `block_in_place`, which needs a second worker; `.await` in the loop, which follows one input after the other; to
//! drop the handles, and the errors with them.

use std::time::Duration;

use exercises::bridge::shared;
use exercises::stage1::tail_file;
use merge_core::{FanIn, Input, MergeError, Output, Result, Summary};
use tokio::task::JoinSet;

/// Merges `inputs` into `output` until all of them are closed. Blocks no runtime worker.
///
/// The first error of any follower, or a panic of one, closes all inputs. The run returns it when all have ended.
async fn run_tasks_mixed(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    // Collects the result of each follower. The first error that is added closes all inputs.
    let mut fan_in = FanIn::new(&inputs, &output);
    // Stage 1's mutex. Each follower writes with a clone of this.
    let write = shared(output);
    let mut tasks = JoinSet::new();

    // Fan-out: the blocking tail on a thread of the pool per input.
    for input in inputs {
        let mut write = write.clone();
        tasks.spawn_blocking(move || tail_file(input, interval, &mut write));
    }

    // Fan-in: the first to end is the first to be heard.
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
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
