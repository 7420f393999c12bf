//! What a signal does.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressBar;
use merge_core::{Closer, Input};

/// The exit code of a program that ctrl-c ended: 128 and the number of the signal.
const INTERRUPTED: i32 = 130;

/// Ends the merge from outside. Clones end the same merge.
#[derive(Clone, Debug)]
pub struct Stop {
    closers: Arc<[Closer]>,
    /// Set by the first signal. The status line shows it.
    draining: Arc<AtomicBool>,
    status: ProgressBar,
}

impl Stop {
    pub(crate) fn new(inputs: &[Input], draining: Arc<AtomicBool>, status: ProgressBar) -> Self {
        Self { closers: inputs.iter().map(Input::closer).collect(), draining, status }
    }

    /// Tells that a signal has arrived. The first closes all inputs: what they hold is still merged. The second ends
    /// the process, for the merge may be waiting for an output that takes nothing.
    ///
    /// Does not wait for the merge. May be called from a task or from a signal handler's thread.
    pub fn signal(&self) {
        if self.draining.swap(true, Ordering::Relaxed) {
            self.status.finish_and_clear();
            process::exit(INTERRUPTED);
        }
        self.closers.iter().for_each(Closer::close);
    }
}
