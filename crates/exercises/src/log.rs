//! A log and its follower, in small parts: for the exercises about the follower's loop and its wait.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use equivalence::{EntryPoint, Fixture, Settings, Source};
use merge_core::{Closer, Input, MergeError, Output, Result, Summary};

use crate::watchdog::{LOOKS, or_panic, within_patience};
use crate::{Found, stage1};

/// The function that a follower hands its lines to.
pub type WriteLines<'a> = &'a mut dyn FnMut(Vec<u8>) -> Result<()>;

/// How long to wait for a close that comes in any case.
const HOUR: Duration = Duration::from_secs(3600);

/// An open log that is read in whole lines: the answer of `threads1` together with its state.
///
/// It does not know about the close.
pub struct Log {
    path: PathBuf,
    file: File,
    unfinished: Vec<u8>,
    /// Whether the next read fails.
    fails: bool,
    /// Called after each read that has found nothing.
    after_a_look: Option<Box<dyn FnMut() + Send>>,
}

impl Log {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| MergeError::Open { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file, unfinished: Vec::new(), fails: false, after_a_look: None })
    }

    /// The lines that have become whole since the last call. Blocks only while the disk does.
    ///
    /// # Errors
    ///
    /// [`MergeError::Input`] when the file cannot be read.
    pub fn read_lines(&mut self) -> Result<Found> {
        let fault = || Err(io::Error::other("the read fails, as it was told to"));
        let read = if self.fails { fault() } else { self.file.read_to_end(&mut self.unfinished) };
        read.map_err(|source| MergeError::Input { path: self.path.clone(), source })?;
        let Some(newline) = self.unfinished.iter().rposition(|&byte| byte == b'\n') else {
            if let Some(then) = &mut self.after_a_look {
                then();
            }
            return Ok(Found::NoNewData);
        };
        let rest = self.unfinished.split_off(newline + 1);
        Ok(Found::Lines(mem::replace(&mut self.unfinished, rest)))
    }

    /// The line that has no newline yet. Empty when there is none.
    #[must_use]
    pub fn into_unfinished(self) -> Vec<u8> {
        self.unfinished
    }
}

/// Tells a follower that its log is closed.
pub struct Signal {
    input: Input,
    /// For a test: the shortest time that the follower wanted to wait.
    shortest: Arc<Mutex<Duration>>,
}

impl From<Input> for Signal {
    fn from(input: Input) -> Self {
        Self { input, shortest: Arc::new(Mutex::new(Duration::MAX)) }
    }
}

impl Signal {
    /// Whether the log has been closed. Never blocks.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.input.closer().is_closed()
    }

    /// Waits until the log is closed, at most for `timeout`. Blocks the thread.
    pub fn wait(&self, timeout: Duration) {
        if let Ok(mut shortest) = self.shortest.lock() {
            *shortest = timeout.min(*shortest);
        }
        self.input.wait_closed(timeout);
    }
}

/// Follows one log until it is closed.
pub type Tail<S> = fn(Log, &S, Duration, WriteLines) -> Result<()>;

/// Merges `inputs` as stage 1 does, with another tail.
///
/// # Errors
///
/// As `stage1::merge`.
pub fn merge_logs(tail: Tail<Signal>, inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    stage1::run_threads(inputs, interval, output, |input, interval, write| {
        let log = Log::open(input.path())?;
        tail(log, &input.into(), interval, &mut |lines| write(lines.into()))
    })
}

/// The same with a write at the worst moment: when a follower's read has found nothing, `last` and a newline are
/// written to that log, and it is closed, before the follower does anything else.
///
/// # Errors
///
/// As `stage1::merge`.
pub fn merge_logs_closed_after_a_look(
    tail: Tail<Signal>,
    inputs: Vec<Input>,
    interval: Duration,
    output: Output,
) -> Result<Summary> {
    stage1::run_threads(inputs, interval, output, |input, interval, write| {
        let mut log = Log::open(input.path())?;
        let (path, closer) = (input.path().to_owned(), input.closer());
        log.after_a_look = Some(Box::new(move || {
            if !closer.is_closed() {
                // If this fails, the line is missing, and the test reports that.
                let _ = append(&path, b"last\n");
                closer.close();
            }
        }));
        tail(log, &input.into(), interval, &mut |lines| write(lines.into()))
    })
}

/// A log that is open and idle is read once per interval, which is an hour here.
///
/// # Panics
///
/// When it is read again and again, or the follower wants to wait for less than the interval.
pub fn an_idle_log_is_left_alone(tail: Tail<Signal>) {
    let fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    let looks = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&looks);
    let shortest = Arc::new(Mutex::new(Duration::MAX));
    let waited = Arc::clone(&shortest);
    let run = fixture.start(move |inputs: Vec<Input>, interval, output| {
        stage1::run_threads(inputs, interval, output, |input, interval, write| {
            let (mut log, counted) = (Log::open(input.path())?, Arc::clone(&counted));
            log.after_a_look = Some(Box::new(move || {
                counted.fetch_add(1, Ordering::Relaxed);
            }));
            let signal = Signal { input, shortest: Arc::clone(&waited) };
            tail(log, &signal, interval, &mut |lines| write(lines.into()))
        })
    });
    // The time that a busy follower takes is a guess. A wrong guess lets a wrong answer pass and never fails a right
    // one.
    for _ in 0..100 {
        let looks = looks.load(Ordering::Relaxed);
        assert!(looks <= LOOKS, "it looked {looks} times within a moment, where the interval is an hour");
        thread::sleep(Duration::from_millis(2));
    }
    let shortest = shortest.lock().map_or(Duration::MAX, |shortest| *shortest);
    assert!(shortest >= HOUR, "it waited for {shortest:?}, where the interval is an hour");
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
}

