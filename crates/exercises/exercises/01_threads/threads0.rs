//! # Where the lines end
//!
//! Goal: cut some bytes in two: the lines that are whole, each with its newline, and the rest.
//!
//! Minutes: 5
//!
//! Chapter: docs/src/program.md, up to "The leaf"
//!
//! When it works: all tests pass. What the two parts hold, together, is what was there before.

/// The whole lines at the start of `bytes`, and what comes after the last newline.
fn cut(bytes: &[u8]) -> (&[u8], &[u8]) {
    // TODO: find the last newline, and cut behind it. A slice has `iter()`, whose `rposition` looks from the end, and
    // `split_at`.
    bytes.split_at(bytes.len())
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
