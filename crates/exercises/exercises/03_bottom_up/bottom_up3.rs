//! # Two things to wait for
//!
//! Goal: let the close end the follower's wait as well, whatever the interval. No line that has been read may be lost.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/stage-3.md, up to "The code"
//!
//! When it works: all tests pass. With an interval of an hour the run ends at once when its inputs are closed, and
//! what was written just before the close, or was being read at that moment, comes out.

use std::time::Duration;

use exercises::bottom_up::PooledLog;
use merge_core::{Chunk, Found, Result};
use tokio::time::sleep;

/// Follows `log` until it is closed, and hands its lines to `write`. It looks for new data once per `interval`, and at
/// once when the log is closed: then it reads what is left, and ends.
///
/// `log.closed()` completes when the log is closed. It is cancel safe, and `log.read()` is not: if it is dropped half
/// way, the lines that it has read are lost.
async fn tail_async(log: PooledLog, interval: Duration, mut write: impl AsyncFnMut(Chunk) -> Result<()>) -> Result<()> {
    loop {
        match log.read().await? {
            Found::Lines(chunk) => write(chunk).await?,
            // TODO: wait for the end of the interval or for the close, whichever comes first.
            Found::NoNewData => sleep(interval).await,
            Found::End => return Ok(()),
        }
    }
}

fn main() {}

// The tests. Leave what follows as it is.

#[test]
fn what_a_read_has_taken_at_the_close_comes_out() {
    ::exercises::again!();
    use ::exercises::stage4::{QUEUE, block_on_one_thread, run_tasks_with, send};
    ::exercises::bottom_up::what_a_read_has_taken_at_the_close_comes_out(|inputs, interval, output, taken| {
        block_on_one_thread(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
            let log = PooledLog::open_slow(input, taken.clone());
            async move { tail_async(log?, interval, async move |chunk| send(&queue, chunk).await).await }
        }))
    });
}

#[cfg(test)]
fn merge(
    inputs: Vec<::merge_core::Input>,
    interval: Duration,
    output: ::merge_core::Output,
) -> Result<::merge_core::Summary> {
    use ::exercises::stage4::{QUEUE, block_on, run_tasks_with, send};
    block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        let log = PooledLog::open(input);
        async move { tail_async(log?, interval, async move |chunk| send(&queue, chunk).await).await }
    }))
}

#[cfg(test)]
::equivalence::suite! {
    crate::merge;
    #[test]
    a_close_wakes_a_follower_at_once
    #[test]
    a_line_written_in_two_halves_stays_whole
    #[test]
    a_last_line_without_newline_waits_and_is_ended_at_close
    #[test]
    what_is_written_just_before_the_close_is_merged
}

#[test]
fn an_idle_log_is_left_alone() {
    ::exercises::again!();
    use ::exercises::stage4::{QUEUE, block_on_one_thread, run_tasks_with, send};
    ::exercises::bottom_up::an_idle_log_is_left_alone(|inputs, interval, output, reads| {
        block_on_one_thread(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
            let log = PooledLog::open_counted(input, reads.clone());
            async move { tail_async(log?, interval, async move |chunk| send(&queue, chunk).await).await }
        }))
    });
}
