//! # A server with threads
//!
//! Goal: finish a threaded server of guessing games. Its top is complete. Its session takes the bytes of one read for
//! one request, and it hangs up on a client that is silent. Fix both.
//!
//! You will need `STILL_THERE`, the text to send, and `is_idle(&error)`, which says whether a read only took too long. Both
//! are in `exercises::guessing`. Do not open `answer_of_transfer1.rs` in its folder.
//!
//! Minutes: 20
//!
//! Chapter: docs/src/stage-1.md, up to "Structure"
//!
//! When it works: all tests pass. A request may come in pieces, or many in one piece, and each gets its answer. A
//! client that is silent for `room.idle` is asked `still there?`, also in the middle of a request. A client that reads
//! nothing holds up no other client.
//!
//! The protocol is a page: the first lines of `crates/exercises/src/guessing/mod.rs`.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use exercises::guessing::{Answer, Ended, Game, Report, Room, lock};

/// The top: a thread per session, until the server is stopped and all of them have ended.
fn serve(listener: TcpListener, room: Arc<Room>) -> io::Result<Report> {
    let report = Mutex::new(Report::default());
    thread::scope(|scope| {
        let mut clients = room.stop.clients_of(&listener);
        let served = clients.try_for_each(|client| {
            let (client, room, report) = (client?, &room, &report);
            // Fan-out: a thread per session. Fan-in: each adds its own end.
            let serve = move || {
                let ended = session(client, room);
                lock(report).add(ended);
            };
            thread::Builder::new().name("session".into()).spawn_scoped(scope, serve).map(drop)
        });
        // The scope waits for the sessions: when the listener has failed, they have to end as well.
        room.stop.stop();
        served
    })?;
    Ok(lock(&report).clone())
}

/// The session: serves one client until it leaves, or the server is stopped. Blocks the thread it runs on.
fn session(socket: TcpStream, room: &Room) -> io::Result<Ended> {
    let socket = Arc::new(socket);
    // The stop ends a read or a write that is under way.
    let _until_the_end = room.stop.hang_up(&socket);
    // A read that waits longer than this returns an error: see `is_idle`.
    socket.set_read_timeout(Some(room.idle))?;
    let (mut requests, mut replies) = (&*socket, &*socket);
    let mut game = Game::default();
    let mut piece = [0; 1024];
    loop {
        // TODO: take one request, which is a line with its newline, however many reads it needs. Ask a client that is
        // silent whether it is `STILL_THERE` (both that and `is_idle` are in `exercises::guessing`).
        let bytes = requests.read(&mut piece)?;
        if bytes == 0 {
            return Ok(Ended::Left);
        }
        let request = &piece[..bytes];
        let answer = game.answer(request, &mut room.board());
        match answer {
            Answer::Reply(text) => replies.write_all(text.as_bytes())?,
            Answer::Last(text, ended) => {
                replies.write_all(text.as_bytes())?;
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
    every_guess_counts_once
    #[test]
    the_stop_ends_open_sessions
    #[test]
    a_request_that_is_no_text_is_refused
}
