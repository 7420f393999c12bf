//! Stage 1: threads only. A blocking top over a blocking tail.
//!
//! |                  | blocking tail               | async tail |
//! |------------------|-----------------------------|------------|
//! | **blocking top** | **stage 1** (you are here)  | stage 3    |
//! | **async top**    | stage 2                     | stage 4    |
//!
//! **What it does.** The *top* ([`run_threads`], in `top.rs`) starts a thread per input and owns the output behind a
//! mutex. The *tail* ([`tail_file`], in `tail.rs`) follows one input and hands whole lines to a callback. The tail
//! never knows who owns the output. Because of this callback, the layers can migrate one at a time.
//!
//! **Before it:** nothing. This is the program to migrate. **After it**, two roads lead to stage 4:
//!
//! - *top-down*, through stage 2: the entry point becomes async first and runs this tail unchanged;
//! - *bottom-up*, through stage 3: the tail becomes async first, and this top runs it unchanged.
//!
//! **Stop here** if you follow tens of files. Threads are then as cheap as tasks, and easier to debug.
//!
//! The chapter in the book, after `scripts/book build`: [Stage 1: threads](../../book/stage-1.html).

mod tail;
mod top;

use std::time::Duration;

use merge_core::{Input, Output, Result, Summary};

pub use tail::tail_file;
pub use top::run_threads;

/// The entry point that every stage exports. Blocks until all `inputs` are closed.
///
/// ```no_run
/// # use std::time::Duration;
/// # use merge_core::{Input, Output, Result};
/// # fn main() -> Result<()> {
/// let inputs = Input::open_all(["web.log", "db.log"])?;
/// let output = Output::create("merged.log", &inputs)?;
/// let summary = stage1::merge(inputs, Duration::from_millis(100), output)?;
/// println!("{} lines", summary.lines);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`run_threads`].
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, tail_file)
}
