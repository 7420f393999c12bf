//! # An async session behind a facade
//!
//! Goal: write the session as an `async fn`, and the blocking facade that lets the threaded top run it. The top, the
//! rules and the stop stay as they are.
//!
//! Minutes: 25
//!
//! Chapter: docs/src/stage-3.md, up to "One runtime or many?"
//!
//! When it works: all tests pass, and the threaded top does not know that its sessions are async now. No part of
//! a request is lost when a client is asked `still there?`. The stop ends every session, wherever it waits.
//!
//! # Why
//!
//! The session waits for three things at once. Each `select!` drops the branches that lose, so ask for each branch what
//! is lost with it. `read_until` keeps its half in `request`, outside the branch: it can be called again. The stop is
//! outside, around the whole talk, because a session can also wait in a write. There the talk may be dropped: the
//! session ends anyway. The facade blocks its own thread. A socket is registered with the runtime in which it is
//! created, so `from_std` is inside `block_on`.
//!
//! Usual wrong answers: `read_line` in `select!`, which loses its half; the stop beside the read only; the score board
//! locked across an `.await`; `from_std` outside the runtime.

use std::io;
use std::net;
use std::sync::Arc;

use exercises::guessing::{Answer, Ended, Game, Report, Room, STILL_THERE, serve_threads};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::select;
use tokio::time::sleep;

/// The entry point: the threaded top, as it is, over the facade.
fn serve(listener: net::TcpListener, room: Arc<Room>) -> io::Result<Report> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    serve_threads(listener, &room, |socket, room| session(&runtime, socket, room))
}

/// [`session_async`] behind the signature of the blocking session: blocks the thread it runs on until the session has
/// ended.
fn session(runtime: &Runtime, socket: net::TcpStream, room: &Room) -> io::Result<Ended> {
    socket.set_nonblocking(true)?;
    runtime.block_on(async {
        let socket = TcpStream::from_std(socket)?;
        session_async(socket, room).await
    })
}

/// The async session: serves one client until it leaves, or the server is stopped. Blocks no runtime worker.
async fn session_async(socket: TcpStream, room: &Room) -> io::Result<Ended> {
    select! {
        ended = talk(socket, room) => ended,
        // Wherever the talk waits, also in a write to a client that does not read.
        () = room.stop.stopped() => Ok(Ended::Left),
    }
}

async fn talk(mut socket: TcpStream, room: &Room) -> io::Result<Ended> {
    let (requests, mut replies) = socket.split();
    let mut requests = BufReader::new(requests);
    let mut game = Game::default();
    let mut request = Vec::new();
    loop {
        select! {
            read = requests.read_until(b'\n', &mut request) => read?,
            // Half a request may have come: it stays in `request`.
            () = sleep(room.idle) => {
                replies.write_all(STILL_THERE.as_bytes()).await?;
                continue;
            }
        };
        if !request.ends_with(b"\n") {
            return Ok(Ended::Left);
        }
        let answer = game.answer(&request, &mut room.board());
        request.clear();
        match answer {
            Answer::Reply(text) => replies.write_all(text.as_bytes()).await?,
            Answer::Last(text, ended) => {
                replies.write_all(text.as_bytes()).await?;
                return Ok(ended);
            }
        }
    }
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::exercises::guessing::suite! {
    crate::serve;
    #[test]
    a_transcript_comes_back_byte_for_byte
    #[test]
    requests_in_one_piece_are_answered_one_by_one
    #[test]
    a_client_that_is_asked_half_way_loses_nothing
    #[test]
    a_client_that_does_not_read_holds_up_nobody
    #[test]
    a_client_that_goes_away_half_way_harms_nobody
    #[test]
    the_stop_ends_open_sessions
    #[test]
    the_stop_ends_a_session_whose_client_does_not_read
    #[test]
    a_request_that_is_no_text_is_refused
}
