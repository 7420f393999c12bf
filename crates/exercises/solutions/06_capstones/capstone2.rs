//! # Merge by time stamp
//!
//! Goal: let the lines come out in the order of their time stamps. Each line begins with a number, its stamp. The first
//! lines of `crates/exercises/src/stamps.rs` define the order in four points; read them first.
//!
//! Minutes: 100
//!
//! Chapter: docs/src/stage-4.md, up to "How it ends"
//!
//! When it works: all tests pass. Lines that were written in any order come out in the order of their stamps, an
//! input that is open and silent holds the others back, and while it does, they stop reading.
//!
//! # Why
//!
//! Each input has a queue of its own: the merge must be able to wait for *that* input, and a full queue must stop
//! *that* follower and no other. The heap holds one entry for each input that has a line waiting. After a line is
//! taken, only its input has to be asked again, and if that input is silent, everything waits for it. This wait makes
//! the order right, and the bounded queues make it cheap: the other lines wait in their files.
//!
//! Nothing else is shared between the followers. If they shared a limit, the busy ones would use it up and wait, and
//! the silent one could not hand over the line that they all wait for.
//!
//! The entry holds the input's number, so that equal times come in the order of the inputs, and `Reverse`, because a
//! `BinaryHeap` returns the greatest first. The greatest stamp so far, which the order mentions, need not be kept: the
//! line that was taken was the earliest of all, so a line after it with a smaller stamp, or with none, is the next.
//!
//! Lines are written in batches, and the batch is written before any wait: no line stays in a buffer that could be out.
//!
//! This gives up promise 7 of the contract: a line may have to wait for another input for ever. A program for daily use
//! would ignore an input that is silent for some seconds, and define what happens to a line that comes too late.
//!
//! Usual wrong answers: one limit for all followers; queues without a bound; a batch that is not written before a wait;
//! to go on without the input that is silent; to sort the lines that have come so far.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use exercises::stage3::tail_async;
use exercises::stamps::stamp;
use merge_core::{Chunk, FanIn, Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinSet;

/// How many chunks of one input may wait for the writer. With the chunk that the writer takes lines from and the chunk
/// that the follower hands over, an input holds three.
const QUEUE: usize = 1;
/// How many bytes of lines are written at once, at most; a longer line is written whole.
const BATCH: usize = 64 * 1024;

/// The lines of one input that wait to be written.
struct Waiting {
    chunks: Receiver<Chunk>,
    /// The chunk that lines are taken from, and how much of it has been taken.
    chunk: Chunk,
    taken: usize,
}

impl Waiting {
    fn new(chunks: Receiver<Chunk>) -> Self {
        Self { chunks, chunk: Vec::new().into(), taken: 0 }
    }

    /// Whether the next line has yet to come.
    fn is_used_up(&self) -> bool {
        self.taken == self.chunk.len()
    }

    /// The stamp of the next line; `None` when the input has ended. Blocks until one of the two is known.
    ///
    /// A line without a stamp counts as the earliest of all, so that it comes right after the line before it.
    fn next_stamp(&mut self) -> Option<u64> {
        if self.is_used_up() {
            self.chunk = self.chunks.blocking_recv()?;
            self.taken = 0;
        }
        Some(stamp(&self.chunk[self.taken..]).unwrap_or(0))
    }

    fn take_line(&mut self) -> &[u8] {
        let rest = &self.chunk[self.taken..];
        let end = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |newline| newline + 1);
        self.taken += end;
        &rest[..end]
    }
}

/// Writes the lines of all inputs, the earliest first, until the inputs have ended. Blocks.
fn write_in_order(mut inputs: Vec<Waiting>, mut output: Output) -> Result<()> {
    // Each input that has a line waiting, by the stamp of that line, then by its own number.
    let mut waiting = BinaryHeap::new();
    for (number, input) in inputs.iter_mut().enumerate() {
        waiting.extend(input.next_stamp().map(|stamp| Reverse((stamp, number))));
    }
    let mut batch = Vec::new();
    while let Some(Reverse((_, number))) = waiting.pop() {
        let input = &mut inputs[number];
        batch.extend_from_slice(input.take_line());
        // The next line may take long, so the batch is written now.
        if input.is_used_up() || batch.len() >= BATCH {
            output.write(&batch)?;
            batch.clear();
        }
        waiting.extend(input.next_stamp().map(|stamp| Reverse((stamp, number))));
    }
    Ok(())
}

/// Merges `inputs` into `output` until all of them are closed, in the order of their lines' times.
async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &output);
    let mut tasks = JoinSet::new();
    let mut waiting = Vec::new();

    // Fan-out: a task per input, each with a queue of its own.
    for input in inputs {
        let (queue, chunks) = mpsc::channel(QUEUE);
        waiting.push(Waiting::new(chunks));
        // A full queue stops this follower and no other: the writer may be waiting for one of the others.
        let write_async = async move |chunk| queue.send(chunk).await.map_err(|_| MergeError::OutputGone);
        tasks.spawn(tail_async(input, interval, write_async));
    }

    // The one writer.
    tasks.spawn_blocking(move || write_in_order(waiting, output));

    // Fan-in: the first to end is the first to be joined; the writer is the last.
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    fan_in.finish()
}

fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let runtime = Builder::new_multi_thread().enable_time().build().map_err(MergeError::Start)?;
    runtime.block_on(run_tasks(inputs, interval, output))
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    crate::merge;
    #[test]
    one_input_is_copied
    #[test]
    closed_before_the_run_it_merges_what_is_there_and_returns
    #[test]
    an_output_that_fails_ends_busy_followers
}

#[test]
fn lines_come_out_in_the_order_of_their_stamps() {
    ::exercises::again!();
    ::exercises::stamps::lines_come_out_in_the_order_of_their_stamps(merge);
}

#[test]
fn a_silent_input_holds_the_later_lines_back() {
    ::exercises::again!();
    ::exercises::stamps::a_silent_input_holds_the_later_lines_back(merge);
}

#[test]
fn equal_times_come_in_the_order_of_the_inputs() {
    ::exercises::again!();
    ::exercises::stamps::equal_times_come_in_the_order_of_the_inputs(merge);
}

#[test]
fn nine_inputs_wait_for_each_other() {
    ::exercises::again!();
    ::exercises::stamps::nine_inputs_wait_for_each_other(merge);
}

#[test]
fn a_silent_input_does_not_make_the_others_pile_up() {
    ::exercises::again!();
    ::exercises::stamps::a_silent_input_does_not_make_the_others_pile_up(merge);
}
