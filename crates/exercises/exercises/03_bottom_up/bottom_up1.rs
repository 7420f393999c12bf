//! # Only the read
//!
//! Goal: `tail_async` reads on the runtime worker. Send the read, and nothing but the read, to the blocking pool.
//!
//! Minutes: 20
//!
//! Chapter: docs/src/stage-3.md
//!
//! When it works: all tests pass. A read that waits holds up no other task, six hundred inputs need no six hundred
//! threads, and a read that panics ends the run with that panic.

use std::time::Duration;

use merge_core::{Chunk, Found, Input, Result};
use tokio::select;
use tokio::time::sleep;

/// Follows `input` until it is closed, and hands its lines to `write`.
///
/// `read` is `Input::read_lines`; one of the tests brings one that panics. It blocks as long as the disk does, and
/// while the output is slow: the memory for what it reads is then in use. Blocks no runtime worker.
async fn tail_async(
    mut input: Input,
    interval: Duration,
    read: fn(&mut Input) -> Result<Found>,
    mut write: impl AsyncFnMut(Chunk) -> Result<()>,
) -> Result<()> {
    loop {
        while !input.has_unread()? {
            select! {
                () = sleep(interval) => {}
                () = input.closed() => {}
            }
        }

        // TODO: call `read` on a thread of the blocking pool. When it panics, the task has a
        // `JoinError`, and `MergeError::ended_early(error.try_into_panic().ok())` makes it ours. (Stage 3 also has a
        // permit for reading. Leave it out.)
        let found = read(&mut input);

        match found? {
            Found::Lines(lines) => write(lines).await?,
            Found::NoNewData => {}
            Found::End => return Ok(()),
        }
    }
}

fn main() {}

// The tests. Leave what follows as it is.

/// Stage 4's top over this tail.
#[cfg(test)]
async fn run_tasks(
    inputs: Vec<Input>,
    interval: Duration,
    output: merge_core::Output,
    read: fn(&mut Input) -> Result<Found>,
) -> Result<merge_core::Summary> {
    use exercises::stage4::{QUEUE, run_tasks_with, send};
    run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_async(input, interval, read, async move |lines| send(&queue, lines).await)
    })
    .await
}

#[cfg(test)]
async fn run(inputs: Vec<Input>, interval: Duration, output: merge_core::Output) -> Result<merge_core::Summary> {
    run_tasks(inputs, interval, output, Input::read_lines).await
}

#[test]
fn a_read_blocks_no_runtime_worker() {
    exercises::bottom_up::a_read_blocks_no_runtime_worker(equivalence::beating!(crate::run));
}

#[test]
fn a_panic_of_the_read_is_an_error() {
    exercises::bottom_up::a_panic_of_the_read_is_an_error(|inputs, interval, output| {
        let run = run_tasks(inputs, interval, output, exercises::bottom_up::panicking_read);
        exercises::stage4::block_on(run)
    });
}

#[cfg(test)]
equivalence::suite! {
    |inputs, interval, output| exercises::stage4::block_on(crate::run(inputs, interval, output));
    #[test]
    a_line_written_in_two_halves_stays_whole
    #[test]
    what_is_written_just_before_the_close_is_merged
    #[test]
    an_input_that_fails_ends_the_run_and_the_others_are_merged
    #[test]
    six_hundred_inputs_are_all_followed_at_once
}
