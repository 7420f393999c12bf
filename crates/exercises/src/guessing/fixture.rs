//! The fixture of a scenario: a running server, and clients that know the right answers.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use equivalence::Settings;

use super::room::lock;
use super::{Answer, Board, Ended, EntryPoint, Game, Report, Room, STILL_THERE, Violation};

/// So long that a scenario would hang if it waited for it.
pub const HOUR: Duration = Duration::from_secs(3600);

/// A running server, and the sessions and guesses that it must report.
#[derive(Debug)]
pub struct Server {
    room: Arc<Room>,
    address: SocketAddr,
    end: Receiver<Result<Report, Violation>>,
    ended: bool,
    expected: Arc<Mutex<Expected>>,
    patience: Duration,
}

/// What a correct server has done so far.
#[derive(Debug, Default)]
struct Expected {
    report: Report,
    board: Board,
}

impl Server {
    /// Starts a server on a free port of this machine. A client that is silent for `idle` is asked whether it is still
    /// there.
    ///
    /// # Panics
    ///
    /// When no port is free.
    #[must_use]
    pub fn start(merge: EntryPoint, idle: Duration, settings: &Settings) -> Self {
        // Hundreds of sessions are open at once, and both ends of each are here; some systems allow 256 files.
        #[cfg(unix)]
        let _ = rlimit::increase_nofile_limit(4096);

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a port that is bound has an address");
        let room = Arc::new(Room::new(idle));
        let (ended, end) = bounded(1);
        let given = Arc::clone(&room);
        // Not joined: a server that hangs must not hold up the test that reports it.
        thread::spawn(move || {
            let served = catch_unwind(AssertUnwindSafe(|| merge(listener, given)));
            // The receiver is gone if the scenario has failed.
            let _ = ended.send(match served {
                Ok(Ok(report)) => Ok(report),
                Ok(Err(error)) => Err(Violation::Failed(error)),
                Err(panic) => {
                    let text = panic.downcast_ref::<&str>().copied();
                    let message = text.or(panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)");
                    Err(Violation::Panicked { message: message.to_owned() })
                }
            });
        });
        Self { room, address, end, ended: false, expected: Arc::default(), patience: settings.patience }
    }

    /// Runs `scenario`, then stops the server if that has not happened yet, and checks its report. An error or a panic
    /// of the server takes precedence over the violation that its clients saw.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn holds(mut self, scenario: impl FnOnce(&mut Self) -> Result<(), Violation>) -> Result<(), Violation> {
        let seen = scenario(&mut self);
        if seen.is_err() {
            // The reason is still to be found.
            self.patience = self.patience.min(Duration::from_secs(2));
        }
        let ended = match &seen {
            _ if self.ended => Ok(()),
            // Perhaps its connections were only the first to go.
            Err(Violation::HungUp { .. }) => self.end_by_itself().and_then(|()| self.stop()),
            _ => self.stop(),
        };
        match (seen, ended) {
            (_, Err(why @ (Violation::Failed(_) | Violation::Panicked { .. } | Violation::EndedEarly))) => Err(why),
            (Err(violation), _) | (Ok(()), Err(violation)) => Err(violation),
            (Ok(()), Ok(())) => Ok(()),
        }
    }

    /// Stops the server, waits for its end, and checks its report.
    ///
    /// # Errors
    ///
    /// When the server has failed, or its report is wrong.
    pub fn stop(&mut self) -> Result<(), Violation> {
        self.ended = true;
        if let Ok(ended) = self.end.try_recv() {
            return Err(early(ended));
        }
        self.room.stop.stop();
        let report = match self.end.recv_timeout(self.patience) {
            Ok(ended) => ended?,
            Err(_too_long) => {
                let waiting_for = "the server to end after the stop".into();
                return Err(Violation::Hung { waiting_for, patience: self.patience });
            }
        };
        let expected = lock(&self.expected);
        if report != expected.report {
            let (expected, found) = (format!("{:?}", expected.report), format!("{report:?}"));
            return Err(Violation::WrongReport { expected, found });
        }
        let board = self.room.board();
        if *board != expected.board {
            let (expected, found) = (format!("{:?}", expected.board), format!("{board:?}"));
            return Err(Violation::WrongScores { expected, found });
        }
        Ok(())
    }

    /// Makes the session of the next request panic.
    pub fn panic_next(&self) {
        self.room.panic_next();
    }

    /// Gives a server that is about to end the time for it. It must not end: it has not been stopped.
    fn end_by_itself(&self) -> Result<(), Violation> {
        match self.end.recv_timeout(Duration::from_millis(500)) {
            Ok(ended) => Err(early(ended)),
            Err(_it_goes_on) => Ok(()),
        }
    }

    /// A client that has a session: the server has answered its first request, `play NAME 1 100`.
    ///
    /// # Errors
    ///
    /// When the server does not let it in.
    ///
    /// # Panics
    ///
    /// When no socket can be opened.
    pub fn client(&self, name: &str) -> Result<Client, Violation> {
        let socket = TcpStream::connect_timeout(&self.address, self.patience).map_err(|error| match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                Violation::Hung { waiting_for: format!("{} to be let in", show(name)), patience: self.patience }
            }
            // Its listener is gone.
            _ => Violation::HungUp { client: show(name), sent: "(nothing)".into(), expected: "to be let in".into() },
        })?;
        socket.set_nodelay(true).expect("a socket can be set up");
        socket.set_write_timeout(Some(self.patience)).expect("a socket can be set up");
        let mut client = Client {
            name: show(name),
            socket: BufReader::new(socket),
            game: Game::default(),
            asked: self.room.idle < HOUR,
            sent: String::new(),
            expected: Arc::clone(&self.expected),
            patience: self.patience,
        };
        lock(&self.expected).report.sessions += 1;
        client.ask(&format!("play {name} 1 100"))?;
        Ok(client)
    }
}

