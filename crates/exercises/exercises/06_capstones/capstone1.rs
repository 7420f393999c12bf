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

use std::time::Duration;

use exercises::stage1::{run_threads, tail_file};
use exercises::stage3::tail_async;
use exercises::stage4::{QUEUE, run_tasks_with, send};
use merge_core::{Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;

/// Stage 1.
fn merge_threads(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    // TODO: label the lines of each input.
    run_threads(inputs, interval, output, tail_file)
}

/// Stage 4.
fn merge_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let runtime = Builder::new_multi_thread().enable_time().build().map_err(MergeError::Start)?;
    // TODO: and here. The code that makes a label and puts it before a line should be in one place for both.
    runtime.block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_async(input, interval, async move |chunk| send(&queue, chunk).await)
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
