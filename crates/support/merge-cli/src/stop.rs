//! What a signal does.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use merge_core::{Closer, Input};

/// The exit code of a program that ctrl-c ended: 128 and the number of the signal.
const INTERRUPTED: i32 = 130;
/// Signals that follow the first one this soon belong to it. `timeout` signals the program and then its process group,
/// and the end of a session sends SIGTERM and SIGHUP. No person presses ctrl-c twice on purpose in that time.
const TOGETHER: Duration = Duration::from_millis(300);

/// Ends the merge from outside. Clones end the same merge.
#[derive(Clone, Debug)]
pub struct Stop(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    closers: Vec<Closer>,
    /// With `--no-follow` the inputs are closed from the start.
    no_follow: bool,
    /// Set while the output is being opened and may wait for a reader: closing the inputs would not end that.
    waiting: AtomicBool,
    first_signal: OnceLock<Instant>,
    status: ProgressBar,
}

impl Stop {
    pub(crate) fn new(inputs: &[Input], no_follow: bool, waiting: bool, status: ProgressBar) -> Self {
        let shared = Shared {
            closers: inputs.iter().map(Input::closer).collect(),
            no_follow,
            waiting: AtomicBool::new(waiting),
            first_signal: OnceLock::new(),
            status,
        };
        if no_follow {
            // An input that is closed before the run is merged as far as it goes now.
            shared.close_all();
        }
        Self(Arc::new(shared))
    }

    /// Tells that a signal has arrived. The first closes all inputs: what they hold is still merged. The second ends the
    /// process, because the merge may be waiting for an output that takes nothing. So does the first if there is
    /// nothing to close any more, or no output yet.
    ///
    /// Does not wait for the merge. May be called from a task or from a thread that receives signals.
    pub fn signal(&self) {
        let first = self.0.first_signal.get_or_init(Instant::now);
        let at_once = self.0.no_follow || self.0.waiting.load(Ordering::Relaxed);
        if at_once || first.elapsed() > TOGETHER {
            self.0.status.finish_and_clear();
            process::exit(INTERRUPTED);
        }
        self.0.close_all();
    }

    pub(crate) fn output_is_open(&self) {
        self.0.waiting.store(false, Ordering::Relaxed);
    }

    /// Whether the inputs are closed.
    pub(crate) fn is_draining(&self) -> bool {
        self.0.no_follow || self.0.first_signal.get().is_some()
    }
}

impl Shared {
    fn close_all(&self) {
        self.closers.iter().for_each(Closer::close);
    }
}
