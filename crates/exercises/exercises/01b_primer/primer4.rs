//! # A timeout, and what runs on
//!
//! Goal: a timeout drops the future that it waits for. A blocking call is no future: it runs on, and keeps its thread.
//! Make the search below stop when its caller does not wait for it any more.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/primer.md, up to "Checkpoint"
//!
//! When it works: all tests pass. After the timeout no thread goes on searching, and the same is true when the future is
//! dropped before its time is over. No step runs on a runtime worker.

use std::time::Duration;

use exercises::primer::Step;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Calls `step`, which blocks, until it has found something. Returns `None` after `limit`.
///
/// The search ends with this future, however that ends: at most the step that runs at that moment is finished.
async fn search(limit: Duration, mut step: Step) -> Option<u64> {
    // TODO: nothing can stop this closure from outside. Let it look, before each step, at a flag that says "stop". Who
    // sets the flag, so that it is set even when the future is dropped?
    let search = spawn_blocking(move || {
        loop {
            if let Some(found) = step() {
                return found;
            }
        }
    });
    timeout(limit, search).await.ok()?.ok()
}

fn main() {}

// The tests. Leave what follows as it is.

#[test]
fn what_is_found_in_time_comes_back() {
    ::exercises::again!();
    ::exercises::primer::what_is_found_in_time_comes_back(search);
}

#[test]
fn no_step_blocks_the_runtime() {
    ::exercises::again!();
    ::exercises::primer::no_step_blocks_the_runtime(search);
}

#[test]
fn a_search_that_takes_too_long_gives_up() {
    ::exercises::again!();
    ::exercises::primer::a_search_that_takes_too_long_gives_up(search);
}

#[test]
fn after_the_timeout_nothing_runs_on() {
    ::exercises::again!();
    ::exercises::primer::after_the_timeout_nothing_runs_on(search);
}

#[test]
fn after_a_drop_nothing_runs_on() {
    ::exercises::again!();
    ::exercises::primer::after_a_drop_nothing_runs_on(search);
}

#[test]
fn after_a_drop_no_step_begins() {
    ::exercises::again!();
    ::exercises::primer::after_a_drop_no_step_begins(search);
}
