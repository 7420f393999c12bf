//! The threaded server: the answer of `transfer1`. The later exercises are given its two halves.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{Answer, Ended, Game, Report, Room, STILL_THERE, is_idle, lock};

/// The blocking top: a thread per session, until the server is stopped and all of them have ended.
///
/// `session` serves one client; it is an argument so that `transfer3` can bring its own.
///
/// # Errors
///
/// That of the listener, or of a thread that could not be started. The open sessions have ended by then.
///
/// # Panics
///
/// When a session has.
pub fn serve_threads(
    listener: TcpListener,
    room: &Room,
    session: impl Fn(TcpStream, &Room) -> io::Result<Ended> + Sync,
) -> io::Result<Report> {
    let report = Mutex::new(Report::default());
    thread::scope(|scope| {
        let mut clients = room.stop.clients_of(&listener);
        let served = clients.try_for_each(|client| {
            let (client, session, report) = (client?, &session, &report);
            let serve = move || {
                let ended = session(client, room);
                lock(report).add(ended);
            };
            thread::Builder::new().name("session".into()).spawn_scoped(scope, serve).map(drop)
        });
        // The scope waits for the sessions: if the listener has failed, they have to end as well.
        room.stop.stop();
        served
    })?;
    Ok(lock(&report).clone())
}

/// The blocking session: serves one client until it leaves, or the server is stopped. Blocks the thread it runs on.
///
/// # Errors
///
/// When the connection breaks.
pub fn session(socket: TcpStream, room: &Room) -> io::Result<Ended> {
    let socket = Arc::new(socket);
    let _until_the_end = room.stop.hang_up(&socket);
    socket.set_read_timeout(Some(room.idle))?;
    let (mut requests, mut replies) = (BufReader::new(&*socket), &*socket);
    let mut game = Game::default();
    let mut request = Vec::new();
    loop {
        match requests.read_until(b'\n', &mut request) {
            Ok(_) if request.ends_with(b"\n") => {}
            Ok(_) => return Ok(Ended::Left),
            // Half a request may have come: it stays in `request`.
            Err(error) if is_idle(&error) => {
                replies.write_all(STILL_THERE.as_bytes())?;
                continue;
            }
            Err(error) => return Err(error),
        }
        let answer = game.answer(&request, &mut room.board());
        request.clear();
        match answer {
            Answer::Reply(text) => replies.write_all(text.as_bytes())?,
            Answer::Last(text, ended) => {
                replies.write_all(text.as_bytes())?;
                return Ok(ended);
            }
        }
    }
}
