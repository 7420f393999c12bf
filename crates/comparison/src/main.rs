//! `comparison`: what the benches start, and what makes tables and plots of their results.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use comparison::Result;
use comparison::child::follow;
use comparison::contender::Contender;
use comparison::plot::pictures;
use comparison::profile::Profile;
use comparison::results::Results;
use comparison::{recorder::Recorder, tables, targets};

/// Where the results stand, seen from the workspace's root.
const DOCS: &str = "docs/src/comparison";

/// Makes tables and plots of what the benches have measured. `scripts/bench` calls it.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Follow logs to standard output until killed: what a bench measures from outside
    Follow {
        /// `stage 1` to `stage 4`, or `limit`
        contender: String,
        /// How often to look, in ms
        interval: u64,
        /// The logs
        inputs: Vec<PathBuf>,
    },
    /// Time the learner's loop: a change in stage 2, and everything from nothing
    Loop,
    /// Take the results in this folder into the documentation, and draw the plots
    Publish {
        /// A file of results per group
        parts: PathBuf,
    },
    /// Print one measure of one group as a table
    Table {
        /// As in `backlog`
        group: String,
        /// As in `share`
        measure: String,
    },
    /// Print what was to be reached, and whether it was
    Targets,
    /// Fail when a plot is not what the results would draw now
    Check,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("comparison: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let published = || Results::read(&Path::new(DOCS).join("results.json"));
    match task {
        Task::Follow { contender, interval, inputs } => {
            let contender =
                Contender::named(&contender).ok_or_else(|| format!("no contender is called {contender}"))?;
            follow(contender, Duration::from_millis(interval), &inputs)?;
        }
        Task::Loop => learners_loop()?,
        Task::Publish { parts } => publish(&parts)?,
        Task::Table { group, measure } => print!("{}", tables::table(&published()?, &group, &measure)?),
        Task::Targets => print!("{}", targets::table(&published()?)?),
        Task::Check => {
            for picture in pictures(&published()?)? {
                let path = Path::new(DOCS).join(&picture.file);
                if fs::read_to_string(&path).ok() != Some(picture.svg) {
                    return Err(format!("{} is stale: run `scripts/bench plots`", path.display()).into());
                }
            }
        }
    }
    Ok(())
}

/// Takes the groups in `parts` into the published results. Quick figures do not replace full ones.
fn publish(parts: &Path) -> Result<()> {
    let docs = Path::new(DOCS);
    let file = docs.join("results.json");
    let mut results = if file.exists() { Results::read(&file)? } else { Results::default() };
    let mut newer = Results::default();
    for part in fs::read_dir(parts).map_err(|error| format!("cannot read {}: {error}", parts.display()))? {
        newer.0.extend(Results::read(&part?.path())?.0);
    }
    let refused = results.take_in(newer);
    results.write(&file)?;
    for picture in pictures(&results)? {
        fs::write(docs.join(&picture.file), &picture.svg)?;
    }
    println!("{} and its plots are up to date.", file.display());
    if refused.is_empty() {
        return Ok(());
    }
    Err(format!("not taken in: {}. The figures there are from a full run, and these are quick", refused.join(", "))
        .into())
}

/// From nothing to the last test of stage 2, and from a change in it.
fn learners_loop() -> Result<()> {
    let mut recorder = Recorder::start("loop");
    recorder.profile =
        if std::env::var("BENCH_PROFILE").as_deref() == Ok("full") { Profile::Full } else { Profile::Quick };
    let target = tempfile::TempDir::with_prefix("learners-loop-")?;
    let test = || -> Result<f64> {
        let start = Instant::now();
        let mut cargo = Command::new("cargo");
        cargo.args(["test", "--locked", "-q", "-p", "stage2"]).env("CARGO_TARGET_DIR", target.path());
        let status = cargo.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        if status.success() { Ok(start.elapsed().as_secs_f64()) } else { Err("the tests of stage 2 failed".into()) }
    };
    recorder.add("stage 2", 0.0, "from nothing", "time", "s", &[test()?]);
    let mut changes = Vec::new();
    for _ in 0..3 {
        // To cargo, a file that is newer has been changed.
        fs::File::options().append(true).open("crates/stage2/src/top.rs")?.set_modified(std::time::SystemTime::now())?;
        changes.push(test()?);
    }
    recorder.add("stage 2", 1.0, "a change", "time", "s", &changes);
    recorder.save()
}
