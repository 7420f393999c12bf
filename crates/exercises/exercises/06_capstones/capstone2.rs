//! # Merge by time stamp
//!
//! Goal: let the lines come out in the order of their time stamps. Each line begins with a number, its stamp. The first
//! lines of `crates/exercises/src/stamps.rs` define the order in four points; read them first.
//!
//! Minutes: 100
//!
//! Chapter: docs/src/stage-4.md, up to "How it ends"
//!
//! When it works: all tests pass. Lines that were written in any order come out in the order of their stamps, an
//! input that is open and silent holds the others back, and while it does, they stop reading.

use std::time::Duration;

use exercises::stage3::tail_async;
use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How many chunks may wait for the writer. When the queue is full, the followers wait.
const QUEUE: usize = 16;

/// Merges `inputs` into `output` until all of them are closed, in the order in which their lines come.
async fn run_tasks(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();

    // TODO: this is stage 4's writer. Make it write the earliest line of all inputs, and wait for an input that is open
    // and has no line. `exercises::stamps::stamp` reads a line's stamp. What has to change around it?
    tasks.spawn_blocking(move || {
        while let Some(chunk) = chunks.blocking_recv() {
            output.write(&chunk)?;
        }
        Ok(())
    });

    // Fan-out: a task per input.
    for input in inputs {
        let queue = queue.clone();
        let write_async = async move |chunk| queue.send(chunk).await.map_err(|_| MergeError::OutputGone);
        tasks.spawn(tail_async(input, interval, write_async));
    }
    // The last follower must hold the last sender, or the writer would wait for ever.
    drop(queue);

    // Fan-in: the first to end is the first to be joined; the writer is the last.
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    fan_in.finish()
}

fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let runtime = Builder::new_multi_thread().enable_time().build().map_err(MergeError::Start)?;
    runtime.block_on(run_tasks(inputs, interval, output))
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    crate::merge;
    #[test]
    one_input_is_copied
    #[test]
    closed_before_the_run_it_merges_what_is_there_and_returns
    #[test]
    an_output_that_fails_ends_busy_followers
}

#[test]
fn lines_come_out_in_the_order_of_their_stamps() {
    ::exercises::again!();
    ::exercises::stamps::lines_come_out_in_the_order_of_their_stamps(merge);
}

#[test]
fn a_silent_input_holds_the_later_lines_back() {
    ::exercises::again!();
    ::exercises::stamps::a_silent_input_holds_the_later_lines_back(merge);
}

#[test]
fn equal_times_come_in_the_order_of_the_inputs() {
    ::exercises::again!();
    ::exercises::stamps::equal_times_come_in_the_order_of_the_inputs(merge);
}

#[test]
fn nine_inputs_wait_for_each_other() {
    ::exercises::again!();
    ::exercises::stamps::nine_inputs_wait_for_each_other(merge);
}

#[test]
fn a_silent_input_does_not_make_the_others_pile_up() {
    ::exercises::again!();
    ::exercises::stamps::a_silent_input_does_not_make_the_others_pile_up(merge);
}
