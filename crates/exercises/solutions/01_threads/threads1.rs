//! # Whole lines
//!
//! Goal: write the leaf of the program. It returns the lines of a growing log that are whole by now, and returns
//! `NoNewData` if there are none. There is no `End` here: the caller knows about the close.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/program.md, up to "The leaf"
//!
//! When it works: all tests pass. A line that is written in two halves comes out in one piece, and no byte
//! changes.
//!
//! # Why
//!
//! The new bytes are appended to the old half, so that the two are one line again. A single cut after the last newline
//! then gives both: the whole lines to return, and the rest to keep. Use bytes and not a `String`: a log need not be
//! UTF-8, and a read can end in the middle of a character.
//!
//! Usual wrong answers: to return all bytes, whole lines or not; to return no lines instead of `NoNewData`, so that the
//! follower never rests; `lines()`, which takes the newline away and a carriage return with it.

use std::fs::File;
use std::io::{self, Read};
use std::mem;

use exercises::Found;

/// Reads what was written to `file` since the last call, and returns the lines that are whole now.
///
/// A writer may have written half a line so far. That half must wait in `unfinished` until its newline comes; the
/// caller keeps `unfinished` from one call to the next.
fn read_lines(file: &mut File, unfinished: &mut Vec<u8>) -> io::Result<Found> {
    file.read_to_end(unfinished)?;
    let Some(newline) = unfinished.iter().rposition(|&byte| byte == b'\n') else {
        return Ok(Found::NoNewData);
    };
    let rest = unfinished.split_off(newline + 1);
    Ok(Found::Lines(mem::replace(unfinished, rest)))
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| ::exercises::merge_with(crate::read_lines, inputs, interval, output);
    #[test]
    one_input_is_copied
    #[test]
    a_line_written_in_two_halves_stays_whole
    #[test]
    a_last_line_without_newline_waits_and_is_ended_at_close
    #[test]
    bytes_pass_unchanged
}

#[test]
fn a_line_in_three_pieces_stays_whole() {
    ::exercises::again!();
    ::exercises::log::a_line_in_three_pieces_stays_whole(crate::read_lines);
}

#[test]
fn a_long_line_before_the_close_comes_out() {
    ::exercises::again!();
    ::exercises::log::a_long_line_before_the_close_comes_out(|inputs, interval, output| {
        ::exercises::merge_with(crate::read_lines, inputs, interval, output)
    });
}
