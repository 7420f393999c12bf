//! The blocking top: a thread per input, a mutex around the output.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use crossbeam_channel::unbounded;
use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};

/// Merges `inputs` into `output` until all of them are closed; the article's `run_threads`.
///
/// Blocks until then. `tail` follows one input; it is an argument so that stage 3 can bring its own.
///
/// # Errors
///
/// The first error of any input or of the output, or a panic of `tail`. By then all followers have ended.
pub fn run_threads(
    inputs: Vec<Input>,
    interval: Duration,
    output: Output,
    tail: impl Fn(Input, Duration, &mut dyn FnMut(Chunk) -> Result<()>) -> Result<()> + Sync,
) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let output = Mutex::new(output);
    let write = |chunk: Chunk| match output.lock() {
        Ok(mut output) => output.write(&chunk),
        Err(_poisoned) => Err(MergeError::OutputGone),
    };
    // At most one message per follower.
    let (ended, all_ended) = unbounded();

    thread::scope(|scope| {
        // Fan-out: a thread per input.
        for input in inputs {
            let (tail, mut write, ended) = (&tail, &write, ended.clone());
            let follow = move || {
                let followed = catch_unwind(AssertUnwindSafe(|| tail(input, interval, &mut write)));
                // The receiver is gone only if the top itself has panicked.
                let _ = ended.send(followed.unwrap_or_else(|panic| Err(MergeError::ended_early(Some(panic)))));
            };
            if let Err(error) = thread::Builder::new().name("follower".into()).spawn_scoped(scope, follow) {
                fan_in.add(Err(MergeError::Start(error)));
                break;
            }
        }
        // The last follower must hold the last sender, or the loop below would never end.
        drop(ended);

        // Fan-in: the first to end is the first to be heard.
        for followed in all_ended {
            fan_in.add(followed);
        }
    });
    fan_in.finish()
}
