//! # Async to the top
//!
//! Goal: write the async top over the async session, `exercises::guessing::session_async`. You write all of it.
//!
//! You will need `session_async(socket, &room).await`, which returns an `io::Result<Ended>`, `report.add(ended)`, which takes
//! that, and `room.stop.stopped().await`, which ends when the server is stopped.
//!
//! Minutes: 20
//!
//! Chapter: docs/src/stage-4.md, up to "How it ends"
//!
//! When it works: all tests pass on a runtime with a single thread. Six hundred sessions share it, and none of
//! them holds up another. No session can end the server, and the report counts every one.

use std::io;
use std::sync::Arc;

use exercises::guessing::{Report, Room};
use tokio::net::TcpListener;

/// Serves clients until the server is stopped, and returns when all sessions have ended.
async fn serve_tasks(listener: TcpListener, room: Arc<Room>) -> io::Result<Report> {
    // TODO: all of it.
    let _ = (listener, room);
    Ok(Report::default())
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::exercises::guessing::suite! {
    |listener, room| ::exercises::guessing::on_one_thread(listener, |listener| crate::serve_tasks(listener, room));
    #[test]
    a_transcript_comes_back_byte_for_byte
    #[test]
    a_client_is_served_beside_a_silent_one
    #[test]
    six_hundred_sessions_are_open_at_once
    #[test]
    a_client_that_does_not_read_holds_up_nobody
    #[test]
    a_client_that_goes_away_half_way_harms_nobody
    #[test]
    nonsense_ends_one_session_and_not_the_others
    #[test]
    the_stop_ends_a_session_whose_client_does_not_read
    #[test]
    a_stop_before_the_first_client_ends_the_server
    #[test]
    a_session_that_panics_ends_no_other
}
