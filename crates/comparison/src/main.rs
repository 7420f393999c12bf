//! `comparison`: runs a stage for the benches, and turns their results into tables and plots.

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
use comparison::recorder::Recorder;
use comparison::results::Results;
use comparison::tables;

/// The folder of the results, from the root of the workspace.
const DOCS: &str = "docs/src/comparison";

/// Turns the results of the benches into tables and plots. `scripts/bench` calls it.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Follow logs to standard output until killed, so that a bench can measure it from outside
    Follow {
        /// A stage, as in `stage 1`, or `baseline`
        contender: String,
        /// The polling interval, in ms
        interval: u64,
        /// The logs
        inputs: Vec<PathBuf>,
    },
    /// Time the learner's loop: the tests of stage 2 from nothing, and after a change
    Loop,
    /// Take new results into the documentation, and draw the plots
    Publish {
        /// A folder with a file of results per group; without it, only draw the plots
        parts: Option<PathBuf>,
    },
    /// Print one measure of one group as a table
    Table {
        /// As in `backlog`
        group: String,
        /// As in `share`
        measure: String,
    },
    /// Fail if a plot does not show the results
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
            let contender = Contender::named(&contender).ok_or_else(|| format!("there is no contender {contender}"))?;
            follow(contender, Duration::from_millis(interval), &inputs)
        }
        Task::Loop => learners_loop(),
        Task::Publish { parts } => publish(parts.as_deref()),
        Task::Table { group, measure } => {
            print!("{}", tables::table(&published()?, &group, &measure)?);
            Ok(())
        }
        Task::Check => {
            for (file, svg) in pictures(&published()?)? {
                let path = Path::new(DOCS).join(file);
                if fs::read_to_string(&path).ok() != Some(svg) {
                    return Err(format!("{} is stale: run `scripts/bench plots`", path.display()).into());
                }
            }
            Ok(())
        }
    }
}

/// Takes the groups in `parts` into the published results. Quick figures do not replace full ones.
fn publish(parts: Option<&Path>) -> Result<()> {
    let docs = Path::new(DOCS);
    let file = docs.join("results.json");
    let mut results = if file.exists() { Results::read(&file)? } else { Results::default() };
    let mut newer = Results::default();
    if let Some(parts) = parts {
        for part in fs::read_dir(parts).map_err(|error| format!("cannot read {}: {error}", parts.display()))? {
            newer.0.extend(Results::read(&part?.path())?.0);
        }
    }
    let refused = results.take_in(newer);
    results.write(&file)?;
    for (file, svg) in pictures(&results)? {
        fs::write(docs.join(file), svg)?;
    }
    println!("{} and its plots are up to date.", file.display());
    if refused.is_empty() {
        return Ok(());
    }
    Err(format!("not published: {}, because quick figures do not replace those of a full run", refused.join(", "))
        .into())
}

/// Times the tests of stage 2, from nothing and after a change.
fn learners_loop() -> Result<()> {
    let mut recorder = Recorder::start("loop");
    // This is no bench program, so it gets no `--bench`.
    let full = std::env::var("BENCH_PROFILE").as_deref() == Ok("full");
    recorder.profile = if full { Profile::Full } else { Profile::Quick };
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
        // Cargo takes a newer file for a changed one.
        fs::File::options().append(true).open("crates/stage2/src/top.rs")?.set_modified(std::time::SystemTime::now())?;
        changes.push(test()?);
    }
    recorder.add("stage 2", 1.0, "a change", "time", "s", &changes);
    recorder.save()
}
