//! # Who fails first is heard first
//!
//! Goal: write the fan-out and the fan-in of `run_tasks`. Each input gets a task, and the first error ends the whole
//! run: all inputs are closed, and all tasks are awaited.
//!
//! You will need `exercises::stage3::tail_async(input, interval, write).await`, where `write` is an `async move` closure
//! that owns its sender. It takes a chunk and returns a `Result<()>`.
//!
//! Minutes: 20
//!
//! Chapter: docs/src/stage-4.md, up to "The code"
//!
//! When it works: all tests pass. The last of four inputs fails, the run ends with its error, and what the other
//! three held is in the output.

use std::time::Duration;

use merge_core::{Chunk, FanIn, Input, Output, Result, Summary};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How many chunks may wait for the writer. When the queue is full, the followers wait.
const QUEUE: usize = 16;

/// Merges `inputs` into `output` until all of them are closed.
///
/// Returns the first error of any input or of the output, or a panic. By then all followers have ended.
async fn run_tasks(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    // `FanIn::add` takes the result of one task, and closes all inputs at the first error.
    let fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::<Result<()>>::new();

    // The one writer. It ends when the last sender is gone.
    tasks.spawn_blocking(move || {
        while let Some(chunk) = chunks.blocking_recv() {
            output.write(&chunk)?;
        }
        Ok(())
    });

    // TODO: fan-out. Start a task per input that runs `exercises::stage3::tail_async` and sends its lines to the writer.
    // If the writer is gone, return `MergeError::OutputGone`.
    let _ = (interval, queue);

    // TODO: fan-in. Pass the result of each task to `fan_in` as soon as it ends. A panic is `MergeError::ended_early`.
    fan_in.finish()
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| ::exercises::stage4::block_on(crate::run_tasks(inputs, interval, output));
    #[test]
    one_input_is_copied
    #[test]
    a_file_closed_early_ends_while_the_others_go_on
    #[test]
    six_hundred_inputs_are_all_followed_at_once
    #[test]
    an_input_that_fails_ends_the_run_and_the_others_are_merged
    #[test]
    an_output_that_fails_ends_idle_followers
    #[test]
    a_panic_is_an_error
    #[test]
    a_slow_output_holds_the_followers_back
    #[test]
    a_run_whose_output_stands_still_holds_up_no_other_run
}

#[test]
fn an_output_that_fails_ends_the_reading() {
    ::exercises::again!();
    ::exercises::bottom_up::an_output_that_fails_ends_the_reading(|inputs, interval, output| {
        ::exercises::stage4::block_on(crate::run_tasks(inputs, interval, output))
    });
}
