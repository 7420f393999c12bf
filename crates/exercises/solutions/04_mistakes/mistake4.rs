//! # Mistake 4: after the failure
//!
//! Goal: the top below should end with the output's own error when the output fails, whatever its followers are doing
//! at that moment. It has a mistake. Run `scripts/exercises test mistake4`, find the mistake from the report, write one
//! sentence of diagnosis at the first TODO, and fix it.
//!
//! Minutes: 20
//!
//! Chapter: docs/src/gallery.md, up to "All of them"
//!
//! When it works: all tests pass. An output that fails ends idle followers, and busy ones as well.
//!
//! # Why
//!
//! A `send` on a full queue returns when the receiver takes a message, or when the receiver is dropped. Here the writer
//! had failed, and the receiver lived on in the function that waited for the followers. Closing the inputs does not
//! help: a follower that waits in `send` does not look at its input. So the writer should own the receiver and drop it.
//!
//! `Receiver::close` works as well. But you must call it on every return path, and ownership does it for you.
//!
//! Usual half fixes: a writer that empties the queue before it returns its error, so that the inputs are not closed; to
//! await the writer first and then the followers, so that the error of an input is not seen; a longer queue, which is
//! full later.

use std::time::Duration;

use exercises::stage3::tail_async;
use exercises::stage4::{QUEUE, send};
use merge_core::{Chunk, Closer, FanIn, Input, MergeError, Output, Result, Summary};
use tokio::join;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};

// What was wrong: the receiver outlived the writer, so the followers waited for room in a queue that was never emptied.

/// Merges `inputs` into `output` until all of them are closed.
///
/// Returns the first error of any input or of the output. By then all followers have ended.
async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
    let (queue, chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();
    for input in inputs {
        let queue = queue.clone();
        tasks.spawn(tail_async(input, interval, async move |chunk| send(&queue, chunk).await));
    }
    drop(queue);

    let write = async {
        let written = write_all(chunks, output).await;
        // If the output has failed, followers may be asleep.
        closers.iter().for_each(Closer::close);
        written
    };
    let follow = async {
        while let Some(ended) = tasks.join_next().await {
            fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
        }
    };
    let (written, ()) = join!(write, follow);
    fan_in.add(written);
    fan_in.finish()
}

/// Writes all chunks, on the blocking pool, until the last sender is gone or the output fails.
async fn write_all(mut chunks: mpsc::Receiver<Chunk>, mut output: Output) -> Result<()> {
    while let Some(chunk) = chunks.recv().await {
        let write = move || output.write(&chunk).map(|()| output);
        let written = spawn_blocking(write).await;
        output = written.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))??;
    }
    Ok(())
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| ::exercises::stage4::block_on(crate::run_tasks(inputs, interval, output));
    #[test]
    one_input_is_copied
    #[test]
    an_input_that_fails_ends_the_run_and_the_others_are_merged
    #[test]
    an_output_that_fails_ends_idle_followers
    #[test]
    an_output_that_fails_ends_busy_followers
    #[test]
    the_run_returns_only_when_the_output_is_complete
    #[test]
    a_slow_output_holds_the_followers_back
}
