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

use std::io;
use std::net;
use std::sync::Arc;

use exercises::guessing::{Ended, Report, Room, serve_threads};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// The entry point: the threaded top, as it is, over the facade.
fn serve(listener: net::TcpListener, room: Arc<Room>) -> io::Result<Report> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    serve_threads(listener, &room, |socket, room| session(&runtime, socket, room))
}

/// [`session_async`] behind the signature of the blocking session: blocks the thread it runs on until the session has
/// ended.
fn session(runtime: &Runtime, socket: net::TcpStream, room: &Room) -> io::Result<Ended> {
    // TODO: run `session_async` to its end, on this thread. It needs a socket in nonblocking mode.
    let _ = (runtime, room);
    drop(socket);
    Ok(Ended::Left)
}

/// The async session: serves one client until it leaves, or the server is stopped. Blocks no runtime worker.
async fn session_async(socket: TcpStream, room: &Room) -> io::Result<Ended> {
    // TODO: do the same as `exercises::guessing::session` (crates/exercises/src/guessing/answer_of_transfer1.rs), but async. The
    // stop does not hang up the socket: await `room.stop.stopped()`.
    let _ = room;
    drop(socket);
    Ok(Ended::Left)
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
