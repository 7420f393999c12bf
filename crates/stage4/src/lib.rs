//! Stage 4: the async top level. An async top over the async tail.
//!
//! |                  | blocking tail | async tail                  |
//! |------------------|---------------|-----------------------------|
//! | **blocking top** | stage 1       | stage 3                     |
//! | **async top**    | stage 2       | **stage 4** (you are here)  |
//!
//! **What changed.** From stage 2: the call on the blocking pool has sunk from the top into the tail. So [`run_tasks`]
//! in `top.rs` only spawns tasks, and an idle input costs no thread. From stage 3: the callers are async, so the
//! blocking facade is gone.
//!
//! **What stayed.** The tail: `stage3::tail_async`, imported and not touched.
//!
//! **Why.** Thousands of idle inputs now share a few threads. The read still blocks, on purpose: operating systems
//! report a regular file as always ready, so its reads belong on the blocking pool.
//!
//! **Before it:** stage 2 (top-down) or stage 3 (bottom-up). **After it:** both roads end here. Stage 5 goes
//! one step beyond them.
//!
//! The chapter in the book, after `scripts/book build`: [Stage 4: async to the top](../../book/stage-4.html).

mod threads;
mod top;

use std::time::Duration;

use merge_core::{Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;

pub use threads::{BLOCKING_THREADS, check_threads};
pub use top::run_tasks;

/// The entry point that every stage exports, on a multi-thread runtime. Blocks until all `inputs` are closed.
///
/// ```no_run
/// # use std::time::Duration;
/// # use merge_core::{Input, Output, Result};
/// # fn main() -> Result<()> {
/// let inputs = Input::open_all(["web.log", "db.log"])?;
/// let output = Output::create("merged.log", &inputs)?;
/// let summary = stage4::merge(inputs, Duration::from_millis(100), output)?;
/// println!("{} lines", summary.lines);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`run_tasks`], or [`MergeError::Start`] when the system gives no runtime.
///
/// # Panics
///
/// When it is called on a thread that drives a runtime already: `.await` [`run_tasks`] there.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    merge_on(Builder::new_multi_thread(), inputs, interval, output)
}

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
    let runtime = builder.enable_time().build().map_err(MergeError::Start)?;
    runtime.block_on(run_tasks(inputs, interval, output))
}
