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

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use exercises::Found;
use exercises::log::{Log, WriteLines};
use merge_core::Result;

/// Closes one log. The caller that wants the follower to end holds this.
struct Closer(Arc<AtomicBool>);

/// Tells a follower that its log is closed. The follower holds this.
struct Signal(Arc<AtomicBool>);

// TODO: replace the flag by a crossbeam channel, or add one: one end in `Closer`, the other in `Signal`. The functions
// must do what their comments say, and so must `wait`.

/// A closer and its signal.
fn signal() -> (Closer, Signal) {
    let closed = Arc::new(AtomicBool::new(false));
    (Closer(Arc::clone(&closed)), Signal(closed))
}

impl Closer {
    /// Closes the log, for good.
    fn close(self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Signal {
    /// Whether the log has been closed. Never blocks.
    fn is_closed(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Blocks the thread until the log is closed, at most for `timeout`. When it is closed already, it does not block
    /// at all, however often it is called.
    fn wait(&self, timeout: Duration) {
        thread::sleep(timeout);
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
