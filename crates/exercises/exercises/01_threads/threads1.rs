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

use std::fs::File;
use std::io::{self, Read};

use exercises::Found;

/// Reads what was written to `file` since the last call, and returns the lines that are whole now.
///
/// A writer may have written half a line so far. That half must wait in `unfinished` until its newline comes; the
/// caller keeps `unfinished` from one call to the next.
fn read_lines(file: &mut File, unfinished: &mut Vec<u8>) -> io::Result<Found> {
    // TODO: return whole lines only, and keep the rest in `unfinished`. If no line is whole, return `NoNewData`.
    let _ = unfinished;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Ok(Found::NoNewData);
    }
    Ok(Found::Lines(bytes))
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
