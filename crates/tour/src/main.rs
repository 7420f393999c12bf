//! The arguments and the exit code.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::{self, ExitCode};

use clap::Parser;
use equivalence::Writers;
use humantime::Duration;
use merge_cli::raise_file_limit;
use tempfile::TempDir;
use tour::{Log, Logs, Result, STAGES, Skipped, Timelines, WATCHED, create_outputs, tour};

const ABOUT: &str = "\
Every stage merges the same logs, each output is confirmed, and all agree.

Without LOGS, simulated writers grow a few logs while each stage in turn
follows them. With LOGS, each stage merges a snapshot of these logs.";

const MORE: &str = "\
Examples:
  tour                               the demonstration: 5 growing logs
  tour --files 200 --pause 1s        more logs: watch the column `threads`
  tour /var/log/*.log                real logs, as they are now
  tour --keep merged /var/log/*.log  the same, and keep the output of each stage
  tour --timeline pictures           the demonstration, and its threads drawn

A log that cannot be read, or is given twice, is skipped and named. The others
are copied to the folder for temporary files (TMPDIR on Unix). It needs room for
twice the size of the logs, and a little for each line, until the tour ends.

--keep creates DIR if it is missing, and in it stage1.merged, stage2.merged
and so on. It overwrites files of these names, unless one of them is among
LOGS, and touches nothing else in DIR.

--timeline creates DIR if it is missing, and in it a picture per stage,
stage1.svg and so on: a lane per thread, with its work and with what holds it.
Each picture has a caption, stage1.txt; all.svg has all pictures. Files of these
names are overwritten. The runtimes of the stages then have two workers.

Exit code: 0 if all stages agree; 1 if they do not, if all LOGS are skipped, or
if a folder cannot be used.";

const NEXT: &str = "\
Next: `cargo run --release -p tour -- --files 1000`: which stages save threads?
      `cargo test -p stage2` holds a stage to the whole contract.
      `cargo doc --no-deps --open -p stage1` is where the code begins.";

#[derive(Debug, Parser)]
#[command(version, about = ABOUT, after_help = MORE)]
struct Arguments {
    /// Logs to merge, as they are now
    logs: Vec<PathBuf>,

    /// Keep the output of each stage in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,

    /// Draw what the threads of each stage do
    #[arg(long, value_name = "DIR", conflicts_with = "logs")]
    timeline: Option<PathBuf>,

    /// How many logs grow
    #[arg(long, value_name = "N", default_value_t = 5, conflicts_with = "logs")]
    files: usize,

    /// How many lines each log gets
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "logs")]
    lines: usize,

    /// The longest pause before a line
    #[arg(long, value_name = "TIME", default_value = "100ms", conflicts_with = "logs")]
    pause: Duration,

    /// How often to look for new lines
    #[arg(long, value_name = "TIME", default_value = "100ms")]
    interval: Duration,

    /// The seed of the random lines and pauses
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "logs")]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => {}
        // The reader of the report has gone, as in `tour | head`.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => {}
        Err(error) => eprintln!("tour: {error}"),
    }
    ExitCode::FAILURE
}

fn run(arguments: &Arguments) -> Result<bool> {
    let &Arguments { files, lines, pause, seed, .. } = arguments;
    let mut out = io::stdout().lock();
    let scratch = TempDir::with_prefix("tour-")?;
    remove_when_interrupted(scratch.path().to_owned())?;
    raise_file_limit();
    let real = !arguments.logs.is_empty();
    let mut skipped = Skipped::default();
    let originals = if real { Log::open_all(&arguments.logs, &mut skipped)? } else { Vec::new() };
    let kept = arguments.keep.as_deref().map(|folder| create_outputs(folder, STAGES, &originals)).transpose()?;
    let timelines = arguments.timeline.as_deref().map(Timelines::create).transpose()?;
    let stages = if timelines.is_some() { WATCHED } else { STAGES };

    let folder = scratch.path().join("logs");
    let logs = if real {
        Logs::snapshot(originals, folder, skipped)?
    } else {
        Logs::growing(Writers { files, lines, pause: *pause, seed }, folder)
    };
    writeln!(out, "{logs}")?;
    let agree = tour(stages, &logs, *arguments.interval, kept.unwrap_or_default(), timelines, &mut out)?;
    if let Some(folder) = &arguments.keep {
        writeln!(out, "The merged logs are in {}.", folder.display())?;
    }
    if agree {
        writeln!(out, "\n{NEXT}")?;
    }
    Ok(agree)
}

/// Removes the scratch folder on ctrl-c: a snapshot may be large.
fn remove_when_interrupted(scratch: PathBuf) -> Result<()> {
    Ok(ctrlc::set_handler(move || {
        // A stage may still be writing, and leave a little.
        let _ = fs::remove_dir_all(&scratch);
        process::exit(130);
    })?)
}
