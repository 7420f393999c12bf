//! Stage 4's top, with the follower left open: so that an exercise can bring its own.

use std::time::Duration;

use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use crate::stage3::tail_async;

/// How many chunks may wait for the writer before the followers have to.
pub const QUEUE: usize = 16;

/// Merges `inputs` into `output` until all of them are closed; stage 4's top, which follows with [`tail_async`].
///
/// # Errors
///
/// As [`run_tasks_with`].
pub async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_async(input, interval, async move |lines| send(&queue, lines).await)
    })
    .await
}

/// The same with a follower and a queue of your own. `follow` is called once per input; what it returns runs in a task.
///
/// # Errors
///
/// The first error of any follower or of the output, or a panic of one of them. By then all followers have ended.
pub async fn run_tasks_with<F: Future<Output = Result<()>> + Send + 'static>(
    inputs: Vec<Input>,
    interval: Duration,
    output: Output,
    queue: usize,
    follow: impl Fn(Input, Duration, mpsc::Sender<Chunk>) -> F,
) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    let (queue, chunks) = mpsc::channel::<Chunk>(queue);
    let mut tasks = JoinSet::new();
    spawn_writer(&mut tasks, output, chunks);
    for input in inputs {
        tasks.spawn(follow(input, interval, queue.clone()));
    }
    // The last sender must go with the last follower, or the writer would wait for ever.
    drop(queue);
    join_all(tasks, fan_in).await
}

/// Starts the one writer, on the blocking pool. It ends when the last sender is gone.
pub fn spawn_writer(tasks: &mut JoinSet<Result<()>>, mut output: Output, mut chunks: mpsc::Receiver<Chunk>) {
    tasks.spawn_blocking(move || {
        while let Some(lines) = chunks.blocking_recv() {
            output.write(&lines)?;
        }
        Ok(())
    });
}

/// The fan-in: hears of each end when it happens, and returns when all have ended.
///
/// # Errors
///
/// The first error of any of the `tasks`, or a panic of one of them.
pub async fn join_all(mut tasks: JoinSet<Result<()>>, mut fan_in: FanIn) -> Result<Summary> {
    while let Some(end) = tasks.join_next().await {
        fan_in.add(ended(end));
    }
    fan_in.finish()
}

/// How a task has ended. A panic is an error like any other.
///
/// # Errors
///
/// The task's own, or its panic.
pub fn ended(end: Result<Result<()>, JoinError>) -> Result<()> {
    end.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok())))
}

/// A copy of `lines`, which may wait for as long as it has to: what they were read into is free for others.
#[must_use]
pub fn copy(lines: Chunk) -> Vec<u8> {
    lines.to_vec()
}

/// Sends `lines` to the writer. Waits while the queue is full.
///
/// # Errors
///
/// [`MergeError::OutputGone`] when the writer has ended.
pub async fn send(queue: &mpsc::Sender<Chunk>, lines: impl Into<Chunk>) -> Result<()> {
    queue.send(lines.into()).await.map_err(|_| MergeError::OutputGone)
}

/// Runs an async top to its end on a multi-thread runtime, as stage 4's entry point does. Blocks.
///
/// # Errors
///
/// As `run`, or [`MergeError::Start`] when the system gives no runtime.
pub fn block_on<T>(run: impl Future<Output = Result<T>>) -> Result<T> {
    Builder::new_multi_thread().enable_all().build().map_err(MergeError::Start)?.block_on(run)
}

/// The same on a current-thread runtime: all tasks take turns on this one thread. Blocks.
///
/// # Errors
///
/// As [`block_on`].
pub fn block_on_one_thread<T>(run: impl Future<Output = Result<T>>) -> Result<T> {
    Builder::new_current_thread().enable_all().build().map_err(MergeError::Start)?.block_on(run)
}
