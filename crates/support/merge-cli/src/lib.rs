//! The command line that the stages share: `stageN [--interval 100ms] [--max-line SIZE] [--no-follow]
//! --output PATH|- INPUT...`.
//!
//! A stage's `main` is part of the lesson. It blocks or awaits, may build a runtime, and receives signals in its own
//! way. This crate contains the rest of the command line.
//!
//! # Layout
//!
//! - [`run`]: turns the arguments (`args.rs`) into a [`Job`], and the result of the merge into an exit code
//!   (`report.rs`). `limit.rs` handles the limits on open files and threads.
//! - [`Job`]: the merge. [`Job::create_output`] comes after every step that can refuse the merge or be interrupted.
//! - [`Stop`]: handles a signal. `signals.rs` receives them: [`Stop::on_signals`] on a thread, `Signals` in a task.
//! - `status.rs`: the status line. `warnings.rs`: `tracing` warnings, as lines on standard error.
//!
//! # Exit codes
//!
//! | code | when                                                                       |
//! |------|----------------------------------------------------------------------------|
//! | 0    | everything was merged, or the reader of the output is gone, as in `\| head` |
//! | 1    | something failed; one line on standard error names it and the cause        |
//! | 2    | wrong usage                                                                |
//! | 130  | a second signal, or a first one that ends at once: see [`Stop::signal`]     |

mod args;
mod job;
mod limit;
mod report;
mod signals;
mod status;
mod stop;
mod warnings;

use std::process::ExitCode;

use merge_core::Summary;

use args::{Program, Waits};
use report::Report;

pub use job::Job;
pub use limit::raise_file_limit;
pub use report::{count, fail, print, printable};
#[cfg(feature = "tokio")]
pub use signals::Signals;
pub use stop::Stop;
pub use warnings::print as print_warnings;

/// Runs the program `name`: reads its arguments, opens its inputs, merges them with `merge`, and reports how it ended.
///
/// `threads` says how many threads the merge of so many inputs needs, beside those of a runtime. If the system does
/// not give them, the program fails before it touches its output.
#[must_use]
pub fn run(
    name: &'static str,
    version: &'static str,
    threads: impl FnOnce(usize) -> usize,
    merge: impl FnOnce(Job) -> merge_core::Result<Summary>,
) -> ExitCode {
    finish(Job::start(Program { name, version, waits: Waits::ByTime }, threads), merge)
}

/// [`run`] for a merge that events tell when to look. Its interval is a safety net, and longer where none is given.
#[must_use]
pub fn run_with_events(
    name: &'static str,
    version: &'static str,
    threads: impl FnOnce(usize) -> usize,
    merge: impl FnOnce(Job) -> merge_core::Result<Summary>,
) -> ExitCode {
    finish(Job::start(Program { name, version, waits: Waits::ForEvents }, threads), merge)
}

fn finish(job: Result<(Job, Report), ExitCode>, merge: impl FnOnce(Job) -> merge_core::Result<Summary>) -> ExitCode {
    match job {
        Ok((job, report)) => report.finish(merge(job)),
        Err(code) => code,
    }
}
