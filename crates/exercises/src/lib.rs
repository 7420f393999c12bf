//! The code that the exercises are given: the halves of the program that an exercise is not about.
//!
//! Each exercise is one file in `exercises/`. The code that it takes from here is the answer of an earlier exercise, or
//! a stage's own.

use std::fs::File;
use std::io;
use std::time::Duration;

use merge_core::{Input, MergeError, Output, Result, Summary};

pub mod bottom_up;
pub mod bridge;
pub mod events;
pub mod guessing;
pub mod labels;
pub mod log;
pub mod stage1;
pub mod stage3;
pub mod stage4;
pub mod stamps;
pub mod watchdog;

/// The result of a read.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// One or more whole lines, each with its newline.
    Lines(Vec<u8>),
    /// No whole line has come since the last read.
    NoNewData,
}

/// Merges `inputs` as stage 1 does, with another leaf: `read_lines(file, unfinished)` returns the lines that are whole
/// now, and keeps in `unfinished` the start of a line that has no newline yet.
///
/// # Errors
///
/// As `stage1::merge`.
pub fn merge_with(
    read_lines: fn(&mut File, &mut Vec<u8>) -> io::Result<Found>,
    inputs: Vec<Input>,
    interval: Duration,
    output: Output,
) -> Result<Summary> {
    stage1::run_threads(inputs, interval, output, |input, interval, write| {
        let failed = |source| MergeError::Input { path: input.path().to_owned(), source };
        let mut file = File::open(input.path()).map_err(failed)?;
        let mut unfinished = Vec::new();
        loop {
            let closed = input.closer().is_closed();
            match read_lines(&mut file, &mut unfinished).map_err(failed)? {
                Found::Lines(lines) => write(lines.into())?,
                Found::NoNewData if !closed => input.wait_closed(interval),
                Found::NoNewData if unfinished.is_empty() => return Ok(()),
                Found::NoNewData => {
                    unfinished.push(b'\n');
                    return write(unfinished.into());
                }
            }
        }
    })
}
