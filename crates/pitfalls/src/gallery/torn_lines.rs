//! `lines()` on a file that grows.
//!
//! **Shows as** a line cut in two: the half that was there, and later the rest as a line of its own.
//!
//! **Why:** `next_line` takes the end of the file for the end of the line. But the writer of a log may be in the middle
//! of a line.
//!
//! **Right:** cut at newlines yourself and keep the rest: `merge_core::Input::read_lines`.
//!
//! **Source:** `tokio::io::Lines`; jmagnuson/linemux issue 50, hpcloud/tail issue 35.

use std::time::Duration;

use merge_core::{Input, Chunk, Output, Result, Summary};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc::Sender;
use tokio::time::timeout;
use stage_parts::{QUEUE, block_on, input_error, run_tasks_with, send};

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, QUEUE, tail_lines))
}

async fn tail_lines(input: Input, interval: Duration, queue: Sender<Chunk>) -> Result<()> {
    let file = File::open(input.path()).await.map_err(input_error(&input))?;
    let mut lines = BufReader::new(file).lines();
    loop {
        let closed = input.closer().is_closed();
        match lines.next_line().await.map_err(input_error(&input))? {
            // The mistake: this may be half a line.
            Some(line) => send(&queue, format!("{line}\n").into_bytes()).await?,
            None if closed => return Ok(()),
            None => drop(timeout(interval, input.closed()).await),
        }
    }
}
