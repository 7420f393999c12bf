//! # Who fails first is heard first
//!
//! Goal: write the fan-out and the fan-in of `run_tasks`. Each input gets a task, and the first error ends the whole
//! run: all inputs are closed, and all tasks are awaited.
//!
//! You will need `exercises::stage3::tail_async(input, interval, write).await`, where `write` is an `async move` closure
//! that owns its sender. It takes a chunk and returns a `Result<()>`.
//!
//! Minutes: 20
//!
//! Chapter: docs/src/stage-4.md, up to "The code"
//!
//! When it works: all tests pass. The last of four inputs fails, the run ends with its error, and what the other
//! three held is in the output.
//!
//! # Why
//!
//! A `JoinSet` returns each result when its task ends. `FanIn::add` closes all inputs at the first error, so that the
//! other followers end, and the loop goes on until they have: only then is the output complete. `ended` is a result in
//! a result. The outer error is a panic, and a panic is an error of the run.
//!
//! Usual wrong answers: to await the handles in the order of their start; to return at the first error, which cancels
//! the other followers and loses their lines; to keep the sender that was cloned, so that the writer waits for ever; to
//! ignore the `JoinError`, or the error of `send`.

use std::time::Duration;

use exercises::stage3::tail_async;
use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How many chunks may wait for the writer. When the queue is full, the followers wait.
const QUEUE: usize = 16;

/// Merges `inputs` into `output` until all of them are closed.
///
/// Returns the first error of any input or of the output, or a panic. By then all followers have ended.
async fn run_tasks(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::<Result<()>>::new();

    // The one writer. It ends when the last sender is gone.
    tasks.spawn_blocking(move || {
        while let Some(chunk) = chunks.blocking_recv() {
            output.write(&chunk)?;
        }
        Ok(())
    });

    for input in inputs {
        let queue = queue.clone();
        let write_async = async move |chunk| queue.send(chunk).await.map_err(|_| MergeError::OutputGone);
        tasks.spawn(tail_async(input, interval, write_async));
    }
    // The last follower must hold the last sender, or the writer would wait for ever.
    drop(queue);

    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    fan_in.finish()
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| ::exercises::stage4::block_on(crate::run_tasks(inputs, interval, output));
    #[test]
    one_input_is_copied
    #[test]
    a_file_closed_early_ends_while_the_others_go_on
    #[test]
    six_hundred_inputs_are_all_followed_at_once
    #[test]
    an_input_that_fails_ends_the_run_and_the_others_are_merged
    #[test]
    an_output_that_fails_ends_idle_followers
    #[test]
    a_panic_is_an_error
    #[test]
    a_slow_output_holds_the_followers_back
    #[test]
    a_run_whose_output_stands_still_holds_up_no_other_run
}

#[test]
fn an_output_that_fails_ends_the_reading() {
    ::exercises::again!();
    ::exercises::bottom_up::an_output_that_fails_ends_the_reading(|inputs, interval, output| {
        ::exercises::stage4::block_on(crate::run_tasks(inputs, interval, output))
    });
}