/// The end of a server that has not been stopped.
fn early(ended: Result<Report, Violation>) -> Violation {
    ended.err().unwrap_or(Violation::EndedEarly)
}

/// One client, which knows the rules.
#[derive(Debug)]
pub struct Client {
    name: String,
    socket: BufReader<TcpStream>,
    game: Game,
    /// The server may ask at any time whether the client is still there.
    asked: bool,
    /// The last request, for a report.
    sent: String,
    expected: Arc<Mutex<Expected>>,
    patience: Duration,
}

impl Client {
    /// Sends one request, and waits for the right answer. If the client may be asked whether it is still there, that
    /// question may come first, because the machine may be slow.
    ///
    /// # Errors
    ///
    /// When another answer comes, or none.
    pub fn ask(&mut self, request: &str) -> Result<(), Violation> {
        let answer = self.answer(request);
        self.send(format!("{request}\n"))?;
        if self.asked { self.expect_at_last(&answer) } else { self.expect(&answer) }
    }

    /// The right answer to `request`, which the caller sends with [`Client::send`]. Counts a guess.
    pub fn answer(&mut self, request: impl AsRef<[u8]>) -> String {
        let mut expected = lock(&self.expected);
        match self.game.answer(&[request.as_ref(), b"\n"].concat(), &mut expected.board) {
            Answer::Reply(text) => text,
            Answer::Last(text, ended) => {
                expected.report.refused += usize::from(ended == Ended::Refused);
                text
            }
        }
    }

    /// Sends `text` as it is.
    ///
    /// # Errors
    ///
    /// When the server has hung up, or reads nothing more.
    pub fn send(&mut self, text: impl AsRef<[u8]>) -> Result<(), Violation> {
        self.sent = show(&String::from_utf8_lossy(text.as_ref()));
        self.socket.get_mut().write_all(text.as_ref()).map_err(|error| self.lost(&error, "to be listened to"))
    }

    /// Waits for the line `expected`, which has a newline.
    ///
    /// # Errors
    ///
    /// When another line comes, or none.
    pub fn expect(&mut self, expected: &str) -> Result<(), Violation> {
        let found = self.line(&show(expected))?;
        if found == expected {
            return Ok(());
        }
        Err(self.wrong(&show(expected), &found))
    }

    /// The same, however often the server asks first whether the client is still there.
    ///
    /// # Errors
    ///
    /// When another line comes, or none.
    pub fn expect_at_last(&mut self, expected: &str) -> Result<(), Violation> {
        let deadline = Instant::now() + self.patience;
        loop {
            let found = self.line(&show(expected))?;
            if found == expected {
                return Ok(());
            }
            if found != STILL_THERE {
                return Err(self.wrong(&show(expected), &found));
            }
            if Instant::now() > deadline {
                return Err(self.hung(&show(expected)));
            }
        }
    }

    /// Waits for the server to hang up. What it wrote before must have been read.
    ///
    /// # Errors
    ///
    /// When data comes, or nothing happens.
    pub fn expect_end(&mut self) -> Result<(), Violation> {
        let expected = "the end of the connection";
        match self.line(expected) {
            Err(Violation::HungUp { .. }) => Ok(()),
            Err(violation) => Err(violation),
            Ok(found) => Err(self.wrong(expected, &found)),
        }
    }

    /// How many bytes wait for this client. Waits until there is one. The client must have read all its answers so far.
    ///
    /// # Errors
    ///
    /// When the server has hung up, or nothing comes.
    pub fn waiting(&mut self, room: &mut [u8]) -> Result<usize, Violation> {
        let expected = "an answer to come";
        let socket = self.socket.get_ref();
        socket.set_read_timeout(Some(self.patience)).expect("a socket can be set up");
        match socket.peek(room) {
            Ok(0) => Err(self.hung_up(expected)),
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(self.lost(&error, expected)),
        }
    }

    /// The next line, with its newline.
    fn line(&mut self, expected: &str) -> Result<String, Violation> {
        // Far longer than any right answer of a scenario that reads it.
        const MOST: u64 = 1 << 20;
        self.socket.get_ref().set_read_timeout(Some(self.patience)).expect("a socket can be set up");
        let mut line = Vec::new();
        match self.socket.by_ref().take(MOST).read_until(b'\n', &mut line) {
            Ok(0) => Err(self.hung_up(expected)),
            Ok(_) => Ok(String::from_utf8_lossy(&line).into_owned()),
            Err(error) => Err(self.lost(&error, expected)),
        }
    }

    fn lost(&self, error: &std::io::Error, expected: &str) -> Violation {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => self.hung(expected),
            // Reset, broken, aborted: systems use different names for it.
            _ => self.hung_up(expected),
        }
    }

    fn wrong(&self, expected: &str, found: &str) -> Violation {
        let (client, sent) = (self.name.clone(), self.sent.clone());
        Violation::WrongAnswer { client, sent, expected: expected.to_owned(), found: show(found) }
    }

    fn hung_up(&self, expected: &str) -> Violation {
        Violation::HungUp { client: self.name.clone(), sent: self.sent.clone(), expected: expected.to_owned() }
    }

    fn hung(&self, expected: &str) -> Violation {
        let waiting_for = format!("{expected}\n  client:   {}\n  sent:     {}", self.name, self.sent);
        Violation::Hung { waiting_for, patience: self.patience }
    }
}

/// A text for a report: escaped, and cut when it is long.
fn show(text: &str) -> String {
    const MOST: usize = 60;
    let shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().count() > MOST { format!("{shown}… ({} bytes)", text.len()) } else { shown }
}
