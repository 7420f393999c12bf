//! # Mistake 1: the late warning
//!
//! Goal: the follower below should hand every line to the writer, wait for it when the output is slow, and warn when it
//! has waited for 5 ms. It has a mistake. Run `scripts/exercises test mistake1`, find the mistake from the report,
//! write one sentence of diagnosis at the first TODO, and fix it.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/gallery.md
//!
//! When it works: five scenarios pass, also those in which the output takes nothing for a while. The warnings are still
//! printed.

use std::time::Duration;

use exercises::stage3::tail_async;
use exercises::stage4::send;
use merge_core::{Chunk, Input, Result};
use tokio::sync::mpsc::Sender;
use tokio::time::timeout;

/// How long a follower waits for the writer before it warns.
const LATE: Duration = Duration::from_millis(5);

// TODO: what is wrong? One sentence:

/// Follows `input` until it is closed, and hands its lines to the writer through `queue`.
async fn follow(input: Input, interval: Duration, queue: Sender<Chunk>) -> Result<()> {
    tail_async(input, interval, async move |chunk| {
        // TODO: fix it.
        match timeout(LATE, send(&queue, chunk)).await {
            Ok(sent) => sent,
            Err(_late) => {
                eprintln!("the output is slow");
                Ok(())
            }
        }
    })
    .await
}

fn main() {}

// The tests. Leave what follows as it is.

// The queue has room for one chunk.
#[cfg(test)]
equivalence::suite! {
    |inputs, interval, output| {
        let run = exercises::stage4::run_tasks_with(inputs, interval, output, 1, crate::follow);
        exercises::stage4::block_on(run)
    };
    #[test]
    one_input_is_copied
    #[test]
    a_line_written_in_two_halves_stays_whole
    #[test]
    the_run_returns_only_when_the_output_is_complete
    #[test]
    a_slow_output_holds_the_followers_back
    #[test]
    an_output_that_fails_ends_idle_followers
}
