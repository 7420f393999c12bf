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
//!
//! # Why
//!
//! `timeout` drops the handle of the call, and a dropped handle stops nothing. `abort` does not help either: it keeps a
//! call from *starting*, and can do nothing about one that runs. A thread cannot be stopped from outside; it can only look.
//!
//! So the closure looks at a flag before each step. A guard sets it in its `drop`. The guard belongs to this future, so it
//! does not matter whether the search ends, times out, or is dropped by its caller: `drop` runs in all three cases. Code
//! after the `.await` would run in the first two only.
//!
//! The crate tokio-util has this guard ready, `CancellationToken::drop_guard`. If a step is one long call with no place to
//! look, only its own limit helps: a read timeout of the socket, a statement timeout of the database.
//!
//! Usual wrong answers: `abort`; to set the flag after the `.await`; to search in the task itself, where the timer cannot
//! even fire, and where with a `yield_now` after each step every other task has to wait for a step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use exercises::primer::Step;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Sets its flag when it is dropped.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Calls `step`, which blocks, until it has found something. Returns `None` after `limit`.
///
/// The search ends with this future, however that ends: at most the step that runs at that moment is finished.
async fn search(limit: Duration, mut step: Step) -> Option<u64> {
    let stop = Arc::new(AtomicBool::new(false));
    let _guard = StopOnDrop(Arc::clone(&stop));
    let search = spawn_blocking(move || {
        while !stop.load(Ordering::Relaxed) {
            let found = step();
            if found.is_some() {
                return found;
            }
        }
        None
    });
    timeout(limit, search).await.ok()?.ok()?
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
