//! The async session: the answer of `transfer3`, which `transfer4` is given.

use std::io;
use std::net;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::select;
use tokio::time::sleep;

use super::{Answer, Ended, Game, Report, Room, STILL_THERE};

/// The async session: serves one client until it leaves, or the server is stopped.
///
/// Needs a runtime with network and time. Blocks no runtime worker. Dropped half way, it hangs up.
///
/// # Errors
///
/// When the connection breaks.
pub async fn session_async(socket: TcpStream, room: &Room) -> io::Result<Ended> {
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

/// An async top as an [`EntryPoint`](super::EntryPoint): on a current-thread runtime, so that a session that blocks the
/// one worker blocks every other session. Blocks until the server has ended.
///
/// # Errors
///
/// As `serve`, or when the system gives no runtime.
pub fn on_one_thread<F>(listener: net::TcpListener, serve: impl FnOnce(TcpListener) -> F) -> io::Result<Report>
where
    F: Future<Output = io::Result<Report>>,
{
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        listener.set_nonblocking(true)?;
        serve(TcpListener::from_std(listener)?).await
    })
}
