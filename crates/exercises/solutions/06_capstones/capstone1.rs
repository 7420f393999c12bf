//! # Labels, in one place
//!
//! Goal: write each line's input before it, as `web.log: GET /`. The label is the file name, a colon and a space. Find
//! the one place where this belongs: it serves the threads of stage 1 and the tasks of stage 4, and neither a tail nor
//! a top changes for it.
//!
//! Minutes: 60
//!
//! Chapter: docs/src/stage-1.md, up to "Structure"
//!
//! When it works: all tests pass. They check every label and remove it; the rest must be the merge as you know it,
//! from threads and from tasks. A million short lines take no more memory than a few: no write is longer than 1 MiB,
//! where it is more than one line.
//!
//! # Why
//!
//! The top knows all inputs but sees no lines. The queue and the output see lines but not their inputs. Only between a
//! tail and its `write` are both known. Every stage has that seam, because it made the stages possible. So the label is
//! a step between the two: a tail that calls another tail with another `write`. One type makes the labels. It never
//! waits, so it is neither blocking nor async; the two entry points only differ in how they wait.
//!
//! A chunk has up to 512 KiB. If its lines are empty and the name is long, the labels make it a hundred times as long.
//! So it is handed on in pieces of whole lines, and the queue bounds the memory.
//!
//! Usual wrong answers: one label for each chunk; the label in a write of its own, which tears the line; the whole
//! chunk in one piece; a `String`, which changes bytes that are not UTF-8; labels in the output, which cannot know them
//! unless the queue, the top and the contract all change.

use std::iter;
use std::time::Duration;

use exercises::stage1::{run_threads, tail_file};
use exercises::stage3::tail_async;
use exercises::stage4::{QUEUE, run_tasks_with, send};
use merge_core::{Chunk, Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;

/// How long a piece of labelled lines may become, in bytes, if it has more than one line.
const PIECE: usize = 256 * 1024;

/// The text before each line of one input.
struct Label(Vec<u8>);

impl Label {
    fn of(input: &Input) -> Self {
        let name = input.path().file_name().unwrap_or_default();
        Self([name.as_encoded_bytes(), b": "].concat())
    }

    /// The lines of a chunk, each after its label, in pieces of a few lines.
    fn before_each(&self, chunk: &[u8]) -> impl Iterator<Item = Chunk> {
        let mut lines = chunk.split_inclusive(|&byte| byte == b'\n').peekable();
        iter::from_fn(move || {
            let mut piece = Vec::new();
            let fits = |piece: &[u8], line: &[u8]| piece.len() + self.0.len() + line.len() <= PIECE;
            while let Some(line) = lines.next_if(|line| piece.is_empty() || fits(&piece, line)) {
                piece.extend_from_slice(&self.0);
                piece.extend_from_slice(line);
            }
            (!piece.is_empty()).then(|| piece.into())
        })
    }
}

/// Stage 1.
fn merge_threads(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |input, interval, write| {
        let label = Label::of(&input);
        tail_file(input, interval, &mut |chunk| label.before_each(&chunk).try_for_each(&mut *write))
    })
}

/// Stage 4.
fn merge_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let runtime = Builder::new_multi_thread().enable_time().build().map_err(MergeError::Start)?;
    runtime.block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        let label = Label::of(&input);
        tail_async(input, interval, async move |chunk| {
            for piece in label.before_each(&chunk) {
                send(&queue, piece).await?;
            }
            Ok(())
        })
    }))
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| ::exercises::labels::taken_off(crate::merge_threads, inputs, interval, output);
    #[test]
    one_input_is_copied
    #[test]
    a_line_written_in_two_halves_stays_whole
    #[test]
    a_line_of_16_mib_stays_whole
}

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| ::exercises::labels::taken_off(crate::merge_tasks, inputs, interval, output);
    #[test]
    a_last_line_without_newline_waits_and_is_ended_at_close
    #[test]
    bytes_pass_unchanged
    #[test]
    a_slow_output_holds_the_followers_back
}

#[test]
fn each_label_is_that_of_the_line_s_input() {
    ::exercises::again!();
    ::exercises::labels::each_label_is_that_of_the_line_s_input(merge_threads);
    ::exercises::labels::each_label_is_that_of_the_line_s_input(merge_tasks);
}

#[test]
fn empty_lines_do_not_grow_into_one_huge_write() {
    ::exercises::again!();
    ::exercises::labels::empty_lines_do_not_grow_into_one_huge_write(merge_threads);
    ::exercises::labels::empty_lines_do_not_grow_into_one_huge_write(merge_tasks);
}
