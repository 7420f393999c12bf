//! The command line that the four stages share: `stageN [--interval 100ms] [--no-follow] --output PATH|- INPUT...`.
//!
//! A stage's `main` is part of the lesson: who blocks, whose runtime it is, how a signal arrives. The rest of a
//! command line is not, and is here. It knows no runtime and no signal handler.
//!
//! # Layout
//!
//! - [`start`]: from the arguments to a [`Job`], every file opened and checked (`args.rs` has the arguments,
//!   `limit.rs` the system's limit on open files).
//! - [`Stop`]: what a signal does.
//! - [`Report`]: from the end of the merge to the exit code, and the status line until then (`status.rs`).
//!
//! # Exit codes
//!
//! | code | when                                                                                      |
//! |------|-------------------------------------------------------------------------------------------|
//! | 0    | all was merged; or the reader of the output has gone, as in `\| head`: nobody wants more |
//! | 1    | something failed: one line on standard error names it, with the cause                     |
//! | 2    | usage                                                                                     |
//! | 130  | a second signal                                                                           |

mod args;
mod limit;
mod report;
mod status;
mod stop;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use merge_core::{Input, MergeError, Output};

use args::Args;
pub use report::Report;
pub use stop::Stop;

/// What the command line asked for, with every file open and checked.
#[derive(Debug)]
pub struct Job {
    /// The logs to follow. With `--no-follow` they are closed already.
    pub inputs: Vec<Input>,
    /// How often to look for new lines.
    pub interval: Duration,
    /// Where the merged lines go.
    pub output: Output,
    /// What to call when a signal arrives.
    pub stop: Stop,
    /// What to tell how the merge ended.
    pub report: Report,
}

/// Reads the arguments of the program `name`, opens its files and shows the status line. Blocking: it opens files.
///
/// # Errors
///
/// The exit code, when there is nothing to do (`--help`) or it was refused. The person has been told why, and no
/// file has been changed.
pub fn start(name: &'static str, version: &'static str) -> Result<Job, ExitCode> {
    let started = Instant::now();
    let args = Args::parse(name, version)?;
    let open_files = limit::raise();
    let refused = |error: MergeError| report::fail(name, &limit::explain(&error, args.inputs.len(), open_files));

    let inputs = limit::with_spare_files(|| Input::open_all(&args.inputs)).map_err(refused)?;
    let to_stdout = args.output.as_os_str() == "-";
    let output = if to_stdout { Output::stdout(&inputs) } else { Output::create(&args.output, &inputs) };
    let output = output.map_err(refused)?;

    let (status, draining) = status::show(inputs.len(), output.progress(), to_stdout);
    let stop = Stop::new(&inputs, draining, status.clone());
    if args.no_follow {
        // Closed before the run, an input is merged as far as it goes now. A signal is then the second one: nothing
        // gentler is left than to end at once.
        stop.signal();
    }
    let report = Report { name, inputs: inputs.len(), open_files, started, status };
    Ok(Job { inputs, interval: args.interval, output, stop, report })
}
