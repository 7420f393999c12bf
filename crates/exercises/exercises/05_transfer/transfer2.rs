//! # The bridge under a server
//!
//! Goal: write the async top over the blocking session. The loop accepts clients, but serves none. Run the session of
//! the threaded server, as it is, for each client. `SEATS` sessions may be open at once.
//!
//! You will need `session(socket: std::net::TcpStream, room: &Room) -> io::Result<Ended>`, which blocks, and
//! `report.add(ended)`, which takes its result. Both are in `exercises::guessing`, and so is the number `SEATS`.
//!
//! Minutes: 20
//!
//! Chapter: docs/src/stage-2.md, up to "Structure"
//!
//! When it works: all tests pass. Six hundred clients have open sessions at once, and the stop ends them all. The
//! report counts every session.

use std::io;
use std::net;
use std::sync::Arc;

use exercises::guessing::{Report, Room};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::select;

/// The entry point. Blocks until the server is stopped.
fn serve(listener: net::TcpListener, room: Arc<Room>) -> io::Result<Report> {
    // TODO: are there enough threads for `SEATS` sessions?
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        listener.set_nonblocking(true)?;
        serve_mixed(TcpListener::from_std(listener)?, Arc::clone(&room)).await
    });
    // The runtime waits for the threads of its pool: when the listener has failed, the sessions have to end as well.
    room.stop.stop();
    served
}

/// The async top: the blocking session on a thread of the blocking pool per client.
async fn serve_mixed(listener: TcpListener, room: Arc<Room>) -> io::Result<Report> {
    let report = Report::default();
    loop {
        select! {
            () = room.stop.stopped() => break,
            accepted = listener.accept() => {
                let (socket, _) = accepted?;
                // TODO: run `exercises::guessing::session(socket, room)`. It needs a socket in blocking mode.
                drop(socket);
            }
        }
    }
    // TODO: return when all sessions have ended, and add each result to the report.
    Ok(report)
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::exercises::guessing::suite! {
    crate::serve;
    #[test]
    a_transcript_comes_back_byte_for_byte
    #[test]
    a_client_is_served_beside_a_silent_one
    #[test]
    every_seat_can_be_taken
    #[test]
    every_guess_counts_once
    #[test]
    a_client_that_goes_away_half_way_harms_nobody
    #[test]
    nonsense_ends_one_session_and_not_the_others
    #[test]
    the_stop_ends_open_sessions
    #[test]
    a_stop_before_the_first_client_ends_the_server
    #[test]
    a_session_that_panics_ends_no_other
}
