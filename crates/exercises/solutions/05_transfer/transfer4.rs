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
//!
//! # Why
//!
//! A session is a task, and waits without a thread, so one thread runs them all, as long as none of them blocks it. The
//! `JoinSet` owns the tasks: it is joined as they end, so that it does not grow, and to its end after the stop, so that
//! no session is cancelled and every result is in the report. The error of a connection is a result like any other: it
//! goes into the report. Only a panic, which is the error of the join, is returned.
//!
//! Usual wrong answers: to await a session where the next client should be accepted; `tokio::spawn` with the handle
//! dropped; `??`, with which one broken connection ends the server; the blocking session in a task.

use std::io;
use std::sync::Arc;

use exercises::guessing::{Report, Room, session_async};
use tokio::net::TcpListener;
use tokio::select;
use tokio::task::JoinSet;

/// Serves clients until the server is stopped, and returns when all sessions have ended.
async fn serve_tasks(listener: TcpListener, room: Arc<Room>) -> io::Result<Report> {
    let mut report = Report::default();
    let mut sessions = JoinSet::new();
    loop {
        select! {
            () = room.stop.stopped() => break,
            // As they end: a server may run for long.
            Some(ended) = sessions.join_next() => report.add(ended.unwrap_or_else(|panic| Err(panic.into()))),
            accepted = listener.accept() => {
                let (socket, _) = accepted?;
                let room = Arc::clone(&room);
                sessions.spawn(async move { session_async(socket, &room).await });
            }
        }
    }
    // Each of them has seen the stop.
    while let Some(ended) = sessions.join_next().await {
        report.add(ended.unwrap_or_else(|panic| Err(panic.into())));
    }
    Ok(report)
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
