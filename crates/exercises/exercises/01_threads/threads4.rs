//! # Hear who ends first
//!
//! Goal: write the fan-in. One place receives the result of each follower, in the order in which they end, so that the
//! first error closes all other inputs.
//!
//! You will need a channel of the crate `crossbeam_channel`. `FanIn::add` takes a `Result<()>`, and
//! `MergeError::ended_early(Some(panic))` makes an error of what `catch_unwind` returns after a panic.
//!
//! Minutes: 20
//!
//! Chapter: docs/src/stage-1.md, up to "The tail"
//!
//! When it works: all tests pass. The fourth input fails, the output is full, or a follower panics: each time the run
//! ends at once, with the error, although the other followers would go on for ever.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use exercises::stage1::tail_file;
use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};

/// Merges `inputs` into `output` until all of them are closed. Blocks until then.
///
/// The first error of any follower, or a panic of one, closes all inputs. The run returns it when all have ended.
fn run_threads(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    // Collects the result of each follower. The first error that is added closes all inputs.
    let mut fan_in = FanIn::new(&inputs, &output);
    let output = Mutex::new(output);
    let write = |chunk: Chunk| match output.lock() {
        Ok(mut output) => output.write(&chunk),
        Err(_poisoned) => Err(MergeError::OutputGone),
    };

    thread::scope(|scope| {
        // Fan-out: a thread per input.
        for input in inputs {
            let mut write = &write;
            let follow = move || {
                let followed = catch_unwind(AssertUnwindSafe(|| tail_file(input, interval, &mut write)));
                // TODO: this drops the follower's result. Send it to the fan-in, also after a panic, which
                // `MergeError::ended_early` turns into an error.
                drop(followed);
            };
            if let Err(error) = thread::Builder::new().name("follower".into()).spawn_scoped(scope, follow) {
                fan_in.add(Err(MergeError::Start(error)));
                break;
            }
        }

        // TODO: the fan-in. Pass each result to `fan_in.add` as soon as it comes.
        // A thread may not start, as above: then there are fewer results than inputs.
    });
    fan_in.finish()
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    crate::run_threads;
    #[test]
    one_input_is_copied
    #[test]
    no_inputs_make_an_empty_output
    #[test]
    a_file_closed_early_ends_while_the_others_go_on
    #[test]
    an_input_that_fails_ends_the_run_and_the_others_are_merged
    #[test]
    an_output_that_fails_ends_idle_followers
    #[test]
    an_output_that_fails_ends_busy_followers
    #[test]
    a_panic_is_an_error
}
