//! # A wait without a thread
//!
//! Goal: the follower below is an `async fn`, and all followers share one thread. But it waits as stage 1 did, and
//! keeps the thread meanwhile. Let it wait without one.
//!
//! Minutes: 5
//!
//! Chapter: docs/src/stage-3.md, up to "The code"
//!
//! When it works: all tests pass. A hundred followers wait at the same time, on one thread.
//!
//! # Why
//!
//! `thread::sleep` keeps the thread, and an `async fn` does not change that. Tokio's `sleep` is a future: at its `.await` the
//! task is put aside, the timer gets its waker, and the thread runs the next task. So a hundred followers need one thread.
//!
//! Usual wrong answers: `yield_now`, which lets the others run and comes back at once, so that the thread never rests; a
//! `thread::sleep` inside of an `async` block; a `thread::sleep` on the blocking pool, which keeps a thread there.

use std::time::Duration;

use merge_core::{Input, Result};
use tokio::time::sleep;

/// Looks at `input` once per `interval`, until there is something to read in it. Returns the number of looks.
///
/// `Input::has_unread` is one cheap system call, so a task may call it in place.
async fn await_data(input: &Input, interval: Duration) -> Result<u64> {
    let mut looks = 1;
    while !input.has_unread()? {
        sleep(interval).await;
        looks += 1;
    }
    Ok(looks)
}

fn main() {}

// The tests. Leave what follows as it is.

#[test]
fn a_hundred_followers_wait_at_the_same_time() {
    ::exercises::again!();
    ::exercises::bottom_up::a_hundred_followers_wait_at_the_same_time(|input, interval| async move {
        await_data(&input, interval).await
    });
}

#[test]
fn it_looks_once_per_interval() {
    ::exercises::again!();
    ::exercises::bottom_up::it_looks_once_per_interval(
        |input, interval| async move { await_data(&input, interval).await },
    );
}
