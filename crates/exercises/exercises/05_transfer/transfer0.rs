//! # Where a request ends
//!
//! Goal: a server of guessing games gets bytes, and answers requests. Take the first whole request out of the bytes that
//! have come so far. A request is a line with its newline.
//!
//! Minutes: 5
//!
//! Chapter: docs/src/program.md, up to "The leaf"
//!
//! When it works: all tests pass. Half a request waits for its rest, and two that come together are taken one by one.

/// Takes the first request out of `received`, with its newline. Returns `None` if no request is whole yet; then `received`
/// stays as it is.
fn next_request(received: &mut Vec<u8>) -> Option<Vec<u8>> {
    // TODO: this takes all that has come. It is `threads1` with one difference: take only the first request.
    if received.is_empty() { None } else { Some(std::mem::take(received)) }
}

fn main() {}

// The tests. Leave what follows as it is.

#[test]
fn half_a_request_waits_for_its_rest() {
    ::exercises::again!();
    ::exercises::guessing::requests(next_request, &["gue", "ss 50\n"], &[&[], &["guess 50\n"]]);
}

#[test]
fn two_requests_in_one_piece_are_taken_one_by_one() {
    ::exercises::again!();
    let both = ["guess 50\n", "guess 25\n"];
    ::exercises::guessing::requests(next_request, &["guess 50\nguess 25\nqu", "it\n"], &[&both, &["quit\n"]]);
}

#[test]
fn bytes_that_are_no_text_are_a_request_as_well() {
    ::exercises::again!();
    let mut received = b"\xff\xfe\n".to_vec();
    assert_eq!(next_request(&mut received).as_deref(), Some(&b"\xff\xfe\n"[..]));
}
