//! The code that the exercises are given: the halves of the program that an exercise is not about.
//!
//! Each exercise is one file in `exercises/`. The code that it takes from here is the answer of an earlier exercise, or
//! a stage's own.

// `blocked1` is linted with the list of stage 4. What stands here may block.
#![allow(clippy::disallowed_methods)]

use std::fs::File;
use std::io;
use std::time::Duration;

use merge_core::{Input, MergeError, Output, Result, Summary};

pub mod answers;
pub mod blocked;
pub mod bottom_up;
pub mod bridge;
pub mod events;
pub mod guessing;
pub mod judge;
pub mod labels;
pub mod log;
pub mod primer;
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

/// The first line of a test that is not in a `suite!`: if the test fails, its report ends with how to run it again.
#[macro_export]
macro_rules! again {
    () => {
        fn here() {}
        let _again =
            $crate::Again { place: ::std::any::type_name_of_val(&here), program: option_env!("CARGO_BIN_NAME") };
    };
}

/// See [`again!`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Again {
    /// The path of a function in the test.
    pub place: &'static str,
    /// The exercise.
    pub program: Option<&'static str>,
}

impl Drop for Again {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let test = self.place.rsplit("::").nth(1).unwrap_or_default();
            eprintln!("{}", equivalence::again(test, self.program));
        }
    }
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
