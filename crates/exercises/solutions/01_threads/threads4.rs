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
//!
//! # Why
//!
//! `join` waits for one thread. While the first follower goes on, the fan-in does not notice that the fourth has
//! failed. With a channel, each follower sends its result when it ends, and the fan-in receives the first result first.
//! `FanIn::add` then closes all inputs, and the other results follow.
//!
//! The loop ends when the last sender has been dropped. So drop the sender that was cloned when all followers have
//! their own. A panic is a result too: catch it, turn it into an error and send it, or the fan-in never learns of it.
//!
//! Usual wrong answers: `join` in the order of the start; to collect all results before the first is added; to forget
//! the first sender; to send nothing after a panic; to wait for as many results as there are inputs, although the system
//! may refuse a thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use crossbeam_channel::unbounded;
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
    // At most one message per follower.
    let (ended, all_ended) = unbounded();

    thread::scope(|scope| {
        // Fan-out: a thread per input.
        for input in inputs {
            let (mut write, ended) = (&write, ended.clone());
            let follow = move || {
                let followed = catch_unwind(AssertUnwindSafe(|| tail_file(input, interval, &mut write)));
                let followed = followed.unwrap_or_else(|panic| Err(MergeError::ended_early(Some(panic))));
                // The receiver is gone only if the top itself has panicked.
                let _ = ended.send(followed);
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
