//! # End while the followers sleep
//!
//! Goal: the output fails while the followers sleep for an hour on the blocking pool. No other thread can stop them, so
//! tell them: close the inputs, and then wait for all of them. So far `FanIn` has done this for you.
//!
//! You will need `input.closer()`, whose `close()` ends the follower of that input. It never blocks.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/stage-2.md, up to "The code"
//!
//! When it works: all tests pass. The run ends at once, with the first error, and only after all followers and the
//! writer have ended.
//!
//! # Why
//!
//! A blocking call that has begun has no `.await` at which it could be stopped. `abort` does nothing to it, and the
//! drop of the runtime waits for it. So ask it to end, by a signal that it checks: the close. Take the closers before
//! the inputs are moved into the followers.
//!
//! After the close, the loop goes on. The other followers still merge what they hold, and the run returns when the last
//! of them has ended. Then the caller may close the output or start again. The drop of the runtime would wait as well,
//! but the top cannot know whether its runtime is dropped.
//!
//! Usual wrong answers: to return at the first error and let the drop of the runtime wait, with or without a close;
//! `abort_all`; `shutdown_background`, which ends the wait and not the followers; to close the inputs and lose the
//! error.

use std::time::Duration;

use exercises::bridge::Endings;
use exercises::stage1::tail_file;
use merge_core::{Chunk, Closer, Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Merges `inputs` into `output` until all of them are closed. Blocks no runtime worker.
///
/// The first error of any follower or of the writer ends the run: then all followers end, and that error is returned.
async fn run_tasks_mixed(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    // Before the inputs move into the followers.
    let closers: Vec<Closer> = inputs.iter().map(Input::closer).collect();
    // Collects the results and keeps the first error. It closes nothing.
    let mut endings = Endings::new(inputs.len(), &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(16);
    let mut tasks = JoinSet::new();

    // The writer, and a follower per input: the answer of `top_down2`.
    tasks.spawn_blocking(move || {
        while let Some(chunk) = chunks.blocking_recv() {
            output.write(&chunk)?;
        }
        Ok(())
    });
    for input in inputs {
        let queue = queue.clone();
        let mut write = move |chunk| queue.blocking_send(chunk).map_err(|_| MergeError::OutputGone);
        tasks.spawn_blocking(move || tail_file(input, interval, &mut write));
    }
    drop(queue);

    while let Some(ended) = tasks.join_next().await {
        endings.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
        if endings.have_error() {
            // Wakes the followers that sleep. They merge what they hold and end, so the loop goes on.
            closers.iter().for_each(Closer::close);
        }
    }
    endings.finish()
}

/// Merges `inputs` into `output` on a runtime of its own. Blocks until all of them are closed.
fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let threads = inputs.len() + 1;
    let runtime = Builder::new_multi_thread().max_blocking_threads(threads).build().map_err(MergeError::Start)?;
    // The drop of the runtime then waits for all blocking calls that have begun.
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
    an_output_that_fails_ends_idle_followers
    #[test]
    an_output_that_fails_ends_busy_followers
    #[test]
    an_input_that_fails_ends_the_run_and_the_others_are_merged
    #[test]
    a_panic_is_an_error
    #[test]
    a_file_closed_early_ends_while_the_others_go_on
}

#[test]
fn after_an_error_the_run_returns_only_when_the_writer_has_ended() {
    ::exercises::again!();
    ::exercises::watchdog::an_error_waits_for_the_writer(crate::run_tasks_mixed);
}
