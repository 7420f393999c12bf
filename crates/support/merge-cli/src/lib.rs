//! The command line that the four stages share: `stageN [--interval 100ms] [--no-follow] --output PATH|- INPUT...`.
//!
//! A stage's `main` is part of the lesson: it blocks or awaits, builds a runtime or does not, and receives signals. The
//! rest of the command line is here, and knows neither runtimes nor signal handlers.
//!
//! # Layout
//!
//! - [`start`]: turns the arguments (`args.rs`) into a [`Job`], with every file opened and checked. `limit.rs` handles
//!   the limit on open files.
//! - [`Stop`]: handles a signal.
//! - [`Report`]: turns the end of the merge into an exit code. `status.rs` shows the status line until then.
//!
//! # Exit codes
//!
//! | code | when                                                                       |
//! |------|----------------------------------------------------------------------------|
//! | 0    | all was merged, or the reader of the output has gone, as in `\| head`      |
//! | 1    | something failed: one line on standard error names it, with the cause      |
//! | 2    | wrong usage                                                                |
//! | 130  | a second signal                                                            |

mod args;
mod limit;
mod report;
mod status;
mod stop;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use merge_core::{Input, MergeError, Output};

use args::Args;
pub use limit::raise_file_limit;
pub use report::{Report, count, printable};
pub use stop::Stop;

/// The merge that the command line asks for, with every file open and checked.
#[derive(Debug)]
pub struct Job {
    /// The logs to follow, already closed with `--no-follow`.
    pub inputs: Vec<Input>,
    /// How often to look for new lines.
    pub interval: Duration,
    /// The destination of the merged lines.
    pub output: Output,
    /// To be called when a signal arrives.
    pub stop: Stop,
    /// To be told how the merge ended.
    pub report: Report,
}

/// Reads the arguments of the program `name`, opens its files and shows the status line. Blocks while it opens files.
///
/// # Errors
///
/// The exit code, if there is nothing to do (`--help`) or the arguments are refused. The reason has then been printed,
/// and no file has been changed.
pub fn start(name: &'static str, version: &'static str) -> Result<Job, ExitCode> {
    let started = Instant::now();
    let args = Args::parse(name, version)?;
    let open_files = limit::raise_file_limit();
    let refused = |error: MergeError| report::fail(name, &limit::explain(&error, args.inputs.len(), open_files));

    let inputs = limit::with_spare_files(|| Input::open_all(&args.inputs)).map_err(refused)?;
    let to_stdout = args.output.as_os_str() == "-";
    let output = if to_stdout { Output::stdout(&inputs) } else { Output::create(&args.output, &inputs) };
    let output = output.map_err(refused)?;

    let (status, draining) = status::show(inputs.len(), output.progress(), to_stdout);
    let stop = Stop::new(&inputs, draining, status.clone());
    if args.no_follow {
        // An input that is closed before the run is merged as far as it goes now. The first real signal then counts
        // as the second one and stops the program at once: nothing is left to close.
        stop.signal();
    }
    let report = Report { name, inputs: inputs.len(), open_files, started, status };
    Ok(Job { inputs, interval: args.interval, output, stop, report })
}
