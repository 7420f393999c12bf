//! Stage 4: the async top level. An async top over the async tail.
//!
//! |                  | blocking tail | async tail                  |
//! |------------------|---------------|-----------------------------|
//! | **blocking top** | stage 1       | stage 3                     |
//! | **async top**    | stage 2       | **stage 4** (you are here)  |
//!
//! **What changed.** Coming from stage 2: the call on the blocking pool has sunk from the top into the tail, so [`run_tasks`] in
//! `top.rs` only spawns tasks, and an idle input costs no thread. Coming from stage 3: the callers are async, so the
//! blocking facade is gone.
//!
//! **What stayed.** The tail: `stage3::tail_async`, imported and not touched.
//!
//! **Why.** Thousands of idle inputs now share a few threads. The read is still blocking, on purpose: a regular file
//! has no other way, and the blocking pool is the place for it.
//!
//! **Before it:** stage 2 (top-down) or stage 3 (bottom-up). **After it:** nothing; this is the end of both routes.
//!
//! In the book, when it is built (`scripts/book build`): [Stage 4: async to the top](../../book/stage-4.html).

mod top;

use std::io;
use std::sync::mpsc;
use std::time::Duration;

use merge_core::{Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

/// How many threads the runtime's blocking pool needs, however many inputs there are: one for the writer, which keeps
/// it until the end, and one for the reads.
pub const BLOCKING_THREADS: usize = 2;

/// How long [`run_tasks`] waits for the second of them.
const PATIENCE: Duration = Duration::from_secs(10);

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

/// Merges `inputs` into `output` until all of them are closed; the article's `run_tasks`.
///
/// Needs a runtime with time and [`BLOCKING_THREADS`]. Blocks no runtime worker. Cancelled half way, it closes all
/// inputs, and the followers end where they stand: what they hold is lost.
///
/// # Errors
///
/// [`MergeError::Start`] when the blocking pool has too few threads, and then nothing has been read or written. Else
/// the first error of any input or of the output, or a panic of a follower. By then all followers have ended.
pub async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    check_blocking_threads().await?;
    top::run_tasks(inputs, interval, output).await
}

/// Lets two calls on the blocking pool meet. On a pool of one thread, the writer would keep it, and every read would
/// wait in the pool's queue for ever.
async fn check_blocking_threads() -> Result<()> {
    let (second, first) = mpsc::channel();
    let meet = spawn_blocking(move || first.recv_timeout(PATIENCE));
    spawn_blocking(move || second.send(()));
    match meet.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(MergeError::Start(io::Error::other(format!(
            "the blocking pool gave one thread in {PATIENCE:?}, of {BLOCKING_THREADS}"
        )))),
        Err(error) => Err(MergeError::ended_early(error.try_into_panic().ok())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocking_pool_of_one_thread_is_an_error_and_no_hang() -> Result<()> {
        let mut builder = Builder::new_multi_thread();
        builder.max_blocking_threads(1);
        let (inputs, output) = (Input::open_all(["Cargo.toml"])?, Output::new("(sink)", io::sink()));
        inputs[0].closer().close();
        let merged = merge_on(builder, inputs, Duration::from_secs(1), output);
        assert!(matches!(merged, Err(MergeError::Start(_))), "{merged:?}");
        Ok(())
    }
}
