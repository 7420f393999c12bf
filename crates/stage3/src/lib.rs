//! Stage 3: the fully async tail, driven from the unchanged threads.
//!
//! |                  | blocking tail | async tail                  |
//! |------------------|---------------|-----------------------------|
//! | **blocking top** | stage 1       | **stage 3** (you are here)  |
//! | **async top**    | stage 2       | stage 4                     |
//!
//! **What changed.** The tail is an `async fn`, [`tail_async`] in `tail.rs`. Its sleep needs no thread, and
//! only the read runs on the runtime's blocking pool. The blocking facade [`tail_file`] drives it on the caller's
//! thread.
//!
//! **What stayed.** The top: `stage1::run_threads`, imported and not touched.
//!
//! **Why.** You can rewrite, test and ship the tail, and no caller notices. Each input still has a thread, which now
//! waits for its own future. An idle input takes more processor time than in stage 1, and the runtime takes more
//! memory.
//!
//! **Before it:** stage 1. **After it:** stage 4, where an async top calls [`tail_async`] itself and needs no facade.
//!
//! **Stop here** if there are many blocking callers, and only the tail gains from async.
//!
//! The chapter in the book, after `scripts/book build`: [Stage 3: the async tail](../../book/stage-3.html).

mod facade;
mod tail;

use std::time::Duration;

use merge_core::{Input, MergeError, Output, Result, Summary};
use stage1::run_threads;
use tokio::runtime::Builder;

pub use facade::tail_file;
pub use tail::tail_async;

/// The entry point that every stage exports, on a multi-thread runtime. Blocks until all `inputs` are closed.
///
/// ```no_run
/// # use std::time::Duration;
/// # use merge_core::{Input, Output, Result};
/// # fn main() -> Result<()> {
/// let inputs = Input::open_all(["web.log", "db.log"])?;
/// let output = Output::create("merged.log", &inputs)?;
/// let summary = stage3::merge(inputs, Duration::from_millis(100), output)?;
/// println!("{} lines", summary.lines);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`run_threads`] with [`tail_file`], or [`MergeError::Start`] when the system gives no runtime.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    merge_on(Builder::new_multi_thread(), inputs, interval, output)
}

// ANCHOR: merge_on
/// [`merge`] on the runtime that `builder` builds.
///
/// # Errors
///
/// As [`merge`].
pub fn merge_on(mut builder: Builder, inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let runtime = builder.enable_time().build().map_err(MergeError::Start)?;
    run_threads(inputs, interval, output, |input, interval, write| tail_file(&runtime, input, interval, write))
}
// ANCHOR_END: merge_on
