//! # Mistake 0: the last line
//!
//! Goal: the tail below should follow a log until it is closed. It has a mistake, and you need not know the code to find
//! it. Run `scripts/exercises test mistake0`, read what was expected and what was found, and fix it.
//!
//! Minutes: 5
//!
//! Chapter: docs/src/exercises.md, up to "The hints"
//!
//! When it works: all tests pass.

use std::time::Duration;

use exercises::Found;
use exercises::log::{Log, Signal, WriteLines};
use merge_core::Result;

/// Follows `log` until `signal` says that it is closed, and hands its lines to `write`.
fn tail_file(mut log: Log, signal: &Signal, interval: Duration, write: WriteLines) -> Result<()> {
    loop {
        let closed = signal.is_closed();
        match log.read_lines()? {
            Found::Lines(lines) => write(lines)?,
            Found::NoNewData if closed => break,
            Found::NoNewData => signal.wait(interval),
        }
    }
    // TODO: fix it.
    let last = log.into_unfinished();
    write(last)
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| ::exercises::log::merge_logs(crate::tail_file, inputs, interval, output);
    #[test]
    closed_before_the_run_it_merges_what_is_there_and_returns
    #[test]
    a_last_line_without_newline_waits_and_is_ended_at_close
    #[test]
    an_empty_input_adds_nothing
}
