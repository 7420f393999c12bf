//! A follower per thread on the default blocking pool.
//!
//! **Shows as** inputs that are never read: those after the 511th wait for a thread of the pool for ever, and there is
//! no error. `tokio::fs` starves with them, because it uses the same pool.
//!
//! **Why:** the pool is made for short calls. It has 512 threads, and further calls wait in a queue until a thread is
//! free. A follower is not a short call: it keeps its thread until its input is closed.
//!
//! **Right:** size the pool to the inputs, as `stage2::merge_on` does with `max_blocking_threads`; or start threads of
//! your own for work that does not end.
//!
//! **Source:** `tokio::task::spawn_blocking`; tokio issues 5889, 7261, 7923. (Python's default pool is smaller still.)

use std::time::Duration;

use merge_core::{Input, Output, Result, Summary};
use stage2::run_tasks_mixed;
use stage_parts::block_on;

/// Stage 2 with this mistake.
///
/// # Errors
///
/// As `stage2::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    // The mistake: this runtime is built without `max_blocking_threads`.
    block_on(run_tasks_mixed(inputs, interval, output))
}
