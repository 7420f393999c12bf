//! # Dropped half way
//!
//! Goal: `select!` waits for several futures, and drops all but the first that completes. Make the server below keep
//! what a dropped read has read already.
//!
//! Minutes: 10
//!
//! Chapter: docs/src/primer.md, up to "Checkpoint"
//!
//! When it works: all tests pass. A ping that comes in the middle of a line is answered at once, and the line still comes
//! out whole.

use std::io;

use exercises::primer::Ping;
use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::select;
use tokio::sync::mpsc::Receiver;

/// Reads the next line, with its newline. At the end of the stream it returns an error.
async fn read_line(stream: &mut DuplexStream) -> io::Result<Vec<u8>> {
    // TODO: if this future is dropped at the `.await`, `line` is dropped with it. Where could `line` be kept instead?
    let mut line = Vec::new();
    loop {
        let byte = stream.read_u8().await?;
        line.push(byte);
        if byte == b'\n' {
            return Ok(line);
        }
    }
}

/// Collects the lines of `stream` until it ends. Meanwhile it answers each ping with the number of lines so far.
async fn serve(mut stream: DuplexStream, mut pings: Receiver<Ping>) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    loop {
        select! {
            line = read_line(&mut stream) => match line {
                Ok(line) => lines.push(line),
                Err(_end) => return lines,
            },
            Some(ping) = pings.recv() => {
                // The asker may have gone.
                let _ = ping.send(lines.len());
            }
        }
    }
}

fn main() {}

// The tests. Leave what follows as it is.

#[test]
fn a_ping_in_the_middle_of_a_line_loses_nothing() {
    ::exercises::again!();
    ::exercises::primer::a_ping_in_the_middle_of_a_line_loses_nothing(serve);
}

#[test]
fn lines_that_come_in_one_piece_are_all_there() {
    ::exercises::again!();
    ::exercises::primer::lines_that_come_in_one_piece_are_all_there(serve);
}
