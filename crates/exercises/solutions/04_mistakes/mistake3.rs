//! # Mistake 3: small messages
//!
//! Goal: the follower below should hand its lines over in small messages, so that the queue never holds much memory. It
//! has a mistake. Run `scripts/exercises test mistake3`, find the mistake from the report, write one sentence of
//! diagnosis at the first TODO, and fix it. The messages should stay small: no more than a line each, or 64 KiB.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/gallery.md, up to "All of them"
//!
//! When it works: all tests pass. Lines that are longer than 64 KiB come out whole as well, beside busy followers.
//!
//! # Why
//!
//! A message enters the queue in one step. Two messages do not: between them another follower may send. So data that
//! belongs together has to be one message. Here that is a line, however long it is. It is the same with a mutex, which
//! protects only what happens while its guard is held.
//!
//! Usual half fixes: larger pieces, or pieces that end at a newline where there is one, which help until a line is
//! longer; a lock around each `send`, which is in one piece without it.

use std::time::Duration;

use exercises::stage3::tail_async;
use exercises::stage4::send;
use merge_core::{Chunk, Input, Result};
use tokio::sync::mpsc::Sender;

// What was wrong: a line could be cut into two messages, and another follower's message came between them.

/// Follows `input` until it is closed, and hands its lines to the writer through `queue`.
async fn follow(input: Input, interval: Duration, queue: Sender<Chunk>) -> Result<()> {
    tail_async(input, interval, async move |chunk| {
        for line in chunk.split_inclusive(|&byte| byte == b'\n') {
            send(&queue, line.to_vec()).await?;
        }
        Ok(())
    })
    .await
}

fn main() {}

// The tests. Leave what follows as it is.

// The queue has room for one message.
#[cfg(test)]
fn merge(inputs: Vec<Input>, interval: Duration, output: ::merge_core::Output) -> Result<::merge_core::Summary> {
    ::exercises::stage4::block_on(::exercises::stage4::run_tasks_with(inputs, interval, output, 1, follow))
}

#[test]
fn messages_are_small() {
    ::exercises::again!();
    ::exercises::bottom_up::messages_are_small(64 * 1024, follow);
}

#[test]
fn long_lines_stay_whole_beside_others() {
    ::exercises::again!();
    ::exercises::bottom_up::long_lines_stay_whole_beside_others(merge);
}

#[cfg(test)]
::equivalence::suite! {
    crate::merge;
    #[test]
    one_input_is_copied
    #[test]
    a_line_written_in_two_halves_stays_whole
    #[test]
    bytes_pass_unchanged
    #[test]
    a_slow_output_holds_the_followers_back
}
