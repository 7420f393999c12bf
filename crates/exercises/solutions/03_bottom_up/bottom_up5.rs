//! # Ctrl-c
//!
//! Goal: run a merge beside a signal. At the signal close all inputs, and then wait until the run has ended. A run that
//! ends by itself does not wait for the signal.
//!
//! You will need `input.closer()`, whose `close()` closes that input. It never blocks.
//!
//! Minutes: 25
//!
//! Chapter: docs/src/stage-4.md, up to "How it ends"
//!
//! When it works: all tests pass. The lines that were in the logs at ctrl-c come out, also when the output is slow, and
//! the run ends with its summary. On Unix one of the tests sends a real ctrl-c.
//!
//! # Why
//!
//! A signal does not end the run. It closes the inputs, and then the run ends with all lines in the output. So the run
//! must outlive the `select!`: it is pinned outside, `select!` drops only the borrow `&mut run`, and afterwards the run
//! is awaited to its end. The closers are taken before the inputs move into the run.
//!
//! Usual wrong answers: to return at the signal, which drops the run and loses lines; to give the run some time and
//! then drop it; to await the signal and then the run, which waits for a signal that never comes; the signal in a loop,
//! polled again after it has completed; `run` in place of `&mut run`, which the compiler refuses.

use std::io;
use std::pin::pin;
use std::time::Duration;

use exercises::stage4::run_tasks;
use merge_core::{Closer, Input, MergeError, Output, Result, Summary};
use tokio::select;

/// Merges `inputs` into `output` until all of them are closed. At the `signal` it closes all of them itself.
///
/// Returns the result of the run. If no handler for the signal can be installed, it returns `MergeError::Start` at
/// once.
async fn merge_until(
    signal: impl Future<Output = io::Result<()>>,
    inputs: Vec<Input>,
    interval: Duration,
    output: Output,
) -> Result<Summary> {
    let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
    let mut run = pin!(run_tasks(inputs, interval, output));
    select! {
        merged = &mut run => return merged,
        signalled = signal => signalled.map_err(MergeError::Start)?,
    }
    closers.iter().for_each(Closer::close);
    run.await
}

fn main() {}

// The tests. Leave what follows as it is.

#[test]
fn at_the_signal_what_was_written_comes_out() {
    ::exercises::again!();
    ::exercises::bottom_up::at_the_signal_what_was_written_comes_out(|inputs, interval, output, signal| {
        let signal = async { signal.await.map_err(io::Error::other) };
        ::exercises::stage4::block_on_one_thread(merge_until(signal, inputs, interval, output))
    });
}

#[test]
fn after_the_signal_a_slow_output_is_awaited() {
    ::exercises::again!();
    ::exercises::bottom_up::after_the_signal_a_slow_output_is_awaited(|inputs, interval, output, signal| {
        let signal = async { signal.await.map_err(io::Error::other) };
        ::exercises::stage4::block_on_one_thread(merge_until(signal, inputs, interval, output))
    });
}

#[test]
fn an_error_after_the_signal_is_returned() {
    ::exercises::again!();
    ::exercises::bottom_up::an_error_after_the_signal_is_returned(|inputs, interval, output, signal| {
        let signal = async { signal.await.map_err(io::Error::other) };
        ::exercises::stage4::block_on_one_thread(merge_until(signal, inputs, interval, output))
    });
}

#[test]
fn a_signal_that_cannot_be_listened_to_is_an_error() {
    ::exercises::again!();
    ::exercises::bottom_up::a_signal_that_cannot_be_listened_to_is_an_error(|inputs, interval, output| {
        let deaf = async { Err(io::Error::other("no handler can be installed")) };
        ::exercises::stage4::block_on_one_thread(merge_until(deaf, inputs, interval, output))
    });
}

#[test]
fn at_ctrl_c_what_was_written_comes_out() {
    ::exercises::again!();
    ::exercises::bottom_up::at_ctrl_c_what_was_written_comes_out(|inputs, interval, output| {
        ::exercises::stage4::block_on_one_thread(merge_until(::tokio::signal::ctrl_c(), inputs, interval, output))
    });
}

// No signal comes.
#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| {
        let run = crate::merge_until(::std::future::pending(), inputs, interval, output);
        ::exercises::stage4::block_on(run)
    };
    #[test]
    one_input_is_copied
    #[test]
    an_input_that_fails_ends_the_run_and_the_others_are_merged
}
