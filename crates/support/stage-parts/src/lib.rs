//! Stage 4's top in parts, without a follower: the pitfalls and the exercises supply their own.
//!
//! The parts are the lines of `stage4::run_tasks`, and a test of the crate `classroom` compares the two.

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How many chunks may wait for the writer. When the queue is full, the followers wait.
pub const QUEUE: usize = 16;

/// Merges `inputs` into `output` until all of them are closed, through a queue of `queue` chunks. Calls `follow` once
/// per input and spawns the future that it returns.
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
    // The last follower must hold the last sender, or the writer would wait for ever.
    drop(queue);
    join_all(tasks, fan_in).await
}

/// Spawns the one writer on the blocking pool. It ends when the last sender is gone, or with the output's error.
pub fn spawn_writer(tasks: &mut JoinSet<Result<()>>, mut output: Output, mut chunks: mpsc::Receiver<Chunk>) {
    tasks.spawn_blocking(move || {
        while let Some(chunk) = chunks.blocking_recv() {
            output.write(&chunk)?;
        }
        Ok(())
    });
}

/// The fan-in: joins each task when it ends, and returns when all have ended.
///
/// # Errors
///
/// The first error of any of the `tasks`, or a panic of one of them.
pub async fn join_all(mut tasks: JoinSet<Result<()>>, mut fan_in: FanIn) -> Result<Summary> {
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    fan_in.finish()
}

/// Sends a chunk to the writer. Waits while the queue is full.
///
/// # Errors
///
/// [`MergeError::OutputGone`] when the writer has ended.
pub async fn send(queue: &mpsc::Sender<Chunk>, chunk: impl Into<Chunk>) -> Result<()> {
    queue.send(chunk.into()).await.map_err(|_| MergeError::OutputGone)
}

/// Runs an async top to its end on a multi-thread runtime, as stage 4's entry point does. Blocks.
///
/// # Errors
///
/// As `run`, or [`MergeError::Start`] when the system gives no runtime.
pub fn block_on<T>(run: impl Future<Output = Result<T>>) -> Result<T> {
    build(Builder::new_multi_thread().enable_all())?.block_on(run)
}

/// Builds a runtime, and shows it to the observer.
///
/// # Errors
///
/// [`MergeError::Start`] when the system gives no runtime.
pub fn build(builder: &mut Builder) -> Result<Runtime> {
    let runtime = builder.build().map_err(MergeError::Start)?;
    observed(runtime.handle());
    Ok(runtime)
}

static OBSERVER: OnceLock<fn(&Handle)> = OnceLock::new();

/// Calls `observer` with every runtime from now on, so that a program can watch the pitfalls from inside. The first
/// observer stays.
pub fn observe(observer: fn(&Handle)) {
    let _ = OBSERVER.set(observer);
}

/// Shows a runtime to the observer.
pub fn observed(runtime: &Handle) {
    if let Some(observer) = OBSERVER.get() {
        observer(runtime);
    }
}

/// The same on a current-thread runtime: all tasks take turns on this one thread. Blocks.
///
/// # Errors
///
/// As [`block_on`].
pub fn block_on_one_thread<T>(run: impl Future<Output = Result<T>>) -> Result<T> {
    Builder::new_current_thread().enable_all().build().map_err(MergeError::Start)?.block_on(run)
}

/// Turns a failed read of `input` into the error of the run, for followers that do not use [`Input::read_lines`].
pub fn input_error(input: &Input) -> impl Fn(io::Error) -> MergeError + use<> {
    let path = input.path().to_owned();
    move |source| MergeError::Input { path: path.clone(), source }
}
