//! A read that is not cancel safe in `select!`.
//!
//! **Shows as** a line without its beginning: the half that had been read is gone.
//!
//! **Why:** `select!` drops the branches that have not won. `read_until` had already taken half a line out of the
//! reader and into a buffer that is dropped with it.
//!
//! **Right:** a buffer that lives outside the loop, or only cancel safe calls inside `select!`. In
//! `stage3::tail_async` the two branches are a sleep and a close signal, and neither of them holds data.
//!
//! **Source:** `tokio::io::AsyncBufReadExt::read_line` on cancel safety; google/comprehensive-rust issue 713.

use std::time::Duration;

use merge_core::{Input, Lines, Output, Result, Summary};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc::Sender;
use tokio::task::yield_now;
use tokio::{select, time::timeout};

use crate::support::{block_on, input_error, run_tasks_with, send};

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, 16, tail_select))
}

async fn tail_select(input: Input, interval: Duration, queue: Sender<Lines>) -> Result<()> {
    let file = File::open(input.path()).await.map_err(input_error(&input))?;
    let mut file = BufReader::new(file);
    let mut unfinished: Vec<u8> = Vec::new();
    loop {
        let closed = input.closer().is_closed();
        // The mistake: this buffer lives as long as one turn of the loop.
        let mut piece = Vec::new();
        let read = select! {
            biased;
            read = file.read_until(b'\n', &mut piece) => read.map_err(input_error(&input))?,
            // Whatever else a task may have to do.
            () = yield_now() => continue,
        };
        unfinished.append(&mut piece);
        if unfinished.ends_with(b"\n") {
            send(&queue, std::mem::take(&mut unfinished)).await?;
        } else if read == 0 && closed {
            return Ok(());
        } else if read == 0 {
            let _ = timeout(interval, input.closed()).await;
        }
    }
}
