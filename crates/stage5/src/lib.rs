//! Stage 5: events instead of polling. This step goes beyond the table: a wait that is a future can be any future.
//!
//! |                  | blocking tail | async tail                  |
//! |------------------|---------------|-----------------------------|
//! | **blocking top** | stage 1       | stage 3                     |
//! | **async top**    | stage 2       | stage 4, **stage 5** (you are here) |
//!
//! **What changed.** The tail's `select!` has one more branch: [`tail_async`] in `tail.rs` also wakes when its input is
//! notified. [`run_tasks`] in `top.rs` starts the watch that sends the notifications, and stops it at the end.
//!
//! **What stayed.** Everything else. The interval is still there, as a safety net for events that never come.
//!
//! **Why.** A line is in the output at once, not half an interval later, and idle logs cost almost nothing.
//!
//! **Before it:** stage 4.
//!
//! The chapter in the book, after `scripts/book build`: [Stage 5: events](../../book/stage-5.html).

mod tail;
mod top;

use std::time::Duration;

use merge_core::{Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;

pub use stage4::{BLOCKING_THREADS, check_threads};
pub use tail::tail_async;
pub use top::run_tasks;

/// The entry point that every stage exports, on a multi-thread runtime. Blocks until all `inputs` are closed.
///
/// ```no_run
/// # use std::time::Duration;
/// # use merge_core::{Input, Output, Result};
/// # fn main() -> Result<()> {
/// let inputs = Input::open_all(["web.log", "db.log"])?;
/// let output = Output::create("merged.log", &inputs)?;
/// let summary = stage5::merge(inputs, Duration::from_secs(30), output)?;
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
    let runtime = builder.enable_all().build().map_err(MergeError::Start)?;
    runtime.block_on(run_tasks(inputs, interval, output))
}
