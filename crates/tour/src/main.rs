//! The tour's arguments and exit code.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::{self, ExitCode};

use clap::Parser;
use equivalence::Writers;
use humantime::Duration;
use merge_core::Input;
use tempfile::TempDir;
use tour::{Logs, Outputs, Result, STAGES, Timelines, WATCHED, raise_file_limit, tour};

const ABOUT: &str = "\
Every stage merges the same logs; each is confirmed; all agree.

Without LOGS, simulated writers grow a few logs while each stage in turn
follows them. With LOGS, each stage merges a snapshot of these logs.";

const MORE: &str = "\
Examples:
  tour                               the demonstration: 5 growing logs
  tour --files 200 --pause 1s        more logs: watch the column `threads`
  tour /var/log/*.log                real logs, as they are now
  tour --keep merged /var/log/*.log  the same, and keep what each stage made
  tour --timeline pictures           the demonstration, and who did what when

--keep creates DIR where it is missing, and in it stage1.merged, stage2.merged
and so on. Files of these names are overwritten, unless one of them is among
LOGS; nothing else in DIR is touched.

--timeline creates DIR where it is missing, and in it a picture per stage,
stage1.svg and so on: a lane per thread, with what it did and what held it.
Beside each stands its caption, stage1.txt; all.svg has all four. Files of
these names are overwritten. The runtimes of the stages have two workers then.

Exit code: 0 when all stages agree, 1 when they do not or when a log or a
folder cannot be used.";

const NEXT: &str = "\
Next: `cargo run --release -p tour -- --files 1000`: which stages save threads?
      `cargo test -p stage2` holds a stage to the whole contract.
      `cargo doc --no-deps --open -p stage1` is where the code begins.";

#[derive(Debug, Parser)]
#[command(version, about = ABOUT, after_help = MORE)]
struct Arguments {
    /// Logs to merge, as they are now
    logs: Vec<PathBuf>,

    /// Keep what each stage has merged in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,

    /// Draw what each stage's threads do into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "logs")]
    timeline: Option<PathBuf>,

    /// How many logs grow
    #[arg(long, value_name = "N", default_value_t = 5, conflicts_with = "logs")]
    files: usize,

    /// How many lines each of them gets
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "logs")]
    lines: usize,

    /// The longest pause before a line
    #[arg(long, value_name = "TIME", default_value = "100ms", conflicts_with = "logs")]
    pause: Duration,

    /// How often a follower looks for new lines
    #[arg(long, value_name = "TIME", default_value = "100ms")]
    interval: Duration,

    /// Where the writers' randomness comes from
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "logs")]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever read the report has seen enough (`tour | head`).
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => {
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("tour: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool> {
    let mut out = io::stdout().lock();
    let scratch = TempDir::with_prefix("tour-")?;
    remove_when_interrupted(&scratch)?;
    raise_file_limit(arguments.logs.len());
    // Whatever is wrong with a log is said before anything is written.
    let originals = Input::open_all(&arguments.logs)?;
    let folder = arguments.keep.as_deref().unwrap_or(scratch.path());
    let outputs = Outputs::create(folder, STAGES, &originals)?;
    drop(originals);
    let timelines = arguments.timeline.as_deref().map(Timelines::create).transpose()?;
    let stages = if timelines.is_some() { WATCHED } else { STAGES };

    let logs = if arguments.logs.is_empty() { growing(arguments, &scratch) } else { snapshot(arguments, &scratch)? };
    writeln!(out, "{logs}")?;
    let agree = tour(stages, &logs, *arguments.interval, outputs, timelines, &mut out)?;
    if let Some(folder) = &arguments.keep {
        writeln!(out, "The merged logs are in {}.", folder.display())?;
    }
    if agree {
        writeln!(out, "\n{NEXT}")?;
    }
    Ok(agree)
}

/// A snapshot may be large: ctrl-c must not leave it behind.
fn remove_when_interrupted(scratch: &TempDir) -> Result<()> {
    let folder = scratch.path().to_owned();
    let remove_and_exit = move || {
        // A stage may still be writing: what it leaves is little.
        let _ = fs::remove_dir_all(&folder);
        process::exit(130);
    };
    Ok(ctrlc::set_handler(remove_and_exit)?)
}

/// The article's demonstration.
fn growing(arguments: &Arguments, scratch: &TempDir) -> Logs {
    let &Arguments { files, lines, pause, seed, .. } = arguments;
    Logs::Growing { writers: Writers { files, lines, pause: *pause, seed }, folder: scratch.path().join("logs") }
}

/// The logs that were named, as they are now.
fn snapshot(arguments: &Arguments, scratch: &TempDir) -> Result<Logs> {
    let folder = scratch.path().join("logs");
    fs::create_dir(&folder)?;
    Logs::snapshot(&arguments.logs, &folder)
}
