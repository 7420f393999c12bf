//! # One call on the pool
//!
//! Goal: the top is an `async fn`, and the tail of its one log blocks. Run the tail on a thread of the runtime's
//! blocking pool, and await its result.
//!
//! You need one function of `tokio::task`. `spawn_blocking` takes a closure, which has to own all that it uses, and
//! returns a handle that you can await.
//!
//! Minutes: 5
//!
//! Chapter: docs/src/stage-2.md, up to "The code"
//!
//! When it works: all tests pass, on a runtime that has one thread. A task beside the merge goes on while the tail
//! waits, and a panic of the tail ends the run with that panic as its error.
//!
//! # Why
//!
//! A runtime worker may not wait in a call, because all tasks that it should run wait with it. A thread of the blocking pool
//! may: it is there for that. `spawn_blocking` starts the call on one, and its handle is a future, so the task waits without
//! a thread.
//!
//! The closure is `move`, because the call may outlive the function that has started it: it must own what it uses.
//!
//! Usual wrong answers: `tokio::spawn`, which starts another task of the same worker; `block_in_place`, which needs a
//! second worker to hand the tasks to; to forget the `.await`, which leaves the call alone; to unwrap the handle's result.

use std::time::Duration;

use exercises::bridge::shared;
use exercises::stage1::tail_file;
use merge_core::{Input, MergeError, Output, Result};
use tokio::task::spawn_blocking;

/// Copies the lines of `input` to `output` until it is closed. Blocks no runtime worker.
async fn follow(input: Input, interval: Duration, output: Output) -> Result<()> {
    let mut write = shared(output);
    let followed = spawn_blocking(move || tail_file(input, interval, &mut write)).await;
    followed.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok())))
}

fn main() {}

// The tests. Leave what follows as it is.

#[test]
fn a_task_beside_it_goes_on() {
    ::exercises::again!();
    ::exercises::bridge::a_task_beside_the_tail_goes_on(follow);
}

#[test]
fn an_error_of_the_tail_comes_back() {
    ::exercises::again!();
    ::exercises::bridge::an_error_of_the_tail_comes_back(follow);
}

#[test]
fn a_panic_of_the_tail_is_an_error() {
    ::exercises::again!();
    ::exercises::bridge::a_panic_of_the_tail_is_an_error(follow);
}
