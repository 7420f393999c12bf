//! The state that the sessions of a server share, the stop, and the report, which collects the results of the sessions.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::{Board, Ended};

/// How many sessions may be open at once. A top with a thread per session needs as many threads.
pub const SEATS: usize = 1000;

/// The state that the sessions of a server share.
#[derive(Debug)]
pub struct Room {
    /// How long a client may be silent before it is asked whether it is still there.
    pub idle: Duration,
    /// Stops the server.
    pub stop: Stop,
    board: Mutex<Board>,
    /// Whether the next session that needs the board panics. For a scenario.
    panics: AtomicBool,
}

impl Room {
    /// An empty score board.
    #[must_use]
    pub fn new(idle: Duration) -> Self {
        Self { idle, stop: Stop::default(), board: Mutex::default(), panics: AtomicBool::new(false) }
    }

    /// The score board, for as long as the guard lives. Blocks while another session has it.
    ///
    /// # Panics
    ///
    /// When a scenario wants it.
    pub fn board(&self) -> MutexGuard<'_, Board> {
        assert!(!self.panics.swap(false, Ordering::Relaxed), "the session panics, as it was told to");
        lock(&self.board)
    }

    /// Makes the next call of [`Room::board`] panic.
    pub(crate) fn panic_next(&self) {
        self.panics.store(true, Ordering::Relaxed);
    }
}

/// The fan-in of a server: how many sessions have ended, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// All of them.
    pub sessions: usize,
    /// Those of [`Ended::Refused`].
    pub refused: usize,
}

impl Report {
    /// Adds the result of one session. An error, and a panic, is that of one connection: for the server, the client has
    /// left.
    pub fn add(&mut self, ended: io::Result<Ended>) {
        self.sessions += 1;
        if matches!(ended, Ok(Ended::Refused)) {
            self.refused += 1;
        }
    }
}

/// Stops a server: no more clients are let in, and the open sessions end. Clones stop the same server.
///
/// A task awaits [`Stop::stopped`]. A thread cannot wait for two things at once: it takes its clients from
/// [`Stop::clients_of`] and registers its socket with [`Stop::hang_up`].
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Signal>);

#[derive(Debug, Default)]
struct Signal {
    /// For tasks.
    stopped: watch::Sender<bool>,
    /// For threads.
    blocked: Mutex<Blocked>,
}

/// The handles that wake the threads that wait.
#[derive(Debug, Default)]
struct Blocked {
    stopped: bool,
    /// A thread waits here for a client.
    listening: Option<SocketAddr>,
    sockets: HashMap<usize, Arc<TcpStream>>,
    next: usize,
}

impl Stop {
    /// Stops the server. The second time it does nothing. Returns at once, not when the sessions have ended.
    pub fn stop(&self) {
        let mut blocked = lock(&self.0.blocked);
        if std::mem::replace(&mut blocked.stopped, true) {
            return;
        }
        self.0.stopped.send_replace(true);
        if let Some(address) = blocked.listening {
            // Only a client ends an `accept`: this is the last one. If it cannot connect, the thread is not waiting.
            let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
        }
        for socket in blocked.sockets.values() {
            // An error means that the connection has ended already.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Completes when the server is stopped. Cancel safe.
    pub async fn stopped(&self) {
        // The sender is here, so there is no error.
        let _ = self.0.stopped.subscribe().wait_for(|&stopped| stopped).await;
    }

    /// The clients of `listener`, one after the other, until the server is stopped. Each step blocks.
    pub fn clients_of(&self, listener: &TcpListener) -> impl Iterator<Item = io::Result<TcpStream>> {
        std::iter::from_fn(move || {
            {
                let mut blocked = lock(&self.0.blocked);
                if blocked.stopped {
                    return None;
                }
                match listener.local_addr() {
                    Ok(address) => blocked.listening = Some(address),
                    Err(error) => return Some(Err(error)),
                }
            }
            let client = listener.accept();
            let stopped = lock(&self.0.blocked).stopped;
            (!stopped).then(|| client.map(|(socket, _)| socket))
        })
    }

    /// Hangs up `socket` when the server is stopped, while the returned value lives: a blocked read returns the end, a
    /// blocked write returns an error.
    #[must_use]
    pub fn hang_up(&self, socket: &Arc<TcpStream>) -> HangUp<'_> {
        let mut blocked = lock(&self.0.blocked);
        if blocked.stopped {
            // As in `stop`.
            let _ = socket.shutdown(Shutdown::Both);
        }
        let number = blocked.next;
        blocked.next += 1;
        blocked.sockets.insert(number, Arc::clone(socket));
        HangUp { stop: self, number }
    }
}

/// A socket that the stop hangs up.
#[derive(Debug)]
pub struct HangUp<'a> {
    stop: &'a Stop,
    number: usize,
}

impl Drop for HangUp<'_> {
    fn drop(&mut self) {
        lock(&self.stop.0.blocked).sockets.remove(&self.number);
    }
}

/// Locks a mutex, even if a panic has poisoned it: every change under the locks of this program is a single step, so
/// the data is always consistent.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a read has timed out. Systems use different names for this error.
#[must_use]
pub fn is_idle(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
