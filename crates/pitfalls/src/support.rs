//! The parts of stage 4 that most mistakes leave as they are.

use std::time::Duration;

use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Stage 4's top with the follower left open, and a queue as long as it is said.
pub(crate) async fn run_tasks_with<F: Future<Output = Result<()>> + Send + 'static>(
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
    drop(queue);
    join_all(tasks, fan_in).await
}

/// Stage 4's writer.
pub(crate) fn spawn_writer(tasks: &mut JoinSet<Result<()>>, mut output: Output, mut chunks: mpsc::Receiver<Chunk>) {
    tasks.spawn_blocking(move || {
        while let Some(lines) = chunks.blocking_recv() {
            output.write(&lines)?;
        }
        Ok(())
    });
}

/// Stage 4's fan-in.
pub(crate) async fn join_all(mut tasks: JoinSet<Result<()>>, mut fan_in: FanIn) -> Result<Summary> {
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    fan_in.finish()
}

/// Runs an async top to its end on a multi-thread runtime, as stage 4's entry point does.
pub(crate) fn block_on<T>(run: impl Future<Output = Result<T>>) -> Result<T> {
    Builder::new_multi_thread().enable_time().build().map_err(MergeError::Start)?.block_on(run)
}

/// Sends to the writer. The writer's own error says why it is gone.
pub(crate) async fn send(queue: &mpsc::Sender<Chunk>, lines: impl Into<Chunk>) -> Result<()> {
    queue.send(lines.into()).await.map_err(|_| MergeError::OutputGone)
}

/// What a failing read is, for followers that do not use `Input::read_lines`.
pub(crate) fn input_error(input: &Input) -> impl Fn(std::io::Error) -> MergeError {
    let path = input.path().to_owned();
    move |source| MergeError::Input { path: path.clone(), source }
}
