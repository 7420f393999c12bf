//! # Only the read
//!
//! Goal: `tail_async` reads on the runtime worker. Send the read, and nothing but the read, to the blocking pool.
//!
//! Minutes: 20
//!
//! Chapter: docs/src/stage-3.md, up to "The code"
//!
//! When it works: all tests pass. No read runs on a runtime worker, six hundred inputs do not need six hundred threads,
//! and a read that panics ends the run with that panic.

use std::time::Duration;

use merge_core::{Chunk, Found, Input, Result};
use tokio::select;
use tokio::time::sleep;

/// Follows `input` until it is closed, and hands its lines to `write`.
///
/// `read` is `Input::read_lines`; some of the tests pass another one. It blocks the thread while the disk is busy.
/// `tail_async` blocks no runtime worker.
async fn tail_async(
    mut input: Input,
    interval: Duration,
    read: fn(&mut Input) -> Result<Found>,
    mut write: impl AsyncFnMut(Chunk) -> Result<()>,
) -> Result<()> {
    loop {
        // A look is one cheap system call, so it may stay in the task.
        let found = if input.has_unread()? {
            // TODO: call `read` on a thread of the blocking pool. If it panics, the call returns a `JoinError`, and
            // `merge_core::MergeError::ended_early(error.try_into_panic().ok())` turns that into an error of the run.
            // The closure must own `input`, and the loop needs it again: let the closure return it beside the result.
            read(&mut input)
        } else {
            Ok(Found::NoNewData)
        };
        match found? {
            Found::Lines(chunk) => write(chunk).await?,
            Found::NoNewData => select! {
                () = sleep(interval) => {}
                () = input.closed() => {}
            },
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
    output: ::merge_core::Output,
    read: fn(&mut Input) -> Result<Found>,
) -> Result<::merge_core::Summary> {
    use ::exercises::stage4::{QUEUE, run_tasks_with, send};
    run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_async(input, interval, read, async move |chunk| send(&queue, chunk).await)
    })
    .await
}

#[cfg(test)]
async fn run(inputs: Vec<Input>, interval: Duration, output: ::merge_core::Output) -> Result<::merge_core::Summary> {
    run_tasks(inputs, interval, output, Input::read_lines).await
}

#[test]
fn a_read_blocks_no_runtime_worker() {
    ::exercises::again!();
    let checked = ::equivalence::heartbeat::check_reads(::equivalence::beating!(crate::run), &Default::default());
    checked.unwrap_or_else(|violation| panic!("{violation}"));
}

#[test]
fn a_panic_of_the_read_is_an_error() {
    ::exercises::again!();
    ::exercises::bottom_up::a_panic_of_the_read_is_an_error(|inputs, interval, output| {
        let run = run_tasks(inputs, interval, output, ::exercises::bottom_up::panicking_read);
        ::exercises::stage4::block_on(run)
    });
}

#[test]
fn an_idle_log_is_not_read() {
    ::exercises::again!();
    ::exercises::bottom_up::an_idle_log_is_not_read(|inputs, interval, output, read| {
        ::exercises::stage4::block_on(run_tasks(inputs, interval, output, read))
    });
}

#[test]
fn a_read_that_takes_long_holds_up_no_other() {
    ::exercises::again!();
    ::exercises::bottom_up::a_read_that_takes_long_holds_up_no_other(|inputs, interval, output, read| {
        ::exercises::stage4::block_on(run_tasks(inputs, interval, output, read))
    });
}

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| ::exercises::stage4::block_on(crate::run(inputs, interval, output));
    #[test]
    a_line_written_in_two_halves_stays_whole
    #[test]
    what_is_written_just_before_the_close_is_merged
    #[test]
    an_input_that_fails_ends_the_run_and_the_others_are_merged
    #[test]
    six_hundred_inputs_are_all_followed_at_once
    #[test]
    a_slow_output_holds_the_followers_back
}