/// A read that fails, a write of whole lines that fails, and a write of the last line: each of them ends the tail, which
/// returns the error.
///
/// # Panics
///
/// When it does not.
pub fn a_read_or_write_that_fails_ends_the_tail_with_its_error(tail: Tail<Signal>) {
    within_patience("the tail to end with an error", move || {
        for (what, text, fails) in [("read", "a\n", true), ("write", "a\n", false), ("write", "half", false)] {
            let mut fixture = Fixture::new(1, &Settings::default()).with_an_hour();
            fixture.append(0, text);
            let input = Input::open(&fixture.paths[0]).expect("a scratch file can be opened");
            input.closer().close();
            let log = Log { fails, ..Log::open(input.path()).expect("a scratch file can be opened") };
            let ended = tail(log, &input.into(), fixture.interval, &mut |_| Err(MergeError::OutputGone));
            let is_it = match &ended {
                Err(MergeError::Input { .. }) => fails,
                Err(MergeError::OutputGone) => !fails,
                _ => false,
            };
            assert!(is_it, "the {what} failed, and the tail returned {ended:?}");
        }
    });
}

/// A line comes in three pieces, with two reads after each: what comes out is the line.
///
/// # Panics
///
/// When it is not.
pub fn a_line_in_three_pieces_stays_whole(read_lines: fn(&mut File, &mut Vec<u8>) -> io::Result<Found>) {
    within_patience("the reads to return", move || {
        let fixture = Fixture::new(1, &Settings::default());
        let mut file = File::open(&fixture.paths[0]).expect("a scratch file can be opened");
        let (mut unfinished, mut merged) = (Vec::new(), Vec::new());
        for piece in ["one ", "two ", "three\n"] {
            append(&fixture.paths[0], piece.as_bytes()).expect("a scratch file can be written");
            for _ in 0..2 {
                if let Found::Lines(lines) = read_lines(&mut file, &mut unfinished).expect("a scratch file can be read")
                {
                    merged.extend(lines);
                }
            }
        }
        let source = Source { name: "the log".into(), bytes: b"one two three\n".into() };
        or_panic(equivalence::confirm(&[source], &merged));
    });
}

/// A line of 2 MiB, in a log that is closed before the run.
///
/// # Panics
///
/// When a part of it is lost.
pub fn a_long_line_before_the_close_comes_out(merge: EntryPoint) {
    let mut fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    fixture.append(0, format!("short\n{}\nlast\n", "x".repeat(2 * 1024 * 1024)));
    let inputs = Input::open_all(&fixture.paths).expect("a scratch file can be opened");
    inputs.iter().for_each(|input| input.closer().close());
    or_panic(fixture.start_opened(merge, inputs, fixture.captured.output()).end_confirmed(&fixture.sources()));
}

/// Cuts bytes in two.
pub type Cut = fn(&[u8]) -> (&[u8], &[u8]);

/// `cut` has to cut `bytes` into `lines` and `rest`.
///
/// # Panics
///
/// When it does not.
pub fn cuts(cut: Cut, bytes: &str, lines: &str, rest: &str) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (found_lines, found_rest) = cut(bytes.as_bytes());
    assert_eq!(
        (text(found_lines), text(found_rest)),
        (lines.to_owned(), rest.to_owned()),
        "{bytes:?} was cut (left), and should be cut (right)"
    );
}

fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).open(path)?.write_all(bytes)
}

/// Merges `inputs` as stage 1 does, with another tail and another kind of signal. `signal` makes one: the function that
/// closes it, and the half that the follower holds.
///
/// # Errors
///
/// As `stage1::merge`.
pub fn merge_logs_closed_by<C: FnOnce() + Send, S>(
    signal: fn() -> (C, S),
    tail: Tail<S>,
    inputs: Vec<Input>,
    interval: Duration,
    output: Output,
) -> Result<Summary> {
    stage1::run_threads(inputs, interval, output, |input, interval, write| {
        let log = Log::open(input.path())?;
        let (close, signal) = signal();
        thread::scope(|scope| {
            let over = CloseOnDrop(input.closer());
            // Passes the close of the input on to the signal.
            scope.spawn(move || {
                while !input.closer().is_closed() {
                    input.wait_closed(HOUR);
                }
                close();
            });
            let followed = tail(log, &signal, interval, &mut |lines| write(lines.into()));
            drop(over);
            followed
        })
    })
}

/// Ends the thread that waits for the close, also if the tail has failed or panicked.
struct CloseOnDrop(Closer);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}
