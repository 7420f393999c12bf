//! # A wait that can be ended
//!
//! Goal: `thread::sleep` cannot be woken. Make the follower's wait one that a close ends at once: a wait on a crossbeam
//! channel.
//!
//! Minutes: 20
//!
//! Chapter: docs/src/stage-1.md, up to "The tail"
//!
//! You will need the crate `crossbeam_channel`, and two calls of its receiver: `recv_timeout` waits, `try_recv` does not.
//! Look up what they return when all senders have been dropped.
//!
//! When it works: all tests pass. One of them gives the followers an interval of an hour, and the run still ends at
//! once.
//!
//! # Why
//!
//! Nothing is ever sent through this channel, and its type says so: there is no value of type `Infallible`. The drop of
//! the sender is the message. Then the channel is disconnected, and it stays disconnected: from then on every wait ends
//! at once, and every check sees the close. The first wait cannot use it up.
//!
//! A message together with a flag is right as well (`merge_core::Closer` does that, because any of its clones can
//! close). Then `close` must set the flag first, and the wait must check it first.
//!
//! Usual wrong answers: a message that is the only sign of the close, so that the first wait uses it up; `recv`, which
//! waits for the close only, so that new lines are never read; a sender that is dropped at once, so that no wait takes
//! any time; many short sleeps, with which each idle follower wakes up a hundred times a second, for nothing.

use std::convert::Infallible;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use exercises::Found;
use exercises::log::{Log, WriteLines};
use merge_core::Result;

/// Closes one log. The caller that wants the follower to end holds this.
struct Closer(Sender<Infallible>);

/// Tells a follower that its log is closed. The follower holds this.
struct Signal(Receiver<Infallible>);

/// A closer and its signal.
fn signal() -> (Closer, Signal) {
    let (open, closed) = bounded(0);
    (Closer(open), Signal(closed))
}

impl Closer {
    /// Closes the log, for good.
    fn close(self) {
        drop(self.0);
    }
}

impl Signal {
    /// Whether the log has been closed. Never blocks.
    fn is_closed(&self) -> bool {
        self.0.try_recv() == Err(TryRecvError::Disconnected)
    }

    /// Blocks the thread until the log is closed, at most for `timeout`. When it is closed already, it does not block
    /// at all, however often it is called.
    fn wait(&self, timeout: Duration) {
        // After the close and after the timeout the follower does the same: it reads again.
        let _ = self.0.recv_timeout(timeout);
    }
}

/// The tail: the answer of `threads2`.
fn tail_file(mut log: Log, signal: &Signal, interval: Duration, write: WriteLines) -> Result<()> {
    loop {
        let closed = signal.is_closed();
        match log.read_lines()? {
            Found::Lines(lines) => write(lines)?,
            Found::NoNewData if closed => break,
            Found::NoNewData => signal.wait(interval),
        }
    }
    let mut last = log.into_unfinished();
    if last.is_empty() {
        return Ok(());
    }
    last.push(b'\n');
    write(last)
}

fn main() {}

// The tests. Leave what follows as it is.

/// A signal and its closer.
#[cfg(test)]
fn parts() -> (impl FnOnce() + Send, Signal) {
    let (closer, signal) = signal();
    (move || closer.close(), signal)
}

#[test]
fn a_close_is_not_used_up_by_a_wait() {
    ::exercises::again!();
    ::exercises::watchdog::within_patience("two waits after the close", || {
        let (close, signal) = parts();
        close();
        for _ in 0..2 {
            signal.wait(Duration::from_secs(3600));
            assert!(signal.is_closed(), "it was closed, and now it is open again");
        }
    });
}

#[test]
fn a_wait_without_a_close_lasts_its_time() {
    ::exercises::again!();
    ::exercises::watchdog::within_patience("a wait to end with its time", || {
        let (close, signal) = parts();
        let (start, time) = (::std::time::Instant::now(), Duration::from_millis(50));
        signal.wait(time);
        assert!(start.elapsed() >= time, "the wait ended before its time, and nothing was closed");
        assert!(!signal.is_closed(), "nothing was closed");
        close();
    });
}

#[test]
fn a_wait_costs_no_processor_time() {
    ::exercises::again!();
    let (_close, signal) = parts();
    ::exercises::watchdog::a_wait_costs_no_processor_time(|time| signal.wait(time));
}

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| {
        ::exercises::log::merge_logs_closed_by(crate::parts, crate::tail_file, inputs, interval, output)
    };
    #[test]
    one_input_is_copied
    #[test]
    a_line_written_in_two_halves_stays_whole
    #[test]
    closed_before_the_run_it_merges_what_is_there_and_returns
    #[test]
    a_close_wakes_a_follower_at_once
}
