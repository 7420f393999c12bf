//! A read that is not cancel safe in `select!`.
//!
//! **Shows as** a line without its beginning: the half that had been read is lost.
//!
//! **Why:** `select!` drops the branches that lose. `read_until` had already moved half a line from the reader into a
//! buffer, and the next iteration of the loop drops that buffer.
//!
//! **Right:** a buffer that lives outside the loop, or only cancel safe calls inside `select!`. In `stage3::tail_async`
//! the two branches are a sleep and a close signal, and neither of them holds data.
//!
//! **Source:** `tokio::io::AsyncBufReadExt::read_line` on cancel safety; google/comprehensive-rust issue 713.

use std::time::Duration;

use merge_core::{Input, Chunk, Output, Result, Summary};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, BufReader, DuplexStream, copy, duplex};
use tokio::sync::mpsc::Sender;
use tokio::time::{sleep, timeout};
use tokio::{select, try_join};
use stage_parts::{QUEUE, block_on, input_error, run_tasks_with, send};

/// Stage 4 with this mistake.
///
/// # Errors
///
/// As `stage4::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, QUEUE, tail_select))
}

async fn tail_select(input: Input, interval: Duration, queue: Sender<Chunk>) -> Result<()> {
    let (bytes, pipe) = duplex(8192);
    try_join!(pump(&input, interval, bytes), cut_lines(&input, interval, pipe, queue))?;
    Ok(())
}

async fn cut_lines(input: &Input, interval: Duration, pipe: DuplexStream, queue: Sender<Chunk>) -> Result<()> {
    let mut pipe = BufReader::new(pipe);
    loop {
        // The mistake: this buffer lives as long as one turn of the loop.
        let mut line = Vec::new();
        let read = select! {
            read = pipe.read_until(b'\n', &mut line) => read.map_err(input_error(input))?,
            // Any other work that the task has.
            () = sleep(interval) => continue,
        };
        if read == 0 {
            return Ok(());
        }
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        send(&queue, line).await?;
    }
}

/// Sends what is appended to the file into `bytes`, as a socket would, until the input is closed.
async fn pump(input: &Input, interval: Duration, mut bytes: DuplexStream) -> Result<()> {
    let mut file = File::open(input.path()).await.map_err(input_error(input))?;
    loop {
        let closed = input.closer().is_closed();
        let came = copy(&mut file, &mut bytes).await.map_err(input_error(input))?;
        if came == 0 && closed {
            return Ok(());
        } else if came == 0 {
            let _ = timeout(interval, input.closed()).await;
        }
    }
}
