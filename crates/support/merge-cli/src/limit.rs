//! The system's limits on open files and on threads, which a program with thousands of inputs reaches first.

use std::error::Error;
use std::fs::File;
use std::io;
use std::sync::Mutex;
use std::thread;

use indicatif::HumanCount;
use merge_core::MergeError;

use crate::report::count;

/// How many files a program needs beside its inputs: for the output, the runtime and the signal handler.
const SPARE_FILES: usize = 16;

/// How many threads a program needs beside those of its merge and its runtime: for signals and the status line. The
/// rest is a reserve, because the system counts a thread a moment longer than it lasts.
const SPARE_THREADS: usize = 6;

/// "Too many open files": the same number on every Unix that Rust's standard library knows.
const EMFILE: i32 = 24;

/// Raises the soft limit on open files to the hard limit, because each rotation opens a second file. Returns how many
/// files may then be open, if it is known: there is no such limit off Unix.
#[allow(clippy::must_use_candidate)]
pub fn raise_file_limit() -> Option<u64> {
    // If the limit cannot be raised, opening the inputs shows whether that was necessary.
    #[cfg(unix)]
    return rlimit::increase_nofile_limit(u64::MAX).or_else(|_| rlimit::Resource::NOFILE.get_soft()).ok();
    #[cfg(not(unix))]
    None
}

/// Runs `open` while some other files are open, so that there is room for what the program opens later. Then an input
/// meets the limit, before the output is touched, and never a signal handler or a runtime that has half started.
pub(crate) fn with_spare_files<T>(open: impl FnOnce() -> T) -> T {
    let spare: Vec<_> = (0..SPARE_FILES).map_while(|_| File::open("/dev/null").ok()).collect();
    let opened = open();
    drop(spare);
    opened
}

/// Fails unless the system gives `threads` threads, and a few more for the program itself. Returns the text of the
/// error.
///
/// Starts them all at once, and ends them again: the limits of the user, the container and the system overlap, so
/// there is no number to ask for. It takes about 60 ms for 1,000 threads. Without this check tokio panics, or leaves
/// followers in its queue for ever. Another program may still take the threads in between.
pub(crate) fn check_threads(threads: usize) -> Result<(), String> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let needed = threads + workers + SPARE_THREADS;
    let gate = Mutex::new(());
    let closed = gate.lock();
    thread::scope(|scope| {
        // Each thread waits until the gate opens.
        let start = |_| thread::Builder::new().spawn_scoped(scope, || drop(gate.lock()));
        let started: io::Result<Vec<_>> = (0..needed).map(start).collect();
        drop(closed);
        let started = started.map_err(|error| format!("cannot start {}: {error}", count(needed as u64, "thread")))?;
        for thread in started {
            // It cannot have panicked. Once it is joined, the system has it back.
            let _ = thread.join();
        }
        Ok(())
    })
}

/// The text of `error`. If the limit on open files caused it, the text gives the numbers that the system omits.
pub(crate) fn explain(error: &MergeError, inputs: usize, open_files: Option<u64>) -> String {
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match open_files {
        Some(open_files) if cause.is_some_and(|cause| cause.raw_os_error() == Some(EMFILE)) => format!(
            "{error}: the hard limit is {} open files, too few for {}",
            HumanCount(open_files),
            count(inputs as u64, "input")
        ),
        _ => error.to_string(),
    }
}
