//! # Mistake 1: the late warning
//!
//! Goal: the follower below should hand every line to the writer, wait for it when the output is slow, and warn when it
//! has waited for 5 ms. It has a mistake. Run `scripts/exercises test mistake1`, find the mistake from the report,
//! write one sentence of diagnosis at the first TODO, and fix it.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/gallery.md, up to "All of them"
//!
//! When it works: all tests pass, also those in which the output takes nothing for a while. The warnings are still
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
///
/// It calls `warn` when it has waited for the writer for `LATE`, and goes on waiting.
async fn follow(
    input: Input,
    interval: Duration,
    queue: Sender<Chunk>,
    warn: impl Fn() + Clone + Send + 'static,
) -> Result<()> {
    tail_async(input, interval, async move |chunk| {
        // TODO: fix it.
        match timeout(LATE, send(&queue, chunk)).await {
            Ok(sent) => sent,
            Err(_late) => {
                warn();
                Ok(())
            }
        }
    })
    .await
}

fn main() {}

// The tests. Leave what follows as it is.

// `queue` is the room in the queue. Each warning adds one.
#[cfg(test)]
fn merge(
    inputs: Vec<Input>,
    interval: Duration,
    output: ::merge_core::Output,
    queue: usize,
    warnings: ::std::sync::Arc<::std::sync::atomic::AtomicU64>,
) -> Result<::merge_core::Summary> {
    use ::exercises::stage4::{block_on, run_tasks_with};
    block_on(run_tasks_with(inputs, interval, output, queue, |input, interval, queue| {
        let warnings = warnings.clone();
        let warn = move || {
            warnings.fetch_add(1, ::std::sync::atomic::Ordering::Relaxed);
        };
        follow(input, interval, queue, warn)
    }))
}

#[test]
fn it_warns_when_the_output_is_slow_and_loses_nothing() {
    ::exercises::again!();
    ::exercises::bottom_up::it_warns_when_the_output_is_slow_and_loses_nothing(merge);
}

#[test]
fn it_does_not_warn_when_there_is_room() {
    ::exercises::again!();
    ::exercises::bottom_up::it_does_not_warn_when_there_is_room(merge);
}

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| crate::merge(inputs, interval, output, 1, Default::default());
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
