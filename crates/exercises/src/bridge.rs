//! Parts of an async top over the blocking tail, which the exercises of stage 2 are given.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use merge_core::{Chunk, FanIn, Input, MergeError, Output, Progress, Result, Summary};
/// A runtime with this thread only: a top that blocks its worker stops everything.
pub use stage_parts::block_on_one_thread as block_on;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::stage1::tail_file;
use crate::stage4::QUEUE;

/// Returns a function that writes to `output` from any thread: stage 1's mutex, with a clone for each follower. Blocks.
pub fn shared(output: Output) -> impl FnMut(Chunk) -> Result<()> + Clone + Send + 'static {
    let output = Arc::new(Mutex::new(output));
    move |chunk| match output.lock() {
        Ok(mut output) => output.write(&chunk),
        Err(_poisoned) => Err(MergeError::OutputGone),
    }
}

/// Stage 2's top: a thread of the blocking pool for each input, and one for the writer. A test of the crate `classroom`
/// compares it with the stage's own.
///
/// # Errors
///
/// The first error of any input or of the output, or a panic of a follower.
pub async fn run_tasks_mixed(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();

    // The one writer. It needs no lock, because it owns the output.
    tasks.spawn_blocking(move || {
        while let Some(chunk) = chunks.blocking_recv() {
            output.write(&chunk)?;
        }
        Ok(())
    });

    // Fan-out: the blocking tail on a thread of the pool per input.
    for input in inputs {
        let queue = queue.clone();
        let write_async = async move |chunk| queue.send(chunk).await.map_err(|_| MergeError::OutputGone);
        let runtime = Handle::current();
        let mut write = move |chunk| runtime.block_on(write_async(chunk));
        tasks.spawn_blocking(move || tail_file(input, interval, &mut write));
    }
    // The last follower must hold the last sender, or the writer would wait for ever.
    drop(queue);

    // Fan-in: the first to end is the first to be joined; the writer is the last.
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    fan_in.finish()
}

/// Collects how each follower ended. Unlike `FanIn`, it closes nothing.
pub struct Endings {
    inputs: usize,
    progress: Progress,
    first_error: Option<MergeError>,
}

impl Endings {
    /// For a run of `inputs` inputs, which are merged into `output`.
    #[must_use]
    pub fn new(inputs: usize, output: &Output) -> Self {
        Self { inputs, progress: output.progress(), first_error: None }
    }

    /// Adds the result of one follower, or of the writer. Closes nothing.
    pub fn add(&mut self, ended: Result<()>) {
        // `OutputGone` only says that the output has failed: the output's own error, which follows, replaces it.
        if matches!(self.first_error, None | Some(MergeError::OutputGone)) {
            self.first_error = ended.err().or(self.first_error.take());
        }
    }

    /// Whether there has been an error.
    #[must_use]
    pub fn have_error(&self) -> bool {
        self.first_error.is_some()
    }

    /// The result of the run, after all have ended.
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
