//! The merge that the command line asks for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use merge_core::{Input, MergeError, Output, Result};

use crate::args::{Args, Program};
use crate::report::{self, Report};
use crate::{Stop, limit, status, warnings};

/// The error of a closed standard output. A null device that is open for reading and writing looks the same.
const CLOSED: &str = "cannot write output (standard output): it is closed. To discard all lines: --output /dev/null";

/// The merge that the command line asks for, with every input open.
#[derive(Debug)]
pub struct Job {
    /// The logs to follow, already closed with `--no-follow`.
    pub inputs: Vec<Input>,
    /// How often to look for new lines.
    pub interval: Duration,
    /// Receives every signal. The handlers must call it before the output is created.
    pub stop: Stop,
    output: PathBuf,
    status: ProgressBar,
}

impl Job {
    /// Reads the arguments and opens the inputs. `Err` is the exit code if there is nothing to do (`--help`) or
    /// something is refused. The reason has then been printed, and no file has been changed.
    pub(crate) fn start(program: Program, threads: impl FnOnce(usize) -> usize) -> Result<(Self, Report), ExitCode> {
        let started = Instant::now();
        let args = Args::parse(program)?;
        let name = program.name;
        if is_stdout(&args.output) && stdout_was_closed() {
            return Err(report::fail(name, CLOSED));
        }
        let open_files = limit::raise_file_limit();
        let mut inputs = limit::with_spare_files(|| Input::open_all(&args.inputs))
            .map_err(|error| report::fail(name, &limit::explain(&error, args.inputs.len(), open_files)))?;
        if let Some(bytes) = args.max_line {
            for input in &mut inputs {
                input.set_max_line(bytes);
            }
        }
        limit::check_threads(threads(inputs.len())).map_err(|error| report::fail(name, &error))?;

        let status = ProgressBar::hidden();
        warnings::print(name, status.clone());
        let report = Report { name, inputs: inputs.len(), open_files, started, status: status.clone() };
        // To open a pipe as the output waits for its reader.
        let may_wait = fs::metadata(&args.output).is_ok_and(|output| !output.is_file());
        let stop = Stop::new(&inputs, args.no_follow, may_wait, status.clone());
        Ok((Self { inputs, interval: args.interval, stop, output: args.output, status }, report))
    }

    /// Creates the output, or empties it, and shows the status line. Blocks.
    ///
    /// The signal handlers must exist before: a program that is killed now has lost the old output for nothing.
    ///
    /// # Errors
    ///
    /// As [`Output::create`] and [`Output::stdout`].
    pub fn create_output(&self) -> Result<Output, MergeError> {
        let to_stdout = is_stdout(&self.output);
        let output = if to_stdout { Output::stdout(&self.inputs) } else { Output::create(&self.output, &self.inputs) }?;
        self.stop.output_is_open();
        if !to_stdout {
            status::show(&self.status, self.inputs.len(), output.progress(), self.stop.clone());
        }
        Ok(output)
    }
}

fn is_stdout(output: &Path) -> bool {
    output.as_os_str() == "-"
}

/// Whether standard output was closed when the program started. Rust's runtime then opens the null device in its
/// place, for reading and writing, so that no other file becomes standard output. A shell opens it for writing only.
#[cfg(unix)]
fn stdout_was_closed() -> bool {
    use std::fs::File;
    use std::io::{self, Read};
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    let null_and_readable = || -> io::Result<bool> {
        let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let null = fs::metadata("/dev/null")?.rdev();
        Ok(stdout.metadata()?.rdev() == null && stdout.read(&mut [0]).is_ok())
    };
    null_and_readable().unwrap_or(false)
}

/// Windows reports an error when the program writes.
#[cfg(not(unix))]
fn stdout_was_closed() -> bool {
    false
}
