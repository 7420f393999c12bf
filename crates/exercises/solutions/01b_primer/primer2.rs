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
//!
//! # Why
//!
//! A future that is dropped takes its variables with it. What must survive the drop belongs to somebody who is not dropped:
//! here to the loop, which lends it to each read. The next read goes on where the last one stopped. A single `read_u8` has
//! either read its byte or not; there is no half of it.
//!
//! A function is *cancel safe* when its future can be dropped at any `.await` and nothing is lost. Its documentation must
//! say so, because its signature does not. In tokio, `recv` of a channel is cancel safe, and `read_exact` is not.
//!
//! There are two other ways. Pin the read outside of the loop and hand `&mut read` to `select!`: then it is never dropped.
//! Or read in a task of its own that sends whole lines through a channel.
//!
//! Usual wrong answers: `biased`, which changes only who is asked first; to read the line to its end before looking for
//! pings; a `BufReader` in the loop, which is dropped with all that it has read ahead.

use std::io;
use std::mem;

use exercises::primer::Ping;
use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::select;
use tokio::sync::mpsc::Receiver;

/// Reads the next line into `line`, with its newline. At the end of the stream it returns an error.
///
/// Cancel safe: dropped half way, it leaves in `line` what it has read, and the next call goes on from there.
async fn read_line(stream: &mut DuplexStream, line: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let byte = stream.read_u8().await?;
        line.push(byte);
        if byte == b'\n' {
            return Ok(());
        }
    }
}

/// Collects the lines of `stream` until it ends. Meanwhile it answers each ping with the number of lines so far.
async fn serve(mut stream: DuplexStream, mut pings: Receiver<Ping>) -> Vec<Vec<u8>> {
    let (mut lines, mut line) = (Vec::new(), Vec::new());
    loop {
        select! {
            read = read_line(&mut stream, &mut line) => match read {
                Ok(()) => lines.push(mem::take(&mut line)),
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
