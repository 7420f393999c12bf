//! # Hand the lines back
//!
//! Goal: remove the mutex. One writer owns the output. The blocking tails hand their lines to it through a bounded
//! async queue, and wait until the queue has room.
//!
//! You will need `tokio::sync::mpsc`. A thread that may block sends with `queue.blocking_send(chunk)`, and receives with
//! `chunks.blocking_recv()`.
//!
//! Minutes: 25
//!
//! Chapter: docs/src/stage-2.md, up to "The code"
//!
//! When it works: all tests pass. While the output takes nothing, the followers wait and memory does not grow; when
//! it goes on, no line is missing.

use std::time::Duration;

use exercises::stage1::tail_file;
use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};
use tokio::task::JoinSet;

/// How many chunks may wait for the writer. When the queue is full, the followers wait.
const QUEUE: usize = 16;

/// Merges `inputs` into `output` until all of them are closed. Blocks no runtime worker.
///
/// The first error of any follower, or a panic of one, closes all inputs. The run returns it when all have ended.
async fn run_tasks_mixed(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    // Collects the result of each follower. The first error that is added closes all inputs.
    let mut fan_in = FanIn::new(&inputs, &output);
    let mut tasks = JoinSet::new();

    // TODO: a queue with room for `QUEUE` chunks, and one writer. It receives chunks until there are no more senders,
    // and writes them. It owns the output, and it blocks as long as the output does. Put it into `tasks` as well.
    let _ = (output, QUEUE);

    // Fan-out: the blocking tail on a thread of the pool per input.
    for input in inputs {
        let mut write = move |chunk: Chunk| {
            // TODO: hand `chunk` to the writer, and wait here until the queue has taken it. If the writer is gone,
            // return `MergeError::OutputGone`.
            drop(chunk);
            Ok(())
        };
        tasks.spawn_blocking(move || tail_file(input, interval, &mut write));
    }

    // Fan-in: the first to end is the first to be joined; the writer is the last.
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
    no_inputs_make_an_empty_output
    #[test]
    appends_in_lockstep_come_out_in_the_order_of_the_script
    #[test]
    a_slow_output_holds_the_followers_back
    #[test]
    the_run_returns_only_when_the_output_is_complete
    #[test]
    an_output_that_fails_ends_busy_followers
    #[test]
    a_panic_is_an_error
}

#[test]
fn a_slow_output_blocks_no_runtime_worker() {
    ::exercises::again!();
    let settings = ::equivalence::Settings::default();
    ::equivalence::heartbeat::check(::equivalence::beating!(crate::run_tasks_mixed), &settings)
        .unwrap_or_else(|violation| panic!("{violation}"));
}

#[test]
fn an_output_that_fails_ends_the_reading() {
    ::exercises::again!();
    ::exercises::bridge::an_output_that_fails_ends_the_reading(|inputs, interval, output| {
        ::exercises::bridge::block_on(crate::run_tasks_mixed(inputs, interval, output))
    });
}

#[test]
fn followers_that_wait_keep_no_core_busy() {
    ::exercises::again!();
    ::exercises::bridge::followers_that_wait_keep_no_core_busy(crate::run_tasks_mixed);
}
