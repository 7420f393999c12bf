//! The threads are joined in the order of their start.
//!
//! **Shows as** a run that never ends: the last follower has failed, and nobody hears it, because the first one is
//! still following.
//!
//! **Why:** `join` waits for one thread. A follower ends when its input is closed, and the input would be closed if
//! the error were seen.
//!
//! **Right:** a channel that every follower sends its end to (`stage1::run_threads`), or `JoinSet::join_next` from
//! stage 2 on: whoever ends first is heard first.
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
/// As `stage1::merge`, when it comes to that.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let output = Mutex::new(output);
    let write = |lines: Chunk| output.lock().unwrap_or_else(PoisonError::into_inner).write(&lines);
    thread::scope(|scope| {
        let follow = |input| scope.spawn(move || tail_file(input, interval, &mut { write }));
        let followers: Vec<_> = inputs.into_iter().map(follow).collect();
        // The mistake: the first follower is waited for, whoever has ended.
        for follower in followers {
            fan_in.add(follower.join().unwrap_or(Ok(())));
        }
    });
    fan_in.finish()
}
