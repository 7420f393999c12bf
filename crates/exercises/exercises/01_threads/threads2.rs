//! # Follow until closed
//!
//! Goal: write the tail, the loop that follows one log. It reads, hands the lines on, waits, and ends when the log is
//! closed *and* nothing is left in it.
//!
//! You will need these calls: `log.read_lines()` returns the lines that are whole, `log.into_unfinished()` the line that has
//! no newline yet (it may be empty). `signal.is_closed()` does not wait, and `signal.wait(timeout)` waits until the log is
//! closed, at most for `timeout`.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/program.md, up to "The leaf"
//!
//! When it works: all tests pass. No line is lost, not even one that is written at the worst moment: just after a
//! read that found nothing, and just before the close. In the tests of the close, the interval is an hour.

use std::time::Duration;

use exercises::Found;
use exercises::log::{Log, Signal, WriteLines};
use merge_core::Result;

/// Follows `log` until `signal` says that it is closed, and hands its lines to `write`.
///
/// It looks for new lines once per `interval`, and at once when the log is closed. What was written before the close is
/// merged; a last line without a newline gets one.
fn tail_file(mut log: Log, signal: &Signal, interval: Duration, write: WriteLines) -> Result<()> {
    // TODO: this reads once and returns. Stay until the log is closed and all its lines have been handed on.
    let _ = (signal, interval);
    while let Found::Lines(lines) = log.read_lines()? {
        write(lines)?;
    }
    Ok(())
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| ::exercises::log::merge_logs(crate::tail_file, inputs, interval, output);
    #[test]
    one_input_is_copied
    #[test]
    an_empty_input_adds_nothing
    #[test]
    closed_before_the_run_it_merges_what_is_there_and_returns
    #[test]
    a_last_line_without_newline_waits_and_is_ended_at_close
    #[test]
    what_is_written_just_before_the_close_is_merged
}

#[test]
fn an_idle_log_is_left_alone() {
    ::exercises::again!();
    ::exercises::log::an_idle_log_is_left_alone(tail_file);
}

#[test]
fn what_is_written_between_a_look_and_the_close_is_merged() {
    ::exercises::again!();
    let mut fixture = ::equivalence::Fixture::new(1, &::equivalence::Settings::default()).with_an_hour();
    fixture.remember(0, "last\n");
    let run = fixture.start(|inputs, interval, output| {
        ::exercises::log::merge_logs_closed_after_a_look(crate::tail_file, inputs, interval, output)
    });
    run.end_confirmed(&fixture.sources()).unwrap_or_else(|violation| panic!("{violation}"));
}

#[test]
fn a_read_or_write_that_fails_ends_the_tail_with_its_error() {
    ::exercises::again!();
    ::exercises::log::a_read_or_write_that_fails_ends_the_tail_with_its_error(tail_file);
}
