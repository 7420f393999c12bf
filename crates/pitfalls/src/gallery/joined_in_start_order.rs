//! The threads are joined in the order of their start.
//!
//! **Shows as** a run that never ends: the last follower has failed, and the top does not notice, because it still
//! waits for the first one.
//!
//! **Why:** `join` waits for one thread. That follower ends when its input is closed, and the top closes the input when
//! it sees the error.
//!
//! **Right:** a channel that every follower sends its result to (`stage1::run_threads`), or `JoinSet::join_next` from
//! stage 2 on: the top then gets the results in the order in which the followers end.
//!
//! **Source:** the article's `for thread in threads: thread.join()`; `tokio::task::JoinSet`.

use std::thread;
use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, Output, Result, Summary};
use stage1::tail_file;
use std::sync::{Mutex, PoisonError};

/// Stage 1 with this mistake.
///
/// # Errors
///
/// As `stage1::merge`, if it returns.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let output = Mutex::new(output);
    let write = |chunk: Chunk| output.lock().unwrap_or_else(PoisonError::into_inner).write(&chunk);
    thread::scope(|scope| {
        let follow = |input| scope.spawn(move || tail_file(input, interval, &mut { write }));
        let followers: Vec<_> = inputs.into_iter().map(follow).collect();
        // The mistake: this waits for the first follower, even if another one has failed.
        for follower in followers {
            fan_in.add(follower.join().unwrap_or(Ok(())));
        }
    });
    fan_in.finish()
}
