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
//!
//! # Why
//!
//! A session blocks for as long as its client stays, so it belongs on the blocking pool and never on a worker. And
//! since it stays, the pool needs a thread for each: 512 are too few for `SEATS` sessions, and the others wait in a
//! queue, without an error. The socket crosses the bridge as well: tokio has put it into nonblocking mode, and the
//! blocking session needs blocking mode. The `JoinSet` is joined to its end, because the server has not ended before
//! its sessions have, and because their results are the report.
//!
//! Usual wrong answers: the default pool; `into_std` without `set_nonblocking(false)`; `spawn_blocking(…).await` in the
//! accept loop, which is one client at a time; to return at the stop without joining.

use std::io;
use std::net;
use std::sync::Arc;

use exercises::guessing::{Report, Room, SEATS, session};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::select;
use tokio::task::JoinSet;

/// The entry point. Blocks until the server is stopped.
fn serve(listener: net::TcpListener, room: Arc<Room>) -> io::Result<Report> {
    // A session keeps its thread until its client leaves.
    let runtime = Builder::new_multi_thread().max_blocking_threads(SEATS).enable_all().build()?;
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
    let mut report = Report::default();
    let mut sessions = JoinSet::new();
    loop {
        select! {
            () = room.stop.stopped() => break,
            // As they end, because a server may run for long. A session that has panicked is one that has ended.
            Some(ended) = sessions.join_next() => report.add(ended.unwrap_or_else(|panic| Err(panic.into()))),
            accepted = listener.accept() => {
                let (socket, _) = accepted?;
                let socket = socket.into_std()?;
                socket.set_nonblocking(false)?;
                let room = Arc::clone(&room);
                sessions.spawn_blocking(move || session(socket, &room));
            }
        }
    }
    while let Some(ended) = sessions.join_next().await {
        report.add(ended.unwrap_or_else(|panic| Err(panic.into())));
    }
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
