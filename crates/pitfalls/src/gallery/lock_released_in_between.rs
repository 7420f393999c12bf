//! The lock is released between the two halves of a write.
//!
//! **Shows as** torn lines, and only under load: a second follower has to write in the gap.
//!
//! **Why:** a mutex protects only what happens while its guard is held. Each of the two calls is safe, and the two
//! together are not.
//!
//! **Right:** one guard over everything that must not be interrupted, as in `stage1::run_threads`; or one owner and no
//! lock, as from stage 2 on.
//!
//! **Source:** the article's `Lock` around `output.write`.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use merge_core::{FanIn, Input, Chunk, Output, Result, Summary};
use stage1::tail_file;

/// Stage 1 with this mistake.
///
/// # Errors
///
/// As `stage1::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let output = Mutex::new(output);
    let write_half = |half: &[u8]| output.lock().unwrap_or_else(PoisonError::into_inner).write(half);
    let write = |chunk: Chunk| {
        let (first, second) = chunk.split_at(chunk.len() / 2);
        write_half(first)?;
        // The mistake: here another follower can write.
        thread::yield_now();
        write_half(second)
    };
    thread::scope(|scope| {
        let follow = |input| scope.spawn(move || tail_file(input, interval, &mut { write }));
        let followers: Vec<_> = inputs.into_iter().map(follow).collect();
        for follower in followers {
            fan_in.add(follower.join().unwrap_or(Ok(())));
        }
    });
    fan_in.finish()
}
