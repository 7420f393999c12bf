//! Parts of an async top over the blocking tail: what the exercises on the way to stage 2 do not ask for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use merge_core::{Chunk, FanIn, Input, MergeError, Output, Progress, Result, Summary};
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::stage1;

/// Runs an async top to its end on the runtime that needs the most care: it has no thread but this one, and a top that
/// blocks it stands still.
///
/// # Errors
///
/// As `top`, or [`MergeError::Start`] when the system gives no runtime.
pub fn block_on(top: impl Future<Output = Result<Summary>>) -> Result<Summary> {
    Builder::new_current_thread().enable_all().build().map_err(MergeError::Start)?.block_on(top)
}

/// What writes to `output` from any thread: stage 1's mutex, with a clone for each follower. Blocks.
pub fn shared(output: Output) -> impl FnMut(Chunk) -> Result<()> + Clone + Send + 'static {
    let output = Arc::new(Mutex::new(output));
    move |lines| match output.lock() {
        Ok(mut output) => output.write(&lines),
        Err(_poisoned) => Err(MergeError::OutputGone),
    }
}

/// Stage 1's tail, which hands on copies. They have memory of their own, as in most programs, and nothing but the queue
/// limits how many there are.
///
/// # Errors
///
/// As [`stage1::tail_file`].
pub fn tail_file(input: Input, interval: Duration, write: &mut dyn FnMut(Vec<u8>) -> Result<()>) -> Result<()> {
    stage1::tail_file(input, interval, &mut |lines| write(lines.to_vec()))
}

/// Stage 2's top: a thread of the blocking pool for each input, and one for the writer.
///
/// # Errors
///
/// The first error of any input or of the output, or a panic of a follower.
pub async fn run_tasks_mixed(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(16);
    let mut tasks = JoinSet::new();
    tasks.spawn_blocking(move || {
        while let Some(lines) = chunks.blocking_recv() {
            output.write(&lines)?;
        }
        Ok(())
    });
    for input in inputs {
        let queue = queue.clone();
        let write_async = async move |lines| queue.send(lines).await.map_err(|_| MergeError::OutputGone);
        let runtime = Handle::current();
        let mut write = move |lines| runtime.block_on(write_async(lines));
        tasks.spawn_blocking(move || stage1::tail_file(input, interval, &mut write));
    }
    drop(queue);
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    fan_in.finish()
}

/// Collects how each follower ended. It is `FanIn` without one half: it closes nothing.
pub struct Endings {
    inputs: usize,
    progress: Progress,
    first_error: Option<MergeError>,
}

impl Endings {
    /// For a run of so many inputs, which are merged into `output`.
    #[must_use]
    pub fn new(inputs: usize, output: &Output) -> Self {
        Self { inputs, progress: output.progress(), first_error: None }
    }

    /// Takes the end of one follower, or of the writer. Closes nothing.
    pub fn add(&mut self, ended: Result<()>) {
        // `OutputGone` only says that the output's own error is on its way: it gives way to it.
        if matches!(self.first_error, None | Some(MergeError::OutputGone)) {
            self.first_error = ended.err().or(self.first_error.take());
        }
    }

    /// Whether there has been an error.
    #[must_use]
    pub fn have_error(&self) -> bool {
        self.first_error.is_some()
    }

    /// The result of the run, when all have ended.
    ///
    /// # Errors
    ///
    /// The first error that was added.
    pub fn finish(self) -> Result<Summary> {
        match self.first_error {
            Some(error) => Err(error),
            None => Ok(Summary { inputs: self.inputs, lines: self.progress.lines(), bytes: self.progress.bytes() }),
        }
    }
}
