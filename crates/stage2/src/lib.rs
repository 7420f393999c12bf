//! Stage 2: the mixed executor bridge. An async top over the blocking tail.
//!
//! |                  | blocking tail               | async tail |
//! |------------------|-----------------------------|------------|
//! | **blocking top** | stage 1                     | stage 3    |
//! | **async top**    | **stage 2** (you are here)  | stage 4    |
//!
//! **What changed.** The top is an `async fn`, [`run_tasks_mixed`] in `top.rs`. It runs each tail on a thread of the
//! runtime's blocking pool. The mutex is gone: one writer owns the output, and the blocking tail bridges back to it
//! with `Handle::block_on`.
//!
//! **What stayed.** The tail: `stage1::tail_file`, imported and not touched.
//!
//! **Why.** The entry point can now run beside other async code: sockets, timers, signals. Each input still has a
//! thread, so this stage saves none yet. Only the shape of the program has changed.
//!
//! **Before it:** stage 1. **After it:** stage 4, where the call on the blocking pool sinks from the top into the tail.
//!
//! **Stop here** if the tail is not yours, or if many programs share it and not all of them are async. To stay here for
//! good, give each follower a thread of its own: the blocking pool is made for calls that end.
//!
//! The chapter in the book, after `scripts/book build`: [Stage 2: the bridge](../../book/stage-2.html).

mod top;

use std::time::Duration;

use merge_core::{Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;

pub use top::run_tasks_mixed;

/// How many threads the runtime's blocking pool needs: one per input, and one for the writer.
///
/// A follower keeps its thread until its input is closed. With tokio's default of 512 threads, the followers from
/// the 512th on would wait in the pool's queue for a thread that never comes back, without a word
/// (tokio issues 5889 and 7261). The same happens where the system itself gives fewer threads than that.
#[must_use]
pub fn blocking_threads(inputs: usize) -> usize {
    inputs + 1
}

/// The entry point that every stage exports, on a multi-thread runtime. Blocks until all `inputs` are closed.
///
/// ```no_run
/// # use std::time::Duration;
/// # use merge_core::{Input, Output, Result};
/// # fn main() -> Result<()> {
/// let inputs = Input::open_all(["web.log", "db.log"])?;
/// let output = Output::create("merged.log", &inputs)?;
/// let summary = stage2::merge(inputs, Duration::from_millis(100), output)?;
/// println!("{} lines", summary.lines);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`run_tasks_mixed`], or [`MergeError::Start`] when the system gives no runtime.
///
/// # Panics
///
/// When it is called on a thread that drives a runtime already: `.await` [`run_tasks_mixed`] there.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    merge_on(Builder::new_multi_thread(), inputs, interval, output)
}

// ANCHOR: merge_on
/// [`merge`] on the runtime that `builder` builds.
///
/// # Errors
///
/// As [`merge`].
///
/// # Panics
///
/// As [`merge`].
pub fn merge_on(mut builder: Builder, inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let runtime = builder.max_blocking_threads(blocking_threads(inputs.len())).build().map_err(MergeError::Start)?;
    runtime.block_on(run_tasks_mixed(inputs, interval, output))
}
// ANCHOR_END: merge_on
