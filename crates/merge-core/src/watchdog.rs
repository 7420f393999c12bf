//! A test that hangs must fail, with its name.

use std::io::{self, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Ends the test program when the test that holds it does not end in time.
pub(crate) struct Watchdog {
    /// Dropped with the test, which the waiting thread notices.
    _ended: Sender<()>,
}

impl Watchdog {
    pub(crate) fn start() -> Self {
        let seconds = std::env::var("TEST_PATIENCE").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(60);
        let test = thread::current().name().unwrap_or("a test").to_owned();
        let (ended, end) = channel();
        thread::spawn(move || {
            if end.recv_timeout(Duration::from_secs(seconds)) == Err(RecvTimeoutError::Timeout) {
                // Not `eprintln!`: what a test prints is kept back until it ends.
                let _ = writeln!(io::stderr(), "{test} hangs");
                std::process::exit(1);
            }
        });
        Self { _ended: ended }
    }
}
