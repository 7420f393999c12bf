//! # Where the lines end
//!
//! Goal: cut some bytes in two: the lines that are whole, each with its newline, and the rest.
//!
//! Minutes: 5
//!
//! Chapter: docs/src/program.md, up to "The leaf"
//!
//! When it works: all tests pass. What the two parts hold, together, is what was there before.
//!
//! # Why
//!
//! The cut is behind the last newline, so the newline belongs to the line that it ends. `rposition` looks from the end, and a
//! read brings many lines at a time, so it finds the newline soon. Without a newline nothing is whole, and all of it is the
//! rest.
//!
//! Bytes and not text: a log need not be UTF-8, and the rest may end in the middle of a character.
//!
//! Usual wrong answers: to cut before the newline; to cut behind the first one.

/// The whole lines at the start of `bytes`, and what comes after the last newline.
fn cut(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    bytes.split_at(end)
}

fn main() {}

// The tests. Leave what follows as it is.

#[test]
fn half_a_line_is_the_rest() {
    ::exercises::again!();
    ::exercises::log::cuts(cut, "first\nsecond\nthi", "first\nsecond\n", "thi");
}

#[test]
fn without_a_newline_all_is_the_rest() {
    ::exercises::again!();
    ::exercises::log::cuts(cut, "fir", "", "fir");
    ::exercises::log::cuts(cut, "", "", "");
}

#[test]
fn whole_lines_leave_no_rest() {
    ::exercises::again!();
    ::exercises::log::cuts(cut, "first\n\nthird\n", "first\n\nthird\n", "");
}
