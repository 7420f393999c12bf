//! Receiving signals: on a thread, or in a task.
//!
//! SIGINT (ctrl-c), SIGTERM and SIGHUP (the terminal is gone) on Unix; ctrl-c, ctrl-break and the close of the console
//! on Windows.

use std::io;
#[cfg(all(unix, feature = "tokio"))]
use std::{future::poll_fn, task::Poll};

#[cfg(unix)]
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::Stop;

impl Stop {
    /// Starts a thread that calls [`Stop::signal`] for each signal, for a program without a runtime.
    ///
    /// On Windows, a console that closes ends the program before it has merged what is left: the library's handler
    /// returns too early for that. In a task ([`Signals`]) the merge has the seconds that the system grants.
    ///
    /// # Errors
    ///
    /// If a handler cannot be installed, or there is no thread.
    pub fn on_signals(&self) -> io::Result<()> {
        let stop = self.clone();
        #[cfg(unix)]
        {
            let mut signals = signal_hook::iterator::Signals::new(ending())?;
            let receive = move || signals.forever().for_each(|_| stop.signal());
            std::thread::Builder::new().name("signals".into()).spawn(receive)?;
        }
        #[cfg(windows)]
        ctrlc::set_handler(move || stop.signal()).map_err(io::Error::other)?;
        Ok(())
    }
}

/// The signals that end the merge. `nohup` asks a program to ignore SIGHUP, so it stays ignored.
///
/// An ignored SIGINT is received all the same: a shell's script has it ignored in every background job, and the job
/// is still there to be ended with `kill -INT`.
#[cfg(unix)]
fn ending() -> Vec<i32> {
    let mut signals = vec![SIGINT, SIGTERM];
    if !ignores_hangup() {
        signals.push(SIGHUP);
    }
    signals
}

/// Linux shows what is ignored. Elsewhere only a system call does, which Rust's standard library does not have, so
/// SIGHUP counts as not ignored there: `nohup` then does not protect the program.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // A hexadecimal number with a bit per signal; SIGHUP has the lowest.
    ignored.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1))
}

/// The signals as a stream, for a program with a runtime. It is created once: between two calls of
/// [`recv`](Signals::recv) no signal is lost.
#[cfg(feature = "tokio")]
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    streams: Vec<tokio::signal::unix::Signal>,
    #[cfg(windows)]
    c: tokio::signal::windows::CtrlC,
    #[cfg(windows)]
    brk: tokio::signal::windows::CtrlBreak,
    #[cfg(windows)]
    close: tokio::signal::windows::CtrlClose,
}

#[cfg(feature = "tokio")]
impl Signals {
    /// Installs the handlers. Needs a runtime with I/O.
    ///
    /// # Errors
    ///
    /// If a handler cannot be installed.
    pub fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let streams = ending().into_iter().map(|number| signal(SignalKind::from_raw(number)));
            Ok(Self { streams: streams.collect::<Result<_, _>>()? })
        }
        #[cfg(windows)]
        {
            use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
            Ok(Self { c: ctrl_c()?, brk: ctrl_break()?, close: ctrl_close()? })
        }
    }

    /// Completes at the next signal. Cancel safe.
    pub async fn recv(&mut self) {
        #[cfg(unix)]
        poll_fn(|context| {
            let arrived = self.streams.iter_mut().any(|stream| stream.poll_recv(context).is_ready());
            if arrived { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        #[cfg(windows)]
        tokio::select! {
            _ = self.c.recv() => {}
            _ = self.brk.recv() => {}
            _ = self.close.recv() => {}
        }
    }
}
